"""Lists and objects in an answer: where they stand, what they hold, which of them is meant.

Candidates that are denied ("not ['happy']") or only weighed ("at first ['happy']") are dropped;
those that stand side by side, such as one list a mask, are joined; "['sad'] or ['upset']" is
ambiguous. Of what is left the last counts, or the only one with as many places as masks.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from .reasoning import answer_span
from .terms import CUE_WORDS, NOUN, NTH, SEPARATOR, Found, Reason, all_terms, even_marks, words

_MARK = re.compile(r"[\[\]{}]")
_QUOTED_ITEM = re.compile(r"\"([^\"]*)\"|'((?:[^']|(?<=\w)'(?=\w))*)'")
_WRAPPERS = words("arguments parameters args input function call data json content message value")
_PLACES = words("mask masks masked token tokens position place")
_JOINED = re.compile(
    rf"(?:[\s,;*_&$.>)]|\band\b|\bthe\b|[<\[]?{NOUN}s?\b[>\]]?|{NTH}\b|\(?#?\d{{1,2}}[.):]?|[:=(\u2013\u2014-]"
    r"|\bfor\b|\bis\b|\bwas\b|\blikely\b|\bprobably\b|\bmost\b)*",
    re.IGNORECASE,
)
_OR = re.compile(
    r"[\s*_,.)]*(?:\bor\b|/)(?: maybe| perhaps| possibly| even)?[\s*_(]*", re.IGNORECASE
)
_DENIED = re.compile(
    r"(?:\bnot|n't|\brather than|\binstead of|\bas opposed to|\bunlike|\bno longer|\bnor|\bnever)"
    r"(?: (?:just|quite|really|simply|choose|chose|pick|use|say|be|as|so|the|word|exactly))*"
    r"[\s:*_(\"']*$",
    re.IGNORECASE,
)
_WEIGHED = re.compile(
    r"\b(?:at first|initially|seem(?:s|ed)|thought (?:of|about)|consider(?:ed|ing)|could|might|may"
    r"|maybe|perhaps|possib\w+|example|e\.g\.|such as|format|alternativ\w+|also|other|others"
    r"|considered|tempting|instead|because|since|as|though|although)\b",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"\W{0,3}(?:seem|might|could|may|(?:would )?also|is (?:also|close|similar|possible"
    r"|mentioned))\b"
)
_MAX_DEPTH = 8


class Candidate(NamedTuple):
    """What may be an answer, and where it stands."""

    start: int
    end: int
    found: Found


def answer_end(
    text: str, masks: int | None = None, *, start: int = 0, thinking: bool = False
) -> int | None:
    """The place behind a closed list of emotion terms, where an answer ends; None while it is open.

    The list has as many places as there are masks (any number if None) and stands outside the
    model's reasoning and behind `start`. What stands in brackets in passing (``[user]``), lists of
    fewer or more places and lists inside an open bracket are no end. With `thinking` the prompt has
    opened the reasoning, so that nothing counts before its end.

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
        if alone or '"' in plain[first:last] or "'" in plain[first:last]:
            return begin + last + 1
    return None


def from_brackets(text: str, masks: int | None) -> tuple[Found | None, bool]:
    """Read the lists and objects of terms, and tell whether the reading stands.

    None where the text holds no brackets. A reason that does not stand is that of brackets in
    passing, as in "[MASK] 1: sad", which do not forbid the other forms.
    """
    groups, unclosed = _groups(text)
    last = groups[-1][1] if groups else -1
    if unclosed and unclosed[-1] > last:
        return Reason.TRUNCATED, True
    found = [Candidate(a, b + 1, _from_group(text[a : b + 1], depth)) for a, b, depth in groups]
    lists = [one for one in found if not isinstance(one.found, Reason)]
    # What stands in brackets without quotes may be a remark: "[End of response]".
    quoted = [one for one in lists if re.search(r"[\"']", text[one.start : one.end])]
    chosen = choose(text, quoted or lists, masks)
    if chosen is not None:
        return chosen, True
    reasons = [one.found for one in found if isinstance(one.found, Reason)]
    for reason in (Reason.AMBIGUOUS, Reason.REFUSAL):
        if reason in reasons:
            return reason, True
    if not reasons:
        return None, False
    return reasons[-1], reasons[-1] is Reason.EMPTY


def choose(
    text: str, candidates: list[Candidate], masks: int | None, *, prose: bool = False
) -> Found | None:
    """Of candidates in the order of the text the one that is the answer.

    In `prose`, where words in quotes may be quoted from the story, there must be no other; words
    in bold are not quoted, so that as many of these as masks are one answer.
    """
    runs, either = _runs(text, candidates)
    read = [_joined(run, masks) for run in runs]
    kept = [i for i, run in enumerate(runs) if not _is_weighed(text, run)] or list(range(len(runs)))
    # A part of a list that was given before is only mentioned again.
    kept = [
        i
        for i in kept
        if not any(j < i and set(read[i]) < set(read[j]) for j in kept if j not in either)
    ]
    if not kept:
        return None
    fitting = {read[i] for i in kept if i not in either and len(read[i]) == masks}
    if len(fitting) == 1:
        return fitting.pop()
    if kept[-1] in either:
        return Reason.AMBIGUOUS
    if not prose or len({read[i] for i in kept}) == 1:
        return read[kept[-1]]
    every = tuple(word for i in kept for word in read[i])
    bold = all(text[one.start] == "*" for i in kept for one in runs[i])
    return every if bold and not either and len(every) == masks else None


