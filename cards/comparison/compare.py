"""Runs side by side: the paper's table with intervals and tests, and its findings as checks."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from express_metric.analysis.floors import floors
from express_metric.analysis.intervals import MIN_POSTS
from express_metric.analysis.masks import mask_table
from express_metric.analysis.resampling import Resampling
from express_metric.analysis.significance import (
    Analysis,
    Correction,
    McNemar,
    analyse,
    correct,
    mcnemar,
)
from express_metric.errors import MetricError
from express_metric.parsing import Protocol, check_protocol
from express_metric.scoring import count
from express_metric.signature import UNKNOWN

from .data import Beside, beside
from .findings import DUMMY, findings, wanted_pairs
from .runs import Run, aligned, load_runs

TABLE = ("valid_rate", "lexical_accuracy", "vector_accuracy", "vector_f1")
_DEFAULT = Resampling()
_NOT_ASKED = Beside()


def compare(
    paths: Sequence[Path],
    *,
    lexicon: str | None = None,
    protocol: Protocol = "paper",
    baseline: int = 1,
    correction: Correction = "holm",
    how: Resampling = _DEFAULT,
) -> dict[str, Any]:
    """Compare runs on the same examples.

    Args:
        paths: run folders, or files that `express score` takes; at least two.
        lexicon: nrc, express or a file; each run's own if None.
        protocol: ``paper`` or ``revised``.
        baseline: the place, from 1, of the run that the others are tested against.
        correction: of the p-values, ``holm`` or ``bh``.
        how: draws, seed and level.

    Returns:
        Ready for JSON. ``data``: its name and split. ``runs``: of each ``name``, ``model``,
        ``family``, ``parameters``, ``setting``, ``signature``, ``figures`` (with intervals),
        ``against_baseline`` (figure to difference, ``p_value`` and ``p_corrected``; None for the
        baseline itself) and ``mcnemar``.
        ``floors``: what trivial answers score, by the train split and with the nearest neighbour's
        label where the runs' data can be loaded. ``findings``: see the module `findings`.
        ``note``: how to read the table, and what stands against believing it.

    Raises:
        MetricError, RunError: where a run cannot be read or the runs cannot be compared.

    >>> compare([Path("a")])
    Traceback (most recent call last):
    ...
    express_metric.errors.MetricError: 1 run is given; give at least two to compare
    >>> compare([Path("a"), Path("b")], baseline=3)
    Traceback (most recent call last):
    ...
    express_metric.errors.MetricError: --baseline is 3; it must be a number from 1 to 2
    """
    check_protocol(protocol)
    if len(paths) < 2:
        raise MetricError(f"{len(paths)} run is given; give at least two to compare")
    if not 1 <= baseline <= len(paths):
        raise MetricError(f"--baseline is {baseline}; it must be a number from 1 to {len(paths)}")
    runs = aligned(load_runs(paths, lexicon))
    return compare_runs(
        runs,
        protocol=protocol,
        baseline=baseline,
        correction=correction,
        how=how,
        data=beside(runs),
    )


def compare_runs(
    runs: Sequence[Run],
    *,
    protocol: Protocol = "paper",
    baseline: int = 1,
    correction: Correction = "holm",
    how: Resampling = _DEFAULT,
    data: Beside = _NOT_ASKED,
) -> dict[str, Any]:
    """Compare loaded runs; see `compare`.

    ``data`` is for the floors and the note; see `express_cards.comparison.data.beside`.

    >>> from express_metric import Reading, Signature, load_lexicon
    >>> nrc = load_lexicon("nrc")
    >>> def run(name, word):
    ...     return Run(name, name, None, "x", [("sad",)] * 20, {"paper": [Reading((word,))] * 20},
    ...                None, None, nrc, {"paper": Signature("d", "test", 20, "paper", nrc.label)})
    >>> found = compare_runs([run("a", "sad"), run("b", "glad")], how=Resampling(draws=200))
    >>> [row["figures"]["lexical_accuracy"]["value"] for row in found["runs"]]
    [1.0, 0.0]
    >>> found["runs"][1]["mcnemar"]["only_first"], found["baseline"]
    (20, 'a')
    """
    same = aligned(runs)
    first = same[baseline - 1]
    others = [run for run in same if run is not first]
    # The examples are the same, so any run that knows their posts knows them for all.
    posts = next((run.posts for run in same if run.posts), None)
    counts = {
        run.name: count(run.references, run.readings[protocol], run.lexicon, protocol)
        for run in same
    }
    masks = {
        run.name: mask_table(run.references, run.readings[protocol], run.lexicon, protocol, posts)
        for run in same
    }
    pairs = [(first.name, run.name) for run in others]
    found = analyse(counts, protocol, posts, [*pairs, *wanted_pairs(same, counts)], how)
    hits = {name: table.lexical for name, table in masks.items()}
    tests = {run.name: mcnemar(hits[first.name], hits[run.name]) for run in others}
    against = _against(found, tests, first.name, correction)
    shown: dict[str, Any] = {
        "protocol": protocol,
        "correction": correction,
        **dataclasses.asdict(how),
        "n_examples": len(first),
        "n_masks": len(masks[first.name]),
        "n_posts": masks[first.name].n_posts,
        "unit": "example" if posts is None else "post",
        "lexicon": first.lexicon.label,
        "data": _data(same, protocol),
        "baseline": first.name,
        "runs": [_row(run, found, against, protocol) for run in same],
        "floors": floors(
            first.references, first.lexicon, protocol, data.train, data.nearest.labels
        ),
    }
    checked = findings(same, counts, masks, found, correction, how)
    return {
        **shown,
        "findings": [finding.to_dict() for finding in checked],
        "note": " ".join([_note(shown), *_cautions(same, shown, data)]),
    }


def _data(runs: Sequence[Run], protocol: Protocol) -> str:
    """Name and split of the data, as the signatures have them; those of runs before bare files'."""
    asked = [run for run in runs if run.asked] or runs
    signed = [run.signatures[protocol] for run in asked]
    names = " and ".join(dict.fromkeys(one.data for one in signed))
    splits = " and ".join(dict.fromkeys(one.split for one in signed if one.split != UNKNOWN))
    return f"data {names}{f', split {splits}' if splits else ''}"


