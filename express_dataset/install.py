"""Put the data where ``load_dataset("express")`` finds it.

Where the Hub has no dataset of a bare name, or cannot be reached, the ``datasets`` library
takes the newest folder ``{HF_DATASETS_CACHE}/express/{config}/{version}/{hash}`` by its time
of change. It takes any folder at that depth, a half-written one too. So the data is built in a
folder beside ``express`` and moved in whole, with one rename, as the newest; only then is what
was there before moved out, the same way.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from types import MappingProxyType

from .errors import DataError
from .sources import Loaded, left_out_file, load_all
from .splits import SPLITS

NAME = "express"
"""The bare name that users load."""

_LAYOUT = "2"  # part of the hash: to be raised when the columns change


_SCRATCH = ".express-"


@dataclass(frozen=True, slots=True)
class InstalledDataset:
    """What was installed, and where."""

    path: Path  # the folder in the cache
    splits: Mapping[str, int]  # rows per split, without empty ones
    name: str  # of the data, as in signatures
    fingerprint: str  # SHA-256 of the data
    notes: tuple[str, ...] = ()  # what a reader of figures on it should know
    left_out: int = 0  # rows that cannot be examples
    left_out_file: Path | None = None  # their list


def install_dataset(source: str = "express", misfits: str | None = None) -> InstalledDataset:
    """Prepare a source so that ``load_dataset("express")`` loads it from any folder.

    The earlier data, if any, stays loadable until the new is in place. Installing what is
    installed already only makes sure that nothing else is.
    """
    import datasets
    from datasets.exceptions import DatasetGenerationError
    from filelock import FileLock

    loaded = load_all(source, misfits)
    cache = Path(datasets.config.HF_DATASETS_CACHE).expanduser()
    home = cache / NAME
    target = home / "default" / loaded["all"].version / _hash(loaded)
    # A split without rows is left out: the library could not load it.
    counts = {name: len(loaded[name].examples) for name in SPLITS if loaded[name].examples}
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / f"{NAME}_install.lock"):
            _sweep(cache)
            with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=cache) as scratch:
                if not _is_whole(target, counts):
                    built = _build(source, loaded, Path(scratch) / "built", target.name)
                    _move_in(built, target, Path(scratch))
                # Whatever else is there was changed earlier than this.
                os.utime(target)
                _move_out_others(home, target, Path(scratch))
    except (OSError, DatasetGenerationError) as error:
        raise DataError(
            f"the dataset cannot be written to {cache}: {_reason(error)}, or set HF_HOME to "
            "another folder, and install again"
        ) from error
    whole = loaded["all"]
    return InstalledDataset(
        target,
        MappingProxyType(counts),
        whole.name,
        whole.fingerprint,
        whole.notes,
        len(whole.left_out),
        left_out_file(whole.data) if whole.left_out else None,
    )


def _hash(loaded: Mapping[str, Loaded]) -> str:
    """Name the folder after everything in it."""
    whole = loaded["all"]
    digest = hashlib.sha256()
    about = [_LAYOUT, whole.name, whole.version, whole.revision, whole.description, whole.notes]
    digest.update(json.dumps([*about, whole.citation, whole.license]).encode())
    for name in SPLITS:
        for example in loaded[name].examples:
            digest.update(json.dumps([name, *astuple(example)]).encode())
    return digest.hexdigest()


def _build(source: str, loaded: dict[str, Loaded], cache: Path, name: str) -> Path:
    from datasets.utils.logging import (
        disable_progress_bar,
        enable_progress_bar,
        is_progress_bar_enabled,
    )

    from .express import Express

    builder = Express(source=source, hash=name, cache_dir=str(cache))
    builder.use(loaded)
    shown = is_progress_bar_enabled()
    disable_progress_bar()
    try:
        builder.download_and_prepare()
    finally:
        if shown:
            enable_progress_bar()
    return Path(builder.cache_dir)


def _is_whole(target: Path, counts: Mapping[str, int]) -> bool:
    """Whether the folder has a readable info with the same rows, and all its data files."""
    try:
        info = json.loads((target / "dataset_info.json").read_text(encoding="utf-8"))
        rows = {name: split["num_examples"] for name, split in info["splits"].items()}
        sizes = [(target / f"{NAME}-{name}.arrow").stat().st_size for name in counts]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False
    return rows == dict(counts) and all(sizes)


def _move_in(built: Path, target: Path, scratch: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        target.rename(scratch / "broken")
    os.utime(built)
    built.rename(target)


def _move_out_others(home: Path, target: Path, scratch: Path) -> None:
    for config in home.iterdir():
        for version in config.iterdir() if config.is_dir() else ():
            for folder in version.iterdir() if version.is_dir() else ():
                if folder != target and folder.is_dir():
                    folder.rename(Path(tempfile.mkdtemp(dir=scratch)) / "old")
            if version != target.parent:
                shutil.rmtree(version, ignore_errors=True)
        if config != target.parent.parent and config.is_dir():
            shutil.rmtree(config, ignore_errors=True)


def _sweep(cache: Path) -> None:
    """Remove what an installation that was killed left behind."""
    for left in cache.glob(f"{_SCRATCH}*"):
        shutil.rmtree(left, ignore_errors=True)


def _reason(error: BaseException) -> str:
    """Find the system's own error, which the datasets library wraps in others."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno is not None:
            if cause.errno in (errno.ENOSPC, errno.EDQUOT):
                return "the disk is full; free some space"
            return f"{cause.strerror}; make sure that there is room and that you may write there"
        cause = cause.__cause__ or cause.__context__
    return f"{error}; make sure that there is room and that you may write there"
