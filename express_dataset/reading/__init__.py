"""From files and the Hub to rows."""
