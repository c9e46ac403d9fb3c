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
from contextlib import suppress
from dataclasses import replace
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any

from express_dataset import files
from express_dataset.errors import DataError
from express_dataset.reading.typed import as_json

from ..errors import RunError
from .record import MEND, Asked, Record, Session, check_answer, read_record

RUN_FILE = "run.json"
PREDICTIONS_FILE = "predictions.jsonl"
SCORES_FILE = "scores.json"
REPORT_FILE = "report.html"
SHARDS = "predictions-*.jsonl"
LOCK = ".lock"
ANOTHER = "give another --out"


def differences(
    stored: Any, asked: Any, where: str = "", places: tuple[str, str] = ("there", "here")
) -> list[str]:
    """Names and both values of every setting that differs.

    >>> differences({"seed": 1, "model": {"name": "a"}}, {"seed": 1, "model": {"name": "b"}})
    ["model.name is 'a' there and 'b' here"]
    """
    if isinstance(stored, dict) and isinstance(asked, dict):
        found = []
        for key in sorted(stored.keys() | asked.keys()):
            if key == "fingerprint" and stored.get("examples") != asked.get("examples"):
                continue  # of another number of examples it tells nothing more
            name = f"{where}.{key}" if where else key
            found += differences(stored.get(key), asked.get(key), name, places)
        return found
    if stored == asked:
        return []
    return [f"{where} is {stored!r} {places[0]} and {asked!r} {places[1]}"]


def write_json(path: Path, value: object) -> None:
    """Write a JSON file whole or not at all."""
    try:
        files.write_json(path, value)
    except OSError as error:
        raise RunError(cannot_write(path, error)) from error


def cannot_write(path: Path, error: OSError) -> str:
    """One sentence for a disk that refuses."""
    full = error.errno == errno.ENOSPC
    mend = "free some space" if full else "choose another place or mend that,"
    return f"{path} cannot be written ({error.strerror}): {mend} and run the same command again"


def _cannot_go_on(path: Path, error: OSError) -> str:
    told = cannot_write(path, error).removesuffix(".")
    return f"{told}, which goes on from what is already there."


class RunFolder:
    """The folder of one run. Only one command at a time may hold it.

    Use as a context manager in the main process: it locks the folder. Where the block fails before
    anything is answered, what it made there is removed again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: Any = None
        # What this start made: folders, the innermost first, and perhaps the record.
        self._made: list[Path] = []
        self._began = False

    def __enter__(self) -> RunFolder:
        from filelock import FileLock, Timeout

        self._made = [path for path in (self.path, *self.path.parents) if not path.exists()]
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(self.path / LOCK)
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise RunError(
                f"{self.path} is in use by another run: wait for it, or {ANOTHER}."
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
        try:
            if error is not None:
                self._clear()
        finally:
            self._lock.release()

    def _clear(self) -> None:
        """Remove what a start that answered nothing made; nothing else."""
        # A disk that refuses is no reason to hide why the start failed; nor is a run beside it.
        with suppress(OSError):
            if self._began and not any(self.path.glob("predictions*.jsonl")):
                (self.path / RUN_FILE).unlink()
            if [path.name for path in self.path.iterdir()] != [LOCK]:
                return
            # While it is held: who waits for it sees that it is gone.
            (self.path / LOCK).unlink()
            for folder in self._made:
                folder.rmdir()

    def start(self, asked: Asked, session: Session) -> Record:
        """Record what is asked and this start, or check that the folder was made for the same."""
        file = self.path / RUN_FILE
        record = Record(asked=asked, sessions=(session,))
        if file.is_file():
            was = read_record(read_json(file, ANOTHER), file, ANOTHER)
            # The kind of data follows from the rest, and older versions did not write it.
            data = replace(asked.dataset, kind=was.asked.dataset.kind)
            here = as_json(replace(asked, dataset=data))
            differing = differences(as_json(was.asked), here)
            if differing:
                raise RunError(
                    f"{self.path} was made with other settings ({'; '.join(differing)}): "
                    f"{ANOTHER}, or ask for the same."
                )
            record = replace(was, asked=asked, sessions=(*was.sessions, session))
        elif any(self.path.glob("predictions*.jsonl")):
            raise RunError(f"{self.path} holds predictions but no {RUN_FILE}: {ANOTHER}.")
        else:
            # Another process may write its first answer while this one fails.
            self._began = (session.processes or 1) == 1
        write_json(file, as_json(record))
        return record

    def note(self, **facts: Any) -> None:
        """Add to `run.json` what is known only once the run is under way."""
        write_json(self.path / RUN_FILE, as_json(replace(read_run_record(self.path), **facts)))

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
        try:
            with files.whole(target) as unfinished, unfinished.open("w", encoding="utf-8") as out:
                out.writelines(map(dump_line, lines))
        except OSError as error:
            raise RunError(_cannot_go_on(target, error)) from error
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
                _end_last_line(self.path)
                self._stream = FileIO(self.path, "a")
            elif not os.fstat(self._stream.fileno()).st_nlink:
                raise RunError(
                    f"{self.path} was removed while the run went on: what it held is lost, and the "
                    "same command answers it again"
                )
            while rest:
                rest = rest[self._stream.write(rest) :]
        except OSError as error:
            raise RunError(_cannot_go_on(self.path, error)) from error

    def close(self) -> None:
        """Close the file; harmless where nothing was written."""
        if self._stream is not None:
            self._stream.close()


def dump_line(line: dict[str, Any]) -> str:
    """One JSON line."""
    return json.dumps(line, ensure_ascii=False) + "\n"


def read_lines(file: Path) -> list[dict[str, Any]]:
    """The answers of a file, with all that a score needs checked.

    A last line cut off by a kill is left out, no other may be bad.
    """
    try:
        *whole, last = file.read_bytes().split(b"\n")
    except OSError as error:
        raise RunError(f"{file} cannot be read ({error.strerror}): mend that.") from error
    # The last may be whole without its line end, as an editor leaves it.
    found = [*whole, last] if _is_json(last) else whole
    return [_line(line, f"{file}, line {number}") for number, line in enumerate(found, 1)]


def _line(line: bytes, where: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RunError(f"{where} is not JSON: remove that line and run again.") from error
    if not isinstance(value, dict) or not isinstance(value.get("id"), str):
        raise RunError(f"{where} is no answer with an id: remove that line and run again.")
    check_answer(value, where)
    return value


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def read_json(
    file: Path, mend: str = "make it again with the command that wrote it"
) -> dict[str, Any]:
    """A JSON object from a file; `mend` tells the user what to do where it is none."""
    try:
        return files.read_json(file, mend)
    except DataError as error:
        raise RunError(f"{error}.") from error


def read_run_record(folder: Path) -> Record:
    """The `run.json` of a run's folder.

    >>> read_run_record(Path("no-such-run"))
    Traceback (most recent call last):
    ...
    express_runners.errors.RunError: no-such-run/run.json cannot be read (No such file or \
directory): take it from a copy of the run, or make the run anew with another --out
    """
    file = folder / RUN_FILE
    return read_record(read_json(file, MEND), file)


def _end_last_line(path: Path) -> None:
    """End the last line, or cut off the half of one that a kill left: the next starts clean."""
    if not path.is_file():
        return
    content = path.read_bytes()
    end = content.rfind(b"\n") + 1
    if end == len(content):
        return
    with path.open("r+b") as stream:
        if _is_json(content[end:]):
            stream.seek(0, os.SEEK_END)
            stream.write(b"\n")
        else:
            stream.truncate(end)
