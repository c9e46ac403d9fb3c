"""The experts' study as a small public demonstration on the sample."""
