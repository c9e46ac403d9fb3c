"""Linear layers by packed copies of their weights: the same figures, and only where they serve."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from support import tiny_models

from express_runners.engines import load_engine, memory
from express_runners.engines.base import EngineOptions
from express_runners.models import resolve
from express_runners.prompts.wording import ours


def model(kind: str, folder: Path, **how: Any) -> Any:
    setting = ours("fill-mask" if kind in ("roberta", "longformer") else "zero-shot")
    path = tiny_models.make(kind, folder / "model")
    engine: Any = load_engine(resolve(str(path)), EngineOptions(template=setting, **how))
    return engine._model


def with_copies(of: Any) -> list[str]:
    return [name for name, module in of.named_modules() if "forward" in vars(module)]


@pytest.mark.parametrize("kind", ["llama", "roberta", "t5"])
def test_a_packed_model_computes_the_same(kind: str, tmp_path: Path) -> None:
    loaded = model(kind, tmp_path)
    assert len(with_copies(loaded)) > 4
    loaded.set_attn_implementation("eager")  # an engine's own needs the engine
    ids = torch.tensor([[3, 5, 7, 9]])
    asked = {"input_ids": ids, **({"decoder_input_ids": ids} if kind == "t5" else {})}
    with torch.inference_mode():
        found = loaded(**asked).logits
        for module in loaded.modules():
            vars(module).pop("forward", None)
        expected = loaded(**asked).logits
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_copies_do_not_stay_behind_the_weights_kind(tmp_path: Path) -> None:
    loaded = model("llama", tmp_path)
    with torch.inference_mode():
        as_single = loaded.lm_head(torch.ones(1, loaded.config.hidden_size))
        loaded.double()
        as_double = loaded.lm_head(torch.ones(1, loaded.config.hidden_size, dtype=torch.float64))
    assert as_double.dtype == torch.float64
    torch.testing.assert_close(as_double.float(), as_single)


def test_there_are_none_where_there_is_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda _: 1000)
    assert not with_copies(model("llama", tmp_path))
