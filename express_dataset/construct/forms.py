"""The bytes of a dump: its form is told by its content, and it is unpacked in bounded steps.

A small file can unpack to very much. No step here gives more than some megabytes, a line beyond
`LINE_LIMIT` is dropped while it is read, and a packed file may unpack to `FREE` bytes plus `RATIO`
times its own size (NDJSON of Reddit packs to a tenth or a thirtieth).
"""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from ..errors import require

SUFFIXES = (".zst", ".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz", ".parquet")
"""Files so named are dumps, whatever is wrong with them; others are if their content is."""

LINE_LIMIT = 1_000_000
"""The longest line that is read, in bytes. A Reddit post has 40,000 characters at most, which is
far less than this, however they are escaped."""

FREE, RATIO = 1 << 28, 200
"""What a packed file may unpack to: so many bytes, plus so many for each byte of its own."""

PROBLEMS: dict[str, str] = {
    "empty-file": "the file is empty",
    "not-compressed": "this is not a {kind} file",
    "cut-off": "the {kind} file breaks off in the middle, as if a copy had not been finished",
    "corrupt": "the {kind} file is damaged part of the way through",
    "unpacks-too-much": f"the {{kind}} file unpacks to more than {RATIO} times its size",
    "not-parquet": "this is not a Parquet file that can be read",
    "too-large": "the Parquet file has groups of rows of more than 1 GB",
}
"""What can be wrong with a whole file; the posts before the break are kept."""

KINDS = {"zst": "zstd", "gz": "gzip", "bz2": "bzip2", "xz": "xz", "parquet": "Parquet"}

_MAGIC = {
    b"\x28\xb5\x2f\xfd": "zst",
    b"\x1f\x8b": "gz",
    b"BZh": "bz2",
    b"\xfd7zXZ\0": "xz",
    b"PAR1": "parquet",
}
_WINDOW = 2**31  # Dumps are written with zstd's --long=31; a decoder must allow it by name.
_ZSTD_STEP = 1 << 12  # Four bytes can stand for 128 KiB, so this for 128 MiB.
_STEP = 1 << 20
_BLOCK = 1 << 23
_MEMORY = 1 << 29  # What an xz file may ask for; xz -9 needs 65 MB.


class BrokenFileError(Exception):
    """A file cannot be read further; the argument is a key of `PROBLEMS`."""


def form(path: Path) -> str:
    """The form of a file, a key of `KINDS` or ``plain``, by its first bytes, else by its name."""
    with path.open("rb") as file:
        head = file.read(64)
    for magic, name in _MAGIC.items():
        if head.startswith(magic):
            return name
    if head[1:4] == b"\x2a\x4d\x18" and 0x50 <= head[0] <= 0x5F:  # a frame that zstd skips
        return "zst"
    named = path.suffix.removeprefix(".")
    begins = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return named if named in KINDS and not begins.startswith(b"{") else "plain"


def why_no_dump(path: Path) -> str | None:
    """Why a file is passed over, or None if it is a dump by its name or by its content."""
    if path.name.endswith(SUFFIXES):
        return None
    try:
        kind = form(path)
        if kind == "parquet":
            return None
        first = next((line for line in lines(chunks(path)) if line), b"")
        if isinstance(json.loads(first.decode()), dict):
            return None
    except BrokenFileError as error:
        return PROBLEMS[str(error)].format(kind=KINDS.get(kind, kind))
    except OSError as error:
        return f"it cannot be read ({error.strerror})"
    except (ValueError, RecursionError):
        pass
    return "its first line is not a JSON object"


def chunks(path: Path) -> Iterator[bytes]:
    """Read a file as it was before compression, at most a megabyte at a time."""
    size = path.stat().st_size
    if not size:
        raise BrokenFileError("empty-file")
    kind = form(path)
    if kind == "plain":
        with path.open("rb") as file:
            while piece := file.read(_STEP):
                yield piece
        return
    unpacked = 0
    try:
        for piece in _UNPACK[kind](path):
            for start in range(0, len(piece), _STEP):
                if unpacked > FREE + RATIO * size:
                    raise BrokenFileError("unpacks-too-much")
                step = piece[start : start + _STEP]
                unpacked += len(step)
                yield step
    except EOFError:
        raise BrokenFileError("cut-off") from None
    except (zlib.error, lzma.LZMAError, gzip.BadGzipFile, ValueError):
        raise BrokenFileError("corrupt" if unpacked else "not-compressed") from None
    except OSError as error:
        if error.errno is not None:  # of the disk; bzip2's own has no number
            raise
        raise BrokenFileError("corrupt" if unpacked else "not-compressed") from None


