"""What is asked of a build, and what it must not change between two starts."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

from ..errors import DataError
from ..files import read_json, read_text, sha256
from ..reading.typed import Malformed, read
from .forms import SUFFIXES, why_no_dump
from .masking import MODELS, pipeline_version
from .segment import LIMIT, SMALLEST
from .terms import DEFAULT_PROTOCOL, EXPRESS_2025, check_protocol, terms
from .tokens import DEFAULT_TOKENIZER, fingerprint, load_tokenizer

WORK = ".build"
"""The folder in OUT that holds what is not finished."""

EXECUTORS = ("local", "slurm", "ray")
"""Where datatrove runs the tasks."""

NEAR_DUPLICATES = ("group", "drop")
"""What happens to near-duplicates: they share a split, or only the first is kept."""

MIN_WORDS = {DEFAULT_PROTOCOL: 50, EXPRESS_2025: 20}
"""The fewest words of a post where nothing is said; the published posts begin at 20."""

PACKAGES = ("express-benchmark", "datatrove", "pyarrow", "spacy", "tokenizers", "zstandard")
"""The packages whose versions can change what comes out."""

_KEY = re.compile(r"[0-9a-f]{64}")


def default_key() -> Path:
    """Where the key of the pseudonyms is kept if nothing else is said."""
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base).expanduser() / "express" / "construct.key"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildConfig:
    """One build."""

    dumps: tuple[Path, ...]  # files, or folders of files
    out: Path  # the folder to write; nothing else may be in it
    # posts with fewer words are dropped; by default 50, in `express-2025` 20
    min_words: int | None = None
    title: bool = True  # whether a post's title belongs to its text
    # write each post whole instead of its segments; all else stays the same
    whole_posts: bool = False
    protocol: str = DEFAULT_PROTOCOL  # the masking protocol, `express` or `express-2025`
    # Hub id with optional `@revision`, folder, or `words`; RoBERTa's, pinned
    tokenizer: str = DEFAULT_TOKENIZER
    max_tokens: int = LIMIT  # the most tokens of a segment, two special ones included
    near_duplicates: str = "group"  # `group` or `drop`
    # the file of the pseudonyms' key; made if it is absent; never inside `out`
    key: Path = field(default_factory=default_key)
    workers: int = 1  # how many tasks run at a time; it changes nothing in the result
    executor: str = "local"  # `local`, `slurm` or `ray`
    # further settings of datatrove's executor, such as `partition`
    executor_options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_protocol(self.protocol)
        limits = (self.workers, 1), (self.least_words, 1), (self.max_tokens, SMALLEST)
        for name, (given, least) in zip(
            ("workers", "min_words", "max_tokens"), limits, strict=True
        ):
            if given < least:
                raise DataError(f"{name} is {given}; give {least} or more")
        for name, known in (("executor", EXECUTORS), ("near_duplicates", NEAR_DUPLICATES)):
            if getattr(self, name) not in known:
                raise DataError(
                    f"there is no {name} '{getattr(self, name)}'; give {' or '.join(known)}"
                )
        if self.executor == "slurm" and not {"partition", "time"} <= set(self.executor_options):
            raise DataError("Slurm needs the executor options partition and time (as 12:00:00)")

    @property
    def least_words(self) -> int:
        """The fewest words of a post."""
        return MIN_WORDS[self.protocol] if self.min_words is None else self.min_words


@dataclass(frozen=True, slots=True)
class Found:
    """What was found: dumps by name, in order of name, and why other files are passed over."""

    dumps: dict[str, Path]
    passed_over: dict[str, str]


def find_dumps(given: Iterable[Path], out: Path | None = None) -> Found:
    """Find the dumps, in an order that does not depend on how they were given.

    Folders are looked through with all that is in them, apart from `out`. A dump in a folder
    within is named by its way there ("2020/posts.zst").
    """
    names: dict[Path, str] = {}
    others: dict[str, str] = {}
    for path in given:
        if path.is_dir():
            inside = {}
            for file in _files(path, out, others):
                name = file.relative_to(path).as_posix()
                if why := _why_not(file):
                    others[name] = why
                else:
                    inside[file] = name
            if not inside:
                raise DataError(f"{path}: the folder holds no dump; {_EXPECTED}")
        elif not path.exists():
            raise DataError(f"{path}: there is no such file or folder")
        elif why := _why_not(path):
            raise DataError(f"{path}: not a dump, because {why}; {_EXPECTED}")
        else:
            inside = {path: path.name}
        for file, name in inside.items():
            known = names.setdefault(file.resolve(), name)
            names[file.resolve()] = min(known, name, key=lambda one: (len(one), one))
    if not names:
        raise DataError("no dump was given; name at least one file")
    dumps = sorted(names.items(), key=lambda item: item[1])
    for (one, name), (other, same) in pairwise(dumps):
        if name == same:
            raise DataError(f"{one} and {other} have the same name; rename one of them")
    return Found({name: path for path, name in dumps}, dict(sorted(others.items())))


_EXPECTED = f"expected {', '.join(SUFFIXES)}, or any file of one JSON object a line, packed or not"


def _files(folder: Path, out: Path | None, closed: dict[str, str]) -> Iterator[Path]:
    """All files below a folder but those a build writes; folders that are `closed` are told."""

    def tell(error: OSError) -> None:
        name = Path(error.filename).relative_to(folder).as_posix()
        closed[name] = f"the folder cannot be read ({error.strerror})"

    for place, folders, files in os.walk(folder, onerror=tell):
        folders[:] = [
            one for one in folders if out is None or os.path.realpath(f"{place}/{one}") != str(out)
        ]
        yield from (Path(place) / name for name in files)


def _why_not(path: Path) -> str | None:
    with contextlib.suppress(OSError):  # a link to where nobody may look
        if path.is_file():
            return why_no_dump(path)
    return "it is no file that can be read"


def load_key(path: Path) -> bytes:
    """Read the key of the pseudonyms."""
    try:
        text = read_text(path).strip()
    except FileNotFoundError:
        raise DataError(f"{path}: the key file is gone; put it back to go on") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: the key file cannot be read ({error})") from None
    if not _KEY.fullmatch(text):
        raise DataError(
            f"{path}: not a key; expected 64 hexadecimal digits (remove the file for a new one)"
        )
    return bytes.fromhex(text)


def ensure_key(path: Path, out: Path) -> bytes:
    """Read the key, or make one that only the user can read."""
    if path.resolve().is_relative_to(out.resolve()):
        raise DataError(f"{path}: the key must not lie in {out}, which is to be published")
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # A name of its own first, so that no second build can read half a key.
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(secrets.token_hex(32) + "\n")
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return load_key(path)


def settings(config: BuildConfig, key: bytes) -> dict[str, Any]:
    """Everything that decides what comes out, apart from the dumps."""
    words = "\n".join(sorted(terms(config.protocol)))
    return {
        "min_words": config.least_words,
        "title": config.title,
        "whole_posts": config.whole_posts,
        "protocol": config.protocol,
        "tokenizer": config.tokenizer if not Path(config.tokenizer).is_dir() else "a folder",
        "tokenizer_sha256": fingerprint(load_tokenizer(config.tokenizer)),
        "max_tokens": config.max_tokens,
        "near_duplicates": config.near_duplicates,
        "key_check": hmac.new(key, b"express/key-check", hashlib.sha256).hexdigest()[:16],
        "terms_sha256": hashlib.sha256(words.encode()).hexdigest(),
        "model": _model(),
        "packages": {name: _version(name) for name in PACKAGES},
    }


def inputs(dumps: Mapping[str, Path], known: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What tells whether the dumps are still the same."""
    told = {}
    for name, path in dumps.items():
        stat = path.stat()
        seen = known.get(name, {})
        if seen.get("bytes") == stat.st_size and seen.get("changed") == stat.st_mtime_ns:
            told[name] = dict(seen)
            continue
        told[name] = {"bytes": stat.st_size, "changed": stat.st_mtime_ns, "sha256": sha256(path)}
    return told


