"""How often findings are right: `python tests/benchmarks/bench_findings.py`.

A hundred seeded worlds of each truth; a verdict must be right in 95 and never the opposite.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.finding_worlds import TRUTHS, verdicts

WORLDS, POSTS, DRAWS = 100, 700, 1000


def main() -> None:
    failed = 0
    for truth in TRUTHS:
        found = verdicts(truth, WORLDS, POSTS, DRAWS)
        sound = found[truth.verdict] >= 0.95 * WORLDS and not found[truth.wrong]
        failed += not sound
        print(f"{truth.finding}, truly {truth.verdict}: {dict(found)}{'' if sound else '  FAILED'}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
