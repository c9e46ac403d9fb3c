"""`express.json`: what a trained model was made of, and the proof of what it has seen.

Posts and texts stand there as the first 8 bytes of their SHA-256, so that anybody who has the data
can tell whether an example was learned, and nobody without it can read one.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from express_dataset import Example
from express_dataset.errors import DataError
from express_dataset.files import read_json, write_json
from express_dataset.reading.typed import Malformed, as_json, read
from express_dataset.splits import normalised

from .errors import RunError

MANIFEST_FILE = "express.json"
_DIGITS = 16
_MEND = "take it from a copy of the folder, or train anew; without it nobody knows what was seen"


@dataclass(frozen=True, slots=True)
class Base:
    """The model that was trained: its name, where it is found again, its revision and family."""

    name: str
    source: str
    revision: str
    family: str


@dataclass(frozen=True, slots=True)
class Training:
    """One training: on what, with which prompt, and the hashes of what was learned.

    `data` is a signature's name of the dataset and `fingerprint` that of the rows learned; `prompt`
    is a setting's name with its template's hash. `posts` and `texts` are hashes in order, 16
    hexadecimal digits each without a gap; `labels` counts how often each term was learned.
    """

    base: Base
    data: str
    split: str
    fingerprint: str
    prompt: str
    seed: int
    examples: int
    left_out: dict[str, int]
    versions: dict[str, Any]
    labels: dict[str, int]
    posts: str
    texts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """What a run keeps of its model's trainings, so that it can be set beside its base."""

    base: str  # name and revision of the model that the first training began with
    revision: str
    prompt: str  # of the last training
    examples: int  # different texts learned
    labels: dict[str, int]  # every term learned, and how often
    seen: tuple[str, ...]  # ids of the asked examples that were learned


@dataclass(frozen=True, slots=True)
class Manifest:
    """All trainings that made a model, the last one last: an adapter trained further keeps its
    parents' sets. `kind` is "adapter", "full" or "merged".
    """

    kind: str
    trainings: tuple[Training, ...]

    @property
    def last(self) -> Training:
        """The training that wrote this folder."""
        return self.trainings[-1]

    def seen(self, examples: Sequence[Example]) -> list[Example]:
        """The examples whose post or text was learned, by this training or one before it."""
        posts = {one for t in self.trainings for one in _pieces(t.posts)}
        texts = {one for t in self.trainings for one in _pieces(t.texts)}
        return [
            row
            for row in examples
            if _short(row.post_id) in posts or _short(normalised(row.text)) in texts
        ]

    def taught(self, asked: Sequence[Example]) -> Taught:
        """What a run that asks these examples keeps."""
        base = self.trainings[0].base
        return Taught(
            base=base.name,
            revision=base.revision,
            prompt=self.last.prompt,
            examples=len({one for t in self.trainings for one in _pieces(t.texts)}),
            labels=dict(self.labels()),
            seen=tuple(row.id for row in self.seen(asked)),
        )

    def labels(self) -> Counter[str]:
        """How often each term was learned, over all trainings."""
        total: Counter[str] = Counter()
        for training in self.trainings:
            total.update(training.labels)
        return total

    def write(self, folder: Path) -> None:
        """Write `express.json` into a trained model's folder."""
        write_json(folder / MANIFEST_FILE, as_json(self))


def hashes(texts: Iterable[str]) -> str:
    """What stands in `posts` and `texts`: the short hashes of different texts, in order."""
    return "".join(sorted({_short(text) for text in texts}))


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _pieces(joined: str) -> list[str]:
    return [joined[i : i + _DIGITS] for i in range(0, len(joined), _DIGITS)]


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a trained model's folder; None where it has none."""
    file = folder / MANIFEST_FILE
    return _read(file, file.stat().st_mtime_ns) if file.is_file() else None


@cache
def _read(file: Path, _written: int) -> Manifest:
    try:
        found: Manifest = read(Manifest, read_json(file, _MEND))
    except DataError as error:
        raise RunError(str(error)) from error
    except Malformed as error:
        raise RunError(f"{file}: {error}: {_MEND}.") from error
    for number, training in enumerate(found.trainings):
        for name in ("posts", "texts"):
            value = getattr(training, name)
            if len(value) % _DIGITS or value.strip("0123456789abcdef"):
                raise RunError(f"{file}: trainings.{number}.{name} holds no hashes: {_MEND}.")
    if not found.trainings:
        raise RunError(f"{file}: trainings is empty: {_MEND}.")
    return found
