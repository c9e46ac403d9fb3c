"""The dummy: right where it must be, the same each time, and never to be taken for a model."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from express_dataset.sources import load
from express_runners.config import RunConfig
from express_runners.errors import RunError
from express_runners.models import resolve
from express_runners.runs.finished import FinishedRun
from express_runners.runs.run import run


def answers(model: str, out: Path, **changed: int) -> FinishedRun:
    """A dummy's run on the sample."""
    result = run(RunConfig(model=model, dataset="sample", split="test", out=out, **changed))  # type: ignore[arg-type]
    assert result is not None
    return result


def terms(result: FinishedRun) -> list[list[str]]:
    """Each answer's terms under `revised`."""
    return [line["terms"]["revised"] for line in result.lines]


def test_the_oracle_is_always_right(tmp_path: Path) -> None:
    scores = answers("dummy:oracle", tmp_path).scores
    for protocol in ("paper", "revised"):
        assert scores[protocol]["valid_rate"] == 1.0
        assert scores[protocol]["lexical_accuracy"] == 1.0
        assert scores[protocol]["vector_accuracy"] == 1.0


def test_the_commonest_train_label_for_every_mask(tmp_path: Path) -> None:
    train = load("sample", split="train").examples
    counts = Counter(label for example in train for label in example.labels)
    given = {term for row in terms(answers("dummy:most-frequent", tmp_path)) for term in row}
    assert len(given) == 1
    assert counts[given.pop()] == max(counts.values())


def test_a_draw_depends_on_example_and_seed_alone(tmp_path: Path) -> None:
    whole = answers("dummy", tmp_path / "whole")
    assert whole.asked.model.name == "dummy:uniform"
    few = answers("dummy:uniform@0", tmp_path / "few", limit=5, batch_size=2)
    assert terms(few) == terms(whole)[:5]
    assert terms(answers("dummy@1", tmp_path / "other")) != terms(whole)
    assert len({term for row in terms(whole) for term in row}) > 10
    train = {label for row in load("sample", split="train").examples for label in row.labels}
    assert {term for row in terms(whole) for term in row} <= train
    assert whole.scores["revised"]["valid_rate"] == 1.0


def test_another_seed_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    answers("dummy@1", tmp_path, limit=3)
    with pytest.raises(RunError, match="revision is '1' there and '2' here"):
        answers("dummy@2", tmp_path, limit=3)


def test_every_figure_says_that_it_is_a_dummy_s(tmp_path: Path) -> None:
    result = answers("dummy:oracle", tmp_path, limit=3)
    for protocol in ("paper", "revised"):
        assert "|decode:dummy-oracle|" in result.scores[protocol]["signature"]
    asked = json.loads((tmp_path / "run.json").read_text())["asked"]
    assert asked["model"]["family"] == "dummy"
    assert asked["decoding"]["seed"] == "0"


@pytest.mark.parametrize("model", ["dummy:", "dummy:clever", "dummy:uniform@x", "dummy@-1"])
def test_an_unknown_dummy_is_refused(model: str) -> None:
    with pytest.raises(RunError, match="dummy:uniform, dummy:most-frequent, dummy:oracle"):
        resolve(model)


def test_data_with_a_test_split_only_is_answered_from_its_own_labels(tmp_path: Path) -> None:
    row = {"id": "a", "post_id": "a", "text": "I felt <mask>.", "labels": ["sad"], "split": "test"}
    file = tmp_path / "only.jsonl"
    file.write_text(json.dumps(row))
    done = run(RunConfig("dummy:most-frequent", tmp_path / "run", str(file)))
    assert done is not None
    assert done.scores["revised"]["lexical_accuracy"] == 1.0
