"""The page on a dataset, in Chromium: nothing fetched, nothing cut off, figures to be saved."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from support.in_chromium import listen

from express_cards.dataset.facts import dataset_facts
from express_cards.dataset.page import write_stats

FIGURES = ["labels", "ranks", "lengths", "masks", "flags", "dimensions", "coverage"]


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page on the sample."""
    out = tmp_path_factory.mktemp("stats") / "page.html"
    return write_stats(dataset_facts("sample", None), out)


@pytest.mark.parametrize(("width", "scheme"), [(1100, "light"), (390, "dark")])
def test_the_page_shows_everything_and_asks_for_nothing(
    chromium: Any, page_file: Path, width: int, scheme: str
) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    requests, said = listen(page)
    page.goto(page_file.as_uri())
    assert requests == [page_file.as_uri()]
    policy = page.get_attribute("meta[http-equiv]", "content")
    assert policy.startswith("default-src 'none'; ")
    assert said == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = page.eval_on_selector_all("figure", "all => all.map(one => one.id)")
    assert found == [*FIGURES, "communities", "years"]
    outside = page.evaluate(
        """() => [...document.querySelectorAll("figure svg text")].filter(text => {
            const a = text.getBoundingClientRect(), b = text.closest("svg").getBoundingClientRect();
            return a.left < b.left - 1 || a.right > b.right + 1 || a.bottom > b.bottom + 1;
        }).map(text => text.textContent)"""
    )
    assert outside == []
    back = page.evaluate("getComputedStyle(document.body).backgroundColor")
    light = sum(map(int, re.findall(r"\d+", back)[:3])) > 3 * 128
    assert light == (scheme == "light")
    page.click("#theme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != back
    page.close()


def test_a_figure_is_saved_for_a_paper(chromium: Any, page_file: Path, tmp_path: Path) -> None:
    page = chromium.new_page()
    page.goto(page_file.as_uri())
    for kind, begin in (("svg", b"<svg"), ("png", b"\x89PNG")):
        with page.expect_download() as download:
            page.click(f"#labels [data-export={kind}]")
        saved = tmp_path / f"labels.{kind}"
        download.value.save_as(saved)
        assert saved.read_bytes().startswith(begin)
    page.close()


def test_text_from_data_is_never_markup(chromium: Any, tmp_path: Path) -> None:
    evil = "<img src=x onerror=alert(1)>"
    found = dataset_facts("sample", None)
    found["labels"] = {evil: 3} | found["labels"]
    found["subreddits"] = {evil: 300} | found["subreddits"]
    found["name"] = evil
    page = chromium.new_page()
    page.goto(write_stats(found, tmp_path / "page.html").as_uri())
    assert page.locator("img").count() == 0
    assert evil in page.locator("h1").inner_text()
    assert evil in page.locator("#labels table").text_content()
    page.close()


def test_data_that_leaks_is_told_at_the_top(chromium: Any, tmp_path: Path) -> None:
    found = dataset_facts("sample", None)
    found["checks"] = found["checks"] | {"texts_in_two_splits": 4}
    page = chromium.new_page()
    page.goto(write_stats(found, tmp_path / "page.html").as_uri())
    section = page.locator("section[aria-labelledby=checked]")
    assert "must not be published" in section.locator(".note").inner_text()
    assert section.locator("tbody tr").first.inner_text().split("\t")[1:] == ["4", "BAD"]
    page.close()
