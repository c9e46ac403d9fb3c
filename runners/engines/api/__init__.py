"""A served model: many requests under way, every fault told as what it is."""
