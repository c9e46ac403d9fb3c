"""How long EXPRESS takes to load, to install and to run a dummy, and with how much memory.

    python tests/benchmarks/bench_dataset.py [--rounds 3] [--before CHECKOUT]

With a checkout of another version its sides are measured too, in turn with ours. Every side is a
fresh process. A run of `dummy:most-frequent` on the test split is what a run costs beside its
model, its page included; beside it the least that it must do: load, answer, score.

The file is the stand-in of `tests/support/stand_in.py`, which has the shape of the published one.
Beside it, in the same rounds, what one would write first: `pandas.read_csv` and
`ast.literal_eval` of three columns, which checks nothing, splits nothing and sets no flags.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SIDES = {
    "load, all splits": "from express_dataset import load_all_examples as load\n"
    "assert len(load(FILE)['all'].examples) == 33_619",
    "install": "from express_dataset.install import install_dataset\n"
    "assert install_dataset(FILE).left_out == 16",
    "install again": "from express_dataset.install import install_dataset\n"
    "assert install_dataset(FILE).left_out == 16",
    "run a dummy, with its page": "import sys\n"
    "from express_runners.cli import main\n"
    "sys.argv = ['express', 'run', '--model', 'dummy:most-frequent', '--dataset', FILE,\n"
    "            '--lexicon', 'nrc', '--device', 'cpu', '--out', FILE + '-' + str(os.getpid())]\n"
    "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code",
    "load, answer and score only": "from express_dataset import load_all_examples as load\n"
    "from express_metric import load_lexicon, score\n"
    "from express_metric.parsing import Reading\n"
    "asked = [example.labels for example in load(FILE)['test'].examples]\n"
    "read = [Reading(('anxious',) * len(terms), None) for terms in asked]\n"
    "for protocol in ('paper', 'revised'):\n"
    "    score(asked, read, load_lexicon('nrc'), protocol)",
    "pandas and literal_eval": "import ast, pandas\n"
    "rows = pandas.read_csv(FILE)\n"
    "for name in ('labels', 'original_labels', 'number_of_labels'):\n"
    "    rows[name] = rows[name].astype(str).map(ast.literal_eval)\n"
    "assert len(rows) == 33_640",
}


# Not ru_maxrss, which a process inherits from the one that started it.
USED = """
import time
peak = next(line for line in open('/proc/self/status') if line.startswith('VmHWM'))
print(time.process_time(), int(peak.split()[1]) / 1024)"""


def measure(code: str, file: Path, home: Path, packages: Path) -> tuple[float, float, float]:
    """Seconds of a whole process, its processor time and its peak in MB as it sees them."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", f"import os\nFILE = {str(file)!r}\n{code}\n{USED}"],
        cwd=home.parent,
        env=os.environ | {"HF_HOME": str(home), "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(packages)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(done.stderr)
    processor, peak = map(float, done.stdout.split()[-2:])
    return time.perf_counter() - started, processor, peak


def main() -> None:
    """Print the median of the rounds for each side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--before", type=Path, help="a checkout of the version to compare with")
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT / "tests"))
    from support.packages import linked
    from support.stand_in import stand_in

    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, "express.csv")
        file.write_bytes(stand_in())
        sides = {"": linked(ROOT, Path(scratch, "now"))}
        if options.before:
            sides["before: "] = linked(options.before, Path(scratch, "before"))
        found: dict[str, list[tuple[float, float, float]]] = {}
        for number in range(options.rounds):
            for name, code in SIDES.items():
                for side, packages in sides.items():
                    home = Path(scratch, f"home{number}{side[:3]}")
                    used = measure(code, file, home, packages)
                    found.setdefault(side + name, []).append(used)
        print(f"{file.stat().st_size / 1e6:.0f} MB, 33,640 rows, median of {options.rounds}")
        medians = {
            name: list(map(statistics.median, zip(*runs, strict=True)))
            for name, runs in found.items()
        }
        print(f"{'':38}elapsed  processor      peak")
        for name, (seconds, processor, peak) in medians.items():
            print(f"{name:36}{seconds:7.1f} s {processor:7.1f} s{peak:8.0f} MB")
        run, least = (
            medians[name] for name in ("run a dummy, with its page", "load, answer and score only")
        )
        print(
            f"a run takes {run[0] / least[0]:.2f} times the least, {run[0] - least[0]:.1f} s more"
        )


if __name__ == "__main__":
    main()
