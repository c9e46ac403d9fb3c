"""The demo Space in a real browser: its own `app.py`, tiny models, and no way out to a network."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from support import tiny_models

import express_cards.spaces.demo
from express_cards.spaces.demo.guard import MOST_BYTES

PHONE, DESKTOP = 390, 1200
SECRET = "zebracorn"
NASTY = f"\U0001f622 <script>alert(1)</script> <!-- a --> <mask> b {SECRET}. I felt gutted."
HEBREW = "\u05d4\u05e8\u05d2\u05e9\u05ea\u05d9 sad \u05de\u05d0\u05d5\u05d3"
Open = Callable[..., Any]


@dataclass(frozen=True)
class Served:
    """A demo that runs: its address, its folder, where it may write, what it said."""

    url: str
    folder: Path
    scratch: Path
    log: Path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The Space's folder as it is pushed, started as the Hub starts it."""
    pytest.importorskip("gradio")
    folder, scratch = tmp_path_factory.mktemp("space"), tmp_path_factory.mktemp("scratch")
    names = [str(tiny_models.make(name, folder / name)) for name in ("llama", "roberta")]
    (folder / "settings.json").write_text(json.dumps({"model": ",".join(names)}), "utf-8")
    shutil.copy(Path(express_cards.spaces.demo.__file__).with_name("app.py"), folder)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = scratch / "log"
    environment = os.environ | {
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_TEMP_DIR": str(scratch / "gradio"),
        "TMPDIR": str(scratch),
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
    }
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as said:
        command = [sys.executable, "app.py"]
        running = subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=said)
        try:
            _wait(url, running, log)
            yield Served(url, folder, scratch, log)
        finally:
            running.terminate()
            running.wait(60)


def _wait(url: str, running: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        assert running.poll() is None, log.read_text("utf-8")
        try:
            with urlopen(url):
                return
        except URLError:
            time.sleep(0.2)
    pytest.fail(f"the demo does not start: {log.read_text('utf-8')}")


@pytest.fixture
def demo(chromium: Any, served: Served) -> Iterator[Open]:
    """Open the demo; at the end nothing may have been asked of anybody else."""
    asked: list[str] = []
    said: list[str] = []
    contexts = []

    def open_page(width: int = DESKTOP, theme: str = "light") -> Any:
        context = chromium.new_context(viewport={"width": width, "height": 900})
        contexts.append(context)
        context.on("request", lambda request: asked.append(request.url))
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(f"dialog: {dialog.message}"))
        page.goto(f"{served.url}/?__theme={theme}")
        page.get_by_label("Text", exact=True).wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []
    assert asked
    assert [u for u in asked if not u.startswith((served.url, "data:", "blob:"))] == []


def pick(page: Any, title: str) -> None:
    page.get_by_label("Post", exact=True).click()
    page.get_by_role("option", name=title).click()


def word(page: Any, name: str) -> Any:
    return page.get_by_role("group", name="Words of the post").get_by_role(
        "button", name=name, exact=True
    )


def marked(page: Any, name: str, pressed: str = "true") -> Any:
    return page.locator(f"[aria-pressed={pressed}]").get_by_text(name, exact=True)


def ask(page: Any) -> None:
    page.get_by_role("button", name="Ask the model").click()
    page.locator("#express-result").wait_for()


def fits(page: Any) -> bool:
    """Whether nothing of the page stands out to the right; Gradio would cut it off unseen."""
    return bool(
        page.evaluate(
            """() => document.documentElement.scrollWidth <= innerWidth
                && [...document.querySelectorAll("button, textarea, .express, .express *")]
                    .filter((one) => !one.closest(".scroll table"))
                    .every((one) => one.getBoundingClientRect().right <= innerWidth + 1)"""
        )
    )


