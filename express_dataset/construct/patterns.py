"""The three patterns that find where an author may be telling of a feeling.

1. *feel*: "I", up to three words, *feel*, *felt* or *feeling*, then up to four words.
2. *be*: "I'm", "Im", "I am", "I was", "I have been" or "I had been", then up to three words, none
   of them *feeling*.
3. *feeling*: a sentence with *feeling* in it outside of pattern 1, then up to four words.

A match is a `Candidate` only if a word for an emotion stands among those last words, its *tail*.
Whether that word is masked is decided in `masking`, where the parts of speech are known. Nothing
here needs spaCy, so a post without a candidate costs next to nothing.

Words are split by white space alone: "I felt, sad" is no match. The protocol `express` also reads
contractions ("I don't feel sad", "I'm feeling sad", "I wasn't sad", "I've been sad"), looks
through zero-width characters, emphasis and quotes (`*sad*`, "sad"), takes a word said twice for one
("so, so sad"), finds a phrase that begins within the tail of another, and lets a tail go on for as
long as it lists emotions ("sad, angry, and tired").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from .terms import EXPRESS_2025, check_protocol, terms

Kind = Literal["feel", "be", "feeling"]

LONGEST_PHRASE = 300
"""Characters. Seven words of a person are shorter; what is longer is noise and is passed over."""

SENTENCE_REACH = 400
"""How many characters before *feeling* are read to see how its sentence begins."""

MARKS = '*_~"“”'
"""Reddit's marks of emphasis, and quotes; single quotes count too, but not within a word."""

