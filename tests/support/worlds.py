"""Worlds whose truth is known: posts of unequal length, and runs with a chosen accuracy."""

from __future__ import annotations

import numpy as np

from express_metric import Reading, load_lexicon
from express_metric.analysis.intervals import Interval, interval
from express_metric.analysis.masks import mask_table
from express_metric.analysis.resampling import Floats, Resampling, bootstrap, quotient
from express_metric.analysis.usage import diversity

ALIKE = 0.2  # the correlation of the masks of one post


def hits(rng: np.random.Generator, posts: int, share: float) -> Floats:
    """Masks that were hit, and masks, of each post; shape (posts, 2).

    Posts have one to eight masks, and those of a post are hit together more often than not.
    """
    sizes = np.minimum(rng.geometric(0.45, size=posts), 8)
    scale = (1 - ALIKE) / ALIKE
    ease = rng.beta(share * scale, (1 - share) * scale, size=posts)
    return np.column_stack([rng.binomial(sizes, ease), sizes]).astype(float)


def share_of(sums: Floats, how: Resampling) -> Interval:
    """The share of hits with its interval, as figures have it."""
    total = sums.sum(axis=0)
    drawn, rest = bootstrap(sums, how), total - sums
    return interval(
        float(total[0] / total[1]),
        quotient(drawn[:, 0], drawn[:, 1]),
        quotient(rest[:, 0], rest[:, 1]),
        how.level,
    )


def coverage(posts: int, share: float, worlds: int, draws: int, seed: int) -> tuple[float, float]:
    """How often the interval holds the true share, and how often it is marked as approximate."""
    rng = np.random.default_rng(seed)
    held = marked = 0
    for _ in range(worlds):
        how = Resampling(draws=draws, seed=int(rng.integers(2**31)))
        found = share_of(hits(rng, posts, share), how)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= share <= found.high
        marked += found.approximate
    return held / worlds, marked / worlds


WORDS = 60  # words that people have
Row = tuple[str, ...]


def people(rng: np.random.Generator, posts: int, words: int = WORDS) -> tuple[list[Row], list[str]]:
    """Labels of examples, one to three each, the commoner words oftener; and their posts."""
    sizes = rng.integers(1, 4, posts)
    drawn = iter(rng.choice(words, p=chances(1.0, words), size=int(sizes.sum())))
    rows = [tuple(f"w{next(drawn)}" for _ in range(size)) for size in sizes]
    return rows, [f"p{post}" for post in range(posts)]


def chances(sharpness: float, words: int = WORDS) -> Floats:
    """How often each word is said; sharper means less varied."""
    weights: Floats = (1 / np.arange(1, words + 1) ** 0.8) ** sharpness
    shares: Floats = weights / weights.sum()
    return shares


def model(
    rng: np.random.Generator,
    rows: list[Row],
    accuracy: float,
    sharpness: float = 1.0,
    words: int = WORDS,
) -> list[Row]:
    """Answers that are right with this chance, in whole posts more or less; else any word."""
    scale = (1 - ALIKE) / ALIKE
    ease = rng.beta(accuracy * scale, (1 - accuracy) * scale, size=len(rows))
    said = chances(sharpness, words)
    return [
        tuple(label if rng.random() < sure else f"w{rng.choice(words, p=said)}" for label in labels)
        for labels, sure in zip(rows, ease, strict=True)
    ]


def entropy_coverage(
    posts: int, sharpness: float, worlds: int, words: int = 250, seed: int = 0
) -> tuple[float, float, float]:
    """How often the interval of the change in entropy holds the truth and is marked.

    And how often a difference from 0 is found. People have `words` words; one answer in five is
    theirs.
    """
    rng = np.random.default_rng(seed)
    said, right = chances(1.0, words), 0.2
    both = said[:, None] * (1 - right) * chances(sharpness, words)[None, :] + np.diag(right * said)
    held = marked = found = 0
    for _ in range(worlds):
        rows, names = people(rng, posts, words)
        answers = [Reading(row) for row in model(rng, rows, right, sharpness, words)]
        masks = mask_table(rows, answers, load_lexicon("nrc"), "revised", names)
        shown = diversity(masks, Resampling(draws=200, seed=0))
        change = shown.entropy_change
        # The truth is that of the words that people say in the posts which make the list.
        listed = sorted({int(word[1:]) for row in rows[::2] for word in row})
        part = both[np.ix_(listed, listed)] / both[np.ix_(listed, listed)].sum()
        labels, replies = part.sum(axis=1), part.sum(axis=0)
        truth = np.sum(labels * np.log2(labels)) - np.sum(replies * np.log2(replies))
        held += (change.low or 0) <= truth <= (change.high or 0)
        marked += change.approximate or change.low is None
        found += shown.p_value is not None and shown.p_value < 0.05
    return held / worlds, marked / worlds, found / worlds
