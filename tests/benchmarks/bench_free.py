"""Free decoding: this project's against the paper's loop and lm-evaluation-harness, side by side.

    python tests/benchmarks/bench_free.py ../shared/express/gpt4o_predictions.csv \\
        --harness FOLDER_WITH_LM_EVAL [--segments 64] [--few-shot-segments 16] [--threads 2]

Same weights (SmolLM2-135M-Instruct, float32), same processor, same segments, same prompts. Each
side is a process of its own; loading is not counted. An answer ends at "]" or at 64 new tokens,
except in the paper's loop, which writes up to 256 tokens and knows no other end than the model's.
Seconds are given twice: by the clock, and of processor time, which other work on the machine
disturbs far less.

The harness comes with the extra `harness`; FOLDER_WITH_LM_EVAL is the `site-packages` it stands in.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from express_dataset import load_examples
from express_metric import load_lexicon
from express_runners.engines import load_engine
from express_runners.engines.base import Answer, EngineOptions, Prompt
from express_runners.engines.decoding import Decoder, shared_beginning
from express_runners.engines.stopping import Ends
from express_runners.models import packaged_model, resolve
from express_runners.prompts.wording import ours
from express_runners.vocabulary import Vocabulary, from_labels

BUDGET = 64
PAPER_BUDGET = 256
PAPER_BATCH = 8
HARNESS_BATCH = 8
TERMS = 200


class Bracket(Ends):
    """The stop that the harness has: the first closing bracket, whatever stands before it."""

    def reached(self, tokens: Sequence[int], prompt: Prompt) -> bool:
        last = tokens[-1]
        over = last in self.tokens or len(tokens) >= prompt.budget
        return over or "]" in self._tokenizer.decode([last])


class Timer:
    """Clock and processor seconds of a block."""

    def __enter__(self) -> Timer:
        self._clock, self._processor = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = {
            "clock": round(time.perf_counter() - self._clock, 2),
            "processor": round(time.process_time() - self._processor, 2),
        }


def load(data: Path, segments: int, shots: int, **how: Any) -> Any:
    """The engine and the prompts: with `shots`, one draw of them for all."""
    model = resolve(str(packaged_model()))
    setting = ours("few-shot" if shots else "zero-shot")
    engine: Any = load_engine(model, EngineOptions(template=setting, **how))
    shown = load_examples(str(data), split="few_shot").examples[:shots]
    asked = load_examples(str(data), split="test").examples
    asked += load_examples(str(data), split="train").examples
    prompts = [replace(engine.prepare(e, shown), budget=BUDGET) for e in asked[:segments]]
    assert len(prompts) == segments
    return engine, prompts


def unpacked(model: Any) -> Any:
    """The model without the packed copies of its weights."""
    for module in model.modules():
        vars(module).pop("forward", None)
    return model


def result(timer: Timer, prompts: list[Prompt], texts: list[str], **more: Any) -> dict[str, Any]:
    tokens = sum(len(p.ids) for p in prompts)
    return {"seconds": timer.seconds, "prompt_tokens": tokens, "texts": texts, **more}


def up_to_bracket(text: str) -> str:
    """A completion as far as the harness keeps it."""
    return text.partition("]")[0].strip()


def held_side(
    data: Path, segments: int, shots: int, *, copies: bool = True, **how: Any
) -> dict[str, Any]:
    """This project's engine as `express run` asks it, its weights held as `how` says."""
    engine, prompts = load(data, segments, shots, **how)
    if not copies:
        unpacked(engine._model)
    with Timer() as timer:
        answers: dict[int, Answer] = dict(engine.flow(prompts))
    texts = [up_to_bracket(answers[i].completion or "") for i in range(segments)]
    return result(timer, prompts, texts)


def ours_side(data: Path, segments: int, shots: int) -> dict[str, Any]:
    """This project's engine."""
    engine, prompts = load(data, segments, shots)
    prefill = Timer()
    spent = {"clock": 0.0, "processor": 0.0}
    compute: Callable[..., Any] = engine._rows.prefill

    def timed(rows: Any) -> Any:
        with prefill:
            block = compute(rows)
        for name, value in prefill.seconds.items():
            spent[name] += value
        return block

    engine._rows.prefill = timed
    decoder = Decoder(engine._rows, Bracket(engine._model, engine._tokenizer), None)
    with Timer() as timer:
        answers: dict[int, Answer] = dict(decoder.answers(prompts))
    texts = [up_to_bracket(answers[i].completion or "") for i in range(segments)]
    shared = engine._rows.prefix_length
    return result(timer, prompts, texts, shared_prefix=shared, prefill=spent)


