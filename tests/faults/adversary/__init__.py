"""The adversary: bad input, bad servers and sudden ends, with limits of time and memory each."""
