"""The page of a run in a real browser: opened from disk, with everything else forbidden."""

from __future__ import annotations

import html
import json
import re
import struct
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from support.in_chromium import DESKTOP, Open, fits
from support.report_files import (
    LONG,
    NASTY,
    NASTY_ANSWER,
    row,
    rows,
    write_file,
    write_rank_run,
    write_sample_run,
)

from express_cards.reports.report import report

PHONE = 390
found = partial(fits, total=60)


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of one file of results."""
    folder = tmp_path_factory.mktemp("single")
    return report([write_file(folder / "mine.jsonl", rows())], folder / "page.html", "nrc")


@pytest.fixture(scope="module")
def double(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of two runs: the second is always right."""
    folder = tmp_path_factory.mktemp("double")
    right = [{**line, "completion": json.dumps(line["references"])} for line in rows()]
    files = [write_file(folder / "mine.jsonl", rows()), write_file(folder / "best.jsonl", right)]
    return report(files, folder / "page.html", "nrc")


def shown(page: Any) -> list[str]:
    """The ids of the examples on the screen."""
    ids: list[str] = page.locator("article .head bdi").all_inner_texts()
    return ids


def test_a_nasty_post_is_text(single: Path, opened: Open) -> None:
    page = opened(single)
    page.get_by_label("Text", exact=True).fill("x58")
    found(page, 1)
    article = page.locator("article")
    text = page.evaluate(
        """() => {
            const copy = document.querySelector("article p").cloneNode(true);
            for (const mask of copy.querySelectorAll(".mask")) mask.replaceWith("<mask>");
            return copy.textContent;
        }"""
    )
    assert text == html.unescape(NASTY)
    assert article.locator("script, img, b b, svg").count() == 0
    article.locator("summary").click()
    assert article.locator("pre").inner_text() == NASTY_ANSWER
    assert page.title() == "EXPRESS: EXPRESS report: mine"
    assert article.locator(".mask").first.get_attribute("class") == "mask rung-same"


def test_a_long_text_opens_around_its_masks(tmp_path: Path, opened: Open) -> None:
    story = " ".join(f"word{n}" for n in range(400))
    text = f"{story} I felt <mask> and {story} then <mask>. The end."
    lines = [row(text, ["sad", "glad"], '["sad", "glad"]'), row("I am <mask>.", ["sad"], "[]", 1)]
    page = opened(report([write_file(tmp_path / "a.jsonl", lines)], tmp_path / "page.html", "nrc"))
    page.get_by_label("Order").select_option("data")
    article = page.locator("article").first
    post = article.locator("p")
    assert article.locator(".mask:visible").count() == 2
    assert 500 < len(post.inner_text()) < 1_200
    for near in ("I felt", "and word0", "word399 then", "end."):
        assert near in post.inner_text()
    # Nothing is lost: what is folded away stands in the page, and a button shows it.
    assert [part in post.text_content() for part in (story, f" and {story} then ")] == [True, True]
    button = article.get_by_role("button", name="Whole text")
    button.focus()
    page.keyboard.press("Enter")
    assert len(post.inner_text()) > 2 * len(story)
    article.get_by_role("button", name="Only around the hidden words", expanded=True).click()
    assert len(post.inner_text()) < 1_200
    assert page.get_by_role("button", name="Whole text").count() == 1, "a short text has no button"
    # What is searched for can be seen.
    page.get_by_label("Text", exact=True).fill("word200")
    fits(page, 1, total=2)
    assert "word200" in page.locator("article p").inner_text()


def test_both_words_stand_in_the_place_of_the_mask(single: Path, opened: Open) -> None:
    page = opened(single)
    page.get_by_label("Order").select_option("data")
    assert page.locator("article p").nth(1).text_content() == (
        "He shouted and I was person: furious \u2248 another word for the same; "
        "model: angry, truly."
    )


@pytest.mark.parametrize(
    ("field", "value", "number"),
    [
        ("Person's word", "furious", 12),
        ("Person's word", "fur", 12),
        ("Person's word", "FURIOUS ", 12),
        ("Person's word", "nobody says this", 0),
        ("Model's word", "sad", 12),
        ("Text", "he SHOUTED", 12),
        ("Text", "cannot tell", 11),
    ],
)
def test_filters_by_words_and_text(
    field: str, value: str, number: int, single: Path, opened: Open
) -> None:
    page = opened(single)
    page.get_by_label(field, exact=True).fill(value)
    found(page, number)
    assert len(shown(page)) == min(number, 10)


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("same", 14),
        ("synonym", 12),
        ("shared", 11),
        ("tone", 0),
        ("nothing", 0),
        ("reversed", 13),
        ("unknown", 0),
        ("softened", 12),
        ("heightened", 11),
        ("good-to-bad", 0),
        ("bad-to-good", 13),
        ("apart", 13),
        ("none", 11),
        ("refusal", 11),
    ],
)
def test_filter_by_kind_of_answer(kind: str, number: int, single: Path, opened: Open) -> None:
    page = opened(single)
    page.get_by_label("Kind of answer").select_option(kind)
    found(page, number)


