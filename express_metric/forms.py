"""The clear forms in which `revised` reads an answer.

In this order:

1. A ``<think>`` block is dropped; one that is never closed makes the answer *truncated*. Code
   fences, answer tags and end-of-turn tokens are dropped.
2. Brackets and braces: of several complete lists or objects the last whose items are terms counts,
   since reasoning and echoed examples come before the answer. Inner lists are joined. Of an object
   with numbered keys all values count, else the value under a key such as ``answer``. An opening
   bracket after the last complete list makes the answer *truncated*.
3. Numbered, bulleted or "mask 1: ..." lines: the last run of such lines.
4. Text after the last cue such as "Answer:" or "The emotions are".
5. Nothing but terms: one a line, or separated by commas, semicolons, "and" or "&". Where prose
   stands around, such a line must be the last or the first.

"sad and angry" is two terms outside quotes; "sad or angry" is no clear answer.
Every step reads the text once, so the time is linear in its length.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from .reasoning import answer_span
from .terms import Reason, even_marks, is_refusal, plain_marks, strip_edges, term, words

_THINK = re.compile(r"<(/?)think(?:ing)?>", re.IGNORECASE)
_NOISE = re.compile(
    r"```[a-z]*|</?(?:s|eos|bos|pad|end_of_turn|answer|output|final|response|result|list)>"
    r"|<\|[a-z_0-9]{1,30}\|>",
    re.IGNORECASE,
)
_SPACES = re.compile(r"[^\S\n]+")
_MARK = re.compile(r"[\[\]{}]")
_NOUN = r"(?:mask(?:ed)?|word|token|emotion|term|label|answer|blank)"
_END = r"[*_>\])]{0,4}\s*(?:[:=)]|->|- |(?:is|was)\b)"
_ENUMERATOR = re.compile(
    # A bullet, a number, "<mask> 1:", "Emotion 1:" or "The first mask is".
    r"^[\"'*_(]{0,3}(?:(?:[-+\u2022\u00b7\u2013]|(?<=\*))\s+|\d{1,2}(?:[.):]+\**\s*| - )"
    r"|\(?[a-h][.)] "
    rf"|[<\[]{{0,2}}mask(?:ed)?(?: word| token)?[>\]]{{0,2}}\s*#?\d{{0,2}}{_END}"
    rf"|{_NOUN}\s*#?\d{{1,2}}{_END}"
    r"|(?:the )?(?:first|second|third|fourth|fifth|sixth|\d(?:st|nd|rd|th)) "
    rf"(?:<mask>|{_NOUN}(?: {_NOUN})?){_END})",
    re.IGNORECASE,
)
_INLINE_NUMBER = re.compile(
    r"(?:^|[\s,;])(?:(?:word|emotion|term|label|mask)\s*#?)?\(?\d{1,2}[.):]\s+", re.IGNORECASE
)
_ORDINAL = re.compile(
    r"\b(?:first|second|third|fourth|fifth|sixth|next|last) "
    r"(?:mask(?:ed)?(?: word| token)?|word|emotion)(?: is| was| would be|:) ([^.,;:]{1,60})",
    re.IGNORECASE,
)
_CUE_WORDS = words(
    """
    answer answers emotion emotions term terms word words feeling feelings prediction predictions
    label labels mask masks output response result list
    """
)
_HEADING_WORDS = _CUE_WORDS | {"final", "predicted", "hidden", "masked", "the", "my"}
_CUE_END = re.compile(r":|=|\b(?:is|are|be|would be)\b", re.IGNORECASE)
_SEPARATOR = re.compile(r"\s*[,;\n]\s*(?:and\s+|&\s*)?|\s+(?:and|&)\s+", re.IGNORECASE)
_ASIDE = re.compile(r"\s+(?:[-\u2013\u2014]|->)\s+|:\s|\s\(|\s=\s")
_MAX_DEPTH = 8
_MAX_CUE_WORDS = 12

_QUOTED = re.compile(r"[\"']")

Found = tuple[str, ...] | Reason


def find_terms(completion: str) -> Found:
    """Read a completion by the protocol ``revised``: at least one term, or the reason for none.

    >>> find_terms('Sure! ```json\\n["sad", "angry"]\\n```')
    ('sad', 'angry')
    """
    text = plain_marks(completion)
    thought = list(_THINK.finditer(text))
    if thought:
        if not thought[-1].group(1):
            return Reason.TRUNCATED
        text = text[thought[-1].end() :]
    # Single spaces: otherwise a long run of them would cost its square in the patterns below.
    text = _SPACES.sub(" ", _NOISE.sub("\n", text)).strip()
    if not text:
        return Reason.EMPTY
    if text[0] == "(" and text[-1] == ")":
        text = f"[{text[1:-1]}]"
    found = _from_brackets(text)
    return _from_lines(text) if found is None else found


def answer_end(
    text: str, masks: int | None = None, *, start: int = 0, thinking: bool = False
) -> int | None:
    """Where an answer ends while it is written: behind a closed list of emotion terms.

    The list has as many places as there are masks (any number if None) and stands outside the
    model's reasoning and behind `start`. What stands in brackets in passing (``[user]``), lists of
    fewer or more places and lists inside an open bracket are no end. With `thinking` the prompt
    has opened the reasoning, so that nothing counts before its end.

    Returns:
        The place behind the list; None while there is no end.

    >>> answer_end('[user] feels ["sad"], perhaps', 1)
    20
    >>> answer_end('{"mask1": ["sad"], "mask2": ["angry"', 2)
    """
    span = answer_span(text, thinking)
    if span.open:
        return None
    begin = max(start, span.start)
    # Character for character, so that places in the one are places in the other.
    plain = even_marks(text[begin : span.end])
    groups, unclosed = _groups(plain)
    for first, last, depth in groups:
        if unclosed and unclosed[0] < first:
            return None
        found = _from_group(plain[first : last + 1], depth)
        if isinstance(found, Reason) or len(found) != (masks or len(found)):
            continue
        # Without quotes, only a line of its own tells a list from a word in passing.
        alone = not plain[:first].rpartition("\n")[2].strip() and plain[last + 1 :][:1] == "\n"
        if alone or _QUOTED.search(plain, first, last):
            return begin + last + 1
    return None


def _from_brackets(text: str) -> Found | None:
    """Read the last complete list or object of terms; None where the text holds no such thing."""
    groups, unclosed = _groups(text)
    if unclosed and unclosed[-1] > (groups[-1][1] if groups else -1):
        return Reason.TRUNCATED
    reason: Reason | None = None
    for start, end, depth in reversed(groups):
        found = _from_group(text[start : end + 1], depth)
        if not isinstance(found, Reason) or found is Reason.REFUSAL:
            return found
        reason = reason or found
    # Brackets in passing, as in "[MASK] 1: sad", do not forbid the other forms.
    if reason in (None, Reason.EMPTY):
        return reason
    elsewhere = _from_lines(text)
    return reason if isinstance(elsewhere, Reason) else elsewhere


def _groups(text: str) -> tuple[list[tuple[int, int, int]], list[int]]:
    """Find the outermost closed brackets: start, end and depth of each.

    Also returns the places of the opening brackets that are never closed.
    """
    open_at: list[tuple[int, int]] = []
    groups: list[tuple[int, int, int]] = []
    for match in _MARK.finditer(text):
        place = match.start()
        if match.group() in "[{":
            open_at.append((place, 1))
        elif open_at and text[open_at[-1][0]] == ("[" if match.group() == "]" else "{"):
            start, depth = open_at.pop()
            while groups and groups[-1][0] > start:
                groups.pop()
            groups.append((start, place, depth))
            if open_at:
                parent, height = open_at[-1]
                open_at[-1] = (parent, max(height, depth + 1))
    return groups, [place for place, _ in open_at]


def _from_group(group: str, depth: int) -> Found:
    if depth > _MAX_DEPTH:
        return Reason.NO_LIST
    if "{" in group and ":" in group:
        return _from_object(group)
    items = _MARK.sub(",", group).split(",") if depth > 1 else group[1:-1].split(",")
    filled = [item for item in items if item.strip()] if depth > 1 else items
    if filled and not filled[-1].strip():
        filled.pop()
    return _all_terms(filled)


def _from_object(group: str) -> Found:
    try:
        value = json.loads(group)
    except ValueError:
        try:
            value = json.loads(re.sub(r"'", '"', group))
        except ValueError:
            return Reason.NO_LIST
    items = list(_strings(value))
    if None in items:
        return Reason.NO_LIST
    return _all_terms(item for item in items if item is not None)


def _strings(value: object) -> Iterator[str | None]:
    """Yield the strings of a JSON value in order; None for what is no answer."""
    if isinstance(value, str):
        yield from _SEPARATOR.split(" ".join(value.split()))
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        numbered = all(re.search(r"\d", key) for key in value)
        keys = [key for key in value if numbered or _CUE_WORDS & set(re.split(r"[\W_\d]+", key))]
        texts = [key for key in keys if isinstance(value[key], str | list)]
        if not texts:
            yield None
        for key in texts:
            yield from _strings(value[key])
    else:
        yield None


def _from_lines(text: str) -> Found:
    lines = [line.strip() for line in text.split("\n") if line.strip(" *_`\"'#-")]
    if not lines:
        return Reason.NOT_A_TERM
    # A heading alone on its line, as "### Answer", is no term.
    lines = [line for line in lines if len(lines) == 1 or not _is_heading(line)] or lines
    for found in (_enumerated(lines), _ordinal(lines), _after_cue(lines), _bare(lines)):
        if found is not None and not isinstance(found, Reason):
            return found
    if is_refusal(text):
        return Reason.REFUSAL
    reason = _spread(lines[-1])
    return reason if isinstance(reason, Reason) else Reason.NO_LIST


def _enumerated(lines: list[str]) -> Found | None:
    """Read the last run of numbered, bulleted or mask lines, an item or an inline list each."""
    run: list[str] = []
    for line in reversed(lines):
        if _ENUMERATOR.match(line):
            run.append(line)
        elif run:
            break
    if not run:
        return None
    terms: list[str] = []
    for line in reversed(run):
        rest = _ENUMERATOR.sub("", line, count=1)
        for part in filter(None, map(str.strip, _INLINE_NUMBER.split(rest))):
            found = _spread(part)
            if isinstance(found, Reason):
                found = _spread(_ASIDE.split(strip_edges(part), maxsplit=1)[0])
            if isinstance(found, Reason):
                return found
            terms.extend(found)
    return tuple(terms) or None


def _is_heading(line: str) -> bool:
    return set(strip_edges(line).lower().split()) <= _HEADING_WORDS


def _ordinal(lines: list[str]) -> Found | None:
    """Read "The first mask is happy. The second mask is sad."."""
    parts = _ORDINAL.findall(" ".join(lines))
    return _all_terms(parts) if len(parts) > 1 else None


def _after_cue(lines: list[str]) -> Found | None:
    """Read what follows the last "Answer:", "The emotions are" and the like."""
    below_tried = False
    for place in range(len(lines) - 1, -1, -1):
        for match in _CUE_END.finditer(lines[place][:200]):
            head = re.findall(r"[a-z]+", lines[place][: match.start()].lower())
            named = _CUE_WORDS & set(head) or head == ["a"]
            if len(head) > _MAX_CUE_WORDS or not named:
                continue
            rest = lines[place][match.end() :].strip(" *_")
            if rest:
                found: Found | None = _spread(rest)
            elif below_tried:
                continue
            else:
                found, below_tried = _bare(lines[place + 1 :]), True
            if found and not isinstance(found, Reason):
                return found
    return None


def _bare(lines: list[str]) -> Found | None:
    """Read lines that are nothing but terms: all of them, or else the last, or else the first."""
    if len(lines) > 1 and lines[0].endswith(("!", ":")):
        lines = lines[1:]  # "Sure!" and headings
    if not lines:
        return None
    every = [_spread(line) for line in lines]
    if not any(isinstance(found, Reason) for found in every):
        return tuple(word for found in every for word in found)
    for found in (every[-1], every[0]):
        if not isinstance(found, Reason):
            return found
    return every[-1]


def _spread(line: str) -> Found:
    """Read terms separated by commas, semicolons, "and" or "&"."""
    parts = [part for part in _SEPARATOR.split(strip_edges(line)) if part]
    return _all_terms(parts)


def _all_terms(items: Iterable[str]) -> Found:
    terms: list[str] = []
    for item in items:
        found = term(item)
        if isinstance(found, Reason):
            return found
        terms.append(found)
    return tuple(terms) or Reason.EMPTY
