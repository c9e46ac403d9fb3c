"""The Spaces of EXPRESS."""
