"""The leaderboard in a real browser: opened from disk, with everything else forbidden."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.in_chromium import Open, opening
from support.made_runs import answers, labels, write_run

from express_cards.spaces.leaderboard.site import stage
from express_cards.spaces.options import SpaceOptions

PHONE, DESKTOP = 390, 1400
EVIL = "<script>document.title='owned'</script><mask> \"q\" \u05e9\u05dc\u05d5\u05dd \U0001f622"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six runs on two data sets; the best at words is not the most valid."""
    root = tmp_path_factory.mktemp("site")
    second = {"dataset": {"signature": "made@2", "split": "test"}}
    rows = labels()

    def made(name: str, model: str, share: float, **options: Any) -> None:
        said: list[Any] = answers(rows, share)
        for place in range(options.pop("silent", 0)):
            said[place] = None
        family, setting = options.pop("family", "causal"), options.pop("setting", "zero-shot")
        write_run(root / "runs" / name, model, family, setting, said, **options)

    made("a", "org/big-9B", 0.95, silent=60)
    made("b", "org/mid-2B", 0.55, setting="cot")
    made("c", "org/small-135M", 0.53, family="masked", setting="fill-mask")
    made("d", EVIL, 0.10, asked={"decoding": {"name": "free-default-temperature"}})
    made("e", "org/big-9B", 0.30, asked=second)
    made("f", "org/mid-2B", 0.60, asked=second)
    stage(root / "page", SpaceOptions("leaderboard", runs=[root / "runs"]))
    express = {"signature": "express@1", "split": "test", "name": "express"}
    made("g", "org/own", 0.2, asked={"dataset": express})
    stage(root / "beside", SpaceOptions("leaderboard", runs=[root / "runs" / "g"]))
    return root / "page"


@pytest.fixture
def opened(chromium: Any) -> Iterator[Open]:
    """Open the page of a folder."""
    with opening(chromium) as open_file:
        yield lambda folder, width=DESKTOP, **options: open_file(
            folder / "index.html", width, **options
        )


def column(page: Any, key: str, table: int = 0) -> list[str]:
    """The cells of a column that are seen, from top to bottom."""
    found = page.locator("table.board").nth(table).locator(f'tbody tr:visible [data-key="{key}"]')
    texts: list[str] = [text.strip().split("\n")[0] for text in found.all_inner_texts()]
    return texts


def models(page: Any, table: int = 0) -> list[str]:
    """The models of a table's rows that are seen."""
    return column(page, "model", table)


def sort_of(page: Any, key: str) -> str | None:
    """What assistive technology is told of a column's order."""
    found: str | None = page.locator(f'[data-head="{key}"]').first.get_attribute("aria-sort")
    return found


def unfold(page: Any) -> None:
    """Open the filters."""
    page.get_by_text("Filter and rank").click()


def press(page: Any, head: str) -> None:
    """Click the head of a column in the first table."""
    page.locator("table.board").first.get_by_role("button", name=head, exact=True).click()


@pytest.mark.parametrize(("width", "height", "least"), [(1280, 720, 3), (PHONE, 844, 1)])
def test_rows_are_seen_without_scrolling(
    width: int, height: int, least: int, site: Path, opened: Open
) -> None:
    page = opened(site, width)
    page.set_viewport_size({"width": width, "height": height})
    bottoms = "rows => rows.map(row => row.querySelector('.chosen').getBoundingClientRect().bottom)"
    assert sum(b <= height for b in page.locator("tbody tr:visible").evaluate_all(bottoms)) >= least
    assert not page.get_by_label("Rank by").is_visible()
    assert not page.locator("#filters").evaluate("form => form.checkVisibility()")


def test_published_figures_stand_beside_runs_on_express_and_are_never_ranked(
    site: Path, opened: Open
) -> None:
    page = opened(site.with_name("beside"))
    assert models(page) == ["org/own"]
    page.get_by_role("radio", name="paper").check()
    ranks = dict(zip(column(page, "rank", 1), models(page, 1), strict=False))
    assert ranks["1"] == "org/own"
    assert column(page, "rank", 1).count("published") == 35
    shares = column(page, "lexical_accuracy", 1)
    assert shares[0] == "36.4%"  # the paper's best, above the run that is ranked first
    assert shares == sorted(shares, key=lambda share: -float(share.rstrip("%")))
    assert page.get_by_text("for reference only and never ranked").is_visible()
    # Where the words are not those of EXPRESS there is nothing to stand beside.
    assert "published" not in column(opened(site), "rank")


BEST_FIRST = ["org/big-9B", "org/mid-2B", "org/small-135M", EVIL]


