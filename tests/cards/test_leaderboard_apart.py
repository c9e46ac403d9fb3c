"""What a leaderboard keeps apart, counts once, leaves out, and does not claim."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.made_runs import EXAMPLES, answers, labels, write_run

from express_cards.spaces.leaderboard.page import leader
from express_cards.spaces.leaderboard.rows import FLOOR, RANKED_BY, Entry, Group, Row, kind
from express_cards.spaces.leaderboard.site import stage
from express_cards.spaces.options import SpaceOptions
from express_metric.analysis.intervals import Interval
from express_metric.scoring import FIGURES
from express_metric.signature import Signature
from express_runners.errors import RunError
from express_runners.runs.finished import FinishedRun

Board = dict[str, Any]


def made(folder: Path, model: str, accuracy: float, decode: str = "free", /, **asked: Any) -> Path:
    """A run that names this share of the words."""
    family = FLOOR if model.startswith("dummy:") else "causal"
    record = {"decoding": {"name": decode}, **asked}
    return write_run(folder, model, family, "cot", answers(labels(), accuracy), asked=record)


def staged(out: Path, *runs: Path) -> Board:
    """Write the leaderboard and return what it says to machines."""
    stage(out, SpaceOptions("leaderboard", runs=list(runs)))
    board: Board = json.loads((out / "results.json").read_text("utf-8"))
    return board


def tables(board: Board) -> list[tuple[str, list[str]]]:
    """The revised tables: the kind of decoding and the models, best first."""
    found = [table for table in board["tables"] if table["protocol"] == "revised"]
    return [(table["decoding"], [row["model"] for row in table["rows"]]) for table in found]


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Board]:
    """Free answers, rankings of two lists, and a floor; the rankings are more, and better."""
    root = tmp_path_factory.mktemp("kinds")
    made(root / "runs" / "a", "writes", 0.5)
    made(root / "runs" / "b", "served", 0.3, "free-default-temperature")
    made(root / "runs" / "c", "ranks", 0.9, "rank-36@1a2b")
    made(root / "runs" / "d", "masked", 0.8, "rank-36@1a2b-pll")
    made(root / "runs" / "e", "first", 0.7, "rank-36@1a2b-first")
    made(root / "runs" / "f", "few", 0.95, "rank-9@1a2b")
    made(root / "runs" / "g", "dummy:uniform", 0.1, "dummy-uniform")
    return root / "site", staged(root / "site", root / "runs")


def test_rankings_stand_in_tables_of_their_own(kinds: tuple[Path, Board]) -> None:
    floor = "dummy:uniform"
    assert tables(kinds[1]) == [
        ("free", ["writes", "served", floor]),
        ("rank-36@1a2b", ["ranks", "masked", "first", floor]),
        ("rank-9@1a2b", ["few", floor]),
    ]
    assert [row["ranks"][RANKED_BY] for row in kinds[1]["tables"][0]["rows"]] == [
        [1, 1],
        [2, 2],
        None,
    ]
    for table in kinds[1]["tables"]:
        signature = Signature.parse(table["signature"])
        assert (signature.decode, signature.prompt) == (table["decoding"], "any")


def test_a_table_of_rankings_is_named_as_such(kinds: tuple[Path, Board]) -> None:
    page = (kinds[0] / "index.html").read_text("utf-8")
    heads = re.findall(r'<h3 id="revised-\d"><bdi>(.*?)</bdi>', page)
    assert heads == [
        "made, split test",
        "made, split test, ranking of 36 given words",
        "made, split test, ranking of 9 given words",
    ]
    apart = re.findall(r"Not to be compared with the first table: (.*?)</bdi>", page)
    assert apart == 2 * [
        "decode is rank-36@1a2b here and free there.",
        "decode is rank-9@1a2b here and free there.",
    ]
    # Said of the four tables of rankings alone.
    assert page.count("The models did not write words of their own") == 4


@pytest.mark.parametrize(
    ("decode", "wanted"),
    [
        ("rank-36@1a2b-first", "rank-36@1a2b"),
        ("ranked", "free"),
        ("free-rank-9@1", "free"),
        ("dummy-most-frequent", "free"),
        ("unknown", "free"),
    ],
)
def test_the_kind_of_a_decoding(decode: str, wanted: str) -> None:
    assert kind(decode) == wanted


def row(model: str, value: float, low: float, rank: tuple[int, int] | None = (1, 1)) -> Row:
    """A row with this share of the words; without a rank, a floor."""
    found = {RANKED_BY: Interval(value, low, min(1.0, 2 * value - low), "bca")}
    family = None if rank else FLOOR
    entry = Entry(model, family, None, "cot", "", None, "", "", 1, 1, {}, {})
    return Row(entry, found, {RANKED_BY: rank})


MOST = "names the person's own word most often"
EQUALLY = "name the person's own word equally often, 50.0%: none leads alone."
NO_BETTER = "No run is clearly better than a floor, which names the person's own word in "
FLOOR_ROW = row("dummy:uniform", 0.35, 0.3, None)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (
            [row("a", 0.5, 0.4), FLOOR_ROW, row("b", 0.3, 0.2, (2, 2))],
            f"a (cot) {MOST}, 50.0%, clearly ahead of all others.",
        ),
        (
            [row("a", 0.5, 0.36, (1, 2)), row("b", 0.4, 0.3, (1, 2)), FLOOR_ROW],
            f"a (cot) {MOST}, 50.0%, but the intervals of 1 other run reach into its own.",
        ),
        (
            [row("a", 0.5, 0.35, (1, 2)), row("b", 0.4, 0.3, (1, 2)), FLOOR_ROW],
            f"{NO_BETTER}35.0% of cases without reading: the best is a (cot), 50.0%.",
        ),
        (
            [FLOOR_ROW, row("a", 0.2, 0.1, (1, 2)), row("b", 0.1, 0.0, (1, 2))],
            f"{NO_BETTER}35.0% of cases without reading: the best is a (cot), 20.0%.",
        ),
        (
            [row("a", 0.5, 0.4, (1, 2)), row("b", 0.5, 0.4, (1, 2))],
            f"a (cot) and b (cot) {EQUALLY}",
        ),
        (
            [row(name, 0.5, 0.4, (1, 4)) for name in "abcd"],
            f"a (cot), b (cot) and 2 other runs {EQUALLY}",
        ),
        (
            [row("a", 0.0, 0.0, (1, 2)), row("b", 0.0, 0.0, (1, 2))],
            "No run names the person's own word in as much as 0.1% of cases: none leads.",
        ),
        (
            [row("a", 0.0004, 0.0, (1, 2)), row("b", 0.0, 0.0, (1, 2)), FLOOR_ROW],
            "No run names the person's own word in as much as 0.1% of cases: none leads.",
        ),
        ([row("a", 0.5, 0.4), FLOOR_ROW], ""),
    ],
)
def test_a_lead_is_claimed_only_where_there_is_one(rows: list[Row], sentence: str) -> None:
    signature = Signature("d", "test", 2, "revised", "nrc-1@0")
    assert leader(Group("revised", signature, rows)) == sentence


def test_the_page_claims_no_lead_over_a_floor(tmp_path: Path) -> None:
    made(tmp_path / "runs" / "a", "one", 0.31)
    made(tmp_path / "runs" / "b", "two", 0.25)
    made(tmp_path / "runs" / "c", "dummy:uniform", 0.30, "dummy-uniform")
    staged(tmp_path / "site", tmp_path / "runs")
    page = (tmp_path / "site" / "index.html").read_text("utf-8")
    assert "No run is clearly better than a floor" in page
    assert "most often" not in page.partition('id="columns"')[0]


def test_a_run_that_is_given_twice_is_ranked_once(tmp_path: Path) -> None:
    one = made(tmp_path / "runs" / "one", "m", 0.5)
    other = Path(shutil.copytree(one, tmp_path / "runs" / "other"))
    file = other / "predictions.jsonl"
    file.write_text("".join(reversed(file.read_text("utf-8").splitlines(keepends=True))))
    made(tmp_path / "runs" / "worse", "n", 0.3)
    board = staged(tmp_path / "site", tmp_path / "runs")
    assert tables(board) == [("free", ["m", "n"])]
    assert [found["ranks"][RANKED_BY] for found in board["tables"][0]["rows"]] == [[1, 1], [2, 2]]
    reason = (
        "other is the same run as one, which is ranked: the same model, asked in the same way, "
        "with the same answers."
    )
    assert board["refused"] == [{"name": "other", "reason": reason}]
    assert len(list((tmp_path / "site" / "reports").iterdir())) == 2
    assert reason in (tmp_path / "site" / "index.html").read_text("utf-8")


REVISION = {"model": {"name": "m", "revision": "f00", "family": "causal"}}


@pytest.mark.parametrize(
    ("model", "accuracy", "asked"),
    [
        ("n", 0.5, {}),
        ("m", 0.4, {}),
        ("m", 0.5, {"dtype": "bfloat16"}),
        ("m", 0.5, {"quantize": "4bit"}),
        ("m", 0.5, REVISION),
        ("m", 0.5, {"decoding": {"name": "free-default-temperature"}}),
        ("m", 0.5, {"prompt": {"name": "cot", "hash": "1234"}}),
    ],
)
def test_what_differs_in_one_thing_is_another_run(
    model: str, accuracy: float, asked: dict[str, Any], tmp_path: Path
) -> None:
    made(tmp_path / "runs" / "one", "m", 0.5)
    made(tmp_path / "runs" / "other", model, accuracy, **asked)
    board = staged(tmp_path / "site", tmp_path / "runs")
    assert board["refused"] == []
    assert [len(models) for _, models in tables(board)] == [2]
    reports = {found["report"] for found in board["tables"][0]["rows"]}
    # Two that are named alike have a report each.
    assert len(reports) == len(list((tmp_path / "site" / "reports").iterdir())) == 2


def test_another_seed_of_the_examples_shown_is_another_run(tmp_path: Path) -> None:
    for seed in (0, 1):
        shots = {"per_prompt": 5, "choice": "random", "seed": seed}
        prompt = {"name": "few-shot-5-random", "hash": "few-", "shots": shots}
        made(tmp_path / "runs" / str(seed), "m", 0.5, prompt=prompt)
    board = staged(tmp_path / "site", tmp_path / "runs")
    assert (len(tables(board)[0][1]), board["refused"]) == (2, [])


def _part(folder: Path, asked: int, answered: int) -> Path:
    data = {"signature": "made@1", "split": "test", "examples": asked}
    made(folder, "part", 0.5, dataset=data)
    file = folder / "predictions.jsonl"
    lines = file.read_text("utf-8").splitlines(keepends=True)
    file.write_text("".join(lines[:answered]))
    return folder


def test_a_half_finished_run_has_no_table(tmp_path: Path) -> None:
    made(tmp_path / "runs" / "whole", "m", 0.5)
    _part(tmp_path / "runs" / "part", 26, 10)
    _part(tmp_path / "runs" / "ready", EXAMPLES, EXAMPLES)
    board = staged(tmp_path / "site", tmp_path / "runs")
    assert [len(models) for _, models in tables(board)] == [2]
    reason = (
        "part: 10 of 26 answered, and only a whole run is ranked; finish it with the `express run` "
        "command that began it"
    )
    assert board["refused"] == [{"name": "part", "reason": reason}]
    assert len(list((tmp_path / "site" / "reports").iterdir())) == 2


def test_a_half_finished_run_alone_is_refused_in_a_sentence(tmp_path: Path) -> None:
    folder = _part(tmp_path / "part", 26, 10)
    with pytest.raises(RunError, match="no run could be ranked: part: 10 of 26 answered, and"):
        staged(tmp_path / "site", folder)


@pytest.mark.parametrize("scores", ["{}", '{"revised": []}', '{"revised": {"signature": 1}}'])
def test_scores_without_a_signature_are_told_in_a_sentence(scores: str, tmp_path: Path) -> None:
    folder = made(tmp_path / "a", "m", 0.5)
    (folder / "scores.json").write_text(scores)
    with pytest.raises(RunError, match=r"ranked: a/scores.json lacks the text paper.signature:"):
        staged(tmp_path / "site", folder)


@pytest.mark.parametrize("value", ["a", None])
def test_scores_without_a_figure_are_told_in_a_sentence(value: object, tmp_path: Path) -> None:
    folder = made(tmp_path / "a", "m", 0.5)
    whole = {**dict.fromkeys(FIGURES, 0.5), "signature": "EXPRESS"}
    scores = {"revised": whole, "paper": whole | ({"vector_f1": value} if value else {})}
    if not value:
        del scores["paper"]["vector_f1"]
    (folder / "scores.json").write_text(json.dumps(scores))
    with pytest.raises(RunError, match=r"scores.json lacks the number paper.vector_f1: the `expre"):
        assert FinishedRun.read(folder).scores
