"""Where rows come from: the sample, the Hub, the authors' CSV, a file of one's own."""

from __future__ import annotations

import csv
import io
import logging
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field, fields, replace
from itertools import chain
from pathlib import Path

from .errors import DataError
from .files import own_path, sha256, whole
from .hub_errors import ORG_NAME
from .known import FILES, UNKNOWN_FILE
from .licenses import license_name
from .progress import told
from .reading.columns import (
    LEAVE_OUT,
    REFUSE,
    LeftOut,
    Row,
    further_kinds,
    layout,
    of_kinds,
    understand,
)
from .reading.folders import about_folder, read_folder
from .reading.readers import Record, is_table, read
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
    """What is known of a source beside its rows."""

    name: str  # the short name that signatures carry
    revision: str | None  # commit of the Hub dataset
    lexicon: str  # what its labels are scored with, "nrc" or "express"
    version: str  # 0.0.0 for a user's own data
    description: str  # in plain words
    citation: str  # BibTeX, or empty
    license: str  # of the rows; empty where it is not known
    kind: str = OTHER


@dataclass(frozen=True, slots=True)
class Loaded:
    """The rows of one split, with all that a signature or a card says about them."""

    name: str  # short name of the data, such as `express` or `express-sample`
    revision: str | None  # commit of the Hub dataset
    fingerprint: str  # SHA-256 over id, text and labels of the whole data, split after split
    lexicon: str  # what the labels are scored with, "nrc" or "express"
    split: str  # train, test, few_shot or all
    examples: tuple[Example, ...]  # in file order
    description: str  # in plain words
    citation: str  # BibTeX, or empty
    license: str  # of the rows; empty where it is not known
    notes: tuple[str, ...]  # what a reader of the figures should know, such as rows left out
    version: str = "0.0.0"
    kind: str = OTHER
    left_out: tuple[LeftOut, ...] = ()  # rows of the whole data that cannot be examples
    further: Mapping[str, str] = field(default_factory=dict)  # kinds of the columns of one's own

    @property
    def data(self) -> str:
        """The data as a signature names it: ``name@`` and a revision or a fingerprint."""
        return f"{self.name}@{self.revision[:7] if self.revision else self.fingerprint[:8]}"


def load(source: str = "express", *, split: str = "test", misfits: str | None = None) -> Loaded:
    """Load one split of a source: train, test, few_shot or all; see `load_all`.

    >>> load("sample", split="all").data.startswith("express-sample@")
    True
    """
    if split not in (*SPLITS, "all"):
        raise DataError(f"there is no split '{split}'; choose train, test, few_shot or all")
    return filled(load_all(source, misfits)[split], source)


def filled(loaded: Loaded, source: str) -> Loaded:
    """The split as it is, refused where it is empty."""
    if not loaded.examples:
        raise DataError(
            f"{source}: no row is in the split '{loaded.split}'; choose another split, or all, "
            f"or divide it: {how_to_divide(source)}"
        )
    return loaded


def how_to_divide(source: str) -> str:
    """The command that gives a file without splits some; what it writes is read like any file."""
    return f"express dataset split {source} --out FILE.jsonl"


