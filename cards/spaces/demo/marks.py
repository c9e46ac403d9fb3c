"""From a visitor's text and marks to an example: the words, which are marked, which may be."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from express_dataset import MASK, Example, load_examples
from express_dataset.construct.masking import MODELS, escape_masks, mask, unmask
from express_dataset.construct.terms import terms
from express_metric.terms import Reason, term

from .settings import DemoError

MOST_CHARACTERS = 4_000
MOST_WORDS = 8
MOST_IN_A_TERM = 3

# Posts of the embedded sample, under titles of our own.
POSTS = {
    "4e0347ae1a872f1f": "The missed ferry",
    "ffd68eca766004d7": "Drums in the garage",
    "880a1bc93a847030": "My brother comes home",
    "ddada142eaf732e2": "The bell on the ward",
    "0de945c3d76d1eb3": "A crossword and a dog",
    "eb428b6fb1f51bff": "The beagle is found",
}

_JOINERS = frozenset("'\u2019-\u2010\u2011\u200c\u200d")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Marked:
    """A text and its marked words.

    >>> found = marked("I typed <mask> and felt Let  down.", [5, 6])
    >>> found.example.labels, found.example.text
    (('let down',), 'I typed (mask) and felt <mask>.')
    """

    text: str  # as it was typed, `<mask>` included
    spans: tuple[Span, ...]  # where each term begins and ends
    example: Example  # the same as the models get it


def pieces(text: str) -> list[str]:
    """Cut a text so that gaps and words take turns, beginning and ending with a gap.

    A word is made of letters, digits and their accents; apostrophes and hyphens inside it belong
    to it. Joined together, the pieces are the text again.

    >>> pieces("I'm so-so!")
    ['', "I'm", ' ', 'so-so', '!']
    """
    found: list[str] = []
    start, inside = 0, False
    for place, letter in enumerate(text):
        if letter.isalnum():
            word = True
        elif unicodedata.category(letter).startswith("M"):
            word = inside
        else:
            word = inside and letter in _JOINERS and text[place + 1 : place + 2].isalnum()
        if word != inside:
            found.append(text[start:place])
            start, inside = place, word
    found.append(text[start:])
    return [*found, ""] if inside else found


def hints(text: str) -> list[int]:
    """The words that the project's list of emotion words has, by their numbers.

    >>> hints("Sad, but not table")
    [0]
    """
    known = terms()
    return [number for number, word in enumerate(pieces(text)[1::2]) if word.lower() in known]


def can_find() -> bool:
    """Whether spaCy and its English pipeline are here, which the dataset's own masking needs."""
    return find_spec("spacy") is not None and any(map(find_spec, MODELS))


def find(text: str) -> list[int]:
    """The words that the dataset's own masking would take out, by their numbers.

    >>> find("It was a sad day. I felt sad.")
    [7]
    """
    found = mask(escape_masks(text))
    return _words_at(text, found.offsets, found.surfaces)


def carried(before: Sequence[str], marks: Iterable[int], after: Sequence[str]) -> list[int]:
    """Where marks stand after an edit: those before it and after it stay with their words.

    >>> carried(pieces("I am sad and tired"), [2, 4], pieces("I am very sad and tired"))
    [3, 5]
    """
    old, new = list(before[1::2]), list(after[1::2])
    shared = min(len(old), len(new))
    head = next((i for i in range(shared) if old[i] != new[i]), shared)
    rest = shared - head
    tail = next((i for i in range(rest) if old[-1 - i] != new[-1 - i]), rest)
    moved = len(new) - len(old)
    return [
        mark if mark < head else mark + moved
        for mark in marks
        if mark < head or mark >= len(old) - tail
    ]


def panel(text: str, marks: Iterable[int] = ()) -> dict[str, Any]:
    """What the list of words in the page shows: the pieces, the marked and the likely words.

    >>> panel("I am sad", [2])
    {'pieces': ['', 'I', ' ', 'am', ' ', 'sad', ''], 'marked': [2], 'hinted': [2]}
    """
    text = clean(text)
    return {"pieces": pieces(text), "marked": sorted(set(marks)), "hinted": hints(text)}


def panel_marks(value: object, text: str) -> list[int]:
    """Read the marks that a browser sends back, which may be of a text before the last edit.

    >>> panel_marks(panel("I am sad", [2]), "So I am sad"), panel_marks({"marked": [-4]}, "sad")
    ([3], [])
    """
    if not isinstance(value, dict):
        return []
    before, marks = value.get("pieces"), value.get("marked")
    if not isinstance(before, list) or not isinstance(marks, list):
        return []
    if not all(isinstance(piece, str) for piece in before):
        return []
    count = len(before) // 2
    kept = [mark for mark in marks if type(mark) is int and 0 <= mark < count]
    return carried(before, kept, pieces(clean(text)))


