"""What the ranking of a closed vocabulary tells: how high the author's own term stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..vocabulary import Vocabulary, order

TOP = 5
DECIMALS = 4

Line = Mapping[str, Any]


def rank_record(
    vocabulary: Vocabulary,
    references: Sequence[str],
    scores: Sequence[Sequence[float]] | None,
) -> list[dict[str, Any]] | None:
    """What a line of `predictions.jsonl` keeps, for each mask; None where it was not asked.

    That is `top` (the likeliest terms), `reference` (the place of the author's term, None if it is
    not in the vocabulary) and `logprobs` (of all terms, in the vocabulary's order, to four
    decimals).

    >>> rank_record(Vocabulary("train", ("sad", "tired")), ["tired"], [[-0.1, -2.4]])
    [{'top': ['sad', 'tired'], 'reference': 2, 'logprobs': [-0.1, -2.4]}]
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
    """
    masks = sum(len(line["references"]) for line in lines)
    places = [mask["reference"] for line in lines for mask in line.get("rank") or ()]
    found = [place for place in places if place is not None]
    share = {f"top{n}": sum(place <= n for place in found) / masks for n in (1, 3, TOP)}
    mean = sum(1 / place for place in found) / masks
    return {"masks": masks, "in_vocabulary": len(found), **share, "mrr": mean}
