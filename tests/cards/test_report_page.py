"""The page of a run: what it says, what it refuses, and that nothing from data is active."""

from __future__ import annotations

import base64
import csv
import hashlib
import html
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from support.report_files import NASTY, NASTY_ANSWER, row, rows, write_file, write_sample_run

from express_cards.reports.examples import unpack
from express_cards.reports.report import page_of, report, write_report
from express_cards.reports.sheet import read_sheet
from express_cards.reports.view import view
from express_dataset.sources import load
from express_metric import MetricError
from express_metric.analysis.ladder import RUNGS
from express_metric.analysis.resampling import Resampling
from express_runners.errors import RunError
from express_runners.runs.finished import FinishedRun

FEW = Resampling(draws=200)


class Page(HTMLParser):
    """A page as a browser takes it apart."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.blocks: list[tuple[dict[str, str | None], str]] = []
        self.text = ""
        self.open: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self.open = tag
            self.blocks.append(({"tag": tag, **dict(attrs)}, ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == self.open:
            self.open = None

    def handle_data(self, data: str) -> None:
        if self.open:
            self.blocks[-1] = (self.blocks[-1][0], self.blocks[-1][1] + data)
        else:
            self.text += data

    @property
    def policy(self) -> str:
        """The content security policy."""
        return next(a["content"] or "" for t, a in self.tags if t == "meta" and "http-equiv" in a)

    @property
    def packed(self) -> dict[str, Any]:
        """The examples that the page carries."""
        return unpack(next(text for attrs, text in self.blocks if attrs.get("id") == "packed"))


def page(folder: Path, lines: list[dict[str, Any]], name: str = "results") -> Page:
    file = write_file(folder / f"{name}.jsonl", lines)
    return Page(report([file], folder / "page.html", "nrc").read_text("utf-8"))


def test_nothing_from_data_becomes_markup(tmp_path: Path) -> None:
    shown = page(tmp_path, rows(), "<img src=x onerror=alert(3)>")
    plain = page(tmp_path, [line for line in rows() if line["text"] != NASTY], "plain")
    # The nasty words add rows to tables and cells to drawings, but no kind of element.
    assert {tag for tag, _ in shown.tags} == {tag for tag, _ in plain.tags}
    assert not [name for _, attrs in shown.tags for name in attrs if name.startswith("on")]
    assert "EXPRESS report: <img src=x onerror=alert(3)>" in shown.text
    place = shown.packed["ids"].index("x58")
    # As people read it: entities are the marks that they stand for.
    assert shown.packed["texts"][place] == html.unescape(NASTY)
    assert shown.packed["runs"][0]["completions"][place] == NASTY_ANSWER


def test_the_policy_admits_the_pages_own_scripts_and_no_request(tmp_path: Path) -> None:
    shown = page(tmp_path, rows())
    rules = dict(rule.split(" ", 1) for rule in shown.policy.split("; "))
    active = [(a, text) for a, text in shown.blocks if a.get("type") != "text/plain"]
    assert [attrs["tag"] for attrs, _ in active] == ["style", "script", "script"]
    for attrs, text in active:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in rules[f"{attrs['tag']}-src"]
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert "connect-src" not in rules
    # A style attribute would need the policy loosened; an address would be a request.
    assert not [tag for tag, attrs in shown.tags if {"style", "src"} & set(attrs)]
    ids = {f"#{a['id']}" for _, a in shown.tags if "id" in a}
    assert {a["href"] for _, a in shown.tags if "href" in a} <= ids


@pytest.mark.parametrize(
    ("label", "completion", "kind", "reason"),
    [
        ("sad", '["sad"]', "same", None),
        ("sad", '["Sad"]', "same", None),
        ("furious", '["angry"]', "synonym", None),
        ("sad", '["terrified"]', "tone", None),
        ("sad", '["calm"]', "reversed", None),
        ("sad", '["zzz"]', "unknown", None),
        ("sad", '["sad", "mad"]', "none", "wrong-count"),
        ("sad", "I cannot tell.", "none", "refusal"),
        ("sad", "", "none", "empty"),
    ],
)
def test_each_answer_has_its_kind(
    label: str, completion: str, kind: str, reason: str | None, tmp_path: Path
) -> None:
    run = page(tmp_path, [row("I am <mask>.", [label], completion)]).packed["runs"][0]
    assert run["rungs"] == [str(RUNGS.index(kind))]
    assert run["reasons"] == [reason]


def test_flags_and_levels_are_packed(tmp_path: Path) -> None:
    packed = page(tmp_path, rows()).packed
    assert packed["flags"][:5] == [[0], [0], [1], [2], [0, 0]]
    levels = dict(zip(packed["words"], packed["levels"], strict=True))
    assert levels["furious"][1] > levels["angry"][1]
    assert levels["<b>bold</b>"] is None if "<b>bold</b>" in levels else True


def test_a_file_without_texts_says_so(tmp_path: Path) -> None:
    lines = [{"references": ["sad"], "completion": '["sad"]'}] * 12
    shown = page(tmp_path, lines)
    assert "texts of the posts cannot be shown" in shown.text
    assert shown.packed["texts"] is None
    assert shown.packed["labels"] == [[0]] * 12


def test_texts_of_a_folder_come_from_its_data(tmp_path: Path) -> None:
    folder = write_sample_run(tmp_path / "mine", ['["sad"]'] * 12)
    shown = Page(report([folder], tmp_path / "page.html").read_text("utf-8"))
    assert shown.packed["texts"] == [example.text for example in load("sample").examples[:12]]
    assert "NOT the EXPRESS data" in shown.text
    assert "in the train split" in shown.text


@pytest.mark.parametrize("source", ["no-such-file.jsonl", "changed"])
def test_a_folder_whose_data_is_gone_still_shows_labels(source: str, tmp_path: Path) -> None:
    if source == "changed":
        source = str(write_file(tmp_path / "other.jsonl", OTHER))
    folder = write_sample_run(tmp_path / "mine", ['["sad"]'] * 12, source=source)
    shown = Page(report([folder], tmp_path / "page.html").read_text("utf-8"))
    assert "texts of the posts cannot be shown" in shown.text
    assert shown.packed["texts"] is None
    assert len(shown.packed["labels"]) == 12


OTHER = [
    {"id": f"o{n}", "post_id": f"o{n}", "text": f"Number {n}: I am <mask>.", "labels": ["sad"]}
    for n in range(60)
]


def test_runs_in_another_order_are_put_side_by_side(tmp_path: Path) -> None:
    written = [f"Nothing to say about number {n}." for n in range(12)]
    first = write_sample_run(tmp_path / "first", ['["sad"]'] * 12)
    second = write_sample_run(tmp_path / "second", written, turned=True)
    shown = Page(report([first, second], tmp_path / "page.html").read_text("utf-8"))
    assert shown.packed["runs"][1]["completions"] == written
    assert [run["name"] for run in shown.packed["runs"]] == ["first zero-shot", "second zero-shot"]
    assert "Against first zero-shot" in shown.text
    assert "What the paper found" in shown.text


def several(folder: Path, number: int) -> list[Path]:
    return [write_file(folder / f"{n}.jsonl", rows()) for n in range(number)]


def other_examples(folder: Path) -> list[Path]:
    lines = [row("I am <mask>.", ["proud"], '["sad"]', n) for n in range(60)]
    return [*several(folder, 1), write_file(folder / "other.jsonl", lines)]


def unfinished(folder: Path) -> list[Path]:
    (folder / "half").mkdir()
    return [folder / "half"]


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda folder: [], RunError, "no run is given"),
        (lambda folder: several(folder, 7), RunError, "7 runs .* at most 6"),
        (other_examples, MetricError, "0 and other cannot be compared"),
        (unfinished, RunError, "half is no finished run"),
        (lambda folder: [folder / "no.csv"], MetricError, "no.csv: there is no such file"),
    ],
)
def test_what_cannot_be_shown_is_refused(
    make: Any, error: type[ValueError], said: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=said):
        report(make(tmp_path), tmp_path / "page.html", "nrc")
    assert not (tmp_path / "page.html").exists()


def test_a_page_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    file = several(tmp_path, 1)
    with pytest.raises(RunError, match="is a folder: give the name of a file"):
        report(file, tmp_path, "nrc")
    with pytest.raises(RunError, match="cannot be written"):
        report(file, file[0] / "page.html", "nrc")


def test_the_same_run_gives_the_same_page(tmp_path: Path) -> None:
    sheet = read_sheet(several(tmp_path, 2), "nrc")
    assert page_of(sheet) == page_of(sheet)


def test_a_low_valid_rate_is_explained(tmp_path: Path) -> None:
    bad = [row("I am <mask>.", ["sad"], "Who knows.", n) for n in range(12)]
    shown = page(tmp_path, bad)
    assert "12 of 12 answers could not be scored" in shown.text
    good = [row("I am <mask>.", ["sad"], '["sad"]', n) for n in range(12)]
    assert "could not be scored (" not in page(tmp_path, good).text


def test_many_runs_that_miss_the_form_share_one_warning(tmp_path: Path) -> None:
    bad = [row("I am <mask>.", ["sad"], "Who knows.", n) for n in range(12)]
    good = [row("I am <mask>.", ["sad"], '["sad"]', n) for n in range(12)]
    files = [
        write_file(tmp_path / f"{name}.jsonl", lines)
        for name, lines in (("a", bad), ("b", good), ("c", bad))
    ]
    notes = view(read_sheet(files, "nrc"), FEW)["notes"]
    (told,) = [note for note in notes if "could not be scored" in note]
    assert "could not be scored: a 12 of 12, c 12 of 12. They" in told


def test_drawings_are_well_formed_and_say_the_words(tmp_path: Path) -> None:
    found = view(read_sheet(several(tmp_path, 2), "nrc"), FEW)
    figures = [
        *found["overview"],
        *found["groups"],
        *(f for p in found["panels"] for f in p["figures"]),
    ]
    assert len({figure.key for figure in figures}) == len(figures)
    for figure in figures:
        drawing = ElementTree.fromstring(figure.svg)
        assert drawing.get("viewBox", "").startswith("0 0 340 ")
        assert all(len(line) == len(figure.header) for line in figure.rows)
    overuse = next(figure for figure in figures if figure.key == "overuse-1")
    assert overuse.rows[0][:3] == ("angry", "0", "12")
    intensity = next(figure for figure in figures if figure.key == "intensity-1")
    assert ("furious", "angry", "12") in intensity.rows


def test_a_run_without_any_answer_has_a_page(tmp_path: Path) -> None:
    lines = [row("<mask>", ["sad"], "")]
    found = view(read_sheet([write_file(tmp_path / "a.jsonl", lines)], "nrc"), FEW)
    assert "No answer could be scored" in page(tmp_path, lines).text
    assert found["panels"][0]["figures"] == []
    assert found["panels"][0]["invalid"] == [
        ("empty", "1", "no answer, a blank one, or an empty list")
    ]


def test_figures_of_the_reference(reference: Path) -> None:
    sheet = read_sheet([reference / "gpt4o_predictions.csv"])
    found = view(sheet, FEW)
    ladder = {row["name"]: row["cells"][0]["count"] for row in found["ladder"]}
    assert {name: ladder[name] for name in ("synonym", "tone", "nothing", "reversed")} == {
        "synonym": "128",
        "tone": "96",
        "nothing": "7",
        "reversed": "51",
    }
    assert found["panels"][0]["tone"].startswith("17.9% of good feelings are taken for bad ones")
    assert "7.2% of the hidden words" in found["story"][0]
    overuse = next(f for f in found["panels"][0]["figures"] if f.key == "overuse-1")
    over = {line[0] for line in overuse.rows if line[5] == "too often"}
    assert {"desperate", "insecure", "overwhelmed", "lonely"} <= over
    assert found["packed"].width is None
    with (reference / "gpt4o_predictions.csv").open(encoding="utf-8", newline="") as file:
        posts = {line["original_ids"] for line in csv.DictReader(file)}
    # The ids of posts on Reddit stay out of the page.
    assert not posts & set(sheet.ids)
    assert not [post for post in posts if post in str(found["about"])]


def test_a_page_is_written_into_a_runs_folder(tmp_path: Path) -> None:
    folder = write_sample_run(tmp_path / "mine", ['["sad"]'] * 12)
    path = write_report(FinishedRun.read(folder))
    assert path == folder / "report.html"
    assert len(Page(path.read_text("utf-8")).packed["texts"]) == 12


def test_the_command(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "express_runners.cli", "report"]
    files = several(tmp_path, 2)
    done = subprocess.run(
        [*words, *files, "--out", tmp_path / "new" / "page.html", "--lexicon", "nrc"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r".*new/page\.html  open it in a browser\n", done.stdout)
    failed = subprocess.run(
        [*words, "no.csv", "--out", "page.html"], capture_output=True, text=True
    )
    assert failed.returncode == 2
    assert failed.stderr == "error: no.csv: there is no such file\n"
