"""SmolLM2 on 32 real segments: killed and resumed, and on two processes, as on one undisturbed.

    python tests/benchmarks/show_smollm2.py ../shared/express/gpt4o_predictions.csv

Prints one line for each claim; exits with 1 if one does not hold. The test suite shows the same
with fewer segments.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from support.launching import (
    finish,
    kill,
    predictions,
    processes,
    sessions,
    start,
    wait_until,
    written,
)

from express_runners.models import packaged_model

SEGMENTS = 32


def main(data: Path) -> int:
    """Run all and say what held."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        options: dict[str, object] = {
            "model": packaged_model(),
            "dataset": data,
            "limit": SEGMENTS,
            "batch-size": 4,
        }
        whole, killed, two = folder / "whole", folder / "killed", folder / "two"
        expected = finish(start({**options, "out": whole}))
        first = start({**options, "out": killed})
        wait_until(lambda: written(killed) >= 8, first)
        kill(first)
        before = written(killed)
        resumed = finish(start({**options, "out": killed}))
        shared = finish(start({**options, "out": two}, processes=2))
        claims = {
            f"killed after {before} of {SEGMENTS}, in {len(sessions(killed))} sessions": True,
            "scores after the kill are those of the undisturbed run": resumed == expected,
            "predictions after the kill too": predictions(killed) == predictions(whole),
            f"two processes: {dict(Counter(processes(two)))}": set(processes(two)) == {0, 1},
            "their scores are those of one process": shared == expected,
            "their predictions too": predictions(two) == predictions(whole),
        }
    for claim, holds in claims.items():
        print(f"{'yes' if holds else 'NO '}  {claim}")
    return 0 if all(claims.values()) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