def test_filters_join_on_one_mask_and_are_taken_back(single: Path, opened: Open) -> None:
    page = opened(single)
    page.get_by_role("checkbox", name="denied").check()
    found(page, 12)
    assert page.locator("article .badge", has_text="denied").count() == 10
    page.get_by_role("checkbox", name="word stands elsewhere").check()
    found(page, 0)
    page.get_by_role("checkbox", name="denied").uncheck()
    found(page, 11)
    page.get_by_label("Person's word", exact=True).fill("lonely")
    found(page, 11)
    page.get_by_label("Person's word", exact=True).fill("sad")
    found(page, 0)
    page.get_by_role("button", name="Show all").click()
    found(page, 60)


def test_pages_of_examples(single: Path, opened: Open) -> None:
    page = opened(single)
    page.get_by_label("Order").select_option("data")
    assert shown(page) == [f"x{n}" for n in range(10)]
    before, after = (page.get_by_role("button", name=name) for name in ("Previous", "Next"))
    assert before.is_disabled()
    for _ in range(5):
        after.click()
    assert shown(page) == [f"x{n}" for n in range(50, 60)]
    assert after.is_disabled()
    before.click()
    assert page.locator("#place").inner_text() == "Page 5 of 6"
    page.get_by_label("Person's word", exact=True).fill("happy")
    found(page, 12)
    assert page.locator("#place").inner_text() == "Page 1 of 2"


def test_the_way_of_the_keyboard(single: Path, opened: Open) -> None:
    page = opened(single)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Go to the examples"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "examples"
    for _ in range(4):
        page.keyboard.press("Tab")
    page.keyboard.type("lonely")
    found(page, 11)
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Show all":
            break
    page.keyboard.press("Enter")
    found(page, 60)
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "next":
            break
    page.keyboard.press("Space")
    page.wait_for_function("() => document.querySelector('#place').textContent === 'Page 2 of 6'")
    assert page.evaluate("document.activeElement.id") == "examples"


def test_a_cell_leads_to_its_examples(single: Path, opened: Open) -> None:
    page = opened(single)
    page.locator("#confusion-1 .pick[data-person=furious]").first.click()
    found(page, 12)
    assert page.get_by_label("Person's word", exact=True).input_value() == "furious"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, PHONE, DESKTOP])
def test_nothing_needs_sideways_scrolling(
    width: int, scheme: str, double: Path, opened: Open
) -> None:
    page = opened(double, width, color_scheme=scheme)
    folded = page.locator("#folded")
    # On a phone the filters would hide the examples.
    assert (folded.get_attribute("open") is None) == (width < DESKTOP)
    if width < DESKTOP:
        folded.locator("summary").click()
    page.get_by_label("Text", exact=True).fill(LONG[:30])
    found(page, 1)
    for summary in page.locator("figure summary").all():
        if summary.is_visible():
            summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def contrast(page: Any, selector: str) -> float:
    """The contrast of a text with the page (WCAG 2.2)."""
    ratio: float = page.evaluate(
        """selector => {
            const light = (color) => {
                const parts = color.match(/[\\d.]+/g).slice(0, 3).map((part) => {
                    const value = Number(part) / 255;
                    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
                });
                return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
            };
            const style = getComputedStyle(document.querySelector(selector));
            const ink = light(selector.includes("svg") ? style.fill : style.color);
            const paper = light(getComputedStyle(document.body).backgroundColor);
            return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
        }""",
        selector,
    )
    return ratio


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_can_be_read(scheme: str, single: Path, opened: Open) -> None:
    page = opened(single, color_scheme=scheme)
    for _ in range(2):
        assert contrast(page, ".story li") > 7
        assert contrast(page, ".quiet") > 4.5
        assert contrast(page, "figure svg text") > 7
        for mark in ("svg .people", "svg .model", "svg .b1"):
            assert contrast(page, mark) > 3
        before = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.get_by_role("button", name=re.compile("^(Dark|Light) mode$")).click()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before


