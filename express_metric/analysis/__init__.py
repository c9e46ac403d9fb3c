"""What scores mean: intervals, tests, errors, usage."""
