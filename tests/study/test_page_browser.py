"""Two coders at once in a real browser: a killed server, a reload, two tabs; nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support.in_chromium import listen
from support.studies import Serving, key_of, made_study, serving

from express_cards.study.folder import judged_of
from express_cards.study.new import new_study
from express_cards.study.options import NewOptions

CHOICES = ("person", "model", "both", "neither")


class Coder:
    """A coder in a browser of their own, who knows from the key what they choose."""

    def __init__(self, chromium: Any, server: Serving, name: str, **options: Any) -> None:
        self.name, self.server = name, server
        self.context = chromium.new_context(**options)
        self.page = self.tab()
        self.given: dict[str, str] = {}
        self.random = Random(name)
        self.key = key_of(server.folder)

    def tab(self) -> Any:
        page = self.context.new_page()
        page.set_default_timeout(60_000)
        self.heard = listen(page)
        return page

    def open(self, page: Any = None, number: int | str = "") -> None:
        (page or self.page).goto(f"{self.server.told['links'][self.name]}/{number}".rstrip("/"))

    def item(self, page: Any) -> str:
        """Which item is shown, by its number."""
        number = int(page.url.rpartition("/")[2])
        items: list[str] = list(self.key["first"][self.name])
        return items[number - 1]

    def choose(self, page: Any = None, by: str = "mouse") -> str:
        """Pick a side by the words that the page shows, and return the item."""
        page = page or self.page
        item = self.item(page)
        choice = self.random.choice(CHOICES)
        sides = {side: ", ".join(self.key["items"][item][side]) for side in ("person", "model")}
        shown = page.locator("fieldset.choices label span").all_inner_texts()
        texts = [text.partition(" ")[2].strip() for text in shown]
        wanted = sides.get(choice, f"{choice} fit{'s' if choice == 'neither' else ''}")
        place = texts.index(wanted)
        if by == "keys":
            page.keyboard.press(str(place + 1))
        else:
            page.locator("fieldset.choices label").nth(place).click()
        self.given[item] = choice
        return item

    def go_on(self, page: Any = None, by: str = "mouse") -> None:
        page = page or self.page
        before = page.url
        if by == "keys":
            page.keyboard.press("Enter")
        else:
            page.get_by_role("button", name="Save and go on").click()
        page.wait_for_url(lambda url: url != before)


@pytest.fixture
def real(reference: Path, tmp_path: Path) -> Iterator[Serving]:
    """A study on a run of real segments."""
    folder = tmp_path / "s"
    new_study(NewOptions(reference / "gpt4o_predictions.csv", folder, 12, 2, seed=4))
    with serving(folder) as server:
        yield server


def test_every_answer_is_there_once_on_the_right_side(chromium: Any, real: Serving) -> None:
    one = Coder(chromium, real, "coder1")
    two = Coder(chromium, real, "coder2", viewport={"width": 390, "height": 844}, has_touch=True)
    for coder in (one, two):
        coder.open()
        coder.page.get_by_role("link", name="Begin").click()
    for _ in range(4):
        one.choose(by="keys")
        two.choose()
        one.go_on(by="keys")
        two.go_on()
    # In the middle, with an answer chosen on both pages, the server is killed.
    item = one.choose(by="keys")
    two.choose()
    real.kill()
    one.page.get_by_role("button", name="Save and go on").click()
    one.page.wait_for_url("chrome-error://**")
    real.restart()
    # The browser offers to send the form again: the very answer that was lost on its way.
    one.page.reload()
    one.page.wait_for_url("**/6")
    two.go_on()
    assert one.given[item]
    # A reload keeps the item; a second tab goes on from another one.
    one.page.reload()
    assert one.page.url.endswith("/6")
    tab = one.tab()
    one.open(tab, 9)
    for _ in range(3):
        one.choose(tab)
        one.choose(by="keys")
        one.go_on(tab)
        one.go_on(by="keys")
    while len(two.given) < 12:
        two.choose()
        two.go_on()
    assert "Every text is answered" in two.page.inner_text("main")
    one.open()
    one.page.get_by_role("link", name="Go on").click()
    while len(one.given) < 12:
        one.choose()
        one.go_on()
    judged = judged_of(real.folder)
    for coder in (one, two):
        stored = [(j.item, j.choice) for j in judged.judgements if j.coder == coder.name]
        assert len(stored) == 12
        assert dict(stored) == coder.given


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Serving]:
    with serving(made_study(tmp_path / "s", 6, 2, ask="confidence,reason,codes")) as server:
        yield server


def test_two_tabs_on_one_item_do_not_undo_each_other(chromium: Any, made: Serving) -> None:
    coder = Coder(chromium, made, "coder1")
    coder.open(number=1)
    tab = coder.tab()
    coder.open(tab, 1)
    coder.page.keyboard.press("1")
    coder.go_on()
    tab.keyboard.press("2")
    tab.get_by_role("button", name="Save and go on").click()
    tab.get_by_role("alert").wait_for()
    assert "another answer" in tab.get_by_role("alert").inner_text()
    assert tab.locator("input[name=choice]:checked").get_attribute("value") == "first"
    tab.keyboard.press("3")
    coder.go_on(tab)
    (kept,) = judged_of(made.folder).judgements
    assert kept.choice == "both"


def test_back_forward_reason_and_codes(chromium: Any, made: Serving) -> None:
    coder = Coder(chromium, made, "coder1")
    coder.open(number=2)
    page = coder.page
    page.keyboard.press("4")
    page.get_by_label("certain").check()
    page.get_by_text("Reasons to tick").click()
    page.locator("input[name=codes]").nth(2).check()
    page.get_by_label("Why?").fill("1 2 3\nand more")
    assert page.locator("input[name=choice]:checked").get_attribute("value") == "neither"
    page.get_by_role("button", name="Back").click()
    page.wait_for_url("**/1")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/2")
    assert page.locator("input[name=choice]:checked").get_attribute("value") == "neither"
    assert page.get_by_label("Why?").input_value() == "1 2 3\nand more"
    assert page.get_by_text("What the words mean").is_visible()
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**/1")
    (kept,) = judged_of(made.folder).judgements
    assert (kept.choice, kept.confidence, kept.codes) == ("neither", 5, ("3",))


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_it_fits_and_asks_nothing_elsewhere(chromium: Any, made: Serving, width: int) -> None:
    coder = Coder(chromium, made, "coder2", viewport={"width": width, "height": 800})
    for number in ("", 1, 2):
        coder.open(number=number)
        coder.page.wait_for_load_state()
        assert coder.page.evaluate("document.documentElement.scrollWidth") <= width
    asked, said = coder.heard
    assert said == []
    assert all(url.startswith(made.told["address"]) for url in asked)
    assert len(asked) >= 3
    small = "[...document.querySelectorAll('button, .option')].filter(e => e.offsetHeight < 32)"
    assert coder.page.evaluate(f"{small}.length") == 0


def test_without_scripts_it_works(chromium: Any, made: Serving) -> None:
    coder = Coder(chromium, made, "coder1", java_script_enabled=False)
    coder.open()
    coder.page.get_by_role("link", name="Begin").click()
    coder.page.locator("fieldset.choices label").nth(1).click()
    coder.page.get_by_role("button", name="Save and go on").click()
    coder.page.wait_for_url("**/2")
    assert len(judged_of(made.folder).judgements) == 1


def test_anothers_link_in_the_same_browser_is_refused(chromium: Any, made: Serving) -> None:
    coder = Coder(chromium, made, "coder1")
    coder.open(number=1)
    assert coder.page.goto(f"{made.told['links']['coder2']}/1").status == 403
    assert "another coder" in coder.page.get_by_role("alert").inner_text()
    coder.open(number=1)
    assert coder.page.locator("#answer").count() == 1
    assert "coder2's link" in made.end()
