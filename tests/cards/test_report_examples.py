"""Packing the examples of a page: what fits, what is cut, and that no mask is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.report_files import row, write_file

from express_cards.reports.examples import CUT, Packed, clip, pack, unpack
from express_cards.reports.sheet import Sheet, read_sheet
from express_dataset import MASK
from express_metric.analysis.masks import mask_table

PARTS = st.lists(st.text(alphabet="ab \n<>m\u05d0\U0001f622", max_size=60), min_size=2, max_size=5)


@given(PARTS, st.integers(0, 30))
def test_a_cut_text_keeps_every_mask_and_only_words_of_the_text(
    parts: list[str], width: int
) -> None:
    text = MASK.join(parts)
    cut = clip(text, width)
    kept, whole = cut.split(MASK), text.split(MASK)
    assert len(kept) == len(whole)
    for piece, part in zip(kept, whole, strict=True):
        assert len(piece) <= max(2 * width + 3, len(part) if len(part) <= 2 * width else 0)
        assert all(word in part for word in piece.replace(CUT, " ").split())


@given(PARTS)
def test_a_text_that_is_not_cut_stays(parts: list[str]) -> None:
    text = MASK.join(parts)
    assert clip(text, None) == text
    assert clip(text, 1000) == text


@pytest.fixture
def sheet(tmp_path: Path) -> Sheet:
    words = "when the rain came over the hill and nobody was there to see it but me and the dog"
    texts = [
        f"Number {n * 7919}. {words[n % 40 :]} {n} <mask> {words[: n % 60]} {n * 31}"
        for n in range(400)
    ]
    lines = [row(text, ["sad"], f"I would say, of {n}: sad", n) for n, text in enumerate(texts)]
    return read_sheet([write_file(tmp_path / "a.jsonl", lines)], "nrc")


def packed(sheet: Sheet, budget: int) -> Packed:
    masks = [
        mask_table(run.references, run.readings["revised"], run.lexicon, "revised", run.posts)
        for run in sheet.runs
    ]
    return pack(sheet, masks, budget)


def test_whole_texts_where_they_fit(sheet: Sheet) -> None:
    found = packed(sheet, 10**6)
    assert found.width is None
    assert unpack(found.data)["texts"] == list(sheet.told[0].texts or ())


def test_texts_are_cut_to_fit_and_no_example_is_lost(sheet: Sheet) -> None:
    whole = len(packed(sheet, 10**6).data)
    widths = []
    for budget in (whole - 1, whole * 3 // 4, whole // 2):
        found = packed(sheet, budget)
        assert len(found.data) <= budget
        assert found.width is not None
        widths.append(found.width)
        content = unpack(found.data)
        assert len(content["ids"]) == 400
        assert all(text.count(MASK) == 1 for text in content["texts"])
        assert content["labels"] == [[0]] * 400
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > widths[-1]


def test_a_part_stands_for_the_whole_where_there_are_many(
    sheet: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = packed(sheet, 10**6)
    budget = len(whole.data) * 2 // 3
    expected = packed(sheet, budget)
    monkeypatch.setattr("express_cards.reports.examples.SAMPLE", 100)
    found = packed(sheet, budget)
    # Little text compresses worse than much, so a part may choose a narrower cut, never a wider.
    assert len(found.data) <= budget
    assert 0 < (found.width or 0) <= (expected.width or 0)
    assert packed(sheet, 10**6) == whole


def test_a_completion_that_is_its_terms_is_not_kept_twice(tmp_path: Path) -> None:
    lines = [row("<mask>", ["sad"], '["Sad"]', 0), row("A <mask>", ["sad"], "Answer: sad", 1)]
    found = packed(read_sheet([write_file(tmp_path / "a.jsonl", lines)], "nrc"), 10**6)
    assert unpack(found.data)["runs"][0]["completions"] == [None, "Answer: sad"]
