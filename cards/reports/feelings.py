"""A run emotion by emotion: which words people used for each, and what the model said instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from express_metric.analysis.ladder import RUNGS, rungs
from express_metric.analysis.masks import Masks
from express_metric.plutchik import EMOTIONS

from ..words import percent

MOST_WORDS = 12
HEADER = ("word", "times", "same word", "tone reversed", "most often answered")


def feelings(masks: Masks) -> list[Mapping[str, Any]]:
    """For each of the eight emotions its share of right and reversed answers, and its words."""
    bits, rung = masks.bits[masks.label], rungs(masks)
    found = []
    for place, emotion in enumerate(EMOTIONS):
        rows = np.flatnonzero(bits >> place & 1)
        if not len(rows):
            continue
        words = Counter(masks.label[rows].tolist())
        common = sorted(words, key=lambda word: (-words[word], masks.vocabulary[word]))
        found.append(
            {
                "name": emotion,
                "masks": len(rows),
                "cells": _shares(rung[rows]),
                "words": [_word(masks, rung, word) for word in common[:MOST_WORDS]],
                "more": len(words) - MOST_WORDS,
            }
        )
    return sorted(found, key=lambda one: (-one["masks"], one["name"]))


def _shares(rung: Any) -> list[str]:
    names = ("same", "reversed")
    return [percent(float((rung == RUNGS.index(name)).mean())) for name in names]


def _word(masks: Masks, rung: Any, word: int) -> tuple[str, ...]:
    rows = np.flatnonzero(masks.label == word)
    said = Counter(masks.answer[rows].tolist())
    common = sorted(said.items(), key=lambda pair: (-pair[1], masks.vocabulary[pair[0]]))[:3]
    shown = ", ".join(
        f"{masks.vocabulary[code] if code >= 0 else 'no answer'} ({n})" for code, n in common
    )
    return (masks.vocabulary[word], f"{len(rows):,}", *_shares(rung[rows]), shown)
