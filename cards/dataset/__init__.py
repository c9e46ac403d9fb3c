"""A dataset shown and published."""
