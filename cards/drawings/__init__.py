"""SVG, and the figures drawn with it."""
