"""Faults that are planted: the adversary must find each."""

from __future__ import annotations

import subprocess
import sys
import time

from .case import KEY


def traceback() -> None:
    """End with one."""
    raise KeyError("a bug")


def hang() -> None:
    """Never end."""
    time.sleep(600)


def memory() -> None:
    """Take two gigabytes."""
    held = bytearray(2_000_000_000)
    for place in range(0, len(held), 4096):
        held[place] = 1
    time.sleep(600)


def leaves() -> None:
    """Leave a process behind."""
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])


def key() -> None:
    """Show the key."""
    print(f"401 for {KEY}", file=sys.stderr)


def codes() -> None:
    """Give a terminal orders."""
    print("a name: \x1b[2J")


def silent() -> None:
    """Fail without a word."""
    sys.exit(2)


def crash() -> None:
    """End by a signal, as a library in C does."""
    import os

    os.abort()


def well() -> None:
    """Do nothing wrong."""
    print("all is well")