def saved(page: Any, kind: str, folder: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Save The wheel of eight emotions as {kind}").first.click()
    path: Path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_a_figure_is_saved_as_svg(single: Path, opened: Open, tmp_path: Path) -> None:
    path = saved(opened(single, color_scheme="dark"), "SVG", tmp_path)
    assert path.name == "express-wheel-1.svg"
    drawing = ElementTree.parse(path).getroot()
    assert drawing.tag == "{http://www.w3.org/2000/svg}svg"
    # Other programs know nothing of the page's style: every colour has to stand in the file.
    fills = {element.get("fill") for element in drawing.iter("{http://www.w3.org/2000/svg}path")}
    assert fills == {"rgb(0, 114, 178)", "rgb(213, 94, 0)"}
    assert "class" not in {name for element in drawing.iter() for name in element.attrib}


def test_a_figure_is_saved_as_png(single: Path, opened: Open, tmp_path: Path) -> None:
    page = opened(single, color_scheme="dark")
    content = saved(page, "PNG", tmp_path).read_bytes()
    assert content.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", content[16:24])
    assert (width, height) == (340 * 4, 328 * 4)
    # The theme that was asked for is back.
    assert page.evaluate("document.documentElement.dataset.theme") is None


def test_several_runs(double: Path, opened: Open) -> None:
    page = opened(double)
    page.get_by_label("Order").select_option("data")
    kinds = page.get_by_label("Kind of answer")
    kinds.select_option("alone")
    found(page, 0)
    kinds.select_option("missed")
    found(page, 47)
    page.get_by_role("radio", name="best").check()
    found(page, 0)
    kinds.select_option("alone")
    found(page, 47)
    assert page.locator("#wheel-2").is_visible()
    assert not page.locator("#wheel-1").is_visible()
    assert "mine: angry" in page.locator("article ul").first.inner_text()


def test_the_printed_page_has_both_runs_and_no_controls(double: Path, opened: Open) -> None:
    page = opened(double, color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.locator("#wheel-1").is_visible()
    assert page.locator("#wheel-2").is_visible()
    assert not page.locator("#filters").is_visible()
    assert not page.locator("[data-export]").first.is_visible()
    assert not page.locator("figure summary").first.is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    # What does not fit on paper cannot be scrolled into view.
    page.set_viewport_size({"width": 700, "height": 900})
    assert (
        page.evaluate(
            """() => [...document.querySelectorAll(".scroll")]
            .filter((box) => box.scrollWidth > box.clientWidth)
            .map((box) => box.ariaLabel)"""
        )
        == []
    )


def test_without_motion(single: Path, opened: Open) -> None:
    page = opened(single, reduced_motion="reduce")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


def test_without_script_the_figures_stay(single: Path, chromium: Any) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(single.as_uri())
    assert page.locator("#wheel-1 svg").is_visible()
    assert "needs JavaScript" in page.locator("noscript").inner_text()
    assert not page.locator("#filters").is_visible()
    context.close()


def test_a_run_of_the_sample_and_the_reference(
    reference: Path, tmp_path: Path, opened: Open
) -> None:
    run = write_sample_run(tmp_path / "mine", ['["sad", "sad"]'] * 20)
    page = opened(report([run], tmp_path / "run.html"))
    assert page.locator("article").count() == 10
    page = opened(report([reference / "gpt4o_predictions.csv"], tmp_path / "reference.html"), PHONE)
    assert page.locator("article").count() == 10
    assert page.locator("#found").inner_text() == "All 544 examples."


def test_labels_alone(tmp_path: Path, opened: Open) -> None:
    lines = [row("no mask here", ["sad"], '["sad"]', n) for n in range(3)]
    for line in lines:
        del line["text"]
    page = opened(report([write_file(tmp_path / "a.jsonl", lines)], tmp_path / "page.html", "nrc"))
    assert page.locator("article .mask").count() == 3
    assert page.get_by_role("checkbox", name="denied").count() == 0


def test_calibration_of_a_ranking_fits_a_phone(tmp_path: Path, opened: Open) -> None:
    page = opened(report([write_rank_run(tmp_path / "rank")], tmp_path / "page.html"), PHONE)
    figure = page.locator("#calibration-1")
    figure.scroll_into_view_if_needed()
    assert figure.locator("circle").count() == 11
    assert figure.locator("svg").bounding_box()["width"] <= PHONE
    assert page.locator("#places-1 h3").inner_text() == "How high the person's word stands"
