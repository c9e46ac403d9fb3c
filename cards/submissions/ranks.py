"""Check the ranking of a closed vocabulary in an answer."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from express_runners.prompts.wording import answer
from express_runners.runs.ranks import DECIMALS, TOP
from express_runners.vocabulary import Vocabulary, normalised

from .strict import Refusal, shown, texts

# Half a unit of the last decimal, for every term; and what float32 makes of a sum.
_NEAR_ONE = 0.5 * 10**-DECIMALS + 1e-3


@dataclass(frozen=True)
class Ranked:
    """The vocabulary of a ranking.

    >>> Ranked(Vocabulary("train", ("sad", "mad"))).places["mad"]
    1
    >>> len(Ranked(Vocabulary("train", ("sad", "mad"))).vocabulary.terms)
    2
    """

    vocabulary: Vocabulary

    @cached_property
    def places(self) -> dict[str, int]:
        """Each term's place in the vocabulary."""
        return {term: place for place, term in enumerate(self.vocabulary.terms)}


def check_rank(line: Mapping[str, Any], ranked: Ranked, where: str) -> None:
    """Refuse a ranking whose parts do not agree.

    The log-probabilities are rounded, so terms that are equal here may stand in any order; all
    else must follow from them: the likeliest terms, the place of the author's, the completion.

    Args:
        line: the answer.
        ranked: the vocabulary.
        where: file and line, for messages.

    Raises:
        Refusal: telling what does not agree.

    >>> mask = {"top": ["sad", "mad"], "reference": 2, "logprobs": [-0.1054, -2.3026]}
    >>> line = {"references": ["mad"], "completion": '["sad"]', "rank": [mask]}
    >>> check_rank(line, Ranked(Vocabulary("train", ("sad", "mad"))), "line 1")
    >>> mask["reference"] = 1
    >>> check_rank(line, Ranked(Vocabulary("train", ("sad", "mad"))), "line 1")
    Traceback (most recent call last):
    ...
    express_cards.submissions.strict.Refusal: line 1: mask 1: the place of 'mad' is 1, but its \
log-probability gives 2 to 2
    """
    masks, completion = line["rank"], line["completion"]
    if (masks is None) is not (completion is None):
        raise Refusal(f"{where}: a ranking and its completion must both be there, or neither")
    if masks is None:
        return
    references = line["references"]
    if not isinstance(masks, list) or len(masks) != len(references):
        raise Refusal(f"{where}: the ranking must have an entry for each of the masks")
    places = ranked.places
    for number, (mask, reference) in enumerate(zip(masks, references, strict=True), 1):
        _check_mask(mask, reference, ranked.vocabulary, places, f"{where}: mask {number}")
    likeliest = answer([mask["top"][0] for mask in masks])
    if completion != likeliest:
        raise Refusal(
            f"{where}: the completion is {shown(completion)}, but the likeliest terms are "
            f"{shown(json.loads(likeliest))}"
        )


def _check_mask(
    mask: object, reference: str, vocabulary: Vocabulary, places: Mapping[str, int], where: str
) -> None:
    if not isinstance(mask, dict) or mask.keys() != {"top", "reference", "logprobs"}:
        raise Refusal(f"{where}: it must hold top, reference and logprobs and nothing else")
    values = mask["logprobs"]
    if not _numbers(values) or len(values) != len(vocabulary.terms):
        raise Refusal(f"{where}: logprobs must be {len(vocabulary.terms)} numbers, one for a term")
    # A number above 0 is no log-probability, and exp() of a huge one is none at all.
    if max(values) > 0 or abs(math.fsum(map(math.exp, values)) - 1) > _NEAR_ONE:
        raise Refusal(f"{where}: the probabilities do not sum to one")
    _check_top(mask["top"], values, places, where)
    _check_place(mask["reference"], normalised(reference), values, places, where)


def _check_top(top: object, values: Sequence[float], places: Mapping[str, int], where: str) -> None:
    best = sorted(values, reverse=True)[:TOP]
    known = isinstance(top, list) and texts(top) and all(term in places for term in top)
    if not isinstance(top, list) or not known or len(set(top)) != len(top):
        raise Refusal(f"{where}: top is {shown(top)}, which are no terms of the vocabulary")
    if [values[places[term]] for term in top] != best:
        raise Refusal(f"{where}: {shown(top)} are not the likeliest terms by their logprobs")


def _check_place(
    place: object, term: str, values: Sequence[float], places: Mapping[str, int], where: str
) -> None:
    if term not in places:
        if place is not None:
            raise Refusal(f"{where}: {term!r} is not in the vocabulary, so it has no place")
        return
    own = values[places[term]]
    first = 1 + sum(value > own for value in values)
    last = sum(value >= own for value in values)
    if not isinstance(place, int) or isinstance(place, bool) or not first <= place <= last:
        raise Refusal(
            f"{where}: the place of {term!r} is {shown(place)}, but its log-probability gives "
            f"{first} to {last}"
        )


def _numbers(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, int | float) and not isinstance(one, bool) for one in value
    )
