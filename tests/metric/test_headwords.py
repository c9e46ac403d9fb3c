"""The table of headwords: what it covers, and that no word takes its opposite's vector."""

from __future__ import annotations

import ast
import csv
import json
from importlib.resources import files
from pathlib import Path

import pytest

from express_metric import load_lexicon
from express_metric.analysis.intensity_scale import INTENSITY
from express_metric.headwords import HEADWORDS, TABLE, parse_table
from express_metric.headwords_i_z import TABLE as TABLE_I_Z
from express_metric.plutchik import DIMENSIONS
from express_metric.terms import british

NEGATED = """
unhappy unhappier uncomfortable helpless helplessly careless powerlessness worthlessness unloved
unwanted unmotivated uninspired insecure dissatisfied discontented disheartened unappreciative
unsettled uneasily disconnected dishonest unworthiness inadequate disrespected distrustful
hopelessly joylessness untrusting disoriented unfulfilling
"""
GOOD = """
unafraid untroubled unworried fearlessness self-confident inspired relieved calmness
"""
POSITIVE, NEGATIVE = DIMENSIONS.index("positive"), DIMENSIONS.index("negative")


@pytest.fixture(scope="module")
def emolex() -> set[str]:
    return set(json.loads(files("nrclex").joinpath("data/nrc_en.json").read_text("utf-8")))


def test_every_headword_is_in_emolex_and_no_word_is(emolex: set[str]) -> None:
    assert set(HEADWORDS.values()) <= emolex
    assert not set(HEADWORDS) & emolex


def test_no_word_stands_twice() -> None:
    parts = [parse_table(table) for table in (TABLE, TABLE_I_Z)]
    assert sum(map(len, parts)) == len(HEADWORDS)
    lines = "".join((TABLE, TABLE_I_Z)).replace("\n    ", " ").splitlines()
    assert sum(line.count(",") + 1 for line in lines) == len(HEADWORDS)


def test_words_are_plain_lower_case() -> None:
    bad = [w for w in HEADWORDS if w != " ".join(w.lower().split()) or not w[0].isalpha()]
    assert not bad


@pytest.mark.parametrize("word", NEGATED.split())
def test_a_negated_word_is_not_its_opposite(word: str) -> None:
    vector = load_lexicon("nrc").vector(word)
    assert vector[NEGATIVE], word
    assert not vector[POSITIVE], word


@pytest.mark.parametrize("word", GOOD.split())
def test_a_good_feeling_is_not_negative(word: str) -> None:
    vector = load_lexicon("nrc").vector(word)
    assert vector[POSITIVE], word
    assert not vector[NEGATIVE], word


@pytest.mark.parametrize(
    ("word", "emotion"),
    [
        ("sad", "sadness"),
        ("scared", "fear"),
        ("terrified", "fear"),
        ("embarrassed", "sadness"),
        ("comfortable", "joy"),
        ("furiously", "anger"),
        ("disgusted", "disgust"),
        ("amazed", "surprise"),
        ("gleeful", "joy"),
        ("lonesome", "sadness"),
        ("humiliated", "sadness"),
        ("trusted", "trust"),
        ("alone", "sadness"),
    ],
)
def test_common_words_carry_their_emotion(word: str, emotion: str) -> None:
    assert load_lexicon("nrc").vector(word)[DIMENSIONS.index(emotion)] == 1


def test_the_labels_of_the_reference_slice_are_covered(reference: Path) -> None:
    nrc = load_lexicon("nrc")
    with (reference / "gpt4o_predictions.csv").open(encoding="utf-8", newline="") as file:
        labels = [word for row in csv.DictReader(file) for word in ast.literal_eval(row["labels"])]
    assert len(labels) == 856
    assert sum(map(nrc.covers, labels)) / len(labels) >= 0.97


@pytest.mark.parametrize(
    ("american", "other"),
    [
        *(("agonized", "agonised"), ("paralyzed", "paralysed"), ("honored", "honoured")),
        *(("scandalized", "scandalised"), ("somber", "sombre"), ("fulfillment", "fulfilment")),
        *(("centered", "centred"), ("enamored", "enamoured"), ("traveling", "travelling")),
    ],
)
def test_british_words_have_the_vector_of_the_american_ones(american: str, other: str) -> None:
    nrc = load_lexicon("nrc")
    assert nrc.covers(american)
    assert nrc.vector(other).tolist() == nrc.vector(american).tolist()
    assert british(american) == other


@pytest.mark.parametrize(
    "word", ["seized", "prized", "adored", "bored", "humorous", "laborious", "major"]
)
def test_words_that_are_spelt_alike_stay(word: str) -> None:
    assert british(word) == word


def test_the_scale_of_intensity_has_both_spellings() -> None:
    assert INTENSITY["demoralised"] == INTENSITY["demoralized"]


@pytest.mark.parametrize(
    ("word", "good"),
    [
        *((word, True) for word in ("alert", "intrigued", "serene", "serenely")),
        *((word, False) for word in ("claustrophobic", "burned-out")),
    ],
)
def test_polarity(word: str, good: bool) -> None:
    vector = load_lexicon("nrc").vector(word)
    assert (bool(vector[POSITIVE]), bool(vector[NEGATIVE])) == (good, not good)