def load_all(
    source: str = "express", misfits: str | None = None, *, by_hash: bool = False
) -> dict[str, Loaded]:
    """Load every split of a source, and "all", reading it once; a split may be empty.

    Args:
        source: ``"sample"``, ``"express"`` or ``"express@REVISION"`` (the authors' Hub
            dataset), a path to the authors' CSV or to a CSV, JSONL or Parquet file in our
            columns, a folder that ``express dataset build`` or ``publish`` wrote, or a Hub
            dataset ``"ORG/NAME"`` or ``"ORG/NAME@REVISION"`` in our columns. What tells no
            split is the test split as a whole; only the authors' rows are divided by hash.
        misfits: ``"refuse"`` or ``"leave out"`` rows that cannot be examples (no mask, a number
            of labels that differs from the masks, an empty label, no list). By default those in
            the authors' columns are left out, counted and listed, and those in ours refused.
        by_hash: divide any rows that tell no split by the hash of their post.

    >>> sorted(load_all("sample"))
    ['all', 'few_shot', 'test', 'train']
    """
    if misfits not in (None, REFUSE, LEAVE_OUT):
        raise DataError(f"misfits={misfits!r}; choose '{REFUSE}', '{LEAVE_OUT}' or None")
    records, origin, files = _opened(source)
    left_out: list[LeftOut] = []
    rows = list(told(understand(records, left_out, misfits), f"reading {source}"))
    if not rows:
        if left_out:
            first = left_out[0]
            raise DataError(f"{first.where}: {first.told}; no other row can be an example either")
        raise DataError(f"{source}: there are no rows; give one row per example")
    hashed = by_hash or bool(files) or origin.kind != OTHER
    return _divide(rows, origin, source, left_out, _standing(files), hashed)


def misfits_asked(strict: bool, leave_out: bool) -> str | None:
    """What the options --strict and --leave-out-misfits come to."""
    if strict and leave_out:
        raise DataError("--strict and --leave-out-misfits ask for opposites; give one of them")
    return REFUSE if strict else LEAVE_OUT if leave_out else None


def _opened(source: str) -> tuple[Iterable[Record], Origin, Sequence[Path]]:
    """The records, what is known of them, and the files that are in the authors' columns."""
    if source == "sample":
        return read(_SAMPLE), describe(source), ()
    name, _, revision = source.partition("@")
    path = own_path(source)
    if name != "express" and path.is_dir():
        return read_folder(path, source), _of_folder(path), ()
    if name != "express" and (path.exists() or is_table(path)):
        records = read(path, source)
        first = next(records, None)
        kind = layout(first.values) if first else None
        found = chain([first], records) if first else ()
        return found, _of_file(path, kind), (path,) if kind == "authors" else ()
    if name != "express" and not ORG_NAME.fullmatch(name):
        raise DataError(
            f"there is no source '{source}'; give sample, express, the path of a file "
            "or folder, or the id of a Hub dataset (ORG/NAME)"
        )
    from .reading.hub import fetch

    fetched = fetch(AUTHORS_REPO if name == "express" else name, revision or None)
    return fetched.records, describe(source, fetched.commit), fetched.authors


def _standing(files: Sequence[Path]) -> tuple[str, ...]:
    """Whether the authors' files are ones that were published."""
    known = all(sha256(path) in FILES for path in files)
    return () if known else (f"the data is {UNKNOWN_FILE}",)


