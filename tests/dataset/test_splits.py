"""Splits: no leak, no move, the right shares."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from express_dataset.near import near_copies
from express_dataset.splits import SHARES, assign, normalised, split_of

POSTS = st.sampled_from([f"p{number}" for number in range(12)])
TEXTS = st.sampled_from([f"{letter} <mask>" for letter in "abcde"])
ROWS = st.lists(st.tuples(POSTS, TEXTS), max_size=40)


@given(ROWS)
def test_no_post_and_no_text_stands_in_two_splits(rows: list[tuple[str, str]]) -> None:
    of_post: dict[str, set[str]] = {}
    of_text: dict[str, set[str]] = {}
    for (post, text), split in zip(rows, assign(rows), strict=True):
        if split:
            of_post.setdefault(post, set()).add(split)
            of_text.setdefault(text, set()).add(split)
    assert all(len(splits) == 1 for splits in [*of_post.values(), *of_text.values()])


@given(ROWS, st.integers(0, 40))
def test_rows_added_at_the_end_move_none(rows: list[tuple[str, str]], cut: int) -> None:
    assert list(assign(rows))[:cut] == list(assign(rows[:cut]))


@given(ROWS)
def test_only_copies_are_left_out(rows: list[tuple[str, str]]) -> None:
    for place, split in enumerate(assign(rows)):
        if split is None:
            assert rows[place][1] in {earlier for _, earlier in rows[:place]}


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
    rows = [(first, "one <mask>"), (second, "two <mask>"), ("x", "one <mask>"), ("x", "two <mask>")]
    assert list(assign(rows)) == ["train", "test", "train", None]


STORY = "when the bus came at last i was so <mask> that i could have cried in front of them all"


@pytest.mark.parametrize(
    ("other", "near"),
    [
        (STORY.upper().replace("BUS", "TRAIN"), True),
        (f"{STORY} and then some more was said of it which nobody had asked for at any time", True),
        (" ".join(reversed(STORY.split())), False),
        (STORY.replace("i", "we").replace("so", "all"), False),
        ("i was so <mask>", False),
    ],
)
def test_near_copies_by_runs_of_words(other: str, near: bool) -> None:
    assert near_copies([STORY, normalised(other)]) == ({1: [0]} if near else {})


def test_near_copies_do_not_leak() -> None:
    """Each story stands twice, with some words changed, in posts that hashes put anywhere."""
    rng = np.random.default_rng(0)
    texts = []
    for _ in range(60):
        words = [f"w{number}" for number in rng.integers(0, 5000, 80)]
        texts.append(" ".join(words))
        words[int(rng.integers(10, 70))] = "changed"
        texts.append(" ".join([*words, "and", "more"]))
    order = rng.permutation(len(texts)).tolist()
    rows = [(f"p{row}", texts[row]) for row in order]
    assert len({split_of(post) for post, _ in rows}) == len(SHARES)
    places = dict(zip(order, assign(rows, near_copies([text for _, text in rows])), strict=True))
    assert all(places[row] == places[row + 1] for row in range(0, len(texts), 2))


def test_a_row_near_two_splits_is_left_out() -> None:
    by_split = {split_of(f"p{number}"): f"p{number}" for number in range(200)}
    rows = [(by_split["train"], "a"), (by_split["test"], "b"), ("x", "c")]
    assert list(assign(rows, {2: [0, 1]})) == ["train", "test", None]
    assert list(assign(rows, {2: [1]})) == ["train", "test", "test"]