def test_the_way_of_a_newcomer(demo: Open) -> None:
    page = demo()
    assert page.get_by_role("link", name="findahelpline.com").is_visible()
    assert "no medical device" in page.get_by_label("Before you begin").inner_text()
    pick(page, "Drums in the garage")
    marked(page, "livid").wait_for()
    page.get_by_text("Marked: livid, proud", exact=True).wait_for()
    word(page, "proud").click()
    marked(page, "proud", "false").wait_for()
    page.get_by_text("Marked: livid", exact=True).wait_for()
    word(page, "proud").click()
    page.get_by_text("Marked: livid, proud", exact=True).wait_for()
    ask(page)
    assert page.locator("#express-result").inner_text() == "What llama would have said"
    assert page.locator(".express-post .pair").count() == 2
    assert (
        page.locator("article .first")
        .first.inner_text()
        .startswith("1. You wrote \u201clivid\u201d")
    )
    assert page.locator("article").first.locator("tbody tr").count() >= 5
    shares = page.locator("article").first.locator("td:last-child").all_inner_texts()[:5]
    assert [float(s.rstrip("%")) for s in shares] == sorted(
        (float(s.rstrip("%")) for s in shares), reverse=True
    )
    assert page.get_by_role("img", name="Wheel of eight emotions").is_visible()
    assert page.get_by_text("The score, counted in two ways").is_visible()
    # The other model, by choice; and the marks are where they were.
    page.get_by_label("roberta").check()
    page.get_by_role("button", name="Ask the model").click()
    page.get_by_text("What roberta would have said").wait_for()


def test_a_nasty_text_is_text(demo: Open) -> None:
    page = demo()
    page.get_by_label("Text", exact=True).fill(NASTY)
    word(page, "gutted").click()
    group = page.get_by_role("group", name="Words of the post")
    assert group.text_content() == NASTY
    ask(page)
    shown = page.locator(".express-post").text_content()
    assert shown.startswith(NASTY.removesuffix("gutted."))
    assert page.locator(".express script, .express mask, .express-post img").count() == 0


def test_text_from_right_to_left(demo: Open) -> None:
    page = demo()
    page.get_by_label("Text", exact=True).fill(HEBREW)
    word(page, "sad").click()
    group = page.get_by_role("group", name="Words of the post")
    assert group.evaluate("list => getComputedStyle(list).direction") == "rtl"
    # There the arrow to the left leads on.
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.textContent") == HEBREW.split()[2]


def test_words_side_by_side_are_one_term(demo: Open) -> None:
    page = demo()
    page.get_by_label("Text", exact=True).fill("I felt let down, sad.")
    for name in ("down", "let", "sad"):
        word(page, name).click()
    page.get_by_text("Marked: let down, sad", exact=True).wait_for()
    ask(page)
    assert page.locator("article").count() == 2


def test_nothing_marked_is_a_sentence(demo: Open) -> None:
    page = demo()
    ask_button = page.get_by_role("button", name="Ask the model")
    ask_button.click()
    page.get_by_text("There is no post yet: write one or pick one in step 1.").wait_for()
    page.get_by_label("Text", exact=True).fill("I was sad.")
    page.get_by_text("No word is marked yet.").wait_for()
    ask_button.click()
    page.get_by_text("No word is marked: mark at least one emotion word in step 2.").wait_for()
    page.get_by_label("Text", exact=True).fill("sad " * 1500)
    page.get_by_text("The post has 6,000 characters and this page takes up to 4,000").wait_for()


def test_words_are_found_and_taken_off(demo: Open) -> None:
    page = demo()
    page.get_by_label("Text", exact=True).fill("It was a bad day. I felt lonely and tired.")
    word(page, "lonely").wait_for()
    page.get_by_role("button", name="Find them for me").click()
    page.get_by_text("Marked: lonely, tired").wait_for()
    # An edit elsewhere leaves the marks with their words.
    page.get_by_label("Text", exact=True).press("Home")
    page.get_by_label("Text", exact=True).type("Well. ")
    word(page, "Well").wait_for()
    page.get_by_text("Marked: lonely, tired").wait_for()
    page.get_by_role("button", name="Take all marks off").click()
    page.get_by_text("No word is marked yet.").wait_for()


def test_a_question_asked_while_words_are_looked_for_waits_for_them(demo: Open) -> None:
    page = demo()
    page.get_by_label("Text", exact=True).fill("It was a bad day. I felt lonely and tired.")
    word(page, "lonely").wait_for()
    # Both before the server can have answered the first.
    page.evaluate(
        """() => {
            const named = (name) => [...document.querySelectorAll("button")]
                .find((button) => button.textContent.trim() === name);
            named("Find them for me").click();
            named("Ask the model").click();
        }"""
    )
    page.locator("#express-result").wait_for()
    assert page.locator(".express-post .pair").count() == 2