def edited(value: object, text: str) -> list[int]:
    """The marks to show on a text that has just changed.

    >>> text, places = posts()["The missed ferry"]
    >>> edited(panel(""), text) == places, edited(panel(text), text)
    (True, [])
    """
    kept = panel_marks(value, text)
    shown = isinstance(value, dict) and value.get("pieces") == pieces(clean(text))
    if kept or shown:
        return kept
    return next((places for post, places in posts().values() if post == text), [])


def marked(text: str, marks: Iterable[int]) -> Marked:
    """Check a visitor's text and marks and make an example of them.

    Marked words with nothing but a space between them are one term, such as "let down".

    >>> marked("I am not sad, I am tired.", [3, 6]).example.negated
    (True, False)
    >>> marked("I am sad.", [])
    Traceback (most recent call last):
    ...
    express_cards.spaces.demo.settings.DemoError: No word is marked: mark at least one emotion \
word in step 2
    """
    text = clean(text)
    if not text.strip():
        raise DemoError("There is no post yet: write one or pick one in step 1.")
    if len(text) > MOST_CHARACTERS:
        raise DemoError(too_long(text))
    spans = _joined(text, pieces(text), sorted(set(marks)))
    if not spans:
        raise DemoError("No word is marked: mark at least one emotion word in step 2.")
    if len(spans) > MOST_WORDS:
        raise DemoError(
            f"{len(spans)} emotion words are marked and this page takes up to {MOST_WORDS}: "
            "take some marks off."
        )
    labels = tuple(_label(text[begin:end]) for begin, end in spans)
    masked = _masked(text, spans)
    example = Example("demo", "demo", masked, labels, 0)
    return Marked(text, spans, example)


@lru_cache(maxsize=1)
def posts() -> dict[str, tuple[str, list[int]]]:
    """The posts to pick from: title -> text and the numbers of its masked words."""
    rows = {row.id: row for row in load_examples("sample", split="all").examples}
    found = {}
    for key, title in POSTS.items():
        row = rows[key]
        text, starts, at = unmask(row.text, row.labels), [], 0
        for before, label in zip(row.text.split(MASK), row.labels, strict=False):
            starts.append(at + len(before))
            at = starts[-1] + len(label)
        found[title] = text, _words_at(text, starts, row.labels)
    return found


def too_long(text: str) -> str:
    """What a visitor reads whose post is longer than `MOST_CHARACTERS`.

    >>> too_long("a" * 5000)
    'The post has 5,000 characters and this page takes up to 4,000: shorten it.'
    """
    return (
        f"The post has {len(text):,} characters and this page takes up to {MOST_CHARACTERS:,}: "
        "shorten it."
    )


def clean(text: str) -> str:
    """Replace halves of broken emoji, which can be sent but neither stored nor sent back.

    >>> clean("a\\ud83d")
    'a?'
    """
    return text.encode("utf-8", "replace").decode("utf-8")


def _words_at(text: str, starts: Sequence[int], terms_there: Sequence[str]) -> list[int]:
    """The numbers of the words in which terms stand that begin at `starts`."""
    wanted = [(start, start + len(one)) for start, one in zip(starts, terms_there, strict=True)]
    return [
        number
        for number, (begin, end) in enumerate(_places(pieces(text)))
        if any(begin < last and first < end for first, last in wanted)
    ]


def _places(cut: Sequence[str]) -> list[Span]:
    """Where each word begins and ends."""
    found = []
    at = 0
    for number, piece in enumerate(cut):
        if number % 2:
            found.append((at, at + len(piece)))
        at += len(piece)
    return found


def _joined(text: str, cut: Sequence[str], marks: Sequence[int]) -> tuple[Span, ...]:
    places = _places(cut)
    spans: list[Span] = []
    for mark in marks:
        begin, end = places[mark]
        # As in the page: a line break or a comma keeps two words apart.
        if spans and set(text[spans[-1][1] : begin]) <= {" "}:
            spans[-1] = spans[-1][0], end
        else:
            spans.append((begin, end))
    return tuple(spans)


def _label(written: str) -> str:
    """The term of a marked place, if it can be one."""
    if len(written.split()) > MOST_IN_A_TERM:
        raise DemoError(
            f"\u201c{written}\u201d is more than {MOST_IN_A_TERM} words side by side, which count "
            "as one: mark only the emotion."
        )
    found = term(written)
    if isinstance(found, Reason):
        raise DemoError(
            f"\u201c{written}\u201d cannot be the word for an emotion: take its mark off."
        )
    return found


def _masked(text: str, spans: Sequence[Span]) -> str:
    safe = escape_masks(text)
    cut = [0, *(end for _, end in spans)]
    ends = [*(begin for begin, _ in spans), len(safe)]
    return MASK.join(safe[begin:end] for begin, end in zip(cut, ends, strict=True))
