"""A real browser, headless: set EXPRESS_CHROMIUM where it is not on the path."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
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


@pytest.fixture
def opened(chromium: Any) -> Iterator[Open]:
    """Open a report; at the end nothing may have been said on the console or asked of a network."""
    said: list[str] = []
    asked: list[str] = []
    contexts = []

    def open_page(file: Path, width: int = DESKTOP, **options: Any) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": 800}, **options)
        contexts.append(context)
        context.on("request", lambda request: asked.append(request.url))
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(f"dialog: {dialog.message}"))
        page.goto(file.as_uri())
        page.wait_for_function("() => document.querySelector('#list').children.length > 0")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not said, said
    # A figure that is saved as PNG is drawn from a data address, which is no request.
    outside = [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]
    assert not outside, outside


def fits(page: Any, number: int, total: int) -> None:
    """Wait until so many of a report's examples fit what is asked for."""
    text = f"All {total} examples." if number == total else f"{number} of {total} examples fit."
    page.wait_for_function(
        "text => document.querySelector('#found').textContent === text", arg=text
    )
