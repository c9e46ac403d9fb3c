"""Files of results: every format, the fingerprint, and one sentence for each kind of bad file."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from express_metric import MetricError, Reading, Reason, load_lexicon, read_results, score_results

GOOD: list[dict[str, Any]] = [
    {"id": "a", "references": ["sad"], "completion": "['sad']"},
    {"id": "b", "references": ["Sad", "angry"], "completion": "1. sad\n2. mad"},
    {"id": "c", "references": ["sad"], "completion": None},
]


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_csv(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_parquet(path: Path, rows: list[dict[str, Any]]) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def test_all_formats_give_the_same_results(tmp_path: Path) -> None:
    found = [
        read_results(write_jsonl(tmp_path / "a.jsonl", GOOD)),
        read_results(write_csv(tmp_path / "a.csv", GOOD)),
        read_results(write_parquet(tmp_path / "a.parquet", GOOD)),
    ]
    for results in found:
        assert results.references == [("sad",), ("sad", "angry"), ("sad",)]
        assert results.ids == ["a", "b", "c"]
        assert results.post_ids is None
        assert results.readings["revised"] == [
            Reading(("sad",)),
            Reading(("sad", "mad")),
            Reading(None, Reason.EMPTY),
        ]
        assert results.readings["paper"][1] == Reading(("1. sad\n2. mad",))
        assert results.columns == {"references": "references", "answers": "completion", "id": "id"}
    assert len({results.fingerprint for results in found}) == 1


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_lists_of_terms_are_read_too(tmp_path: Path, ending: str) -> None:
    rows: list[dict[str, Any]] = [
        {"labels": ["sad"], "predictions": ["Sad"]},
        {"labels": ["sad"], "predictions": ["I am sad"]},
        {"labels": ["sad"], "predictions": None},
    ]
    writers = {"jsonl": write_jsonl, "csv": write_csv, "parquet": write_parquet}
    results = read_results(writers[ending](tmp_path / f"a.{ending}", rows))
    assert results.readings["revised"] == [
        Reading(("sad",)),
        Reading(None, Reason.SENTENCE),
        Reading(None, Reason.EMPTY),
    ]
    assert results.readings["paper"][1] == Reading(("i am sad",))


def test_the_authors_file_is_taken_as_it_is(reference: Path) -> None:
    results = read_results(reference / "gpt4o_predictions.csv")
    assert len(results) == 544
    assert results.columns["references"] == "labels"
    assert results.columns["answers"] == "output"
    assert results.ids is not None
    assert results.ids[0] == "5502"
    assert results.post_ids is not None
    assert results.post_ids[0] == "yw0v0y"


def test_the_fingerprint_is_of_the_data_and_not_of_the_answers(tmp_path: Path) -> None:
    def fingerprint(rows: list[dict[str, Any]]) -> str:
        return read_results(write_jsonl(tmp_path / "x.jsonl", rows)).fingerprint

    first = fingerprint(GOOD)
    assert fingerprint([{**row, "completion": "other"} for row in GOOD]) == first
    assert fingerprint(GOOD[::-1]) == first
    without = [{key: one for key, one in row.items() if key != "id"} for row in GOOD]
    # Without ids, only the order tells which text a label stands for.
    assert fingerprint([*without[1:], without[0]]) != fingerprint(without)
    assert fingerprint([{**row, "id": row["id"] * 2} for row in GOOD]) != first
    assert fingerprint([{**GOOD[0], "references": ["mad"]}, *GOOD[1:]]) != first
    assert fingerprint(GOOD[:2]) != first


def test_both_protocols_are_scored_and_signed(tmp_path: Path) -> None:
    results = read_results(write_jsonl(tmp_path / "my run.jsonl", GOOD))
    scores = score_results(results, load_lexicon("nrc"), split="test", prompt="p@1")
    assert scores["paper"]["valid_rate"] == pytest.approx(1 / 3)
    assert scores["revised"]["valid_rate"] == pytest.approx(2 / 3)
    assert scores["revised"]["lexical_accuracy"] == 0.5
    assert scores["paper"]["signature"] == (
        f"EXPRESS|data:results@{results.fingerprint[:8]}|split:test|n:3|protocol:paper|"
        f"lex:{load_lexicon('nrc').label}|prompt:p@1|decode:unknown|v:0.2.0"
    )
    assert json.loads(json.dumps(scores, allow_nan=False)) == scores


ROW: dict[str, Any] = {"references": ["sad"], "completion": "sad"}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{**ROW, "references": []}], "line 1: the column references is empty"),
        ([ROW, {**ROW, "references": ["sad", " "]}], "line 2: .* holds an empty label"),
        ([ROW, {**ROW, "references": "['sad"}], "line 2: .* holds .* expected a list of words"),
        ([ROW, {**ROW, "references": ["sad", 1]}], "line 2: .* expected a list of words"),
        ([{**ROW, "references": None}], "line 1: .* holds None; expected a list of words"),
        ([ROW, {**ROW, "completion": ["sad"]}], "line 2: the column completion holds a list"),
        ([ROW, {"references": ["sad"]}], "line 2: lacks 'completion', which the first line has"),
        (
            [
                {"references": ["a"], "predictions": ["b"]},
                {"references": ["a"], "predictions": 7},
            ],
            "line 2: the column predictions holds 7; expected a list",
        ),
        ([{**ROW, "number_of_labels": 2}], "line 1: there are 1 labels but .* says 2"),
        ([{**ROW, "text": "<mask> and <mask>"}], "line 1: there are 1 labels but .* has 2 masks"),
        (
            [{"x": 1, "y": 2}],
            "no column for the references: expected references or labels, found x, y",
        ),
        ([{"labels": ["sad"], "y": 2}], "no column for the answers: expected completion or output"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, rows: list[dict[str, Any]], message: str) -> None:
    path = write_jsonl(tmp_path / "bad.jsonl", rows)
    with pytest.raises(MetricError, match=message) as caught:
        read_results(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("7", "row 2: the column labels holds '7'; expected a list of words"),
        ("['sad'", "row 2: .* expected a list of words"),
        ("[]", "row 2: the column labels is empty"),
        ("['']", "row 2: the column labels holds an empty label"),
        ("", "row 2: .* expected a list of words"),
        ("['sad', 'mad']", "row 2: there are 2 labels but the column number_of_labels says 1"),
        ("__import__('os')", "row 2: .* expected a list of words"),
        ("[" * 9999, "row 2: .* expected a list of words"),
    ],
)
def test_a_bad_cell_is_named(tmp_path: Path, labels: str, message: str) -> None:
    good = {"labels": "['sad']", "output": "['sad']", "number_of_labels": "1", "segment": "<mask>"}
    path = write_csv(tmp_path / "bad.csv", [good, {**good, "labels": labels}])
    with pytest.raises(MetricError, match=message):
        read_results(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", b"", "a.jsonl: the file is empty"),
        (
            "a.jsonl",
            b'{"references": ["sad"], "completion": "s"}\n{"refer',
            "line 2: not JSON; the last",
        ),
        ("a.jsonl", b'{"a": 1\n{"references": []}\n', "line 1: not JSON$"),
        ("a.jsonl", b"[1]\n", "line 1: expected a JSON object"),
        ("a.jsonl", b'{"a": "\xe9"}\n', "a.jsonl: the file is not UTF-8"),
        ("a.csv", b"", "a.csv: the file is empty"),
        ("a.csv", b"labels,output\n\"['sad']\",caf\xe9\n", "a.csv: the file is not UTF-8"),
        (
            "a.csv",
            b"labels,output\n\"['sad']\",a\n\"['sad']\"\n",
            "row 2: 1 cells, expected .* cut off",
        ),
        ("a.csv", b"labels,text\n\"['sad']\",a\n", "no column for the answers"),
        ("a.parquet", b"PAR1 not really", "a.parquet: not a Parquet file"),
        ("a.xlsx", b"x", "read from .csv, .tsv, .jsonl, .ndjson and .parquet"),
        ("gone.csv", None, "gone.csv: there is no such file"),
    ],
)
def test_a_bad_file_is_named(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(MetricError, match=message) as caught:
        read_results(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_file_without_rows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("references,predictions\n")
    with pytest.raises(MetricError, match="there are no rows"):
        read_results(tmp_path / "a.csv")


def test_a_cell_of_any_length_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"labels,output\n['sad'],{'x' * 200_000}\n")
    assert read_results(tmp_path / "a.csv").readings["revised"][0].reason is not None


@pytest.mark.parametrize("number", ["1.0", "1", "", "nan"])
def test_a_number_of_labels_may_have_gone_through_pandas(tmp_path: Path, number: str) -> None:
    (tmp_path / "a.csv").write_text(f"labels,output,number_of_labels\n['sad'],sad,{number}\n")
    assert len(read_results(tmp_path / "a.csv")) == 1


def test_lists_written_as_text_are_read_from_any_format(tmp_path: Path) -> None:
    row = {"labels": "['sad']", "output": "['sad']"}
    results = read_results(write_jsonl(tmp_path / "a.jsonl", [row]))
    assert results.references == [("sad",)]


@pytest.mark.parametrize(
    "cell",
    [
        "['sad' 'angry']",
        "['sad'\n 'angry']",
        '["sad" "angry"]',
        "[np.str_('sad'), np.str_('angry')]",
    ],
)
def test_a_list_as_numpy_prints_it_is_two_words(tmp_path: Path, cell: str) -> None:
    row = {"references": cell, "predictions": cell}
    for results in (
        read_results(write_csv(tmp_path / "a.csv", [row])),
        read_results(write_jsonl(tmp_path / "a.jsonl", [row])),
    ):
        assert results.references == [("sad", "angry")]
        for readings in results.readings.values():
            assert readings == [Reading(("sad", "angry"))]


def test_a_list_with_a_broken_escape_is_told(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [{"references": "['sa\\x' 'mad']", "predictions": "x"}])
    with pytest.raises(MetricError, match=r"row 1: the column references holds .*expected a list"):
        read_results(path)


OWN = """\
number,gold,answer
a1,sad,Sad
a2,['sad' 'angry'],"sad, lonely"
a3,"sad, mad","['x', 'y']"
"""
NAMED = {"references": "gold", "answers": "answer", "id": "number"}


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text(OWN)
    results = read_results(tmp_path / "own.csv", columns=NAMED)
    assert results.ids == ["a1", "a2", "a3"]
    assert results.references == [("sad",), ("sad", "angry"), ("sad", "mad")]
    for readings in results.readings.values():
        assert [one.terms for one in readings] == [("sad",), ("sad", "lonely"), ("x", "y")]
    (tmp_path / "b.csv").write_text("id\n")
    with pytest.raises(MetricError, match="no column 'gold', only id"):
        read_results(tmp_path / "b.csv", columns=NAMED)
    with pytest.raises(MetricError, match="or name it with `express score --references`"):
        read_results(tmp_path / "own.csv")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("a.csv", lambda text: text.encode("utf-16")),
        ("a.csv", lambda text: text.encode("utf-16-le")),
        ("a.csv", lambda text: text.encode("utf-8-sig")),
        ("a.csv", lambda text: text.replace("\n", "\r").encode()),
        ("a.csv", lambda text: text.replace(",", ";").replace("; ", ", ").encode()),
        ("a.csv", lambda text: text.replace(",", "\t").replace("\t ", ", ").encode()),
        ("a.csv", lambda text: ("sep=;\n" + text.replace(",", ";").replace("; ", ", ")).encode()),
        ("a.tsv", lambda text: text.replace(",", "\t").replace("\t ", ", ").encode()),
        ("a.csv.gz", lambda text: gzip.compress(text.encode())),
    ],
)
def test_files_as_programs_save_them(
    tmp_path: Path, name: str, change: Callable[[str], bytes]
) -> None:
    (tmp_path / name).write_bytes(change(OWN))
    results = read_results(tmp_path / name, columns=NAMED)
    assert results.name == "a"
    assert results.references == [("sad",), ("sad", "angry"), ("sad", "mad")]
    assert results.readings["paper"][1].terms == ("sad", "lonely")


def test_a_separator_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(OWN.replace(",", "|").replace("| ", ", "))
    assert len(read_results(tmp_path / "a.csv", columns=NAMED, separator="pipe")) == 3
    with pytest.raises(MetricError, match="must be one character"):
        read_results(tmp_path / "a.csv", separator="::")
    (tmp_path / "a.csv").write_bytes(b"id,x\na,caf\xe9\n")
    with pytest.raises(MetricError, match="save it as CSV UTF-8"):
        read_results(tmp_path / "a.csv", columns={"references": "id", "answers": "x"})
