"""What the authors' GPT-4o rows say depends on how it is asked: variety and strength of words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from express_cards.comparison.compare import compare
from express_metric import load_lexicon
from express_metric.analysis.intensity import scales, shift
from express_metric.analysis.masks import Masks, mask_table
from express_metric.analysis.resampling import Resampling
from express_metric.analysis.usage import diversity
from express_metric.records import read_results

HOW = Resampling(draws=300)


@pytest.fixture
def masks(reference: Path) -> Masks:
    rows = read_results(reference / "gpt4o_predictions.csv")
    lexicon = load_lexicon(reference / "lexicon-decomposition.csv")
    return mask_table(rows.references, rows.readings["revised"], lexicon, "revised", rows.post_ids)


def test_the_model_is_less_varied_within_the_words_of_people(masks: Masks) -> None:
    people, model = masks.pairs()

    def bits(words: np.ndarray) -> float:
        return float(stats.entropy(np.bincount(words), base=2))

    # Of its own words it has more, since people's come from a closed list and its do not.
    assert bits(model) - bits(people) == pytest.approx(0.305, abs=0.001)
    known = np.isin(model, people)
    assert bits(people[known]) == pytest.approx(5.770, abs=0.001)
    assert bits(model[known]) == pytest.approx(5.477, abs=0.001)
    assert len(set(people[known])) > len(set(model[known]))
    found = diversity(masks, HOW)
    assert found.entropy_change.below(0)
    # Rows of so few posts are shown as approximate.
    assert found.entropy_change.approximate


def test_softening_turns_with_the_scale_and_is_not_confirmed(masks: Masks, reference: Path) -> None:
    nets = {scale.name: shift(masks, HOW, scale).net.value or 0 for scale in scales()}
    assert len(nets) == 2
    assert min(nets.values()) < 0 < max(nets.values())
    rows = reference / "gpt4o_predictions.csv"
    lexicon = str(reference / "lexicon-decomposition.csv")
    shown = compare([rows, rows], lexicon=lexicon, how=HOW)
    verdict = {one["name"]: one["verdict"] for one in shown["findings"]}
    assert verdict["softening"] == "undecided"
    assert verdict["less varied words"] != "refuted"
