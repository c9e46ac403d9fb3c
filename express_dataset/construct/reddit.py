"""Read Reddit dumps, and keep the posts that may tell of a feeling.

A dump is NDJSON (``.zst``, ``.gz`` or plain) or Parquet. Nothing in it can stop a build: a line
that cannot be read, a post that is of no use and a file that breaks off are counted by reason.
Each line is counted once, under the first reason of `REASONS` that holds.
"""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import compress
from pathlib import Path
from typing import Any

from ..errors import require
from .gate import Gate

SUFFIXES = (".zst", ".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz", ".parquet")
"""How the names of dumps end."""

LINE_LIMIT = 1_000_000
"""The longest line that is read, in bytes. A Reddit post has 40,000 characters at most, which is
far less than this, however they are escaped."""

REASONS: dict[str, str] = {
    "line-too-long": f"the line has {LINE_LIMIT:,} bytes or more",
    "not-utf8": "the line is not UTF-8",
    "not-json": "the line is not JSON",
    "not-an-object": "the line is JSON, but not an object",
    "not-self": "a link or an image, not a text post",
    "missing-field": "no id or no selftext, or they are null or not text",
    "removed": "removed by moderators or by Reddit",
    "deleted": "deleted by its author, or the author deleted the account",
    "empty": "the post has no text",
    "too-short": "fewer words than the least number asked for",
    "nothing-to-mask": "no self-disclosed feeling was found",
}
"""Why a line or a post is left out, in the order in which this is decided."""

PROBLEMS: dict[str, str] = {
    "empty-file": "the file is empty",
    "not-compressed": "this is not a {kind} file",
    "cut-off": "the {kind} file breaks off in the middle, as if a copy had not been finished",
    "corrupt": "the {kind} file is damaged part of the way through",
    "not-parquet": "this is not a Parquet file that can be read",
}
"""What can be wrong with a whole file; the posts before the break are kept."""

_KEPT = ("id", "selftext", "author", "subreddit", "created_utc", "over_18")
_FIELDS = (*_KEPT, "is_self", "removed_by_category")
_WINDOW = 2**31  # Dumps are written with zstd's --long=31; a decoder must allow it by name.
_ZSTD_STEP = 1 << 16  # Small, because a few bytes can stand for very many.
_STEP = 1 << 20
_ROWS = 512
_BATCH = 1 << 22  # Characters: the gate is slow to begin, and a batch stays in memory.


class BrokenFileError(Exception):
    """A file cannot be read further; the argument is a key of `PROBLEMS`."""


@dataclass(frozen=True, slots=True)
class Post:
    """A post that passed, as it stands in the dump."""

    id: str
    text: str
    author: str | None
    subreddit: str | None
    created_utc: int | None
    over_18: bool | None


