"""Solved examples for a few-shot prompt: who may be shown, and which of them are."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator, Sequence
from typing import Any

from express_dataset import Example
from express_dataset.schema import fingerprint
from express_dataset.splits import normalised

from .encoders import similarities
from .errors import RunError
from .setting import Setting

NEAR_DUPLICATE = 0.8
"""Two texts that share this part of their words are one story told twice."""

# Cosines that differ by less than this differ by chance of the arithmetic; the id decides.
DECIMALS = 5
_WORD = re.compile(r"\w+")


class Pool:
    """The examples that may be shown as shots: each text once, in the order of their ids.

    A shot is never of the asked post, nor has it the same text or nearly the same (see
    `same_story`). No source of EXPRESS tells who wrote a post, so the post stands for its author.

    Args:
        examples: the few_shot split of the data that the asked examples come from.
        source: its name, for messages.

    >>> row = Example("a", "p", "I was <mask>.", ("sad",), 0, (False,), (False,))
    >>> pool = Pool([row], "mine")
    >>> len(pool.examples)
    1
    >>> pool.take(row, iter([0]), 1)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    express_runners.errors.RunError: --shots 1: for example a only 0 of the 1 few_shot...
    """

    def __init__(self, examples: Sequence[Example], source: str) -> None:
        texts: dict[str, Example] = {}
        for example in sorted(examples, key=lambda row: row.id):
            texts.setdefault(normalised(example.text), example)
        self.source = source
        self.examples = tuple(texts.values())
        self._words = [_words(example.text) for example in self.examples]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the pool; another pool gives other prompts."""
        return fingerprint(self.examples)

    def take(self, asked: Example, order: Iterator[int], count: int) -> list[Example]:
        """The first `count` examples of `order` that may be shown with `asked`."""
        words = _words(asked.text)
        taken: list[Example] = []
        for position in order:
            shot = self.examples[position]
            if shot.post_id == asked.post_id or same_story(self._words[position], words):
                continue
            taken.append(shot)
            if len(taken) == count:
                return taken
        raise RunError(
            f"--shots {count}: for example {asked.id} only {len(taken)} of the "
            f"{len(self.examples)} few_shot examples of {self.source} are neither its own post nor "
            f"nearly its text; use --shots {len(taken)} or fewer."
        )


def choose(setting: Setting, pool: Pool, asked: Sequence[Example]) -> list[tuple[Example, ...]]:
    """The shots of each asked example, in the order in which they are shown.

    *random* is one draw for the run, so that all prompts begin alike; an example that may not see
    one of them gets the draw's next. *random-per-example* is a draw of its own for each, from the
    seed and the example's id. *similar* is the nearest by cosine, the nearest last; equal ones in
    the order of their ids.

    Raises:
        RunError: the pool is too small.
    """
    if not setting.shots:
        return [()] * len(asked)
    if len(pool.examples) < setting.shots:
        raise RunError(
            f"--shots {setting.shots}: the few_shot split of {pool.source} has only "
            f"{len(pool.examples)} examples of different text; ask for fewer shots."
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


def same_story(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two sets of words are nearly the same: Jaccard index of at least 0.8.

    >>> same_story(frozenset("abcd"), frozenset("abcde"))
    True
    >>> same_story(frozenset("abc"), frozenset("abcd"))
    False
    """
    shared = len(one & other)
    return shared >= NEAR_DUPLICATE * (len(one) + len(other) - shared)


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower()))


def _similar(setting: Setting, pool: Pool, asked: Sequence[Example]) -> list[tuple[Example, ...]]:
    chosen: list[tuple[Example, ...]] = []
    blocks = similarities(
        [example.text for example in pool.examples],
        [example.text for example in asked],
        setting.encoder,
    )
    for block in blocks:
        for row in block:
            example = asked[len(chosen)]
            nearest = pool.take(example, nearest_first(row, setting.shots + 8), setting.shots)
            chosen.append(tuple(reversed(nearest)))
    return chosen


def nearest_first(row: Any, depth: int) -> Iterator[int]:
    """Positions from the highest similarity to the lowest, equal ones in order.

    Args:
        row: similarities of one text to each of the pool, a NumPy vector.
        depth: how many are wanted as a rule; only these are sorted at first.

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
