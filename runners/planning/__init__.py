"""Before and around runs: dry runs, estimates, sweeps."""
