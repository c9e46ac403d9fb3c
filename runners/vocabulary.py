"""The closed vocabulary of `--decode rank`: every term that may stand at a mask."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from express_dataset.files import read_text
from express_dataset.splits import normalised

from .errors import RunError

TRAIN = "train"
# What a ranking shows at the other masks: nothing, or the likeliest terms of those before.
OTHER_MASKS = EMPTY, PICKS = ("empty", "picks")
_NOT_IN_TERMS = frozenset('",[]{}')
_MOST_WORDS, _LONGEST_TERM = 3, 100


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Terms in a fixed order, which also settles ties: the first of equals wins.

    >>> Vocabulary("train", ("sad", "tired")).label
    '2@8577'
    >>> Vocabulary("train", ("sad", "tired")).rank("tired", [-0.1, -2.0])
    2
    """

    source: str
    terms: tuple[str, ...]
    left_out: tuple[str, ...] = ()  # asked for too, but the model cannot rank them

    @property
    def sha256(self) -> str:
        """Hash of the terms in their order."""
        return hashlib.sha256("\n".join(self.terms).encode()).hexdigest()

    @property
    def label(self) -> str:
        """Number of terms and short hash, as a signature shows them."""
        return f"{len(self.terms)}@{self.sha256[:4]}"

    def rank(self, term: str, scores: Iterable[float]) -> int | None:
        """The place of a term among all by their scores, from 1; None for one not in here."""
        wanted = normalised(term)
        if wanted not in self.terms:
            return None
        return order(scores).index(self.terms.index(wanted)) + 1


def order(scores: Iterable[float]) -> list[int]:
    """Positions from the highest score to the lowest; of equals the first comes first.

    >>> order([-2.0, -1.0, -2.0])
    [1, 0, 2]
    >>> order([])
    []
    """
    values = list(scores)
    return sorted(range(len(values)), key=lambda i: (-values[i], i))


def from_labels(labels: Iterable[str]) -> Vocabulary:
    """Every different label of the train split, the most frequent first.

    >>> from_labels(["sad", "tired", "Sad"]).terms
    ('sad', 'tired')
    >>> from_labels([]).terms
    Traceback (most recent call last):
    ...
    express_runners.errors.RunError: the train split has no labels: give --vocabulary FILE, a term \
per line
    """
    counted = Counter(normalised(label) for label in labels)
    if not counted:
        raise RunError("the train split has no labels: give --vocabulary FILE, a term per line")
    return Vocabulary(TRAIN, tuple(sorted(counted, key=lambda term: (-counted[term], term))))


def is_term(text: str) -> bool:
    """Whether a vocabulary of one's own may hold a term: one to three plain words.

    >>> is_term("let down"), is_term('"sad"'), is_term("one two three four")
    (True, False, False)
    """
    plain = text == normalised(text) and text.isprintable() and not _NOT_IN_TERMS & set(text)
    return plain and len(text) <= _LONGEST_TERM and 0 < len(text.split()) <= _MOST_WORDS


def from_file(file: Path) -> Vocabulary:
    """A user's own vocabulary: a text file with a term per line, the likelier ones first."""
    try:
        lines = read_text(file).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(
            f"--vocabulary {file} cannot be read ({error}): give a text file in UTF-8, a term per "
            "line"
        ) from error
    terms: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        term = normalised(line)
        if not term:
            continue
        where = f"--vocabulary {file}, line {number}"
        if term in terms:
            raise RunError(f"{where}: {term!r} stands in line {terms[term]} already; remove one")
        if not is_term(term):
            raise RunError(f"{where}: {term!r} is no term of one to three words; one to a line")
        terms[term] = number
    if not terms:
        raise RunError(f"--vocabulary {file} holds no term: write one per line")
    return Vocabulary(file.name, tuple(terms))