def test_a_question_right_after_a_click_is_asked_with_the_marks_of_the_page(demo: Open) -> None:
    page = demo()
    page.get_by_label("Text", exact=True).fill("It was a bad day. I felt lonely and tired.")
    word(page, "lonely").wait_for()
    page.evaluate(
        """() => {
            const named = (name) => [...document.querySelectorAll("button, .word")]
                .find((button) => button.textContent.trim() === name);
            named("lonely").click();
            named("tired").click();
            named("Ask the model").click();
        }"""
    )
    page.locator("#express-result").wait_for()
    assert page.locator(".express-post .pair").count() == 2


def sent(url: str, size: int | None = None, method: str = "POST") -> int:
    """The status with which the demo answers a request of a size."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    connection.putrequest(method, parts.path)
    if size is not None:
        connection.putheader("Content-Length", str(size))
    connection.endheaders()
    try:
        return connection.getresponse().status
    finally:
        connection.close()


def test_nothing_can_be_uploaded(served: Served) -> None:
    before = {path for path in served.scratch.rglob("*") if path.is_file()}
    for path in ("/gradio_api/upload", "/gradio_api/upload/", "/upload"):
        assert sent(served.url + path, 10) == 404
    call = f"{served.url}/gradio_api/queue/join"
    # Refused by its size alone, before any of it is read.
    assert sent(call, MOST_BYTES + 1) == 413
    assert sent(call) == 411
    assert {path for path in served.scratch.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_needs_no_scrolling_sideways(demo: Open, theme: str) -> None:
    page = demo(PHONE, theme)
    assert fits(page)
    pick(page, "The bell on the ward")
    word(page, "torn").wait_for()
    ask(page)
    assert fits(page)
    ink, paper = (
        page.evaluate(
            "name => getComputedStyle(document.querySelector('.express-post'))[name]", name
        )
        for name in ("color", "backgroundColor")
    )
    assert ink != paper
    scheme = page.locator(".express-post").evaluate("post => getComputedStyle(post).colorScheme")
    assert scheme == theme


def test_the_keyboard_is_enough(demo: Open) -> None:
    page = demo()
    keys = page.keyboard
    page.get_by_label("Text", exact=True).focus()
    keys.type("I felt sad and very tired.")
    word(page, "tired").wait_for()
    keys.press("Tab")
    # The first likely word comes first, then the next likely one.
    assert page.evaluate("document.activeElement.textContent") == "sad"
    keys.press("Space")
    keys.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent") == "tired"
    keys.press("ArrowLeft")
    assert page.evaluate("document.activeElement.textContent") == "very"
    keys.press("ArrowRight")
    keys.press("Enter")
    page.get_by_text("Marked: sad, tired").wait_for()
    seen: list[str] = []
    while "Ask the model" not in seen and len(seen) < 8:
        keys.press("Tab")
        seen.append(page.evaluate("document.activeElement.textContent.trim()"))
    assert seen[-1] == "Ask the model", seen
    keys.press("Enter")
    page.locator("#express-result").wait_for()
    page.wait_for_function("document.activeElement.id === 'express-result'")


def test_what_is_typed_is_nowhere_afterwards(demo: Open, served: Served) -> None:
    page = demo()
    page.get_by_label("Text", exact=True).fill(NASTY)
    word(page, "gutted").click()
    ask(page)
    kept = page.evaluate(
        """async () => {
            const found = [JSON.stringify(localStorage), JSON.stringify(sessionStorage)];
            for (const { name } of await indexedDB.databases()) {
                const base = await new Promise((done) => {
                    const request = indexedDB.open(name);
                    request.onsuccess = () => done(request.result);
                });
                for (const store of base.objectStoreNames) {
                    const all = base.transaction(store).objectStore(store).getAll();
                    found.push(JSON.stringify(await new Promise((done) => {
                        all.onsuccess = () => done(all.result);
                    })));
                }
            }
            return found.join(" ");
        }"""
    )
    assert SECRET not in kept
    files = [
        file
        for place in (served.scratch, served.folder)
        for file in place.rglob("*")
        if file.is_file() and file.suffix != ".safetensors"
    ]
    assert served.log in files
    assert [file for file in files if SECRET.encode() in file.read_bytes()] == []
