"""The labels of the nearest neighbour, with the encoder that choosing shots uses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.report_files import write_file, write_sample_run

from express_cards.comparison.compare import compare
from express_cards.comparison.nearest import nearest_in, nearest_labels
from express_cards.comparison.tables import as_text
from express_cards.reports.sheet import read_sheet
from express_cards.reports.story import FLOORS
from express_cards.reports.view import view
from express_dataset.sources import load
from express_metric import load_lexicon
from express_metric.analysis.floors import NEAREST, floors
from express_metric.analysis.resampling import Resampling
from express_runners.prompts.similarity import similarities

FEW = Resampling(draws=200)
TEXTS = [example.text for example in load("sample").examples[:12]]


def test_the_neighbour_is_the_one_that_shares_words() -> None:
    pool = ["my dog ran away from home", "the exam is tomorrow and I did not study"]
    asked = ["an exam tomorrow, no time to study", "my dog never came home", "exam, study, exam"]
    said = nearest_labels(similarities(pool, asked, "tfidf"), [["worried"], ["nervous", "tired"]])
    assert said == [["nervous", "tired"], ["worried"], ["nervous", "tired"]]
    floor = floors(
        [["nervous"], ["worried"], ["tired", "tired"]], load_lexicon("nrc"), "revised", None, said
    )
    assert floor[NEAREST]["lexical_accuracy"] == 0.75


def test_blocks_are_joined_in_order() -> None:
    table = np.random.default_rng(0).random((7, 4))
    pool = [[str(i)] for i in range(4)]
    whole = nearest_labels([table], pool)
    assert nearest_labels([table[:3], table[3:]], pool) == whole
    assert [int(row[0]) for row in whole] == table.argmax(axis=1).tolist()


def pair(folder: Path, source: str = "sample") -> list[Path]:
    said = ['["sad"]'] * 12
    return [write_sample_run(folder / name, said, source=source) for name in ("one", "two")]


def by_hand() -> list[tuple[str, ...]]:
    """The labels of the neighbours in the sample, one dense table and no blocks."""
    pool = load("sample", split="train").examples
    (table,) = similarities([example.text for example in pool], TEXTS, "tfidf")
    return [pool[int(np.argsort(-row, kind="stable")[0])].labels for row in table]


def test_the_row_stands_in_the_table_of_a_comparison(tmp_path: Path) -> None:
    found = compare(pair(tmp_path), protocol="revised", how=FEW)
    labels = [example.labels for example in load("sample").examples[:12]]
    expected = floors(labels, load_lexicon("nrc"), "revised", None, by_hand())[NEAREST]
    assert found["floors"][NEAREST] == expected
    assert any(line.startswith(f"{NEAREST}  floor") for line in as_text(found, 400).splitlines())
    assert "Left out" not in found["note"]


def test_a_bare_file_before_a_run_takes_the_runs_data(tmp_path: Path) -> None:
    one, two = pair(tmp_path)
    lines = [
        {"references": list(example.labels), "completion": '["sad"]'}
        for example in load("sample").examples[:12]
    ]
    file = write_file(tmp_path / "bare.jsonl", lines)
    mixed = compare([file, two], lexicon="nrc", how=FEW)["floors"]
    assert mixed[NEAREST] == compare([one, two], how=FEW)["floors"][NEAREST]


def test_the_row_stands_in_the_table_of_the_page(tmp_path: Path) -> None:
    one, two = pair(tmp_path)
    found = view(read_sheet([one]), FEW)
    floor = compare([one, two], protocol="revised", how=FEW)["floors"][NEAREST]
    row = next(row for row in found["panels"][0]["floors"] if row[0] == FLOORS[NEAREST])
    assert row[2] == f"{floor['lexical_accuracy']:.1%}"
    assert "Left out" not in found["floor_source"]


@pytest.mark.parametrize(
    ("source", "why"),
    [("no-such-file.jsonl", "no-such-file.jsonl"), ("other", "no longer holds the examples")],
)
def test_a_row_that_cannot_be_had_is_left_out_with_a_note(
    source: str, why: str, tmp_path: Path
) -> None:
    if source == "other":
        rows = [
            {"id": f"o{n}", "post_id": f"o{n}", "text": f"Day {n}: I am <mask>.", "labels": ["sad"]}
            for n in range(60)
        ]
        source = str(write_file(tmp_path / "other.jsonl", rows))
    paths = pair(tmp_path, source)
    found = compare(paths, how=FEW)
    assert NEAREST not in found["floors"]
    assert f"Left out: {NEAREST}" in found["note"]
    assert why in found["note"]
    page = view(read_sheet(paths[:1]), FEW)
    assert FLOORS[NEAREST] not in [row[0] for row in page["panels"][0]["floors"]]
    assert f"Left out: {NEAREST}" in page["floor_source"]


def test_a_run_on_the_pool_itself_has_no_such_row() -> None:
    pool = load("sample", split="train").examples
    posts = [example.post_id for example in pool]
    texts = [example.text for example in pool]
    assert "posts of the train split themselves" in nearest_in(pool, texts, posts).missing
    assert "the train split is empty" in nearest_in([], texts, posts).missing
