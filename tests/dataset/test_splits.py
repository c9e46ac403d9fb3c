"""Splits: no leak, no move, the right shares."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from express_dataset.splits import SHARES, assign, normalised, split_of

POSTS = st.sampled_from([f"p{number}" for number in range(12)])
TEXTS = st.sampled_from(["a <mask>", "A  <MASK>", "b <mask>", "c <mask>", "d <mask>", "e <mask>"])
ROWS = st.lists(st.tuples(POSTS, TEXTS), max_size=40)


@given(ROWS)
def test_no_post_and_no_text_stands_in_two_splits(rows: list[tuple[str, str]]) -> None:
    of_post: dict[str, set[str]] = {}
    of_text: dict[str, set[str]] = {}
    for (post, text), split in zip(rows, assign(rows), strict=True):
        if split:
            of_post.setdefault(post, set()).add(split)
            of_text.setdefault(normalised(text), set()).add(split)
    assert all(len(splits) == 1 for splits in [*of_post.values(), *of_text.values()])


@given(ROWS, st.integers(0, 40))
def test_rows_added_at_the_end_move_none(rows: list[tuple[str, str]], cut: int) -> None:
    assert list(assign(rows))[:cut] == list(assign(rows[:cut]))


@given(ROWS)
def test_only_copies_are_left_out(rows: list[tuple[str, str]]) -> None:
    for place, split in enumerate(assign(rows)):
        if split is None:
            text = normalised(rows[place][1])
            assert text in {normalised(earlier) for _, earlier in rows[:place]}


def test_shares_on_ten_thousand_posts() -> None:
    counts = Counter(split_of(f"post-{number}") for number in range(10_000))
    for name, share in SHARES.items():
        error = (share * (1 - share) / 10_000) ** 0.5
        assert abs(counts[name] / 10_000 - share) < 4 * error


@pytest.mark.parametrize(("post", "split"), [("p0", "train"), ("p1", "train"), ("p2", "few_shot")])
def test_the_seed_never_changes(post: str, split: str) -> None:
    assert split_of(post) == split


def test_a_copy_joins_and_a_bridge_is_left_out() -> None:
    by_split = {split_of(f"p{number}"): f"p{number}" for number in range(200)}
    first, second = by_split["train"], by_split["test"]
    rows = [(first, "one <mask>"), (second, "two <mask>"), ("x", "ONE <mask>"), ("x", "two <mask>")]
    assert list(assign(rows)) == ["train", "test", "train", None]
