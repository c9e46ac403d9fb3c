"""Other forms of a label that give it away: inflections, spellings, and words of one headword."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby, takewhile

from express_metric.headwords import HEADWORDS
from express_metric.terms import british

_WORD = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*")
_SHORT = re.compile(r"[^aeiou]*[aeiou][^aeiouwxy]")  # doubles its last letter: sad, sadder
_DOUBLES = re.compile(r".*[^aeiou][aeiou][^aeiouwxy]")
# British letters and American ones.
_AMERICAN = {"is": "iz", "ys": "yz", "our": "or", "ence": "ense", "ll": "l", "re": "er", "sc": "sk"}
# What the rules make of "numb" or "mean" but is another word, and words of a headword that mostly
# tell of no feeling.
_OTHERS = set(
    re.findall(
        r"\w+",
        "accept barely bright close concern concerning down driven duty evening fail failed given "
        "hardly highly keen lately later long low mask means moved number really resolve will",
    )
)
_KIN: dict[str, set[str]] = {}
for _word, _headword in HEADWORDS.items():
    _KIN.setdefault(_headword, {_headword}).add(_word)


def leaked_form(text: str, labels: Sequence[str]) -> tuple[bool, ...]:
    """Tell for each label whether another form of it stands in the text.

    Another form is an inflection ("sadness" for "sad"), the British or American spelling, and a
    word of the same headword in `express_metric.headwords` ("fed up" for "frustrated").

    Returns:
        One flag per label, in order.

    >>> leaked_form("I am <mask>, and <mask>, in all this sadness.", ["sad", "glad"])
    (True, False)
    """
    lowered = text.replace("\u2019", "'").lower()
    forms = [_forms(label) for label in labels]
    # The plain search first: it is many times faster and mostly says no.
    if not any(one in lowered for _, _, least in forms for one in least):
        return (False,) * len(labels)
    lowered = " ".join(lowered.split())
    stand = set(_WORD.findall(lowered))
    return tuple(_stands(words, phrases, stand, lowered) for words, phrases, _ in forms)


def _stands(words: frozenset[str], phrases: Sequence[str], stand: set[str], lowered: str) -> bool:
    return not words.isdisjoint(stand) or any(
        phrase in lowered and bool(re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", lowered))
        for phrase in phrases
    )


@lru_cache(maxsize=4096)
def _forms(label: str) -> tuple[frozenset[str], tuple[str, ...], tuple[str, ...]]:
    """The other forms of a label: single words, phrases, and what one of must be in the text."""
    label = " ".join(label.lower().split())
    bases = {label, *_bases(label)}
    found = {form for base in bases for form in (base, *_inflected(base))}
    found |= {kin for base in bases for kin in _KIN.get(HEADWORDS.get(base, base), ())}
    found |= {other for form in found for other in _spelt(form)}
    found -= {label, *_OTHERS}
    # What begins alike is looked for by its beginning: fewer searches.
    alike = groupby(sorted(form.split()[0] for form in found), key=lambda word: word[:3])
    return (
        frozenset(form for form in found if " " not in form),
        tuple(sorted(form for form in found if " " in form)),
        tuple(_beginning(*words) for _, words in alike),
    )


def _beginning(first: str, *others: str) -> str:
    """What sorted words begin with, all of them."""
    last = others[-1] if others else first
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return "".join(letter for letter, _ in same)


def _bases(word: str) -> Iterator[str]:
    """What a word may be an inflection of, some of it no word."""
    for ending in ("ness", "ing", "ed"):
        stem = word.removesuffix(ending)
        if stem == word or len(stem) < 3 or " " in word:
            continue
        if stem[-1] == "i":
            yield f"{stem[:-1]}y"
        if ending != "ness":
            yield f"{stem}e"
            if stem[-1] == stem[-2]:
                yield stem[:-1]
            if _SHORT.fullmatch(stem):
                continue  # "hated" is of "hate", not of "hat"
        yield stem


def _inflected(word: str) -> Iterator[str]:
    """The inflections of a word by the rules of spelling, some of them no word."""
    if not word or " " in word:
        return
    stem = word[:-1] if word[-1] in "ey" else word
    if word[-1] == "y":
        yield from (stem + end for end in ("ies", "ied", "ier", "iest", "ily", "iness", "ying"))
        return
    if _DOUBLES.fullmatch(word) or _SHORT.fullmatch(word):
        yield from (stem + word[-1] + end for end in ("ed", "ing", "er", "est"))
    yield from (stem + end for end in ("ed", "ing", "er", "est"))
    yield from (word + end for end in ("s", "es", "ly", "ness"))


def _spelt(form: str) -> Iterator[str]:
    """The British and the American spelling of a word."""
    yield british(form)
    for here, there in _AMERICAN.items():
        other = form.replace(here, there)
        if other != form and british(other) == form:
            yield other
