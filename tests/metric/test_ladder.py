"""The ladder of how wrong an answer is: each rule, and that each mask stands on one rung."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from express_metric import DIMENSIONS, Lexicon, Reading, load_lexicon, read_results
from express_metric.analysis.confusion import valence
from express_metric.analysis.ladder import RUNGS, rungs
from express_metric.analysis.masks import Masks, mask_table

WORDS = {
    "gleeful": ("joy", "positive"),
    "merry": ("joy", "positive"),
    "hopeful": ("joy", "anticipation", "positive"),
    "trusting": ("trust", "positive"),
    "awed": ("surprise",),
    "shocked": ("surprise", "negative"),
    "startled": ("surprise", "positive"),
    "mixed": ("joy", "positive", "negative"),
    "terrified": ("fear", "negative"),
    "blank": (),
}


def made(pairs: list[tuple[str, str | None]]) -> Masks:
    matrix = np.array([[name in has for name in DIMENSIONS] for has in WORDS.values()], np.uint8)
    lexicon = Lexicon("mine", "0" * 64, tuple(WORDS), matrix)
    answers = [Reading(None if answer is None else (answer,)) for _, answer in pairs]
    return mask_table([[label] for label, _ in pairs], answers, lexicon, "revised")


@pytest.mark.parametrize(
    ("person", "model", "rung"),
    [
        ("gleeful", "gleeful", "same"),
        ("blank", "Blank", "same"),
        ("gleeful", "merry", "synonym"),
        # No vector at all, but one family and one level of the scale of intensity.
        ("mad", "angry", "synonym"),
        ("gleeful", "hopeful", "shared"),
        ("awed", "shocked", "shared"),
        ("gleeful", "trusting", "tone"),
        ("gleeful", "awed", "nothing"),
        ("gleeful", "terrified", "reversed"),
        ("terrified", "gleeful", "reversed"),
        # What is good and bad at once is turned into neither.
        ("mixed", "terrified", "tone"),
        # An emotion in common does not make good of bad.
        ("shocked", "startled", "reversed"),
        ("gleeful", "blank", "unknown"),
        ("unheard", "gleeful", "unknown"),
        ("blank", "unheard", "unknown"),
        ("gleeful", None, "none"),
    ],
)
def test_each_rung(person: str, model: str | None, rung: str) -> None:
    assert [RUNGS[place] for place in rungs(made([(person, model)]))] == [rung]


@given(st.lists(st.tuples(st.sampled_from([*WORDS]), st.sampled_from([*WORDS, None]))))
def test_the_ladder_agrees_with_the_figures(pairs: list[tuple[str, str | None]]) -> None:
    masks = made(pairs)
    counts = dict(zip(RUNGS, np.bincount(rungs(masks), minlength=len(RUNGS)), strict=True))
    assert sum(counts.values()) == len(masks)
    assert counts["same"] == masks.lexical.sum()
    assert counts["none"] == (~masks.valid).sum()
    assert counts["same"] + counts["synonym"] >= masks.vector.sum()
    assert counts["reversed"] == valence(masks)["flips"]


def test_the_reference(reference: Path) -> None:

    results = read_results(reference / "gpt4o_predictions.csv")
    masks = mask_table(
        results.references,
        results.readings["revised"],
        load_lexicon(str(reference / "lexicon-decomposition.csv")),
        "revised",
    )
    counts = np.bincount(rungs(masks), minlength=len(RUNGS)).tolist()
    assert counts[0] == masks.lexical.sum()
    assert counts[1] == 128
    assert counts[3:6] == [96, 7, 51]
    # A lexicon in which worried and afraid share nothing but their tone.
    pair = masks.vocabulary.index("worried"), masks.vocabulary.index("afraid")
    there = (masks.label == pair[0]) & (masks.answer == pair[1])
    assert there.any()
    assert set(rungs(masks)[there].tolist()) == {RUNGS.index("tone")}
