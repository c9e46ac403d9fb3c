"""The answers of a submission, rebuilt line by line from the data and the completions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from express_dataset import Example
from express_dataset.reading.typed import Malformed, read
from express_dataset.splits import normalised
from express_metric.terms import Reason
from express_runners.prompts.wording import answer
from express_runners.runs.ranks import DECIMALS, TOP, is_ranking
from express_runners.runs.reading import read_line

from .strict import Refusal, read_rows, shown, unequal

FINISHES = ("list", "eos", "length", "filled", "ranked")
_MOST = 10**9
# Why a model may have given no text at all.
_UNASKED = (Reason.TOO_LONG, Reason.REFUSAL, Reason.EMPTY)
_NUMBERS = ("shots_dropped", "prompt_tokens", "new_tokens", "seconds", "process")
# Half a unit of the last decimal, for every term; and what float32 makes of a sum.
_NEAR_ONE = 0.5 * 10**-DECIMALS + 1e-3


@dataclass(frozen=True, slots=True)
class Rules:
    """What every answer of a submission must agree with."""

    cue: str = ""  # what stands before the answer in a completion; empty without reasoning
    last: bool = False  # whether the last of several lists is the answer
    shots: int = 0  # how many solved examples each prompt was to show
    pool: Mapping[str, str] | None = None  # those examples, id to post
    places: Mapping[str, int] | None = None  # of a ranking: each term's place in the vocabulary
    served: bool = False  # whether a server answered, which may refuse in words


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What of a line no data and no reading gives."""

    prompt_sha256: str
    shots: tuple[str, ...]
    shots_dropped: int
    new_tokens: int
    seconds: float
    prompt_tokens: int | None = None
    completion: str | None = None
    finish: str | None = None
    served_model: str | None = None
    process: int | None = None
    rank: list[Any] | None = None


_OF_MASK = dict.fromkeys(("top", "reference", "share", "logprobs"))
_TOLD = tuple(field.name for field in fields(Told))


def read_answers(
    file: Path, examples: Sequence[Example], rules: Rules, data: str
) -> list[dict[str, Any]]:
    """Read `predictions.jsonl`, which must answer every example once and none other."""
    wanted = {example.id: example for example in examples}
    found: dict[str, str] = {}
    lines = []
    for where, line in read_rows(file):
        name = line.get("id")
        if not isinstance(name, str) or name not in wanted:
            raise Refusal(f"{where}: {shown(name)} is no example of {data}")
        if name in found:
            at = found[name].rpartition(", ")[2]
            raise Refusal(f"{where}: example {name!r} is answered in {at} already")
        found[name] = where
        reason = _wrong(line, wanted[name], rules)
        if reason:
            raise Refusal(f"{where}: {reason}")
        lines.append(line)
    left = [name for name in wanted if name not in found]
    if left:
        raise Refusal(
            f"{file.name}: {len(left)} of the {len(wanted)} examples of {data} have no answer, "
            f"the first is {left[0]!r}"
        )
    return lines


def _wrong(line: Mapping[str, Any], example: Example, rules: Rules) -> str | None:
    """Where an answer does not agree with its example, or with its own completion."""
    given = {name: line[name] for name in _TOLD if name in line}
    try:
        told: Told = read(Told, given)
    except Malformed as error:
        return str(error)
    said = line.get("reason")
    said = said.get("paper") if isinstance(said, dict) else None
    silent = told.completion is None
    if silent and said not in _UNASKED:
        return f"there is no completion, and {shown(said)} is no reason why"
    kept = silent or (rules.served and said == Reason.REFUSAL)
    rebuilt = read_line(
        example, told.completion, told.finish, rules.cue, rules.last, said if kept else None
    )
    difference = unequal(line, {**given, **rebuilt})
    if difference:
        return f"{difference}, as the data and the completion give"
    return (
        _odd(told) or _shots(told, example, rules) or _ranking(told, "rank" in line, example, rules)
    )


