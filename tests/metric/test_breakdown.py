"""Every table about one run: by hand, against a plain count, and on the reference data."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon
from sklearn.metrics import brier_score_loss

from express_metric import DIMENSIONS, MetricError, Reading, load_lexicon, read_results
from express_metric.analysis.breakdown import Facts, breakdown
from express_metric.analysis.calibration import calibration, rank_calibration
from express_metric.analysis.confusion import term_confusion, valence, vector_confusion, vector_name
from express_metric.analysis.floors import MOST_FREQUENT, NEAREST, UNIFORM, floors
from express_metric.analysis.groups import bins, by_group, coded, emotion_groups
from express_metric.analysis.masks import Masks, mask_table
from express_metric.analysis.resampling import Resampling
from express_metric.analysis.usage import diversity, excess, overuse
from express_metric.parsing import PROTOCOLS, Protocol
from express_metric.scoring import F1_UNIT, count

NRC = load_lexicon("nrc")
FEW = Resampling(draws=300)
WORDS = ["sad", "happy", "angry", "afraid", "zzz", "yyy"]
ROWS = st.lists(
    st.tuples(
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=4),
        st.one_of(st.none(), st.lists(st.sampled_from(WORDS), min_size=1, max_size=4)),
    ),
    min_size=1,
    max_size=15,
)


def table(
    labels: Sequence[list[str]],
    answers: Sequence[list[str] | None],
    protocol: Protocol = "revised",
    posts: list[str] | None = None,
) -> Masks:
    readings = [Reading(None if row is None else tuple(row)) for row in answers]
    return mask_table(labels, readings, NRC, protocol, posts)


def single(*pairs: tuple[str, str | None]) -> Masks:
    return table([[a] for a, _ in pairs], [None if b is None else [b] for _, b in pairs])


@settings(max_examples=60, deadline=None)
@given(ROWS, st.sampled_from(PROTOCOLS))
def test_masks_add_up_to_the_counts(rows: list[Any], protocol: Protocol) -> None:
    labels = [row[0] for row in rows]
    readings = [Reading(None if row[1] is None else tuple(row[1])) for row in rows]
    masks = mask_table(labels, readings, NRC, protocol)
    counts = count(labels, readings, NRC, protocol)
    size = len(rows)
    for name in ("lexical", "vector", "f1"):
        summed = np.bincount(masks.example, getattr(masks, name).astype(float), size)
        unit = F1_UNIT if name == "f1" else 1
        assert summed * unit == pytest.approx(counts[name])
    assert np.bincount(masks.example, masks.valid, size).tolist() == counts["valid_masks"].tolist()


@pytest.mark.parametrize(("protocol", "same"), [("paper", True), ("revised", False)])
def test_unknown_words_match_under_paper_alone(protocol: Protocol, same: bool) -> None:
    masks = table([["zzz"]], [["yyy"]], protocol)
    assert (masks.vector.tolist(), masks.lexical.tolist()) == ([same], [False])


@settings(max_examples=60, deadline=None)
@given(ROWS, st.sampled_from(PROTOCOLS))
def test_groups_add_up_to_the_whole(rows: list[Any], protocol: Protocol) -> None:
    masks = table([row[0] for row in rows], [row[1] for row in rows], protocol)
    groups = by_group(masks, masks.label, masks.vocabulary)
    assert sum(group.masks for group in groups) == len(masks)
    hits = sum(group.lexical_accuracy * group.masks for group in groups)
    assert hits == pytest.approx(masks.lexical.sum())
    for group in groups:
        assert 0 <= group.low <= group.lexical_accuracy + 1e-12
        assert group.lexical_accuracy - 1e-12 <= group.high <= 1


def test_groups_of_single_masks_have_wilsons_interval() -> None:
    masks = single(*[("sad", "sad")] * 7, *[("sad", "mad")] * 13)
    group = by_group(masks, masks.label, masks.vocabulary)[0]
    # The design effect of 20 posts of one mask is 20 / 19, by the correction for small samples.
    theirs = stats.binomtest(7, 20).proportion_ci(method="wilson")
    assert (group.low, group.high) == pytest.approx((theirs.low, theirs.high), abs=0.01)


def test_clustered_masks_widen_a_groups_interval() -> None:
    right, wrong = ["sad"] * 4, ["mad"] * 4
    clustered = table([right] * 20, [right, wrong] * 10)
    spread = table([right] * 20, [["sad", "sad", "mad", "mad"]] * 20)
    one = by_group(clustered, clustered.label, clustered.vocabulary)[0]
    other = by_group(spread, spread.label, spread.vocabulary)[0]
    assert one.lexical_accuracy == other.lexical_accuracy == 0.5
    assert one.high - one.low > 1.5 * (other.high - other.low)


def test_emotions_count_a_label_in_each_of_its_families() -> None:
    masks = single(("sad", "sad"), ("zzz", "sad"))
    found = {group.group: group for group in emotion_groups(masks)}
    assert found["sadness"].lexical_accuracy == 1.0
    assert found["none"].masks == 1
    both = NRC.vector("angry").nonzero()[0]
    emotions = {DIMENSIONS[i] for i in both if i < 8}
    assert {g.group for g in emotion_groups(single(("angry", "sad")))} == emotions


def test_confusion_by_hand() -> None:
    masks = single(*[("sad", "sad")] * 3, ("sad", "mad"), ("sad", None), ("mad", "glad"))
    found = term_confusion(masks, most=2)
    assert found.labels == ("sad", "mad")
    assert found.answers == ("sad", "mad", "other", "no answer")
    assert found.table == ((3, 1, 0, 1), (0, 0, 1, 0))
    assert found.pairs == (("mad", "glad", 1), ("sad", "mad", 1))
    assert sum(map(sum, found.table)) == len(masks)
    vectors = vector_confusion(masks)
    assert sum(map(sum, vectors.table)) == len(masks)
    assert json.dumps(found.to_dict())


def test_vector_names() -> None:
    assert vector_name(0b1111111111) == "+".join(DIMENSIONS)


def test_valence_flips_by_hand() -> None:
    flips = [("happy", "sad"), ("happy", "sad"), ("sad", "happy")]
    found = valence(single(*flips, ("sad", "angry"), ("sad", "zzz")))
    assert (found["masks"], found["flips"], found["share"]) == (4, 3, 0.75)
    assert (found["positive_to_negative"], found["negative_to_positive"]) == (2, 1)


def test_overuse_counts_as_a_plain_count_does() -> None:
    labels = [["sad", "mad"], ["sad", "glad"], ["mad", "mad"]] * 8
    answers = [["sad", "sad"], None, ["anxious", "mad"]] * 8
    found = {use.term: use for use in overuse(table(labels, answers), FEW)}
    people: Counter[str] = Counter()
    model: Counter[str] = Counter()
    for label, answer in zip(labels, answers, strict=True):
        if answer:
            people.update(label)
            model.update(answer)
    assert {term: use.people for term, use in found.items()} == {t: people[t] for t in found}
    assert {term: use.model for term, use in found.items()} == {t: model[t] for t in found}
    assert "glad" not in found  # it stands only where there is no answer
    assert found["anxious"].verdict == "over"
    assert found["anxious"].ratio is None
    assert found["mad"].verdict == "under"
    assert found["mad"].excess == pytest.approx((8 - 24) / 32)
    assert found["mad"].low <= found["mad"].excess <= found["mad"].high


def test_one_post_cannot_prove_overuse() -> None:
    """Twenty masks of one post are one piece of evidence; in twenty posts they are twenty."""
    labels, answers = [["sad"]] * 40, [["anxious"]] * 20 + [["sad"]] * 20
    together = overuse(table(labels, answers, posts=["a"] * 20 + list(map(str, range(20)))), FEW)
    alone = overuse(table(labels, answers), FEW)
    assert {use.term: use.verdict for use in together}["anxious"] == "even"
    assert {use.term: use.verdict for use in alone}["anxious"] == "over"


def test_four_of_forty_are_too_few_to_prove_overuse() -> None:
    """The interval may lie above 0, but four posts one way can be chance: p = 1/8."""
    found = overuse(single(*[("sad", "anxious")] * 4, *[("sad", "sad")] * 36), FEW)
    use = {use.term: use for use in found}["anxious"]
    assert use.low > 0
    assert use.p_value == pytest.approx(2 / 2**4)
    assert use.verdict == "even"


def test_a_model_that_says_what_people_say_overuses_nothing() -> None:
    rng = np.random.default_rng(0)
    words = [["sad", "mad", "glad", "afraid"][i] for i in rng.integers(0, 4, 400)]
    shuffled = rng.permutation(words).tolist()
    found = overuse(single(*zip(words, shuffled, strict=True)), FEW)
    assert {use.verdict for use in found} == {"even"}


def test_overuse_on_the_reference_names_the_words(reference: Path) -> None:
    results = read_results(reference / "gpt4o_predictions.csv")
    lexicon = load_lexicon(reference / "lexicon-decomposition.csv")
    masks = mask_table(
        results.references, results.readings["paper"], lexicon, "paper", results.post_ids
    )
    found = {use.term: use for use in overuse(masks, Resampling(draws=2_000))}
    over = {term for term, use in found.items() if use.verdict == "over"}
    assert {"desperate", "insecure", "overwhelmed", "lonely"} <= over
    assert "happy" not in over
    assert found["relieved"].low > 0  # but not after correction for the number of terms
    assert found["relieved"].verdict == "even"
    said = Counter(word for row in results.readings["paper"] for word in row.terms or ())
    for term in over:
        assert found[term].model == said[term]
        assert 0 < found[term].low < found[term].excess < found[term].high


def test_excess_of_named_words() -> None:
    masks = single(*[("sad", "anxious")] * 15, *[("anxious", "sad")] * 5, *[("sad", "sad")] * 20)
    shown = excess(masks, ["anxious"], FEW)
    assert shown.value == 0.25
    assert shown.above(0)
    assert not excess(masks, ["glad"], FEW).excludes(0)


def test_diversity_is_scipys() -> None:
    labels = ["sad"] * 5 + ["mad"] * 3 + ["glad"] * 2
    answers = ["sad"] * 8 + ["afraid"] * 2
    found = diversity(single(*zip(labels, answers, strict=True)), FEW)
    people, model = [5, 3, 2, 0], [8, 0, 0, 2]
    assert (found.people_distinct, found.model_distinct, found.tokens) == (3, 2, 10)
    assert found.people_entropy == pytest.approx(stats.entropy(people, base=2))
    assert found.model_entropy == pytest.approx(stats.entropy(model, base=2))
    assert found.distance == pytest.approx(jensenshannon(people, model, base=2))
    # Of every second post, without the one whose answer no person gave in the posts between.
    people, model = [2, 2], [4, 0]
    change = stats.entropy(model, base=2) - stats.entropy(people, base=2)
    assert found.entropy_change.value == pytest.approx(change)


def test_fewer_words_lower_the_entropy() -> None:
    rng = np.random.default_rng(1)
    many = [f"w{i}" for i in rng.integers(0, 30, 300)]
    few = [f"w{i}" for i in rng.integers(0, 5, 300)]
    # Both sides have said every word, so that none is left out of the labels' list.
    every = [f"w{i}" for i in range(30)]
    many, few = many + every, few + every
    assert diversity(single(*zip(many, few, strict=True)), FEW).entropy_change.below(0)
    assert diversity(single(*zip(few, many, strict=True)), FEW).entropy_change.above(0)
    other = rng.permutation(many).tolist()
    assert not diversity(single(*zip(many, other, strict=True)), FEW).entropy_change.excludes(0)


def test_floors_by_hand() -> None:
    references = [["happy", "sad", "sad"], ["happy"], ["zzz"]]
    near = [["happy", "sad"], ["sad", "happy"], ["zzz"]]
    found = floors(references, NRC, "revised", {"sad": 3, "happy": 1}, near)
    assert found[MOST_FREQUENT]["lexical_accuracy"] == pytest.approx(2 / 5)
    assert found[NEAREST]["lexical_accuracy"] == pytest.approx(4 / 5)
    # Each of the two terms is met by one draw in two, zzz by none.
    assert found[UNIFORM]["lexical_accuracy"] == pytest.approx(4 * 0.5 / 5)
    assert all(figures["valid_rate"] == 1.0 for figures in found.values())


def test_the_uniform_floor_is_what_draws_come_to() -> None:
    references = [["sad"], ["happy"], ["angry"], ["zzz"]] * 500
    rng = np.random.default_rng(0)
    vocabulary = ["sad", "happy", "angry", "zzz"]
    drawn = [Reading((vocabulary[i],)) for i in rng.integers(0, 4, len(references))]
    counts = count(references, drawn, NRC, "paper")
    expected = floors(references, NRC, "paper")[UNIFORM]
    assert expected["vector_f1"] == pytest.approx(
        counts["f1"].sum() / F1_UNIT / len(references), abs=0.03
    )
    assert expected["dimension_accuracy"] == pytest.approx(
        counts["dimension"].sum() / len(DIMENSIONS) / len(references), abs=0.03
    )


def test_calibration_against_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    stated = rng.uniform(0, 1, 4000)
    true = rng.uniform(0, 1, 4000) < stated
    found = calibration(stated, true)
    assert found["brier"] == pytest.approx(brier_score_loss(true, stated))
    assert found["error"] < 0.04
    assert calibration(stated, ~true)["error"] > 0.3
    assert sum(row["n"] for row in found["bins"]) == 4000
    assert calibration([], [])["error"] is None
    assert calibration([1.0, 0.0], [1, 0])["error"] == 0.0


def test_rank_calibration_sums_terms_by_dimension() -> None:
    found = rank_calibration([[0.5, 0.3, 0.2]], ["sad", "unhappy", "happy"], ["sad"], NRC)
    (row,) = found["dimensions"]["sadness"]["bins"]
    assert (row["probability"], row["share"]) == (pytest.approx(0.8), 1.0)
    assert found["term"]["bins"][0]["probability"] == 0.5


@pytest.mark.parametrize(
    ("values", "edges", "codes", "names"),
    [
        ([0, 1, 4, 5, 99], (0, 1, 5), [0, 1, 1, 2, 2], ["0", "1-4", "5+"]),
        ([1, 2, 3], (1, 2, 3), [0, 1, 2], ["1", "2", "3+"]),
    ],
)
def test_bins(
    values: list[int], edges: tuple[int, ...], codes: list[int], names: list[str]
) -> None:
    found, called = bins(values, edges)
    assert (found.tolist(), called) == (codes, names)


def test_codes_go_by_frequency() -> None:
    codes, names = coded(["x", None, "y", "y"])
    assert (codes.tolist(), names) == ([1, -1, 0, 0], ["y", "x"])
    assert coded([True, True, False, None])[1] == ["yes", "no"]


def test_the_whole_breakdown() -> None:
    references = [["sad", "glad"], ["mad"], ["furious"], ["sad"]]
    readings = [Reading(("sad", "sad")), Reading(("mad",)), Reading(("angry",)), Reading(None)]
    facts = Facts(
        posts=["a", "a", "b", "c"],
        words=[10, 60, 70, 500],
        subreddits=["x", "x", None, "y"],
        negated=[[False, True], [False], [False], [False]],
        leaked=[[True, False], [False], [True], [False]],
        leaked_form=[[False, True], [True], [False], [False]],
        train={"sad": 10, "mad": 3, "Glad": 1},
        nearest=[["sad"], ["mad"], ["sad"], ["sad"]],
    )
    found = breakdown(references, readings, NRC, "revised", facts, FEW)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert (found["n_examples"], found["n_masks"], found["n_posts"]) == (4, 5, 3)
    by = {
        name: {row["group"]: (row["masks"], row["lexical_accuracy"]) for row in rows}
        for name, rows in found["by"].items()
    }
    assert by["masks_per_segment"] == {"1": (3, pytest.approx(1 / 3)), "2": (2, 0.5)}
    assert by["position"] == {"1": (4, 0.5), "2": (1, 0.0)}
    assert by["length"] == {"0-49": (2, 0.5), "50-99": (2, 0.5), "400+": (1, 0.0)}
    assert by["subreddit"] == {"x": (3, pytest.approx(2 / 3)), "y": (1, 0.0)}
    assert by["negated"] == {"no": (4, 0.5), "yes": (1, 0.0)}
    assert by["leaked"] == {"no": (3, pytest.approx(1 / 3)), "yes": (2, 0.5)}
    assert by["leaked_form"] == {"no": (3, pytest.approx(1 / 3)), "yes": (2, 0.5)}
    assert by["train_frequency"] == {"0": (1, 0.0), "1-4": (2, 0.5), "5-19": (2, 0.5)}
    assert found["intensity"]["softened"] == 1
    assert found["invalid"] == {"wrong-count": 1}
    assert found["terms"][0]["group"] == "sad"
    assert list(found["floors"]) == [MOST_FREQUENT, UNIFORM, NEAREST]
    assert found["frequency_correlation"] == pytest.approx(
        stats.spearmanr([10, 1, 3, 0], [0.5, 0, 1, 0]).statistic
    )
    assert found["dimensions"]["sadness"]["fn"] >= 1


def test_parts_that_need_what_is_missing_are_left_out() -> None:
    found = breakdown([["sad"]], [Reading(("sad",))], NRC, "paper", how=FEW)
    assert list(found["by"]) == ["masks_per_segment", "position"]
    assert found["frequency_correlation"] is None
    assert list(found["floors"]) == [MOST_FREQUENT, UNIFORM]


@pytest.mark.parametrize("answers", [[None, None], []])
def test_runs_without_any_answer(answers: list[None]) -> None:
    readings = [Reading(None) for _ in answers]
    found = breakdown([["sad"]] * len(answers), readings, NRC, "revised", how=FEW)
    assert found["overuse"] == []
    assert found["valence"]["share"] is None
    assert found["diversity"]["distance"] is None
    assert json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (Facts(posts=["a"]), "1 posts for 2 examples"),
        (Facts(words=[1]), "words has 1 entries for 2 examples"),
        (Facts(subreddits=["a"] * 3), "subreddits has 3 entries for 2 examples"),
        (Facts(negated=[[True]]), "negated has 1 entries for 2 examples"),
        (Facts(leaked=[[True], [True, False]]), "leaked has 3 entries for 2 masks"),
        (Facts(train={}), "the train split has no labels"),
        (Facts(nearest=[["sad"]]), "1 nearest neighbours for 2 examples"),
        (Facts(nearest=[["sad"], []]), "1 nearest neighbours for 2 examples"),
    ],
)
def test_facts_that_do_not_fit_are_refused(facts: Facts, said: str) -> None:
    with pytest.raises(MetricError, match=said):
        breakdown([["sad"], ["mad"]], [Reading(("sad",))] * 2, NRC, "revised", facts, FEW)


@pytest.mark.parametrize(
    ("stated", "true", "said"),
    [
        ([0.5], [1, 0], "1 probabilities and 2 outcomes"),
        ([-0.1], [1], "a probability is -0.1"),
        ([float("nan")], [1], "a probability is nan"),
    ],
)
def test_bad_probabilities_are_refused(stated: list[float], true: list[int], said: str) -> None:
    with pytest.raises(MetricError, match=said):
        calibration(stated, true)


def test_rank_shapes_are_checked() -> None:
    with pytest.raises(MetricError, match=r"shape \(1, 1\); expected \(1, 2\)"):
        rank_calibration([[1.0]], ["a", "b"], ["a"], NRC)
