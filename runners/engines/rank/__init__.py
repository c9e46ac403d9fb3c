"""The closed vocabulary, ranked by probability."""
