"""Weights that are quantised or spread over devices."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support import tiny_models
from support.launching import finish, predictions, processes, sessions, start

from express_dataset import load_examples
from express_dataset.errors import MissingExtra
from express_runners.config import RunConfig
from express_runners.engines import load_engine
from express_runners.engines.base import EngineOptions
from express_runners.errors import RunError
from express_runners.models import resolve
from express_runners.prompts.wording import ours


@pytest.mark.parametrize("option", [{"quantize": "2bit"}, {"spread": "rows"}])
def test_unknown_ways_are_refused(option: dict[str, Any]) -> None:
    with pytest.raises(RunError, match="must be one of"):
        RunConfig(model="a/b", out=Path("x"), **option)


@pytest.mark.parametrize("bits", ["8bit", "4bit"])
def test_missing_bitsandbytes_is_named(
    bits: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = resolve(str(tiny_models.make("llama", tmp_path)))
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    options = EngineOptions(template=ours("zero-shot"), quantize=bits)
    with pytest.raises(MissingExtra, match=r"pip install 'express-benchmark\[quantize\]'"):
        load_engine(model, options)


def test_a_model_split_among_two_processes_answers_the_same(tmp_path: Path) -> None:
    options: dict[str, object] = {
        "model": tiny_models.make("llama", tmp_path / "model"),
        "dataset": "sample",
        "limit": 4,
    }
    one, two = tmp_path / "one", tmp_path / "two"
    finish(start({**options, "out": one}))
    finish(start({**options, "out": two, "spread": "tensor"}, processes=2))
    assert predictions(one) == predictions(two)
    assert [s["processes"] for s in sessions(two)] == [2]
    # Both compute, one writes.
    assert Counter(processes(two)) == {0: 4}


def test_layers_dealt_to_devices_answer_the_same(tmp_path: Path) -> None:
    model = resolve(str(tiny_models.make("llama", tmp_path)))
    example = load_examples("sample", split="test").examples[0]
    answers = []
    for spread in (None, "layers"):
        engine: Any = load_engine(model, EngineOptions(template=ours("zero-shot"), spread=spread))
        answers.append(engine.answer([engine.prepare(example)])[0].completion)
    assert answers[0] == answers[1]
