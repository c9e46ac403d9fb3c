"""lm-evaluation-harness and Inspect give SmolLM2 the figures of `express run` on real segments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import inspect_ai
import lm_eval
import pytest
from inspect_ai.model import get_model
from lm_eval.tasks import TaskManager

from express_metric.parsing import PROTOCOLS
from express_metric.scoring import FIGURES
from express_runners.cli.harness import TASKS
from express_runners.config import RunConfig
from express_runners.harness.registry import express
from express_runners.runs.run import run

SEGMENTS = 4


@pytest.fixture(scope="module")
def ours(
    smollm2: Path, reference: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, float]:
    """The figures of `express run`, by the names that they have in a harness."""
    data, out = str(reference / "gpt4o_predictions.csv"), tmp_path_factory.mktemp("run")
    result = run(RunConfig(str(smollm2), out / "run", data, limit=SEGMENTS, device="cpu"))
    assert result is not None
    figures = {f"{p}_{figure}": result.scores[p][figure] for p in PROTOCOLS for figure in FIGURES}
    assert any(0 < value < 1 for value in figures.values()), "the figures say nothing"
    return figures


def test_lm_eval(smollm2: Path, reference: Path, ours: dict[str, float]) -> None:
    arguments = {"pretrained": str(smollm2), "dtype": "float32"}
    given: dict[str, Any] = {**arguments, "source": str(reference / "gpt4o_predictions.csv")}
    done = lm_eval.simple_evaluate(
        model="hf",
        model_args=arguments,
        device="cpu",
        batch_size=2,
        tasks=["express_zero_shot"],
        limit=SEGMENTS,
        bootstrap_iters=0,
        apply_chat_template=True,
        task_manager=TaskManager(include_path=TASKS, include_defaults=False, metadata=given),
    )
    found = done["results"]["express_zero_shot"]
    assert {name: found[f"{name},none"] for name in ours} == pytest.approx(ours, abs=1e-12)


def test_inspect(smollm2: Path, reference: Path, ours: dict[str, float], tmp_path: Path) -> None:
    local = get_model("hf/local", model_path=str(smollm2), device="cpu", dtype="float32")
    (log,) = inspect_ai.eval(
        express(source=str(reference / "gpt4o_predictions.csv")),
        model=local,
        limit=SEGMENTS,
        log_dir=str(tmp_path),
        display="none",
    )
    assert log.status == "success", log.error
    assert log.results is not None
    metrics = log.results.scores[0].metrics
    assert {name: metrics[name].value for name in ours} == pytest.approx(ours, abs=1e-12)
