"""Sources: what is read, under which name, in which split."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from express_dataset import (
    COLUMNS,
    Example,
    example_id,
    fingerprint,
    load_all_examples,
    load_examples,
    pseudonym,
)
from express_dataset.publishing.division import split_file
from express_dataset.schema import features
from express_dataset.splits import SPLITS, normalised

ROWS: list[dict[str, Any]] = [
    {"id": f"r{n}", "post_id": f"p{n // 2}", "text": f"Day {n}: I feel <mask>.", "labels": ["sad"]}
    for n in range(60)
]


def _jsonl(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def _csv(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def _parquet(path: Path, rows: list[dict[str, Any]]) -> Path:
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    return path


def test_the_columns_are_those_of_an_example() -> None:
    assert (*features(), "further") == (*COLUMNS, "further") == Example.__match_args__


def test_the_authors_file(reference: Path) -> None:
    parts = load_all_examples(str(reference / "gpt4o_predictions.csv"))
    counts = {
        name: (len(part.examples), sum(len(row.labels) for row in part.examples))
        for name, part in parts.items()
    }
    assert counts == {
        "all": (544, 856),
        "train": (391, 612),
        "test": (114, 177),
        "few_shot": (39, 67),
    }
    test = parts["test"]
    assert (test.name, test.lexicon, test.revision) == ("express-csv", "express", None)
    assert test.data == f"express-csv@{test.fingerprint[:8]}" == "express-csv@6c8c5a78"


def test_the_one_text_that_two_posts_share_is_in_one_split(reference: Path) -> None:
    parts = load_all_examples(str(reference / "gpt4o_predictions.csv"))
    places: dict[str, list[tuple[str, str]]] = {}
    for name in SPLITS:
        for row in parts[name].examples:
            places.setdefault(normalised(row.text), []).append((name, row.post_id))
    shared = [where for where in places.values() if len(where) > 1]
    assert len(shared) == 1
    (first, second) = shared[0]
    assert first[0] == second[0]
    assert first[1] != second[1]


def test_case_and_blanks_part_no_copies(tmp_path: Path) -> None:
    copies = [
        {"id": f"c{n}", "post_id": f"q{n}", "text": text, "labels": ["sad"]}
        for n in range(20)
        for text in ["I FEEL  <mask>. " if n % 2 else "i feel <mask>."]
    ]
    parts = load_all_examples(str(_jsonl(tmp_path / "mine.jsonl", copies)), by_hash=True)
    assert sorted(len(parts[name].examples) for name in SPLITS) == [0, 0, 20]


def test_no_reddit_id_is_left(reference: Path) -> None:
    path = reference / "gpt4o_predictions.csv"
    with path.open(newline="", encoding="utf-8") as file:
        ids = {row["original_ids"] for row in csv.DictReader(file)}
    rows = load_examples(str(path), split="all").examples
    assert {row.post_id for row in rows} == {pseudonym(name) for name in ids}
    assert not ids & {value for row in rows for value in (row.id, row.post_id)}
    assert all(row.id == example_id(row.post_id, row.segment) for row in rows)


@pytest.mark.parametrize(
    ("write", "suffix"), [(_jsonl, "jsonl"), (_csv, "csv"), (_parquet, "parquet")]
)
def test_a_file_of_ones_own_is_the_same_in_every_kind(
    tmp_path: Path, write: Any, suffix: str
) -> None:
    parts = load_all_examples(str(write(tmp_path / f"my posts.{suffix}", ROWS)))
    whole = parts["all"]
    assert [row.id for row in whole.examples] == [row["id"] for row in ROWS]
    assert whole.examples[3].labels == ("sad",)
    assert whole.examples[3].segment == 1
    assert (whole.name, whole.lexicon) == ("my-posts", "nrc")
    as_jsonl = load_all_examples(str(_jsonl(tmp_path / "again.jsonl", ROWS)))
    assert whole.fingerprint == as_jsonl["all"].fingerprint


def test_what_a_file_gives_is_kept_and_what_it_lacks_is_computed(tmp_path: Path) -> None:
    given = {"id": "a", "text": "I'm not <mask>.", "labels": ["sad"]}
    full = {
        **given,
        "id": 7,
        "post_id": "post",
        "segment": 3.0,
        "negated": [False],
        "leaked": [True],
        "subreddit": "knitting",
        "created_utc": 1600000000,
        "over_18": False,
    }
    rows = load_examples(str(_jsonl(tmp_path / "f.jsonl", [given, full])), split="all").examples
    assert rows[0] == Example("a", "a", "I'm not <mask>.", ("sad",), 0, (True,), (False,))
    assert rows[1] == Example(
        "7",
        "post",
        "I'm not <mask>.",
        ("sad",),
        3,
        (False,),
        (True,),
        subreddit="knitting",
        created_utc=1600000000,
        over_18=False,
    )


def test_a_split_column_is_honoured_and_its_leaks_are_told(tmp_path: Path) -> None:
    rows = [dict(row, split=SPLITS[n % 3]) for n, row in enumerate(ROWS)]
    rows[1]["text"] = rows[0]["text"]
    parts = load_all_examples(str(_jsonl(tmp_path / "f.jsonl", rows)))
    assert [row.id for row in parts["test"].examples] == [f"r{n}" for n in range(1, 60, 3)]
    assert parts["test"].notes == (
        "2 rows are exact copies of each other's text",
        "30 posts stand in more than one split of the file",
        "1 texts stand in more than one split of the file",
    )


def test_a_file_without_splits_is_used_whole_and_that_is_told(tmp_path: Path) -> None:
    parts = load_all_examples(str(_jsonl(tmp_path / "a.jsonl", ROWS)))
    assert [row.id for row in parts["test"].examples] == [row["id"] for row in ROWS]
    assert parts["all"].notes == ("no row is in the split train or few_shot",)


def test_what_split_writes_is_divided_without_leaks_and_keeps_every_column(tmp_path: Path) -> None:
    rows = [row | {"mood": f"m{n}"} for n, row in enumerate(ROWS)]
    file, out = _jsonl(tmp_path / "a.jsonl", rows), tmp_path / "b.jsonl"
    counts = split_file(str(file), out)
    parts = load_all_examples(str(out))
    assert counts == {name: len(parts[name].examples) for name in SPLITS}
    assert all(counts.values())
    assert parts["all"].notes == ()
    assert [row.cells() for row in parts["all"].examples] == [
        row.cells() for row in load_examples(str(file)).examples
    ]


def test_rows_added_at_the_end_move_none(tmp_path: Path) -> None:
    before = load_all_examples(str(_jsonl(tmp_path / "a.jsonl", ROWS[:30])), by_hash=True)
    after = load_all_examples(str(_jsonl(tmp_path / "b.jsonl", ROWS)), by_hash=True)
    for name in SPLITS:
        kept = before[name].examples
        assert after[name].examples[: len(kept)] == kept


def test_a_row_that_would_leak_is_left_out_and_told(tmp_path: Path) -> None:
    parts = load_all_examples(str(_jsonl(tmp_path / "a.jsonl", ROWS)), by_hash=True)
    one, other = parts["train"].examples[0], parts["test"].examples[0]
    bridge = {"id": "bridge", "post_id": one.post_id, "text": other.text, "labels": ["sad"]}
    file = _jsonl(tmp_path / "b.jsonl", [*ROWS, bridge])
    parts = load_all_examples(str(file), by_hash=True)
    assert len(parts["all"].examples) == len(ROWS)
    told = "1 rows left out, because their text or a near copy stands in another split"
    assert parts["all"].notes == (told,)


def test_a_long_cell_is_read(tmp_path: Path) -> None:
    limit = 131_072
    csv.field_size_limit(limit)
    row = dict(ROWS[0], text="<mask> " + "word " * 100_000)
    loaded = load_examples(str(_csv(tmp_path / "f.csv", [row])), split="all")
    assert len(loaded.examples[0].text) > 500_000
    assert csv.field_size_limit() == limit


def test_a_line_separator_inside_a_json_text_is_no_line_end(tmp_path: Path) -> None:
    row = dict(ROWS[0], text="one\u2028two <mask>")
    path = tmp_path / "f.jsonl"
    path.write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
    assert load_examples(str(path), split="all").examples[0].text == "one\u2028two <mask>"


@pytest.mark.parametrize(
    "change", [{"id": "other"}, {"text": "Other <mask>."}, {"labels": ("glad",)}]
)
def test_the_fingerprint_sees_every_change(change: dict[str, Any]) -> None:
    import dataclasses

    row = Example("a", "p", "I feel <mask>.", ("sad",), 0)
    changed = dataclasses.replace(row, **change)
    assert fingerprint([row, changed]) != fingerprint([changed, row])
    assert fingerprint([row]) != fingerprint([changed])


def test_the_sample_never_passes_for_express() -> None:
    sample = load_examples("sample", split="all")
    assert sample.data.startswith("express-sample@")
    assert sample.description.startswith("NOT the EXPRESS data")
    assert sample.lexicon == "nrc"
    assert len(sample.examples) >= 150
