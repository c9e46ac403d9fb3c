"""How many weights a model has, by the headers of its files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from support import tiny_models
from transformers import AutoModelForCausalLM

from express_cards.comparison.runs import load_runs
from express_runners.config import RunConfig
from express_runners.runs.evidence import parameters_of
from express_runners.runs.run import run


def test_a_run_keeps_the_size_that_was_counted(tmp_path: Path) -> None:
    folder = tiny_models.make("llama", tmp_path / "tiny-70b")
    out = tmp_path / "run"
    run(RunConfig(str(folder), out, dataset="sample", limit=1))
    (loaded,) = load_runs([out])
    # The name says 70 billion.
    model = AutoModelForCausalLM.from_pretrained(folder)
    assert loaded.parameters == sum(weight.numel() for weight in model.parameters())


def test_shards_are_those_of_the_index_and_packed_weights_tell_nothing(tmp_path: Path) -> None:
    for name in ("a", "b", "consolidated"):
        save_file({name: torch.zeros(30, 40)}, tmp_path / f"{name}.safetensors")
    assert parameters_of(tmp_path) is None
    shards = {"weight_map": {n: f"{n}.safetensors" for n in "ab"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(shards))
    assert parameters_of(tmp_path) == 2 * 1200
    save_file({"a": torch.zeros(30, 5, dtype=torch.int32)}, tmp_path / "a.safetensors")
    assert parameters_of(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"\xff" * 20, b"\x02" + bytes(7) + b"[]"])
def test_a_damaged_file_tells_nothing(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(content)
    assert parameters_of(tmp_path) is None
