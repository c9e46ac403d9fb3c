"""The metric's Space: a static page, and the files that `evaluate.load` fetches."""
