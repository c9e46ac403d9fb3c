"""A tree of token sequences: what several terms begin with stands in it once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Trie:
    """Nodes in order of depth; each is one token after its parent.

    >>> trie = build([(5, 6), (5, 7), (8,)])
    >>> trie.tokens, trie.parents, trie.ends
    ((5, 8, 6, 7), (-1, -1, 0, 0), (2, 3, 1))
    >>> trie.sums([1.0, 10.0, 100.0, 1000.0])
    [101.0, 1001.0, 10.0]
    """

    tokens: tuple[int, ...]  # of each node
    parents: tuple[int, ...]  # position of each node's parent, -1 at the top
    depths: tuple[int, ...]  # 0 at the top
    ends: tuple[int, ...]  # for each sequence, the node it ends at

    def sums(self, values: Sequence[float]) -> list[float]:
        """For each sequence, the sum of the values of its nodes."""
        totals: list[float] = []
        for value, parent in zip(values, self.parents, strict=True):
            totals.append(value + (totals[parent] if parent >= 0 else 0.0))
        return [totals[end] for end in self.ends]

    def ancestors(self) -> Any:
        """(nodes, nodes), True where a node is on the path to another, or itself."""
        import torch

        size = len(self.tokens)
        seen = torch.eye(size, dtype=torch.bool)
        for node, parent in enumerate(self.parents):
            if parent >= 0:
                seen[node] |= seen[parent]
        return seen


def build(sequences: Sequence[Sequence[int]]) -> Trie:
    """The trie of token sequences, none of them empty."""
    nodes: dict[tuple[int, ...], int] = {}
    prefixes = {tuple(s[:n]) for s in sequences for n in range(1, len(s) + 1)}
    for prefix in sorted(prefixes, key=lambda p: (len(p), p)):
        nodes[prefix] = len(nodes)
    return Trie(
        tokens=tuple(prefix[-1] for prefix in nodes),
        parents=tuple(nodes.get(prefix[:-1], -1) for prefix in nodes),
        depths=tuple(len(prefix) - 1 for prefix in nodes),
        ends=tuple(nodes[tuple(s)] for s in sequences),
    )
