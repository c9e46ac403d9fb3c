"""Weighed words against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from express_dataset.sources import load
from express_runners.prompts.similarity import similarities
from express_runners.prompts.tfidf import tfidf

SAMPLE = [example.text for example in load("sample").examples]
ODD = st.text(alphabet="ab\u0130\u00df\u0301_1 \n'\U0001f600\ud800", max_size=12)


def check(pool: list[str], asked: list[str]) -> None:
    weigher = TfidfVectorizer(sublinear_tf=True, dtype=np.float32)
    expected = weigher.fit_transform(pool), weigher.transform(asked)
    for ours, theirs in zip(tfidf(pool, asked), expected, strict=True):
        assert ours.dtype == np.float32
        assert ours.shape == theirs.shape
        np.testing.assert_array_equal(ours.toarray(), theirs.toarray())


def test_they_are_those_of_scikit_learn() -> None:
    check(SAMPLE[:25], SAMPLE[25:])


@given(st.lists(ODD, max_size=6), st.lists(ODD, min_size=1, max_size=6))
def test_they_are_those_of_scikit_learn_for_odd_texts(pool: list[str], asked: list[str]) -> None:
    check(["a word", *pool], asked)


@pytest.mark.parametrize("pool", [[""], ["I", "?"]])
def test_a_pool_without_words_is_like_nothing(pool: list[str]) -> None:
    (table,) = similarities(pool, ["a word", ""], "tfidf")
    assert table.tolist() == [[0.0] * len(pool)] * 2
