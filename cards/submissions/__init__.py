"""Results on the Hub."""
