"""Where and how a model errs: every table about one run, from its masks."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import MetricError
from ..lexicon import Lexicon, normal
from ..parsing import Protocol, Reading
from ..scoring import Scores, count, total
from .calibration import Ranking, rank_calibration
from .confusion import term_confusion, valence, vector_confusion
from .floors import floors
from .groups import (
    FREQUENCY_BINS,
    LENGTH_BINS,
    Group,
    Rate,
    bins,
    by_group,
    coded,
    emotion_groups,
    valence_rates,
)
from .intensity import scales, shift
from .masks import Masks, mask_table
from .resampling import Floats, Ints, Resampling
from .usage import diversity, overuse

# A table of hundreds of intervals; the ends of each are steady enough with this many draws.
_DEFAULT = Resampling(draws=2_000)
MIN_LABELS = 3  # below this number of kinds a rank correlation says nothing


@dataclasses.dataclass(frozen=True)
class Facts:
    """What is known of the examples beside their labels; None for what is not."""

    posts: Sequence[str] | None = None  # for each example its post
    words: Sequence[int] | None = None  # for each example the number of words
    subreddits: Sequence[str | None] | None = None  # for each example where it was posted, or None
    # further ways to group: by name, for each example a value or None
    groups: Mapping[str, Sequence[str | None]] | None = None
    # negated, leaked and leaked_form: for each example a flag for each mask
    negated: Sequence[Sequence[bool]] | None = None
    leaked: Sequence[Sequence[bool]] | None = None
    leaked_form: Sequence[Sequence[bool]] | None = None
    train: Mapping[str, int] | None = None  # term to frequency in the train split
    # for each example the labels of its nearest neighbour in another split
    nearest: Sequence[Sequence[str]] | None = None
    # the probabilities that the run gave to the terms of a closed vocabulary
    ranking: Ranking | None = None


def breakdown(
    references: Sequence[Sequence[str]],
    readings: Sequence[Reading],
    lexicon: Lexicon,
    protocol: Protocol,
    facts: Facts | None = None,
    how: Resampling = _DEFAULT,
) -> dict[str, Any]:
    """Every table about one run.

    What needs a fact that is not known is left out.

    Returns:
        Ready for JSON. ``figures``; ``floors`` (trivial answers); ``terms`` and ``emotions``
        (lists of `Group`); ``dimensions``; ``calibration`` (see `rank_calibration`; None without a
        ranking); ``confusion`` of ``terms`` and ``vectors``;
        ``overuse`` (list of `TermUse`); ``diversity``; ``intensity`` (a `Shift`, with the
        `scale` and `net` of the other scale, or None, as ``other``); ``valence`` (see `valence`;
        its ``by`` is a list of `Rate`, see `valence_rates`); ``by``: lists of `Group` by
        ``masks_per_segment``, ``position`` and, where known, ``length``, ``subreddit``,
        each of the further ``groups``, ``negated``, ``leaked``, ``leaked_form``,
        ``train_frequency``; ``frequency_correlation``; ``invalid`` (reason to number of rows).
    """
    known = facts or Facts()
    masks = mask_table(references, readings, lexicon, protocol, known.posts)
    scores = Scores(protocol, total(count(references, readings, lexicon, protocol)))
    return {
        "protocol": protocol,
        "lexicon": lexicon.label,
        "n_examples": scores.n_examples,
        "n_masks": scores.n_masks,
        "n_posts": masks.n_posts,
        "figures": scores.figures,
        "floors": floors(references, lexicon, protocol, known.train, known.nearest),
        "dimensions": scores.dimensions,
        "calibration": _calibration(references, lexicon, known.ranking),
        "invalid": scores.invalid,
        **_tables(masks, scores.n_examples, known, how),
    }


def _calibration(
    references: Sequence[Sequence[str]], lexicon: Lexicon, ranking: Ranking | None
) -> dict[str, Any] | None:
    """Calibration over the masks of the answered examples."""
    if ranking is None:
        return None
    _check("ranking", len(ranking.logprobs), len(references))
    labels = [normal(word) for row in ranking.answered for word in references[row]]
    terms = [normal(term) for term in ranking.vocabulary]
    return rank_calibration(ranking.probabilities(), terms, labels, lexicon)


def _tables(masks: Masks, examples: int, facts: Facts, how: Resampling) -> dict[str, Any]:
    """What follows from the masks alone."""
    by_term = by_group(masks, masks.label, masks.vocabulary, how.level)
    terms = sorted(by_term, key=lambda group: (-group.masks, group.group))
    return {
        "terms": _dicts(terms),
        "emotions": _dicts(emotion_groups(masks, how.level)),
        "confusion": {
            "terms": term_confusion(masks).to_dict(),
            "vectors": vector_confusion(masks).to_dict(),
        },
        "overuse": [dataclasses.asdict(use) for use in overuse(masks, how)],
        "diversity": diversity(masks, how).to_dict(),
        "intensity": _intensity(masks, how),
        "valence": {**valence(masks), "by": _dicts(valence_rates(masks, how.level))},
        "by": _by(masks, examples, facts, how.level),
        "frequency_correlation": _correlation(terms, facts.train),
    }


def _intensity(masks: Masks, how: Resampling) -> dict[str, Any]:
    first, *others = (shift(masks, how, scale).to_dict() for scale in scales())
    other = {key: others[0][key] for key in ("scale", "net")} if others else None
    return {**first, "other": other}


def _by(masks: Masks, examples: int, facts: Facts, level: float) -> dict[str, list[dict[str, Any]]]:
    per_example = np.bincount(masks.example, minlength=examples)
    groups: dict[str, tuple[Ints, list[str]]] = {
        "masks_per_segment": bins(per_example[masks.example], (1, 2, 3, 4, 5)),
        "position": bins(masks.position + 1, (1, 2, 3, 4, 5)),
    }
    if facts.words is not None:
        _check("words", len(facts.words), examples)
        groups["length"] = bins(np.asarray(facts.words, np.int64)[masks.example], LENGTH_BINS)
    if facts.subreddits is not None:
        _check("subreddits", len(facts.subreddits), examples)
        codes, names = coded(facts.subreddits)
        groups["subreddit"] = codes[masks.example], names
    for name, values in (facts.groups or {}).items():
        _check(name, len(values), examples)
        codes, names = coded(values)
        # A column of somebody's own may be called like a table of ours.
        groups[f"column {name}" if name in groups else name] = codes[masks.example], names
    for name in ("negated", "leaked", "leaked_form"):
        flags: Sequence[Sequence[bool]] | None = getattr(facts, name)
        if flags is not None:
            _check(name, len(flags), examples)
            flat = [bool(flag) for row in flags for flag in row]
            _check(name, len(flat), len(masks), "masks")
            groups[name] = np.where(flat, 1, 0).astype(np.int64), ["no", "yes"]
    if facts.train is not None:
        frequency = _frequency(facts.train)
        often = np.array([frequency.get(term, 0) for term in masks.vocabulary], np.int64)
        groups["train_frequency"] = bins(often[masks.label], FREQUENCY_BINS)
    return {
        name: _dicts(by_group(masks, codes, names, level))
        for name, (codes, names) in groups.items()
    }


def _correlation(terms: Sequence[Group], train: Mapping[str, int] | None) -> float | None:
    """Spearman's rank correlation over labels: frequency in train against exact-word accuracy."""
    if train is None or len(terms) < MIN_LABELS:
        return None
    frequency = _frequency(train)
    often = [frequency.get(group.group, 0) for group in terms]
    right = [group.lexical_accuracy for group in terms]
    if len(set(often)) < 2 or len(set(right)) < 2:
        return None
    return float(np.corrcoef(_ranks(often), _ranks(right))[0, 1])


def _ranks(values: Sequence[float]) -> Floats:
    """Ranks from one; equals share the mean of theirs."""
    _, where, times = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(times) - (times - 1) / 2)[where]
    return ranks


def _frequency(train: Mapping[str, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for term, number in train.items():
        found[normal(term)] = found.get(normal(term), 0) + number
    return found


def _dicts(groups: Sequence[Group | Rate]) -> list[dict[str, Any]]:
    return [dataclasses.asdict(group) for group in groups]


def _check(name: str, given: int, expected: int, unit: str = "examples") -> None:
    if given != expected:
        raise MetricError(f"{name} has {given} entries for {expected} {unit}; give one for each")
