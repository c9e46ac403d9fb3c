"""Memory and time of a run, told from the model's configuration before any weight is loaded.

How: parameters are counted on a model without storage (PyTorch's meta device). Memory is weights,
plus the keys and values of the rows that are decoded side by side, plus the widest moment of one
layer, plus what Python and PyTorch take themselves. For the time, a matrix product and a copy are
measured on this device for a moment: prompts cost two operations per parameter and token at half
the measured speed; each written token costs reading all weights once per step of all rows, and its
own operations.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..engines.base import EngineOptions, Prompt
from ..engines.damaged import in_a_sentence
from ..engines.decoding import MOST_ROWS, groups, shared_beginning
from ..models import ResolvedModel

BASE_BYTES = 600 * 2**20
PREFILL_SHARE = 0.5
# Tokens an answer takes as a rule: a few of preamble, then each term; and for reasoning.
USUAL_BASE, USUAL_PER_MASK, USUAL_REASONING = 8, 6, 200
CHUNK = {"cpu": 768, "cuda": 32_768}


@dataclass(frozen=True, slots=True)
class Shape:
    """What a model's configuration tells: sizes, without weights."""

    parameters: int  # all of them
    # those that take part in computing a token (without the input embedding, unless it is the
    # output's, too)
    working: int
    cached: int  # numbers kept per token while an answer is written
    widest: int  # numbers alive at once per token inside a layer


def shape_of(model: ResolvedModel, trust_remote_code: bool = False) -> Shape:
    """Count a model's parameters and the sizes of its cache; loads its configuration only."""
    import torch
    import transformers

    auto = {
        "masked": transformers.AutoModelForMaskedLM,
        "seq2seq": transformers.AutoModelForSeq2SeqLM,
        "causal": transformers.AutoModelForCausalLM,
    }[model.family]
    with in_a_sentence(model, "configuration"):
        config = transformers.AutoConfig.from_pretrained(
            model.path, trust_remote_code=trust_remote_code
        )
        with torch.device("meta"):
            empty = auto.from_config(config, trust_remote_code=trust_remote_code)
        empty.tie_weights()  # older transformers do so with loaded weights only
    parameters = sum(weight.numel() for weight in empty.parameters())
    embedding, output = empty.get_input_embeddings(), empty.get_output_embeddings()
    tied = output is not None and output.weight is embedding.weight
    text = config.get_text_config()
    hidden = text.hidden_size
    wide = getattr(text, "intermediate_size", None) or getattr(text, "d_ff", 4 * hidden)
    heads = text.num_attention_heads
    keys = getattr(text, "num_key_value_heads", None) or heads
    head = getattr(text, "head_dim", None) or getattr(text, "d_kv", None) or hidden // heads
    layers = getattr(text, "num_decoder_layers", None) or text.num_hidden_layers
    # An encoder-decoder keeps keys and values of what it read and of what it wrote.
    cached = 0 if model.family == "masked" else 2 * layers * keys * head
    working = parameters if tied else parameters - embedding.weight.numel()
    return Shape(parameters, working, cached, 4 * wide + 8 * hidden)


@dataclass(frozen=True, slots=True)
class Speed:
    """What this device does: operations of a matrix product, and bytes read, per second."""

    operations: float
    bytes: float


def measure(device: str, dtype: str) -> Speed:
    """Measure a matrix product and a copy on the device, for about half a second."""
    import torch

    number = getattr(torch, dtype)
    size = 4096 if device.startswith("cuda") else 768
    left = torch.ones(size, size, device=device, dtype=number)
    bulk = torch.ones(2**26 if device.startswith("cuda") else 2**23, device=device)
    product = _seconds(lambda: left @ left, device)
    copy = _seconds(bulk.clone, device)
    return Speed(2 * size**3 / product, 2 * bulk.numel() * bulk.itemsize / copy)


def _seconds(work: Any, device: str) -> float:
    """The best of some repetitions: others may be using the machine."""
    import torch

    def once() -> float:
        started = time.perf_counter()
        work()
        if device.startswith("cuda"):
            torch.cuda.synchronize()
        return time.perf_counter() - started

    once()
    return min(once() for _ in range(10))


def memory(
    shape: Shape, prompts: Sequence[Prompt], options: EngineOptions, rows: int
) -> dict[str, int]:
    """Bytes that a run needs at its widest, part by part, and their sum."""
    import torch

    size = getattr(torch, options.dtype).itemsize
    longest = max(len(p.ids) + p.budget for p in prompts)
    parts = {
        "weights": weight_bytes(shape.parameters, options),
        "cache": rows * longest * shape.cached * size,
        "layer": max(longest, _chunk(options)) * shape.widest * size,
        "base": BASE_BYTES,
    }
    return {**parts, "total": sum(parts.values())}


def seconds(
    shape: Shape, speed: Speed, prompts: Sequence[Prompt], options: EngineOptions, rows: int
) -> dict[str, float]:
    """Seconds for prompts and answers: as a rule, and if every answer used its whole budget."""
    weights = weight_bytes(shape.working, options)
    reading = 2 * shape.working * computed_tokens(prompts) / (PREFILL_SHARE * speed.operations)

    def writing(tokens: int) -> float:
        steps = math.ceil(tokens / rows)
        return steps * weights / speed.bytes + 2 * shape.working * tokens / (
            PREFILL_SHARE * speed.operations
        )

    return {
        "prompts": round(reading, 1),
        "usual": round(reading + writing(sum(map(usual_tokens, prompts))), 1),
        "at_most": round(reading + writing(sum(p.budget for p in prompts)), 1),
    }


def weight_bytes(parameters: int, options: EngineOptions) -> int:
    """Bytes of weights, quantised or whole.

    >>> from express_runners.prompts.wording import ours
    >>> weight_bytes(1000, EngineOptions(ours("cot"), dtype="bfloat16"))
    2000
    >>> weight_bytes(1000, EngineOptions(ours("cot"), dtype="bfloat16", quantize="4bit"))
    500
    """
    import torch

    bits = {"8bit": 8, "4bit": 4}.get(options.quantize or "")
    return parameters * (bits or 8 * getattr(torch, options.dtype).itemsize) // 8


def usual_tokens(prompt: Prompt) -> int:
    """Tokens that an answer takes as a rule; none for a masked model."""
    usual = USUAL_BASE + USUAL_PER_MASK * len(prompt.example.labels)
    return min(prompt.budget, usual + (USUAL_REASONING if prompt.cue else 0))


def computed_tokens(prompts: Sequence[Prompt]) -> int:
    """Prompt tokens to compute, where a beginning that prompts share is computed once."""
    total = 0
    for group in groups(prompts):
        members = [prompts[i] for i in group]
        shared = len(shared_beginning(members))
        total += shared + sum(len(p.ids) - shared for p in members)
    return total


def rows_at_once(count: int, options: EngineOptions, most: int | None) -> int:
    """How many of `count` examples are decoded side by side."""
    return min(count, most or MOST_ROWS[options.device.partition(":")[0]])


def _chunk(options: EngineOptions) -> int:
    return CHUNK[options.device.partition(":")[0]]
