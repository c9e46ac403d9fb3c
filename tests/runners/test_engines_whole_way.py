"""Every model class goes from `--model` to scores."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import tiny_models

from express_dataset import MASK, load_examples
from express_runners.config import RunConfig
from express_runners.engines import load_engine
from express_runners.engines.base import EngineOptions
from express_runners.models import resolve
from express_runners.prompts.wording import ours
from express_runners.runs.run import run

EXAMPLES = 6
CASES = [(name, False) for name in tiny_models.NAMES] + [("llama", True), ("gemma2", True)]


@pytest.mark.parametrize(("name", "chat"), CASES)
def test_class_goes_the_whole_way(name: str, chat: bool, tmp_path: Path) -> None:
    model = tiny_models.make(name, tmp_path / "model", chat=chat)
    config = RunConfig(model=str(model), dataset="sample", limit=EXAMPLES, out=tmp_path / "run")
    result = run(config)
    assert result is not None
    asked = json.loads((tmp_path / "run" / "run.json").read_text())["asked"]
    assert asked["model"]["family"] == tiny_models.FAMILIES[name]
    examples = load_examples("sample", split="test").examples[:EXAMPLES]
    assert [line["id"] for line in result.lines] == [e.id for e in examples]
    assert any(line["completion"] for line in result.lines)
    assert all(line["new_tokens"] > 0 for line in result.lines)
    # Random weights are right by accident at most, but the path from text to figures is walked.
    scores = json.loads((tmp_path / "run" / "scores.json").read_text())
    assert scores == result.scores
    for protocol in ("paper", "revised"):
        assert f"|n:{EXAMPLES}|protocol:{protocol}|" in scores[protocol]["signature"]
    if tiny_models.FAMILIES[name] == "masked":
        wanted = [len(e.labels) for e in examples]
        assert [len(json.loads(line["completion"])) for line in result.lines] == wanted
        assert {line["finish"] for line in result.lines} == {"filled"}


@pytest.mark.parametrize(("name", "chat"), CASES)
def test_prompt_has_its_special_tokens_once(name: str, chat: bool, tmp_path: Path) -> None:
    model = resolve(str(tiny_models.make(name, tmp_path / "model", chat=chat)))
    setting = "fill-mask" if model.family == "masked" else "zero-shot"
    engine = load_engine(model, EngineOptions(template=ours(setting)))
    example = load_examples("sample", split="test").examples[0]
    prompt = engine.prepare(example)
    bos, eos = 0, 2
    family = tiny_models.FAMILIES[name]
    assert prompt.ids.count(bos) == (0 if name == "t5" else 1)
    assert prompt.ids[0] == bos or name == "t5"
    assert prompt.ids.count(eos) == (0 if family == "causal" else 1)
    assert ("<|assistant|>" in prompt.text) is chat
    if family == "masked":
        assert prompt.ids.count(4) == example.text.count(MASK) == len(example.labels)
