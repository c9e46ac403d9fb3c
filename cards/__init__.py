"""What people see: tables on a terminal, a run as a page."""
