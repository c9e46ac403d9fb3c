"""Raw Reddit dumps -> EXPRESS rows."""
