"""Throughput on an accelerator: Llamas of some sizes, with random weights; no download.

    python tests/benchmarks/bench_gpu.py [--shape 1b|3b|8b|tiny] [--rows 16,64,256]
    python tests/benchmarks/bench_gpu.py --all [--seconds 450]

Weights say nothing here, so they are random; the shapes are those of Llama 3.2 1B and 3B and of
Llama 3.1 8B. Every row writes all its tokens: the figures are of a full load. For each number of
rows side by side it prints tokens per second of prompts and of answers, the share of the device's
peak in large matrix products (measured here, not taken from a data sheet), and memory.

`--all` does so for 8B and 1B and sets beside it, on the same prompts: transformers' continuous
batching, lm-evaluation-harness's `hf` (where it is installed), a ranking of 200 terms, prompts
with five shots in common, two processes on the device, and a LoRA step. A side that does not run
is told with its reason, and none begins after `--seconds`. It needs torch, transformers and typer.
`--shape tiny` runs the same on a processor; the tests do so.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

SHAPES: dict[str, dict[str, int]] = {
    "tiny": {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "heads": 4},
    "1b": {"hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16, "heads": 32},
    "3b": {"hidden_size": 3072, "intermediate_size": 8192, "num_hidden_layers": 28, "heads": 24},
    "8b": {"hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "heads": 32},
}
VOCABULARY = 128_256
HEADS_OF_KEYS = 8
# Tokens of prompts of real segments, at even quantiles.
LENGTHS = (361, 402, 431, 458, 486, 512, 537, 560, 582, 604, 628, 655, 688, 727, 778, 850)
SHOTS, TERMS = 2400, 200


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

    device = device_of(shape)
    model = build(shape, device, dtype)
    limit = peak(device, dtype)
    measure(model, min(rows), prompt, 2, device)
    found = [measure(model, count, prompt, new, device) for count in rows]
    for one in found:
        one["share_of_peak"] = float(f"{one.pop('prefill_operations_per_s') / limit:.3g}")
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


def prompts_of(count: int, scale: float, shared: int = 0) -> list[list[int]]:
    """Token ids of `count` prompts with real lengths, the first `shared` of them in common."""
    before = [(11 * j) % 900 for j in range(shared)]
    lengths = [max(4, int(LENGTHS[i % len(LENGTHS)] * scale)) for i in range(count)]
    return [[*before, *((7 * i + j) % 900 for j in range(n))] for i, n in enumerate(lengths)]


def per_second(own: list[list[int]], new: int, seconds: float) -> dict[str, float]:
    """What all sides tell of the same prompts."""
    return {
        "seconds": round(seconds, 6),
        "examples_per_s": round(len(own) / seconds, 2),
        "tokens_per_s": round((sum(map(len, own)) + new * len(own)) / seconds),
    }


def free(rows: Any, own: list[list[int]], new: int, device: str, shared: int = 0) -> Any:
    """Ours: prompts in chunks, then `new` tokens in each row; what all begin with only once."""
    from express_runners.engines.memory import chunk_tokens
    from express_runners.engines.rows import Slots

    rest = [row[shared:] for row in own]
    longest = max(map(len, rest))
    chunk = max(1, chunk_tokens(rows.model) // longest)

    def work() -> None:
        rows.share(own[0][:shared])
        slots = Slots(rows, len(own), longest + new)
        for at in range(0, len(rest), chunk):
            block = rows.prefill(rest[at : at + chunk])
            for i in range(len(block.lengths)):
                slots.put(at + i, block, i)
        tokens = [1] * len(own)
        for _ in range(new):
            tokens = slots.step(tokens).argmax(-1).tolist()
        rows.share(())

    return per_second(own, new, timed(work, device)[0])


def rank(rows: Any, own: list[list[int]], device: str) -> dict[str, float]:
    """Ours: the tree of `TERMS` terms of two tokens after each prompt."""
    import torch

    from express_runners.engines.memory import chunk_tokens
    from express_runners.engines.rank.trie import build

    trie = build([(i % 150, 200 + i) for i in range(TERMS)])
    nodes = torch.tensor([trie.tokens], device=device)
    depths = torch.tensor([trie.depths], device=device)
    seen = trie.ancestors().to(device)[None]
    chunk = max(1, chunk_tokens(rows.model) // max(map(len, own)))

    def work() -> None:
        for at in range(0, len(own), chunk):
            block = rows.prefill(own[at : at + chunk])
            for i in range(len(block.lengths)):
                logits = rows.branch(block.select([i]), nodes, depths, seen)
                logits.float().log_softmax(-1).sum().item()

    return per_second(own, 0, timed(work, device)[0])


def continuous(rows: Any, own: list[list[int]], new: int, device: str) -> dict[str, float]:
    """transformers' continuous batching."""
    from transformers import GenerationConfig

    model = rows.model
    model.set_attn_implementation("sdpa")
    how = GenerationConfig(do_sample=False, max_new_tokens=new, eos_token_id=-1, pad_token_id=0)
    more: dict[str, Any] = {}
    if device == "cpu":
        from transformers.generation.configuration_utils import ContinuousBatchingConfig

        more["continuous_batching_config"] = ContinuousBatchingConfig(
            page_size=16, num_blocks=256, max_batch_tokens=256
        )
    work = lambda: model.generate_batch(inputs=own, generation_config=how, **more)  # noqa: E731
    seconds, found = timed(work, device)
    assert len(found) == len(own)
    return per_second(own, new, seconds)