def products_side(data: Path, segments: int, shots: int) -> dict[str, Any]:
    """The products with weights that reading the prompts one by one asks for, nothing else."""
    import torch

    engine, prompts = load(data, segments, shots)
    layers = [
        module
        for name, module in engine._model.named_modules()
        if isinstance(module, torch.nn.Linear) and not name.endswith("lm_head")
    ]
    shared = len(shared_beginning(prompts))
    sizes = [shared, *(len(p.ids) - shared for p in prompts)]
    rows = {n: torch.randn(max(sizes), n) for n in {layer.in_features for layer in layers}}
    with Timer() as timer, torch.inference_mode():
        for size in sizes:
            for layer in layers:
                layer(rows[layer.in_features][:size])
    return result(timer, prompts, [])


def paper_side(data: Path, segments: int, shots: int) -> dict[str, Any]:
    """The authors' loop: fixed order, batches of 8, left padding, 256 new tokens, no stop."""
    import torch

    engine, prompts = load(data, segments, shots)
    tokenizer, model = engine._tokenizer, unpacked(engine._model)
    model.set_attn_implementation("sdpa")
    texts = []
    with Timer() as timer, torch.inference_mode():
        for at in range(0, segments, PAPER_BATCH):
            rows = [{"input_ids": list(p.ids)} for p in prompts[at : at + PAPER_BATCH]]
            batch = tokenizer.pad(rows, return_tensors="pt")
            out = model.generate(**batch, do_sample=False, max_new_tokens=PAPER_BUDGET)
            new = out[:, batch["input_ids"].shape[1] :]
            texts += tokenizer.batch_decode(new, skip_special_tokens=True)
    closed = []
    for text in texts:
        head, bracket, _ = text.partition("]")
        within = len(tokenizer(head + bracket, add_special_tokens=False)["input_ids"]) <= BUDGET
        closed.append(bool(bracket) and within)
    return result(timer, prompts, [up_to_bracket(t) for t in texts], closed=closed)


def harness_side(data: Path, segments: int, shots: int) -> dict[str, Any]:
    """lm-evaluation-harness's `hf` model, which sorts by length and batches by itself.

    Its search for a batch size computes 64 rows of the longest length five times, which on a
    processor takes longer than the task; a fixed one is kinder to it.
    """
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    _engine, prompts = load(data, segments, shots)
    longest = max(len(p.ids) for p in prompts) + BUDGET
    lm = HFLM(
        pretrained=str(resolve(str(packaged_model())).path),
        dtype="float32",
        device="cpu",
        batch_size=HARNESS_BATCH,
        max_length=longest,
        add_bos_token=False,
    )
    how = {"until": ["]"], "max_gen_toks": BUDGET, "do_sample": False}
    asked = [Instance("generate_until", {}, (p.text, dict(how)), i) for i, p in enumerate(prompts)]
    same = sum(lm.tok_encode(p.text) == list(p.ids) for p in prompts)
    with Timer() as timer:
        texts = lm.generate_until(asked, disable_tqdm=True)
    texts = [text.strip() for text in texts]
    return result(timer, prompts, texts, batch=HARNESS_BATCH, same_tokens=same)


def continuous_side(data: Path, segments: int, shots: int) -> dict[str, Any]:
    """transformers' own continuous batching, which shares the common prefix by pages."""
    from transformers import GenerationConfig
    from transformers.generation.configuration_utils import ContinuousBatchingConfig

    engine, prompts = load(data, segments, shots)
    tokenizer, model = engine._tokenizer, unpacked(engine._model)
    model.set_attn_implementation("sdpa")
    closing = [i for i in range(len(tokenizer)) if "]" in tokenizer.decode([i])]
    how = GenerationConfig(
        do_sample=False,
        max_new_tokens=BUDGET,
        eos_token_id=[*Ends(model, tokenizer).tokens, *closing],
        pad_token_id=tokenizer.pad_token_id,
    )
    # Without sizes it takes 60% of the memory, which on a processor only costs time.
    batching = ContinuousBatchingConfig(page_size=16, num_blocks=2048, max_batch_tokens=2048)
    with Timer() as timer:
        outputs = model.generate_batch(
            inputs=[list(p.ids) for p in prompts],
            generation_config=how,
            continuous_batching_config=batching,
        )
    ordered = [outputs[f"req_{i}"].generated_tokens for i in range(segments)]
    texts = tokenizer.batch_decode(ordered, skip_special_tokens=True)
    return result(timer, prompts, [up_to_bracket(text) for text in texts])


