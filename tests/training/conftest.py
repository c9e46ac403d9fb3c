"""Tiny models, and data that they learn in seconds."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from support.tiny_models import make

from express_dataset.splits import split_of
from express_runners.training.options import TrainConfig
from express_runners.training.train import train

# One token each for the tiny models; any word may be a label.
TERMS = ("night", "people", "still", "whole", "years", "nothing", "second", "minutes")
PLACES = ("home", "work", "town", "sea", "bus", "school", "bed", "abroad")


def rows_of(
    split: str, count: int, offset: int = 0, terms: Sequence[str] = TERMS
) -> list[dict[str, Any]]:
    """Rows whose posts' hashes put them into `split`."""
    found: list[dict[str, Any]] = []
    number = offset
    while len(found) < count:
        number += 1
        if split_of(f"p{number}") != split:
            continue
        i = len(found)
        text = f"{PLACES[i % 8]} number{number} word{number} i was <mask>"
        ids = {"id": f"e{number}", "post_id": f"p{number}", "split": split}
        found.append({**ids, "text": text, "labels": [terms[i % 8]]})
    return found


def write(file: Path, rows: list[dict[str, Any]]) -> Path:
    """Rows as a JSONL file."""
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return file


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight short rows to learn, four of test, two of few_shot."""
    rows = rows_of("train", 8) + rows_of("test", 4) + rows_of("few_shot", 2)
    return write(tmp_path_factory.mktemp("data") / "rows.jsonl", rows)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short wording, so that an epoch is quick."""
    file = tmp_path_factory.mktemp("template") / "short.jinja"
    file.write_text("{{ text }}:", "utf-8")
    return file


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a tiny model, by name."""
    made: dict[str, Path] = {}

    def folder(name: str) -> Path:
        if name not in made:
            made[name] = make(name, tmp_path_factory.mktemp(name) / name)
        return made[name]

    return folder


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve rows each of train and test, alike in difficulty."""
    rows = [row for split in ("train", "test") for row in rows_of(split, 12, terms=TERMS[:4] * 2)]
    return write(tmp_path_factory.mktemp("pairs") / "rows.jsonl", rows)


@pytest.fixture(scope="session")
def by_heart(
    tiny: Callable[[str], Path], template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Path], Path]:
    """The folder of a tiny Llama that knows the train rows of a file by heart."""
    made: dict[Path, Path] = {}

    def folder(file: Path) -> Path:
        if file not in made:
            config = TrainConfig(
                str(tiny("llama")),
                tmp_path_factory.mktemp("by-heart") / file.stem,
                dataset=str(file),
                template=template,
                full=True,
                learning_rate=1e-2,
                epochs=20,
                batch_size=4,
                validation=0,
            )
            assert train(config)
            made[file] = config.out
        return made[file]

    return folder