def test_rows_stand_in_order_with_ranks_that_admit_ties(site: Path, opened: Open) -> None:
    page = opened(site)
    assert models(page) == BEST_FIRST
    assert column(page, "rank") == ["1", "2\u20133", "2\u20133", "4"]
    groups = page.locator("table.board").first.locator('[data-key="rank"] small')
    assert groups.all_inner_texts() == ["group 1", "group 2", "group 2", "group 3"]
    assert sort_of(page, "lexical_accuracy") == "descending"
    assert models(page, 1) == ["org/mid-2B", "org/big-9B"]
    assert page.locator("#found").inner_text() == "All 6 rows."
    assert page.title() == "EXPRESS leaderboard"


@pytest.mark.parametrize(
    ("head", "key", "first", "again"),
    [
        ("Valid", "valid_rate", ["org/mid-2B", "org/big-9B"], ["org/big-9B", EVIL]),
        ("Size", "size", ["org/small-135M", EVIL], ["org/big-9B", EVIL]),
        ("Family", "family", ["org/big-9B", "org/small-135M"], ["org/small-135M", EVIL]),
    ],
)
def test_a_head_sorts_and_sorts_back(
    head: str, key: str, first: list[str], again: list[str], site: Path, opened: Open
) -> None:
    page = opened(site)
    for ends in (first, again):
        press(page, head)
        order = models(page)
        assert order[0] == ends[0]
        # What is not known stays last in both directions; ties keep their order.
        assert order[-1] == ends[1]
    ways = ["ascending", "descending"] if key == "valid_rate" else ["descending", "ascending"]
    assert sort_of(page, key) == ways[0]
    assert sort_of(page, "lexical_accuracy") is None
    press(page, head)
    assert sort_of(page, key) == ways[1]


def test_ranks_follow_the_chosen_figure_in_every_table(site: Path, opened: Open) -> None:
    page = opened(site)
    unfold(page)
    page.get_by_label("Rank by").select_option("valid_rate")
    assert sort_of(page, "valid_rate") == "descending"
    assert dict(zip(models(page), column(page, "rank"), strict=True))["org/big-9B"] == "4"
    groups = page.locator("table.board").first.locator('[data-key="rank"] small').all_inner_texts()
    assert groups == ["group 1"] * 3 + ["group 2"]  # all but one answer always
    assert page.locator(".by").all_inner_texts() == ["Valid"] * 4
    press(page, "Model")
    assert dict(zip(models(page), column(page, "rank"), strict=True))["org/big-9B"] == "4"
    press(page, "F1")
    assert page.get_by_label("Rank by").input_value() == "vector_f1"
    assert column(page, "rank")[0] == "1"


@pytest.mark.parametrize(
    ("name", "value", "left", "total"),
    [
        ("family", "masked", ["org/small-135M"], 1),
        ("setting", "cot", ["org/mid-2B"], 1),
        ("decoding", "free-default-temperature", [EVIL], 1),
        ("text", "SMALL org", ["org/small-135M"], 1),
        ("text", "<mask>", [EVIL], 1),
        ("text", "nobody", [], 0),
        ("least", "1", ["org/big-9B", "org/mid-2B"], 4),
        ("most", "2", ["org/mid-2B", "org/small-135M"], 3),
    ],
)
def test_filters_leave_what_fits(
    name: str, value: str, left: list[str], total: int, site: Path, opened: Open
) -> None:
    page = opened(site)
    unfold(page)
    field = page.locator(f"#filters [name={name}]")
    if field.evaluate("field => field.tagName") == "SELECT":
        field.select_option(value)
    else:
        field.fill(value)
    assert models(page) == left
    assert page.locator("#found").inner_text().startswith(f"{total} of 6 rows fit.")
    empty = page.get_by_text("No row of this table fits the filters.").first
    assert empty.is_visible() is not bool(left)
    assert page.get_by_text("are left out").is_visible() is (name in ("least", "most"))
    page.get_by_role("button", name="Show all").click()
    page.wait_for_function("() => document.querySelector('#found').textContent === 'All 6 rows.'")
    assert models(page) == BEST_FIRST


def test_one_protocol_is_shown_at_a_time(site: Path, opened: Open) -> None:
    page = opened(site)
    assert page.get_by_role("heading", name="made, split test (revised)").count() == 2
    assert page.get_by_role("heading", name="made, split test (paper)").count() == 0
    before = column(page, "dimension_accuracy")
    page.get_by_role("radio", name="paper").check()
    assert page.get_by_role("heading", name="made, split test (revised)").count() == 0
    assert page.get_by_role("heading", name="made, split test (paper)").count() == 2
    shown = column(page, "dimension_accuracy", 2)
    board = json.loads((site / "results.json").read_text("utf-8"))
    wanted = [row["figures"]["dimension_accuracy"]["value"] for row in board["tables"][0]["rows"]]
    assert shown == [f"{value:.1%}" for value in wanted]
    # Sixty answers of the first are missing: only the paper's protocol leaves them out.
    assert shown[0] != before[0]


