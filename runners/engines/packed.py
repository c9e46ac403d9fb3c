"""Linear layers that multiply by a packed copy of their weights, on x86 processors.

oneDNN's order of weights makes products in float32, above all those of few rows, faster than MKL,
which torch uses: free answers 1.18 times on an AMD EPYC with AVX-512 (`bench_free.py`, sides
"float32" and "plain"). Other processors were not measured.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from . import memory
from .base import EngineOptions

_ROWS = 16  # what the order is made for; any number can be multiplied


def packed(model: Any, options: EngineOptions) -> Any:
    """The same model, its linear layers with packed copies where there is room for them.

    It is for inference with the weights as they are now: they stay for what reads them elsewhere
    (those of a file need no memory of their own), but a later change of them is not seen. Sums come
    in another order, so that a logit may differ by about 1e-5 in float32.
    """
    import torch

    if options.quantize or options.spread or hasattr(model.config, "quantization_config"):
        return model
    layers = [module for module in model.modules() if _can(module)]
    size = sum(layer.weight.numel() * layer.weight.itemsize for layer in layers)
    if size > memory.free_bytes(torch.device("cpu")) // 2:
        told = f"{size / 1e9:.1f} GB more memory is not free for weights in a faster order"
        print(f"note: {told}: answers come slower.", file=sys.stderr)
        return model
    with torch.inference_mode():
        for layer in layers:
            # What oneDNN cannot take, such as a library's own kind of tensor, stays as it was.
            with suppress(RuntimeError):
                layer.forward = _product(layer.weight, layer.bias)
    return model


def _can(module: Any) -> bool:
    """Whether it is a plain linear layer, on a processor, of a kind that oneDNN multiplies."""
    import torch

    if type(module) is not torch.nn.Linear or "forward" in vars(module):
        return False
    weight = module._parameters.get("weight")
    return (
        weight is not None
        and weight.device.type == "cpu"
        and weight.dtype in (torch.float32, torch.bfloat16)
        and platform.machine() == "x86_64"
        and torch.backends.mkldnn.is_available()
        and (weight.dtype == torch.float32 or torch.ops.mkldnn._is_mkldnn_bf16_supported())
    )


def _product(weight: Any, bias: Any) -> Callable[[Any], Any]:
    # Not of the layer itself, which would keep itself in memory.
    import torch

    copy = torch.ops.mkldnn._reorder_linear_weight(weight, _ROWS)

    def forward(given: Any) -> Any:
        # The model may have been brought to another kind of number, or be learning.
        if {given.dtype, weight.dtype} != {copy.dtype} or torch.is_grad_enabled():
            return torch.nn.functional.linear(given, weight, bias)
        return torch.ops.mkldnn._linear_pointwise(given, copy, bias, "none", [], "")

    return forward
