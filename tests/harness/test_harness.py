"""lm-evaluation-harness and Inspect give the figures of `express run`, on tiny models."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.tiny_models import make

from express_metric.parsing import PROTOCOLS
from express_metric.scoring import FIGURES
from express_runners.config import RunConfig
from express_runners.errors import RunError
from express_runners.harness.common import METRICS, completed, config, questions
from express_runners.runs.run import run

LIMIT = 6
# A chat template that adds nothing, for Inspect, which writes "user: " without one.
PLAIN = "{{ messages[0]['content'] }}"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model without a chat template."""
    # One of its six answers ends in time under every prompt, so that the figures say something.
    return make("llama", tmp_path_factory.mktemp("models") / "tiny", seed=2)


def ours(model: Path, out: Path, prompt: str) -> dict[str, float]:
    """The figures of `express run`, by the names that they have in a harness."""
    options: dict[str, Any] = {"dataset": "sample", "limit": LIMIT, "prompt": prompt}
    result = run(RunConfig(model=str(model), out=out, device="cpu", dtype="float32", **options))
    assert result is not None
    tables: dict[str, Any] = {name: result.scores[name] for name in PROTOCOLS}
    tables |= {f"{name}_clean": table["clean"] for name, table in tables.items()}
    assert 0 < tables["paper_clean"]["n_masks"] < tables["paper"]["n_masks"]
    return {
        f"{name}_{figure}": table[figure] for name, table in tables.items() for figure in FIGURES
    }


def by_lm_eval(model: Path, prompt: str, **metadata: Any) -> dict[str, float]:
    """The figures of lm-evaluation-harness."""
    lm_eval = pytest.importorskip("lm_eval")
    from lm_eval.tasks import TaskManager

    from express_runners.cli.harness import TASKS

    arguments = {"pretrained": str(model), "dtype": "float32"}
    given = {**arguments, "source": "sample", **metadata}
    task = f"express_{prompt.replace('-', '_')}"
    done = lm_eval.simple_evaluate(
        model="hf",
        model_args=arguments,
        device="cpu",
        batch_size=3,
        tasks=[task],
        limit=LIMIT,
        bootstrap_iters=0,
        task_manager=TaskManager(include_path=TASKS, include_defaults=False, metadata=given),
    )
    return {name: done["results"][task][f"{name},none"] for name in METRICS}


def by_inspect(model: Path, folder: Path, prompt: str) -> tuple[dict[str, float], Any]:
    """The figures of Inspect, and its log."""
    inspect_ai = pytest.importorskip("inspect_ai")
    from inspect_ai.model import get_model

    from express_runners.harness.registry import express

    local = get_model(
        "hf/local", model_path=str(model), device="cpu", dtype="float32", chat_template=PLAIN
    )
    (log,) = inspect_ai.eval(
        express(prompt=prompt, source="sample"),
        model=local,
        limit=LIMIT,
        log_dir=str(folder),
        display="none",
    )
    assert log.status == "success", log.error
    metrics = log.results.scores[0].metrics
    return {name: metrics[name].value for name in METRICS}, log


@pytest.mark.parametrize("prompt", ["zero-shot", "few-shot", "cot"])
def test_lm_eval_gives_our_figures(tiny: Path, tmp_path: Path, prompt: str) -> None:
    expected = ours(tiny, tmp_path / "run", prompt)
    assert by_lm_eval(tiny, prompt) == pytest.approx(expected, abs=1e-12)
    assert any(0 < value < 1 for value in expected.values()), "the figures say nothing"


@pytest.mark.parametrize("prompt", ["zero-shot", "few-shot", "cot"])
def test_inspect_gives_our_figures(tiny: Path, tmp_path: Path, prompt: str) -> None:
    expected = ours(tiny, tmp_path / "run", prompt)
    found, log = by_inspect(tiny, tmp_path / "logs", prompt)
    assert found == pytest.approx(expected, abs=1e-12)
    asked = questions(config(prompt=prompt, source="sample"))
    assert {sample.id for sample in log.samples} == set(list(asked.examples)[:LIMIT])
    metrics = log.results.scores[0].metrics
    invalid = sum(v.value for name, v in metrics.items() if name.startswith("revised_invalid_"))
    assert invalid == LIMIT * (1 - expected["revised_valid_rate"])
    # Each answer has a budget of its own, as long as its masks need.
    for sample in log.samples:
        assert sample.output.usage.output_tokens <= asked.budget(sample.metadata["masks"])


def test_inspect_finds_the_task_by_the_name_of_the_package(tiny: Path, tmp_path: Path) -> None:
    options = ["--model", "hf/local", "-M", f"model_path={tiny}", "-M", "device=cpu"]
    options += ["-T", "prompt=few-shot", "-T", "shots=2", "-T", "source=sample", "--limit", "1"]
    command = [sys.executable, "-m", "inspect_ai", "eval", "express_runners/express", *options]
    done = subprocess.run(
        [*command, "--display", "plain", "--log-dir", str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "revised_vector_f1" in done.stdout
    assert len(list(tmp_path.glob("*.eval"))) == 1


def test_a_mistyped_option_of_the_data_is_refused(tiny: Path) -> None:
    with pytest.raises(RunError, match=r"--metadata sourse: .* did you mean source\?"):
        by_lm_eval(tiny, "zero-shot", sourse="sample")


def test_a_prompt_that_would_be_cut_is_refused(tiny: Path) -> None:
    with pytest.raises(RunError, match=r"more than the 100 tokens that the model reads"):
        by_lm_eval(tiny, "zero-shot", max_length=100)


@pytest.mark.parametrize(
    ("text", "cue", "cut_off", "expected"),
    [
        ('The [MASK] is ["sad"]. So', "", False, ('The [MASK] is ["sad"]', "list")),
        ('["a"] Final list: ["b"] x', "Final list:", True, ('["a"] Final list: ["b"]', "list")),
        ('["a"] and', "Final list:", True, ('["a"] and', "length")),
        ("sad\n", "", False, ("sad", "eos")),
    ],
)
def test_an_answer_ends_where_our_engines_end_it(
    text: str, cue: str, cut_off: bool, expected: tuple[str, str]
) -> None:
    assert completed(text, cue, cut_off) == expected


def test_the_command_prints_the_folder_alone() -> None:
    command = [sys.executable, "-m", "express_runners.cli", "harness", "lm-eval"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    folder = Path(done.stdout.removesuffix("\n"))
    assert sorted(file.stem for file in folder.glob("*.yaml")) == [
        "express_cot",
        "express_few_shot",
        "express_zero_shot",
    ]
    assert "lm_eval run --include_path" in done.stderr
