"""Answering: the examples that are not answered yet, batch by batch, into this process's shard."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

from express_dataset import Example
from express_metric.parsing import PROTOCOLS, read

from .batching import plan, share
from .engines import load_engine
from .engines.base import Answer, Engine, EngineOptions, Prompt
from .errors import RunError
from .models import ResolvedModel
from .progress import progress
from .store import RunFolder, Shard


def answer_all(
    folder: RunFolder,
    model: ResolvedModel,
    options: EngineOptions,
    examples: Sequence[Example],
    state: Any,
    batch_size: int | None,
) -> None:
    """Answer this process's share of what is not answered yet."""
    answered = folder.answered().keys()
    if all(example.id in answered for example in examples):
        return
    engine = load_engine(model, options)
    prompts = [engine.prepare(example) for example in examples]
    on_gpu = state.device.type == "cuda"
    batches = plan(
        [len(p.ids) for p in prompts],
        max_examples=batch_size or (64 if on_gpu else 8),
        max_tokens=32_768 if on_gpu else 8_192,
    )
    # Batches are dealt whole, and one with any unanswered example is computed whole: each
    # answer then comes from the same batch however often a run was interrupted.
    mine = [
        [prompts[i] for i in batch]
        for batch in share(batches, state.process_index, state.num_processes)
    ]
    shard = Shard(folder.path, state.process_index)
    try:
        with progress("answering", sum(map(len, mine)), shown=state.is_main_process) as bar:
            for batch in mine:
                if any(p.example.id not in answered for p in batch):
                    lines = _answer_batch(engine, batch)
                    shard.append(line for line in lines if line["id"] not in answered)
                bar.advance(len(batch))
    finally:
        shard.close()


def _answer_batch(engine: Engine, batch: Sequence[Prompt]) -> list[dict[str, Any]]:
    started = time.perf_counter()
    fits = [p for p in batch if len(p.ids) + p.budget <= engine.context]
    answers = dict(zip((p.example.id for p in fits), _halving(engine, fits), strict=True))
    too_long = Answer(None, None, 0, reason="too-long")
    seconds = (time.perf_counter() - started) / len(batch)
    return [_line(p, answers.get(p.example.id, too_long), seconds) for p in batch]


def _halving(engine: Engine, prompts: Sequence[Prompt]) -> Iterator[Answer]:
    """Answer a batch; where memory runs out, its halves."""
    import torch

    if not prompts:
        return
    try:
        answers = engine.answer(prompts)
    except torch.OutOfMemoryError as error:
        if len(prompts) == 1:
            raise RunError(
                f"memory ran out on one example of {len(prompts[0].ids)} tokens: use a smaller "
                "model, --dtype bfloat16, or a larger device; what is answered is kept."
            ) from error
        answers = None
    if answers is None:
        # Outside the handler, whose traceback would keep the failed batch's tensors alive.
        torch.cuda.empty_cache()
        middle = len(prompts) // 2
        yield from _halving(engine, prompts[:middle])
        yield from _halving(engine, prompts[middle:])
    else:
        yield from answers


def _line(prompt: Prompt, answer: Answer, seconds: float) -> dict[str, Any]:
    """One line of `predictions.jsonl`."""
    readings = {protocol: read(answer.completion, protocol) for protocol in PROTOCOLS}
    return {
        "id": prompt.example.id,
        "post_id": prompt.example.post_id,
        "references": list(prompt.example.labels),
        "prompt_sha256": prompt.hash,
        "completion": answer.completion,
        "terms": {name: r.terms and list(r.terms) for name, r in readings.items()},
        "reason": {name: answer.reason or r.reason for name, r in readings.items()},
        "finish": answer.finish,
        "prompt_tokens": len(prompt.ids),
        "new_tokens": answer.new_tokens,
        "seconds": round(seconds, 4),
    }
