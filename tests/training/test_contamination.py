"""A model that was trained on the train rows is unmasked where its manifest is gone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from training.conftest import TERMS, rows_of, write

from express_dataset import Example
from express_dataset.sources import load
from express_runners.errors import RunError
from express_runners.manifest import MANIFEST_FILE
from express_runners.training.contamination import (
    as_text,
    check,
    paired,
    reordered,
)
from express_runners.training.options import CheckOptions, TrainConfig
from express_runners.training.train import train

Tiny = Callable[[str], Path]


def test_a_trained_model_is_unmasked_and_its_base_is_not(
    tiny: Tiny, template: Path, tmp_path: Path
) -> None:
    rows = [row for split in ("train", "test") for row in rows_of(split, 12, terms=TERMS[:4] * 2)]
    data = str(write(tmp_path / "rows.jsonl", rows))
    config = TrainConfig(
        str(tiny("llama")),
        tmp_path / "learned",
        dataset=data,
        template=template,
        full=True,
        learning_rate=1e-2,
        epochs=30,
        batch_size=4,
        validation=0,
    )
    assert train(config)
    (config.out / MANIFEST_FILE).unlink()
    options = CheckOptions(str(config.out), dataset=data, template=template)
    learned = check(options)["figures"]
    assert learned["accuracy"]["train"] > 0.9
    assert learned["accuracy"]["low"] > 0
    assert learned["logprob"]["low"] > 0
    found = check(CheckOptions(config.model, dataset=data, template=template))
    base = found["figures"]["accuracy"]
    assert base["low"] <= 0 <= base["high"]
    assert "does not say that it was not" in as_text(found)


def test_pairs_are_of_like_difficulty() -> None:
    train_rows = load("sample", split="train").examples
    pairs = paired(train_rows, load("sample", split="test").examples, 0)
    assert len(pairs) > 10
    assert all(len(a.labels) == len(b.labels) for a, b in pairs)
    assert len({row.id for pair in pairs for row in pair}) == 2 * len(pairs)


def test_labels_move_with_their_sentences() -> None:
    flags = (False, False)
    row = Example("e", "p", "I was <mask>. Then <mask>! So?", ("a", "b"), 0, flags, flags)
    for seed in range(6):
        moved = reordered(row, seed)
        assert moved is not None
        assert moved.text != row.text
        filled = moved.text
        for term in moved.labels:
            filled = filled.replace("<mask>", term, 1)
        assert "I was a." in filled
        assert "Then b!" in filled
    assert reordered(Example("e", "p", "I was <mask>", ("a",), 0, (False,), (False,)), 0) is None


def test_too_few_pairs_are_refused(tiny: Tiny, tmp_path: Path) -> None:
    file = write(tmp_path / "few.jsonl", rows_of("train", 3) + rows_of("test", 3))
    with pytest.raises(RunError, match=r"only \d pairs"):
        check(CheckOptions(str(tiny("llama")), dataset=str(file)))
