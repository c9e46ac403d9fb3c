"""The statistics of a dataset together with what a lexicon knows of its labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from express_metric.lexicon import Lexicon
from express_metric.plutchik import DIMENSIONS
from express_runners.runs.scores import pick_lexicon


def dataset_facts(
    source: str, lexicon: str | None, misfits: str | None = None, group_by: Sequence[str] = ()
) -> dict[str, Any]:
    """The statistics of a dataset (`express_dataset.publishing.statistics`), with `coverage`."""
    from express_dataset.publishing.statistics import statistics
    from express_dataset.sources import load_all

    parts = load_all(source, misfits)
    found = statistics(parts, group_by)
    chosen = pick_lexicon(lexicon, parts["all"].lexicon, Path(source))
    return found | {"coverage": coverage(found["labels"], chosen)}


def coverage(labels: Mapping[str, int], lexicon: Lexicon) -> dict[str, Any]:
    """Tell which labels have a vector.

    Returns:
        `lexicon`; `masks` and `labels`, each with counts of `vector` (known, not all zero),
        `zero` (known, all zero) and `unknown`; `dimensions`, the share of the masks whose
        label carries each; `without_vector`, the labels that have none, most frequent first.
    """
    masks = dict.fromkeys(("vector", "zero", "unknown"), 0)
    distinct = dict(masks)
    carried = dict.fromkeys(DIMENSIONS, 0)
    without = {}
    for label, count in labels.items():
        vector = lexicon.vector(label)
        state = "vector" if vector.any() else ("zero" if label in lexicon else "unknown")
        masks[state] += count
        distinct[state] += 1
        if state != "vector":
            without[label] = count
        for dimension, value in zip(DIMENSIONS, vector.tolist(), strict=True):
            carried[dimension] += value * count
    total = sum(masks.values())
    return {
        "lexicon": lexicon.label,
        "masks": masks,
        "labels": distinct,
        "dimensions": {name: count / total if total else None for name, count in carried.items()},
        "without_vector": without,
    }
