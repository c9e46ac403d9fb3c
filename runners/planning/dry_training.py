"""`express train --dry-run`: what would be learned, and an estimate; no weights are loaded."""

from __future__ import annotations

from typing import Any

from express_dataset.errors import require

from ..engines.loading import quiet
from ..training.learning import steps_of
from ..training.options import TrainConfig
from ..training.train import prepare
from . import estimate
from .dry_run import duration

# Operations per weight and token: forward, backward through it, and for its own gradient.
FORWARD, BACKWARD, GRADIENT = 2, 2, 2
# A trained weight is kept with its gradient and Adam's two moments, in float32.
TRAINED_BYTES = 16


def plan(config: TrainConfig) -> dict[str, Any]:
    """Rows learned and left out by reason, tokens, memory and time, ready for JSON."""
    transformers = require("transformers", "train")
    quiet()
    found = prepare(config, weights=False)
    steps = steps_of(found.rows, config, found.recipe.epochs)
    shape = estimate.shape_of(found.model, config.trust_remote_code)
    text = transformers.AutoConfig.from_pretrained(found.model.path).get_text_config()
    # Two narrow matrices beside each of about seven wide ones in a layer.
    adapted = text.num_hidden_layers * 14 * found.recipe.rank * text.hidden_size
    trained = shape.parameters if config.full else adapted
    tokens = sum(row.tokens for row in found.rows)
    longest = max(row.tokens for row in found.rows)
    kept_layers = 1 if config.gradient_checkpointing else text.num_hidden_layers
    size = getattr(require("torch", "train"), found.options.dtype).itemsize
    memory = {
        "weights": estimate.weight_bytes(shape.parameters, found.options),
        "trained": TRAINED_BYTES * trained,
        "layers": steps.rows * longest * shape.widest * kept_layers * size,
        "logits": 2 * steps.rows * longest * text.vocab_size * size,
        "base": estimate.BASE_BYTES,
    }
    speed = estimate.measure(found.options.device, found.options.dtype)
    per_token = FORWARD + BACKWARD + GRADIENT * config.full
    work = per_token * shape.working * tokens * found.recipe.epochs
    return {
        "model": {"name": found.model.name, "family": found.model.family},
        "prompt": found.prompt,
        "data": found.loaded.data,
        "learned": len(found.rows),
        "validation": len(found.validation),
        "left_out": found.left_out,
        "masks": sum(len(row.example.labels) for row in found.rows),
        "masks_not_learned": sum(row.unlearned for row in found.rows),
        "tokens": {"epoch": tokens, "longest": longest},
        "steps": steps.total,
        "memory_bytes": {**memory, "total": sum(memory.values())},
        "seconds": round(work / (estimate.PREFILL_SHARE * speed.operations), 1),
        "device": found.options.device,
        "dtype": found.options.dtype,
    }


def as_text(plan: dict[str, Any]) -> str:
    """The plan for a person."""
    memory = plan["memory_bytes"]
    lines = [
        f"model     {plan['model']['name']} ({plan['model']['family']}), {plan['dtype']} on "
        f"{plan['device']}; prompt {plan['prompt']}",
        f"learned   {plan['learned']:,} examples of {plan['data']}, {plan['masks']:,} masks "
        f"({plan['masks_not_learned']:,} not learned); {plan['validation']:,} to choose by",
        *(f"left out  {n:,} ({why})" for why, n in sorted(plan["left_out"].items())),
        f"tokens    {plan['tokens']['epoch']:,} an epoch, {plan['tokens']['longest']:,} in the "
        f"longest; {plan['steps']:,} steps",
        f"memory    about {memory['total'] / 2**30:.1f} GiB",
        f"time      about {duration(plan['seconds'])} on one process",
        "",
        "No weights were loaded and nothing was written.",
    ]
    return "\n".join(lines)