_QUOTES = "'‘’"  # noqa: RUF001 (all kinds of them)
_AND = ("and", "or", "but", "yet", "nor")
_DEGREE = "so|very|really|just|too|quite|also|even|still|extremely|completely|incredibly"
_ZERO_WIDTH = "\u00ad\u200b-\u200f\u2060\ufeff"
# Two dots or more end a sentence only where the next word does not go on in lower case.
_SENTENCE_END = re.compile(
    r"(?:(?:\.{2,}|…)(?=\s+[^a-z])|(?<!\.)\.(?!\.)|[!?]+)[\"'”’)\]*]*\s+|\n+"  # noqa: RUF001
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A phrase with an emotion word in its tail; all three are places in the post."""

    kind: Kind
    start: int
    tail: int
    end: int


@dataclass(frozen=True, slots=True)
class Patterns:
    """The compiled patterns of one protocol; in each, group 1 is the tail.

    `gate_feel` and `gate_be` read lower-cased text and match wherever the others do, and more:
    they begin with plain letters, which `re` finds several times faster than a word boundary.
    They do not consume the tail: "him I was sad" must not end at the "im" of "him". `listed` and
    `joined` match the next item of a list, in group 1, behind a word and behind "and".
    """

    feel: re.Pattern[str]
    be: re.Pattern[str]
    feeling: re.Pattern[str]
    gate_feel: re.Pattern[str]
    gate_be: re.Pattern[str]
    word: re.Pattern[str]
    listed: re.Pattern[str]
    joined: re.Pattern[str]


@lru_cache(maxsize=4)
def patterns(protocol: str) -> Patterns:
    """The patterns of a protocol, compiled once."""
    again = around = ""
    if check_protocol(protocol) == EXPRESS_2025:
        word, gap, who, edge, end = r"\w++", r"\s++", "i", r"\b", r"\b"
        be = rf"i(?:'?m|{gap}(?:am|was|ha(?:ve|d){gap}been))"
    else:
        mark = "['’]"  # noqa: RUF001 (both apostrophes)
        edge, end = r"(?<![^\W_])", r"(?![^\W_])"
        word = rf"[^\W_]++(?:{mark}[^\W_]++)*+"
        around = f"[{re.escape(MARKS)}{_QUOTES}]*+"
        gap = rf"(?:{around}[\s{_ZERO_WIDTH}]++)++{around}"
        again = rf"(?:(?P<said>{word}),{gap}(?=(?i:(?P=said)){end}))*+"
        who = rf"i(?:{mark}(?:m|ve|d|ll)|m|ve)?+"
        not_ = rf"(?:n{mark}?t)?"
        be = (
            rf"i(?:{mark}?(?:m|(?:ve|d){gap}been)"
            rf"|{gap}(?:am|ain{mark}?t|was{not_}|ha(?:ve|d){not_}{gap}been))"
        )
    feel = r"fe(?:eling|el|lt)"
    four = rf"{end}(?=((?:{gap}{again}{word}){{1,4}}+))"
    three = rf"{end}(?=((?:{gap}(?!(?ai:feeling){end}){again}{word}){{1,3}}+))"
    # The published masks come from a search that goes on behind the tail, not within it.
    past = r"\1" if protocol == EXPRESS_2025 else ""
    and_ = "|".join(_AND)
    item = rf"(?:(?i:{_DEGREE}){gap})?({word})"
    return Patterns(
        feel=re.compile(rf"{edge}(?ai:{who})(?:{gap}{word}){{0,3}}?{gap}(?ai:{feel}){four}{past}"),
        be=re.compile(rf"{edge}(?ai:{be}){three}{past}"),
        feeling=re.compile(rf"{edge}(?ai:feeling){four}{past}"),
        gate_feel=re.compile(feel + four),
        gate_be=re.compile(be + three),
        word=re.compile(word),
        # Behind a comma alone a word may begin something else: "I was sad, angry people came".
        listed=re.compile(
            rf"{around}(?:,?{gap}(?i:{and_}){gap}{item}"
            rf"|,{gap}{item}(?=\W*(?:$|[,.;:!?)\n]|{gap}(?i:{and_}){gap})))"
        ),
        joined=re.compile(gap + item),
    )


def may_match(text: str, protocol: str) -> bool:
    """Tell quickly whether a text can hold a candidate.

    A text for which this is false has none; one for which it is true may have none either.

    >>> may_match("It was a sad day, he was angry.", "express")
    False
    >>> may_match("Then I WAS angry.", "express")
    True
    """
    if "\u0130" in text:
        return True  # its lower case has two characters, one of which is not of a word
    found = patterns(protocol)
    known = terms(protocol)
    lowered = text.lower()
    for gate in (found.gate_feel, found.gate_be):
        tails = " ".join(match[1] for match in gate.finditer(lowered))
        if not known.isdisjoint(found.word.findall(tails)):
            return True
    return False


def candidates(text: str, protocol: str) -> list[Candidate]:
    """Find the phrases of a post in which an emotion word may be masked.

    >>> text = "I just felt sad. Feeling better, but I am tired."
    >>> [(found.kind, text[found.tail:found.end]) for found in candidates(text, "express")]
    [('feel', 'sad'), ('be', 'tired')]
    >>> candidates("I felt like going home.", "express")
    []
    """
    return list(every_candidate(text, protocol)) if may_match(text, protocol) else []


def every_candidate(text: str, protocol: str) -> Iterator[Candidate]:
    """Find the candidates without asking `may_match` first."""
    found = patterns(protocol)
    known = terms(protocol)

    def tells(match: re.Match[str]) -> bool:
        short = match.end(1) - match.start() <= LONGEST_PHRASE
        return short and not known.isdisjoint(found.word.findall(match[1].lower()))

    def candidate(kind: Kind, match: re.Match[str], start: int) -> Candidate:
        first = found.word.search(text, match.start(1))
        tail = first.start() if first else match.end(1)
        end = match.end(1)
        if protocol != EXPRESS_2025:
            end = _end_of_list(found, known, text, tail, end)
        return Candidate(kind, start, tail, end)

    spans = []
    for match in found.feel.finditer(text):
        spans.append((match.start(), match.end(1)))
        if tells(match):
            yield candidate("feel", match, match.start())
    for match in found.be.finditer(text):
        if tells(match):
            yield candidate("be", match, match.start())
    for match in found.feeling.finditer(text):
        inside = any(start <= match.start() < end for start, end in spans)
        if not inside and tells(match):
            yield candidate("feeling", match, _sentence_start(text, match.start()))


def _end_of_list(found: Patterns, known: frozenset[str], text: str, tail: int, end: int) -> int:
    """Where a tail ends if the emotions it lists go on behind it."""
    words = [one.lower() for one in found.word.findall(text, tail, end)]
    joined = words[-1] in _AND
    if (words[:-1] if joined else words)[-1:] and (words[-2 if joined else -1]) in known:
        while end - tail < LONGEST_PHRASE:
            item = (found.joined if joined else found.listed).match(text, end)
            word = next(filter(None, item.groups()), "") if item else ""
            if item is None or word.lower() not in known:
                break
            end, joined = item.end(), False
    return end


def _sentence_start(text: str, place: int) -> int:
    """Where the sentence around `place` begins, looking back no further than `SENTENCE_REACH`."""
    start = max(0, place - SENTENCE_REACH)
    for end in _SENTENCE_END.finditer(text, start, place):
        start = end.end()
    return start
