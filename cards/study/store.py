"""The answers on disk: SQLite with a write-ahead log, every write synchronous.

Only what was chosen by place is kept (first, second): the store, too, does not know the sides.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from express_dataset.errors import DataError

from .judged import Place

ANSWERS = "answers.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS answers (
  coder TEXT NOT NULL, item TEXT NOT NULL, revision INTEGER NOT NULL, place TEXT NOT NULL,
  confidence INTEGER, reason TEXT NOT NULL, codes TEXT NOT NULL, at TEXT NOT NULL,
  PRIMARY KEY (coder, item)
);
CREATE TABLE IF NOT EXISTS history (
  coder TEXT NOT NULL, item TEXT NOT NULL, revision INTEGER NOT NULL, place TEXT NOT NULL,
  confidence INTEGER, reason TEXT NOT NULL, codes TEXT NOT NULL, at TEXT NOT NULL,
  PRIMARY KEY (coder, item, revision)
);
CREATE TABLE IF NOT EXISTS attempts (at TEXT NOT NULL, what TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS codings (
  reader TEXT NOT NULL, coder TEXT NOT NULL, item TEXT NOT NULL, codes TEXT NOT NULL,
  at TEXT NOT NULL, PRIMARY KEY (reader, coder, item)
);
"""


class Closed(DataError):  # noqa: N818 (it says what the study is)
    """The study takes no more answers."""


class Overtaken(DataError):  # noqa: N818 (it says what happened to the answer)
    """Another tab has changed the answer since this one was shown."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One coder's answer on one item, by place; `revision` counts its changes."""

    coder: str
    item: str
    place: Place
    confidence: int | None = None
    reason: str = ""
    codes: tuple[str, ...] = ()
    revision: int = 0


class Store:
    """A study's database; one object for each process that uses it."""

    def __init__(self, connection: sqlite3.Connection, file: Path) -> None:
        self._db = connection
        self.file = file

    @classmethod
    def open(cls, folder: Path, study: str) -> Store:
        """Open a study's answers, and make the file where there is none."""
        file = folder / ANSWERS
        try:
            # The server's lifetime may begin in another thread than its requests run in.
            db = sqlite3.connect(file, timeout=30, isolation_level=None, check_same_thread=False)
            found = db.execute("PRAGMA quick_check").fetchone()[0]
            if found != "ok":
                raise sqlite3.DatabaseError(found)
            db.execute("PRAGMA journal_mode=WAL")
            # With FULL a commit has reached the disk when it returns, even if the power fails.
            db.execute("PRAGMA synchronous=FULL")
            db.executescript(_SCHEMA)
            db.execute("INSERT OR IGNORE INTO facts VALUES ('study', ?)", (study,))
            owner = db.execute("SELECT value FROM facts WHERE name = 'study'").fetchone()[0]
        except sqlite3.Error as error:
            raise DataError(
                f"{file} is damaged or cannot be used ({error}): nothing was changed in it; take "
                "it from a copy, or save what can be read with: sqlite3 FILE .recover"
            ) from None
        if owner != study:
            raise DataError(f"{file} holds the answers of another study ({owner}): move it away")
        return cls(db, file)

    def close_connection(self) -> None:
        """Give the file back."""
        self._db.close()

    def save(self, answer: Answer) -> int:
        """Keep an answer, and return its revision once it is on disk.

        The same answer again changes nothing, so that a reload or a repeated request is harmless.
        `answer.revision` is the one that its page was made from: an answer that would undo one
        given in another tab since is refused.

        Raises:
            Closed: the study is closed.
            Overtaken: the stored answer is newer than the one the page showed, and says otherwise.
            DataError: the disk is full or the file cannot be written.
        """
        try:
            with self._db:
                self._db.execute("BEGIN IMMEDIATE")
                if self.closed():
                    raise Closed("this study was closed: it takes no more answers")
                before = self.answer(answer.coder, answer.item)
                if before is not None and replace(before, revision=answer.revision) == answer:
                    return before.revision
                if before is not None and before.revision > answer.revision:
                    raise Overtaken("another answer was given here since, in another window")
                revision = before.revision + 1 if before else 1
                row = (
                    answer.coder,
                    answer.item,
                    revision,
                    answer.place,
                    answer.confidence,
                    answer.reason,
                    json.dumps(answer.codes),
                    _now(),
                )
                marks = ", ".join("?" * len(row))
                self._db.execute(f"INSERT OR REPLACE INTO answers VALUES ({marks})", row)
                self._db.execute(f"INSERT INTO history VALUES ({marks})", row)
                return revision
        except sqlite3.Error as error:
            raise DataError(f"{self.file} cannot be written ({error}): nothing was lost") from None

    def answer(self, coder: str, item: str) -> Answer | None:
        """A coder's answer on an item."""
        found = self._answers("WHERE coder = ? AND item = ?", (coder, item))
        return found[0] if found else None

    def answers(self) -> list[Answer]:
        """Every answer."""
        return self._answers("ORDER BY coder, item", ())

    def answered(self, coder: str) -> set[str]:
        """The items that a coder has answered."""
        rows = self._db.execute("SELECT item FROM answers WHERE coder = ?", (coder,))
        return {item for (item,) in rows}

    def _answers(self, which: str, values: Sequence[str]) -> list[Answer]:
        columns = "coder, item, place, confidence, reason, codes, revision"
        rows = self._db.execute(f"SELECT {columns} FROM answers {which}", values)
        return [
            Answer(coder, item, place, confidence, reason, tuple(json.loads(codes)), revision)
            for coder, item, place, confidence, reason, codes, revision in rows
        ]

    def closed(self) -> str | None:
        """When the study was closed; None while it is open."""
        found = self._db.execute("SELECT value FROM facts WHERE name = 'closed'").fetchone()
        return found and str(found[0])

    def close(self, reopen: bool = False) -> None:
        """Take no more answers, or take them again."""
        if reopen:
            self._db.execute("DELETE FROM facts WHERE name = 'closed'")
        else:
            self._db.execute("INSERT OR IGNORE INTO facts VALUES ('closed', ?)", (_now(),))

    def attempt(self, what: str, most: int) -> None:
        """Log that a link was tried that is nobody's or somebody else's; never with the token."""
        self._db.execute(
            "INSERT INTO attempts SELECT ?, ? WHERE (SELECT count(*) FROM attempts) < ?",
            (_now(), what, most),
        )

    def attempts(self) -> list[str]:
        """What was logged."""
        return [what for (what,) in self._db.execute("SELECT what FROM attempts ORDER BY at")]

    def code(self, reader: str, codings: dict[tuple[str, str], tuple[str, ...]]) -> None:
        """Keep a reader's codes of coders' reasons, all or none."""
        rows = [
            (reader, coder, item, json.dumps(codes), _now())
            for (coder, item), codes in codings.items()
        ]
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("INSERT OR REPLACE INTO codings VALUES (?, ?, ?, ?, ?)", rows)

    def codings(self) -> dict[str, dict[tuple[str, str], tuple[str, ...]]]:
        """Reader to coder and item to codes."""
        found: dict[str, dict[tuple[str, str], tuple[str, ...]]] = {}
        rows: Any = self._db.execute("SELECT reader, coder, item, codes FROM codings ORDER BY at")
        for reader, coder, item, codes in rows:
            found.setdefault(reader, {})[coder, item] = tuple(json.loads(codes))
        return found


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
