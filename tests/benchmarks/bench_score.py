"""How much faster is `express score` than a straightforward evaluator? Whole processes, one file.

    python tests/benchmarks/bench_score.py [--reference FOLDER] [--rows 33679] [--before CHECKOUT]

The reference slice is repeated to as many rows as EXPRESS has. Both sides are started as fresh
processes, read the same two files and print the five figures of the protocol `paper`; the figures
must be equal to 1e-12, or the times mean nothing. The naive side does what one would write first:
for every mask a look-up in the data frame and a call of scikit-learn's `f1_score`. With a checkout
of another version, `express score` of both is measured instead, in pairs that take turns.
"""

from __future__ import annotations

import argparse
import ast
import csv
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FIGURES = ("valid_rate", "lexical_accuracy", "vector_accuracy", "vector_f1", "dimension_accuracy")


def naive(results: Path, lexicon: Path) -> dict[str, float]:
    """Compute the figures of `paper` with pandas and scikit-learn, mask by mask."""
    import numpy as np
    import pandas as pd
    from sklearn.metrics import f1_score

    table = pd.read_csv(lexicon, keep_default_na=False)
    rows = pd.read_csv(results)

    def vector(word: str) -> Any:
        found = table[table["word"] == word]
        return found.iloc[0, 1:].to_numpy(dtype=int) if len(found) else np.zeros(10, dtype=int)

    masks = valid = same_word = same_vector = 0
    f1: list[float] = []
    dimensions: list[float] = []
    for _, row in rows.iterrows():
        labels = ast.literal_eval(row["labels"])
        words = [word.lower().strip() for word in ast.literal_eval(row["output"])]
        masks += len(labels)
        if len(labels) != len(words):
            continue
        valid += 1
        for label, word in zip(labels, words, strict=True):
            a, b = vector(label), vector(word)
            same_word += label == word
            same_vector += bool(np.array_equal(a, b))
            f1.append(float(f1_score(a, b, zero_division=0)))
            dimensions.append(float(np.mean(a == b)))
    values = (valid / len(rows), same_word / masks, same_vector / masks)
    return dict(
        zip(FIGURES, (*values, float(np.mean(f1)), float(np.mean(dimensions))), strict=True)
    )


def timed(command: list[str], runs: int) -> tuple[float, float, dict[str, Any]]:
    """Run a command; return its shortest time, that run's processor time and its JSON output."""
    best = (float("inf"), 0.0)
    for _ in range(runs):
        before, start = processor_seconds(), time.perf_counter()
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        best = min(best, (time.perf_counter() - start, processor_seconds() - before))
    output: dict[str, Any] = json.loads(done.stdout)
    return *best, output


def pairs(sides: dict[str, Path], words: list[str], runs: int) -> dict[str, list[float]]:
    """Processor seconds of `express` with the packages of either folder, which take turns."""
    found: dict[str, list[float]] = {name: [] for name in sides}
    command = [sys.executable, "-c", "from express_runners.cli import main; main()", *words]
    for number in range(runs):
        for name in sorted(sides, reverse=number % 2 == 1):
            before = processor_seconds()
            env = os.environ | {"PYTHONPATH": str(sides[name])}
            subprocess.run(command, check=True, capture_output=True, env=env, cwd=sides[name])
            found[name].append(processor_seconds() - before)
    return found


def tell_pairs(found: dict[str, list[float]]) -> None:
    """Print the medians of both sides, and of the ratios of the pairs."""
    for name, seconds in found.items():
        print(f"{name:28}{statistics.median(seconds):8.3f} s of processor time, median")
    ratios = [now / then for then, now in zip(found["before"], found["now"], strict=True)]
    print(f"median ratio of {len(ratios)} pairs   {statistics.median(ratios):8.3f}")


def processor_seconds() -> float:
    """The processor time of all child processes so far: it hardly grows on a busy machine."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def repeat(source: Path, target: Path, rows: int) -> None:
    """Write the rows of a CSV file again and again until there are enough."""
    with source.open(encoding="utf-8", newline="") as file:
        header, *body = csv.reader(file)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        # The first column is the index, which tells rows from each other.
        writer.writerows([number, *body[number % len(body)][1:]] for number in range(rows))


def express() -> str:
    """Find the command `express` of this Python's environment."""
    beside = Path(sys.executable).with_name("express")
    found = str(beside) if beside.is_file() else shutil.which("express")
    if found is None:
        sys.exit("the command `express` is not installed in this environment: run `make test` once")
    return found


def main() -> int:
    """Measure, compare and print; exit code 1 where the figures differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = os.environ.get("EXPRESS_REFERENCE", ROOT.parent / "shared" / "express")
    parser.add_argument("--reference", type=Path, default=Path(default))
    parser.add_argument("--rows", type=int, default=33_679)
    parser.add_argument(
        "--runs", type=int, default=3, help="runs of the fast side; the best counts"
    )
    parser.add_argument("--before", type=Path, help="a checkout of the version to compare with")
    parser.add_argument("--naive", type=Path, help="be the naive side on this file")
    options = parser.parse_args()
    lexicon = options.reference.resolve() / "lexicon-decomposition.csv"
    if options.naive:
        print(json.dumps(naive(options.naive, lexicon)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.csv"
        repeat(options.reference / "gpt4o_predictions.csv", results, options.rows)
        size = results.stat().st_size / 1e6
        asked = ["score", str(results), "--lexicon", str(lexicon), "--format", "json"]
        if options.before:
            sys.path.insert(0, str(ROOT / "tests"))
            from support.packages import linked

            both = {"now": ROOT, "before": options.before}
            sides = {name: linked(one, Path(folder, name)) for name, one in both.items()}
            tell_pairs(pairs(sides, asked, options.runs))
            return 0
        place = ["--reference", str(options.reference)]
        slow, slow_cpu, expected = timed(
            [sys.executable, __file__, "--naive", str(results), *place], 1
        )
        fast, fast_cpu, found = timed([express(), *asked], options.runs)
    gap = max(abs(found["paper"][name] - expected[name]) for name in FIGURES)
    print(f"{options.rows} rows, {size:.0f} MB, both sides as whole processes")
    print("                               elapsed    processor")
    print(f"pandas and scikit-learn     {slow:8.2f} s   {slow_cpu:8.2f} s")
    print(
        f"express score               {fast:8.2f} s   {fast_cpu:8.2f} s  (best of {options.runs})"
    )
    print(f"ratio                       {slow / fast:8.1f}     {slow_cpu / fast_cpu:8.1f}")
    print(f"largest difference       {gap:8.1e}")
    return 0 if gap <= 1e-12 else 1


if __name__ == "__main__":
    sys.exit(main())