@dataclass
class Dump:
    """One file, read once from its beginning to its end.

    Attributes:
        path: the file; the suffix tells its form.
        min_words: the fewest words of a post.
        protocol: the masking protocol, whose terms a post must hold.
        counts: lines, bytes and what was left out, complete once `posts` has ended.
        problem: a key of `PROBLEMS`, or None.
    """

    path: Path
    min_words: int = 50
    protocol: str = "express"
    counts: Counter[str] = field(default_factory=Counter)
    problem: str | None = None

    def posts(self) -> Iterator[Post]:
        """Read the posts that may hold something to mask."""
        gate = Gate(self.protocol)
        batch: list[dict[str, Any]] = []
        size = 0
        for record in self._records():
            reason = why_not(record, self.min_words)
            if reason:
                self.counts[reason] += 1
                continue
            # A record has a hundred fields, and a batch would be large with them all.
            batch.append({name: record.get(name) for name in _KEPT})
            size += len(record["selftext"])
            if size >= _BATCH:
                yield from self._passed(gate, batch)
                batch, size = [], 0
        yield from self._passed(gate, batch)

    def _passed(self, gate: Gate, batch: list[dict[str, Any]]) -> Iterator[Post]:
        passed = gate.may_match([record["selftext"] for record in batch])
        self.counts["nothing-to-mask"] += passed.count(False)
        return map(_post, compress(batch, passed))

    def _records(self) -> Iterator[dict[str, Any]]:
        reader = self._rows() if self.path.suffix == ".parquet" else self._objects()
        try:
            yield from reader
        except BrokenFileError as error:
            self.problem = str(error)

    def _rows(self) -> Iterator[dict[str, Any]]:
        arrow = require("pyarrow", "construct")
        parquet = require("pyarrow.parquet", "construct")
        if not self.path.stat().st_size:
            raise BrokenFileError("empty-file")
        try:
            with parquet.ParquetFile(self.path) as file:
                names = [name for name in _FIELDS if name in file.schema_arrow.names]
                for batch in file.iter_batches(batch_size=_ROWS, columns=names):
                    self.counts["bytes"] += batch.nbytes
                    self.counts["lines"] += batch.num_rows
                    yield from batch.to_pylist()
        except (arrow.ArrowException, OSError):
            raise BrokenFileError("corrupt" if self.counts["lines"] else "not-parquet") from None

    def _objects(self) -> Iterator[dict[str, Any]]:
        orjson = require("orjson", "construct")
        loads: Callable[[bytes], Any] = orjson.loads
        for line in lines(self._measured(chunks(self.path))):
            self.counts["lines"] += 1
            if line is None:
                self.counts["line-too-long"] += 1
                continue
            try:
                record = loads(line)
            except orjson.JSONDecodeError:
                self.counts[_unreadable(line)] += 1
                continue
            if isinstance(record, dict):
                yield record
            else:
                self.counts["not-an-object"] += 1

    def _measured(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.counts["bytes"] += len(piece)
            yield piece


def chunks(path: Path) -> Iterator[bytes]:
    """Read a file as it was before compression, piece by piece."""
    if not path.stat().st_size:
        raise BrokenFileError("empty-file")
    if path.suffix == ".zst":
        yield from _zst_chunks(path)
    elif path.suffix == ".gz":
        yield from _gz_chunks(path)
    else:
        with path.open("rb") as file:
            while piece := file.read(_STEP):
                yield piece


def _zst_chunks(path: Path) -> Iterator[bytes]:
    # Not stream_reader: it takes a file that was cut off for one that has ended.
    zstandard = require("zstandard", "construct")
    decoder = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
    frame, inside, some = decoder.decompressobj(), False, False
    with path.open("rb") as file:
        try:
            while piece := file.read(_ZSTD_STEP):
                while piece:
                    out = frame.decompress(piece)
                    piece, inside = frame.unused_data, not frame.eof
                    if frame.eof:
                        frame = decoder.decompressobj()
                    if out:
                        some = True
                        yield out
        except zstandard.ZstdError:
            raise BrokenFileError("corrupt" if some else "not-compressed") from None
    if inside:
        raise BrokenFileError("cut-off")


def _gz_chunks(path: Path) -> Iterator[bytes]:
    some = False
    try:
        with gzip.open(path, "rb") as file:
            while piece := file.read1(_STEP):
                some = True
                yield piece
    except EOFError:
        raise BrokenFileError("cut-off") from None
    except (zlib.error, gzip.BadGzipFile):
        raise BrokenFileError("corrupt" if some else "not-compressed") from None


def lines(pieces: Iterable[bytes]) -> Iterator[bytes | None]:
    r"""Put pieces of bytes together into lines.

    >>> list(lines([b'{"a"', b': 1}\n\n{}\r', b'\n[]']))
    [b'{"a": 1}', b'{}', b'[]']
    >>> list(lines([b"x" * 600_000, b"x" * 600_000, b"\n{}\n"]))
    [None, b'{}']
    """
    rest: list[bytes] = []
    size, first = 0, True
    for piece in pieces:
        parts = piece.split(b"\n")
        if first:
            parts[0], first = parts[0].removeprefix(b"\xef\xbb\xbf"), False
        for part in parts[:-1]:
            if rest:
                size += len(part)
                whole = None if size >= LINE_LIMIT else b"".join([*rest, part])
                rest, size = [], 0
            else:
                whole = None if len(part) >= LINE_LIMIT else part
            if whole is None or (not whole.isspace() and whole):
                yield whole if whole is None else whole.rstrip(b"\r")
        size += len(parts[-1])
        if size < LINE_LIMIT:
            rest.append(parts[-1])
        else:
            rest = [b""]  # Only its length counts now.
    if size >= LINE_LIMIT:
        yield None
    elif (whole := b"".join(rest)).strip():
        yield whole


def _unreadable(line: bytes) -> str:
    try:
        line.decode()
    except UnicodeDecodeError:
        return "not-utf8"
    return "not-json"


def why_not(record: Mapping[str, Any], min_words: int) -> str | None:
    """Say why a post is of no use.

    >>> why_not({"id": "a", "selftext": "[removed]", "is_self": True}, 1)
    'removed'
    >>> why_not({"id": "a", "selftext": "I feel sad."}, 3) is None
    True
    """
    if record.get("is_self") is False:
        return "not-self"
    text, name = record.get("selftext"), record.get("id")
    if not isinstance(text, str) or not (isinstance(name, str | int) and str(name)):
        return "missing-field"
    by = record.get("removed_by_category")
    # Such marks stand alone; a text that only begins so is somebody's own.
    mark = text[:60].strip().lower() if len(text) < 60 else ""
    if by not in (None, "", "deleted", "author") or mark.startswith(("[removed", "[ removed")):
        return "removed"
    if by or mark.startswith("[deleted") or record.get("author") == "[deleted]":
        return "deleted"
    if not text or text.isspace():
        return "empty"
    # Words beyond the least number need not be counted.
    if len(text.split(None, min_words)) < min_words:
        return "too-short"
    return None


def _post(record: Mapping[str, Any]) -> Post:
    author, subreddit, adult = (record.get(key) for key in ("author", "subreddit", "over_18"))
    return Post(
        id=str(record["id"]),
        text=record["selftext"],
        author=author if isinstance(author, str) and author else None,
        subreddit=subreddit if isinstance(subreddit, str) and subreddit else None,
        created_utc=_seconds(record.get("created_utc")),
        over_18=adult if isinstance(adult, bool) else None,
    )


def _seconds(value: object) -> int | None:
    """Dumps hold times as numbers, and older ones as text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        seconds = int(float(value))
    except (ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds < 2**40 else None
