"""What training did: a model's answers before and after `express train`, on the same examples."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from express_metric.analysis.groups import FREQUENCY_BINS, bins, by_group
from express_metric.analysis.intensity import scales, share_interval, shift
from express_metric.analysis.masks import Masks
from express_metric.analysis.resampling import Ints, Resampling, sum_by_post
from express_metric.analysis.significance import Analysis, Correction, correct, mcnemar
from express_metric.analysis.usage import overuse
from express_metric.errors import ExpressError
from express_metric.lexicon import normal
from express_runners.manifest import Taught

from .runs import Run

LEARNED, HELD_BACK = "learned", "train, not learned"
NEVER = "never in training"

Row = dict[str, Any]


def pairs(runs: Sequence[Run]) -> list[tuple[Run, Run]]:
    """Each trained run with the run of its base that was asked in the same way."""
    return [(base, run) for run in runs if (base := _base(run, runs)) is not None]


def _taught(run: Run) -> Taught | None:
    return run.folder.record.taught if run.folder else None


def _base(run: Run, runs: Sequence[Run]) -> Run | None:
    taught = _taught(run)
    if taught is None or run.asked is None:
        return None
    prompt = run.asked.prompt
    return next(
        (
            one
            for one in runs
            if one.asked
            and _taught(one) is None
            and one.revision == taught.revision
            and (one.asked.prompt, one.conditions) == (prompt, run.conditions)
        ),
        None,
    )


def lonely(runs: Sequence[Run]) -> list[str]:
    """A sentence on each trained run without its base, and on each asked in another way."""
    said = []
    for run in runs:
        taught = _taught(run)
        if taught is None or run.asked is None:
            continue
        prompt = f"{run.asked.prompt.name}@{run.asked.prompt.hash}"
        if prompt != taught.prompt:
            said.append(f"{run.name} learned with the prompt {taught.prompt}, and not {prompt}.")
        if _base(run, runs) is None:
            said.append(
                f"{run.name} was trained from {taught.base}: add a run of that with the same "
                "settings to see what training did."
            )
    return said


def training(
    runs: Sequence[Run],
    masks: Mapping[str, Masks],
    found: Analysis,
    correction: Correction,
    how: Resampling,
) -> list[dict[str, Any]]:
    """What training did, for each of the `pairs`.

    Returns:
        ``base``, ``taught``, ``examples`` (texts learned); ``figures``: of both, with their
        difference; ``rows``: by part of the data and by how often the label stood in training,
        masks, the shares of identical words ``before`` and ``after`` with intervals over posts, and
        the corrected p-value of McNemar's test; ``words``: distinct ones before and after, gained
        and lost; ``overused``: words with how often people and model say them; ``softening``: the
        net share with the ``scale`` it is measured on.
    """
    return [
        _told(base, run, taught, (masks[base.name], masks[run.name]), found, correction, how)
        for base, run in pairs(runs)
        if (taught := _taught(run)) is not None
    ]


def _told(
    base: Run,
    run: Run,
    taught: Taught,
    both: tuple[Masks, Masks],
    found: Analysis,
    correction: Correction,
    how: Resampling,
) -> dict[str, Any]:
    rows = [*_rows(_parts(run, taught), both, how), *_rows(_often(taught, both[0]), both, how)]
    for row, p in zip(rows, correct([row["p_value"] for row in rows], correction), strict=True):
        row["p_value"] = p
    compared = found.differences[base.name, run.name]
    names, scale = ("before", "after"), scales()[0]
    uses = {
        name: [u for u in overuse(m, how) if u.verdict == "over"]
        for name, m in zip(names, both, strict=True)
    }
    return {
        "base": base.name,
        "taught": run.name,
        "examples": taught.examples,
        "figures": {name: one.to_dict() for name, one in compared.items()},
        "rows": rows,
        "words": _words(*both),
        "overused": {
            name: [(use.term, use.people, use.model) for use in use_] for name, use_ in uses.items()
        },
        "softening": {
            "scale": scale.name,
            **{
                name: dataclasses.asdict(shift(table, how, scale).net)
                for name, table in zip(names, both, strict=True)
            },
        },
    }


def _parts(run: Run, taught: Taught) -> tuple[list[str], list[str], bool]:
    """The part of each example: learned, of the train split yet not learned, or its split."""
    asked, ids = run.folder.asked if run.folder else None, run.ids or []
    split = asked.dataset.split if asked else ""
    of = dict.fromkeys(ids, HELD_BACK if split == "train" else split)
    if split == "all" and run.folder:
        try:
            for name in ("train", "test", "few_shot"):
                told = HELD_BACK if name == "train" else name
                of |= {example.id: told for example in run.folder.splits[name].examples}
        except ExpressError:
            of = dict.fromkeys(ids, "not learned")
    of |= dict.fromkeys(taught.seen, LEARNED)
    return [LEARNED, HELD_BACK, "test", "few_shot", "not learned"], [of[key] for key in ids], True


def _often(taught: Taught, masks: Masks) -> tuple[list[str], list[str], bool]:
    """How often the label of each mask stood in training."""
    times: Counter[str] = Counter()
    for word, n in taught.labels.items():
        times[normal(word)] += n
    codes, names = bins([times[term] for term in masks.vocabulary], FREQUENCY_BINS)
    told = [NEVER if name == "0" else f"{name} times in training" for name in names]
    return told, [told[code] for code in codes[masks.label]], False


def _rows(
    by: tuple[list[str], list[str], bool], both: tuple[Masks, Masks], how: Resampling
) -> list[Row]:
    """A row for each group that has masks; groups of examples are spread over their masks."""
    names, told, of_examples = by
    before, after = both
    place = {name: code for code, name in enumerate(names)}
    codes: Ints = np.array([place[one] for one in told], np.int64)
    if of_examples:
        codes = codes[before.example]
    tables = [by_group(table, codes, names, how.level) for table in both]
    rows = []
    for one, other in zip(*tables, strict=True):
        here = codes == place[one.group]
        gain = (after.lexical.astype(np.int64) - before.lexical) * here
        apart = share_interval(sum_by_post(np.column_stack([gain, here]), before.post), how)
        test = mcnemar(before.lexical[here], after.lexical[here], before.post[here])
        rows.append(
            {
                "group": one.group,
                "masks": one.masks,
                "posts": one.posts,
                "before": {"value": one.lexical_accuracy, "low": one.low, "high": one.high},
                "after": {"value": other.lexical_accuracy, "low": other.low, "high": other.high},
                "difference": dataclasses.asdict(apart),
                "p_value": test.p_value,
            }
        )
    return rows


def _words(before: Masks, after: Masks) -> dict[str, Any]:
    """Distinct words of both, and with their number those that only one says, commonest first."""
    said = [
        Counter(table.vocabulary[code] for code in table.answer[table.valid].tolist())
        for table in (before, after)
    ]
    first, second = said
    return {
        "before": len(first),
        "after": len(second),
        "gained": [(word, n) for word, n in second.most_common() if word not in first],
        "lost": [(word, n) for word, n in first.most_common() if word not in second],
    }
