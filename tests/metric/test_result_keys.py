"""Ids, posts, masks and answers of a file of results: nothing is guessed where one is missing."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from express_metric import MetricError, read_results

Row = dict[str, Any]
ROW: Row = {"references": ["sad"], "completion": "sad"}


def write(path: Path, rows: list[Row]) -> Path:
    """Write rows in the format that the file's name tells."""
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif path.suffix == ".csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(dict.fromkeys(key for row in rows for key in row)))
            writer.writeheader()
            writer.writerows(rows)
    else:
        import pyarrow as pa
        import pyarrow.parquet as pq

        names = dict.fromkeys(key for row in rows for key in row)
        pq.write_table(pa.table({name: [row.get(name) for row in rows] for name in names}), path)
    return path


FORMATS = pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.parquet"])
WHERE = {"a.jsonl": "line", "a.csv": "row", "a.parquet": "row"}


@FORMATS
@pytest.mark.parametrize("column", ["post_id", "original_ids", "id", "index"])
@pytest.mark.parametrize("gap", ["no column", None, ""])
@pytest.mark.parametrize("first", [True, False])
def test_a_missing_id_or_post_is_named(
    tmp_path: Path, name: str, column: str, gap: str | None, first: bool
) -> None:
    rows = [{**ROW, column: "p1"}, ROW if gap == "no column" else {**ROW, column: gap}]
    path = write(tmp_path / name, rows[::-1] if first else rows)
    place = f"{WHERE[name]} {1 if first else 2}"
    with pytest.raises(MetricError, match=f"{place}: the column {column} is empty") as caught:
        read_results(path)
    assert "leave the column out" in str(caught.value)


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet"])
def test_a_number_that_is_none_is_a_missing_post(tmp_path: Path, name: str) -> None:
    rows = [{**ROW, "post_id": 1.0}, {**ROW, "post_id": float("nan")}]
    with pytest.raises(MetricError, match=f"{WHERE[name]} 2: the column post_id is empty"):
        read_results(write(tmp_path / name, rows))


@FORMATS
@pytest.mark.parametrize("nothing", [None, "", " "])
def test_a_column_without_any_value_is_as_if_it_were_not_there(
    tmp_path: Path, name: str, nothing: object
) -> None:
    rows = [{**ROW, "id": nothing, "post_id": nothing}] * 3
    results = read_results(write(tmp_path / name, rows))
    assert (results.ids, results.post_ids) == (None, None)
    assert results.columns == {"references": "references", "answers": "completion"}


@FORMATS
def test_an_id_that_stands_twice_is_refused_by_both_rows(tmp_path: Path, name: str) -> None:
    rows = [{**ROW, "id": key} for key in ("a", "b", "c", "b")]
    unit = WHERE[name]
    with pytest.raises(MetricError, match=rf"{unit} 4: the id 'b' stands in {unit} 2 already"):
        read_results(write(tmp_path / name, rows))


def test_a_post_may_give_several_examples(tmp_path: Path) -> None:
    rows = [{**ROW, "post_id": "p"}] * 2
    assert read_results(write(tmp_path / "a.jsonl", rows)).post_ids == ["p", "p"]


@FORMATS
def test_the_columns_of_the_dataset_are_taken_as_they_are(tmp_path: Path, name: str) -> None:
    rows: list[Row] = [
        {"id": "a", "post_id": "p", "segment": 0, "labels": ["sad"], "predictions": ["sad"]},
        {"id": "b", "post_id": "p", "segment": 1, "labels": ["sad", "mad"], "predictions": ["a"]},
    ]
    results = read_results(write(tmp_path / name, rows))
    assert results.ids == ["a", "b"]
    with_text = [{**row, "text": "I am <mask>."} for row in rows]
    unit = WHERE[name]
    with pytest.raises(
        MetricError, match=f"{unit} 2: there are 2 labels but the column text has 1"
    ):
        read_results(write(tmp_path / name, with_text))


@FORMATS
def test_masks_are_counted_where_they_stand(tmp_path: Path, name: str) -> None:
    rows = [
        {**ROW, "text": "an excerpt", "segment": "I am <mask>."},
        {**ROW, "text": "another", "segment": "I am sad."},
    ]
    with pytest.raises(MetricError, match="2: there are 1 labels but the column segment has 0 mas"):
        read_results(write(tmp_path / name, rows))


@pytest.mark.parametrize("cut", [1, 2, 8])
def test_a_csv_cut_off_inside_its_last_cell_is_refused(tmp_path: Path, cut: int) -> None:
    text = "labels,output\n['sad'],sad\n['sad'],\"['angry', 'sad']\""
    (tmp_path / "a.csv").write_text(text[:-cut])
    with pytest.raises(MetricError, match=r"a\.csv, line 3: not CSV.*; is the file cut off\?"):
        read_results(tmp_path / "a.csv")
    (tmp_path / "a.csv").write_text(text)
    assert len(read_results(tmp_path / "a.csv")) == 2


@FORMATS
@pytest.mark.parametrize("raw", ["completion", "output"])
def test_two_columns_of_answers_are_refused(tmp_path: Path, name: str, raw: str) -> None:
    row = {"references": ["sad"], raw: "sad", "predictions": ["angry"]}
    with pytest.raises(MetricError, match=f"{raw} and predictions both hold answers; leave one"):
        read_results(write(tmp_path / name, [row]))


def test_a_second_column_of_answers_further_down_is_refused(tmp_path: Path) -> None:
    rows = [ROW, {**ROW, "predictions": ["angry"]}]
    with pytest.raises(MetricError, match="completion and predictions both hold answers"):
        read_results(write(tmp_path / "a.jsonl", rows))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("later", "there is no such file or folder"),
        ("runs.old/x.xlsx", "there is no such file or folder"),
        ("gone.csv", "there is no such file$"),
    ],
)
def test_what_is_not_there_is_said_to_be_not_there(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(MetricError, match=f"{name}: {message}"):
        read_results(tmp_path / name)
