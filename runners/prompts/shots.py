"""Solved examples for a few-shot prompt: who may be shown, and which of them are."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from typing import Any

from express_dataset import Example

from ..errors import RunError
from .pool import Pool
from .setting import Setting
from .similarity import similarities

# Cosines that differ by less than this differ by chance of the arithmetic; the id decides.
DECIMALS = 5


def choose(setting: Setting, pool: Pool, asked: Sequence[Example]) -> list[tuple[Example, ...]]:
    """The shots of each asked example, in the order in which they are shown.

    *random* is one draw for the run, so that all prompts begin alike; an example that may not see
    one of them gets the draw's next. *random-per-example* is a draw of its own for each, from the
    seed and the example's id. *similar* is the nearest by cosine, the nearest last; equal ones in
    the order of their ids.
    """
    if not setting.shots:
        return [()] * len(asked)
    if len(pool.examples) < setting.shots:
        whose = f"the few_shot split of {pool.source}" if pool.part else pool.source
        raise RunError(
            f"--shots {setting.shots}: {whose} has only "
            f"{len(pool.examples)} examples of different text; ask for fewer shots"
        )
    if setting.choice == "similar":
        return _similar(setting, pool, asked)
    size = len(pool.examples)
    if setting.choice == "random":
        draw = list(shuffled(size, str(setting.seed)))
        return [tuple(pool.take(example, iter(draw), setting.shots)) for example in asked]
    return [
        tuple(pool.take(e, shuffled(size, f"{setting.seed}\n{e.id}"), setting.shots)) for e in asked
    ]


def shuffled(size: int, seed: str) -> Iterator[int]:
    """The numbers below `size` in an order that the seed decides, drawn as they are needed.

    >>> sorted(shuffled(4, "1"))
    [0, 1, 2, 3]
    >>> list(shuffled(9, "1")) == list(shuffled(9, "1")) != list(shuffled(9, "2"))
    True
    """
    # Of random's methods, Python promises only for random() the same numbers in every version.
    numbers = random.Random(hashlib.sha256(f"express/shots/{seed}".encode()).hexdigest())
    moved: dict[int, int] = {}
    for place in range(size):
        other = place + int(numbers.random() * (size - place))
        yield moved.get(other, other)
        moved[other] = moved.get(place, place)


def _similar(setting: Setting, pool: Pool, asked: Sequence[Example]) -> list[tuple[Example, ...]]:
    chosen: list[tuple[Example, ...]] = []
    blocks = similarities(
        [example.text for example in pool.examples],
        [example.text for example in asked],
        setting.encoder,
        setting.distance,
    )
    for block in blocks:
        for row in block:
            example = asked[len(chosen)]
            nearest = pool.take(example, nearest_first(row, setting.shots + 8), setting.shots)
            chosen.append(tuple(reversed(nearest)))
    return chosen


def nearest_first(row: Any, depth: int) -> Iterator[int]:
    """Positions from the highest similarity to the lowest, equal ones in order.

    Only the first `depth` are sorted at first: more are seldom wanted.

    >>> import numpy
    >>> list(nearest_first(numpy.array([0.1, 0.9, 0.5, 0.9]), 2))
    [1, 3, 2, 0]
    >>> list(nearest_first(numpy.array([0.3]), 5))
    [0]
    """
    import numpy as np

    rounded = np.round(row, DECIMALS)
    given = 0
    while given < len(rounded):
        if depth < len(rounded):
            # All that are equal to the last one wanted come along, or ties would be cut by chance.
            least = -np.partition(-rounded, depth - 1)[depth - 1]
            some = np.flatnonzero(rounded >= least)
        else:
            some = np.arange(len(rounded))
        order = some[np.argsort(-rounded[some], kind="stable")]
        yield from order[given:].tolist()
        given, depth = len(order), 8 * depth
