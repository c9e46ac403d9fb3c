"""Throughput of free decoding on an accelerator: a Llama of some size, with random weights.

    python tests/benchmarks/bench_gpu.py [--shape 1b|3b|8b|tiny] [--rows 16,64,256]

Weights say nothing here, so they are random; the shapes are those of Llama 3.2 1B and 3B and of
Llama 3.1 8B. Every row writes all its tokens: the figures are of a full load. For each number of
rows side by side it prints tokens per second of prompts and of answers, the share of the device's
peak in large matrix products (measured here, not taken from a data sheet), and memory.
`--shape tiny` runs the same on a processor; the tests do so.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

SHAPES: dict[str, dict[str, int]] = {
    "tiny": {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "heads": 4},
    "1b": {"hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16, "heads": 32},
    "3b": {"hidden_size": 3072, "intermediate_size": 8192, "num_hidden_layers": 28, "heads": 24},
    "8b": {"hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "heads": 32},
}
VOCABULARY = 128_256
HEADS_OF_KEYS = 8


def build(shape: str, device: str, dtype: str) -> Any:
    """A `RowModel` around random weights."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from express_runners.engines.probing import row_model

    sizes = dict(SHAPES[shape])
    heads = sizes.pop("heads")
    config = LlamaConfig(
        vocab_size=VOCABULARY if shape != "tiny" else 1000,
        num_attention_heads=heads,
        num_key_value_heads=min(HEADS_OF_KEYS, heads),
        max_position_embeddings=8192,
        tie_word_embeddings=shape in ("1b", "3b"),
        dtype=getattr(torch, dtype),
        **sizes,
    )
    torch.manual_seed(0)
    with torch.device(device):
        model = LlamaForCausalLM._from_config(config).eval()
    rows = row_model(model)
    assert rows is not None, "rows and the model's own forward pass disagree"
    return rows


def timed(work: Callable[[], Any], device: str) -> tuple[float, Any]:
    """Seconds of some work, waiting for the device before and after."""
    import torch

    if device == "cuda":
        torch.cuda.synchronize()
    started = time.perf_counter()
    found = work()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started, found


def peak(device: str, dtype: str) -> float:
    """Operations per second in large matrix products; the best of some."""
    import torch

    size = 8192 if device == "cuda" else 512
    a = torch.randn(size, size, device=device, dtype=getattr(torch, dtype))
    timed(lambda: a @ a, device)
    return max(2 * size**3 / timed(lambda: a @ a, device)[0] for _ in range(5))


def measure(rows: Any, count: int, prompt: int, new: int, device: str) -> dict[str, Any]:
    """Prefill `count` rows of `prompt` tokens in chunks, then write `new` tokens in each."""
    import torch

    from express_runners.engines.memory import chunk_tokens
    from express_runners.engines.rows import Slots

    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    slots = Slots(rows, count, prompt + new)
    own = [[(7 * i + j) % 900 for j in range(prompt)] for i in range(count)]
    chunk = max(1, chunk_tokens(rows.model) // prompt)

    def prefill() -> None:
        for at in range(0, count, chunk):
            block = rows.prefill(own[at : at + chunk])
            for i in range(len(block.lengths)):
                slots.put(at + i, block, i)

    def decode() -> None:
        tokens = [1] * count
        for _ in range(new):
            tokens = slots.step(tokens).argmax(-1).tolist()

    read, _ = timed(prefill, device)
    wrote, _ = timed(decode, device)
    model = rows.model
    weights = sum(p.numel() for p in model.model.layers.parameters())
    memory = torch.cuda.max_memory_allocated() / 2**30 if device == "cuda" else None
    return {
        "rows": count,
        "prompt_tokens_per_s": round(count * prompt / read),
        "new_tokens_per_s": round(count * new / wrote),
        "prefill_operations_per_s": 2 * weights * count * prompt / read,
        "examples_per_s": round(count / (read + wrote), 2),
        "memory_gib": memory and round(memory, 2),
    }


def run(shape: str, rows: list[int], prompt: int, new: int, dtype: str) -> dict[str, Any]:
    """All measurements of one shape."""
    import torch

    device = "cuda" if torch.cuda.is_available() and shape != "tiny" else "cpu"
    model = build(shape, device, dtype)
    limit = peak(device, dtype)
    measure(model, min(rows), prompt, 2, device)
    found = [measure(model, count, prompt, new, device) for count in rows]
    for one in found:
        one["share_of_peak"] = round(one.pop("prefill_operations_per_s") / limit, 3)
    name = torch.cuda.get_device_name() if device == "cuda" else "cpu"
    return {
        "device": name,
        "shape": shape,
        "dtype": dtype,
        "prompt": prompt,
        "new": new,
        "peak_tflops": round(limit / 1e12, 3),
        "batches": found,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=SHAPES, default="1b")
    parser.add_argument("--rows", default="16,64,256")
    parser.add_argument("--prompt", type=int, default=500)
    parser.add_argument("--new", type=int, default=32)
    parser.add_argument("--dtype", default="bfloat16")
    options = parser.parse_args()
    rows = [int(count) for count in options.rows.split(",")]
    print(json.dumps(run(options.shape, rows, options.prompt, options.new, options.dtype)))


if __name__ == "__main__":
    main()
