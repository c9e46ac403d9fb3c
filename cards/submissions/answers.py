"""Check the answers of a submission, line by line, against the data and our own reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from express_dataset import Example
from express_metric.parsing import PROTOCOLS
from express_metric.terms import Reason
from express_runners.runs.reading import clean, read_completion

from .public import LINE_KEYS, OPTIONAL_KEYS
from .ranks import Ranked, check_rank
from .strict import Refusal, read_rows, shown, texts

FINISHES = ("list", "eos", "length", "filled", "ranked")
_MOST = 10**9
# Why a model may have given no text at all.
_UNASKED = (Reason.TOO_LONG, Reason.REFUSAL, Reason.EMPTY)
_NUMBERS: dict[str, type | tuple[type, ...]] = {
    "prompt_tokens": (int, type(None)),
    "new_tokens": int,
    "seconds": (int, float),
    "shots_dropped": int,
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What every answer of a submission must agree with.

    Attributes:
        cue: what stands before the answer in a completion; empty without reasoning.
        shots: how many solved examples each prompt was to show.
        pool: those examples, id to post.
        ranked: the vocabulary, where the run is a ranking.
        last: whether the last of several lists is the answer, since no cue ends the reasoning.

    >>> Rules().cue
    ''
    >>> Rules(shots=5).pool
    {}
    """

    cue: str = ""
    shots: int = 0
    pool: Mapping[str, str] = field(default_factory=dict)
    ranked: Ranked | None = None
    last: bool = False


def read_answers(
    file: Path, examples: Sequence[Example], rules: Rules, data: str
) -> list[dict[str, Any]]:
    """Read `predictions.jsonl`, which must answer every example once and none other.

    Args:
        file: the file.
        examples: the data.
        rules: what each answer must agree with.
        data: what the data is called, for messages.

    Raises:
        Refusal: naming line and reason.
    """
    wanted = {example.id: example for example in examples}
    found: dict[str, int] = {}
    lines = []
    for number, line in read_rows(file):
        where = f"{file.name}, line {number}"
        name = line.get("id")
        if not isinstance(name, str) or name not in wanted:
            raise Refusal(f"{where}: {shown(name)} is no example of {data}")
        first = found.setdefault(name, number)
        if first != number:
            raise Refusal(f"{where}: example {name!r} is answered in line {first} already")
        check_line(line, wanted[name], rules, where)
        lines.append(line)
    left = [name for name in wanted if name not in found]
    if left:
        raise Refusal(
            f"{file.name}: {len(left)} of the {len(wanted)} examples of {data} have no answer, "
            f"the first is {left[0]!r}"
        )
    return lines


def check_line(line: Mapping[str, Any], example: Example, rules: Rules, where: str) -> None:
    """Refuse an answer that does not agree with its example, or with its own completion.

    Raises:
        Refusal: telling what does not agree.

    >>> row = Example("a", "p", "I was <mask>.", ("sad",), 0, (False,), (False,))
    >>> terms = {"paper": ["sad"], "revised": ["sad"]}
    >>> line = {"id": "a", "post_id": "p", "references": ["sad"], "clean": [True],
    ...         "prompt_sha256": "0" * 16,
    ...         "shots": [], "shots_dropped": 0, "completion": '["sad"]', "terms": terms,
    ...         "reason": dict.fromkeys(terms), "finish": "list", "prompt_tokens": 9,
    ...         "new_tokens": 3, "seconds": 0.1}
    >>> check_line(line, row, Rules(), "line 1")
    >>> check_line(line | {"references": ["mad"]}, row, Rules(), "1")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    express_cards.submissions.strict.Refusal: 1: the references are ['mad'], but the data has...
    """
    _check_form(line, where)
    if line["references"] != list(example.labels):
        raise Refusal(
            f"{where}: the references are {shown(line['references'])}, but the data has "
            f"{shown(list(example.labels))}"
        )
    if line["clean"] != clean(example):
        raise Refusal(
            f"{where}: clean is {shown(line['clean'])}, but the data has {clean(example)}"
        )
    if line["post_id"] != example.post_id:
        raise Refusal(
            f"{where}: the post_id is {shown(line['post_id'])}, but the data has "
            f"{example.post_id!r}"
        )
    _check_shots(line, example, rules, where)
    _check_reading(line, rules, where)
    if (rules.ranked is not None) is not ("rank" in line):
        what = "lacks its ranking" if rules.ranked else "holds a ranking, but the run is none"
        raise Refusal(f"{where} {what}")
    if rules.ranked is not None:
        check_rank(line, rules.ranked, where)