def _zst(path: Path) -> Iterator[bytes]:
    # Not stream_reader: it takes a file that was cut off for one that has ended.
    zstandard = require("zstandard", "construct")
    decoder = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
    frame, inside = decoder.decompressobj(), False
    with path.open("rb") as file:
        try:
            while piece := file.read(_ZSTD_STEP):
                while piece:
                    out = frame.decompress(piece)
                    piece, inside = frame.unused_data, not frame.eof
                    if frame.eof:
                        frame = decoder.decompressobj()
                    if out:
                        yield out
        except zstandard.ZstdError as error:
            raise ValueError from error
    if inside:
        raise EOFError


def _gz(path: Path) -> Iterator[bytes]:
    with gzip.open(path, "rb") as file:
        while piece := file.read1(_STEP):
            yield piece


def _stepwise(new: Callable[[], Any]) -> Callable[[Path], Iterator[bytes]]:
    """Unpack with a decoder of the standard library that stops where it has given enough."""

    def unpack(path: Path) -> Iterator[bytes]:
        decoder, some = new(), False
        with path.open("rb") as file:
            while True:
                piece = b""
                if decoder.eof:
                    piece = (decoder.unused_data or file.read(_STEP)).lstrip(b"\0")
                    if not piece:
                        return
                    decoder = new()
                elif decoder.needs_input and not (piece := file.read(_STEP)):
                    if some:
                        raise EOFError
                    raise ValueError
                some = True
                yield decoder.decompress(piece, _STEP)

    return unpack


_UNPACK: dict[str, Callable[[Path], Iterator[bytes]]] = {
    "zst": _zst,
    "gz": _gz,
    "bz2": _stepwise(bz2.BZ2Decompressor),
    "xz": _stepwise(lambda: lzma.LZMADecompressor(memlimit=_MEMORY)),
}


def blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Put pieces of bytes together into blocks of whole lines, of some megabytes each.

    A line of `LINE_LIMIT` bytes or more is cut, but not below that: its length still tells.
    """
    done: list[bytes] = []
    rest: list[bytes] = []
    size = open_size = 0
    first = True
    try:
        for piece in pieces:
            if first:
                piece, first = piece.removeprefix(b"\xef\xbb\xbf"), False
            cut = piece.rfind(b"\n") + 1
            if cut:
                # The end of a line that is too long already is all that is kept of this piece.
                start = piece.find(b"\n") if open_size >= LINE_LIMIT else 0
                done += [*rest, piece[start:cut]]
                size += open_size + cut - start
                rest, open_size, piece = [], 0, piece[cut:]
            if piece and open_size < LINE_LIMIT:
                rest.append(piece)
                open_size += len(piece)
            if size >= _BLOCK:
                yield b"".join(done)
                done, size = [], 0
    except BrokenFileError:
        if done:
            yield b"".join(done)
        raise
    if done or rest:
        yield b"".join([*done, *rest])


def lines(pieces: Iterable[bytes]) -> Iterator[bytes | None]:
    r"""Put pieces of bytes together into lines: none that is blank, None for one too long.

    >>> list(lines([b'{"a"', b': 1}\n\n{}\r', b'\n[]']))
    [b'{"a": 1}', b'{}', b'[]']
    """
    for block in blocks(pieces):
        yield from whole_lines(block.split(b"\n"))


def whole_lines(found: list[bytes]) -> Iterator[bytes | None]:
    """Leave out blank lines and the ends of others, and mark those that are too long."""
    for line in found:
        if len(line) >= LINE_LIMIT:
            yield None
        elif line and not line.isspace():
            yield line.rstrip(b"\r")
