"""What the ranking of a closed vocabulary tells: how high the author's own term stands."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any

from express_dataset.splits import normalised

from ..vocabulary import Vocabulary, order

if TYPE_CHECKING:  # scoring need not wait for the engines
    from ..engines.base import Answer

TOP = 5
DECIMALS = 4
FIGURES = (*(f"top{n}" for n in (1, 3, TOP)), "mrr")
# Digits of a share, which may be very small.
_DIGITS = ".4g"

Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """What a model gives each term whatever the story."""

    contexts: int  # how many stories of the train split
    # of each term the mean at their first masks, and at the later ones, where a list has begun
    logprobs: tuple[tuple[float, ...], ...]


def rank_record(
    vocabulary: Vocabulary, references: Sequence[str], answer: Answer
) -> list[dict[str, Any]] | None:
    """What a line of `predictions.jsonl` keeps, for each mask; None where it was not asked.

    That is `top` (the likeliest terms), `reference` (the place of the author's term, None if it is
    not in the vocabulary), `share` (what the vocabulary has of the model's own probability) and
    `logprobs` (of all terms among them, in the vocabulary's order, to four decimals).

    >>> from express_runners.engines.base import Answer
    >>> asked = Answer('["sad"]', "ranked", 0, scores=((-0.1, -2.4),), shares=(0.05,))
    >>> rank_record(Vocabulary("train", ("sad", "tired")), ["tired"], asked)
    [{'top': ['sad', 'tired'], 'reference': 2, 'share': 0.05, 'logprobs': [-0.1, -2.4]}]
    """
    if answer.scores is None or answer.shares is None:
        return None
    return [
        {
            "top": [vocabulary.terms[i] for i in order(values)[:TOP]],
            "reference": vocabulary.rank(reference, values),
            "share": float(f"{share:{_DIGITS}}"),
            "logprobs": [round(value, DECIMALS) for value in values],
        }
        for reference, values, share in zip(references, answer.scores, answer.shares, strict=True)
    ]


def prior_of(answers: Iterable[Answer]) -> Prior | None:
    """The mean log-probability of every term over all masks; None without an answer.

    >>> from express_runners.engines.base import Answer
    >>> asked = [Answer("", "", 0, scores=scores) for scores in (((-1.0,), (-2.0,)), ((-3.0,),))]
    >>> prior_of(asked)
    Prior(contexts=2, logprobs=((-2.0,), (-2.0,)))
    """
    found = [answer.scores for answer in answers if answer.scores]
    first = [scores[0] for scores in found]
    if not first:
        return None
    later = [values for scores in found for values in scores[1:]]
    rows = [zip(*masks, strict=True) for masks in (first, later or first)]
    means = tuple(tuple(round(fmean(term), DECIMALS) for term in row) for row in rows)
    return Prior(contexts=len(found), logprobs=means)


def rank_scores(
    lines: Sequence[Line],
    vocabulary: Sequence[str] = (),
    prior: Prior | None = None,
    left_out: Collection[str] = (),
) -> dict[str, Any]:
    """Top-1, top-3, top-5 and mean reciprocal rank over all masks.

    A reference outside the vocabulary, and every mask of a line that was not answered, counts as
    never found. The reciprocal rank of a found one is 1 / place (Voorhees 1999, TREC-8 QA).

    Returns:
        `masks`; `in_vocabulary`, those whose reference has a place; the four figures; and where
        the run tells of it `left_out`, the masks whose reference is one of the terms that the model
        could not rank; `share`, what the vocabulary has on average of the model's own probability;
        `without_prior`, the four figures once each term's `prior` is taken from its
        log-probability.

    >>> lines = [{"references": ["b"], "rank": [{"reference": 2, "logprobs": [-0.4, -1.1]}]}]
    >>> found = rank_scores(lines, ("a", "b"), Prior(contexts=9, logprobs=((-0.2, -1.6),) * 2))
    >>> found["mrr"], found["without_prior"]["mrr"]
    (0.5, 1.0)
    """
    masks = [
        (place, *pair)
        for line in lines
        for place, pair in enumerate(zip(line["references"], line.get("rank") or (), strict=False))
    ]
    n = sum(len(line["references"]) for line in lines)
    shares = [mask["share"] for *_, mask in masks if mask.get("share") is not None]
    apart = None
    if prior is not None:
        ranked = Vocabulary("", tuple(vocabulary))
        means = prior.logprobs
        places = (
            ranked.rank(
                reference, (a - b for a, b in zip(mask["logprobs"], means[place > 0], strict=True))
            )
            for place, reference, mask in masks
        )
        apart = _figures(n, places)
    hidden = [normalised(reference) for line in lines for reference in line["references"]]
    told = {
        "left_out": sum(term in left_out for term in hidden) if left_out else None,
        "share": fmean(shares) if shares else None,
        "without_prior": apart,
    }
    return {
        "masks": n,
        "in_vocabulary": sum(mask["reference"] is not None for *_, mask in masks),
        **_figures(n, (mask["reference"] for *_, mask in masks)),
        **{name: one for name, one in told.items() if one is not None},
    }


def _figures(masks: int, places: Iterable[int | None]) -> dict[str, float]:
    found = [place for place in places if place is not None]
    share = {f"top{n}": sum(place <= n for place in found) / masks for n in (1, 3, TOP)}
    return {**share, "mrr": sum(1 / place for place in found) / masks}


def is_ranking(mask: object) -> bool:
    """Whether this is what `rank_record` keeps of a mask; version 0.1 kept no share."""
    if not isinstance(mask, dict):
        return False
    place, values, share = mask.get("reference"), mask.get("logprobs"), mask.get("share")
    known = place is None or (isinstance(place, int) and place > 0 and place is not True)
    numbers = isinstance(values, list) and all(type(one) in (int, float) for one in values)
    top = mask.get("top")
    terms = isinstance(top, list) and bool(top) and all(isinstance(one, str) for one in top)
    return known and numbers and terms and type(share) in (int, float, type(None))
