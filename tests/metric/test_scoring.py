"""Scoring: cases worked out by hand, counts, coverage, empty input and mistakes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from express_metric import FIGURES, Lexicon, MetricError, Protocol, Reading, Reason, merge, score
from express_metric.scoring import F1_UNIT

TABLE = {
    "sad": [0, 0, 0, 0, 0, 1, 0, 0, 0, 1],
    "unhappy": [0, 0, 0, 0, 0, 1, 0, 0, 0, 1],
    "angry": [1, 0, 1, 0, 0, 0, 0, 0, 0, 1],
    "okay": [0] * 10,
    "fine": [0] * 10,
}
LEXICON = Lexicon("t", "0" * 64, tuple(TABLE), np.array(list(TABLE.values()), dtype=np.uint8))


@pytest.mark.parametrize(
    ("label", "word", "protocol", "expected"),
    [
        # lexical, vector, F1, dimensions of one mask
        ("sad", "sad", "paper", (1, 1, 1, 1)),
        ("sad", "unhappy", "paper", (0, 1, 1, 1)),
        ("sad", "angry", "paper", (0, 0, 0.4, 0.7)),
        ("okay", "fine", "paper", (0, 1, 0, 1)),
        ("okay", "okay", "paper", (1, 1, 0, 1)),
        ("okay", "nowhere", "paper", (0, 1, 0, 1)),
        ("nowhere", "elsewhere", "paper", (0, 1, 0, 1)),
        ("sad", "nowhere", "paper", (0, 0, 0, 0.8)),
        ("sad", "sad", "revised", (1, 1, 1, 1)),
        ("sad", "unhappy", "revised", (0, 1, 1, 1)),
        ("sad", "angry", "revised", (0, 0, 0.4, 0.7)),
        ("okay", "fine", "revised", (0, 0, 0, 0)),
        ("okay", "okay", "revised", (1, 1, 1, 1)),
        ("nowhere", "nowhere", "revised", (1, 1, 1, 1)),
        ("nowhere", "elsewhere", "revised", (0, 0, 0, 0)),
        ("sad", "nowhere", "revised", (0, 0, 0, 0)),
        ("okay", "sad", "revised", (0, 0, 0, 0)),
        ("Sad", " sad", "revised", (1, 1, 1, 1)),
    ],
)
def test_one_mask(label: str, word: str, protocol: Protocol, expected: tuple[float, ...]) -> None:
    figures = score([[label]], [[word]], LEXICON, protocol).figures
    assert tuple(figures[name] for name in FIGURES[1:]) == expected


def test_denominators_differ_between_the_protocols() -> None:
    references = [["sad"], ["sad", "angry", "okay"]]
    predictions = [["angry"], ["sad"]]
    paper = score(references, predictions, LEXICON, "paper").figures
    revised = score(references, predictions, LEXICON, "revised").figures
    assert paper == {
        "valid_rate": 0.5,
        "lexical_accuracy": 0.0,
        "vector_accuracy": 0.0,
        "vector_f1": 0.4,
        "dimension_accuracy": 0.7,
    }
    assert revised["vector_f1"] == 0.1
    assert revised["dimension_accuracy"] == 0.7 / 4


def test_counts_have_a_row_for_each_example() -> None:
    scores = score([["sad", "angry"], ["okay"]], [["sad", "sad"], None], LEXICON, "paper")
    assert scores.counts is not None
    assert scores.counts["lexical"].tolist() == [1, 0]
    assert scores.counts["masks"].tolist() == [2, 1]
    assert scores.counts["f1"].tolist() == [F1_UNIT * 7 // 5, 0]
    assert scores.counts["tp"].shape == (2, 10)
    assert all(values.dtype == np.int64 for values in scores.counts.values())


def test_every_invalid_row_has_a_counted_reason() -> None:
    readings = [Reading(None, Reason.REFUSAL), Reading(("a", "b")), None, Reading(("sad",))]
    scores = score([["sad"]] * 4, readings, LEXICON, "revised")
    assert scores.invalid == {"empty": 1, "refusal": 1, "wrong-count": 1}
    assert scores.figures["valid_rate"] == 0.25


def test_coverage_counts_tokens() -> None:
    scores = score([["sad", "okay"], ["nowhere"]], [["angry", "x"], None], LEXICON, "paper")
    assert scores.coverage["labels"] == {"tokens": 3, "known": 2 / 3, "nonzero": 1 / 3}
    assert scores.coverage["predictions"] == {"tokens": 2, "known": 0.5, "nonzero": 0.5}


def test_nothing_to_divide_by_is_none_and_never_nan() -> None:
    for protocol in ("paper", "revised"):
        empty = score([], [], LEXICON, protocol)
        assert empty.figures == dict.fromkeys(FIGURES)
        assert empty.n_examples == 0
        assert json.loads(json.dumps(empty.to_dict(), allow_nan=False))["valid_rate"] is None
    invalid = score([["sad"]], [None], LEXICON, "paper").figures
    assert invalid == {
        "valid_rate": 0.0,
        "lexical_accuracy": 0.0,
        "vector_accuracy": 0.0,
        "vector_f1": None,
        "dimension_accuracy": None,
    }
    assert score([["sad"]], [None], LEXICON, "revised").figures == dict.fromkeys(FIGURES, 0.0)


@pytest.mark.parametrize(
    ("references", "predictions", "message"),
    [
        ([["sad"], ["sad"]], [["sad"]], "there are 2 references and 1 predictions: row 1"),
        ([["sad"], []], [["sad"], ["sad"]], "references, row 1: .* no list of at least one word"),
        (["sad"], [["sad"]], "references, row 0: 'sad' is no list"),
        ([None], [["sad"]], "references, row 0: None is no list"),
        ([["sad"], ["sad", " "]], [None, None], "references, row 1: .* holds an empty label"),
        ([["sad"], ["sad", 3]], [None, None], "references, row 1: .* holds an empty label"),
        ([["sad"]], ["sad"], r"predictions, row 0: 'sad' is no list of words; read raw text"),
        ([["sad"]], [["sad", 1]], "predictions, row 0: .* is no list of words"),
        ([["sad"]], [7], "predictions, row 0: 7 is no list of words"),
    ],
)
def test_a_mistake_names_the_row(references: Any, predictions: Any, message: str) -> None:
    with pytest.raises(MetricError, match=message):
        score(references, predictions, LEXICON, "paper")


def test_an_unknown_protocol_is_refused() -> None:
    with pytest.raises(MetricError, match="choose paper or revised"):
        score([["sad"]], [["sad"]], LEXICON, "strict")  # type: ignore[arg-type]


def test_merging_nothing_is_refused() -> None:
    with pytest.raises(MetricError, match="no totals"):
        merge([])
