"""Where a model's free answers and its ranking of a vocabulary agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from express_dataset.reading.typed import as_json
from express_dataset.splits import normalised

from ..errors import RunError
from .finished import FinishedRun
from .store import differences

Line = Mapping[str, Any]


def agree(free: Path, rank: Path) -> dict[str, Any]:
    """`agreement` of two finished runs by their folders."""
    runs = [FinishedRun.read(folder) for folder in (free, rank)]
    parts = ("model", "dataset", "prompt")
    one, two = ({part: as_json(getattr(run.asked, part)) for part in parts} for run in runs)
    differing = differences(one, two, places=(f"in {free}", f"in {rank}"))
    if differing:
        raise RunError(f"the runs cannot be compared: {'; '.join(differing)}.")
    return agreement(runs[0].lines, runs[1].lines, runs[1].record.vocabulary or ())


def agreement(
    free: Sequence[Line], rank: Sequence[Line], vocabulary: Sequence[str]
) -> dict[str, Any]:
    """Where free decoding and the ranking of a vocabulary give the same term, mask by mask.

    Both are lines of runs of the same model on the same examples.

    Returns:
        `masks` of the examples both hold; `compared` (those of valid free answers); `same`; of
        the compared ones how often only one of the two, both or none is the author's term; and
        `free_outside_vocabulary`, free terms the ranking could not have given.
    """
    if any("rank" not in line for line in rank):
        raise RunError("the second run was not made with --decode rank: give a free run, then it.")
    ranked = {line["id"]: line for line in rank if line["rank"]}
    both = [(line, ranked[line["id"]]) for line in free if line["id"] in ranked]
    if not both:
        raise RunError("the two runs have no answered example in common.")
    counts = dict.fromkeys(("same", "both_right", "only_free_right", "only_rank_right"), 0)
    counts |= {"none_right": 0, "free_outside_vocabulary": 0}
    masks = compared = 0
    for one, other in both:
        references = [normalised(term) for term in one["references"]]
        masks += len(references)
        terms = [normalised(term) for term in one["terms"]["revised"] or ()]
        if len(terms) != len(references):
            continue
        for term, mask, reference in zip(terms, other["rank"], references, strict=True):
            compared += 1
            top = mask["top"][0]
            right = (term == reference, top == reference)
            counts["same"] += term == top
            counts["free_outside_vocabulary"] += term not in vocabulary
            name = {(True, True): "both", (True, False): "only_free", (False, True): "only_rank"}
            counts[f"{name.get(right, 'none')}_right"] += 1
    return {"masks": masks, "compared": compared, **counts}
