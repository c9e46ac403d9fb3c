"""What a reader sees first: the bar, the ladder, what goes wrong most, and in whose words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from support.report_files import row, rows, write_file, write_sample_run

from express_cards.reports.examples import unpack
from express_cards.reports.report import report
from express_cards.reports.sheet import read_sheet
from express_cards.reports.view import view
from express_cards.words import LADDER
from express_metric.analysis.ladder import RUNGS
from express_metric.analysis.resampling import Resampling

FEW = Resampling(draws=100)


def seen(folder: Path, lines: list[dict[str, Any]]) -> dict[str, Any]:
    return view(read_sheet([write_file(folder / "a.jsonl", lines)], "nrc"), FEW)


def many(label: str, answer: str, number: int, begin: int = 0) -> list[dict[str, Any]]:
    """Rows in which one word is answered with another."""
    return [
        row(f"Day {n}: I was <mask> then.", [label], f'["{answer}"]', n)
        for n in range(begin, begin + number)
    ]


def test_every_rung_has_words() -> None:
    assert tuple(LADDER) == RUNGS
    assert len({rung.sign for rung in LADDER.values()}) == len(RUNGS)


def test_the_ladder_counts_every_hidden_word(tmp_path: Path) -> None:
    found = seen(tmp_path, rows())
    counts = {one["name"]: int(one["cells"][0]["count"]) for one in found["ladder"]}
    assert sum(counts.values()) == sum(len(line["references"]) for line in rows())
    assert counts["reversed"] == 13  # sad, answered with proud; terrified, with bold
    bar = found["panels"][0]["bar"]
    assert re.findall('data-kind="([a-z]+)"', bar) == list(counts)
    widths = [float(width) for width in re.findall(r'<rect x="[\d.]+%" width="([\d.]+)%', bar)]
    assert sum(widths) == pytest.approx(100, abs=0.01)


def test_what_goes_wrong_most_is_sorted_by_hidden_words_and_has_examples(tmp_path: Path) -> None:
    lines = [
        *many("happy", "sad", 25),
        *many("happy", "happy", 15, 100),
        *many("terrified", "sad", 40, 200),
    ]
    wrongs = seen(tmp_path, lines)["panels"][0]["wrongs"]
    assert [one.masks for one in wrongs] == sorted((one.masks for one in wrongs), reverse=True)
    titles = [one.title for one in wrongs]
    assert titles[0] == "It says \u201csad\u201d too often"
    assert "It takes good feelings for bad ones" in titles
    turned = wrongs[titles.index("It takes good feelings for bad ones")]
    assert turned.pick == {"kind": "good-to-bad"}
    assert turned.told.startswith("Of 40 good feelings that can be compared, 62.5% were answered")
    assert (turned.excerpt.person, turned.excerpt.model) == ("happy", "sad")
    quoted = [one.excerpt.before for one in wrongs if one.excerpt]
    assert len(set(quoted)) == len(quoted) == 3, "a post is quoted once"


def test_good_for_bad_and_bad_for_good_are_told_apart(tmp_path: Path) -> None:
    lines = [
        *many("happy", "sad", 30),
        *many("sad", "sad", 30, 100),
        *many("sad", "happy", 10, 200),
    ]
    found = seen(tmp_path, lines)
    line = found["panels"][0]["tone"]
    assert re.fullmatch(
        r"100\.0% of good feelings are taken for bad ones \(likely .*\), "
        r"25\.0% of bad feelings are taken for good ones \(likely .*\)\.",
        line,
    )
    kinds = dict(found["kinds"])
    assert {"good-to-bad", "bad-to-good"} <= set(kinds)
    assert "flipped" not in kinds


def test_where_nothing_can_be_said_nothing_is_said(tmp_path: Path) -> None:
    found = seen(tmp_path, many("sad", "sad", 5))
    assert found["panels"][0]["wrongs"] == []
    assert "Nothing stands out" in page(tmp_path, many("sad", "sad", 5))


def test_of_several_runs_the_first_screen_says_what_each_gets_wrong_most(tmp_path: Path) -> None:
    """In words beside each bar: the examples of the first run alone fill the next screen."""
    answers = ("sad", "sad"), ("happy", "proud")
    lines = [many("happy", a, 40) + many("sad", b, 50, 50) for a, b in answers]
    files = [write_file(tmp_path / f"{n}.jsonl", each) for n, each in enumerate(lines)]
    panels = view(read_sheet(files, "nrc"), FEW)["panels"]
    titles = [panel["wrongs"][0].title for panel in panels]
    assert titles[0] != titles[1]
    whole = report(files, tmp_path / "both.html", "nrc").read_text("utf-8")
    beside = re.findall(r'<p class="tone">What goes wrong most: (it [^.]+)\.', whole)
    assert beside == [title.replace("It", "it", 1) for title in titles]


def page(folder: Path, lines: list[dict[str, Any]]) -> str:
    path = report([write_file(folder / "b.jsonl", lines)], folder / "page.html", "nrc")
    return path.read_text("utf-8")


def test_before_the_figures_no_word_of_the_trade_is_said(tmp_path: Path) -> None:
    whole = page(tmp_path, rows())
    first = whole[whole.index("<main>") : whole.index('aria-labelledby="figures"')]
    said = re.sub("<[^>]*>", " ", re.sub(' class="[^"]*"', "", first))
    assert f"to name the {sum(len(line['references']) for line in rows())} hidden words." in said
    assert not re.search(r"\b(masks?|segments?|vectors?|lexicon|tokens?)\b", said, re.IGNORECASE)


def test_real_posts_have_a_notice_and_invented_ones_have_none(tmp_path: Path) -> None:
    assert page(tmp_path, rows()).count('class="warning"') == 2
    run = write_sample_run(tmp_path / "mine", ['["sad"]'] * 20)
    invented = report([run], tmp_path / "run.html").read_text("utf-8")
    assert 'class="warning"' not in invented


def test_copies_are_one_example_that_tells_so(tmp_path: Path) -> None:
    lines = [row("I am <mask>.", ["sad"], '["sad"]', n) for n in range(4)]
    lines.append(row("I am <mask>.", ["sad"], '["mad"]', 4))  # answered otherwise: no copy
    packed = unpack(seen(tmp_path, lines)["packed"].data)
    assert packed["copies"] == [4, 1]
    assert packed["ids"] == ["x0", "x4"]


def test_posts_are_shown_as_people_read_them(tmp_path: Path) -> None:
    text = "Tom &amp;amp; I&#x200B;: we\u200b typed &lt;mask&gt; &amp; felt <mask>."
    packed = unpack(seen(tmp_path, [row(text, ["sad"], '["sad"]')])["packed"].data)
    assert packed["texts"] == ["Tom & I: we typed (mask) & felt <mask>."]


def test_emotions_have_their_words(tmp_path: Path) -> None:
    lines = [
        *many("sad", "happy", 3),
        *many("lonely", "sad", 2, 10),
        *many("happy", "happy", 1, 20),
    ]
    feelings = {one["name"]: one for one in seen(tmp_path, lines)["panels"][0]["feelings"]}
    assert feelings["sadness"]["masks"] == 5
    assert feelings["sadness"]["cells"] == ["0.0%", "60.0%"]
    assert feelings["sadness"]["words"][0] == ("sad", "3", "0.0%", "100.0%", "happy (3)")
    assert feelings["sadness"]["words"][1][0] == "lonely"
    assert feelings["joy"]["words"] == [("happy", "1", "100.0%", "0.0%", "happy (1)")]
