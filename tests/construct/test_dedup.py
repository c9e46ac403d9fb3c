"""What belongs together is in one split, and copies are left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from express_dataset.construct.dedup import (
    Decision,
    Groups,
    Survey,
    decide,
    minhash_config,
    text_key,
)
from express_dataset.splits import SPLITS, split_of


def record(
    post: int, author: int | None, text: str, windows: list[str] | None = None
) -> dict[str, Any]:
    return {
        "id": f"{post:016x}",
        "text": text,
        "metadata": {
            "author": f"{author:016x}" if author else None,
            "windows": [{"text": window} for window in windows or [text]],
        },
    }


def decided(
    dumps: list[list[dict[str, Any]]], near: list[list[int]] | None = None, drop: bool = False
) -> Decision:
    return decide(Survey.of(dumps), near or [], drop_near=drop)


@given(st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=40))
def test_groups_are_those_of_a_plain_search(pairs: list[tuple[int, int]]) -> None:
    groups = Groups(20)
    plain = [{number} for number in range(20)]
    for one, other in pairs:
        groups.join(one, other)
        merged = plain[one] | plain[other]
        for member in merged:
            plain[member] = merged
    assert [groups.of(number) for number in range(20)] == [min(group) for group in plain]


def test_a_copy_is_left_out_and_the_first_is_kept() -> None:
    found = decided([[record(1, 1, "I was <mask>."), record(2, 2, "i  WAS <mask>.")]])
    assert list(found.dropped) == [0, 1]
    assert found.counts["duplicate-text"] == 1
    assert found.splits[0] == found.splits[1]


def test_the_same_post_in_two_dumps_is_kept_once() -> None:
    found = decided([[record(1, 1, "one")], [record(1, 1, "one, edited"), record(3, 3, "three")]])
    assert list(found.dropped) == [0, 1, 0]
    assert found.counts["duplicate-id"] == 1
    assert found.counts["duplicate-text"] == 0


def test_near_copies_share_a_split_or_are_left_out() -> None:
    posts = [[record(number, number, f"text {number}") for number in range(1, 30)]]
    grouped = decided(posts, [[0, 7, 11], [11, 20]])
    assert not any(grouped.dropped)
    assert len({grouped.splits[number] for number in (0, 7, 11, 20)}) == 1
    assert grouped.counts["near-duplicate-clusters"] == 1
    assert grouped.counts["near-duplicate-posts"] == 4
    fewer = decided(posts, [[0, 7, 11], [11, 20]], drop=True)
    assert [number for number in range(29) if fewer.dropped[number]] == [7, 11, 20]


def test_a_group_goes_where_its_first_post_goes() -> None:
    posts = [record(number, 9, f"text {number}") for number in range(5, 40)]
    found = decided([posts])
    assert {SPLITS[split] for split in found.splits} == {split_of(f"{5:016x}")}
    alone = decided([[record(number, None, f"text {number}") for number in range(5, 40)]])
    assert [SPLITS[split] for split in alone.splits] == [
        split_of(f"{number:016x}") for number in range(5, 40)
    ]
    assert len(set(alone.splits)) == 3


def test_posts_that_share_a_segment_are_together_and_it_stands_once() -> None:
    first = record(1, 1, "a long post", ["I was <mask>.", "Then <mask>."])
    second = record(2, 2, "another", ["Now <mask>.", "then <mask>."])
    found = decided([[first], [second]])
    assert found.splits[0] == found.splits[1]
    assert list(found.dropped) == [0, 0]
    assert list(found.dropped_segments) == [0, 0, 0, 1]


def test_a_segment_of_a_dropped_post_drops_no_other() -> None:
    first = record(1, 1, "a post")
    copy = record(2, 2, "a post", ["Then <mask>."])
    third = record(3, 3, "a third", ["Then <mask>."])
    found = decided([[first, copy, third]])
    assert list(found.dropped) == [0, 1, 0]
    assert list(found.dropped_segments) == [0, 0, 0]


POST = st.tuples(st.integers(1, 25), st.integers(0, 12), st.integers(0, 25), st.integers(0, 30))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(POST, max_size=20), min_size=1, max_size=3),
    st.lists(st.lists(st.integers(0, 59), min_size=2, max_size=4), max_size=5),
    st.booleans(),
)
def test_splits_are_disjoint(
    dumps: list[list[tuple[int, int, int, int]]], near: list[list[int]], drop: bool
) -> None:
    records = [
        [
            record(post, author, f"text {text}", [f"<mask> {window}"])
            for post, author, text, window in one
        ]
        for one in dumps
    ]
    flat = [one for part in records for one in part]
    clusters = [[n for n in cluster if n < len(flat)] for cluster in near]
    clusters = [cluster for cluster in clusters if len(cluster) > 1]
    found = decided(records, clusters, drop)
    assert all(found.disjoint.values())

    def together(key: Callable[[dict[str, Any]], object]) -> bool:
        where: dict[object, set[int]] = {}
        for number, one in enumerate(flat):
            where.setdefault(key(one), set()).add(found.splits[number])
        return all(len(splits) == 1 for name, splits in where.items() if name is not None)

    assert together(lambda one: one["id"])
    assert together(lambda one: one["metadata"]["author"])
    assert together(lambda one: one["text"])
    assert together(lambda one: one["metadata"]["windows"][0]["text"])
    for cluster in clusters:
        assert len({found.splits[number] for number in cluster}) == 1
    kept = [one for number, one in enumerate(flat) if not found.dropped[number]]
    assert len({one["id"] for one in kept}) == len(kept) == len({one["text"] for one in kept})
    rows = [
        one["metadata"]["windows"][0]["text"]
        for number, one in enumerate(flat)
        if not (found.dropped[number] or found.dropped_segments[number])
    ]
    assert len(set(rows)) == len(rows)


def test_the_check_of_splits_can_fail() -> None:
    from array import array

    from express_dataset.construct.dedup import _disjoint

    assert _disjoint(array("Q", [5, 6, 5]), bytearray([1, 0, 1]))
    assert not _disjoint(array("Q", [5, 6, 5]), bytearray([1, 0, 2]))
    assert _disjoint(array("Q", [0, 0]), bytearray([1, 2]))


def test_text_key_looks_at_words_alone() -> None:
    assert text_key(" A\nb ") == text_key("a B")
    assert text_key("ab") != text_key("a b")


@settings(deadline=None)
@given(st.text(st.sampled_from("aeiou \n\t.,-1\u00e9\u0130\u0301\u3000\u2028\x1c'"), max_size=80))
def test_runs_of_words_are_hashed_as_datatrove_does(text: str) -> None:
    from datatrove.pipeline.dedup.minhash import MinhashDedupSignature

    from express_dataset.construct.steps import Signatures, Words

    config = minhash_config()
    theirs = MinhashDedupSignature("nowhere", config, language=Words())
    ours = Signatures("nowhere", config)
    runs = ours.get_shingles(text)
    assert runs.tolist() == theirs.get_shingles(text).tolist()
    if len(runs):
        assert ours.get_signature(runs) == theirs.get_signature(runs)


@pytest.mark.parametrize("precision", [32, 64])
def test_signatures_are_datatroves(precision: Any) -> None:
    """Also where a remainder is on the edge: hashes that are multiples of the prime, or next."""
    from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupSignature
    from datatrove.utils.hashing import HashConfig

    from express_dataset.construct.steps import Signatures, Words

    config = MinhashConfig(hash_config=HashConfig(precision=precision, hash_fc="sha1"))
    theirs = MinhashDedupSignature("nowhere", config, language=Words())
    ours = Signatures("nowhere", config)
    prime = (1 << 61) - 1
    one = np.ones((1, config.num_buckets * config.hashes_per_bucket), np.uint64)
    for parameters in (theirs.parameters, (one, one * 0)):
        theirs._parameters = ours._parameters = parameters
        for edge in (0, 1, prime - 1, prime, prime + 1, 2 * prime, 8 * prime, 2**64 - 1):
            run = np.array([[edge]], np.uint64)
            assert ours.get_signature(run) == theirs.get_signature(run)
