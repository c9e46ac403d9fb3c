"""What experts chose: the types that a study's page, sheets and figures share."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from express_dataset.errors import DataError

Side = Literal["person", "model"]
Choice = Literal["person", "model", "both", "neither"]
Place = Literal["first", "second", "both", "neither"]
CHOICES: tuple[Choice, ...] = get_args(Choice)
PLACES: tuple[Place, ...] = get_args(Place)
OTHER: dict[Side, Side] = {"person": "model", "model": "person"}

_SPELLED: dict[str, Place] = {
    **dict.fromkeys(("first", "1", "option1", "a", "optiona", "left"), "first"),
    **dict.fromkeys(("second", "2", "option2", "b", "optionb", "right"), "second"),
    **dict.fromkeys(("both", "3", "either"), "both"),
    **dict.fromkeys(("neither", "4", "none"), "neither"),
}
_CODES = re.compile(r"[,;|/\s]+")


@dataclass(frozen=True, slots=True)
class Item:
    """A post that was judged, with both sides' words in the order of its masks."""

    id: str  # the study's name for it
    # the words
    person: tuple[str, ...]
    model: tuple[str, ...]
    text: str | None = None  # with masks; None where it is not known
    # what it is grouped by, such as family and kind of error
    strata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judgement:
    """One coder's answer on one item; `first` is the side that stood first."""

    coder: str
    item: str
    choice: Choice
    first: Side | None = None
    codes: tuple[str, ...] = ()
    reason: str = ""
    confidence: int | None = None

    @property
    def place(self) -> Place | None:
        """What the coder saw: the first option, the second, both or neither."""
        if self.choice == "both" or self.choice == "neither":
            return self.choice
        if self.first is None:
            return None
        return "first" if self.choice == self.first else "second"


@dataclass(frozen=True, slots=True)
class Judged:
    """A study's answers, decoded."""

    name: str  # what was read
    judgements: Sequence[Judgement]  # one for each coder and item that was answered
    items: Mapping[str, Item]  # by id
    codebook: Mapping[str, str] = field(default_factory=dict)  # code to its name
    # how many coders were to judge each item; None where the files do not tell
    asked: int | None = None
    # rows whose stored decoding is not what the order of the sides gives
    differing: Sequence[Mapping[str, str]] = ()
    notes: Sequence[str] = ()  # what a reader should know

    @property
    def coders(self) -> list[str]:
        """The coders, in the order in which they come."""
        return list(dict.fromkeys(one.coder for one in self.judgements))


def read_place(text: str, where: str) -> Place:
    """What a cell or a form says, in any of the usual spellings.

    >>> read_place("Option 2", "a.csv, row 1"), read_place("BOTH", "a.csv, row 1")
    ('second', 'both')
    """
    found = _SPELLED.get(re.sub(r"[\W_]+", "", text.lower()))
    if found is None:
        raise DataError(
            f"{where}: the choice is {text!r}; write one of {', '.join(PLACES)} (or option 1, "
            "option 2)"
        )
    return found


def decode(place: Place, first: Side) -> Choice:
    """Whose word a place is, where `first` stood first.

    >>> decode("second", "model"), decode("both", "model")
    ('person', 'both')
    """
    if place == "both" or place == "neither":
        return place
    return first if place == "first" else OTHER[first]


def read_codes(text: str) -> tuple[str, ...]:
    """Codes out of a cell: ``3``, ``3.0``, or several with commas, semicolons or blanks.

    >>> read_codes("3.0"), read_codes("2; 12,context"), read_codes("")
    (('3',), ('2', '12', 'context'), ())
    """
    parts = [re.sub(r"^(\d+)\.0$", r"\1", part) for part in _CODES.split(text.strip())]
    return tuple(dict.fromkeys(filter(None, parts)))


def check_once(judgements: Sequence[Judgement], where: str) -> None:
    """Refuse a coder who judged an item twice."""
    seen = set()
    for one in judgements:
        if (one.coder, one.item) in seen:
            raise DataError(
                f"{where}: {one.coder} judged {one.item} twice; keep one of the two answers"
            )
        seen.add((one.coder, one.item))
