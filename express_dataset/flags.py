"""Two flags per mask: is the feeling denied, and does the text give the answer away?

Both are read from the text alone, so that every source can have them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from unicodedata import normalize

MASK = "<mask>"
"""What stands in a text where an emotion word was taken out."""

REACH = 9
"""How many words before the mask a negation may stand."""

_APOSTROPHES = str.maketrans("’‘`´ʼ", "'''''")  # noqa: RUF001 (these are the ones people type)
_CLAUSE_END = re.compile(r"[.?!;:\n()\[\]\"“”—–]|\s-+\s|--")  # noqa: RUF001
_TOKEN = re.compile(r"<mask>|,|\w+(?:'\w+)*")
_LIST_GOES_ON = re.compile(r"(?:\s*,\s*[\w<>']+)*\s*,?\s+n?or\b")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BARE = _words("ai are ca could did do does had has have is must need should was were wo would")
_CONTRACTED = {f"{verb}n{mark}t" for verb in _BARE for mark in ("", "'")}
_OBLIGED = {"shouldn't", "shouldnt", "mustn't", "mustnt", "needn't", "neednt"}
_NEGATORS = _CONTRACTED | _words(
    "no not never cannot without hardly barely scarcely rarely seldom neither nor zero 0"
)

# Words that may stand between a negation and what it denies. Any other word ends the search:
# a subject or another verb starts a clause of its own ("I can't sleep and I feel <mask>").
_TRANSPARENT = _words(
    """
    feel feels feeling feelings felt be been being get gets getting got become becoming seem have
    had make makes made making me myself consider find experience experiencing going gonna able to
    a an any the that this so too very even really as quite all at in least slightest bit tad lot
    of kind kinda sort sorta sense trace hint ounce shred amount single much more longer anymore
    ever still yet also like about just super overly what you'd call your usual real true genuine
    sincere great big deep particular such other either own
    """
)
_LY_VERBS = {"rely", "apply", "reply", "supply", "family", "imply", "fly", "only"}
_DO_NOT = {"don't", "dont", "do not"}
# "I can't believe I was <mask>" affirms, "I don't believe I was" does not.
_OPINIONS = {
    "think": _DO_NOT,
    "believe": _DO_NOT,
    "say": {"wouldn't", "wouldnt", "would not", "can't", "cant", "cannot"},
}
_INVERTING = {"nor", "never", "neither", "not"}
_CAN_NOT = {"can't", "cant", "cannot", "couldn't", "couldnt"}
_OATHS = {"damn", "damned", "dang", "darn", "hell"}
_SELF = {"i'm", "im", "i"}
_SELF_VERBS = {"am", "was", "feel", "felt", "have", "ever", "would", "will", "do", "did", "be"}
_AUXILIARIES = _words("do did does have had am was will would can could")
_LIMITERS = {"only", "just", "merely", "simply", "solely", "alone"}
_SUPERLATIVE = _words("so more this that such as")


def negated(text: str) -> tuple[bool, ...]:
    """Tell for each mask, in order, whether the author denies the feeling.

    A negation counts where it governs the mask in the same clause: "not <mask>", "don't even feel
    that <mask>", "no <mask> or <mask>", "I don't think I'm <mask>". It does not count where the
    phrase affirms: "not only <mask>", "couldn't be more <mask>", "can't help feeling <mask>",
    "never felt so <mask>", "shouldn't feel <mask>". Apostrophes may be curly or missing.

    >>> negated("I'm not even that <mask>, I just feel <mask>.")
    (True, False)
    """
    flags = []
    start = text.find(MASK)
    while start >= 0:
        end = start + len(MASK)
        flags.append(_is_negated(text[max(0, start - 120) : start], text[end : end + 60]))
        start = text.find(MASK, end)
    return tuple(flags)


def leaked(text: str, labels: Sequence[str]) -> tuple[bool, ...]:
    """Tell for each label, in order, whether it also stands unmasked in the text.

    Whole words count, whatever their case: "Happy" gives away "happy", "unhappy" does not.

    >>> leaked("I am <mask> and so is my mother. Happy people!", ["happy"])
    (True,)
    """
    rest = normalize("NFC", text.replace(MASK, " ").lower())
    return tuple(_stands_in(normalize("NFC", label.strip().lower()), rest) for label in labels)


@lru_cache(maxsize=4096)
def _whole_word(term: str) -> re.Pattern[str]:
    words = r"\s+".join(re.escape(word) for word in term.split())
    # An underscore is Reddit's emphasis.
    return re.compile(rf"(?<![^\W_]){words}(?![^\W_])")


def _stands_in(term: str, lowered: str) -> bool:
    # The plain search first: it is many times faster and mostly says no.
    first = term.split()[0] if term else ""
    return bool(first) and first in lowered and bool(_whole_word(term).search(lowered))


def _is_negated(left: str, right: str) -> bool:
    left = left.translate(_APOSTROPHES).lower().replace("can not", "cannot")
    # What the window cut in two is no word.
    clause = _CLAUSE_END.split(left)[-1]
    tokens = _TOKEN.findall(clause)
    position = _governor(tokens, listed=bool(_LIST_GOES_ON.match(right.lower())))
    return position is not None and not _affirms(tokens, position)


def _governor(tokens: list[str], *, listed: bool) -> int | None:
    """Walk back from the mask to the negation that governs it, and say where it stands."""
    words = 0
    place = len(tokens) - 1
    while place >= 0 and words < REACH:
        token = tokens[place]
        if token in _NEGATORS:
            # "No, <mask>" answers something else.
            return None if tokens[place + 1 : place + 2] == [","] else place
        if token in ("far", "instead", "rather", "anything"):
            return place if tokens[place + 1 : place + 2] in _DENIALS[token] else None
        if token == "or" or (token == "and" and place and tokens[place - 1] == MASK):
            listed = True
            place -= 2 if place and not _ends_walk(tokens[place - 1]) else 1
            words += 2
            continue
        if token == "," and listed:
            place -= 2 if place and not _ends_walk(tokens[place - 1]) else 1
            words += 1
            continue
        if token in _SELF or token in _SELF_VERBS:
            raised = _raised(tokens, place)
            if raised is not None:
                return raised
        if not _is_transparent(token):
            return None
        words += 1
        place -= 1
    return None


_DENIALS: dict[str, list[list[str]]] = {
    "far": [["from"]],
    "instead": [["of"]],
    "rather": [["than"]],
    "anything": [["but"]],
}


def _is_transparent(token: str) -> bool:
    if token in _TRANSPARENT or token in ("from", "but", "than"):
        return True
    return token.endswith("ly") and token not in _LY_VERBS


def _ends_walk(token: str) -> bool:
    """Whether a word cannot be an item of a list ("not angry or <mask>")."""
    return token in _NEGATORS or token in _SELF or token == ","


def _raised(tokens: list[str], place: int) -> int | None:
    """Find the negation above "I am": "I don't think I'm", "it's not that I'm", "nor do I"."""
    while place >= 0 and tokens[place] in _SELF_VERBS:
        place -= 1
    if place < 1 or tokens[place] not in _SELF:
        return None
    before = place - 1
    if tokens[before] in _DO_NOT:
        return before
    if tokens[before] in _AUXILIARIES and before:
        inverted = before - 2 if tokens[before - 1] == "once" else before - 1
        return inverted if inverted >= 0 and tokens[inverted] in _INVERTING else None
    if tokens[before] == "that":
        before -= 1
        if before >= 0 and tokens[before] == "not":
            return before
    opinion = _OPINIONS.get(tokens[before]) if before >= 1 else None
    if opinion is None:
        return None
    before -= 1
    while before > 0 and tokens[before] in ("really", "even", "necessarily"):
        before -= 1
    if tokens[before] == "not" and before:
        return before if f"{tokens[before - 1]} not" in opinion else None
    return before if tokens[before] in opinion else None


def _affirms(tokens: list[str], place: int) -> bool:
    """Whether a phrase with a negation in it still says that the feeling is there."""
    word = tokens[place]
    before = tokens[place - 1] if place else ""
    after = [token for token in tokens[place + 1 :] if token not in ("have", "had", "i", "ever")]
    if word in _OBLIGED or before in ("should", "must", "why", "if"):
        return True
    if after[:1] and (after[0] in _LIMITERS or after[0] == "to"):
        return True
    if word in ("not", "without") and before in _NEGATORS:
        return True
    if "if" in tokens[:place] and _OATHS & set(tokens[:place]):
        return True
    if word == "never" or "ever" in tokens[place:]:
        return len(after) > 1 and after[0] in ("felt", "been", "feel") and after[1] in _SUPERLATIVE
    can = word in _CAN_NOT or before in ("could", "can")
    return can and "more" in after
