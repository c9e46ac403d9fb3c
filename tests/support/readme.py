"""The README's commands, in their order."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

README = (Path(__file__).resolve().parents[2] / "README.md").read_text("utf-8")
BLOCKS: list[tuple[str, str]] = re.findall(r"```(bash|python)\n(.*?)```", README, re.S)


def commands() -> list[str]:
    """One shell line, or one block of Python, each; comments are left out."""
    found = []
    for kind, block in BLOCKS:
        if kind == "python":
            found.append(f"python -c {shlex.quote(block)}")
        else:
            lines = [line.partition("  #")[0] for line in block.replace("\\\n", " ").splitlines()]
            found += [line.strip() for line in lines if line.strip()]
    return found
