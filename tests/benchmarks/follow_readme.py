"""Follow the README as a newcomer: a fresh clone, a fresh HOME, every block in its order.

    python tests/benchmarks/follow_readme.py [--whole] [FOLDER]

Prints what each command took and ends with 1 where one failed. `make test`, which is the suite,
only installs what it needs unless `--whole` is given; `./model` is a tiny one with random weights.
What pip, make and the Hub's libraries read of the environment (TORCH, PINS, PIP_*, HF_*_OFFLINE) is
handed on, and nothing of HOME.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from support.readme import commands  # noqa: E402

KEPT = (
    "PATH",
    "LANG",
    "TORCH",
    "PINS",
    "PYTHON",
    "SSL_CERT_FILE",
    "OMP_NUM_THREADS",
    "HF_HUB_OFFLINE",
    "HF_EVALUATE_OFFLINE",
)


def follow(folder: Path, whole: bool) -> list[tuple[str, float, str]]:
    """Run every command; each with its seconds and, where it failed, the end of what it said."""
    clone, home = folder / "express", folder / "home"
    home.mkdir()
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    kept = {k: v for k, v in os.environ.items() if k in KEPT or k.startswith("PIP_")}
    path = f"{clone / '.venv' / 'bin'}{os.pathsep}{kept['PATH']}"
    environment = {**kept, "HOME": str(home), "PATH": path}
    found = []
    for command in commands():
        done = command
        if command == "make test" and not whole:
            done = "make .venv/.test"
        if command.startswith(("express", "python -c")) and not (clone / "model").exists():
            tiny = "from support.tiny_models import make; make('llama', 'model', chat=True)"
            subprocess.run(
                ["python", "-c", f"import sys; sys.path.insert(0, 'tests'); {tiny}"],
                cwd=clone, env=environment, check=True,
            )  # fmt: skip
        began = time.perf_counter()
        ran = subprocess.run(
            done, shell=True, cwd=clone, env=environment, capture_output=True, text=True
        )
        seconds = time.perf_counter() - began
        failed = "" if ran.returncode == 0 else (ran.stderr or ran.stdout)[-2000:]
        first = command.splitlines()[0]
        print(f"{seconds:8.1f} s  {'FAILED' if failed else 'ok'}  {first[:100]}", flush=True)
        if command == "make demo":
            print(ran.stdout)
        if failed:
            print(failed, flush=True)
        found.append((command, seconds, failed))
    return found


def main() -> None:
    """Follow it in a folder of one's own or a temporary one."""
    given = [word for word in sys.argv[1:] if word != "--whole"]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(given[0] if given else scratch).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        found = follow(folder, "--whole" in sys.argv)
    failed = [command for command, _, why in found if why]
    print(f"{len(found) - len(failed)} of {len(found)} commands succeeded")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
