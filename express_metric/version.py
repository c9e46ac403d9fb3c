"""The version of the package and of every score it computes."""

VERSION = "0.1.0"
