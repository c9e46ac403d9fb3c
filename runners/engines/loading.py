"""Loading weights: whole, quantised, or spread over several devices."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Sequence
from dataclasses import replace
from inspect import signature
from typing import Any

from express_dataset.errors import require

from ..errors import RunError
from ..models import ResolvedModel
from .base import EngineOptions
from .damaged import in_a_sentence


def quiet() -> None:
    """Keep what libraries tell their developers off a user's terminal."""
    transformers = require("transformers", "run")
    # Unset, older tokenizers warn of every process that is started after they have worked; "true"
    # would let a fork of this process hang. Texts are encoded one by one, which needs no threads.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    # PEFT asks for it by the name that transformers 5.24 gives up.
    warnings.filterwarnings("ignore", ".*`is_gradient_checkpointing`", FutureWarning)


def load_pretrained(auto: Any, model: ResolvedModel, options: EngineOptions) -> Any:
    """Load a model in inference mode where and as `options` ask for it."""
    import torch

    how: dict[str, Any] = {"dtype": getattr(torch, options.dtype), "weights_only": True}
    how["use_safetensors"] = not model.pickled
    how["trust_remote_code"] = options.trust_remote_code
    if options.quantize:
        how["quantization_config"] = _quantised(options)
    if options.spread == "layers":
        how["device_map"] = "auto"
    elif options.spread == "tensor":
        how |= _tensor_parallel()
    elif options.quantize:
        how["device_map"] = {"": options.device}
    if model.pickled:
        print(
            f"note: {model.name} has no .safetensors: its pytorch_model.bin is read by torch's "
            "weights-only unpickler, which runs no code.",
            file=sys.stderr,
        )
    with in_a_sentence(model, "weights"):
        loaded, found = auto.from_pretrained(model.path, output_loading_info=True, **how)
        # Models that write no text have none.
        _check_ids(getattr(loaded, "generation_config", None))
    _tell_missing(model, sorted(found["missing_keys"]))
    if model.adapter is not None:
        loaded = add_adapter(loaded, model)
    loaded = loaded.eval()
    if options.spread == "tensor" and not loaded.supports_tp_plan:
        raise RunError(
            f"--spread tensor: {model.name} has no tensor parallel plan; use --spread layers"
        )
    # What was placed while it was loaded must stay where it is.
    placed = not {"device_map", "distributed_config", "tp_plan"}.isdisjoint(how)
    return loaded if placed else loaded.to(options.device)


def add_adapter(loaded: Any, model: ResolvedModel) -> Any:
    """The model itself, with the adapter's layers inside; they stay unmerged, as they were trained.

    Merging would round them to the weights' own precision.
    """
    peft = require("peft", "train")
    assert model.adapter is not None
    with in_a_sentence(replace(model, name=model.adapter.name), "weights"):
        return peft.PeftModel.from_pretrained(loaded, model.adapter.path).get_base_model()


def _check_ids(config: Any) -> None:
    """Refuse what is no token's number: it would fail with the first answer."""
    for key in ("eos_token_id", "bos_token_id", "decoder_start_token_id"):
        value = getattr(config, key, None)
        ids = value if isinstance(value, list) else [value]
        if not all(one is None or (type(one) is int and 0 <= one < 2**31) for one in ids):
            raise ValueError(f"{key} in generation_config.json is {value!r}, no token's number")


def _tell_missing(model: ResolvedModel, missing: Sequence[str]) -> None:
    """Weights that no file holds are drawn by chance, and the library says so to nobody."""
    if missing:
        print(
            f"note: {len(missing)} weights of {model.name} are not in its files and stand at "
            f"random ({missing[0]} first): its answers then are not that model's.",
            file=sys.stderr,
        )


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


def _tensor_parallel() -> dict[str, Any]:
    from transformers.distributed import DistributedConfig

    if "tp_plan" in signature(DistributedConfig).parameters:
        return {"distributed_config": DistributedConfig(tp_plan="auto")}
    return {"tp_plan": "auto"}  # before transformers 5.20 or so
