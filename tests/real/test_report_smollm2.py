"""Two settings of a real model on real posts, side by side on one page in a real browser."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.in_chromium import Open, fits
from support.launching import finish, start

SEGMENTS = 6
# Few terms, because ranking all of the data's labels takes longer and shows no more.
TERMS = ("sad", "happy", "angry", "scared", "afraid", "lonely", "proud", "guilty", "grateful")


@pytest.fixture(scope="module")
def runs(smollm2: Path, reference: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The folders of two finished runs: one writes freely, one ranks some terms."""
    folder = tmp_path_factory.mktemp("runs")
    options: dict[str, object] = {
        "model": smollm2,
        "dataset": reference / "gpt4o_predictions.csv",
        "limit": SEGMENTS,
    }
    terms = folder / "terms.txt"
    terms.write_text("\n".join(TERMS) + "\n", "utf-8")
    finish(start({**options, "out": folder / "free"}))
    finish(start({**options, "decode": "rank", "vocabulary": terms, "out": folder / "rank"}))
    return [folder / "free", folder / "rank"]


@pytest.fixture(scope="module")
def page_file(runs: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page that `express report` makes of both."""
    out = tmp_path_factory.mktemp("page") / "page.html"
    words = [sys.executable, "-m", "express_runners.cli", "report"]
    command = [*words, *map(str, runs), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return out


def lines_of(run: Path) -> list[dict[str, Any]]:
    """What a run answered."""
    rows = (run / "predictions.jsonl").read_text("utf-8").splitlines()
    return [json.loads(row) for row in rows]


def test_the_page_shows_both_runs_and_compares_them(page_file: Path, opened: Open) -> None:
    page = opened(page_file)
    assert page.locator("h1").inner_text() == "EXPRESS report: 2 runs"
    fits(page, SEGMENTS, SEGMENTS)
    names = page.locator("fieldset.choice bdi").all_inner_texts()
    assert len(set(names)) == 2
    assert page.get_by_role("heading", name=f"Against {names[0]}").is_visible()
    rows = page.get_by_role("region", name="run, valid_rate, lexical_accuracy").locator("tbody tr")
    # A ranking and free answers are not tested against each other.
    assert [row.locator("th").inner_text() for row in rows.all()] == []
    checks = page.get_by_role("region", name="finding, verdict").locator("tbody tr").all()
    verdicts = {check.locator("td").first.inner_text() for check in checks}
    assert verdicts
    assert verdicts <= {"confirmed", "refuted", "undecided"}
    # Only the run that ranks has places, and it is the second.
    assert page.locator("#places-1").count() == 0
    page.get_by_role("radio", name=names[1], exact=True).check()
    assert page.locator("#places-2").is_visible()


def test_filters_find_what_the_model_answered(
    runs: list[Path], page_file: Path, opened: Open
) -> None:
    page = opened(page_file)
    for place, run in enumerate(runs):
        lines = lines_of(run)
        unread = sum(line["terms"]["revised"] is None for line in lines)
        right = sum(
            any(map(str.__eq__, line["references"], line["terms"]["revised"]))
            for line in lines
            if len(line["terms"]["revised"] or ()) == len(line["references"])
        )
        wrong_count = sum(
            len(line["terms"]["revised"]) != len(line["references"])
            for line in lines
            if line["terms"]["revised"]
        )
        page.locator("input[name=panel]").nth(place).check()
        kinds = page.get_by_label("Kind of answer")
        kinds.select_option("same")
        fits(page, right, SEGMENTS)
        kinds.select_option("none")
        fits(page, unread + wrong_count, SEGMENTS)
        page.get_by_role("button", name="Show all").click()
        fits(page, SEGMENTS, SEGMENTS)


def test_a_word_finds_where_the_model_said_it(
    runs: list[Path], page_file: Path, opened: Open
) -> None:
    page = opened(page_file)
    page.locator("input[name=panel]").nth(1).check()
    said = [line["terms"]["revised"] for line in lines_of(runs[1])]
    for term in {term for terms in said for term in terms}:
        page.get_by_label("Model's word", exact=True).fill(term)
        fits(page, sum(term in terms for terms in said), SEGMENTS)


def test_each_post_is_found_by_its_label(runs: list[Path], page_file: Path, opened: Open) -> None:
    page = opened(page_file)
    lines = lines_of(runs[0])
    label = lines[0]["references"][0]
    page.get_by_label("Person's word", exact=True).fill(label)
    fits(page, sum(label in line["references"] for line in lines), SEGMENTS)
    shown = page.locator("article .head bdi").all_inner_texts()
    assert shown == [line["id"] for line in lines if label in line["references"]]


def test_the_models_own_writing_is_shown_as_it_stands(
    runs: list[Path], page_file: Path, opened: Open
) -> None:
    page = opened(page_file)
    page.get_by_role("button", name="Show all").click()
    page.get_by_label("Order").select_option("data")
    articles = page.locator("article")
    for place, line in enumerate(lines_of(runs[0])):
        written = articles.nth(place).locator("pre")
        if written.count():
            assert written.text_content() == line["completion"].strip()
    assert articles.locator("pre").count() > 0
