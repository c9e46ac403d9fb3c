"""A model made ready to be trained: whole, or with an adapter over its frozen weights."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from express_dataset.errors import require

from ..engines.base import EngineOptions
from ..engines.loading import load_pretrained
from ..models import ResolvedModel
from .options import Recipe, TrainConfig

AUTO = {
    "masked": "AutoModelForMaskedLM",
    "seq2seq": "AutoModelForSeq2SeqLM",
    "causal": "AutoModelForCausalLM",
}
_TASKS = {"masked": None, "seq2seq": "SEQ_2_SEQ_LM", "causal": "CAUSAL_LM"}


def trainable(
    model: ResolvedModel, options: EngineOptions, config: TrainConfig, recipe: Recipe
) -> Any:
    """Load a model with all weights, or those of an adapter, ready to be trained.

    Dropout is off: what is learned must not depend on how many processes draw random numbers.
    Call `transformers.set_seed` before: a new adapter begins at random.
    """
    import transformers

    auto = getattr(transformers, AUTO[model.family])
    loaded = load_pretrained(auto, replace(model, adapter=None), options)
    loaded.config.use_cache = False
    _no_dropout(loaded)
    if config.full:
        return loaded.train()
    peft = require("peft", "train")
    if config.quantize:
        loaded = peft.prepare_model_for_kbit_training(
            loaded, use_gradient_checkpointing=config.gradient_checkpointing
        )
    elif config.gradient_checkpointing:
        loaded.enable_input_require_grads()
    if model.adapter is not None:
        return peft.PeftModel.from_pretrained(loaded, model.adapter.path, is_trainable=True).train()
    settings = peft.LoraConfig(
        r=recipe.rank,
        lora_alpha=2 * recipe.rank,
        target_modules=_targets(loaded, recipe.targets),
        task_type=_TASKS[model.family],
    )
    return peft.get_peft_model(loaded, settings).train()


def _targets(model: Any, wanted: tuple[str, ...] | str) -> list[str] | str:
    """The family's usual layers where the model has them by these names, else all linear ones."""
    if isinstance(wanted, str):
        return wanted
    ends = {name.rpartition(".")[2] for name, _ in model.named_modules()}
    return [name for name in wanted if name in ends] or "all-linear"


def _no_dropout(model: Any) -> None:
    import torch

    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
        for name, value in vars(module).items():
            if "dropout" in name and isinstance(value, float):
                setattr(module, name, 0.0)
