"""Find posts that belong together, so that none of them leaks from one split into another.

Exact copies are found by a hash of the text, near copies by datatrove's MinHash. Posts by one
author, near copies of each other, and posts that share a segment form a group. A group is named
after its first post, whose pseudonym decides the split of all.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..splits import SPLITS, normalised, split_of

if TYPE_CHECKING:
    import numpy
    from datatrove.pipeline.dedup.minhash import MinhashConfig

NOBODY = 0
"""The key of an unknown author, who is never the same as another."""


def minhash_config() -> MinhashConfig:
    """The settings of MinHash: datatrove's own (about 0.72 of the 5-word runs in common)."""
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.utils.hashing import HashConfig

    # SHA-1, because the default hash needs an old xxhash.
    return MinhashConfig(hash_config=HashConfig(hash_fc="sha1"))


def text_key(text: str) -> int:
    """64 bits that two texts share if they differ in white space and case only.

    >>> text_key("I feel sad.") == text_key("i  feel SAD.")
    True
    """
    return int.from_bytes(hashlib.sha256(normalised(text).encode()).digest()[:8], "big")


class Groups:
    """Numbers joined into groups; a group is named after its smallest member (union-find).

    >>> groups = Groups(4)
    >>> groups.join(3, 1)
    >>> [groups.of(number) for number in range(4)]
    [0, 1, 2, 1]
    """

    def __init__(self, size: int) -> None:
        self._parent = array("Q", range(size))

    def of(self, number: int) -> int:
        """Name the group of a number."""
        parent = self._parent
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    def join(self, one: int, other: int) -> None:
        """Make one group of two."""
        low, high = sorted((self.of(one), self.of(other)))
        self._parent[high] = low


@dataclass
class Survey:
    """What must be known of all posts at once: a few numbers for each."""

    # for each dump the number of its first post, and at the end how many there are
    starts: list[int]
    posts: array[int]  # pseudonyms
    authors: array[int]  # pseudonyms, or `NOBODY`
    texts: array[int]  # `text_key` of each post
    owners: array[int]  # for each segment, the number of its post
    segments: array[int]  # `text_key` of each segment

    @classmethod
    def of(cls, dumps: Iterable[Iterable[dict[str, Any]]]) -> Survey:
        """Look through all posts once."""
        found = cls([0], *(array("Q") for _ in range(5)))
        for records in dumps:
            for record in records:
                number = len(found.posts)
                found.posts.append(int(record["id"], 16))
                author = record["metadata"].get("author")
                found.authors.append(int(author, 16) if author else NOBODY)
                found.texts.append(text_key(record["text"]))
                for window in record["metadata"]["windows"]:
                    found.owners.append(number)
                    found.segments.append(text_key(window["text"]))
            found.starts.append(len(found.posts))
        return found

    def sizes(self) -> Iterator[int]:
        """How many segments each post has."""
        counts = Counter(self.owners)
        return (counts[number] for number in range(len(self.posts)))


@dataclass
class Decision:
    """What becomes of every post and segment."""

    splits: bytearray  # for each post the place of its split in `SPLITS`
    dropped: bytearray  # for each post whether it is left out
    dropped_segments: bytearray  # likewise for each segment
    counts: Counter[str]  # how many were left out, and how many groups there are
    disjoint: dict[str, bool]  # for each kind of group, whether none is in two splits


def decide(survey: Survey, near: Iterable[list[int]], *, drop_near: bool) -> Decision:
    """Leave out copies, and give each post its split; `near` holds clusters of posts' numbers."""
    size = len(survey.posts)
    groups, clusters = Groups(size), Groups(size)
    for members in near:
        for member in members[1:]:
            clusters.join(members[0], member)
    for keys in (survey.posts, survey.texts):
        for one, other in _pairs(keys):
            clusters.join(one, other)
    roots = array("Q", (clusters.of(number) for number in range(size)))
    for number, root in enumerate(roots):
        groups.join(number, root)
    for one, other in _pairs(survey.authors):
        if survey.authors[one] != NOBODY:
            groups.join(one, other)
    for one, other in _pairs(survey.segments):
        groups.join(survey.owners[one], survey.owners[other])
    counts: Counter[str] = Counter()
    dropped = bytearray(size)
    reasons = [("duplicate-id", survey.posts), ("duplicate-text", survey.texts)]
    for reason, keys in [*reasons, *([("near-duplicate", roots)] if drop_near else [])]:
        for _, other in _pairs(keys):
            counts[reason] += not dropped[other]
            dropped[other] = True
    splits = bytearray(_split(survey.posts[groups.of(number)]) for number in range(size))
    dropped_segments = _repeated(survey, dropped)
    counts["duplicate-segment"] = sum(dropped_segments)
    counts["near-duplicate-clusters"] = sum(
        1 for _, members in Counter(roots).items() if members > 1
    )
    counts["near-duplicate-posts"] = sum(n for n in Counter(roots).values() if n > 1)
    counts["groups"] = len({groups.of(number) for number in range(size)})
    owned = bytearray(splits[owner] for owner in survey.owners)
    disjoint = {
        "post": _disjoint(survey.posts, splits),
        "author": _disjoint(survey.authors, splits),
        "cluster": _disjoint(roots, splits),
        "text": _disjoint(survey.segments, owned),
    }
    return Decision(splits, dropped, dropped_segments, counts, disjoint)


def _split(post: int) -> int:
    return SPLITS.index(split_of(f"{post:016x}"))


def _repeated(survey: Survey, dropped: bytearray) -> bytearray:
    """Which segments of kept posts repeat one of an earlier kept post."""
    repeated = bytearray(len(survey.segments))
    for run in _runs(survey.segments):
        kept = [place for place in run if not dropped[survey.owners[place]]]
        for place in kept[1:]:
            repeated[place] = True
    return repeated


def _runs(keys: array[int]) -> Iterator[list[int]]:
    """The places of equal keys, where there is more than one, each in rising order."""
    import numpy

    values = _numbers(keys)
    order = numpy.argsort(values, kind="stable")
    edges = numpy.flatnonzero(numpy.diff(values[order])) + 1
    for run in _long(order, edges):
        yield run.tolist()


def _long(order: numpy.ndarray, edges: numpy.ndarray) -> Iterator[numpy.ndarray]:
    """Cut an order at the edges, but make only the pieces that hold more than one."""
    import numpy

    bounds = numpy.concatenate(([0], edges, [len(order)]))
    for place in numpy.flatnonzero(numpy.diff(bounds) > 1):
        yield order[bounds[place] : bounds[place + 1]]


def _pairs(keys: array[int]) -> Iterator[tuple[int, int]]:
    """The first place of each key, with every other place of it."""
    for first, *others in _runs(keys):
        for other in others:
            yield first, other


def _disjoint(keys: array[int], splits: bytearray) -> bool:
    return all(splits[one] == splits[other] for one, other in _pairs(keys) if keys[one] != NOBODY)


def _numbers(keys: array[int]) -> numpy.ndarray:
    import numpy

    return numpy.frombuffer(keys, dtype=numpy.uint64) if keys else numpy.empty(0, numpy.uint64)


def read_clusters(folder: Path, starts: list[int]) -> Iterator[list[int]]:
    """Read the clusters that datatrove's MinHash has found, as numbers of posts."""
    import numpy

    clusters: dict[int, list[int]] = {}
    for path in sorted(folder.glob("*.clusters")):
        start = starts[int(path.stem)]
        for place, cluster in numpy.fromfile(path, dtype="<u4").reshape(-1, 2).tolist():
            clusters.setdefault(cluster, []).append(start + place)
    yield from clusters.values()
