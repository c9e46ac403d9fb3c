"""The leaderboard: what may share a table, ranks that admit ties, and what nobody may slip in."""

from __future__ import annotations

import dataclasses
import json
import math
import random
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, cast

import pytest
from huggingface_hub import SpaceCard
from hypothesis import given
from hypothesis import strategies as st
from support.made_runs import answers, labels, write_run
from support.report_files import write_file, write_sample_run

from express_cards.comparison.runs import load_runs
from express_cards.reports.examples import unpack
from express_cards.spaces.leaderboard.page import COLUMNS, view
from express_cards.spaces.leaderboard.rows import (
    RANKED_BY,
    Entry,
    entry_of,
    group,
    hub_address,
    rank_ranges,
)
from express_cards.spaces.leaderboard.site import stage
from express_cards.spaces.options import SpaceOptions
from express_dataset.sources import load
from express_metric.analysis.intervals import Interval
from express_metric.analysis.resampling import Resampling
from express_metric.analysis.significance import check_comparable, intervals
from express_metric.errors import MetricError
from express_metric.scoring import FIGURES, count
from express_metric.signature import Signature
from express_runners.errors import RunError

FEW = Resampling(draws=500)
OTHER_DATA = {"dataset": {"signature": "made@2", "split": "test"}}
EVIL = "<script>alert(1)</script> \"q\" 'p' <mask> \u05e9\u05dc\u05d5\u05dd \U0001f622 a&amp;b"

Board = dict[str, Any]


def made(folder: Path, model: str, accuracy: float, **options: Any) -> Path:
    """A run that names this share of the words."""
    rows = options.pop("references", labels())
    asked = options.pop("family", "causal"), options.pop("setting", "zero-shot")
    return write_run(folder, model, *asked, answers(rows, accuracy), references=rows, **options)


def entry(folder: Path) -> Entry:
    """The run as the leaderboard keeps it."""
    return entry_of(load_runs([folder])[0], FEW)


def staged(out: Path, *runs: Path, **options: Any) -> Board:
    """Write the leaderboard and return what it says to machines."""
    stage(out, SpaceOptions("leaderboard", runs=list(runs), **options))
    return cast(Board, json.loads((out / "results.json").read_text("utf-8")))