def once(terms: tuple[str, ...], masks: int | None) -> tuple[str, ...]:
    """Terms without their repetition, where all that is said again is the whole answer."""
    if masks and len(terms) > masks and terms == terms[:masks] * (len(terms) // masks):
        return terms[:masks]
    return terms


def _joined(run: list[Candidate], masks: int | None) -> tuple[str, ...]:
    terms = tuple(word for one in run for word in one.found)
    # One list of two places for one mask is no repetition.
    return terms if len(run) == 1 and masks == 1 else once(terms, masks)


def _runs(text: str, candidates: list[Candidate]) -> tuple[list[list[Candidate]], set[int]]:
    """Candidates side by side, without denied ones, and which runs offer one or another."""
    runs: list[list[Candidate]] = []
    either: set[int] = set()
    for one in candidates:
        if _DENIED.search(text[max(0, one.start - 40) : one.start]):
            continue
        between = text[runs[-1][-1].end : one.start] if runs else "."
        near = bool(runs) and len(between) <= 80
        if near and _OR.fullmatch(between):
            if one.found != runs[-1][-1].found:
                either.add(len(runs) - 1)
            runs[-1].append(one)
        elif near and _JOINED.fullmatch(between):
            # A whole list that is said again is one answer.
            if len(one.found) == 1 or one.found != runs[-1][-1].found:
                runs[-1].append(one)
        else:
            runs.append([one])
    # The last hundred are enough for any answer, and bound the time on a text of nothing else.
    cut = max(0, len(runs) - 100)
    return runs[cut:], {place - cut for place in either}


def _is_weighed(text: str, run: list[Candidate]) -> bool:
    """Whether the sentence says that it only thinks of these."""
    before = re.split(r"[.!?;\n]|\bbut\b", text[max(0, run[0].start - 80) : run[0].start])[-1]
    after = re.split(r"[.!?;\n,]", text[run[-1].end : run[-1].end + 30])[0]
    return bool(_WEIGHED.search(before) or _ASIDE.match(after))


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
    inside = _MARK.sub(",", group) if depth > 1 else group[1:-1]
    # With nothing but separators around the quoted items, commas may be missing, as NumPy prints.
    between = _QUOTED_ITEM.sub("", inside)
    if not between.strip(" ,;\n") and (depth > 1 or not re.search(r",\s*,", between)):
        quoted = [a or b for a, b in _QUOTED_ITEM.findall(inside)]
        if quoted:
            return all_terms(part for item in quoted for part in re.split(r"[,;]", item))
    items = re.split(r"[,;]", inside)
    filled = [item for item in items if item.strip()] if depth > 1 else items
    if filled and not filled[-1].strip():
        filled.pop()
    return all_terms(filled)


def _from_object(group: str) -> Found:
    value = _literal(group)
    if value is None:
        return Reason.NO_LIST
    items = list(_strings(value, _MAX_DEPTH))
    if None in items:
        return Reason.NO_LIST
    return all_terms(item for item in items if item is not None)


def _literal(text: str) -> object:
    """The value of JSON or of a Python literal; None for any other text."""
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return None


def _strings(value: object, depth: int) -> Iterator[str | None]:
    """Yield the strings of a JSON value in order; None for what is no answer."""
    if isinstance(value, str):
        inner = _literal(value) if value.lstrip()[:1] in ("{", "[") else None
        if inner is None:
            yield from SEPARATOR.split(" ".join(value.split()))
        elif depth:
            yield from _strings(inner, depth - 1)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item, depth)
    elif isinstance(value, dict):
        texts = [value[key] for key in _answer_keys(value)]
        if not texts:
            yield None
        for text in texts:
            yield from _strings(text, depth)
    else:
        yield None


def _answer_keys(value: dict[object, object]) -> list[object]:
    """The keys under which an answer stands: numbered ones, "emotion", or what wraps these."""
    numbered = bool(value) and all(
        re.search(rf"\d|\b{NTH}(?:\b|_)", str(key), re.IGNORECASE) for key in value
    )
    kinds = str | list | (dict if numbered else str)
    named = [key for key in value if numbered or CUE_WORDS & _parts(key)]
    found = [key for key in named if isinstance(value[key], kinds)]
    if not numbered:
        # Beside a word, "mask" names its place.
        found = [key for key in found if not _parts(key) <= _PLACES | {""}] or found
    wrapped = [
        key
        for key in value
        if (_WRAPPERS & _parts(key) and isinstance(value[key], str | dict | list))
        or (CUE_WORDS & _parts(key) and isinstance(value[key], dict))
    ]
    return found or wrapped


def _parts(key: object) -> set[str]:
    return set(re.split(r"[\W_\d]+", str(key).lower()))
