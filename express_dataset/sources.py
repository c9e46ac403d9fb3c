"""Where rows come from: the sample, the Hub, the authors' CSV, a file of one's own."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .errors import DataError
from .hub_errors import ORG_NAME
from .licenses import license_name
from .reading.columns import Row, layout, understand
from .reading.folders import about_folder, read_folder
from .reading.readers import SUFFIXES, read
from .schema import Example, fingerprint
from .splits import SPLITS, assign, normalised

logger = logging.getLogger(__name__)

AUTHORS_REPO = "bangzhao/express-emotion-recognition"
"""The authors' dataset on the Hub."""

PAPER_CITATION = """@inproceedings{shu2026express,
  title = {Fluent but Unfeeling: The Emotional Blind Spots of Language Models},
  author = {Shu, Bangzhao and others},
  booktitle = {Proceedings of the International AAAI Conference on Web and Social Media (ICWSM)},
  year = {2026},
  note = {arXiv:2509.09593}
}"""

AUTHORS, SAMPLE, OTHER = "express", "sample", "other"
"""Kinds of data: the authors', the sample written for this project, and anybody else's."""

_SAMPLE = Path(__file__).with_name("sample") / "examples.jsonl"
_SPOKEN_FOR = "the authors' data, of the paper 'Fluent but Unfeeling' (arXiv:2509.09593)"


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of a source beside its rows.

    Attributes:
        name: the short name that signatures carry.
        revision: commit of the Hub dataset, else None.
        lexicon: the lexicon that its labels are scored with, ``"nrc"`` or ``"express"``.
        version: version of the data; 0.0.0 for a user's own.
        description: what it is, in plain words.
        citation: BibTeX, or empty.
        license: licence of the rows, or empty where it is not known.

    >>> Origin("mine", None, "nrc", "0.0.0", "My rows.", "", "").name
    'mine'
    >>> Origin("mine", None, "nrc", "0.0.0", "My rows.", "", "").revision is None
    True
    """

    name: str
    revision: str | None
    lexicon: str
    version: str
    description: str
    citation: str
    license: str
    kind: str = OTHER


@dataclass(frozen=True, slots=True)
class Loaded:
    """The rows of one split, with all that a signature or a card says about them.

    Attributes:
        name: short name of the data, such as ``express`` or ``express-sample``.
        revision: commit of the Hub dataset, else None.
        fingerprint: SHA-256 over id, text and labels of the whole data, split after split.
        lexicon: the lexicon that the labels are scored with, ``"nrc"`` or ``"express"``.
        split: train, test, few_shot or all.
        examples: the rows, in file order.
        description: what the data is, in plain words.
        citation: BibTeX, or empty.
        license: licence of the rows, or empty where it is not known.
        notes: what a reader of the figures should know, such as rows left out.
        version: version of the data; 0.0.0 for a user's own.

    >>> load("sample").name
    'express-sample'
    >>> load("sample", split="few_shot").split
    'few_shot'
    """

    name: str
    revision: str | None
    fingerprint: str
    lexicon: str
    split: str
    examples: tuple[Example, ...]
    description: str
    citation: str
    license: str
    notes: tuple[str, ...]
    version: str = "0.0.0"
    kind: str = OTHER

    @property
    def data(self) -> str:
        """The data as a signature names it: ``name@`` and a revision or a fingerprint."""
        return f"{self.name}@{self.revision[:7] if self.revision else self.fingerprint[:8]}"


def load(source: str = "express", *, split: str = "test") -> Loaded:
    """Load one split of a source.

    Args:
        source: ``"sample"``, ``"express"`` or ``"express@REVISION"`` (the authors' Hub
            dataset), a path to the authors' CSV or to a .jsonl, .csv or .parquet file in our
            columns, a folder that ``express dataset build`` or ``publish`` wrote, or a Hub
            dataset ``"ORG/NAME"`` or ``"ORG/NAME@REVISION"`` in our columns.
        split: train, test, few_shot or all.

    Returns:
        The rows and what is known of them.

    Raises:
        DataError: no such source, split or row; one sentence says how to mend it.

    >>> load("sample", split="all").data.startswith("express-sample@")
    True
    >>> load("sample", split="tset")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    express_dataset.errors.DataError: there is no split 'tset'; choose train, test, few_shot...
    """
    if split not in (*SPLITS, "all"):
        raise DataError(f"there is no split '{split}'; choose train, test, few_shot or all")
    return filled(load_all(source)[split], source)


def filled(loaded: Loaded, source: str) -> Loaded:
    """The split as it is, refused where it is empty."""
    if not loaded.examples:
        raise DataError(
            f"{source}: no row falls into the split '{loaded.split}'; "
            "choose another split, or all, or give more rows"
        )
    return loaded


def load_all(source: str = "express") -> dict[str, Loaded]:
    """Load every split of a source, and "all", reading it once.

    Args:
        source: as for ``load``.

    Returns:
        train, test, few_shot and all, by name; a split may be empty.

    Raises:
        DataError: as for ``load``.

    >>> sorted(load_all("sample"))
    ['all', 'few_shot', 'test', 'train']
    >>> parts = load_all("sample")
    >>> sum(len(parts[name].examples) for name in SPLITS) == len(parts["all"].examples)
    True
    """
    if source == "sample":
        return _divide(understand(read(_SAMPLE)), describe(source), source)
    name, _, revision = source.partition("@")
    path = Path(source).expanduser()
    if name != "express" and path.is_dir():
        return _divide(understand(read_folder(path, source)), _of_folder(path), source)
    if name != "express" and (path.exists() or path.suffix.lower() in SUFFIXES):
        records = list(read(path, source))
        kind = layout(records[0].values) if records else None
        return _divide(understand(records), _of_file(path, kind), source)
    if name != "express" and not ORG_NAME.fullmatch(name):
        raise DataError(
            f"there is no source '{source}'; give sample, express, the path of a file "
            "or folder, or the id of a Hub dataset (ORG/NAME)"
        )
    from .reading.hub import fetch

    commit, found = fetch(AUTHORS_REPO if name == "express" else name, revision or None)
    return _divide(understand(found), describe(source, commit), source)


def describe(source: str, revision: str | None = None) -> Origin:
    """Say what a source is, without reading it.

    Args:
        source: as for ``load``.
        revision: the commit it was read at, once that is known.

    Returns:
        Name, lexicon, version, description, citation and licence.

    >>> describe("sample").description.startswith("NOT the EXPRESS data")
    True
    >>> describe("express", "0123abcd").revision
    '0123abcd'
    """
    name = source.partition("@")[0]
    if source == "sample":
        return Origin(
            "express-sample",
            None,
            "nrc",
            "0.1.0",
            "NOT the EXPRESS data: a small sample in the same form, written for this project. "
            "Figures on it cannot be compared with those of the paper.",
            "",
            "apache-2.0",
            SAMPLE,
        )
    path = Path(source).expanduser()
    if name != "express" and path.is_dir():
        return _of_folder(path)
    if name != "express" and (path.exists() or path.suffix.lower() in SUFFIXES):
        return _of_file(path, None)
    repo = AUTHORS_REPO if name == "express" else name
    at = f"the Hub dataset {repo}" + (f" at revision {revision}" if revision else "")
    if name == "express":
        about = (
            f"EXPRESS: segments of Reddit posts with every self-disclosed emotion word masked. "
            f"This is {_SPOKEN_FOR}, from {at}."
        )
        return Origin(
            "express", revision, "express", "1.0.0", about, PAPER_CITATION, "apache-2.0", AUTHORS
        )
    about = f"NOT the authors' EXPRESS data: rows in its columns from {at}."
    return Origin(name, revision, "nrc", "0.0.0", about, "", "")


def _of_folder(path: Path) -> Origin:
    about = about_folder(path)
    name, citation = (str(about.get(key) or "") for key in ("name", "citeAs"))
    told = f"NOT the authors' EXPRESS data: rows of the folder {path.resolve().name}."
    return Origin(
        _short_name(name or path.resolve().name),
        None,
        "express" if citation == PAPER_CITATION else "nrc",
        str(about.get("version") or "0.0.0"),
        str(about.get("description") or told),
        citation,
        license_name(str(about.get("license") or "")),
        AUTHORS if citation == PAPER_CITATION else OTHER,
    )


def _short_name(text: str) -> str:
    # A signature is split at "|" and "@".
    return re.sub(r"[^\w.-]+", "-", text).strip("-") or "file"


def _of_file(path: Path, kind: str | None) -> Origin:
    if kind == "authors":
        about = f"EXPRESS segments in the columns of {_SPOKEN_FOR}, from the file {path.name}."
        return Origin(
            "express-csv", None, "express", "0.0.0", about, PAPER_CITATION, "apache-2.0", AUTHORS
        )
    about = f"NOT the authors' EXPRESS data: rows of the user's own file {path.name}."
    return Origin(_short_name(path.stem), None, "nrc", "0.0.0", about, "", "")


def _divide(rows: Iterable[Row], origin: Origin, source: str) -> dict[str, Loaded]:
    rows = list(rows)
    if not rows:
        raise DataError(f"{source}: there are no rows; give one row per example")
    notes: tuple[str, ...]
    if any(row.split for row in rows):
        placed, notes = _as_told(rows)
    else:
        placed, notes = _by_hash(rows)
    for note in notes:
        logger.warning("%s: %s", source, note)
    parts = {name: tuple(row.example for row, split in placed if split == name) for name in SPLITS}
    whole = fingerprint(example for name in SPLITS for example in parts[name])
    parts["all"] = tuple(row.example for row, _ in placed)
    return {
        name: Loaded(
            name=origin.name,
            revision=origin.revision,
            fingerprint=whole,
            lexicon=origin.lexicon,
            split=name,
            examples=examples,
            description=origin.description,
            citation=origin.citation,
            license=origin.license,
            notes=notes,
            version=origin.version,
            kind=origin.kind,
        )
        for name, examples in parts.items()
    }


_Placed = list[tuple[Row, str]]


def _by_hash(rows: list[Row]) -> tuple[_Placed, tuple[str, ...]]:
    splits = list(assign((row.example.post_id, row.example.text) for row in rows))
    placed = [(row, split) for row, split in zip(rows, splits, strict=True) if split]
    left_out = len(rows) - len(placed)
    if not left_out:
        return placed, ()
    return placed, (f"{left_out} rows left out, because their text stands in another split",)


def _as_told(rows: list[Row]) -> tuple[_Placed, tuple[str, ...]]:
    placed = []
    of_post: dict[str, set[str]] = {}
    of_text: dict[str, set[str]] = {}
    for row in rows:
        if not row.split:
            raise DataError(
                f"{row.where}: the split is empty, but other rows have one; "
                "write train, test or few_shot in every row or leave the column out"
            )
        placed.append((row, row.split))
        of_post.setdefault(row.example.post_id, set()).add(row.split)
        of_text.setdefault(normalised(row.example.text), set()).add(row.split)
    return placed, (*_astride("posts", of_post), *_astride("texts", of_text))


def _astride(what: str, places: Mapping[str, set[str]]) -> tuple[str, ...]:
    count = sum(len(splits) > 1 for splits in places.values())
    return (f"{count} {what} stand in more than one split of the file",) if count else ()
