"""A run's folder: append, resume, read.

`run.json` holds what was asked; `predictions-*.jsonl` are the shards that processes append to;
`predictions.jsonl` is the finished run in the data's order; `scores.json` and `report.html`
follow from it.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Sequence
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any

from .errors import RunError

RUN_FILE = "run.json"
PREDICTIONS_FILE = "predictions.jsonl"
SCORES_FILE = "scores.json"
REPORT_FILE = "report.html"
SHARDS = "predictions-*.jsonl"


def differences(stored: Any, asked: Any, where: str = "") -> list[str]:
    """Names and both values of every setting that differs.

    >>> differences({"seed": 1, "model": {"name": "a"}}, {"seed": 1, "model": {"name": "b"}})
    ["model.name is 'a' there and 'b' here"]
    >>> differences({"limit": None}, {"limit": None})
    []
    """
    if isinstance(stored, dict) and isinstance(asked, dict):
        found = []
        for key in sorted(stored.keys() | asked.keys()):
            name = f"{where}.{key}" if where else key
            found += differences(stored.get(key), asked.get(key), name)
        return found
    return [] if stored == asked else [f"{where} is {stored!r} there and {asked!r} here"]


def write_json(path: Path, value: object) -> None:
    """Write a JSON file whole or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_text(
            json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n", "utf-8"
        )
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise RunError(cannot_write(path, error)) from error


def cannot_write(path: Path, error: OSError) -> str:
    """One sentence for a disk that refuses; what is already written stays."""
    mend = "free some space" if error.errno == errno.ENOSPC else "mend that"
    return (
        f"{path} cannot be written ({error.strerror}): {mend} and run the same command again, "
        "which goes on from what is already there."
    )


class RunFolder:
    """The folder of one run. Only one command at a time may hold it.

    Use as a context manager in the main process: it locks the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: Any = None

    def __enter__(self) -> RunFolder:
        from filelock import FileLock, Timeout

        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(self.path / ".lock")
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise RunError(
                f"{self.path} is in use by another run: wait for it, or give another --out."
            ) from error
        except OSError as error:
            raise RunError(cannot_write(self.path, error)) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()

    def start(self, asked: dict[str, Any], session: dict[str, Any]) -> dict[str, Any]:
        """Record what is asked, or check that it is what this folder was made with.

        Args:
            asked: every setting that makes a figure what it is.
            session: this start's versions, hardware and processes; each start adds one.

        Raises:
            RunError: the folder was made with other settings; the message names them.
        """
        file = self.path / RUN_FILE
        record: dict[str, Any] = {"asked": asked, "sessions": []}
        if file.is_file():
            record = read_json(file)
            # A round trip, so that a tuple equals the list it became on disk.
            differing = differences(record.get("asked"), json.loads(json.dumps(asked)))
            if differing:
                raise RunError(
                    f"{self.path} was made with other settings ({'; '.join(differing)}): "
                    "give another --out, or ask for the same."
                )
        elif any(self.path.glob("predictions*.jsonl")):
            raise RunError(f"{self.path} holds predictions but no {RUN_FILE}: give another --out.")
        record["sessions"].append(session)
        write_json(file, record)
        return record

    def note(self, facts: dict[str, Any]) -> None:
        """Add facts to `run.json` that are known only once the run is under way."""
        file = self.path / RUN_FILE
        write_json(file, {**read_json(file), **facts})

    def answered(self) -> dict[str, dict[str, Any]]:
        """Every prediction written so far, by example id; a half-written last line is left out."""
        found: dict[str, dict[str, Any]] = {}
        for file in [self.path / PREDICTIONS_FILE, *sorted(self.path.glob(SHARDS))]:
            if file.is_file():
                for line in read_lines(file):
                    found.setdefault(line["id"], line)
        return found

    def finish(self, order: Sequence[str]) -> list[dict[str, Any]]:
        """Merge the shards into `predictions.jsonl` in the data's order and return the lines."""
        found = self.answered()
        missing = [i for i in order if i not in found]
        if missing:
            raise RunError(
                f"{self.path} lacks {len(missing)} of {len(order)} predictions: "
                "run the same command again to answer them."
            )
        lines = [found[i] for i in order]
        target = self.path / PREDICTIONS_FILE
        unfinished = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            with unfinished.open("w", encoding="utf-8") as stream:
                stream.writelines(dump_line(line) for line in lines)
            unfinished.replace(target)
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            raise RunError(cannot_write(target, error)) from error
        for shard in self.path.glob(SHARDS):
            shard.unlink()
        return lines


class Shard:
    """One process's own file of predictions: appended batch by batch."""

    def __init__(self, folder: Path, rank: int) -> None:
        self.path = folder / f"predictions-{rank:05d}.jsonl"
        self._stream: FileIO | None = None

    def append(self, lines: Iterable[dict[str, Any]]) -> None:
        """Hand lines to the operating system at once, so that a kill cannot lose them."""
        rest = "".join(dump_line(line) for line in lines).encode()
        try:
            if self._stream is None:
                _drop_half_line(self.path)
                self._stream = FileIO(self.path, "a")
            while rest:
                rest = rest[self._stream.write(rest) :]
        except OSError as error:
            raise RunError(cannot_write(self.path, error)) from error

    def close(self) -> None:
        """Close the file; harmless where nothing was written."""
        if self._stream is not None:
            self._stream.close()


def dump_line(line: dict[str, Any]) -> str:
    """One JSON line."""
    return json.dumps(line, ensure_ascii=False) + "\n"


def read_lines(file: Path) -> list[dict[str, Any]]:
    """The JSON lines of a file; a last line cut off by a kill is left out, no other may be bad."""
    *whole, _cut_off = file.read_bytes().split(b"\n")
    lines = []
    for number, line in enumerate(whole, 1):
        try:
            lines.append(json.loads(line))
        except ValueError as error:
            raise RunError(
                f"{file}, line {number} is not JSON: remove that line and run again."
            ) from error
    return lines


def read_json(file: Path) -> dict[str, Any]:
    """A JSON object from a file."""
    try:
        value = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise RunError(f"{file} is not JSON ({error}): give another --out.") from error
    if not isinstance(value, dict):
        raise RunError(f"{file} holds no JSON object: give another --out.")
    return value


def _drop_half_line(path: Path) -> None:
    """Cut off what a kill left after the last line end, so that the next line starts clean."""
    if not path.is_file():
        return
    content = path.read_bytes()
    end = content.rfind(b"\n") + 1
    if end != len(content):
        with path.open("r+b") as stream:
            stream.truncate(end)
