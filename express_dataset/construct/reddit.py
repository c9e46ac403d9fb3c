"""Read Reddit dumps, and keep the posts that may tell of a feeling.

A dump is NDJSON, packed or plain, or Parquet (`forms`). Nothing in it can stop a build: a line
that cannot be read, a post that is of no use and a file that breaks off are counted by reason.
Each line is counted once, under the first reason of `REASONS` that holds. The first is decided
without decoding the line, and so for nearly all of them.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import compress
from pathlib import Path
from typing import Any

from express_metric.errors import without_halves

from ..errors import require
from .forms import LINE_LIMIT, BrokenFileError, blocks, chunks, form, lines, whole_lines
from .gate import Gate, LineGate

REASONS: dict[str, str] = {
    "line-too-long": f"the line has {LINE_LIMIT:,} bytes or more",
    "no-feeling": "an object without a word of a feeling; nothing else of it was read",
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

GAPS: dict[str, str] = {
    "odd-created_utc": "created_utc is no time that is understood",
    "odd-over_18": "over_18 is neither true nor false",
}
"""What is missing in posts that are kept, because what stands there is not understood."""

_STRINGS = ("author", "subreddit")
_KEPT = ("id", "selftext", *_STRINGS, "created_utc", "over_18")
_FIELDS = (*_KEPT, "title", "is_self", "removed_by_category")
_YES, _NO = ("true", "1"), ("false", "0")
_ROWS = 512
_GROUP_LIMIT = 1 << 30
_BATCH = 1 << 22  # Characters: the gate is slow to begin, and a batch stays in memory.
_SECONDS = 1e11  # The year 5138; what is greater counts in milli-, micro- or nanoseconds.


@dataclass(frozen=True, slots=True)
class Post:
    """A post that passed; `text` is its title, then its body, as they stand in the dump."""

    id: str
    text: str
    author: str | None
    subreddit: str | None
    created_utc: int | None
    over_18: bool | None


@dataclass
class Dump:
    """One file, read once from its beginning to its end."""

    path: Path  # the file
    min_words: int = 50  # the fewest words of a post
    protocol: str = "express"  # the masking protocol, whose terms a post must hold
    title: bool = True  # whether the title belongs to the text
    # whether lines that cannot hold a feeling are left undecoded; the posts are the same
    skim: bool = True
    # lines, bytes and what was left out, complete once `posts` has ended
    counts: Counter[str] = field(default_factory=Counter)
    problem: str | None = None  # a key of `PROBLEMS`, or None

    def posts(self) -> Iterator[Post]:
        """Read the posts that may hold something to mask, in the order of the file."""
        gate = Gate(self.protocol)
        batch: list[dict[str, Any]] = []
        size = 0
        for record in self._records():
            reason = why_not(record, self.min_words, self.title)
            if reason:
                self.counts[reason] += 1
                continue
            # A record has a hundred fields, and a batch would be large with them all.
            kept: dict[str, Any] = {name: record.get(name) for name in _KEPT}
            if self.title:
                kept["selftext"] = whole_text(record)
            batch.append(kept)
            size += len(kept["selftext"])
            if size >= _BATCH:
                yield from self._passed(gate, batch)
                batch, size = [], 0
        yield from self._passed(gate, batch)

    def _passed(self, gate: Gate, batch: list[dict[str, Any]]) -> Iterator[Post]:
        passed = gate.may_match([record["selftext"] for record in batch])
        self.counts["nothing-to-mask"] += passed.count(False)
        return map(self._post, compress(batch, passed))

    def _records(self) -> Iterator[dict[str, Any]]:
        reader = self._objects
        try:
            if self.path.stat().st_size and form(self.path) == "parquet":
                reader = self._rows
            yield from reader()
        except BrokenFileError as error:
            self.problem = str(error)

    def _rows(self) -> Iterator[dict[str, Any]]:
        arrow = require("pyarrow", "construct")
        parquet = require("pyarrow.parquet", "construct")
        try:
            with parquet.ParquetFile(self.path) as file:
                names = [name for name in _FIELDS if name in file.schema_arrow.names]
            with parquet.ParquetFile(self.path, read_dictionary=_packed(file, names)) as file:
                for batch in file.iter_batches(batch_size=_ROWS, columns=names):
                    self.counts["bytes"] += batch.nbytes
                    self.counts["lines"] += batch.num_rows
                    columns = [_values(arrow, column) for column in batch.columns]
                    for row in zip(*columns, strict=True):
                        if _TOO_LONG in row:
                            self.counts["line-too-long"] += 1
                        else:
                            yield dict(zip(names, row, strict=True))
        except (arrow.ArrowException, OSError, ValueError):
            raise BrokenFileError("corrupt" if self.counts["lines"] else "not-parquet") from None

    def _objects(self) -> Iterator[dict[str, Any]]:
        for line in self._lines():
            self.counts["lines"] += 1
            if line is None:
                self.counts["line-too-long"] += 1
                continue
            record = _decoded(line)
            if isinstance(record, dict):
                yield record
            else:
                self.counts[record if isinstance(record, str) else "not-an-object"] += 1

    def _lines(self) -> Iterator[bytes | None]:
        pieces = self._measured(chunks(self.path))
        if not self.skim:
            yield from lines(pieces)
            return
        gate = LineGate(self.protocol)
        for block in blocks(pieces):
            read, others = gate.split(block)
            self.counts["lines"] += others
            self.counts["no-feeling"] += others
            yield from whole_lines(read)

    def _measured(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.counts["bytes"] += len(piece)
            yield piece

    def _post(self, record: Mapping[str, Any]) -> Post:
        author, subreddit = (_string(record[name]) for name in _STRINGS)
        time, adult = _seconds(record["created_utc"]), _flag(record["over_18"])
        self.counts["odd-created_utc"] += time is None and record["created_utc"] is not None
        self.counts["odd-over_18"] += adult is None and record["over_18"] is not None
        return Post(
            id=without_halves(str(record["id"])),
            text=without_halves(record["selftext"]),
            author=author,
            subreddit=subreddit,
            created_utc=time,
            over_18=adult,
        )


_TOO_LONG = object()


def _decoded(line: bytes) -> object:
    """The content of a line, or the reason of `REASONS` for which there is none.

    What orjson refuses though it is harmless is read by the standard library: half of an emoji,
    ``NaN``, which counts as nothing, and numbers without end.
    """
    orjson = require("orjson", "construct")
    try:
        content = orjson.loads(line)
    except orjson.JSONDecodeError:
        try:
            content = json.loads(line.decode(), parse_int=_integer)
        except UnicodeDecodeError:
            return "not-utf8"
        except (ValueError, RecursionError):
            return "not-json"
        if isinstance(content, dict):
            return {name: None if value != value else value for name, value in content.items()}
    return None if isinstance(content, str) else content


def _integer(digits: str) -> int | float:
    """Beyond 18 digits as orjson has it: close by. Python refuses those of 5,000 digits."""
    return int(digits) if len(digits) < 19 else float(digits)


def _packed(file: Any, names: list[str]) -> list[str]:
    """The columns of a Parquet file that are best left packed: a few values for many rows."""
    found = set(names)
    for number in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(number)
        size = 0
        for place in range(group.num_columns):
            column = group.column(place)
            if column.path_in_schema in names:
                size += column.total_uncompressed_size
                kinds = set(column.encodings)
                if column.physical_type != "BYTE_ARRAY" or not kinds & _DICTIONARIES:
                    found.discard(column.path_in_schema)
        if size > _GROUP_LIMIT:
            raise BrokenFileError("too-large")
    return sorted(found)


_DICTIONARIES = {"RLE_DICTIONARY", "PLAIN_DICTIONARY"}


def _values(arrow: Any, column: Any) -> list[Any]:
    """A column in Python: times in seconds, NaN as nothing, no value longer than a line may be."""
    kind = column.type
    if arrow.types.is_timestamp(kind) or arrow.types.is_date(kind):
        zone = kind.tz if arrow.types.is_timestamp(kind) else None
        column = column.cast(arrow.timestamp("s", tz=zone), safe=False)
        return list(column.cast(arrow.int64()).to_pylist())
    if arrow.types.is_dictionary(kind):
        words = column.dictionary
        told: dict[int | None, Any] = {None: None}
        places = column.indices.to_pylist()
        for place in set(places) - {None}:
            told[place] = _value(words[place])
        return [told[place] for place in places]
    return [_value(item) for item in column]


def _value(item: Any) -> Any:
    """A Parquet value in Python."""
    if hasattr(item, "as_buffer"):
        raw = item.as_buffer()
        if raw is not None and raw.size >= LINE_LIMIT:
            return _TOO_LONG
    value = item.as_py()
    return None if value != value else value


def whole_text(record: Mapping[str, Any]) -> str:
    """A post's title, ended as a sentence, then its body, as in the published EXPRESS.

    >>> whole_text({"title": "I feel lost", "selftext": "It began in May."})
    'I feel lost. It began in May.'
    """
    title, body = record.get("title"), record["selftext"]
    if not isinstance(title, str) or not title.strip():
        return str(body)
    title = title.strip()
    return f"{title}{'' if title[-1] in '.?!…' else '.'} {body}"


def why_not(record: Mapping[str, Any], min_words: int, title: bool = True) -> str | None:
    """Say why a post is of no use: a key of `REASONS`, or None for a post to keep.

    >>> why_not({"id": "a", "selftext": "[removed]", "is_self": True}, 1)
    'removed'
    >>> why_not({"id": "a", "selftext": "I feel sad."}, 3) is None
    True
    """
    if _flag(record.get("is_self")) is False:
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
    words = len(text.split(None, min_words))
    if words < min_words and title and isinstance(record.get("title"), str):
        words += len(record["title"].split())
    return "too-short" if words < min_words else None


def _string(value: object) -> str | None:
    return without_halves(value) if isinstance(value, str) and value else None


def _flag(value: object) -> bool | None:
    """True or false, however a dump writes it."""
    if isinstance(value, str | int | float):
        told = f"{value:g}" if isinstance(value, float) else str(value).strip().lower()
        return True if told in _YES else False if told in _NO else None
    return None


def _seconds(value: object) -> int | None:
    """Seconds since 1970, whether they are given so, in smaller parts, or as a date in text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return _date(value) if isinstance(value, str) else None
    if not math.isfinite(seconds):
        return None
    for _ in range(3):
        if seconds >= _SECONDS:
            seconds /= 1000
    return int(seconds) if 0 <= seconds < _SECONDS else None


def _date(text: str) -> int | None:
    """A date in ISO 8601, in UTC if it tells no zone."""
    try:
        found = datetime.fromisoformat(text.strip().removesuffix(" UTC"))
        told = found if found.tzinfo else found.replace(tzinfo=UTC)
        seconds = int(told.timestamp())
    except (ValueError, OverflowError):
        return None
    return seconds if seconds >= 0 else None
