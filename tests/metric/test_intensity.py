"""The scale of intensity, and what it says of a run."""

from __future__ import annotations

import pytest

from express_metric import Reading, load_lexicon
from express_metric.analysis.intensity import level, shift
from express_metric.analysis.intensity_scale import _SCALE, INTENSITY
from express_metric.analysis.masks import Masks, mask_table
from express_metric.analysis.resampling import Resampling
from express_metric.lexicon_sources import british
from express_metric.plutchik import EMOTIONS

NRC = load_lexicon("nrc")
FEW = Resampling(draws=300)
# Plutchik's three rings, from the outer to the inner.
RINGS = {
    "anger": ("annoyance", "anger", "rage"),
    "anticipation": ("interest", "anticipation", "vigilance"),
    "disgust": ("boredom", "disgust", "loathing"),
    "fear": ("apprehension", "fear", "terror"),
    "joy": ("serenity", "joy", "ecstasy"),
    "sadness": ("pensiveness", "sadness", "grief"),
    "surprise": ("distraction", "surprise", "amazement"),
    "trust": ("acceptance", "trust", "admiration"),
}


def table(*pairs: tuple[str, str | None]) -> Masks:
    answers = [Reading(None if answer is None else (answer,)) for _, answer in pairs]
    return mask_table([[label] for label, _ in pairs], answers, NRC, "revised")


@pytest.mark.parametrize("family", EMOTIONS)
def test_the_rings_of_the_wheel_are_the_fixed_points(family: str) -> None:
    assert [level(word) for word in RINGS[family]] == [(family, 1), (family, 3), (family, 5)]


def test_every_word_stands_once() -> None:
    words = [word for levels in _SCALE.values() for row in levels for word in row.split(", ")]
    assert len(words) == len(set(words))
    assert set(INTENSITY) == {*words, *map(british, words)}
    assert all(word == word.strip().lower() and word for word in words)
    assert set(_SCALE) == {*EMOTIONS, "shame"}


@pytest.mark.parametrize(
    ("weaker", "stronger"),
    [
        ("annoyed", "angry"),
        ("frustrated", "angry"),
        ("angry", "furious"),
        ("worried", "terrified"),
        ("nervous", "scared"),
        ("content", "happy"),
        ("happy", "ecstatic"),
        ("disappointed", "sad"),
        ("sad", "devastated"),
        ("embarrassed", "mortified"),
        ("surprised", "shocked"),
    ],
)
def test_the_order_is_what_people_mean(weaker: str, stronger: str) -> None:
    low, high = level(weaker), level(stronger)
    assert low is not None
    assert high is not None
    assert low[0] == high[0]
    assert low[1] < high[1]


def test_opposites_are_in_other_families() -> None:
    for one, other in (("happy", "unhappy"), ("hopeful", "hopeless"), ("secure", "insecure")):
        first, second = level(one), level(other)
        assert first
        assert second
        assert first[0] != second[0]


def test_shifts_are_counted_by_hand() -> None:
    found = shift(
        table(
            ("furious", "angry"),  # softened
            ("terrified", "nervous"),  # softened
            ("annoyed", "livid"),  # heightened
            ("scared", "afraid"),  # equal
            ("scared", "sad"),  # another family
            ("scared", "zzz"),  # not in the scale
            ("scared", "scared"),  # no error
            ("furious", None),  # no answer
        ),
        FEW,
    )
    assert (found.errors, found.same_family, found.other_family, found.unknown) == (6, 4, 1, 1)
    assert (found.softened, found.equal, found.heightened) == (2, 1, 1)
    assert found.shares == {"softened": 0.5, "equal": 0.25, "heightened": 0.25}
    assert found.net.value == 0.25
    assert found.pairs[0] == ("annoyed", "livid", 1)
    assert ("scared", "afraid", 1) not in found.pairs


@pytest.mark.parametrize(("answer", "sign"), [("angry", 1), ("enraged", 0), ("happy", None)])
def test_the_net_share_has_an_interval(answer: str, sign: int | None) -> None:
    found = shift(table(*[("furious", answer)] * 30), FEW)
    assert found.net.value == sign
    assert found.to_dict()["net"]["value"] == sign


def test_noise_leaves_the_net_share_open() -> None:
    found = shift(table(*[("angry", "furious"), ("angry", "annoyed")] * 15), FEW)
    assert found.net.value == 0
    assert not found.net.excludes(0.0)
    assert found.net.low is not None
    assert -0.6 < found.net.low < 0


def test_no_error_has_no_share() -> None:
    found = shift(table(("sad", "sad")), FEW)
    assert found.net.value is None
    assert found.shares == dict.fromkeys(("softened", "equal", "heightened"))
