"""Loading weights: whole, quantised, or spread over several devices."""

from __future__ import annotations

from typing import Any

from express_dataset.errors import require

from ..errors import RunError
from ..models import ResolvedModel
from .base import EngineOptions


def load_pretrained(auto: Any, model: ResolvedModel, options: EngineOptions) -> Any:
    """Load a model in inference mode where and as `options` ask for it.

    Args:
        auto: one of transformers' `AutoModelFor...` classes.
        model: its folder.
        options: `quantize` and `spread` among them.

    Raises:
        MissingExtra: bitsandbytes is not installed.
        RunError: the model has no plan for tensor parallelism.
    """
    import torch

    how: dict[str, Any] = {"dtype": getattr(torch, options.dtype), "use_safetensors": True}
    how["trust_remote_code"] = options.trust_remote_code
    if options.quantize:
        how["quantization_config"] = _quantised(options)
    if options.spread == "layers":
        how["device_map"] = "auto"
    elif options.spread == "tensor":
        how["distributed_config"] = _tensor_parallel()
    elif options.quantize:
        how["device_map"] = {"": options.device}
    loaded = auto.from_pretrained(model.path, **how).eval()
    if options.spread == "tensor" and not loaded.supports_tp_plan:
        raise RunError(
            f"--spread tensor: {model.name} has no tensor parallel plan; use --spread layers."
        )
    # What was placed while it was loaded must stay where it is.
    placed = "device_map" in how or "distributed_config" in how
    return loaded if placed else loaded.to(options.device)


def _quantised(options: EngineOptions) -> Any:
    import torch
    from transformers import BitsAndBytesConfig

    require("bitsandbytes", "quantize")
    if options.quantize == "8bit":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_compute_dtype=getattr(torch, options.dtype),
    )


def _tensor_parallel() -> Any:
    from transformers.distributed import DistributedConfig

    return DistributedConfig(tp_plan="auto")
