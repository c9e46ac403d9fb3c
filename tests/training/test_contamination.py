"""A model that was trained on the train rows is unmasked where its manifest is gone."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.fault_server import FaultServer, serving
from training.conftest import rows_of, write

from express_dataset import Example
from express_dataset.sources import load
from express_dataset.splits import split_of
from express_runners.errors import RunError
from express_runners.training.contamination import (
    as_text,
    check,
    paired,
    reordered,
)
from express_runners.training.options import CheckOptions

Tiny = Callable[[str], Path]


def test_who_learned_the_train_pool_is_told_from_who_learned_neither(
    tiny: Tiny, pairs: Path, by_heart: Callable[[Path], Path], template: Path
) -> None:
    options = CheckOptions(str(by_heart(pairs)), dataset=str(pairs), template=template)
    learned = check(options)
    assert learned["figures"]["accuracy"]["train"] > 0.9
    assert learned["figures"]["accuracy"]["low"] > 0
    assert learned["verdict"] == "train"
    found = check(replace(options, model=str(tiny("llama"))))
    base = found["figures"]["logprob"]
    assert base["low"] <= 0 <= base["high"]
    assert found["verdict"] == "neither"
    assert "does not say that nothing was seen" in as_text(found)


def test_a_served_model_is_asked_freely(pairs: Path) -> None:
    known = {
        row["text"]: row["labels"]
        for row in map(json.loads, pairs.read_text("utf-8").splitlines())
        if split_of(row["post_id"]) == "test"
    }

    def said(prompt: str) -> str:
        return json.dumps(next((words for text, words in known.items() if text in prompt), ["odd"]))

    with serving(FaultServer(says=said)) as server:
        found = check(CheckOptions("api:org/name", base_url=server.url, dataset=str(pairs)))
    assert found["figures"].keys() == {"accuracy"}
    assert found["figures"]["accuracy"]["test"] == 1
    assert found["verdict"] == "test"
    assert "probably seen them" in as_text(found)


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
    assert reordered(Example("e", "p", "I was <mask>", ("a",), 0), 0) is None


def test_too_few_pairs_are_refused(tiny: Tiny, tmp_path: Path) -> None:
    file = write(tmp_path / "few.jsonl", rows_of("train", 3) + rows_of("test", 3))
    with pytest.raises(RunError, match=r"only \d pairs"):
        check(CheckOptions(str(tiny("llama")), dataset=str(file)))
