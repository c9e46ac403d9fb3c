"""Split, lexicon and signature in lm-eval and Inspect; what they warn of."""

from __future__ import annotations

import csv
import logging
from pathlib import Path
from typing import Any

import pytest
from support.fault_server import serving
from support.harness_sides import NAMES, Teller, Told, by_express, by_inspect, by_lm_eval
from support.tiny_models import make

from express_dataset.sources import load
from express_metric import DIMENSIONS
from express_runners.config import RunConfig
from express_runners.harness.common import completed
from express_runners.runs.run import run

LIMIT = 6
WARNED = "this prompt has other tokens than that of `express run`"


def figures(scores: dict[str, Any]) -> dict[str, float]:
    """The figures of a run by the names that they have in a harness."""
    pairs = (name.split("_", 1) for name in NAMES)
    return {f"{protocol}_{name}": scores[protocol][name] for protocol, name in pairs}


def of_inspect(log: Any) -> dict[str, float]:
    """The figures of Inspect."""
    metrics = log.results.scores[0].metrics
    return {name: metrics[name].value for name in NAMES}


@pytest.fixture
def lexicon(tmp_path: Path) -> Path:
    """A lexicon in which "sad", which the server always answers, is what every label is."""
    file = tmp_path / "mine.csv"
    with file.open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["word", *DIMENSIONS])
        labels = {label for one in load("sample", split="all").examples for label in one.labels}
        for word in sorted({"sad", *labels}):
            rows.writerow([word, 1, *[0] * (len(DIMENSIONS) - 1)])
    return file


def test_split_and_lexicon_are_those_asked_for(lexicon: Path, tmp_path: Path) -> None:
    asked: dict[str, Any] = {"split": "train", "lexicon": str(lexicon)}
    with serving(Teller()) as server:
        result = by_express(server, tmp_path / "run", LIMIT, **asked)
        log = by_inspect(server, tmp_path / "log", LIMIT, **asked)
        other = by_express(server, tmp_path / "other", LIMIT, split="train")
    assert figures(other.scores) != figures(result.scores), "the lexicon says nothing"
    expected = pytest.approx(figures(result.scores), abs=1e-12)
    assert of_inspect(log) == expected
    done = by_lm_eval(Told({}), "zero-shot", LIMIT, **asked)
    assert {name: done["results"][f"{name},none"] for name in NAMES} == expected

    signature = set(result.scores["paper"]["signature"].split("|"))
    for about in (log.eval.metadata, done["metadata"]["express"]):
        assert set(about) == {"data", "split", "lexicon", "prompt"}
        named = {f"{key.removesuffix('icon')}:{value}" for key, value in about.items()}
        assert named <= signature


def test_inspect_warns_of_another_prompt_and_its_hint_helps(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The chat template writes a BOS token, and Inspect lets the tokenizer add another."""
    import inspect_ai
    from inspect_ai.model import get_model

    from express_runners.harness.registry import express

    model = make("llama", tmp_path / "tiny", chat=True)
    given: dict[str, Any] = {"dataset": "sample", "limit": LIMIT, "device": "cpu"}
    result = run(RunConfig(str(model), tmp_path / "run", dtype="float32", **given))
    assert result is not None

    expected = {line["id"]: line["completion"] for line in result.lines}

    def asked(**hint: Any) -> tuple[bool, dict[str, str]]:
        caplog.clear()
        local = get_model("hf/local", model_path=str(model), device="cpu", dtype="float32", **hint)
        task, folder = express(source="sample"), str(tmp_path / "log")
        (log,) = inspect_ai.eval(task, model=local, limit=LIMIT, log_dir=folder, display="none")
        assert log.samples is not None
        texts = {str(one.id): one.output.completion for one in log.samples}
        return WARNED in caplog.text, {k: completed(v, "", False)[0] for k, v in texts.items()}

    warned, found = asked()
    assert warned
    assert found != expected, "the warning warns of nothing"
    warned, found = asked(tokenizer_call_args={"add_special_tokens": False})
    assert not warned
    assert found == expected


def test_lm_eval_warns_where_a_chat_template_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = str(make("llama", tmp_path / "tiny", chat=True))
    with caplog.at_level(logging.WARNING):
        by_lm_eval(Told({}), "zero-shot", 1, pretrained=model)
    assert "add --apply_chat_template for the same figures" in caplog.text


def test_lm_eval_warns_where_no_tokenizer_is_known(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        by_lm_eval(Told({}), "cot", 1)
    assert "reasoning that was cut off passes for finished" in caplog.text
