"""How long a study's server takes to keep an answer: 500 items, ten coders, all at once.

    python tests/benchmarks/bench_study.py [SECONDS]

Each coder is a thread here that shows an item, answers it and goes on, as fast as the server in its
own process lets it, for a minute at most; after the last item it answers anew. Every answer is a
synchronous commit. At the end the file must hold the last answer to every item, and no other.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from support.studies import load, made_study, serving

ITEMS, CODERS, SECONDS = 500, 10, 60.0


def main() -> None:
    """Serve, answer, compare, and print what it took."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    with tempfile.TemporaryDirectory() as scratch:
        folder = made_study(Path(scratch) / "study", ITEMS, CODERS, ask="reason")
        with serving(folder) as server:
            told = load(folder, server.told["links"], seconds)
    took = told["took"]
    lines = {
        "answers": f"{told['answers']:,} in {seconds:.0f} s, to {told['items']:,} items",
        "errors": str(len(told["errors"])),
        "lost": str(told["lost"]),
        "median": f"{1000 * took[len(took) // 2]:.1f} ms",
        "99th percentile": f"{1000 * took[int(len(took) * 0.99)]:.1f} ms",
    }
    for name, value in lines.items():
        sys.stdout.write(f"{name:16} {value}\n")
    if told["errors"] or told["lost"]:
        sys.exit(f"errors: {told['errors'][:5]}, lost: {told['lost']}")


if __name__ == "__main__":
    main()
