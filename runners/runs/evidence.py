"""What a run ran on: versions, hardware, commit. Written into every `run.json`."""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = (
    "express-benchmark",
    "torch",
    "transformers",
    "tokenizers",
    "accelerate",
    "datasets",
    "evaluate",
    "huggingface_hub",
    "numpy",
    "NRCLex",
    "Jinja2",
    "sentence-transformers",
    "scipy",
)


def versions() -> dict[str, str | None]:
    """Versions of Python and of the packages that can change a figure; None if not installed."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def commit() -> dict[str, Any]:
    """Commit of this code and whether the tree was clean; None outside a git checkout."""
    here = Path(__file__).resolve().parent

    def git(*words: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", "-C", str(here), *words], capture_output=True, text=True, timeout=10
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    # A wheel inside somebody else's checkout must not report their commit.
    tracked = git("ls-files", "--error-unmatch", Path(__file__).name)
    if not tracked:
        return {"commit": None, "clean": None}
    return {"commit": git("rev-parse", "HEAD"), "clean": git("status", "--porcelain") == ""}


def hardware() -> dict[str, Any]:
    """Processor, memory in GiB and accelerators; of these none where the run needs no torch."""
    torch: Any = sys.modules.get("torch")
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "memory_gib": round(pages / 2**30, 1),
        "gpus": [
            torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count() if torch else 0)
        ],
    }


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text("utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def parameters_of(folder: Path) -> int | None:
    """The number of a model's weights, by the headers of its safetensors files.

    None where they cannot tell: old weights, or numbers packed into others by a quantization.
    """
    index, whole = folder / "model.safetensors.index.json", folder / "model.safetensors"
    try:
        names = {whole.name}
        if index.is_file():
            names = set(json.loads(index.read_bytes())["weight_map"].values())
        total = packed = 0
        for name in names:
            with (folder / name).open("rb") as file:
                size = int.from_bytes(file.read(8), "little")
                header = json.loads(file.read(min(size, _LONGEST_HEADER)))
            for key, one in header.items():
                if key != "__metadata__":
                    number = math.prod(one["shape"])
                    total += number
                    packed += 0 if one["dtype"].startswith(("F", "BF")) else number
    # Files that are damaged get their sentence where they are loaded.
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    return total if total and packed < total / 100 else None


# What safetensors allows.
_LONGEST_HEADER = 100_000_000


def evidence() -> dict[str, Any]:
    """What every start of a run keeps of when, with what and on what it ran."""
    started = datetime.now(UTC).isoformat(timespec="seconds")
    return {"started": started, "versions": versions(), "code": commit(), "hardware": hardware()}
