"""A model taught on the train pool, and the proof of what it has seen."""
