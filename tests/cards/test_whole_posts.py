"""Table 4 from one's own runs: a tiny model on segments and on their whole posts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support import tiny_models
from typer.testing import CliRunner

from express_cards.comparison.paper import beside_the_paper
from express_cards.comparison.runs import load_runs
from express_cards.comparison.whole_posts import on_same_masks
from express_cards.reports.paper import paper_page, view
from express_metric.parsing import Reading
from express_runners.cli import app
from express_runners.config import RunConfig
from express_runners.errors import RunError
from express_runners.runs.run import run

POSTS = 24
FIRST, SECOND = "I felt <mask> all day.", "Then I was <mask> and <mask>."


def _write(file: Path, *rows: dict[str, Any]) -> Path:
    file.write_text("".join(json.dumps({"split": "test", **row}) + "\n" for row in rows))
    return file


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Folders of a masked model on whole posts and on segments; one post is in the first alone."""
    folder = tmp_path_factory.mktemp("context")
    model = tiny_models.make("roberta", folder / "model")
    whole, parts = [], []
    for n in range(POSTS):
        post, labels = f"p{n}", ["sad", ("glad", "calm")[n % 2], "proud"]
        text = f"{FIRST} It was day {n}. {SECOND}"
        whole.append({"id": f"w{n}", "post_id": post, "text": text, "labels": labels, "segment": 0})
        if n:
            cut = [(FIRST, labels[:1]), (f"It was day {n}. {SECOND}", labels[1:])]
            parts += [
                {"id": f"s{n}-{k}", "post_id": post, "text": t, "labels": own, "segment": k}
                for k, (t, own) in enumerate(cut)
            ]
    made = []
    for name, rows in (("whole", whole), ("parts", parts)):
        data = _write(folder / f"{name}.jsonl", *rows)
        made.append(folder / name)
        run(RunConfig(str(model), made[-1], dataset=str(data), lexicon="nrc"))
    return made


def test_masks_are_paired_by_their_place_in_the_post(runs: list[Path]) -> None:
    segments, whole = on_same_masks(load_runs(runs))
    assert (segments.name[-8:], whole.name[-11:]) == ("segments", "whole posts")
    assert segments.ids == whole.ids
    assert segments.references == whole.references
    assert len(segments) == 2 * (POSTS - 1)
    said = {line["post_id"]: line["terms"]["paper"] for line in _lines(runs[0])}
    for post, first, second in zip(
        whole.posts[::2] if whole.posts else [],
        whole.readings["paper"][::2],
        whole.readings["paper"][1::2],
        strict=True,
    ):
        assert [*(first.terms or ()), *(second.terms or ())] == said[post]


def _lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]


def test_without_a_term_for_each_mask_of_the_post_there_is_none(runs: list[Path]) -> None:
    whole, segments = load_runs(runs)
    whole.readings["paper"][1] = Reading(("sad", "sad"))
    _, cut = on_same_masks([segments, whole])
    assert [reading.terms for reading in cut.readings["paper"][:2]] == [None, None]


def test_the_page_has_table_4_with_the_runs_in_it(runs: list[Path], tmp_path: Path) -> None:
    found = json.loads(json.dumps(beside_the_paper(load_runs(runs))))
    rows = found["table_4"]
    assert [(row["published"], row["setting"]) for row in rows] == [
        *((True, "segmented"), (True, "full")),
        *((False, "segmented"), (False, "full")),
    ]
    segmented, full = rows[2:]
    assert segmented["masks"] == full["masks"] == 3 * (POSTS - 1)
    assert (segmented["avg_post_length_words"], full["avg_post_length_words"]) == (8, 15)
    (pair,) = found["table_4_pairs"]
    assert pair["masks"]["pairs"] == 3 * (POSTS - 1)
    assert pair["posts"]["pairs"] == POSTS - 1
    for name, key in (("AccV", "vector_accuracy"), ("F1V", "vector_f1")):
        assert pair["difference"][key]["value"] == pytest.approx(full[name] - segmented[name])
    assert [row[:3] for row in view(found)["table_4"]][2:] == [
        ("yours", f"model zero-shot, {text}", setting)
        for text, setting in (("segments", "segmented"), ("whole posts", "full"))
    ]
    page = paper_page(found, tmp_path / "page.html").read_text("utf-8")
    assert "mask by mask, in points" in page


def test_compare_pairs_them_when_asked(runs: list[Path]) -> None:
    words = ["compare", str(runs[1]), str(runs[0]), "--draws", "200"]
    refused = CliRunner().invoke(app, words)
    assert "cannot be compared" in str(refused.exception)
    done = CliRunner().invoke(app, [*words, "--whole-posts", "--format", "json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["n_examples"], found["n_masks"]) == (2 * (POSTS - 1), 3 * (POSTS - 1))
    assert "parts@" in found["data"]
    assert "whole@" in found["data"]


def test_what_is_no_such_pair_is_refused(runs: list[Path], tmp_path: Path) -> None:
    whole, segments = load_runs(runs)
    with pytest.raises(RunError, match=r"answered several texts of one post"):
        on_same_masks([segments, segments])
    with pytest.raises(RunError, match=r"answered the same texts$"):
        on_same_masks([whole, whole])
    with pytest.raises(RunError, match=r"1 run is given$"):
        on_same_masks([segments])
    other = tmp_path / "other.jsonl"
    row = {"id": "x", "post_id": "q", "text": "I am <mask>.", "labels": ["sad"], "segment": 0}
    folder = tmp_path / "other"
    train = {**row, "id": "y", "post_id": "r", "split": "train", "text": "Now I am <mask>."}
    run(RunConfig("dummy", folder, dataset=str(_write(other, row, train)), lexicon="nrc"))
    (apart,) = load_runs([folder])
    with pytest.raises(RunError, match="no post in common"):
        on_same_masks([apart, whole])