class Text(HTMLParser):
    """A page's tags, the text of its rows, and all text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[str] = []
        self.text = ""
        self.code = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.code = tag in ("script", "style")
        if tag == "tr":
            self.rows.append("")

    def handle_endtag(self, tag: str) -> None:
        self.code = False

    def handle_data(self, data: str) -> None:
        if self.code:
            return
        self.text += data
        if self.rows:
            self.rows[-1] += data


@pytest.fixture(scope="module")
def six(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Board]:
    """Six runs with two signatures, as a site."""
    root = tmp_path_factory.mktemp("six")
    runs = root / "runs"
    made(runs / "a", "org/large-9B", 0.90)
    made(runs / "b", "org/middle-2B", 0.88)
    made(runs / "c", "org/small-135M", 0.40)
    made(runs / "d", "org/large-9B", 0.55, asked=OTHER_DATA)
    made(runs / "e", "org/masked-base", 0.95, asked=OTHER_DATA, family="masked")
    made(runs / "f", "dummy:uniform", 0.70, family="dummy")
    return root / "site", staged(root / "site", runs)


def test_two_signatures_are_never_in_one_table(six: tuple[Path, Board]) -> None:
    tables = six[1]["tables"]
    assert [(t["protocol"], t["data"], len(t["rows"])) for t in tables] == [
        ("paper", "made@1", 4),
        ("paper", "made@2", 2),
        ("revised", "made@1", 4),
        ("revised", "made@2", 2),
    ]
    lines = [[Signature.parse(row["signature"]) for row in table["rows"]] for table in tables]
    for table in lines:
        for one in table:
            check_comparable(table[0], one, ("first", "other"))
    for place, table in enumerate(lines):
        for other in lines[place + 1 :]:
            with pytest.raises(MetricError, match="cannot be compared"):
                check_comparable(table[0], other[0], ("one", "other"))
    page = (six[0] / "index.html").read_text("utf-8")
    for part in page.split('<table class="board">')[1:]:
        cells = part.partition("</table>")[0]
        assert ("org/small-135M" in cells) is not ("org/masked-base" in cells)
    assert page.count('<table class="board">') == 4
    assert "Not to be compared with the first table: data is made@2 here and made@1 there." in page


def test_order_ranks_and_figures_of_constructed_runs(six: tuple[Path, Board]) -> None:
    rows = six[1]["tables"][2]["rows"]
    assert [(row["model"], row["ranks"][RANKED_BY]) for row in rows] == [
        ("org/large-9B", [1, 2]),
        ("org/middle-2B", [1, 2]),
        ("dummy:uniform", None),
        ("org/small-135M", [3, 3]),
    ]
    references = labels()
    for row, accuracy in zip(rows, (0.90, 0.88, 0.70, 0.40), strict=True):
        pairs = zip(references, answers(references, accuracy), strict=True)
        hits = [a == b for words, said in pairs for a, b in zip(words, said, strict=True)]
        share, found = sum(hits) / len(hits), row["figures"][RANKED_BY]
        assert found["value"] == pytest.approx(share, abs=1e-12)
        # The textbook's interval takes masks as independent, which these are.
        half = 1.96 * math.sqrt(share * (1 - share) / len(hits))
        assert found["low"] == pytest.approx(share - half, abs=0.01)
        assert found["high"] == pytest.approx(share + half, abs=0.01)


def test_intervals_are_those_of_the_metric(tmp_path: Path) -> None:
    folder = made(tmp_path / "a", "m", 0.6)
    run = load_runs([folder])[0]
    for protocol, found in entry(folder).figures.items():
        counts = count(run.references, run.readings[protocol], run.lexicon, protocol)
        assert found == intervals(counts, protocol, run.posts, FEW)
        assert list(found) == list(FIGURES)


SHARES = st.floats(0, 1, allow_nan=False)
INTERVALS = (
    st.tuples(SHARES, SHARES, SHARES)
    .map(sorted)
    .map(lambda ends: Interval(ends[1], ends[0], ends[2], "bca"))
)
UNKNOWN = st.sampled_from(
    [None, Interval(None, None, None, "none"), Interval(0.5, None, None, "none")]
)


@given(st.lists(st.one_of(INTERVALS, UNKNOWN), max_size=8), st.randoms(use_true_random=False))
def test_ranks_are_what_the_intervals_allow(
    found: list[Interval | None], shuffled: random.Random
) -> None:
    ranks = rank_ranges(found)
    known = [one for one in found if one is not None and one.value is not None]
    for one, rank in zip(found, ranks, strict=True):
        if one is None or one.value is None:
            assert rank is None
            continue
        assert rank is not None
        assert 1 <= rank[0] <= rank[1] <= len(known)
        # The place that the bare figures give is among those that are claimed.
        better = sum(other.value > one.value for other in known if other.value is not None)
        assert rank[0] <= better + 1 <= rank[1]
    order = list(range(len(found)))
    shuffled.shuffle(order)
    assert rank_ranges([found[place] for place in order]) == [ranks[place] for place in order]


def test_the_same_signature_for_other_examples_is_another_table(tmp_path: Path) -> None:
    one = entry(made(tmp_path / "a", "a", 0.5))
    other = entry(made(tmp_path / "b", "b", 0.5, references=labels(seed=1)))
    assert str(one.signatures["paper"]) == str(other.signatures["paper"])
    assert len(group([one, other], "paper")) == 2
    told = view([one, other], [], None)["panels"][0]["tables"][1]["apart"]
    assert "its examples have other ids or labels" in told


def test_the_order_of_lines_does_not_matter(tmp_path: Path) -> None:
    folder = made(tmp_path / "a", "a", 0.5)
    file = folder / "predictions.jsonl"
    before = entry(folder)
    file.write_text("".join(reversed(file.read_text("utf-8").splitlines(keepends=True))))
    assert entry(folder).examples == before.examples
    assert len(group([before, entry(folder)], "paper")) == 1


def test_answers_read_by_another_version_are_another_table(tmp_path: Path) -> None:
    runs = [made(tmp_path / name, name, 0.5) for name in "ab"]
    line = str(dataclasses.replace(entry(runs[0]).signatures["revised"], version="0.0.1"))
    scores = {"signature": line, **dict.fromkeys(FIGURES, 0.5)}
    (runs[0] / "scores.json").write_text(json.dumps({"paper": scores, "revised": scores}))
    tables = group([entry(run) for run in runs], "paper")
    assert {table.signature.version for table in tables} >= {"0.0.1"}
    assert [len(table.rows) for table in tables] == [1, 1]


def test_without_an_answer_a_figure_has_no_rank(tmp_path: Path) -> None:
    rows = labels()
    silent = write_run(tmp_path / "s", "silent", "causal", "cot", [None] * len(rows))
    table = group([entry(silent), entry(made(tmp_path / "a", "a", 0.5))], "paper")[0]
    last = table.rows[-1]
    assert (last.entry.model, last.figures["vector_f1"].value) == ("silent", None)
    assert last.ranks["vector_f1"] is None
    assert last.ranks[RANKED_BY] == (2, 2)
    assert table.rows[0].ranks["vector_f1"] == (1, 1)
    cells = view([last.entry], [], None)["panels"][1]["tables"][0]["rows"][0]
    assert cells["figures"]["vector_f1"]["text"] == "-"


NO_IDS = "javascript:alert(1)//a|https://evil.example/a|../etc/passwd|a/b/c|a/b?c|a/b#c|/a|a/|a b/c"


@pytest.mark.parametrize("name", [*NO_IDS.split("|"), "\u0430/b", "a/b\n", ""])
def test_only_hub_ids_become_links(name: str) -> None:
    assert hub_address(name, "causal") is None


def test_names_from_data_are_text(tmp_path: Path) -> None:
    folder = made(tmp_path / "runs" / "a", EVIL, 0.5, asked={"prompt": {"name": EVIL, "hash": "1"}})
    with pytest.raises(RunError, match="no run could be ranked"):
        staged(tmp_path / "x", folder)  # a prompt like this cannot stand in a signature
    folder = made(tmp_path / "b", EVIL, 0.5, family="<b>", asked={"decoding": {"name": "<i>&"}})
    made(tmp_path / "runs" / "c", "plain", 0.5)
    staged(tmp_path / "site", folder, tmp_path / "runs")
    page = Text((tmp_path / "site" / "index.html").read_text("utf-8"))
    assert sum(EVIL in row for row in page.rows) >= 2
    assert {tag for tag, _ in page.tags} & {"b", "i", "mask", "img"} == set()
    assert sum(tag == "script" for tag, _ in page.tags) == 2
    assert EVIL in page.text
    names = [file.relative_to(tmp_path / "site").as_posix() for file in _files(tmp_path / "site")]
    assert all(re.fullmatch(r"[a-zA-Z0-9./_-]+", name) for name in names)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_every_row_has_a_report_and_nothing_is_fetched(six: tuple[Path, Board]) -> None:
    site, board = six
    reports = [row["report"] for table in board["tables"][:2] for row in table["rows"]]
    assert sorted(reports) == [f"reports/{path.name}" for path in _files(site / "reports")]
    page = Text((site / "index.html").read_text("utf-8"))
    links = [attrs["href"] for tag, attrs in page.tags if tag == "a"]
    assert {link for link in links if link and link.startswith("reports/")} == set(reports)
    for tag, attrs in page.tags:
        assert tag not in ("link", "img", "iframe", "object", "base")
        assert "src" not in attrs
        assert not any(name.startswith("on") or name == "style" for name in attrs)
    outside = {link for link in links if link and "://" in link}
    assert outside == {
        "https://huggingface.co/org/large-9B",
        "https://huggingface.co/org/middle-2B",
        "https://huggingface.co/org/small-135M",
        "https://huggingface.co/org/masked-base",
    }


def test_no_path_of_this_machine_is_published(tmp_path: Path) -> None:
    source = write_posts(tmp_path / "posts.jsonl")
    folder = _run_on(source, tmp_path / "own")
    source.unlink()  # so that its report has to say what could not be found
    staged(tmp_path / "site", folder)
    for file in _files(tmp_path / "site"):
        assert str(tmp_path) not in file.read_text("utf-8"), file


def test_the_same_runs_give_the_same_site(tmp_path: Path) -> None:
    runs = [made(tmp_path / kind, "m", 0.5, asked={"dtype": kind}) for kind in ("half", "full")]
    for site in ("one", "two"):
        staged(tmp_path / site, *runs)
    one, two = (_files(tmp_path / site) for site in ("one", "two"))
    assert [file.name for file in one] == [file.name for file in two]
    assert [file.read_bytes() for file in one] == [file.read_bytes() for file in two]
    # Two runs that are named alike have a page each.
    assert len([file for file in one if file.parent.name == "reports"]) == 2


def test_posts_are_shown_only_where_they_are_our_own(tmp_path: Path) -> None:
    said = ['["sad"]'] * 12
    source = write_posts(tmp_path / "posts.jsonl")
    sample = write_sample_run(tmp_path / "sample", said)
    own = _run_on(source, tmp_path / "own")
    site = tmp_path / "site"
    board = staged(site, sample, own)
    reports = {row["model"]: row["report"] for table in board["tables"] for row in table["rows"]}
    ours, theirs = (_packed(site / reports[f"models/{name}"]) for name in ("sample", "own"))
    assert len(ours["texts"]) == 12
    assert theirs["texts"] is None
    assert "my sister" not in "".join(file.read_text("utf-8") for file in _files(site))
    assert "are not shown on a leaderboard" in (site / reports["models/own"]).read_text("utf-8")
    assert theirs["flags"] is not None


def write_posts(path: Path) -> Path:
    """A data set of one's own."""
    secret = "Nobody but my sister knows that I was <mask> on that day."
    rows = [
        {"id": f"x{n}", "post_id": f"p{n}", "text": f"{n} {secret}", "labels": ["sad"]}
        for n in range(40)
    ]
    return write_file(path, rows)


