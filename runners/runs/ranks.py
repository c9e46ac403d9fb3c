"""What the ranking of a closed vocabulary tells: how high the author's own term stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import RunError
from ..vocabulary import Vocabulary, normalised, order
from .store import PREDICTIONS_FILE, differences, read_answers, read_run_record

TOP = 5
DECIMALS = 4

Line = Mapping[str, Any]


def rank_record(
    vocabulary: Vocabulary,
    references: Sequence[str],
    scores: Sequence[Sequence[float]] | None,
) -> list[dict[str, Any]] | None:
    """What a line of `predictions.jsonl` keeps, for each mask.

    Args:
        vocabulary: the terms.
        references: the author's terms.
        scores: for each mask the log-probability of every term, in the vocabulary's order.

    Returns:
        For each mask `top` (the likeliest terms), `reference` (the place of the author's term,
        None if it is not in the vocabulary) and `logprobs` (all of them, to four decimals). None
        where the example was not asked.

    >>> rank_record(Vocabulary("train", ("sad", "tired")), ["tired"], [[-0.1, -2.4]])
    [{'top': ['sad', 'tired'], 'reference': 2, 'logprobs': [-0.1, -2.4]}]
    >>> rank_record(Vocabulary("train", ("sad",)), ["odd"], None) is None
    True
    """
    if scores is None:
        return None
    return [
        {
            "top": [vocabulary.terms[i] for i in order(values)[:TOP]],
            "reference": vocabulary.rank(reference, values),
            "logprobs": [round(value, DECIMALS) for value in values],
        }
        for reference, values in zip(references, scores, strict=True)
    ]


def rank_scores(lines: Sequence[Line]) -> dict[str, Any]:
    """Top-1, top-3, top-5 and mean reciprocal rank over all masks.

    A reference outside the vocabulary, and every mask of a line that was not answered, counts as
    never found. The reciprocal rank of a found one is 1 / place (Voorhees 1999, TREC-8 QA).

    >>> rank_scores([{"references": ["a", "b"], "rank": [{"reference": 1}, {"reference": 4}]}])
    {'masks': 2, 'in_vocabulary': 2, 'top1': 0.5, 'top3': 0.5, 'top5': 1.0, 'mrr': 0.625}
    >>> rank_scores([{"references": ["a"], "rank": None}])["in_vocabulary"]
    0
    """
    masks = sum(len(line["references"]) for line in lines)
    places = [mask["reference"] for line in lines for mask in line["rank"] or ()]
    found = [place for place in places if place is not None]
    share = {f"top{n}": sum(place <= n for place in found) / masks for n in (1, 3, TOP)}
    mean = sum(1 / place for place in found) / masks
    return {"masks": masks, "in_vocabulary": len(found), **share, "mrr": mean}


def agree(free: Path, rank: Path) -> dict[str, Any]:
    """`agreement` of two finished runs by their folders.

    Raises:
        RunError: a folder holds no finished run, or they are of different models, prompts or data.
    """
    records = []
    for folder in (free, rank):
        if not (folder / PREDICTIONS_FILE).is_file():
            raise RunError(f"{folder} is no finished run: finish it with `express run` first.")
        records.append(read_run_record(folder))
    parts = ("model", "dataset", "prompt")
    one, two = ({part: record["asked"][part] for part in parts} for record in records)
    differing = differences(one, two, places=(f"in {free}", f"in {rank}"))
    if differing:
        raise RunError(f"the runs cannot be compared: {'; '.join(differing)}.")
    written, ranked = (read_answers(folder) for folder in (free, rank))
    return agreement(written, ranked, records[1].get("vocabulary") or ())


def agreement(
    free: Sequence[Line], rank: Sequence[Line], vocabulary: Sequence[str]
) -> dict[str, Any]:
    """Where free decoding and the ranking give the same term, mask by mask.

    Args:
        free: lines of a run with `--decode free`.
        rank: lines of a run of the same model on the same examples with `--decode rank`.
        vocabulary: the terms that were ranked.

    Returns:
        `masks` of the examples both hold; `compared` (those of valid free answers); `same`; of
        the compared ones how often only one of the two, both or none is the author's term; and
        `free_outside_vocabulary`, free terms the ranking could not have given.

    Raises:
        RunError: the second is no ranking, or they have no example in common.
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
