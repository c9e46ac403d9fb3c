"""A real model in 8 and 4 bits: smaller, still a model that answers, and said in run.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from express_runners.config import RunConfig
from express_runners.engines.base import EngineOptions
from express_runners.engines.loading import load_pretrained
from express_runners.models import resolve
from express_runners.prompts.wording import ours
from express_runners.runs.run import run


def loaded(folder: Path, quantize: str | None) -> Any:
    from transformers import AutoModelForCausalLM

    options = EngineOptions(template=ours("zero-shot"), quantize=quantize)
    return load_pretrained(AutoModelForCausalLM, resolve(str(folder)), options)


@pytest.mark.parametrize(
    ("bits", "layer", "share"), [("8bit", "Linear8bitLt", 0.42), ("4bit", "Linear4bit", 0.31)]
)
def test_quantised_weights_are_small_and_nearly_right(
    smollm2: Path, bits: str, layer: str, share: float
) -> None:
    import torch
    from transformers import AutoTokenizer

    whole, small = loaded(smollm2, None), loaded(smollm2, bits)
    layers = [type(part).__name__ for part in small.modules()]
    # Of each of 30 layers: four of attention, three of the perceptron.
    assert layers.count(layer) == 210
    assert small.get_memory_footprint() < share * whole.get_memory_footprint()
    ids = AutoTokenizer.from_pretrained(smollm2)("I never felt so", return_tensors="pt")
    with torch.inference_mode():
        first, second = (model(**ids).logits[0, -1].float() for model in (whole, small))
    alike = torch.nn.functional.cosine_similarity(first, second, dim=0)
    assert 0.9 < alike < 1 - 1e-6


def test_a_quantised_run_says_so(smollm2: Path, tmp_path: Path) -> None:
    config = RunConfig(str(smollm2), tmp_path, "sample", limit=1, quantize="8bit", device="cpu")
    result = run(config)
    assert result is not None
    assert len(result.lines) == 1
    assert result.lines[0]["completion"]
    assert json.loads((tmp_path / "run.json").read_text())["asked"]["quantize"] == "8bit"
