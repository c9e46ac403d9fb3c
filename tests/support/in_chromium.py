"""A real browser, headless: set EXPRESS_CHROMIUM where it is not on the path."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
DESKTOP = 1200
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Chromium, driven by playwright.

    Closed after each module: while playwright runs, its event loop stands in the way of others.
    """
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = os.environ.get("EXPRESS_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("no Chromium: install it (apt-get install chromium) or set EXPRESS_CHROMIUM")
    with sync_api.sync_playwright() as playwright:
        # Containers run as root, where Chromium's own sandbox does not start.
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


def listen(page: Any) -> tuple[list[str], list[str]]:
    """What the page asks for from now on, and what is said on its console or in a dialog."""
    asked: list[str] = []
    said: list[str] = []
    page.context.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(f"dialog: {dialog.message}"))
    return asked, said


@contextmanager
def opening(chromium: Any, inside: tuple[str, ...] = ("file:",)) -> Iterator[Open]:
    """Open files; at the end nothing may have been said or asked of a network.

    Args:
        inside: how the addresses begin that a page may ask for.
    """
    heard = []
    contexts = []

    def open_page(file: Path, width: int = DESKTOP, **options: Any) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": 800}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        heard.append(listen(page))
        page.goto(file.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [said for _, said in heard if said] == []
    assert [url for asked, _ in heard for url in asked if not url.startswith(inside)] == []


@pytest.fixture
def opened(chromium: Any) -> Iterator[Open]:
    """Open a report, and wait for its examples."""
    # A figure that is saved as PNG is drawn from a data address, which is no request.
    with opening(chromium, ("file:", "data:", "blob:")) as open_file:

        def open_report(file: Path, width: int = DESKTOP, **options: Any) -> Any:
            page = open_file(file, width, **options)
            page.wait_for_function("() => document.querySelector('#list').children.length > 0")
            return page

        yield open_report


def fits(page: Any, number: int, total: int) -> None:
    """Wait until so many of a report's examples fit what is asked for."""
    text = f"All {total} examples." if number == total else f"{number} of {total} examples fit."
    page.wait_for_function(
        "text => document.querySelector('#found').textContent === text", arg=text
    )
