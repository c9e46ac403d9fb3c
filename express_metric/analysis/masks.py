"""The table of single masks: what every breakdown groups, counts or resamples."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..lexicon import Lexicon, normal
from ..parsing import Protocol, Reading
from ..plutchik import DIMENSIONS
from ..scoring import F1_UNIT, compared, count
from .resampling import Ints, post_codes

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, eq=False)
class Masks:
    """One row for each mask of a run, in the order of the examples; all arrays have shape (m,)."""

    protocol: Protocol  # how answers were read and matched
    vocabulary: tuple[str, ...]  # all terms of labels and answers, in `normal` form
    label: Ints  # the place of the label in `vocabulary`
    answer: Ints  # the place of the answer, -1 where the row is invalid
    example: Ints  # the row of the example
    position: Ints  # the place of the mask in its example, from 0
    post: Ints  # the number of the post, from 0
    lexical: Bools  # whether label and answer are the same word
    vector: Bools  # whether their vectors match, by the protocol's rule
    f1: Floats  # the F1 between the two vectors, 0..1
    # for each term of `vocabulary` its vector as a whole number, the first dimension being the
    # lowest bit; 0 for a term that the lexicon lacks. Shape (v,)
    bits: Ints

    def __len__(self) -> int:
        return len(self.label)

    @property
    def valid(self) -> Bools:
        """Whether the mask has an answer that was read."""
        return self.answer >= 0

    @property
    def n_posts(self) -> int:
        """The number of posts."""
        return int(self.post.max()) + 1 if len(self.post) else 0

    @property
    def counted(self) -> Bools:
        """The masks that the mean of F1 runs over: all, or under ``paper`` those of valid rows."""
        return self.valid if self.protocol == "paper" else np.ones(len(self), bool)

    def pairs(self) -> tuple[Ints, Ints]:
        """Label and answer of the masks that have both."""
        return self.label[self.valid], self.answer[self.valid]


def mask_table(
    references: Sequence[Sequence[str]],
    readings: Sequence[Reading],
    lexicon: Lexicon,
    protocol: Protocol,
    posts: Sequence[str] | None = None,
) -> Masks:
    """Match every mask on its own, by the very code that scores examples.

    Each example is its own post where ``posts`` is None.
    """
    # Scored once as a whole, so that bad rows are refused with their row number.
    whole = count(references, readings, lexicon, protocol)
    n_masks, valid = whole["masks"], whole["valid"] > 0
    labels = [normal(word) for row in references for word in row]
    answers: list[str | None] = list(
        itertools.chain.from_iterable(
            (compared(term, protocol) for term in reading.terms)
            if ok and reading.terms
            else itertools.repeat(None, size)
            for reading, ok, size in zip(readings, valid.tolist(), n_masks.tolist(), strict=True)
        )
    )
    single = count(
        [(word,) for word in labels],
        [Reading(None if word is None else (word,)) for word in answers],
        lexicon,
        protocol,
    )
    terms = dict.fromkeys(labels) | dict.fromkeys(word for word in answers if word is not None)
    place = {term: number for number, term in enumerate(terms)}
    example = np.repeat(np.arange(len(n_masks)), n_masks)
    starts = np.cumsum(n_masks) - n_masks
    return Masks(
        protocol=protocol,
        vocabulary=tuple(place),
        label=np.array([place[word] for word in labels], np.int64),
        answer=np.array([-1 if word is None else place[word] for word in answers], np.int64),
        example=example,
        position=np.arange(len(example)) - starts[example],
        post=post_codes(posts, len(n_masks))[example],
        lexical=single["lexical"] > 0,
        vector=single["vector"] > 0,
        f1=single["f1"] / F1_UNIT,
        bits=_bits(place, lexicon, exact=protocol == "paper"),
    )


def _bits(terms: Iterable[str], lexicon: Lexicon, exact: bool) -> Ints:
    """The vectors of terms as whole numbers."""
    weights = (1 << np.arange(len(DIMENSIONS))).astype(np.int64)
    # The zero at the end is for -1, the place of a term that the lexicon lacks.
    return np.append(lexicon.matrix.astype(np.int64) @ weights, 0)[lexicon.ids(terms, exact=exact)]
