"""The labels of the nearest neighbour, with the encoder that choosing shots uses."""

from __future__ import annotations

import numpy as np

from express_cards.nearest import nearest_labels
from express_metric import load_lexicon
from express_metric.floors import NEAREST, floors
from express_runners.encoders import similarities


def test_the_neighbour_is_the_one_that_shares_words() -> None:
    pool = ["my dog ran away from home", "the exam is tomorrow and I did not study"]
    asked = ["an exam tomorrow, no time to study", "my dog never came home", "exam, study, exam"]
    said = nearest_labels(similarities(pool, asked, "tfidf"), [["worried"], ["nervous", "tired"]])
    assert said == [["nervous", "tired"], ["worried"], ["nervous", "tired"]]
    floor = floors(
        [["nervous"], ["worried"], ["tired", "tired"]], load_lexicon("nrc"), "revised", None, said
    )
    assert floor[NEAREST]["lexical_accuracy"] == 0.75


def test_blocks_are_joined_in_order() -> None:
    table = np.random.default_rng(0).random((7, 4))
    pool = [[str(i)] for i in range(4)]
    whole = nearest_labels([table], pool)
    assert nearest_labels([table[:3], table[3:]], pool) == whole
    assert [int(row[0]) for row in whole] == table.argmax(axis=1).tolist()