def _check_form(line: Mapping[str, Any], where: str) -> None:
    """Every key of a line is there, no other, and each of its kind."""
    for key in sorted(LINE_KEYS - line.keys()):
        raise Refusal(f"{where}: {key} is missing")
    for key in sorted(line.keys() - LINE_KEYS - OPTIONAL_KEYS):
        raise Refusal(f"{where}: {shown(key)} is no part of an answer")
    for key, kind in _NUMBERS.items():
        value = line[key]
        fits = isinstance(value, kind) and not isinstance(value, bool)
        if not fits or (value is not None and not 0 <= value <= _MOST):
            raise Refusal(f"{where}: {key} is {shown(value)}, which is no number from 0 to {_MOST}")
    hexadecimal = isinstance(line["prompt_sha256"], str) and len(line["prompt_sha256"]) == 16
    if not hexadecimal or set(line["prompt_sha256"]) - set("0123456789abcdef"):
        raise Refusal(f"{where}: prompt_sha256 is {shown(line['prompt_sha256'])}, which is no hash")
    process = line.get("process", 0)
    if not isinstance(process, int) or isinstance(process, bool) or process < 0:
        raise Refusal(f"{where}: process is {shown(process)}, which is no number from 0 on")
    if not isinstance(line.get("served_model", ""), str):
        raise Refusal(f"{where}: served_model is {shown(line['served_model'])}, which is no text")
    if not isinstance(line["completion"], str | None):
        raise Refusal(f"{where}: the completion is {shown(line['completion'])}, which is no text")
    if line["finish"] not in (*FINISHES, None) or (line["completion"] and not line["finish"]):
        raise Refusal(f"{where}: finish is {shown(line['finish'])}, which is no end of an answer")
    for key in ("terms", "reason"):
        if not isinstance(line[key], dict) or line[key].keys() != set(PROTOCOLS):
            raise Refusal(f"{where}: {key} must hold {' and '.join(PROTOCOLS)} and nothing else")


def _check_shots(line: Mapping[str, Any], example: Example, rules: Rules, where: str) -> None:
    shots, dropped = line["shots"], line["shots_dropped"]
    if not texts(shots) or len(shots) + dropped != rules.shots:
        raise Refusal(
            f"{where}: {shown(shots)} were shown and {dropped} left out, but the setting has "
            f"{rules.shots} solved examples"
        )
    for shot in shots:
        if shot not in rules.pool:
            raise Refusal(f"{where}: the shown {shot!r} is no example of the split few_shot")
        if rules.pool[shot] == example.post_id:
            raise Refusal(f"{where}: the shown {shot!r} is of the post that is asked")
    if len(set(shots)) != len(shots):
        raise Refusal(f"{where}: the same example is shown twice")


def _check_reading(line: Mapping[str, Any], rules: Rules, where: str) -> None:
    """Terms and reasons are what our reading of the completion gives."""
    completion, terms, reasons = line["completion"], line["terms"], line["reason"]
    if completion is None:
        reason = reasons["paper"]
        if reason not in _UNASKED or any(reasons[name] != reason for name in PROTOCOLS):
            raise Refusal(f"{where}: there is no completion, and {shown(reasons)} is no reason why")
        if any(terms[name] is not None for name in PROTOCOLS):
            raise Refusal(f"{where}: there is no completion, so there can be no terms")
        return
    masks = len(line["references"])
    found = read_completion(completion, line["finish"], rules.cue, masks, rules.last)
    for name, reading in found.items():
        wanted = list(reading.terms) if reading.terms is not None else None
        if terms[name] != wanted:
            raise Refusal(
                f"{where}: under {name} the completion reads as {shown(wanted)}, but the terms are "
                f"{shown(terms[name])}"
            )
        if reasons[name] != (str(reading.reason) if reading.reason else None):
            raise Refusal(
                f"{where}: under {name} the reason is {shown(reasons[name])}, but the completion "
                f"gives {shown(reading.reason and str(reading.reason))}"
            )
