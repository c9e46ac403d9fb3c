"""Files written whole or not at all, and JSON in them."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .errors import DataError


def own_path(name: str | Path) -> Path:
    """A path as a shell means it; a home that nobody has stays as it is written.

    >>> own_path("~no-such-user/a").as_posix()
    '~no-such-user/a'
    """
    return Path(os.path.expanduser(name))  # noqa: PTH111 (pathlib's own raises)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a name beside a file; what is written there takes its place if nothing fails.

    A link is followed and stays. After an error the file is as it was. A device or a pipe is no
    file: renaming onto it would put a file in its place.
    """
    # realpath, because resolve fails on a ring of links.
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise DataError(f"{path} is no plain file: give another name")
    unfinished = target.with_name(f"{target.name}.part")
    try:
        yield unfinished
        unfinished.replace(target)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all; a text as UTF-8, half a surrogate pair in it as ``?``."""
    data = content.encode("utf-8", "replace") if isinstance(content, str) else content
    with whole(path) as unfinished:
        unfinished.write_bytes(data)


def write_json(path: Path, content: object) -> None:
    """Write a JSON file whole or not at all."""
    write_whole(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def read_text(path: Path, most: int = 1 << 26) -> str:
    """Read a text of a user's own; an `OSError` where it has more characters: a device never ends.

    >>> read_text(Path("/dev/zero"))
    Traceback (most recent call last):
    ...
    OSError: [Errno 27] it has no end within 67,108,864 characters: '/dev/zero'
    """
    with path.open(encoding="utf-8") as file:
        text = file.read(most + 1)
    if len(text) > most:
        raise OSError(errno.EFBIG, f"it has no end within {most:,} characters", str(path))
    return text


def read_json(path: Path, mend: str) -> dict[str, Any]:
    """Read the JSON object in a file; an error tells to `mend` it."""
    try:
        content = json.loads(read_text(path))
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): {mend}") from None
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise DataError(f"{path} holds no JSON object: {mend}")
    return content


def sha256(path: Path) -> str:
    """The hash of a file's content: 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