def test_every_report_opens(site: Path, opened: Open) -> None:
    page = opened(site)
    links = page.locator('[data-panel="0"] a[href^="reports/"]')
    assert links.count() == 6
    names = links.evaluate_all("links => links.map(link => link.getAttribute('href'))")
    links.first.click()
    page.wait_for_function("() => document.querySelector('#list')?.children.length > 0")
    assert page.locator("h1").inner_text() == "EXPRESS report: big-9B zero-shot"
    for name in names[1:]:
        page.goto((site / name).as_uri())
        assert page.locator("h1").count() == 1


def test_names_are_text(site: Path, opened: Open) -> None:
    page = opened(site)
    assert page.locator("tbody script, tbody mask").count() == 0
    cell = page.locator("tbody th", has_text="owned").first
    assert cell.inner_text() == EVIL
    links = page.locator("tbody th a")
    assert {link.get_attribute("target") for link in links.all()} == {"_blank"}
    assert {link.get_attribute("rel") for link in links.all()} == {"noopener noreferrer"}


@pytest.mark.parametrize(("width", "scheme"), [(PHONE, "light"), (PHONE, "dark"), (800, "light")])
def test_no_width_makes_the_page_scroll_sideways(
    width: int, scheme: str, site: Path, opened: Open
) -> None:
    page = opened(site, width, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if width != PHONE:
        return
    # A row is a card: name first, every figure under its own name, all within the screen.
    card = page.locator("tbody tr").first
    assert card.evaluate("row => getComputedStyle(row).display") == "grid"
    for cell in card.locator("th, td").all():
        box = cell.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    name = card.locator('[data-key="model"]').bounding_box()
    assert name["y"] <= min(cell.bounding_box()["y"] for cell in card.locator("td").all())
    shown = "cell => getComputedStyle(cell, '::before').content"
    assert card.locator('[data-key="vector_f1"]').evaluate(shown) == '"F1"'


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_table_that_goes_on_says_so_and_keeps_its_first_columns(
    scheme: str, site: Path, opened: Open
) -> None:
    page = opened(site, 1100, color_scheme=scheme)
    name = "Table: made, split test (revised)"
    box = page.get_by_role("region", name=name, exact=True).first
    assert box.get_attribute("tabindex") == "0"
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    # The report is seen without scrolling, right beside the model.
    heads = box.locator("thead th").evaluate_all("heads => heads.map(head => head.dataset.head)")
    keys = "cells => cells.map(cell => cell.dataset.key)"
    assert box.locator("tbody tr").first.locator("th, td").evaluate_all(keys) == heads
    assert heads[:3] == ["rank", "model", "report"]
    frame = box.bounding_box()
    link = box.get_by_role("link", name="Report of").first.bounding_box()
    assert link["x"] + link["width"] < frame["x"] + frame["width"]
    # Covers that go with the cells hide a shadow at each end.
    drawn = box.evaluate(
        "box => ['backgroundImage', 'backgroundAttachment', 'backgroundPositionX']"
        ".map(name => getComputedStyle(box)[name])"
    )
    assert drawn[0].count("linear-gradient") == 4
    assert drawn[1] == "local, local, scroll, scroll"
    box.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.activeElement.scrollLeft > 60")
    held = 0.0
    for key in ("rank", "model"):
        cells = box.locator(f'[data-key="{key}"], [data-head="{key}"]')
        assert cells.count() == 1 + box.locator("tbody tr").count()
        places = [cell.bounding_box() for cell in cells.all()]
        assert {place["x"] for place in places} == {frame["x"] + held}
        held += places[0]["width"]
    # The shadow begins where the columns that stay end.
    assert drawn[2].split(", ")[2] == f"{held:g}px"


def test_the_keyboard_reaches_everything(site: Path, opened: Open) -> None:
    page = opened(site)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Go to the tables"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "tables"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "panel"
    page.keyboard.press("ArrowDown")
    assert page.get_by_role("heading", name="made, split test (paper)").count() == 2
    page.keyboard.press("ArrowUp")
    head = page.get_by_role("button", name="Size", exact=True).first
    for _ in range(20):
        page.keyboard.press("Tab")
        if head.evaluate("button => button === document.activeElement"):
            break
    page.keyboard.press("Enter")
    assert sort_of(page, "size") == "ascending"
    assert head.evaluate("button => getComputedStyle(button).outlineStyle") == "solid"
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    page.get_by_label("Search").focus()
    page.keyboard.type("small")
    page.keyboard.press("Enter")
    assert models(page) == ["org/small-135M"]


def test_without_javascript_all_tables_are_there(site: Path, opened: Open) -> None:
    page = opened(site, java_script_enabled=False)
    assert page.locator("table.board:visible").count() == 4
    assert page.locator("table.board tbody tr:visible").count() == 12
    assert page.locator(".scripted:visible").count() == 0
    assert page.locator("thead button").count() == 0


def test_print_shows_both_protocols_and_no_controls(site: Path, opened: Open) -> None:
    page = opened(site)
    page.emulate_media(media="print")
    assert page.locator("table.board:visible").count() == 4
    assert page.locator("#filters:visible").count() == 0
