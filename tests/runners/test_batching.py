"""Batches hold like lengths and every example once; shares are a partition."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from express_runners.engines.batches import plan
from express_runners.runs.answering import share

LENGTHS = st.lists(st.integers(1, 300), max_size=60)


@given(LENGTHS, st.integers(1, 10), st.integers(1, 1000))
def test_every_example_stands_in_one_batch_within_limits(
    lengths: list[int], examples: int, tokens: int
) -> None:
    batches = plan(lengths, examples, tokens)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) <= examples
        assert len(batch) == 1 or max(lengths[i] for i in batch) * len(batch) <= tokens
    flat = [lengths[i] for batch in batches for i in batch]
    assert flat == sorted(flat, reverse=True)


@given(LENGTHS, st.integers(1, 9))
def test_shares_are_a_balanced_partition(items: list[int], world: int) -> None:
    shares = [share(items, rank, world) for rank in range(world)]
    assert sorted(item for part in shares for item in part) == sorted(items)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
