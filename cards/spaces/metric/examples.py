"""The worked examples of the metric: invented texts, and what the metric itself makes of answers.

Nothing about the figures is written down here: they are computed each time.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from express_metric import FIGURES, PROTOCOLS, Lexicon, Protocol, Reading, Scores, read, score
from express_metric.plutchik import DIMENSIONS

from ...words import three_digits


@dataclass(frozen=True, slots=True)
class Example:
    """One text with masks, what its author wrote there, and what a model answered."""

    key: str  # its name in an address
    title: str  # what it shows, in a few words
    text: str  # with `<mask>`
    labels: tuple[str, ...]  # the author's words, one per mask
    answer: str  # the model's, as it was written
    lesson: str  # what to see in the figures

    @property
    def pieces(self) -> list[tuple[str, str | None]]:
        """The text cut at its masks, each piece with the person's word that follows it."""
        return list(zip_longest(self.text.split("<mask>"), self.labels))


EXAMPLES = tuple(
    Example(**one | {"labels": tuple(one["labels"])})
    for one in tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))["examples"]
)

TO_TRY = (
    *("sad", "lonely", "disappointed", "hopeless", "angry", "furious", "scared", "nervous"),
    *("worried", "relieved", "calm", "happy", "proud", "grateful", "okay", "fine"),
)
"""Words that a reader may set against each other on the page."""


@dataclass(frozen=True, slots=True)
class Worked:
    """An example with what the metric makes of it."""

    example: Example | None  # the example; None for all of them at once
    read_as: dict[Protocol, str]  # for each protocol what was read, in words
    scores: dict[Protocol, Scores]  # for each protocol its scores
    # the words with the dimensions that the lexicon gives them, in words
    vectors: list[tuple[str, str]]

    @property
    def table(self) -> list[tuple[str, str, str]]:
        """How each protocol reads the answer, and the rows of its figures."""
        return [("read as", self.read_as["paper"], self.read_as["revised"]), *self.rows]

    @property
    def rows(self) -> list[tuple[str, str, str]]:
        """A row for each figure: its name, and its value under each protocol."""
        paper, revised = (self.scores[protocol].figures for protocol in PROTOCOLS)
        return [(name, three_digits(paper[name]), three_digits(revised[name])) for name in FIGURES]


def work(examples: Sequence[Example], lexicon: Lexicon) -> Worked:
    """Let the metric read and score examples."""
    labels = [example.labels for example in examples]
    readings = {
        name: [read(one.answer, name, len(one.labels)) for one in examples] for name in PROTOCOLS
    }
    only = examples[0] if len(examples) == 1 else None
    return Worked(
        only,
        {name: _told(readings[name][0], len(labels[0])) for name in PROTOCOLS} if only else {},
        {name: score(labels, readings[name], lexicon, name) for name in PROTOCOLS},
        _vectors(labels[0], readings["revised"][0], lexicon) if only else [],
    )


def tried(lexicon: Lexicon) -> dict[str, dict[str, list[list[str]]]]:
    """For each two words the figures: the first the person's, the second the model's.

    >>> from express_metric import load_lexicon
    >>> tried(load_lexicon("nrc"))["furious"]["angry"][1:3]
    [['0.000', '0.000'], ['1.000', '1.000']]
    """

    def figures(person: str, model: str) -> list[list[str]]:
        both = [score([[person]], [Reading((model,))], lexicon, name) for name in PROTOCOLS]
        return [[three_digits(one.figures[name]) for one in both] for name in FIGURES]

    return {person: {model: figures(person, model) for model in TO_TRY} for person in TO_TRY}


def _told(reading: Reading, masks: int) -> str:
    if reading.terms is None:
        return f"not valid ({reading.reason})"
    terms = ", ".join(" ".join(term.split()) for term in reading.terms)
    if len(reading.terms) == masks:
        return terms
    number = len(reading.terms)
    said = f"{number} term{'s' if number > 1 else ''} for {masks} masks"
    return f"{terms}: {said}, so not valid (wrong-count)"


def _vectors(labels: tuple[str, ...], reading: Reading, lexicon: Lexicon) -> list[tuple[str, str]]:
    words = dict.fromkeys((*labels, *(reading.terms or ())))
    return [(word, _dimensions(word, lexicon)) for word in words]


def _dimensions(word: str, lexicon: Lexicon) -> str:
    marks = lexicon.vector(word).tolist()
    named = [name for name, mark in zip(DIMENSIONS, marks, strict=True) if mark]
    if named:
        return ", ".join(named)
    return "none: all ten are 0" if word in lexicon else "not in the lexicon: all ten count as 0"
