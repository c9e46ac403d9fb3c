"""EXPRESS inside other harnesses: lm-evaluation-harness and Inspect."""