def _odd(told: Told) -> str | None:
    for name in _NUMBERS:
        value = getattr(told, name)
        if value is not None and not 0 <= value <= _MOST:
            return f"{name} is {shown(value)}, which is no number from 0 to {_MOST}"
    if len(told.prompt_sha256) != 16 or set(told.prompt_sha256) - set("0123456789abcdef"):
        return f"prompt_sha256 is {shown(told.prompt_sha256)}, which is no hash"
    if told.finish not in (*FINISHES, None) or (told.completion and not told.finish):
        return f"finish is {shown(told.finish)}, which is no end of an answer"
    return None


def _shots(told: Told, example: Example, rules: Rules) -> str | None:
    shots, pool = told.shots, rules.pool or {}
    if len(shots) + told.shots_dropped != rules.shots:
        return (
            f"{shown(list(shots))} were shown and {told.shots_dropped} left out, but the setting "
            f"has {rules.shots} solved examples"
        )
    for shot in shots:
        if shot not in pool:
            return f"the shown {shown(shot)} is none of the solved examples"
        if pool[shot] == example.post_id:
            return f"the shown {shot!r} is of the post that is asked"
    return None if len(set(shots)) == len(shots) else "the same example is shown twice"


def _ranking(told: Told, is_there: bool, example: Example, rules: Rules) -> str | None:
    """Where a ranking's parts do not agree.

    The log-probabilities are rounded, so that terms that are equal here may stand in any order; all
    else must follow from them: the likeliest terms, the place of the author's, the completion.
    """
    if is_there is not (rules.places is not None):
        return "a ranking is there, but the run is none" if is_there else "its ranking is missing"
    if rules.places is None:
        return None
    if (told.rank is None) is not (told.completion is None):
        return "a ranking and its completion must both be there, or neither"
    if told.rank is None:
        return None
    if len(told.rank) != len(example.labels):
        return "the ranking must have an entry for each of the masks"
    for number, (mask, label) in enumerate(zip(told.rank, example.labels, strict=True), 1):
        reason = _mask(mask, normalised(label), rules.places)
        if reason:
            return f"mask {number}: {reason}"
    likeliest = answer([mask["top"][0] for mask in told.rank])
    if told.completion != likeliest:
        return (
            f"the completion is {shown(told.completion)}, but the likeliest are {shown(likeliest)}"
        )
    return None


def _mask(mask: Any, label: str, places: Mapping[str, int]) -> str | None:
    if not is_ranking(mask) or mask.keys() != _OF_MASK.keys():
        return f"{shown(mask)} must hold {', '.join(_OF_MASK)}, a number for each term"
    top, place, values = mask["top"], mask["reference"], mask["logprobs"]
    if len(values) != len(places):
        return f"logprobs must be {len(places)} numbers, one for a term"
    # A number above 0 is no log-probability, and exp() of a huge one is none at all.
    if max(values) > 0 or abs(math.fsum(map(math.exp, values)) - 1) > _NEAR_ONE:
        return "the probabilities do not sum to one"
    if not 0 <= (mask["share"] or 0) <= 1 + _NEAR_ONE:
        return f"share is {shown(mask['share'])}, which is no probability"
    if not places.keys() >= set(top) or len(set(top)) != len(top):
        return f"top is {shown(top)}, which are no terms of the vocabulary"
    if [values[places[term]] for term in top] != sorted(values, reverse=True)[:TOP]:
        return f"{shown(top)} are not the likeliest terms by their logprobs"
    own = values[places[label]] if label in places else None
    if own is None or place is None:
        return None if own is place else f"the place of {label!r} is {shown(place)}"
    first, last = 1 + sum(v > own for v in values), sum(v >= own for v in values)
    if first <= place <= last:
        return None
    return f"the place of {label!r} is {place}, but its log-probability gives {first} to {last}"
