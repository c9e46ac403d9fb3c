"""What a reader of a dataset must be told beside its figures, for the card and for Croissant."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..files import own_path
from ..reading.folders import BUILD
from ..sources import AUTHORS_REPO, PAPER_CITATION, Loaded


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Where the rows come from, and what they can and cannot bear."""

    kind: str  # `sample`, `authors`, `built` (by `express dataset build`) or `own`
    synthetic: bool  # whether the texts were invented
    derived_from: tuple[str, ...]  # addresses of what it was made of
    collection: str  # where the texts come from
    preprocessing: str  # what was done to them
    annotation: str  # where the labels come from
    sensitive: str  # what in it is personal or hard to read
    biases: str  # whom it speaks for
    limits: str  # what the labels do not say
    uses: str  # what it is for, and what not
    impact: str  # what good and harm may come of it
    maintenance: str  # how a text is taken out


@cache
def _kinds() -> dict[str, About]:
    """By kind what `about.toml` beside this file tells."""
    told = tomllib.loads(Path(__file__).with_name("about.toml").read_text("utf-8"))
    shared, own = told.pop("shared"), told["own"]

    def filled(value: Any) -> Any:
        if isinstance(value, list):
            return tuple(map(filled, value))
        return value.format(authors=AUTHORS_REPO, **shared) if isinstance(value, str) else value

    return {
        kind: About(kind=kind, **{name: filled(value) for name, value in (own | texts).items()})
        for kind, texts in told.items()
    }


def is_authors(loaded: Loaded) -> bool:
    """Tell whether rows are those of the authors of EXPRESS.

    >>> from express_dataset import load_all_examples
    >>> is_authors(load_all_examples("sample")["all"])
    False
    """
    return loaded.citation == PAPER_CITATION or loaded.name == AUTHORS_REPO


def about(loaded: Loaded, source: str) -> About:
    """What a reader must be told of these rows.

    >>> from express_dataset import load_all_examples
    >>> about(load_all_examples("sample")["all"], "sample").kind
    'sample'
    """
    if is_authors(loaded):
        return _kinds()["authors"]
    if loaded.name == "express-sample":
        return _kinds()["sample"]
    return _kinds()["built" if (own_path(source) / BUILD).is_file() else "own"]