def _run_on(source: Path, folder: Path) -> Path:
    """A run on a file of one's own."""
    loaded = load(str(source), split="all")
    record = {
        "model": {"name": f"models/{folder.name}", "revision": "0" * 40, "family": "causal"},
        "dataset": {"name": loaded.name, "split": "all", "signature": loaded.data},
    }
    references = [list(example.labels) for example in loaded.examples]
    write_run(folder, "x", "causal", "cot", references, references=references, asked=record)
    run = json.loads((folder / "run.json").read_text("utf-8"))
    run["sessions"][0]["dataset"] = str(source)
    (folder / "run.json").write_text(json.dumps(run))
    lines = [json.loads(line) for line in (folder / "predictions.jsonl").open(encoding="utf-8")]
    for line, example in zip(lines, loaded.examples, strict=True):
        line |= {"id": example.id, "post_id": example.post_id}
    write_file(folder / "predictions.jsonl", lines)
    return folder


def _packed(report: Path) -> dict[str, Any]:
    (packed,) = re.findall(r'id="packed">([^<]*)<', report.read_text("utf-8"))
    return unpack(packed)


def test_an_unfinished_run_among_others_is_named_and_not_ranked(tmp_path: Path) -> None:
    made(tmp_path / "runs" / "whole", "m", 0.5)
    broken = made(tmp_path / "runs" / "broken", "m", 0.5)
    (broken / "predictions.jsonl").unlink()
    board = staged(tmp_path / "site", tmp_path / "runs")
    assert [one["name"] for one in board["refused"]] == ["broken"]
    assert board["refused"][0]["reason"].startswith("broken is no finished run (")
    assert len(board["tables"][0]["rows"]) == 1
    page = Text((tmp_path / "site" / "index.html").read_text("utf-8"))
    assert "broken is no finished run" in page.text


