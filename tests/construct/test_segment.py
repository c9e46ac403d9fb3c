"""Segments are short enough, lose no mask, and carry the labels of their own masks."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import dumps
from support.growth import growth
from tokenizers import Tokenizer

from express_dataset.construct.segment import LIMIT, SPECIAL, Window, _sentences, segment
from express_dataset.construct.tokens import load_tokenizer
from express_dataset.errors import DataError
from express_dataset.flags import MASK


@lru_cache
def tokenizer() -> Tokenizer:
    return load_tokenizer(str(dumps.train_tokenizer(Path(mkdtemp()))))


def tokens(text: str) -> int:
    return len(tokenizer().encode(text, add_special_tokens=False).ids) + SPECIAL


def cut(text: str, limit: int = LIMIT) -> list[Window]:
    labels = [f"label{number}" for number in range(text.count(MASK))]
    return segment(text, labels, tokenizer(), limit)


def check(text: str, windows: list[Window], limit: int) -> None:
    """What must hold for the windows of any post."""
    seen: set[int] = set()
    for window in windows:
        assert tokens(window.text) <= limit
        assert text[window.start : window.start + len(window.text)] == window.text
        assert len(window.labels) == window.text.count(MASK) > 0
        assert window.first_mask == text[: window.start].count(MASK)
        numbers = range(window.first_mask, window.first_mask + len(window.labels))
        assert window.labels == tuple(f"label{number}" for number in numbers)
        seen.update(numbers)
    assert seen == set(range(text.count(MASK)))
    assert len(set(windows)) == len(windows)


DRY = "It rained all day long in the old town. "
FELT = f"Then I felt {MASK} about the blue kettle. "


def test_the_mask_is_one_token_and_nothing_is_cut_off() -> None:
    encoded = tokenizer().encode(f"I felt {MASK}, yes. " * 400, add_special_tokens=False)
    assert encoded.tokens.count(MASK) == 400


def test_a_post_that_fits_stays_whole() -> None:
    text = "  " + FELT + "no stop here"
    assert cut(text) == [Window(text, ("label0",), 0, 0)]


def test_a_post_of_exactly_the_limit_stays_whole_and_one_more_token_does_not() -> None:
    text = FELT + DRY * 8
    limit = tokens(text)
    assert [window.text for window in cut(text, limit)] == [text]
    assert [window.text for window in cut(text, limit - 1)] != [text]


def test_a_post_without_masks_gives_nothing() -> None:
    assert segment(DRY, [], tokenizer()) == []


def test_labels_must_match_the_masks() -> None:
    with pytest.raises(ValueError, match="2 labels for 1 masks"):
        segment(FELT, ["sad", "glad"], tokenizer())


def test_masks_at_the_beginning_cut_after_the_last_sentence_end() -> None:
    text = FELT + DRY * 100
    (window,) = cut(text)
    assert window.start == 0
    assert window.text.endswith("in the old town.")
    # No further sentence would have fitted.
    assert tokens(window.text) <= LIMIT < tokens(window.text + " " + DRY.strip()) + 2


def test_a_mask_in_the_last_broken_sentence_is_kept() -> None:
    text = DRY * 20 + "and then " * 200 + f"I felt {MASK} " + "and then " * 300 + "."
    (window,) = cut(text, tokens(text[: text.index(MASK)]) + 40)
    assert window.start == 0
    assert window.labels == ("label0",)
    assert not window.text.endswith(".")


def test_a_single_mask_further_on_gets_a_centred_window_of_whole_sentences() -> None:
    text = DRY * 100 + FELT + DRY * 100
    (window,) = cut(text)
    before, after = window.text.split(MASK)
    assert before.startswith("It rained")
    assert after.endswith("in the old town.")
    assert abs(tokens(before) - tokens(after)) < 30
    assert tokens(window.text) > LIMIT - 40


def test_near_masks_share_a_window_and_far_ones_do_not() -> None:
    near = DRY * 100 + FELT + DRY * 4 + FELT + DRY * 100
    assert [window.labels for window in cut(near)] == [("label0", "label1")]
    far = DRY * 100 + FELT + DRY * 100 + FELT + DRY * 100
    assert [window.labels for window in cut(far)] == [("label0",), ("label1",)]


def test_overlapping_windows_share_the_masks_between_them() -> None:
    # The window of the last mask ends with the text, so it reaches back over the first.
    apart = DRY * 30
    text = DRY * 100 + FELT + apart + FELT
    assert 256 < tokens(apart) < 400
    assert [window.labels for window in cut(text)] == [("label0",), ("label0", "label1")]


def test_a_long_row_of_masks_is_divided() -> None:
    text = DRY * 50 + FELT * 150 + DRY * 50
    windows = cut(text)
    assert len(windows) > 2
    check(text, windows, LIMIT)


@pytest.mark.parametrize(
    "text",
    [
        ("word " * 900 + f"{MASK} ") * 2 + "word " * 900,
        f"{MASK} " * 1200,
        "x" * 3000 + f" {MASK} " + "x" * 3000,
        "\U0001f62d" * 1500 + MASK + "\U0001f62d" * 1500,
        "\u0645\u0631\u062d\u0628\u0627 " * 500 + MASK + " \u0645\u0631\u062d\u0628\u0627" * 500,
        f"{MASK}\n\n" + "line\n\n" * 900 + MASK,
    ],
    ids=["no sentence end", "only masks", "no space", "emoji", "right to left", "lines"],
)
def test_odd_posts(text: str) -> None:
    windows = cut(text)
    assert windows
    check(text, windows, LIMIT)


def test_a_stop_after_an_abbreviation_does_not_end_a_sentence() -> None:
    text = FELT + "We met Dr. Brown at noon and " * 200
    (window,) = cut(text)
    assert not window.text.endswith("Dr.")


PIECE = st.one_of(
    st.sampled_from([DRY, FELT, FELT, MASK, f" {MASK}", ". ", "! ", "\n\n", "Mr. ", "...", " "]),
    st.sampled_from(
        ["word", "glumly ", "\U0001f62d", "\u200f\u0645\u0631\u062d\u0628\u0627 ", "x" * 40]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="<>"), max_size=6),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(PIECE, st.integers(1, 12)), max_size=30), st.sampled_from([32, 64, 100]))
def test_any_post(parts: list[tuple[str, int]], limit: int) -> None:
    text = "".join(piece * times for piece, times in parts)
    windows = cut(text, limit)
    check(text, windows, limit)
    if tokens(text) <= limit and MASK in text:
        assert [window.text for window in windows] == [text]


BAD_TOKENIZERS = [
    ({}, "holds no tokenizer; expected tokenizer.json, or vocab.json and merges.txt"),
    ({"tokenizer.json": "not JSON"}, "is not a tokenizer: expected the JSON object"),
    ({"tokenizer.json": "{}"}, "is not a tokenizer: expected the JSON object"),
]


@pytest.mark.parametrize(("files", "message"), BAD_TOKENIZERS)
def test_bad_tokenizer_folders(tmp_path: Path, files: dict[str, str], message: str) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=message):
        load_tokenizer(str(tmp_path))


def test_vocab_and_merges_give_the_same_tokens(tmp_path: Path) -> None:
    tokenizer().model.save(str(tmp_path))
    plain = load_tokenizer(str(tmp_path))
    text = f"It rained, and I felt {MASK} all day."
    assert plain.encode(text).tokens == tokenizer().encode(text).tokens


def test_a_tokenizer_that_is_not_here_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(DataError, match="cannot be reached; give --tokenizer FOLDER") as caught:
        load_tokenizer("nobody/no-such-tokenizer")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", [".!" * 4, "a" + " " * 8, "a\n" + " " * 8, "?)" * 4])
def test_time_grows_with_the_text_and_no_faster(text: str) -> None:
    def long(count: int) -> str:
        return text * (count // len(text)) + "x"

    assert growth(_sentences, long) < 9
    assert growth(_sentences, lambda count: "." * count + "x") < 9
    assert growth(_sentences, lambda count: "x" + " " * count + "x") < 9
