"""Mask the posts of a JSONL file: what ``express dataset mask FILE`` does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any, TextIO

from ..errors import DataError
from ..files import whole
from ..reading.readers import mended
from .masking import BATCH_SIZE, escape_masks, mask_texts
from .terms import DEFAULT_PROTOCOL, check_protocol

_Row = dict[str, Any]
_LONGEST = 1 << 24  # bytes of a line


@dataclass(frozen=True, slots=True)
class MaskSummary:
    """What became of a file."""

    protocol: str  # the masking protocol
    posts: int  # lines read and written
    masked: int  # posts with at least one mask
    masks: int  # masks in all of them
    negated: int  # masks of feelings that the author denies
    escaped: int  # posts in which the author had typed `<mask>` or `[MASK]`
    replaced: int  # halves of characters, such as of an emoji, that became U+FFFD


def mask_file(
    path: str | Path, out: str | Path | TextIO, protocol: str = DEFAULT_PROTOCOL
) -> MaskSummary:
    """Mask the posts of a JSONL file, a few at a time.

    Each line has an ``id`` and a ``text``. The same line is written with `text` masked and with
    `labels`, `offsets` (where each masked word began in the given text, in characters) and
    `negated`. A mask that the author typed becomes ``(mask)``, which moves nothing. The file `out`
    appears when all is done and after an error is as it was; a link is followed. An open stream
    such as standard output, or the path of a pipe or a device, gets each line as it is masked.

    A DataError names the line that is not UTF-8, no JSON object, or without an `id` or a text.
    """
    check_protocol(protocol)
    source = Path(path)
    if not isinstance(out, str | Path):
        try:
            return _write(source, out, protocol)
        except OSError as error:
            name = source if error.filename == str(source) else "the output"
            raise DataError(f"{name} cannot be read or written: {error.strerror}") from None
    try:
        return _write_to(source, Path(out), protocol)
    except OSError as error:
        verb = "read" if error.filename == str(source) else "written"
        name = error.filename or out
        raise DataError(f"{name} cannot be {verb}: {error.strerror}") from None


def _write_to(source: Path, out: Path, protocol: str) -> MaskSummary:
    if out.exists() and not out.is_file():
        # A file put in the place of a pipe or a device, such as /dev/null, would destroy it.
        with out.open("w", encoding="utf-8") as sink:
            return _write(source, sink, protocol)
    with whole(out) as unfinished, unfinished.open("w", encoding="utf-8") as sink:
        return _write(source, sink, protocol)


def _write(source: Path, sink: TextIO, protocol: str) -> MaskSummary:
    posts = masked = masks = negated = escaped = replaced = 0
    rows = _rows(source)
    while found := [mended(row) for row in islice(rows, BATCH_SIZE)]:
        batch = [row for row, _ in found]
        replaced += sum(count for _, count in found)
        safe = [escape_masks(row["text"]) for row in batch]
        for row, text, seen in zip(batch, safe, mask_texts(safe, protocol), strict=True):
            posts += 1
            masked += bool(seen.labels)
            masks += len(seen.labels)
            negated += sum(seen.negated)
            escaped += text != row["text"]
            row["text"] = seen.text
            row["labels"] = seen.labels
            row["offsets"] = seen.offsets
            row["negated"] = seen.negated
            sink.write(json.dumps(row) + "\n")
    return MaskSummary(protocol, posts, masked, masks, negated, escaped, replaced)


def _rows(source: Path) -> Iterator[_Row]:
    """The lines of the file as objects; blank lines are passed over."""
    with source.open("rb") as lines:
        for number in count(1):
            line = lines.readline(_LONGEST + 1)
            if not line:
                return
            if len(line) > _LONGEST:
                raise DataError(f"{source}, line {number}: longer than {_LONGEST >> 20} MiB")
            if line.strip():
                yield _row(line, f"{source}, line {number}")


def _row(line: bytes, where: str) -> _Row:
    try:
        row = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise DataError(f"{where}: not UTF-8; save the file as UTF-8") from None
    except (ValueError, RecursionError):
        raise DataError(
            f"{where}: not JSON; each line must be one object with an id and a text"
        ) from None
    if not isinstance(row, dict):
        raise DataError(f"{where}: not an object; each line must be one with an id and a text")
    if not isinstance(row.get("id"), str | int) or isinstance(row["id"], bool):
        raise DataError(f"{where}: no id; give each post one under 'id', a string or a number")
    if not isinstance(row.get("text"), str):
        raise DataError(f"{where}: no text; give each post its text under 'text', as a string")
    return row
