"""`express run` with a misspelt option: one sentence that fits, and no folder left behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.tiny_models import make

from express_dataset.errors import DataError
from express_metric import MetricError
from express_runners.config import RunConfig
from express_runners.errors import RunError
from express_runners.runs.run import run

RIGHT: dict[str, Any] = {"model": "dummy:uniform", "dataset": "sample", "limit": 2}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"model": "./no-such-model"}, "--model ./no-such-model: no such folder"),
        ({"model": "dummy:best"}, "--model dummy:best: write one of"),
        ({"dataset": "no-such.csv"}, "no-such.csv"),
        ({"lexicon": "no-such.csv"}, "no-such.csv"),
        ({"template": Path("no-such.jinja"), "model": "api:org/name"}, "no-such.jinja"),
    ],
)
def test_a_misspelt_option_leaves_no_folder(
    tmp_path: Path, wrong: dict[str, Any], sentence: str
) -> None:
    with pytest.raises((RunError, DataError, MetricError)) as caught:
        run(RunConfig(**RIGHT | wrong, out=tmp_path / "runs" / "x"))
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_is_mended_runs_in_the_same_folder(tmp_path: Path) -> None:
    make("llama", tmp_path / "mine")
    weights = tmp_path / "mine" / "model.safetensors"
    whole = weights.read_bytes()
    asked = RunConfig(**RIGHT | {"model": str(tmp_path / "mine")}, out=tmp_path / "x")
    weights.write_bytes(whole[:1000])
    with pytest.raises(RunError, match="its weights cannot be loaded"):
        run(asked)
    # Its revision is another one now; nothing was answered by the damaged one.
    weights.write_bytes(whole)
    assert run(asked) is not None
