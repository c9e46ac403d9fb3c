"""Tiny models of the three families learn what they are shown, by adapter and by all weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from training.conftest import rows_of, write

from express_runners.config import RunConfig
from express_runners.runs.run import run
from express_runners.training.options import TrainConfig
from express_runners.training.train import train

Tiny = Callable[[str], Path]
# Learning rate, steps and rows: what these random weights need to know their rows by heart.
CASES = {
    ("roberta", False): (1e-2, 90, 4),
    ("roberta", True): (2e-2, 25, 4),
    ("t5", False): (1e-2, 150, 2),
    ("t5", True): (1e-2, 150, 2),
    ("llama", False): (3e-2, 30, 4),
    ("llama", True): (1e-2, 30, 4),
}


def accuracy(model: Path, data: Path, out: Path, **options: Any) -> float:
    """Exact words on the train split."""
    asked = RunConfig(str(model), out, dataset=str(data), split="train", **options)
    result = run(asked)
    assert result is not None
    found: float = result.scores["revised"]["lexical_accuracy"]
    return found


@pytest.mark.parametrize("full", [False, True], ids=["adapter", "full"])
@pytest.mark.parametrize("name", ["roberta", "t5", "llama"])
def test_a_model_learns_the_train_rows(
    name: str, full: bool, tiny: Tiny, data: Path, template: Path, tmp_path: Path
) -> None:
    base, out = tiny(name), tmp_path / "trained"
    rate, epochs, rows = CASES[name, full]
    options: dict[str, Any] = {"limit": rows}
    if name != "roberta":
        options["template"] = template
    config = TrainConfig(
        str(base),
        out,
        dataset=str(data),
        full=full,
        learning_rate=rate,
        epochs=epochs,
        batch_size=rows,
        validation=0,
        several_tokens="leave-out",
        **options,
    )
    done = train(config)
    assert done is not None
    losses = [point["loss"] for point in done.record["result"]["loss"]]
    assert losses[-1] < 0.1 * losses[0]
    assert accuracy(base, data, tmp_path / "before", **options) < 0.1
    asked = out if full else base
    options = {**options, "seen": "allow"}
    if not full:
        options["adapter"] = str(out)
    after = accuracy(asked, data, tmp_path / "after", **options)
    assert after > 0.9


def test_all_rows_train_where_half_the_labels_are_of_several_tokens(
    tiny: Tiny, tmp_path: Path
) -> None:
    one, several = ("night", "people"), ("let down", "worn out")
    terms = (one[0], several[0], one[1], several[1])
    rows = rows_of("train", 4, terms=terms * 2)
    base, out = tiny("roberta"), tmp_path / "trained"
    options: dict[str, Any] = {"dataset": str(write(tmp_path / "rows.jsonl", rows))}
    done = train(
        TrainConfig(
            str(base),
            out,
            full=True,
            learning_rate=2e-2,
            epochs=40,
            batch_size=4,
            validation=0,
            **options,
        )
    )
    assert done is not None
    result = done.record["result"]
    counts = ("examples", "masks", "masks_not_learned", "left_out")
    assert [result[name] for name in counts] == [4, 4, 0, {}]
    losses = [point["loss"] for point in result["loss"]]
    assert losses[-1] < 0.1 * losses[0]
    # A run fills a mask with one token, so that half of the words can be said.
    asked = RunConfig(str(out), tmp_path / "run", split="train", seen="allow", **options)
    answered = run(asked)
    assert answered is not None
    assert answered.scores["revised"]["lexical_accuracy"] == 0.5
