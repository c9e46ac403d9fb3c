"""Rows of a Hub dataset, at a revision that is resolved and recorded."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import cast

from ..errors import DataError
from ..splits import SPLITS
from .columns import AUTHORS, OURS, layout
from .readers import SUFFIXES, Record, is_table, read

OTHERWISE = "give a file of your own, or the embedded sample (sample), instead"
"""What every message about the Hub ends with; the option for it differs among the commands."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A dataset of the Hub."""

    commit: str
    records: Iterator[Record]
    authors: tuple[Path, ...] = ()  # its files in the authors' columns


def fetch(repo: str, revision: str | None) -> Fetched:
    """Download a dataset, or take it from the cache where the Hub cannot be reached.

    The files are found by their columns, not by their names. The authors' files are joined,
    and a row that stands in an earlier file already is dropped. Data in our columns is left
    to ``datasets``, which reads the configs of its card.

    Raises:
        DataError: not found, gated, not reachable, or no file in known columns.

    >>> fetch("a b/c", None)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    express_dataset.errors.DataError: the Hub dataset a b/c: this is no name of a dataset...
    """
    folder = _download(repo, revision)
    files = sorted(path for path in folder.rglob("*") if is_table(path))
    found: dict[str, list[tuple[Path, str]]] = {"authors": [], "ours": []}
    for path in files:
        shown = f"{repo}/{path.relative_to(folder).as_posix()}"
        kind = layout(_columns(path, shown))
        if kind:
            found[kind].append((path, shown))
    if found["authors"]:
        paths = tuple(path for path, _ in found["authors"])
        return Fetched(folder.name, _joined(found["authors"]), paths)
    if found["ours"]:
        return Fetched(folder.name, _by_config(folder, repo))
    raise DataError(
        f"the Hub dataset {repo} at {folder.name[:7]}: none of its {len(files)} CSV, JSONL and "
        f"Parquet files has the columns {', '.join(OURS)} or {', '.join(AUTHORS)}; {OTHERWISE}"
    )


def _columns(path: Path, shown: str) -> list[str]:
    if path.suffix.lower() == ".parquet":
        from pyarrow import ArrowException, parquet

        try:
            return list(parquet.read_schema(path).names)
        except (ArrowException, OSError):
            return list(next(read(path, shown)).values)
    first = next(read(path, shown), None)
    return list(first.values) if first else []


def _joined(files: list[tuple[Path, str]]) -> Iterator[Record]:
    """All rows of the files; what an earlier file has is not taken again."""
    known: set[tuple[str, ...]] = set()
    for path, shown in files:
        new = set()
        for record in read(path, shown):
            key = tuple(str(record.values.get(column)) for column in AUTHORS)
            if key not in known:
                new.add(key)
                yield record
        # Only now: a file may hold the same row twice, as a repost does.
        known |= new


def _by_config(folder: Path, repo: str) -> Iterator[Record]:
    from datasets import load_dataset
    from datasets.exceptions import DatasetsError

    try:
        splits = load_dataset(str(folder))
    except (DatasetsError, ValueError, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise DataError(
            f"the Hub dataset {repo}: the datasets library cannot load it ({reason}); {OTHERWISE}"
        ) from None
    names = list(splits)
    unknown = [name for name in names if name not in SPLITS]
    if unknown:
        raise DataError(
            f"the Hub dataset {repo}: it has the split '{unknown[0]}'; "
            f"name its splits train, test and few_shot, or {OTHERWISE}"
        )
    # "train" is what the datasets library calls data that nobody has split.
    told = names != ["train"]
    return chain.from_iterable(_of_split(splits[name], name, repo, told) for name in names)


def _of_split(rows: object, name: str, repo: str, told: bool) -> Iterator[Record]:
    from datasets import Dataset

    if not isinstance(rows, Dataset):
        raise TypeError(f"expected a datasets.Dataset, found {type(rows).__name__}")
    for number, row in enumerate(rows, 1):
        values = dict(row) | ({"split": name} if told else {})
        yield Record(f"{repo}, split {name}, row {number}", values)


def _download(repo: str, revision: str | None) -> Path:
    """The folder of a whole snapshot; its name is the commit."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    name = f"the Hub dataset {repo}"
    # What HfHubHTTPError is made of: any failure of the transport, and any of the disk.
    failures = cast(tuple[type[Exception], ...], HfHubHTTPError.__bases__)
    wanted = [f"*{suffix}" for suffix in SUFFIXES]
    try:
        folder = snapshot_download(
            repo, repo_type="dataset", revision=revision, allow_patterns=[*wanted, "README.md"]
        )
    except HFValidationError:
        reason = "this is no name of a dataset on the Hub; write ORG/NAME"
    except GatedRepoError:
        reason = (
            "it is gated; ask for access on its page and log in with `hf auth login`, "
            "then try again"
        )
    except RepositoryNotFoundError:
        reason = "it does not exist, or is private and you are not logged in (`hf auth login`)"
    except RevisionNotFoundError:
        reason = f"it has no revision '{revision}'; give a branch, a tag or a commit of it"
    except LocalEntryNotFoundError:
        reason = "the Hub cannot be reached and no whole copy is in the cache; go online"
    except failures as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            reason = "the disk is full; free some space and try again"
        else:
            reason = f"the download failed ({type(error).__name__}); try again later"
    else:
        return Path(folder)
    raise DataError(f"{name}: {reason}, or {OTHERWISE}")
