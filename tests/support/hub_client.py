"""A user of the Hub on this machine: their environment, and `express` as they type it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from support.loopback_hub import LoopbackHub

ROOT = Path(__file__).resolve().parents[2]


def environment(hub: LoopbackHub, home: Path, token: str | None = None) -> dict[str, str]:
    """A fresh user's, who can reach this Hub and nothing else."""
    known = {"PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1"}
    known |= {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_UPDATE_DOWNLOAD_COUNTS": "0"}
    return known | hub.environment(str(home)) | ({"HF_TOKEN": token} if token else {})


def express(
    hub: LoopbackHub, home: Path, *words: str | Path, token: str | None = None, bars: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run the command, with progress bars where asked; it must not show a token."""
    known = environment(hub, home, token)
    if bars:
        del known["HF_HUB_DISABLE_PROGRESS_BARS"]
    done = subprocess.run(
        [sys.executable, "-m", "express_runners.cli", *map(str, words)],
        cwd=ROOT,
        env=known,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert "hf_" not in done.stdout + done.stderr
    return done
