"""How often intervals hold the truth: `python tests/benchmarks/bench_coverage.py`.

For each number of posts and true share the coverage of the 95% interval, and how often it is
marked as approximate; a cell fails where it is not mostly marked and covers outside 93% to 97%.
The same for the change in entropy, where the model's words are as varied as people's (sharpness 1)
or less so (1.5).
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.worlds import coverage, entropy_coverage

POSTS, SHARES = (30, 60, 200), (0.03, 0.1, 0.5, 0.9, 0.98)
WORLDS, DRAWS = 2000, 2000
ENTROPY_POSTS, ENTROPY_WORLDS = (200, 400, 800, 1600, 3000), 200


def _told(cell: str, held: float, marked: float) -> bool:
    """Print a cell; whether it fails."""
    sound = marked > 0.5 or 0.93 <= held <= 0.97
    told = "approximate" if marked > 0.5 else "sound" if sound else "FAILED"
    print(f"{cell}: covers {held:6.1%}, marked {marked:6.1%}  {told}", flush=True)
    return not sound


def main() -> None:
    failed = 0
    for posts in ENTROPY_POSTS:
        for sharpness in (1.0, 1.5):
            held, marked, found = entropy_coverage(posts, sharpness, ENTROPY_WORLDS)
            cell = f"{posts:4} posts, entropy at {sharpness} (found different {found:.0%})"
            failed += _told(cell, held, marked)
    for posts in POSTS:
        for share in SHARES:
            shown = coverage(posts, share, WORLDS, DRAWS, seed=0)
            failed += _told(f"{posts:4} posts {share:5.0%}", *shown)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
