"""Linear layers that multiply by a packed copy of their weights, on x86 processors.

oneDNN's order of weights makes a step of 12 rows two to four times as fast as MKL, which reads
them as they stand, and reading prompts a fifth faster (tests/benchmarks/bench_free.py).
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import Any

from . import memory
from .base import EngineOptions

_ROWS = 16  # what the order is made for; any number can be multiplied


def packed(model: Any, options: EngineOptions) -> Any:
    """The same model, its linear layers with packed copies where there is room for them.

    It is for inference alone. The weights stay: what reads them elsewhere works, and those of a
    file need no memory of their own. Sums come in another order, so that a logit may differ by
    about 1e-5 in float32.
    """
    import torch

    if options.quantize or options.spread:
        return model
    layers = [m for m in model.modules() if type(m) is torch.nn.Linear and _can(m.weight)]
    size = sum(layer.weight.numel() * layer.weight.itemsize for layer in layers)
    if size <= memory.free_bytes(torch.device("cpu")) // 2:
        with torch.inference_mode():
            for layer in layers:
                layer.forward = _product(layer)
    return model


def _can(weight: Any) -> bool:
    import torch

    return (
        weight.device.type == "cpu"
        and weight.dtype in (torch.float32, torch.bfloat16)
        and torch.backends.mkldnn.is_available()
        and (weight.dtype == torch.float32 or torch.ops.mkldnn._is_mkldnn_bf16_supported())
        # What other processors gain is not known.
        and platform.machine() in ("x86_64", "AMD64")
    )


def _product(layer: Any) -> Callable[[Any], Any]:
    import torch

    copy = torch.ops.mkldnn._reorder_linear_weight(layer.weight, _ROWS)

    def forward(given: Any) -> Any:
        if given.dtype != copy.dtype:  # the model was brought to another
            return torch.nn.functional.linear(given, layer.weight, layer.bias)
        return torch.ops.mkldnn._linear_pointwise(given, copy, layer.bias, "none", [], "")

    return forward
