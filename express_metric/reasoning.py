"""Which part of a completion is the answer: behind the reasoning, before the next turn.

Known are tags (``<think>``, ``<thought>``, ``[THINK]``, ``<|START_THINKING|>`` and their kin) and
channels (``<|channel|>analysis<|message|>``; where special tokens were left out while decoding,
``analysis`` and ``assistantfinal`` run into the text).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .terms import Reason

_NAME = (
    r"(?:seed:)?(?:think(?:ing)?|thought|thoughts|reason(?:ing)?|reflection|scratchpad|analysis"
    r"|rationale|inner_monologue|cot)"
)
_OPEN = re.compile(
    rf"[<\[\u25c1]\|?(?:start_|begin_of_)?{_NAME}\|?[>\]\u25b7]|<unused94>"
    r"|<\|channel\|>\s*(?:analysis|commentary)\b(?! to=)[^<]{0,40}(?:<\|message\|>)?"
    r"|\A\s*analysis(?=[A-Z\"'(])",
    re.IGNORECASE,
)
_CLOSE = re.compile(
    rf"[<\[\u25c1](?:/|\|?/|\|?end_(?:of_)?){_NAME}\|?[>\]\u25b7]|<unused95>"
    # A call of a tool is an answer too.
    r"|<\|channel\|>\s*(?:final\b|commentary to=)[^<]{0,40}(?:<\|constrain\|>[^<]{0,20})?"
    r"(?:<\|message\|>)?|assistantfinal|assistant\sfinal(?=\W|$)"
    r"|\*{0,2}here is my response:\*{0,2}",
    re.IGNORECASE,
)
# "analysis" in lower case alone begins a channel: "Analysis" is a heading.
_CHANNEL = re.compile(r"\A\s*analysis(?=[A-Z\"'(])")
# What begins or ends a turn of a chat; with the role where that is written behind it.
_TURN = re.compile(
    r"<\|(?:start_header_id|im_start|start|header_start)\|>\s*\w{0,12}(?:<\|(?:end_header_id|header_end)\|>)?"
    r"|<\|[^|<>\n]{1,40}\|>|<start_of_turn>\s*\w{0,12}|<end_of_turn>|</?(?:s|eos|bos|pad|unk)>"
    r"|\[/?INST\]|\[(?:end|end of[^\]\n]{0,20}|eos)\]|^/no_think\b|\[TOOL_CALLS\]",
    re.IGNORECASE,
)
_FENCE = re.compile(r"```[a-z_]*", re.IGNORECASE)
_INLINE_TAG = re.compile(r"</?(?:b|i|u|em|strong|span|code|mark)\b[^<>\n]{0,40}>", re.IGNORECASE)
_TAG = re.compile(r"</?(?!(?<!/)mask)[a-z0-9][a-z0-9_-]{0,30}(?: [^<>\n]{0,60})?/?>", re.IGNORECASE)
_SPACES = re.compile(r"[^\S\n]+")
# A line that begins a further example: its story, its question or its number.
_NEXT = re.compile(
    r"^[^\w\n\[\"']{0,6}(?:(?:(?:text|input|question|q|human|user|story|passage|prompt|post"
    r"|problem|exercise|tutor|teacher|student)"
    r"(?: \d{1,2})?|your (?:task|turn))\W{0,3}:"
    r"|(?:example|exercise|instruction|task|problem|test|case)\s#?\d"
    r"|(?:follow.?up|additional|further|another|new) (?:exercise|question|task|problem|example"
    r"|text)"
    r"|now (?:do|predict|try|the next)\b|next (?:text|example|one)\b)",
    re.IGNORECASE | re.MULTILINE,
)
_WHY = re.compile(
    r"^[^\w\n\[\"']{0,6}(?:explanations?|reasons?|reasoning|notes?|rationale|justifications?|why"
    r"|here(?:'s| is) why|let me explain|(?:other|alternative) (?:options|words|emotions))\b",
    re.IGNORECASE | re.MULTILINE,
)


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


def answer_part(text: str) -> str | Reason:
    """The model's own turn behind its reasoning, without markup; or why there is no such thing.

    >>> answer_part("<think>hm</think>['sad']<|im_end|>\\n<|im_start|>user")
    "['sad']"
    """
    span = answer_span(text)
    part = text[span.start : span.end]
    if span.open and not part.strip():
        return Reason.TRUNCATED
    begin, end = 0, len(part)
    for match in _TURN.finditer(part):
        if part[begin : match.start()].strip():
            end = match.start()
            break
        begin = match.end()
    part = _INLINE_TAG.sub("", _FENCE.sub("\n", part[begin:end]))
    # Single spaces: otherwise a long run of them would cost its square in the patterns for forms.
    return _SPACES.sub(" ", _TAG.sub("\n", part)).strip()


def first_turn(text: str) -> str:
    """The text before an invented further example; an echo of the story before the answer stays.

    >>> first_turn("['sad']\\n\\nText: I was <mask>.\\nAnswer: ['glad']")
    "['sad']"
    """
    starts = [match.start() for match in _NEXT.finditer(text)]
    ends = [place for place in starts if text[:place].strip(" \n#*-_=")]
    return text[: ends[0]].strip() if ends else text


def without_reasons(text: str) -> str:
    """The text without the lines that give reasons."""
    return "\n".join(line for line in text.split("\n") if not _WHY.match(line))


def before_explanation(text: str) -> str:
    """The text before a line such as "Explanation:" or "Note:"; the whole where there is none.

    >>> before_explanation("sad\\n\\nNote: a loss")
    'sad'
    """
    match = _WHY.search(text)
    return text[: match.start()].strip(" \n#*-_") if match else text