def _cautions(runs: Sequence[Run], found: Mapping[str, Any], data: Beside) -> list[str]:
    """What stands against believing the table, each a sentence."""
    said = [data.standing, *(run.warning for run in runs)]
    if data.train is None:
        said.append("Floors are from the test labels, a little too high.")
    said.append(data.nearest.missing)
    if found["n_posts"] < MIN_POSTS:
        said.append(f"{found['n_posts']} {found['unit']}s are too few to decide any finding.")
    if any(run.family == DUMMY for run in runs):
        said.append("Findings leave out dummies, which are no models.")
    for run in runs:
        mark = next(iter(run.signatures.values()), None)
        if mark is not None and not mark.fair:
            what = f"{mark.seen} of these examples" if mark.seen else "nobody knows what"
            said.append(f"Findings leave out {run.name}, which was trained on {what}.")
    return list(filter(None, said))


def _note(found: dict[str, Any]) -> str:
    """What a reader must know of the table, in one paragraph."""
    examples = f"{found['n_examples']} examples, {found['n_masks']} masks"
    if found["unit"] == "post":
        examples += f", {found['n_posts']} posts"
    method = {"holm": "Holm", "bh": "Benjamini-Hochberg"}[found["correction"]]
    return (
        f"In percent, with {found['level']:.0%} intervals from {found['draws']} bootstrap draws "
        f"over {found['unit']}s (seed {found['seed']}); {found['data']}, protocol "
        f"{found['protocol']}, lexicon {found['lexicon']}; {examples}. Stars: differs from "
        f"{found['baseline']} by a paired permutation test over {found['unit']}s, corrected by "
        f"{method}: * p < 0.05, ** p < 0.01, *** p < 0.001."
    )


def _row(
    run: Run, found: Analysis, against: Mapping[str, dict[str, Any]], protocol: Protocol
) -> dict[str, Any]:
    return {
        "name": run.name,
        "model": run.model,
        "family": run.family,
        "parameters": run.parameters,
        "setting": run.setting,
        "signature": str(run.signatures[protocol]),
        "figures": {name: shown.to_dict() for name, shown in found.intervals[run.name].items()},
        **against.get(run.name, {"against_baseline": None, "mcnemar": None}),
    }


def _against(
    found: Analysis, tests: Mapping[str, McNemar], baseline: str, correction: Correction
) -> dict[str, dict[str, Any]]:
    """The tests against the baseline, corrected for all runs and the figures of the table."""
    cells = [(name, figure) for name in tests for figure in TABLE]
    differences = {name: found.differences[baseline, name] for name in tests}
    raw = [differences[name][figure].p_value for name, figure in cells]
    corrected = dict(
        zip(cells, correct([1.0 if p is None else p for p in raw], correction), strict=True)
    )
    hits = correct([test.p_value for test in tests.values()], correction)
    return {
        name: {
            "against_baseline": {
                figure: {
                    **differences[name][figure].to_dict(),
                    "p_corrected": corrected[name, figure],
                }
                for figure in TABLE
            },
            "mcnemar": {**dataclasses.asdict(test), "p_corrected": p_value},
        }
        for (name, test), p_value in zip(tests.items(), hits, strict=True)
    }
