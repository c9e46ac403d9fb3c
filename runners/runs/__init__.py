"""One run, from options to scores."""
