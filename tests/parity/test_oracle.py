"""Scoring against an independent computation, and what must hold for any input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from express_metric import DIMENSIONS, PROTOCOLS, Lexicon, Protocol, Reading, merge, score, total
from express_metric.scoring import Scores

from . import oracle

TABLE: dict[str, oracle.Vector] = {
    "sad": (0, 0, 0, 0, 0, 1, 0, 0, 0, 1),
    "unhappy": (0, 0, 0, 0, 0, 1, 0, 0, 0, 1),
    "angry": (1, 0, 1, 0, 0, 0, 0, 0, 0, 1),
    "glad": (0, 0, 0, 0, 1, 0, 0, 1, 1, 0),
    "torn": (1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
    "okay": (0,) * 10,
    "fine": (0,) * 10,
}
LEXICON = Lexicon("t", "0" * 64, tuple(TABLE), np.array(list(TABLE.values()), dtype=np.uint8))
WORDS = st.sampled_from([*TABLE, "unknown-a", "unknown-b"])
ROWS = st.tuples(
    st.lists(WORDS, min_size=1, max_size=4), st.none() | st.lists(WORDS, min_size=1, max_size=4)
)
EVEN = st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=4).map(
    lambda pairs: ([a for a, _ in pairs], [b for _, b in pairs])
)
EXAMPLES = st.lists(ROWS | EVEN, max_size=12)
Example = tuple[list[str], list[str] | None]

both = pytest.mark.parametrize("protocol", PROTOCOLS)


def scored(examples: list[Example], protocol: Protocol) -> Scores:
    readings = [Reading(None if words is None else tuple(words)) for _, words in examples]
    return score([labels for labels, _ in examples], readings, LEXICON, protocol)


@both
@given(examples=EXAMPLES)
def test_the_figures_are_those_of_the_oracle(protocol: Protocol, examples: list[Example]) -> None:
    expected = getattr(oracle, protocol)(
        [labels for labels, _ in examples], [words for _, words in examples], TABLE
    )
    # Both are exact before the one division, so they are equal to the last bit.
    assert scored(examples, protocol).figures == {
        name: None if value is None else float(value) for name, value in expected.items()
    }


@both
@given(examples=EXAMPLES)
def test_the_dimensions_are_counted_right(protocol: Protocol, examples: list[Example]) -> None:
    table = scored(examples, protocol).dimensions
    for place, name in enumerate(DIMENSIONS):
        tp = fp = fn = 0
        for labels, words in examples:
            if words is None or len(words) != len(labels):
                if protocol == "revised":
                    fn += sum(TABLE.get(label, oracle.ZERO)[place] for label in labels)
                continue
            for label, word in zip(labels, words, strict=True):
                a, b = (TABLE.get(w, oracle.ZERO)[place] for w in (label, word))
                tp, fp, fn = tp + (a & b), fp + (b & ~a), fn + (a & ~b)
        found = table[name]
        assert (found["tp"], found["fp"], found["fn"]) == (tp, fp, fn)
        assert found["support"] == tp + fn
        assert found["precision"] == (tp / (tp + fp) if tp + fp else None)
        assert found["recall"] == (tp / (tp + fn) if tp + fn else None)


@both
@given(examples=EXAMPLES, data=st.data())
def test_order_changes_nothing(
    protocol: Protocol, examples: list[Example], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(examples))
    assert scored(examples, protocol).totals == scored(shuffled, protocol).totals


@both
@given(shards=st.lists(EXAMPLES, min_size=1, max_size=8))
def test_one_process_and_eight_agree(protocol: Protocol, shards: list[list[Example]]) -> None:
    whole = scored([example for shard in shards for example in shard], protocol)
    merged = merge(scored(shard, protocol).totals for shard in shards)
    assert merged == whole.totals
    assert Scores(protocol, merged).to_dict() == whole.to_dict()
    assert whole.counts is not None
    assert total(whole.counts) == whole.totals


@given(st.lists(st.lists(WORDS, min_size=1, max_size=4), min_size=1, max_size=8))
def test_comparing_with_oneself_gives_one(labels: list[list[str]]) -> None:
    examples: list[Example] = [(row, row) for row in labels]
    assert set(scored(examples, "revised").figures.values()) == {1.0}
    assert scored(examples, "paper").figures["lexical_accuracy"] == 1.0
    assert scored(examples, "paper").figures["vector_accuracy"] == 1.0


@both
@given(examples=st.lists(EVEN, max_size=8))
def test_agreement_is_symmetric(protocol: Protocol, examples: list[Example]) -> None:
    turned: list[Example] = [(words or [], labels) for labels, words in examples]
    assert scored(examples, protocol).figures == scored(turned, protocol).figures


@both
@given(examples=st.lists(EVEN, min_size=1, max_size=8), data=st.data())
def test_a_wrong_word_never_helps(
    protocol: Protocol, examples: list[Example], data: st.DataObject
) -> None:
    row = data.draw(st.integers(0, len(examples) - 1))
    labels, words = examples[row]
    assert words is not None
    mask = data.draw(st.integers(0, len(labels) - 1))
    wrong = data.draw(WORDS.filter(lambda word: word != labels[mask]))
    changed: list[Example] = [*examples]
    changed[row] = (labels, [*words[:mask], wrong, *words[mask + 1 :]])
    before, after = scored(examples, protocol).figures, scored(changed, protocol).figures
    assert before["lexical_accuracy"] is not None
    assert after["lexical_accuracy"] is not None
    assert after["lexical_accuracy"] <= before["lexical_accuracy"]


@given(examples=EXAMPLES)
def test_revised_keeps_its_order(examples: list[Example]) -> None:
    figures = scored(examples, "revised").figures
    if not examples:
        assert set(figures.values()) == {None}
        return
    values = [
        figures[key]
        for key in ("lexical_accuracy", "vector_accuracy", "vector_f1", "dimension_accuracy")
    ]
    rates = [value for value in values if value is not None]
    assert len(rates) == 4
    assert rates[0] <= rates[1] <= rates[2] <= 1
    assert rates[1] <= rates[3] <= 1
