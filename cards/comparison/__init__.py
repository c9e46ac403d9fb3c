"""Runs side by side: tables, tests and findings."""
