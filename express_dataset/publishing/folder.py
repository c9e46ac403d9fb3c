"""Write a dataset as the folder that the Hub and ``load_dataset`` take."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DataError, require
from ..files import own_path, sha256
from ..licenses import UNKNOWN
from ..parquet import Shards
from ..reading.folders import BUILD, CROISSANT
from ..schema import features
from ..sources import Loaded
from ..splits import SPLITS
from .about import About, about
from .croissant import File, croissant, validate
from .evaluation import CONFIG, EVAL, Evaluation, configuration, write_evaluation
from .statistics import refuse_unfit, statistics

CARD = "README.md"
"""The dataset card."""

DATA = "data"
"""The folder of the Parquet files."""

_OURS = {CARD, CROISSANT, BUILD, DATA, CONFIG, EVAL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a dataset card is rendered from."""

    about: About  # what a reader must be told beside figures
    statistics: Mapping[str, Any]  # what `statistics` returned
    name: str
    version: str
    description: str
    citation: str
    license: str  # may be "unknown"
    # For the card's header, as the Hub wants them; the data's own configuration is the first.
    configs: list[dict[str, Any]]
    dataset_info: list[dict[str, Any]]
    repo: str | None  # the dataset's name on the Hub


@dataclass(frozen=True, slots=True)
class Published:
    """A folder that was written."""

    folder: Path
    rows: dict[str, int]  # of each split that has any
    files: tuple[str, ...]  # paths in it, in alphabetic order
    license: str  # the one that its card names
    strangers: dict[str, int]  # labels not in the list of terms, and how often each occurs


def write_folder(
    parts: Mapping[str, Loaded],
    source: str,
    out: Path,
    card: Callable[[Facts], str],
    *,
    license: str | None = None,  # noqa: A002
    repo: str | None = None,
    evaluation: Evaluation | None = None,
) -> Published:
    """Write Parquet, card and Croissant; the same bytes for the same data."""
    require("mlcroissant", "publish")  # said before any work is done
    found, told = statistics(parts), license or parts["all"].license or UNKNOWN
    refuse_unfit(found, source)
    _refuse_occupied(out, source)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        beside = out.parent.resolve()  # Arrow takes `https:/...` for an address
        with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=beside) as scratch:
            staged = Path(scratch, "new")
            rows = _write_data(parts, staged / DATA)
            files = [_file(path, staged) for path in sorted((staged / DATA).iterdir())]
            info = [_dataset_info(parts, rows, files)]
            if evaluation:
                info.append(write_evaluation(evaluation, staged))
            facts = _facts(parts["all"], source, found, info, told, repo)
            _describe(facts, files, card, staged, parts["all"].further)
            report = own_path(source) / BUILD
            if report.is_file():
                shutil.copyfile(report, staged / BUILD)
            _move_in(staged, out, Path(scratch))
    except OSError as error:
        raise DataError(
            f"{out}: the folder cannot be written ({error.strerror}); make sure that there is "
            "room and that you may write there"
        ) from error
    names = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    return Published(out, rows, tuple(names), told, found["labels_not_in_term_list"])


def _facts(
    whole: Loaded,
    source: str,
    found: Mapping[str, Any],
    info: list[dict[str, Any]],
    told: str,
    repo: str | None,
) -> Facts:
    return Facts(
        about=about(whole, source),
        statistics=found,
        name=whole.name,
        version=whole.version,
        description=whole.description,
        citation=whole.citation,
        license=told,
        configs=[
            _configuration([split["name"] for split in info[0]["splits"]]),
            *([configuration()] if len(info) > 1 else []),
        ],
        dataset_info=info,
        repo=repo,
    )


def _describe(
    facts: Facts,
    files: list[File],
    card: Callable[[Facts], str],
    folder: Path,
    further: Mapping[str, str],
) -> None:
    """Write the card and the Croissant file."""
    (folder / CARD).write_text(card(facts), encoding="utf-8", newline="\n")
    names = ("name", "version", "description", "citation", "license")
    described = {name: str(getattr(facts, name)) for name in names}
    url = f"https://huggingface.co/datasets/{facts.repo}" if facts.repo else None
    text = croissant(facts.about, described, files, url, further)
    (folder / CROISSANT).write_text(text, encoding="utf-8", newline="\n")
    validate(folder / CROISSANT)


def _refuse_occupied(out: Path, source: str) -> None:
    if own_path(source).exists() and out.resolve() == own_path(source).resolve():
        raise DataError(f"{out} is the data itself; give another folder with --out")
    if out.is_file():
        raise DataError(f"{out} is a file; give a folder with --out")
    if not out.is_dir():
        return
    there = {path.name for path in out.iterdir()}
    if there and not (CROISSANT in there and there <= _OURS):
        raise DataError(
            f"{out} is not empty and was not written by `express dataset publish`; "
            "give another folder with --out"
        )


def _write_data(parts: Mapping[str, Loaded], folder: Path) -> dict[str, int]:
    rows = {name: len(parts[name].examples) for name in SPLITS}
    shards = Shards(folder, Counter(rows), parts["all"].further)
    for name in SPLITS:
        for example in parts[name].examples:
            shards.add(name, example)
    shards.close()
    return {name: count for name, count in rows.items() if count}


def _file(path: Path, folder: Path) -> File:
    return File(path.relative_to(folder).as_posix(), path.stat().st_size, sha256(path))


def _configuration(names: list[str]) -> dict[str, Any]:
    files = [{"split": name, "path": f"{DATA}/{name}-*.parquet"} for name in names]
    return {"config_name": "default", "default": True, "data_files": files}


def _dataset_info(
    parts: Mapping[str, Loaded], rows: Mapping[str, int], files: list[File]
) -> dict[str, Any]:
    columns = []
    for name, kind in features(parts["all"].further).items():
        inner = getattr(kind, "feature", None)
        columns.append(
            {"name": name, "list": inner.dtype} if inner else {"name": name, "dtype": kind.dtype}
        )
    sizes = {name: sum(len(row.text.encode()) for row in parts[name].examples) for name in rows}
    return {
        "config_name": "default",
        "features": columns,
        "splits": [
            {"name": name, "num_bytes": sizes[name], "num_examples": count}
            for name, count in rows.items()
        ],
        "download_size": sum(file.size for file in files),
        "dataset_size": sum(sizes.values()),
    }


def _move_in(staged: Path, out: Path, scratch: Path) -> None:
    if out.is_dir():
        out.rename(scratch / "old")
    staged.rename(out)
