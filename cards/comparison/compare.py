"""Runs side by side: the paper's table with intervals and tests, and its findings as checks."""

from __future__ import annotations

import dataclasses
import itertools
import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from express_metric.analysis.clean import clean_figures
from express_metric.analysis.floors import floors
from express_metric.analysis.intervals import MIN_POSTS, smallest
from express_metric.analysis.masks import Masks, mask_table
from express_metric.analysis.resampling import Resampling
from express_metric.analysis.significance import (
    Analysis,
    Correction,
    Difference,
    analyse,
    correct,
    mcnemar,
)
from express_metric.errors import MetricError
from express_metric.lexicon import caution
from express_metric.parsing import Protocol, check_protocol
from express_metric.scoring import count
from express_metric.signature import UNKNOWN

from .data import Beside, beside
from .findings import ALPHA, DUMMY, findings, wanted_pairs
from .groups import columns_of, side_by_side
from .runs import Run, aligned, load_runs
from .taught import lonely, training
from .taught import pairs as before_and_after
from .verdicts import FIGURE
from .whole_posts import on_same_masks

TABLE = ("valid_rate", "lexical_accuracy", "vector_accuracy", "vector_f1")
_DEFAULT = Resampling()
_NOT_ASKED = Beside()


def compare(
    paths: Sequence[Path],
    *,
    lexicon: str | None = None,
    protocol: Protocol = "revised",
    baseline: int = 1,
    correction: Correction = "holm",
    how: Resampling = _DEFAULT,
    group_by: Sequence[str] = (),
    whole_posts: bool = False,
) -> dict[str, Any]:
    """Compare runs on the same examples.

    Args:
        paths: run folders, or files that `express score` takes; at least two.
        lexicon: nrc, express or a file; each run's own if None.
        protocol: ``paper`` or ``revised``.
        baseline: the place, from 1, of the run that the others are tested against.
        correction: of the p-values, ``holm`` or ``bh``.
        how: draws, seed and level.
        group_by: columns of the runs' data, for ``groups`` beside topics.
        whole_posts: pair a run on segments with one on whole posts; see `on_same_masks`.

    Returns:
        Ready for JSON. ``data``: its name and split. ``runs``: of each ``name``, ``model``,
        ``family``, ``parameters``, ``setting``, ``signature``, ``figures`` (with intervals),
        ``against_baseline`` (figure to difference, ``p_value`` and ``p_corrected``; None for the
        baseline itself) and ``mcnemar``.
        ``floors``: what trivial answers score, by the train split and with the nearest neighbour's
        label where the runs' data can be loaded. ``findings``: see the module `findings`.
        ``training``: see `taught.training`. ``groups``: see `groups.side_by_side`.
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
    loaded = load_runs(paths, lexicon)
    runs = aligned(on_same_masks(loaded) if whole_posts else loaded)
    return compare_runs(
        runs,
        protocol=protocol,
        baseline=baseline,
        correction=correction,
        how=how,
        data=beside(runs),
        columns=columns_of(runs, group_by),
    )


def compare_runs(
    runs: Sequence[Run],
    *,
    protocol: Protocol = "revised",
    baseline: int = 1,
    correction: Correction = "holm",
    how: Resampling = _DEFAULT,
    data: Beside = _NOT_ASKED,
    columns: Mapping[str, Sequence[str | None]] | None = None,
) -> dict[str, Any]:
    """Compare loaded runs; see `compare`.

    ``data`` is for the floors and the note; see `express_cards.comparison.data.beside`.
    """
    same = aligned(runs)
    first = same[baseline - 1]
    # The examples are the same, so any run that knows their posts and flags knows them for all.
    posts = next((run.posts for run in same if run.posts), None)
    clean = next((run.clean for run in same if run.clean), None)
    counts = {
        run.name: count(run.references, run.readings[protocol], run.lexicon, protocol)
        for run in same
    }
    masks = {run.name: _masks(run, protocol, posts) for run in same}
    taught = [(base.name, run.name) for base, run in before_and_after(same)]
    pairs = [*_pairs(same, first), *wanted_pairs(same, counts), *taught]
    found = analyse(counts, protocol, posts, pairs, how)
    tests = [(first.name, run.name) for run in same if run is not first and run.task == first.task]
    against = _against(found, masks, tests, correction, how.level)
    groups = tied(same, found, correction)
    unit = "example" if posts is None else "post"
    size = (masks[first.name].n_posts, unit)
    shown: dict[str, Any] = {
        "protocol": protocol,
        "correction": correction,
        **dataclasses.asdict(how),
        "n_examples": len(first),
        "n_masks": len(masks[first.name]),
        "n_posts": size[0],
        "n_clean_masks": sum(map(sum, clean)) if clean else None,
        "unit": unit,
        "lexicon": first.lexicon.label,
        "data": _data(same, protocol),
        "baseline": first.name,
        "runs": [
            {
                **_row(run, found, against, protocol, clean),
                "group": groups[run.name],
                "verdict": verdict(run.name, against.get(run.name), size),
            }
            for run in same
        ],
        "floors": floors(
            first.references, first.lexicon, protocol, data.train, data.nearest.labels
        ),
    }
    read = masks if protocol == "revised" else {r.name: _masks(r, "revised", posts) for r in same}
    checked = findings(same, counts, read, found, correction, how)
    return {
        **shown,
        "findings": [finding.to_dict() for finding in checked],
        "training": training(same, masks, found, correction, how),
        "groups": side_by_side(columns or {}, masks, how.level),
        "note": " ".join([_note(shown), *(cautions := _cautions(same, shown, data))]),
        "caption": " ".join([_caption(shown), *cautions]),
    }


def _masks(run: Run, protocol: Protocol, posts: Sequence[str] | None) -> Masks:
    return mask_table(run.references, run.readings[protocol], run.lexicon, protocol, posts)


def _pairs(runs: Sequence[Run], first: Run) -> list[tuple[str, str]]:
    """Every pair of free runs, and of rankings of one list, those with the baseline first."""
    ordered = sorted(runs, key=lambda run: run is not first)
    return [(a.name, b.name) for a, b in itertools.combinations(ordered, 2) if a.task == b.task]


def tied(runs: Sequence[Run], found: Analysis, correction: Correction) -> dict[str, str]:
    """Groups of runs that no test tells apart, by the share of exact words.

    The best run leads the first group; with it stand those that the corrected test does not find
    different from it. The best of the rest leads the next, and so on. Rankings have groups of
    their own, marked with an r, those of a second list with an s, and so on.
    """
    groups: dict[str, str] = {}
    lists = dict.fromkeys(run.task for run in runs if run.ranks)
    marks = zip(("", *lists), ("", *string.ascii_lowercase[17:]), strict=False)
    for task, mark in marks:
        left = [run.name for run in runs if run.task == task]
        left.sort(key=lambda name: -(found.intervals[name][FIGURE].value or 0.0))
        number = 0
        while left:
            number += 1
            leader, *others = left
            tests = [_between(found, leader, name) for name in others]
            raw = [1.0 if test.p_value is None else test.p_value for test in tests]
            apart = [p < ALPHA for p in correct(raw, correction)]
            left = [name for name, far in zip(others, apart, strict=True) if far]
            members = [name for name in (leader, *others) if name not in left]
            groups |= dict.fromkeys(members, f"{number}{mark}")
    return groups


def _between(found: Analysis, a: str, b: str) -> Difference:
    pair = (a, b) if (a, b) in found.differences else (b, a)
    return found.differences[pair][FIGURE]


def verdict(name: str, against: Mapping[str, Any] | None, size: tuple[int, str]) -> str | None:
    """What the test of a run against the baseline says of exact words, in a sentence."""
    if against is None:
        return None
    told = against["against_baseline"][FIGURE]
    shown, p_value = told["difference"], told["p_corrected"]
    value, low, high = shown["value"], shown["low"], shown["high"]
    if value is None or low is None:
        return f"{name}: too little was answered to tell."
    if p_value < ALPHA:
        p_text = "p < .001" if p_value < 0.001 else f"p = {p_value:.3f}".replace("0.", ".", 1)
        return (
            f"{name} is {'better' if value > 0 else 'worse'}: {100 * value:+.1f} points "
            f"({100 * low:+.1f} to {100 * high:+.1f}), {p_text}."
        )
    least = told["smallest"]
    shows = f"smallest: {100 * least:.1f} points" if least else "they answered alike"
    return f"{name}: no difference that {size[0]:,} {size[1]}s could show ({shows})."


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
    said += [data.nearest.missing, caution(runs[0].lexicon.label, found["protocol"])]
    if found["n_posts"] < MIN_POSTS:
        said.append(f"{found['n_posts']} {found['unit']}s are too few to decide any finding.")
    if len({run.ranks for run in runs}) > 1:
        said.append(
            "Rankings chose from given words, which is another task: no test sets them beside free "
            "answers, and the findings leave them out."
        )
    if len({run.task for run in runs if run.ranks}) > 1:
        said.append(
            "Rankings of different lists are different tasks, and no test sets them side by side: "
            "run them with one --vocabulary FILE to compare them."
        )
    if any(run.family == DUMMY for run in runs):
        said.append("Findings leave out dummies, which are no models.")
    said += lonely(runs)
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
    clean = ""
    if found["n_clean_masks"] is not None:
        clean = (
            f" clean: without masks whose word stands in the text or is denied there "
            f"({found['n_clean_masks']} masks are left)."
        )
    return (
        f"In percent, with {found['level']:.0%} intervals from {found['draws']} bootstrap draws "
        f"over {found['unit']}s (seed {found['seed']}); {found['data']}, protocol "
        f"{found['protocol']}, lexicon {found['lexicon']}; {examples}. Stars: differs from "
        f"{found['baseline']} by a paired permutation test over {found['unit']}s, corrected by "
        f"{method}: * p < 0.05, ** p < 0.01, *** p < 0.001. Runs of one group are not told apart "
        f"in exact words. ~: approximate, for few posts or few masks say it.{clean}"
    )


def _caption(found: dict[str, Any]) -> str:
    """The note of a table in a paper, whose text says how intervals and tests were made."""
    return (
        f"In percent, with {found['level']:.0%} intervals over {found['n_examples']} examples; "
        f"{found['data']}, protocol {found['protocol']}, lexicon {found['lexicon']}. Stars: "
        f"differs from {found['baseline']} at p < 0.05, 0.01 or 0.001, corrected."
    )


def _row(
    run: Run,
    found: Analysis,
    against: Mapping[str, dict[str, Any]],
    protocol: Protocol,
    clean: Sequence[Sequence[bool]] | None,
) -> dict[str, Any]:
    answers = run.readings[protocol]
    return {
        "name": run.name,
        "model": run.model,
        "family": run.family,
        "parameters": run.parameters,
        "setting": run.setting,
        "signature": str(run.signatures[protocol]),
        "figures": {name: shown.to_dict() for name, shown in found.intervals[run.name].items()},
        "rank": run.places and {**run.places, "other_masks": run.others},
        "clean": clean and clean_figures(run.references, answers, clean, run.lexicon, protocol),
        **against.get(run.name, {"against_baseline": None, "mcnemar": None}),
    }


def _against(
    found: Analysis,
    masks: Mapping[str, Masks],
    pairs: Sequence[tuple[str, str]],
    correction: Correction,
    level: float,
) -> dict[str, dict[str, Any]]:
    """The tests against the baseline, corrected for all runs and the figures of the table."""
    tests = {
        name: mcnemar(masks[first].lexical, masks[name].lexical, masks[name].post)
        for first, name in pairs
    }
    differences = {name: found.differences[first, name] for first, name in pairs}
    cells = [(name, figure) for name in tests for figure in TABLE]
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
                    "smallest": smallest(differences[name][figure].difference, level),
                }
                for figure in TABLE
            },
            "mcnemar": {**dataclasses.asdict(test), "p_corrected": p_value},
        }
        for (name, test), p_value in zip(tests.items(), hits, strict=True)
    }