def describe(source: str, revision: str | None = None) -> Origin:
    """Say what a source is, without reading it; `revision` is the commit that was read.

    >>> describe("sample").description.startswith("NOT the EXPRESS data")
    True
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
    path = own_path(source)
    if name != "express" and path.is_dir():
        return _of_folder(path)
    if name != "express" and (path.exists() or is_table(path)):
        return _of_file(path, None)
    repo = AUTHORS_REPO if name == "express" else name
    at = f"the Hub dataset {repo}" + (f" at revision {revision}" if revision else "")
    if name == "express":
        about = (
            "EXPRESS: segments of Reddit posts with self-disclosed emotion words masked. "
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
    own = f"NOT the authors' EXPRESS data: rows of the folder {path.resolve().name}."
    return Origin(
        _short_name(name or path.resolve().name),
        None,
        "express" if citation == PAPER_CITATION else "nrc",
        str(about.get("version") or "0.0.0"),
        str(about.get("description") or own),
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


def _divide(
    rows: list[Row],
    origin: Origin,
    source: str,
    left_out: Sequence[LeftOut],
    standing: tuple[str, ...],
    hashed: bool,
) -> dict[str, Loaded]:
    further = further_kinds(row.example for row in rows)
    if further:
        rows = [
            replace(row, example=row.example.with_further(of_kinds(row.example, further)))
            for row in rows
        ]
    if any(row.split for row in rows):
        placed, moved = _as_told(rows)
    else:
        placed, moved = _by_hash(rows) if hashed else ([(row, "test") for row in rows], ())
    empty = [name for name in SPLITS if all(split != name for _, split in placed)]
    lacking = (f"no row is in the split {' or '.join(empty)}",) if empty else ()
    notes = (*standing, *_counted([row for row, _ in placed], left_out), *moved, *lacking)
    parts = {name: tuple(row.example for row, split in placed if split == name) for name in SPLITS}
    every = fingerprint(example for name in SPLITS for example in parts[name])
    parts["all"] = tuple(row.example for row, _ in placed)
    known = {one.name: getattr(origin, one.name) for one in fields(Origin)}
    found = {
        name: Loaded(
            **known,
            fingerprint=every,
            split=name,
            examples=examples,
            notes=notes,
            left_out=tuple(left_out),
            further=further,
        )
        for name, examples in parts.items()
    }
    where = _listed(left_out, found["all"].data) if left_out else ""
    if notes:
        logger.warning("%s: %s%s", source, "; ".join(notes), where)
    return found


def _counted(rows: list[Row], left_out: Sequence[LeftOut]) -> Iterator[str]:
    """What was done to the rows, and what is to be known of them."""
    if left_out:
        reasons = Counter(one.reason for one in left_out).most_common()
        why = ", ".join(f"{reason}: {count}" for reason, count in reasons)
        yield f"{len(left_out)} {_rows(left_out)} left out that cannot be examples ({why})"
    copies = Counter(Counter(row.example.text for row in rows).values())
    number = sum(times * count for times, count in copies.items() if times > 1)
    if number:
        yield f"{number} rows are exact copies of each other's text"
    replaced = sum(row.replaced for row in rows)
    if replaced:
        yield f"{replaced} halves of characters (broken emoji) replaced by U+FFFD"


def left_out_file(data: str) -> Path:
    """The list of the rows left out of some data: beside where `load_dataset` finds it."""
    from huggingface_hub.constants import HF_HOME

    # `datasets` reads its folder from the same variables, but takes a second to import.
    library = sys.modules.get("datasets")
    told = os.environ.get("HF_DATASETS_CACHE", Path(HF_HOME, "datasets"))
    cache = Path(library.config.HF_DATASETS_CACHE if library else told)
    return cache.expanduser() / f"express_left_out-{data.replace('/', '--')}.csv"


def _listed(left_out: Sequence[LeftOut], data: str) -> str:
    """Write the list, and say where it is."""
    file = left_out_file(data)
    lines = io.StringIO()
    table = csv.writer(lines, lineterminator="\n")
    table.writerow(("row", "reason", "what is wrong"))
    table.writerows(map(astuple, left_out))
    try:
        # Of many processes each would write the same.
        if not file.is_file() or file.read_text(encoding="utf-8") != lines.getvalue():
            file.parent.mkdir(parents=True, exist_ok=True)
            with whole(file) as unfinished:
                unfinished.write_text(lines.getvalue(), encoding="utf-8", newline="\n")
    except (OSError, UnicodeError) as error:
        return f"; their list cannot be written to {file} ({error})"
    return f"; listed in {file}"


def _rows(some: Sequence[object]) -> str:
    return "row" if len(some) == 1 else "rows"


_Placed = list[tuple[Row, str]]


def _by_hash(rows: list[Row]) -> tuple[_Placed, tuple[str, ...]]:
    from .near import near_copies  # numpy, which --help need not wait for

    texts = [normalised(row.example.text) for row in rows]
    posts = (row.example.post_id for row in rows)
    splits = list(assign(zip(posts, texts, strict=True), near_copies(texts)))
    placed = [(row, split) for row, split in zip(rows, splits, strict=True) if split]
    left_out = len(rows) - len(placed)
    if not left_out:
        return placed, ()
    return placed, (
        f"{left_out} rows left out, because their text or a near copy stands in another split",
    )


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
