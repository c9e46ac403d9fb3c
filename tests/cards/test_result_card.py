"""The card of a submission: its header, its figures, and text from data that stays text."""

from __future__ import annotations

import copy
import dataclasses
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt
from support.pushed_runs import make_runs

from express_cards import words
from express_cards.submissions.answers import Rules, read_answers
from express_cards.submissions.card import card_facts, result_card
from express_cards.submissions.strict import Refusal, read_header
from express_cards.submissions.submission import Submission, read_run
from express_dataset.reading.typed import as_json
from express_dataset.sources import load
from express_metric.parsing import PROTOCOLS
from express_metric.scoring import FIGURES
from express_runners.runs.reading import read_line
from express_runners.runs.record import parse_record

EVIL = "org/<script>alert(1)</script>|<mask>`x`](http://evil)\n# big"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_runs(tmp_path_factory.mktemp("runs"))["rank"]


@pytest.fixture
def submission(run: Path) -> Submission:
    return read_run(run, "org/mine", model="org/tiny", same_weights=True)


def changed(submission: Submission, run: dict[str, Any]) -> Submission:
    """The submission with another record."""
    return dataclasses.replace(submission, record=parse_record(run))


class Page(HTMLParser):
    """What a browser sees: the tags, the cells of each row, the text of headings, the links."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.rows: list[list[str]] = []
        self.heading: list[str] = []
        self.links: list[str | None] = []
        self._inside: list[str] = []
        self.feed(MarkdownIt("commonmark").enable("table").render(markdown))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._inside.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        elif tag == "h1":
            self.heading.append("")
        elif tag == "a":
            self.links.append(dict(attrs)["href"])

    def handle_endtag(self, tag: str) -> None:
        del self._inside[max(i for i, one in enumerate(self._inside) if one == tag) :]

    def handle_data(self, data: str) -> None:
        if {"td", "th"} & set(self._inside):
            self.rows[-1][-1] += data
        if "h1" in self._inside:
            self.heading[-1] += data


def body(card: str) -> str:
    """The Markdown below the header."""
    return card.split("\n---\n", 1)[1]


def test_the_header_tells_what_the_files_tell(submission: Submission, tmp_path: Path) -> None:
    card = result_card(submission)
    header = yaml.safe_load(card.split("---\n")[1])
    scores = submission.scores
    assert header["figures"]["rank"] == scores["rank"]
    for protocol in PROTOCOLS:
        assert header["figures"][protocol] == {name: scores[protocol][name] for name in FIGURES}
        assert header["signatures"][protocol] == scores[protocol]["signature"]
    assert (header["model"], header["split"]) == ("org/tiny", "test")
    assert isinstance(header["date"], str)
    file = tmp_path / "README.md"
    file.write_bytes(card.encode())
    assert read_header(file) == card_facts(submission)


def test_the_tables_show_the_figures_of_both_protocols(submission: Submission) -> None:
    page = Page(body(result_card(submission)))
    rows = {row[0]: row for row in page.rows}
    for name in FIGURES:
        _, paper, paper_interval, revised, revised_interval, meaning = rows[name]
        assert paper == words.percent(submission.scores["paper"][name])
        assert revised == words.percent(submission.scores["revised"][name])
        assert meaning == words.FIGURES[name]
        for value, interval in ((paper, paper_interval), (revised, revised_interval)):
            low, high = (
                float(end.rstrip("%")) for end in interval.removeprefix("~ ").split(" to ")
            )
            assert low <= float(value.rstrip("%")) <= high
    assert len({row[1] for row in page.rows if row[0] in FIGURES}) > 2  # real figures, not zeros
    assert rows["revision"][1] == submission.asked.model.revision
    text = " ".join(body(result_card(submission)).split())
    assert f"the mean of one over its place is {submission.scores['rank']['mrr']:.4f}." in text
    assert page.links == ["https://huggingface.co/org/tiny"]
    assert page.heading == ["org/tiny on EXPRESS"]


def test_the_same_submission_has_the_same_card(submission: Submission) -> None:
    assert result_card(submission) == result_card(copy.deepcopy(submission))


def test_reasons_are_counted(submission: Submission) -> None:
    for line in submission.lines[:2]:
        line["terms"]["revised"], line["reason"]["revised"] = None, "refusal"
    submission.scores["revised"]["invalid"] = {"refusal": 2}
    rows = {row[0]: row for row in Page(body(result_card(submission))).rows}
    assert rows["the model says that it will not or cannot answer"][1:] == ["0", "2"]


@pytest.mark.parametrize("home", [None, EVIL])
def test_text_from_data_is_never_markup(submission: Submission, home: str | None) -> None:
    plain = Page(body(result_card(submission)))
    run = as_json(submission.record)
    run["submission"]["model"] = home
    run["asked"]["model"] |= {"name": EVIL, "revision": EVIL, "family": "api", "server": EVIL}
    run["asked"]["dataset"] |= {"signature": EVIL, "split": "train"}
    run["asked"]["lexicon"] |= {"label": EVIL, "name": EVIL}
    run["asked"]["prompt"]["hash"] = EVIL
    run["asked"]["dtype"] = "```\n</code>"
    run["sessions"][-1] |= {"dataset": "```\n<b>", "versions": {"transformers": EVIL}}
    for protocol in PROTOCOLS:
        submission.scores[protocol]["signature"] = "```\n<i>x</i>"
    submission = changed(submission, run)
    card = result_card(submission)
    page = Page(body(card))
    assert set(page.tags) <= set(plain.tags)
    assert page.tags.count("h1") == 1
    assert page.links == []
    shown = " ".join(EVIL.split())
    assert page.heading == [f"{shown} on EXPRESS"]
    rows = {row[0]: row for row in page.rows}
    assert rows["revision"] == ["revision", shown]
    assert rows["transformers"] == ["transformers", shown]
    assert {len(row) for row in page.rows} == {len(row) for row in plain.rows}
    header = yaml.safe_load(card.split("\n---\n")[0].removeprefix("---\n"))
    assert header["model_revision"] == EVIL
    place = submission.path
    assert re.fullmatch(r"submissions/[\w.-]+/[\w.-]+", place)


@pytest.mark.parametrize(
    ("asked", "command"),
    [
        ({}, "--model org/tiny --dataset org/mine --decode rank --vocabulary train"),
        (
            {"model": {"name": "org/tiny", "revision": "abc", "family": "masked"}},
            "--model org/tiny@abc --dataset org/mine",
        ),
        (
            {"model": {"name": "gpt-x", "revision": "served", "family": "api"}},
            "--model api:gpt-x --dataset",
        ),
        (
            {"dataset": {"split": "train"}},
            "--model org/tiny --dataset org/mine --split train --decode",
        ),
    ],
)
def test_how_to_repeat_it(
    submission: Submission, asked: dict[str, dict[str, Any]], command: str
) -> None:
    run = as_json(submission.record)
    for part, values in asked.items():
        run["asked"][part] |= values
    card = result_card(changed(submission, run))
    line = next(line for line in card.splitlines() if line.startswith("express run"))
    assert line.startswith(f"express run {command}")


def test_a_run_as_published_is_repeated_as_published(submission: Submission) -> None:
    run = as_json(submission.record)
    budget = {"base": 256, "per_mask": 0, "unseen": 0}
    decoding = {"name": "free-256-whole", "kind": "free", "max_new_tokens": budget}
    shots = {"choice": "random", "per_prompt": 4, "masks": "same", "source": "all-others"}
    run["asked"] |= {"decoding": decoding}
    run["asked"]["prompt"] |= {"base": "few-shot", "shots": shots, "chat": False}
    card = result_card(changed(submission, run))
    (line,) = (line for line in card.splitlines() if line.startswith("express run"))
    assert "--max-new-tokens 256" in line
    assert "--shots 4 --shot-choice random --shot-masks same --shot-pool all-others" in line
    assert line.endswith("--whole-answers --no-chat-template")


def test_a_server_may_refuse_in_words(tmp_path: Path) -> None:
    """What it says then is never read for words; of a local model it is."""
    row = load("sample", split="test").examples[0]
    said = 'I will not say that it is ["sad"].'
    line = read_line(row, said, "eos", reason="refusal")
    line |= {"prompt_sha256": "0" * 16, "shots": [], "shots_dropped": 0, "new_tokens": 9}
    file = tmp_path / "predictions.jsonl"
    file.write_text(json.dumps(line | {"seconds": 0.1}) + "\n", "utf-8")
    assert read_answers(file, [row], Rules(served=True), "mine")
    with pytest.raises(Refusal, match=r"line 1: .* as the data and the completion give"):
        read_answers(file, [row], Rules(), "mine")


def test_limits_are_told(submission: Submission) -> None:
    assert "is the submitter's word" in result_card(submission)
    assert "The model chose from a closed vocabulary" in result_card(submission)
    run = as_json(submission.record)
    run["submission"] |= {"same_weights": False}
    run["asked"] |= {"quantize": "8bit"}
    run["asked"]["dataset"] |= {"name": "express-sample"}
    card = result_card(changed(submission, run))
    assert "is the submitter's word" not in card
    assert "The weights were quantized (8bit)" in card
    assert "The sample is invented test data" in card


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"# no header", "README.md has no YAML header"),
        (b"---\na: 1\n", "README.md has no YAML header"),
        (b"---\na: " + b"1" * 2**17 + b"\n---\n", "README.md has no YAML header"),
        (b"---\n\xff\n---\n", "README.md is not UTF-8 (byte 4)"),
        (b"---\na: [\n---\n", "README.md: the header is not YAML"),
        (b"---\na: &x [1]\nb: *x\n---\n", "README.md: the header holds a YAML alias"),
        (b"---\na: {b: 1, c: 2, b: 3}\n---\n", "README.md: in the header the key 'b' stands twice"),
        (b"---\na: [{b: 1, b: 1}]\n---\n", "README.md: in the header the key 'b' stands twice"),
        (b"---\na: !!python/object:os.system 1\n---\n", "README.md: the header is not YAML"),
        (b"---\n" + b"[" * 5000 + b"\n---\n", "README.md: the header is no"),
        (b"---\na: 2026-99-99\n---\n", "README.md: the header is no YAML that can be read"),
    ],
)
def test_a_strange_header_is_refused(tmp_path: Path, text: bytes, reason: str) -> None:
    file = tmp_path / "README.md"
    file.write_bytes(text)
    with pytest.raises(Refusal) as caught:
        read_header(file)
    assert str(caught.value).startswith(reason)