@dataclass(frozen=True, slots=True)
class _State:
    """What a build relies on in what it wrote about itself when it began."""

    settings: dict[str, Any]
    inputs: dict[str, dict[str, Any]]


def read_state(path: Path, shape: type = _State) -> dict[str, Any]:
    """Read what a build wrote about itself; it has at least the fields of `shape`."""
    mend = "move the folder away and build again"
    content = read_json(path, mend)
    try:
        read(shape, {one.name: content.get(one.name) for one in fields(shape)})
    except Malformed as error:
        raise DataError(f"{path}: {error}: {mend}") from None
    return content


def differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Name what differs between two starts.

    >>> differences({"settings": {"a": 1}, "inputs": {}}, {"settings": {"a": 2}, "inputs": {}})
    ['a was 1 and is 2']
    >>> differences({"settings": {}, "inputs": {"x": {"sha256": "0"}}}, {"inputs": {}})
    ['the dump x was there and is not']
    """
    found = []
    old, new = then.get("settings", {}), now.get("settings", {})
    for name in sorted(set(old) | set(new)):
        if old.get(name) != new.get(name):
            found.append(f"{name} was {old.get(name)} and is {new.get(name)}")
    before, after = then.get("inputs", {}), now.get("inputs", {})
    for name in sorted(set(before) | set(after)):
        if name not in after:
            found.append(f"the dump {name} was there and is not")
        elif name not in before:
            found.append(f"the dump {name} is new")
        elif before[name].get("sha256") != after[name]["sha256"]:
            found.append(f"the dump {name} has other content")
    return found


def _model() -> str:
    """The spaCy pipeline that will be loaded, told without the seconds that loading takes."""
    for name in MODELS:
        if find_spec(name) and _version(name):
            return f"{name} {_version(name)}"
    return pipeline_version()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
