"""The demo Space: one post, its emotion words, and what a model would have put in their place."""
