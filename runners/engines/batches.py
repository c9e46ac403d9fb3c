"""For engines that answer batch by batch: like lengths together, halved where memory runs out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..errors import RunError
from . import memory
from .base import Answer, Engine, Prompt

# What an engine without a device of its own, such as the dummy, takes at once.
DEFAULT_TOKENS = 8_192
DEFAULT_EXAMPLES = 8
MOST_EXAMPLES = 256


def in_batches(
    engine: Engine, prompts: Sequence[Prompt], most: int | None = None
) -> Iterator[tuple[int, Answer]]:
    """Position and answer of each prompt; the longest come first."""
    tokens = getattr(engine, "batch_tokens", DEFAULT_TOKENS)
    usual = DEFAULT_EXAMPLES if tokens <= DEFAULT_TOKENS else MOST_EXAMPLES
    lengths = [len(p.ids) + p.budget for p in prompts]
    for batch in plan(lengths, max_examples=most or usual, max_tokens=tokens):
        started = time.perf_counter()
        answers = list(_halving(engine, [prompts[i] for i in batch]))
        seconds = (time.perf_counter() - started) / len(batch)
        for i, answer in zip(batch, answers, strict=True):
            yield i, replace(answer, seconds=seconds)


def _halving(engine: Engine, prompts: Sequence[Prompt]) -> Iterator[Answer]:
    """Answer a batch; where memory runs out, its halves."""
    answers: list[Answer] | None = None
    try:
        answers = engine.answer(prompts)
    except RuntimeError as error:
        if not memory.ran_out(error):
            raise
        if len(prompts) == 1:
            raise RunError(memory.too_large(len(prompts[0].ids))) from error
    if answers is None:
        # Outside the handler, whose traceback would keep the failed batch's tensors alive.
        memory.give_back()
        middle = len(prompts) // 2
        yield from _halving(engine, prompts[:middle])
        yield from _halving(engine, prompts[middle:])
    else:
        yield from answers


def plan(lengths: Sequence[int], max_examples: int, max_tokens: int) -> list[list[int]]:
    """Group positions into batches, longest examples first, by the tokens of each example.

    A batch has at most so many tokens after padding; a longer example goes alone.

    >>> plan([5, 9, 5, 2], max_examples=2, max_tokens=100)
    [[1, 0], [2, 3]]
    >>> plan([5, 9, 5, 2], max_examples=9, max_tokens=10)
    [[1], [0, 2], [3]]
    """
    batches: list[list[int]] = []
    longest = 0
    for position in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        current = batches[-1] if batches else []
        if current and len(current) < max_examples and longest * (len(current) + 1) <= max_tokens:
            current.append(position)
        else:
            batches.append([position])
            longest = lengths[position]
    return batches