def _empty(tmp_path: Path) -> list[Path]:
    (tmp_path / "empty").mkdir()
    return [tmp_path / "empty"]


def _broken(tmp_path: Path) -> list[Path]:
    folder = made(tmp_path / "a", "m", 0.5)
    (folder / "predictions.jsonl").write_text("?\n")
    return [folder]


@pytest.mark.parametrize(
    ("runs", "sentence"),
    [
        (lambda _: [], "say what to rank: --runs FOLDER, --results ORG/NAME, or both"),
        (lambda root: [root / "nowhere"], "there is no such folder"),
        (_empty, "holds no run"),
        (_broken, "no run could be ranked: a/predictions.jsonl, line 1 is not JSON"),
    ],
)
def test_what_cannot_be_ranked_is_told_in_a_sentence(
    runs: Any, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(RunError, match=re.escape(sentence)):
        staged(tmp_path / "site", *runs(tmp_path))


def test_the_card_is_one_that_the_hub_reads(six: tuple[Path, Board]) -> None:
    card = SpaceCard.load(six[0] / "README.md")
    header = card.data.to_dict()
    assert (header["sdk"], header["app_file"]) == ("static", "index.html")
    assert len(header["short_description"]) <= 60
    assert "express results push runs/mine" in card.text
    for column in COLUMNS:
        assert column.meaning in Text((six[0] / "index.html").read_text("utf-8")).text
