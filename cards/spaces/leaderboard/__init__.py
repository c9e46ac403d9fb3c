"""The leaderboard Space: a static site of runs, in tables of what can be compared."""
