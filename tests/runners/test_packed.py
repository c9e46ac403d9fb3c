"""Linear layers by packed copies of their weights: the same figures, and only where they serve."""

from __future__ import annotations

import gc
import platform
import weakref
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from support import tiny_models

from express_runners.engines import load_engine, memory
from express_runners.engines.base import EngineOptions
from express_runners.engines.packed import packed
from express_runners.models import resolve
from express_runners.prompts.wording import ours

on_x86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="copies are made on x86 only")
OPTIONS = EngineOptions(template=ours("zero-shot"))


def engine(kind: str, folder: Path, **how: Any) -> Any:
    setting = ours("fill-mask" if kind == "roberta" else "zero-shot")
    path = tiny_models.make(kind, folder / "model")
    return load_engine(resolve(str(path)), EngineOptions(template=setting, **how))


def with_copies(model: Any) -> list[str]:
    return [name for name, module in model.named_modules() if "forward" in vars(module)]


class Model(torch.nn.Sequential):  # type: ignore[misc]
    """As much of a model as is asked for."""

    config = SimpleNamespace()


@on_x86
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("kind", ["llama", "roberta", "t5"])
def test_a_packed_model_computes_the_same(kind: str, dtype: str, tmp_path: Path) -> None:
    model = engine(kind, tmp_path, dtype=dtype)._model
    assert len(with_copies(model)) > 4
    model.set_attn_implementation("eager")  # an engine's own needs the engine
    ids = torch.tensor([[3, 5, 7, 9]])
    asked = {"input_ids": ids, **({"decoder_input_ids": ids} if kind == "t5" else {})}
    with torch.inference_mode():
        found = model(**asked).logits
        for module in model.modules():
            vars(module).pop("forward", None)
        expected = model(**asked).logits
    near = {"rtol": 1e-4, "atol": 1e-5} if dtype == "float32" else {"rtol": 0.1, "atol": 0.5}
    torch.testing.assert_close(found, expected, **near)


@on_x86
def test_copies_are_not_used_where_they_do_not_serve() -> None:
    layer = torch.nn.Linear(3, 2)
    model = packed(Model(layer), OPTIONS)
    assert with_copies(model) == ["0"]
    model(torch.ones(1, 3)).sum().backward()
    assert layer.weight.grad is not None
    with torch.inference_mode():
        single = model(torch.ones(1, 3))
        assert model.double()(torch.ones(1, 3, dtype=torch.float64)).dtype == torch.float64
        torch.testing.assert_close(model.float()(torch.ones(1, 3)), single)


class Own(torch.Tensor):  # type: ignore[misc]
    """A library's own kind of tensor."""


def hooked(layer: torch.nn.Linear) -> None:
    layer.forward = lambda given: given


def of_a_library(layer: torch.nn.Linear) -> None:
    layer.weight = torch.nn.Parameter(layer.weight.detach().as_subclass(Own))


def without_weight(layer: torch.nn.Linear) -> None:
    del layer.weight


@pytest.mark.parametrize("change", [hooked, of_a_library, without_weight])
def test_layers_of_a_kind_of_their_own_stay(change: Callable[[torch.nn.Linear], None]) -> None:
    layer = torch.nn.Linear(3, 3)
    change(layer)
    before = vars(layer).get("forward")
    packed(Model(layer), OPTIONS)
    assert vars(layer).get("forward") is before


def test_a_model_that_comes_quantised_stays() -> None:
    model = Model(torch.nn.Linear(3, 3))
    model.config = SimpleNamespace(quantization_config={})
    assert not with_copies(packed(model, OPTIONS))


def test_a_model_that_is_done_with_leaves_the_memory() -> None:
    model = packed(Model(torch.nn.Linear(3, 3)), OPTIONS)
    layer = weakref.ref(model[0])
    gc.disable()
    try:
        del model
        assert layer() is None
    finally:
        gc.enable()


def test_there_are_none_where_there_is_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda _: 1000)
    assert not with_copies(engine("llama", tmp_path)._model)
    assert "answers come slower" in capsys.readouterr().err


V2 = ("memory.max", "memory.current", "memory.stat", "file")
V1 = tuple(f"memory/memory.{name}" for name in ("limit_in_bytes", "usage_in_bytes", "stat"))


@pytest.mark.parametrize(
    ("files", "limit", "left"),
    [(V2, "100", [60]), (V2, "max", []), ((*V1, "cache"), "100", [60])],
)
def test_a_container_has_less_than_the_machine(
    tmp_path: Path, files: tuple[str, ...], limit: str, left: list[int]
) -> None:
    (tmp_path / "memory").mkdir()
    for name, content in zip(files[:3], (limit, "70", f"{files[3]} 30\nanon 5"), strict=True):
        (tmp_path / name).write_text(f"{content}\n")
    assert memory._left_to_container(tmp_path) == left
