"""A completion -> terms, or the reason why there are none; once for each protocol."""

from __future__ import annotations

import ast
import dataclasses
import functools
import re
from collections.abc import Sequence
from typing import Literal

from .errors import MetricError
from .forms import find_terms
from .terms import Reason, plain_text, term

Protocol = Literal["paper", "revised"]
_QUOTED = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"")
_NUMPY_STRING = re.compile(rf"np\.str_\(\s*({_QUOTED.pattern})\s*\)")
PROTOCOLS: tuple[Protocol, ...] = ("paper", "revised")


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """What was read from one completion: terms, or a reason."""

    # the terms, lower-cased and stripped, in order; None where there are none
    terms: tuple[str, ...] | None
    reason: Reason | None = None  # one of `Reason`; None where there are terms


def check_protocol(protocol: str) -> Protocol:
    """Return the protocol if it is one.

    >>> check_protocol("paper")
    'paper'
    """
    for name in PROTOCOLS:
        if protocol == name:
            return name
    raise MetricError(f"{protocol!r} is no protocol: choose {' or '.join(PROTOCOLS)}")


def read(completion: str | None, protocol: Protocol, masks: int | None = None) -> Reading:
    """Read a model's raw text into terms.

    ``paper`` is the authors' reading: text in brackets is a list, a Python literal if it holds a
    quote, else split at commas; text without ``[`` is one term, whatever its length; all else is
    invalid. ``revised`` reads any clear form, see `express_metric.forms`; of several candidates the
    one with as many places as `masks` counts. Neither refuses another number: scoring does.

    >>> read("['Sad', 'angry']", "paper").terms
    ('sad', 'angry')
    """
    text = (completion or "").strip()
    if check_protocol(protocol) == "revised":
        found = find_terms(text, masks)
        return Reading(None, found) if isinstance(found, Reason) else Reading(found)
    return _read_paper(text)


def read_terms(terms: Sequence[str] | None, protocol: Protocol) -> Reading:
    """Read a list of terms that somebody has taken from the completion already.

    ``paper`` lower-cases and strips; ``revised`` also asks of each that it be a term of one to
    three words, as of an item of a list in a completion.

    >>> read_terms(["Sad "], "paper").terms
    ('sad',)
    """
    if terms is None or not len(terms):
        return Reading(None, Reason.EMPTY)
    return _read_terms(tuple(terms), check_protocol(protocol))


@functools.lru_cache(maxsize=65536)
def _read_terms(terms: tuple[str, ...], protocol: Protocol) -> Reading:
    if protocol == "paper":
        return Reading(tuple(item.strip().lower() for item in terms))
    found: list[str] = []
    for item in terms:
        word = term(plain_text(item))
        if isinstance(word, Reason):
            return Reading(None, word)
        found.append(word)
    return Reading(tuple(found))


def plain_list(text: str) -> list[str] | None:
    """Read the commonest list literals, ``['a', 'b']`` and ``["a", "b"]``, many times faster.

    None for any other text, which may well be a list in another form.

    >>> plain_list("['sad', 'let down']")
    ['sad', 'let down']
    """
    quote = text[1:2]
    if quote not in ("'", '"') or not (text[0] == "[" and text.endswith(f"{quote}]")):
        return None
    # What is not printable goes the slow way: Python refuses some of it.
    if len(text) < 4 or "\\" in text or not text.isprintable():
        return None
    inner = text[2:-2]
    items = inner.split(f"{quote}, {quote}")
    # A quote that is left over belongs to a literal in some other form.
    return items if inner.count(quote) == 2 * (len(items) - 1) else None


def list_of_words(text: str) -> list[str] | None:
    """Read a list of words that was written as text, by Python, JSON or NumPy.

    NumPy leaves commas out and breaks lines: ``['sad' 'angry']`` is a list of two, which Python
    would join into one word. None for any other text.

    >>> list_of_words("['sad' 'angry']")
    ['sad', 'angry']
    """
    text = text.strip()
    words: object = plain_list(text)
    if words is None and text[:1] + text[-1:] == "[]":
        text = _NUMPY_STRING.sub(r"\1", text)
        items = _QUOTED.findall(text)
        parted = len(items) > 1 and re.fullmatch(r"\[[\s,]*\]", _QUOTED.sub(" ", text))
        try:
            words = [ast.literal_eval(one) for one in items] if parted else ast.literal_eval(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            return None
    good = isinstance(words, list) and all(isinstance(word, str) for word in words)
    return words if good else None  # type: ignore[return-value]


# What pandas reads back from a CSV cell as a missing value: the authors' answers made that trip.
_MISSING = frozenset(
    [
        *("#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"),
        *("<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
    ]
)


def _read_paper(text: str) -> Reading:
    if not text or text in _MISSING:
        return Reading(None, Reason.EMPTY)
    if "[" not in text:
        # The authors' cleaning script writes these two words for a row that it gave up.
        if text.lower() == "invalid output":
            return Reading(None, Reason.NO_LIST)
        return Reading((text.lower(),))
    if not (text.startswith("[") and text.endswith("]")):
        return Reading(None, Reason.NO_LIST)
    quick = plain_list(text)
    if quick is not None:
        # Blanks inside the quotes stay: "' sad'" is another word than "sad" to the authors.
        return Reading(tuple(map(str.lower, quick)))
    if "'" not in text and '"' not in text:
        items: list[object] = [part.strip() for part in text.strip("[]").split(",")]
        items = [item for item in items if item]
    else:
        try:
            literal = ast.literal_eval(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            # The last two are how Python's parser refuses very deep brackets.
            return Reading(None, Reason.NO_LIST)
        if isinstance(literal, tuple):
            # "['sad'], ['angry']": one place for each list, which the authors count as valid.
            literal = [", ".join(map(str, place)) for place in literal if isinstance(place, list)]
        if not isinstance(literal, list):
            return Reading(None, Reason.NO_LIST)
        items = literal
    if not items:
        return Reading(None, Reason.EMPTY)
    terms = tuple(item.lower() for item in items if isinstance(item, str))
    # A list of lists ends the authors' evaluation in an error; here it is counted.
    return Reading(terms) if len(terms) == len(items) else Reading(None, Reason.NOT_A_TERM)
