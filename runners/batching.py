"""Equal work per step: batches of like length, the longest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def plan(lengths: Sequence[int], max_examples: int, max_tokens: int) -> list[list[int]]:
    """Group positions into batches, longest examples first.

    Args:
        lengths: tokens of each example.
        max_examples: most examples in a batch.
        max_tokens: most tokens in a batch after padding; a longer example goes alone.

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


def share(items: Sequence[T], rank: int, world: int) -> list[T]:
    """The items one process takes, dealt like cards so that each gets long and short ones.

    >>> share([1, 2, 3, 4, 5], rank=0, world=2)
    [1, 3, 5]
    >>> share([1, 2, 3, 4, 5], rank=1, world=2)
    [2, 4]
    """
    return list(items[rank::world])
