"""What people's files bring: lists of NumPy, other encodings and separators, half characters."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import datasets
import pytest

import express_dataset.progress
from express_dataset import DataError, load_all_examples
from express_dataset.grouping import groups_of, values_of
from express_dataset.known import FILES, KnownFile
from express_dataset.reading.cells import list_in
from express_dataset.sources import left_out_file, load_all


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


HEAD = "id,text,labels\n"
ROW = "a,I feel <mask> and <mask>.,\"['sad', 'angry']\"\n"


@pytest.mark.parametrize(
    "cell",
    [
        "['sad' 'angry']",
        "['sad'\n 'angry']",
        '["sad" "angry"]',
        "[np.str_('sad'), np.str_('angry')]",
        "['sad', 'angry']",
        "('sad', 'angry')",
        '["sad", "angry"]',
        ["sad", "angry"],
    ],
)
def test_a_list_of_two_is_two(cell: object) -> None:
    assert list_in(cell) == ["sad", "angry"]


def test_other_lists_are_read_as_they_are() -> None:
    assert list_in("""["let's" 'go']""") == ["let's", "go"]
    assert list_in("[ True False]") == [True, False]
    assert list_in("['let down']") == ["let down"]
    assert list_in("[]") == []
    assert list_in("sad") is None


def _labels(path: Path) -> list[tuple[str, ...]]:
    return [row.labels for row in load_all_examples(str(path))["all"].examples]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("f.csv", (HEAD + ROW).encode("utf-16")),
        ("f.csv", b"\xfe\xff" + (HEAD + ROW).encode("utf-16-be")),
        ("f.csv", (HEAD + ROW).replace(",", ";").replace("'; '", "', '").encode()),
        ("f.csv", (HEAD + ROW).replace(",", "\t").replace("'\t '", "', '").encode()),
        ("f.csv", b"sep=;\r\n" + (HEAD + ROW).replace(",", ";").replace("'; '", "', '").encode()),
        ("f.tsv", (HEAD + ROW).replace(",", "\t").replace("'\t '", "', '").encode()),
        ("f.csv.gz", gzip.compress((HEAD + ROW).encode(), mtime=0)),
        ("f.csv", (HEAD + ROW).replace("\n", "\r").encode()),
        ("f.csv", b"\n\r\n" + (HEAD + ROW).replace(",", "\t").replace("'\t '", "', '").encode()),
        ("f.csv", b'"sep=,"\n' + (HEAD + ROW).encode()),
        ("f.csv", b"sep=, \r" + (HEAD + ROW).replace("\n", "\r").encode()),
    ],
)
def test_encodings_and_separators(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert _labels(path) == [("sad", "angry")]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("f.csv", (HEAD + ROW).encode("utf-16-le"), "it is UTF-16 without the mark that tells so"),
        (
            "f.csv.gz",
            gzip.compress((HEAD + ROW).encode(), mtime=0)[:-9],
            "it is not a whole gzip file",
        ),
        ("f.csv", HEAD.encode() + b"a,<mask>,['sa\\x']\n", r"the labels cell .* is not a list"),
        ("f.csv", b"id,text,labels,text\na,<mask>,['sad'],b\n", "column 'text' stands twice"),
        ("f.csv", b"id,text\r,labels\n" + ROW.encode(), "the columns id, text are not"),
    ],
)
def test_what_cannot_be_read_safely(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=told):
        load_all_examples(str(path))


def test_half_an_emoji_is_replaced_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    whole = json.dumps({"id": "b", "text": "\U0001f600 <mask>", "labels": ["glad"]})
    path.write_text('{"id": "a", "text": "I feel <mask> \\ud83d", "labels": ["sad"]}\n' + whole)
    data = load_all_examples(str(path))["all"]
    assert [row.text for row in data.examples] == ["I feel <mask> \ufffd", "\U0001f600 <mask>"]
    assert "1 halves of characters (broken emoji) replaced by U+FFFD" in data.notes


def test_lines_of_json_may_end_as_on_old_macs(tmp_path: Path) -> None:
    rows = [{"id": name, "text": "I feel <mask>", "labels": [name]} for name in ("sad", "mad")]
    (tmp_path / "f.jsonl").write_text("\r".join(map(json.dumps, rows)), newline="")
    assert _labels(tmp_path / "f.jsonl") == [("sad",), ("mad",)]


def test_half_a_character_that_a_list_spells_out_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(HEAD + "a,I feel <mask>,['sad\\ud83d']\n")
    data = load_all_examples(str(path))["all"]
    assert [row.labels for row in data.examples] == [("sad\ufffd",)]
    assert "1 halves of characters (broken emoji) replaced by U+FFFD" in data.notes


AUTHORS = "original_ids,segment,number_of_labels,labels,topic_name\n"
MISFITS = (
    "x,I feel <mask>.,9,['sad'],2_job_work_year_like\n"
    "x,I feel <mask>.,1,\"['sad', 'mad']\",\n"
    "x,I feel <mask>.,1,sad,\n"
    "x,I feel fine.,1,['sad'],\n"
    "x,I feel <mask> again.,1,[''],\n"
    "x,I feel <mask> still.,,['mad'],my topic\n"
)


def test_misfits_of_the_authors_are_left_out_counted_and_listed(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(AUTHORS + MISFITS)
    data = load_all(str(path))["all"]
    # The count of labels that the file gives decides nothing, and rows keep their places.
    assert [(row.labels, row.segment) for row in data.examples] == [(("sad",), 0), (("mad",), 5)]
    assert {one.reason for one in data.left_out} == {
        "labels and masks differ in number",
        "the labels are no list",
        "the text has no mask",
        "a label is empty",
    }
    listed = left_out_file(data.data).read_text(encoding="utf-8")
    assert f"{path}, row 2 (line 3)" in listed
    assert groups_of(data.examples) == {"topic": ["career", "my topic"]}
    with pytest.raises(DataError, match=r"row 2 \(line 3\): 2 labels for 1 masks"):
        load_all(str(path), "refuse")


def test_misfits_of_ones_own_are_left_out_where_that_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(HEAD + ROW + "b,I feel <mask>.,[]\n")
    with pytest.raises(DataError, match=r"row 2 \(line 3\): .*--leave-out-misfits$"):
        load_all(str(path))
    assert len(load_all(str(path), "leave out")["all"].left_out) == 1


def test_a_known_file_is_not_called_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "f.csv"
    path.write_text(AUTHORS + MISFITS.partition("\n")[0] + "\n")
    told = "the data is not a version of EXPRESS that this release knows"
    assert told in load_all(str(path))["all"].notes
    from express_dataset.files import sha256

    monkeypatch.setitem(FILES, sha256(path), KnownFile("EXPRESS", 1))
    assert told not in load_all(str(path))["all"].notes


def test_further_columns_are_kept_and_group(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    base = {"text": "I feel <mask>.", "labels": ["sad"]}
    rows = [{"id": n, **base, "age": n, "mood": mood} for n, mood in enumerate(("up", {"a": 1}))]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    data = load_all(str(path))["all"]
    assert data.further == {"age": "int64", "mood": "string"}
    assert data.examples[1].cells()["mood"] == '{"a": 1}'
    assert values_of(data.examples, "age") == ["0", "1"]
    with pytest.raises(DataError, match="--group-by moon: the data has no such column; it has"):
        values_of(data.examples, "moon")


def test_what_takes_long_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(express_dataset.progress, "AFTER", 0.0)
    assert list(express_dataset.progress.told("ab", "reading f")) == ["a", "b"]
    assert capsys.readouterr().err.startswith("reading f: 1 rows, ")
