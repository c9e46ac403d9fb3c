"""The metric's Space in Chromium, from the address that `express space metric` gives."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from support.in_chromium import listen

from express_cards.spaces.metric.examples import EXAMPLES, Example, work
from express_cards.spaces.metric.site import stage
from express_cards.spaces.options import SpaceOptions
from express_cards.spaces.serve import Files
from express_metric import load_lexicon


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The Space, staged and served as the command does."""
    folder = tmp_path_factory.mktemp("metric")
    stage(folder, SpaceOptions("metric"))
    handler = partial(Files, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page as it opens from disk."""
    folder = tmp_path_factory.mktemp("disk")
    stage(folder, SpaceOptions("metric"))
    return folder / "index.html"


@pytest.mark.parametrize(("width", "scheme"), [(1100, "light"), (390, "dark")])
def test_the_page_shows_everything_and_asks_for_nothing(
    chromium: Any, address: str, width: int, scheme: str
) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    requests, said = listen(page)
    page.goto(address)
    page.wait_for_load_state("networkidle")
    # A browser asks each new host for its icon.
    assert set(requests) <= {address, f"{address}favicon.ico"}
    assert [line for line in said if "favicon" not in line and "404" not in line] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    outside = page.evaluate(
        """() => [...document.querySelectorAll("main *")].filter(one => {
            const box = one.getBoundingClientRect();
            const inside = one.closest(".scroll, pre");
            return box.width && !inside && box.right > innerWidth + 1;
        }).map(one => one.outerHTML.slice(0, 80))"""
    )
    assert outside == []
    # The figures are seen at once: only the first table may be wider than a phone.
    wide = page.evaluate(
        """() => [...document.querySelectorAll("article > .scroll")]
            .filter(one => one.scrollWidth > one.clientWidth).length"""
    )
    assert wide == 0
    back = page.evaluate("getComputedStyle(document.body).backgroundColor")
    light = sum(map(int, re.findall(r"\d+", back)[:3])) > 3 * 128
    assert light == (scheme == "light")
    page.click("#theme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != back
    page.close()


def test_a_newcomer_reads_an_example(chromium: Any, address: str) -> None:
    page = chromium.new_page()
    page.goto(address)
    page.click(f"nav >> text={EXAMPLES[3].title}")
    article = page.locator(f"#{EXAMPLES[3].key}")
    assert article.locator(".mask").all_inner_texts() == list(EXAMPLES[3].labels)
    assert article.locator("pre").inner_text() == EXAMPLES[3].answer
    table = [row.split("\t") for row in article.locator("table").first.inner_text().split("\n")]
    found = work(EXAMPLES[3:4], load_lexicon("nrc"))
    assert [" ".join(row).split() for row in table[1:]] == [
        " ".join(row).split() for row in found.table
    ]
    details = article.locator("details")
    details.locator("summary").click()
    assert details.locator("tbody tr").count() == len(found.vectors)
    # What stands for a mask is shown, not taken for a tag.
    assert page.locator("#examples ~ p code").inner_text() == "<mask>"
    page.close()


def test_two_words_are_tried_against_each_other(chromium: Any, page_file: Path) -> None:
    page = chromium.new_page()
    page.goto(page_file.as_uri())
    cells = page.locator("#figures td")
    for person, model in (("furious", "angry"), ("relieved", "sad"), ("okay", "fine")):
        page.get_by_label("The person said").select_option(person)
        page.get_by_label("The model says").select_option(model)
        told = Example("", "", "<mask>", (person,), f'["{model}"]', "")
        rows = work([told], load_lexicon("nrc")).rows
        assert cells.all_inner_texts() == [figure for row in rows for figure in row[1:]]
    page.close()


def test_by_keyboard_alone(chromium: Any, page_file: Path) -> None:
    page = chromium.new_page(viewport={"width": 800, "height": 600})
    page.goto(page_file.as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == EXAMPLES[0].title
    page.keyboard.press("Enter")
    assert page.url.endswith(f"#{EXAMPLES[0].key}")
    page.wait_for_function(
        "key => { const top = document.getElementById(key).getBoundingClientRect().top;"
        " return top >= 0 && top < innerHeight; }",
        arg=EXAMPLES[0].key,
    )
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.open")
    page.close()


def test_without_scripts_it_is_whole(chromium: Any, page_file: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_file.as_uri())
    assert page.locator("article").count() == len(EXAMPLES) + 2
    assert not page.locator("#theme").is_visible()
    context.close()