def harness(rows: Any, own: list[list[int]], new: int, device: str) -> dict[str, float]:
    """lm-evaluation-harness's `hf` around the same model; its tokens are numbers in words."""
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    model = rows.model
    model.set_attn_implementation("sdpa")
    words = Tokenizer(models.WordLevel({str(i): i for i in range(1000)}, unk_token="0"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words, unk_token="0", pad_token="0", eos_token="999"
    )
    side = HFLM(pretrained=model, tokenizer=tokenizer, batch_size=64, max_length=4096)
    asked = [
        Instance("generate_until", {}, (" ".join(map(str, row)), {"max_gen_toks": new}), i)
        for i, row in enumerate(own)
    ]
    seconds, _ = timed(lambda: side.generate_until(asked, disable_tqdm=True), device)
    return per_second(own, new, seconds)


def lora(shape: str, device: str, dtype: str) -> dict[str, float]:
    """A step of training an adapter: four rows of 512 tokens, forwards, backwards, AdamW."""
    import torch
    from peft import LoraConfig, get_peft_model

    model = build(shape, device, dtype).model
    model.set_attn_implementation("sdpa")
    model = get_peft_model(model, LoraConfig(r=16, target_modules="all-linear"))
    steps = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad])
    size = 512 if device == "cuda" else 16
    ids = torch.arange(4 * size, device=device).reshape(4, size) % 900

    def step() -> None:
        model(input_ids=ids, labels=ids).loss.backward()
        steps.step()
        steps.zero_grad()

    timed(step, device)
    seconds = min(timed(step, device)[0] for _ in range(3))
    return {"seconds": round(seconds, 3), "tokens_per_s": round(4 * size / seconds)}


def two_processes(shape: str, count: int, new: int, dtype: str) -> dict[str, float]:
    """Two processes on one device, each with half of the prompts; slower of both."""
    words = [
        sys.executable,
        __file__,
        "--shape",
        shape,
        "--dtype",
        dtype,
        "--half",
        str(count // 2),
    ]
    both = [
        subprocess.Popen([*words, "--new", str(new)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = [json.loads(one.communicate()[0].splitlines()[-1]) for one in both]
    seconds = max(one["seconds"] for one in told)
    return per_second(prompts_of(count, scale_of(shape)), new, seconds)


def scale_of(shape: str) -> float:
    """How long prompts are; the tests' are short."""
    return 0.03 if shape == "tiny" else 1.0


def sides_of(shape: str, count: int, new: int, dtype: str) -> dict[str, Callable[[], Any]]:
    """What is measured of a shape, in order."""
    device, scale = device_of(shape), scale_of(shape)
    own, shared = prompts_of(count, scale), int(SHOTS * scale)
    many = prompts_of(count, scale, shared)
    scaling = [4, 8] if shape == "tiny" else [16, 64, 256]
    rows = build(shape, device, dtype)
    free(rows, own[:4], 2, device)  # the first of everything is slow
    sides: dict[str, Callable[[], Any]] = {
        "ours": partial(free, rows, own, new, device),
        "ours, five shots": partial(free, rows, many, new, device, shared),
        "ours, rank": partial(rank, rows, own, device),
        "ours, batches": partial(run, shape, scaling, len(own[0]), new, dtype),
        "lm-evaluation-harness": partial(harness, rows, own, new, device),
        "continuous batching": partial(continuous, rows, own, new, device),
    }
    if shape != "8b":
        sides["two processes"] = partial(two_processes, shape, count, new, dtype)
        sides["LoRA step"] = partial(lora, shape, device, dtype)
    return sides


def everything(shapes: list[str], count: int, new: int, dtype: str, seconds: float) -> Any:
    """All sides for all shapes, each told as it is done; what does not run, with its reason."""
    began, told = time.monotonic(), {}
    for shape in shapes:
        for name, side in sides_of(shape, count, new, dtype).items():
            found: Any = "not begun: the time is over"
            if time.monotonic() - began < seconds:
                try:
                    found = side()
                except (RuntimeError, ImportError, ValueError, TypeError, AttributeError) as error:
                    found = f"does not run: {type(error).__name__}: {str(error)[:200]}"
            told[f"{shape}: {name}"] = found
            print(json.dumps({f"{shape}: {name}": found}), flush=True)
    return told


def device_of(shape: str) -> str:
    """Where a shape is computed."""
    import torch

    return "cuda" if torch.cuda.is_available() and shape != "tiny" else "cpu"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=SHAPES, default="1b")
    parser.add_argument("--rows", default="16,64,256")
    parser.add_argument("--prompt", type=int, default=500)
    parser.add_argument("--new", type=int, default=32)
    parser.add_argument("--dtype", default="bfloat16")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--seconds", type=float, default=450)
    parser.add_argument("--half", type=int, help="be one of two processes, with so many prompts")
    options = parser.parse_args()
    if options.all:
        everything(["8b", "1b"], 256, options.new, options.dtype, options.seconds)
        return
    if options.half:
        device = device_of(options.shape)
        model = build(options.shape, device, options.dtype)
        own = prompts_of(options.half, scale_of(options.shape))
        free(model, own[:4], 2, device)
        print(json.dumps(free(model, own, options.new, device)))
        return
    rows = [int(count) for count in options.rows.split(",")]
    print(json.dumps(run(options.shape, rows, options.prompt, options.new, options.dtype)))


if __name__ == "__main__":
    main()
