"""Can the page be read: sizes on a phone, labels beside lines, tables that go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.in_chromium import DESKTOP, Open
from support.report_files import rows, write_file, write_rank_run

from express_cards.dataset.facts import dataset_facts
from express_cards.dataset.page import write_stats
from express_cards.reports.report import report

PHONE = 390

# Every text of the drawings: its height on the screen, and whether it keeps inside its drawing.
TEXTS = """() => [...document.querySelectorAll("figure > svg")].flatMap((svg) => {
    const frame = svg.getBoundingClientRect();
    const scale = frame.width / svg.viewBox.baseVal.width;
    return [...svg.querySelectorAll("text")].map((text) => {
        const box = text.getBoundingClientRect();
        return {
            said: `${text.closest("figure").id}: ${text.textContent}`,
            size: parseFloat(getComputedStyle(text).fontSize) * scale,
            inside: box.left >= frame.left - 1 && box.right <= frame.right + 1,
        };
    });
})"""

# Texts that touch the line of an interval, or follow its end so closely that it reads as a minus.
STRUCK = """() => [...document.querySelectorAll("figure > svg")].flatMap((svg) => {
    const lines = [...svg.querySelectorAll("line.reach")].map((l) => l.getBoundingClientRect());
    return [...svg.querySelectorAll("text")].filter((text) => {
        const box = text.getBoundingClientRect();
        return lines.some((line) => line.right > box.left - 8 && line.left < box.right
            && line.bottom >= box.top && line.top <= box.bottom);
    }).map((text) => `${text.closest("figure").id}: ${text.textContent}`);
})"""

# Tables that go on to the right, and what hints at it.
HINTS = """() => [...document.querySelectorAll(".scroll")]
    .filter((box) => box.scrollWidth > box.clientWidth)
    .map((box) => {
        const style = getComputedStyle(box);
        return [style.backgroundImage.split("gradient").length - 1, style.backgroundAttachment];
    })"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A page of one file, one of three with long names, and one of a ranking."""
    folder = tmp_path_factory.mktemp("pages")
    right = [{**line, "completion": str([*line["references"]])} for line in rows()]
    names = ("one", "a-model-with-quite-a-long-name-instruct zero-shot", "another")
    files = [
        write_file(folder / f"{name}.jsonl", lines)
        for name, lines in zip(names, (rows(), right, rows()), strict=True)
    ]
    return {
        "single": report(files[:1], folder / "single.html", "nrc"),
        "several": report(files, folder / "several.html", "nrc"),
        "ranks": report([write_rank_run(folder / "rank")], folder / "ranks.html"),
    }


@pytest.mark.parametrize("name", ["single", "several", "ranks"])
@pytest.mark.parametrize(("width", "least"), [(PHONE, 11), (DESKTOP, 12)])
def test_texts_of_drawings_can_be_read(
    name: str, width: int, least: int, pages: dict[str, Path], opened: Open
) -> None:
    legible(opened(pages[name], width), least)


def legible(page: Any, least: float) -> None:
    """Every text that is shown is as high as this, and inside its drawing."""
    texts: list[dict[str, Any]] = [t for t in page.evaluate(TEXTS) if t["size"] > 0]
    assert len(texts) > 50
    assert [text for text in texts if text["size"] < least] == []
    assert [text["said"] for text in texts if not text["inside"]] == []


def test_texts_of_a_datasets_page_can_be_read(chromium: Any, tmp_path: Path) -> None:
    page = chromium.new_page(viewport={"width": PHONE, "height": 800})
    page.goto(write_stats(dataset_facts("sample", None), tmp_path / "stats.html").as_uri())
    legible(page, 11)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
    page.close()


@pytest.mark.parametrize("name", ["single", "several", "ranks"])
def test_no_number_stands_on_the_line_of_an_interval(
    name: str, pages: dict[str, Path], opened: Open
) -> None:
    page = opened(pages[name])
    assert page.locator("line.reach").count() > 10
    assert page.evaluate(STRUCK) == []


def test_a_table_that_goes_on_has_a_shadow(pages: dict[str, Path], opened: Open) -> None:
    page = opened(pages["several"], PHONE)
    for summary in page.locator("figure summary").all():
        if summary.is_visible():
            summary.click()
    hints = page.evaluate(HINTS)
    assert len(hints) >= 2
    # Covers that move with the table, over shadows that stay.
    assert {tuple(hint) for hint in hints} == {(4, "local, local, scroll, scroll")}


def test_the_legend_of_the_wheel_names_the_whole_model(
    pages: dict[str, Path], opened: Open
) -> None:
    page = opened(pages["several"], PHONE)
    page.get_by_role("radio", name="a-model-with").check()
    said = page.locator("#wheel-2 svg > text tspan").all_text_contents()
    assert "a-model-with-quite-a-long-name-instruct zero-shot" in said
