"""The version of the package and of every score it computes."""

VERSION = "0.2.0"
