"""Intervals and breakdown of two runs of 33,679 examples, from counts, against a plain loop.

    python tests/benchmarks/bench_significance.py [--draws 10000] [--loop-draws 20]

The data is the reference slice repeated, each copy with posts of its own; the second run is right
a little more often. The plain loop does what a first version would: draw posts with
`random.choices`, gather their examples' counts in a list and add them up figure by figure. It is
timed on few draws and scaled up, since all of them would take hours. Both sides are given the same
draws once, to show that their figures are equal.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from express_metric import Lexicon, Reading, load_lexicon, read_results
from express_metric.analysis.breakdown import Facts, breakdown
from express_metric.analysis.resampling import (
    COLUMNS,
    Resampling,
    figure_values,
    post_codes,
    post_sums,
)
from express_metric.analysis.significance import analyse
from express_metric.scoring import Counts, count

EXAMPLES = 33_679
ROOT = Path(__file__).resolve().parents[2]


def data(folder: Path) -> tuple[list[tuple[str, ...]], list[list[Reading]], list[str], Lexicon]:
    """References, the readings of two runs, posts and lexicon."""
    results = read_results(folder / "gpt4o_predictions.csv")
    copies = -(-EXAMPLES // len(results))
    references = (results.references * copies)[:EXAMPLES]
    names = results.post_ids or []
    posts = [f"{copy}-{name}" for copy in range(copies) for name in names][:EXAMPLES]
    first = (results.readings["revised"] * copies)[:EXAMPLES]
    chance = np.random.default_rng(1).random(EXAMPLES)
    second = [
        Reading(labels) if lucky < 0.05 else reading
        for labels, reading, lucky in zip(references, first, chance.tolist(), strict=True)
    ]
    return references, [first, second], posts, load_lexicon(folder / "lexicon-decomposition.csv")


def loop(runs: list[Counts], posts: list[str], draws: int) -> float:
    """Seconds of a plain bootstrap of five figures of two runs."""
    rows: dict[str, list[int]] = defaultdict(list)
    for row, post in enumerate(posts):
        rows[post].append(row)
    names = list(rows)
    columns = [{name: run[name].tolist() for name in COLUMNS} for run in runs]
    rng = random.Random(0)
    started = time.perf_counter()
    for _ in range(draws):
        drawn = [row for post in rng.choices(names, k=len(names)) for row in rows[post]]
        for run in columns:
            sums = [sum(run[name][row] for row in drawn) for name in COLUMNS]
            figure_values(np.array(sums, float), "revised")
    return time.perf_counter() - started


def check_equal(run: Counts, posts: list[str]) -> None:
    """One draw, summed by post and summed example by example, gives equal figures."""
    codes = post_codes(posts, len(posts))
    size = int(codes.max()) + 1
    times = np.bincount(np.random.default_rng(0).integers(size, size=size), minlength=size)
    ours = figure_values(times.astype(float) @ post_sums(run, codes), "revised")
    sums = [int(sum(int(times[c]) * v for c, v in zip(codes, run[name].tolist(), strict=True)))
            for name in COLUMNS]  # fmt: skip
    theirs = figure_values(np.array(sums, float), "revised")
    assert ours.tolist() == theirs.tolist()


def main() -> None:
    """Print the times and their ratio."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=10_000)
    parser.add_argument("--loop-draws", type=int, default=20)
    options = parser.parse_args()
    folder = Path(os.environ.get("EXPRESS_REFERENCE", ROOT.parent / "shared" / "express"))
    references, readings, posts, lexicon = data(folder)
    how = Resampling(options.draws)

    started = time.perf_counter()
    runs = [count(references, run, lexicon, "revised") for run in readings]
    counted = time.perf_counter()
    analyse({"a": runs[0], "b": runs[1]}, "revised", posts, how=how)
    drawn = time.perf_counter()
    analyse({"a": runs[0], "b": runs[1]}, "revised", posts, [("a", "b")], how)
    tested = time.perf_counter()
    for run in readings:
        breakdown(references, run, lexicon, "revised", Facts(posts=posts))
    done = time.perf_counter()
    check_equal(runs[1], posts)
    slow = loop(runs, posts, options.loop_draws) / options.loop_draws * options.draws

    print(f"{EXAMPLES} examples, {len(set(posts))} posts, two runs, five figures")
    print(f"counts of both runs                         {counted - started:8.2f} s")
    print(f"{options.draws} draws with BCa                       {drawn - counted:8.2f} s")
    print(f"the same, difference and permutation test   {tested - drawn:8.2f} s")
    print(f"breakdown of both runs                      {done - tested:8.2f} s")
    print(f"breakdown and draws together                {done - tested + drawn - counted:8.2f} s")
    print(f"plain loop, {options.draws} draws (scaled up)        {slow:8.0f} s")
    print(f"ratio of the draws                          {slow / (drawn - counted):8.0f}")


if __name__ == "__main__":
    main()
