"""Which part of a completion is the answer: what follows the model's reasoning.

Known are tags (``<think>``, ``<thought>``, ``[THINK]``, ``<|START_THINKING|>`` and their kin) and
channels (``<|channel|>analysis<|message|>``; where special tokens were left out while decoding,
``analysis`` and ``assistantfinal`` run into the text).
"""

from __future__ import annotations

import re
from typing import NamedTuple

_NAME = (
    r"(?:seed:)?(?:think(?:ing)?|thought|thoughts|reason(?:ing)?|reflection|scratchpad|analysis"
    r"|rationale|inner_monologue|cot)"
)
_OPEN = re.compile(
    rf"[<\[\u25c1]\|?(?:start_|begin_of_)?{_NAME}\|?[>\]\u25b7]|<unused94>"
    r"|<\|channel\|>\s*(?:analysis|commentary)\b[^<]{0,40}(?:<\|message\|>)?"
    r"|\A\s*analysis(?=[A-Z\"'(])",
    re.IGNORECASE,
)
_CLOSE = re.compile(
    rf"[<\[\u25c1](?:/|\|?/|\|?end_(?:of_)?){_NAME}\|?[>\]\u25b7]|<unused95>"
    r"|<\|channel\|>\s*final\b[^<]{0,40}(?:<\|message\|>)?|assistant\s?final(?=\W|[A-Z]|$)"
    r"|\*{0,2}here is my response:\*{0,2}",
    re.IGNORECASE,
)
# "analysis" in lower case alone begins a channel: "Analysis" is a heading.
_CHANNEL = re.compile(r"\A\s*analysis(?=[A-Z\"'(])")


class Span(NamedTuple):
    """Where the answer stands in a completion."""

    start: int
    end: int
    open: bool  # whether reasoning has begun that is not yet closed


def answer_span(text: str, thinking: bool = False) -> Span:
    """The part of a completion that is no reasoning.

    It is what follows the last closed reasoning, or, where nothing does, what stands before the
    first. With `thinking` the prompt has opened the reasoning.

    >>> text = 'Is it ["sad"]? No.</think> ["angry"]'
    >>> text[slice(*answer_span(text)[:2])]
    ' ["angry"]'
    """
    opened = [m for m in _OPEN.finditer(text) if m.group()[0] in "<[\u25c1" or _CHANNEL.match(text)]
    closed = list(_CLOSE.finditer(text))
    last = closed[-1].end() if closed else 0
    after = next((m.start() for m in opened if m.start() >= last), None)
    end = len(text) if after is None else after
    if text[last:end].strip() and not (thinking and not closed):
        return Span(last, end, after is not None)
    first = opened[0].start() if opened else 0
    if text[:first].strip() and not thinking:
        return Span(0, first, after is not None)
    return Span(end, end, after is not None or (thinking and not closed))
