"""Train, test and few-shot pools that stay put and do not leak."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

SPLITS = ("train", "test", "few_shot")
"""The names of the splits, in order."""

SEED = "express/splits/1"
"""Part of every hash. Changing it changes every split: it never changes."""

SHARES = {"train": 0.7, "test": 0.2, "few_shot": 0.1}
"""The share of posts that each split gets."""


def fraction(post_id: str) -> float:
    """Place a post on the line from 0 to 1, evenly and for ever, by SHA-256 over seed and id."""
    digest = hashlib.sha256(f"{SEED}\n{post_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def split_of(post_id: str) -> str:
    """Name the split that a post's hash gives it."""
    edge, place = 0.0, fraction(post_id)
    for name in SPLITS[:-1]:
        edge += SHARES[name]
        if place < edge:
            return name
    return SPLITS[-1]


def normalised(text: str) -> str:
    """Bring copies of a text to one form: white space and case do not count.

    >>> normalised(" I feel  <MASK>.\\n") == normalised("i feel <mask>.")
    True
    """
    return " ".join(text.lower().split())


def assign(
    rows: Iterable[tuple[str, str]], near: Mapping[int, Sequence[int]] | None = None
) -> Iterator[str | None]:
    """Give each row, a post's id and its `normalised` text, its split, in file order.

    A post goes where its hash says, unless its first row is a copy of a text that stands in
    an earlier post: then it joins that post's split, and so do posts that copy from it. So it is
    with near copies, where `near` tells them (`express_dataset.near.near_copies`). Rows
    are decided one by one, so rows added at the end move none of those before.

    One case is left: a post that is already in one split and then repeats a text of another
    split, or a text that is near to texts of two. To move either would break that promise and to
    keep both would leak, so that row gets None, which means: leave it out.

    Yields:
        One of ``SPLITS``, or None for a row to leave out.

    >>> rows = [("p1", "i feel <mask>."), ("p2", "i feel <mask>."), ("p2", "still <mask>.")]
    >>> len(set(assign(rows)))
    1
    """
    of_post: dict[str, str] = {}
    of_text: dict[bytes, str] = {}
    of_row: list[str | None] = []
    for row, (post_id, text) in enumerate(rows):
        key = hashlib.sha256(text.encode()).digest()
        kin = [of_row[earlier] for earlier in (near or {}).get(row, ())]
        told = {split for split in (of_post.get(post_id), of_text.get(key), *kin) if split}
        split = None
        if len(told) < 2:
            split = told.pop() if told else split_of(post_id)
            of_post[post_id] = of_text[key] = split
        of_row.append(split)
        yield split