def rank_side(data: Path, segments: int, shots: int) -> dict[str, Any]:
    """A ranking of 200 terms at every mask."""
    train = load_examples(str(data), split="train").examples
    known = from_labels(label for e in train for label in e.labels)
    sample = load_examples("sample", split="all").examples
    more = from_labels(label for e in sample for label in e.labels)
    # Labels first; EmoLex fills up what a file of a few hundred rows lacks.
    filler = load_lexicon("nrc").vocabulary
    terms = tuple(dict.fromkeys([*known.terms, *more.terms, *filler]))[:TERMS]
    assert len(terms) == TERMS
    engine, prompts = load(data, segments, shots, vocabulary=Vocabulary("benchmark", terms))
    nodes = len(engine._ranker._terms.trie.tokens)
    with Timer() as timer:
        answers = dict(engine.flow(prompts))
    texts = [answers[i].completion for i in range(segments)]
    masks = sum(len(p.example.labels) for p in prompts)
    return result(timer, prompts, texts, terms=len(terms), masks=masks, nodes=nodes)


SIDES: dict[str, Callable[..., dict[str, Any]]] = {
    "ours": ours_side,
    "products": products_side,
    "float32": held_side,
    "plain": partial(held_side, copies=False),
    "bfloat16": partial(held_side, dtype="bfloat16"),
    "8bit": partial(held_side, quantize="8bit"),
    "paper": paper_side,
    "harness": harness_side,
    "continuous": continuous_side,
    "rank": rank_side,
}


def run_side(name: str, options: argparse.Namespace, segments: int, shots: int) -> dict[str, Any]:
    """One side in a process of its own."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(options.threads)}
    if options.harness:
        environment["PYTHONPATH"] = str(options.harness)
    words = [str(options.data), "--side", name, "--segments", str(segments), "--shots", str(shots)]
    done = subprocess.run(
        [sys.executable, __file__, *words], capture_output=True, text=True, env=environment
    )
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"{name:8} shots {shots}  {shown(found)}", flush=True)
    return found


def shown(found: dict[str, Any]) -> str:
    return json.dumps({k: v for k, v in found.items() if k not in ("texts", "closed")})


def compare(options: argparse.Namespace) -> None:
    """Run all sides and print what they took and whether they agree."""
    print(f"load before: {os.getloadavg()}, threads: {options.threads}", flush=True)
    n, m = options.segments, options.few_shot_segments
    mine = run_side("ours", options, n, 0)
    least = run_side("products", options, n, 0)
    print(f"ours / its products with weights alone: {times(mine, least)}")
    full = run_side("float32", options, n, 0)
    for name in ("plain", "bfloat16", "8bit"):
        other = run_side(name, options, n, 0)
        equal = sum(a == b for a, b in zip(full["texts"], other["texts"], strict=True))
        print(f"float32 / {name}: {times(full, other)}; equal completions {equal} of {n}")
    rank = run_side("rank", options, n, 0)
    print(f"rank / free, as a run asks: {times(rank, full)}; to a bracket: {times(rank, mine)}")
    if options.harness:
        harness = run_side("harness", options, n, 0)
        equal = sum(a == b for a, b in zip(mine["texts"], harness["texts"], strict=True))
        print(f"harness / ours: {times(harness, mine)}; equal completions {equal} of {n}")
    if options.harness and m:
        few, harness = run_side("ours", options, m, 5), run_side("harness", options, m, 5)
        equal = sum(a == b for a, b in zip(few["texts"], harness["texts"], strict=True))
        print(f"harness / ours, five shots: {times(harness, few)}; equal {equal} of {m}")
    continuous = run_side("continuous", options, n, 0)
    equal = sum(a == b for a, b in zip(mine["texts"], continuous["texts"], strict=True))
    print(f"continuous / ours: {times(continuous, mine)}; equal completions {equal} of {n}")
    paper = run_side("paper", options, n, 0)
    closed = [i for i, is_closed in enumerate(paper["closed"]) if is_closed]
    equal = sum(mine["texts"][i] == paper["texts"][i] for i in closed)
    print(f"paper / ours: {times(paper, mine)}; it closed a list in our budget in {len(closed)}")
    print(f"of {n}, and {equal} of these are equal; load after: {os.getloadavg()}")


def times(one: dict[str, Any], other: dict[str, Any]) -> str:
    ratios = {k: one["seconds"][k] / other["seconds"][k] for k in ("clock", "processor")}
    return ", ".join(f"{ratio:.2f} by {name}" for name, ratio in ratios.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--harness", type=Path)
    parser.add_argument("--segments", type=int, default=64)
    parser.add_argument("--few-shot-segments", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--side", choices=SIDES)
    parser.add_argument("--shots", type=int, default=0)
    options = parser.parse_args()
    if options.side is None:
        compare(options)
        return
    found = SIDES[options.side](options.data, options.segments, options.shots)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
