"""From rows to a folder and to the Hub."""
