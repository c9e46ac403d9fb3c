"""Bad input: one sentence, naming the place and the cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from express_dataset import DataError, MissingExtra, load_examples
from express_dataset.errors import require
from express_dataset.schema import Example, check

GOOD = '{"id": "a", "text": "I feel <mask>.", "labels": ["sad"]}\n'
OWN = ", or leave such rows out with --leave-out-misfits"
NO_OTHER = "; no other row can be an example either"
HEAD = "original_ids,segment,labels\n"


def _line(**cells: str) -> str:
    known = {"id": '"a"', "text": '"I feel <mask>."', "labels": '["sad"]'} | cells
    return "{" + ", ".join(f'"{name}": {value}' for name, value in known.items()) + "}\n"


FILES = [
    (
        "f.jsonl",
        GOOD + _line(id='"b"', labels='["sad", "mad"]'),
        "f.jsonl, line 2: 2 labels for 1 masks; give one label for each <mask>, in order" + OWN,
    ),
    (
        "f.jsonl",
        _line(labels='[" "]'),
        "f.jsonl, line 1: label 1 is empty; write the masked term or remove the row" + OWN,
    ),
    (
        "f.jsonl",
        _line(labels="[3]"),
        "f.jsonl, line 1: label 1 is 3; write the masked term as text" + OWN,
    ),
    (
        "f.jsonl",
        _line(labels='"sad"'),
        "f.jsonl, line 1: the labels cell 'sad' is not a list; write it like ['sad', 'happy']"
        + OWN,
    ),
    (
        "f.jsonl",
        _line(text='""'),
        "f.jsonl, line 1: the text is empty; give the segment or remove the row" + OWN,
    ),
    (
        "f.jsonl",
        _line(text='"Fine."'),
        "f.jsonl, line 1: the text has no <mask>; "
        "put one where each label was taken out or remove the row" + OWN,
    ),
    (
        "f.jsonl",
        _line(text="null"),
        "f.jsonl, line 1: text is None; give the segment as text" + OWN,
    ),
    (
        "f.jsonl",
        _line(id="null"),
        "f.jsonl, line 1: the id is None; give a text or a whole number",
    ),
    (
        "f.jsonl",
        _line(id='" "'),
        "f.jsonl, line 1: the id is empty; give every row its own id",
    ),
    (
        "f.jsonl",
        GOOD + GOOD,
        "f.jsonl, line 2: the id 'a' is already used in {path}, line 1; give every row its own id",
    ),
    (
        "f.jsonl",
        _line(negated="[true, false]"),
        "f.jsonl, line 1: 2 flags in 'negated' for 1 masks; "
        "give one true or false for each mask or leave the column out",
    ),
    (
        "f.jsonl",
        _line(leaked="[1]"),
        "f.jsonl, line 1: flag 1 of leaked is 1; use true, false",
    ),
    (
        "f.jsonl",
        _line(segment="-1"),
        "f.jsonl, line 1: segment is -1; give the position in the post, from 0",
    ),
    (
        "f.jsonl",
        _line(segment="3000000000"),
        "f.jsonl, line 1: segment is 3000000000; give the position in the post, from 0",
    ),
    (
        "f.jsonl",
        _line(created_utc="1600000000000"),
        "f.jsonl, line 1: created_utc is 1600000000000; give seconds since 1970, not "
        "smaller parts, or leave it empty",
    ),
    (
        "f.jsonl",
        _line(created_utc="9" * 401),
        f"f.jsonl, line 1: created_utc is {'9' * 37}...; give a whole number or leave it empty",
    ),
    (
        "f.jsonl",
        _line(created_utc="9" * 5000),
        "f.jsonl, line 1: a number is too long or lists are too deep in each other; mend the line",
    ),
    (
        "f.jsonl",
        _line(labels="[" * 100_000),
        "f.jsonl, line 1: a number is too long or lists are too deep in each other; mend the line",
    ),
    (
        "f.jsonl",
        _line(created_utc='"noon"'),
        "f.jsonl, line 1: created_utc is 'noon'; give a whole number or leave it empty",
    ),
    (
        "f.jsonl",
        _line(over_18='"maybe"'),
        "f.jsonl, line 1: over_18 is 'maybe'; give true, false or leave it empty",
    ),
    (
        "f.jsonl",
        _line(subreddit="[]"),
        "f.jsonl, line 1: subreddit is []; give text or leave it empty",
    ),
    (
        "f.jsonl",
        _line(split='"dev"'),
        "f.jsonl, line 1: the split is 'dev'; write train, test or few_shot, "
        "or leave the column out",
    ),
    (
        "f.jsonl",
        _line(split='"test"') + _line(id='"b"'),
        "f.jsonl, line 2: the split is empty, but other rows have one; "
        "write train, test or few_shot in every row or leave the column out",
    ),
    (
        "f.jsonl",
        GOOD + '{"id": "b", "te',
        "f.jsonl, line 2: the last line is half-written; remove it or write the file again",
    ),
    (
        "f.jsonl",
        "oh dear\n" + GOOD,
        "f.jsonl, line 1: it is not JSON (Expecting value at column 1); "
        "write one JSON object a line",
    ),
    (
        "f.jsonl",
        "[1]\n",
        "f.jsonl, line 1: it is a JSON list; write one JSON object a line",
    ),
    ("f.jsonl", "\n", "f.jsonl: the file is empty; give one JSON object a line"),
    (
        "f.jsonl",
        '{"title": "x"}\n',
        "f.jsonl, line 1: the columns title are not known; give id, text, labels "
        "or the authors' original_ids, segment, labels",
    ),
    ("f.csv", "", "f.csv: the file is empty; give a header line and one row per example"),
    ("f.csv", HEAD, "f.csv: there are no rows; give one row per example"),
    (
        "f.csv",
        HEAD + 'x,"two\nlines <mask>",sad\n',
        "f.csv, row 1 (line 2): the labels cell 'sad' is not a list; "
        "write it like ['sad', 'happy']" + NO_OTHER,
    ),
    (
        "f.csv",
        HEAD + "x,a <mask>,['sad']\ny,b <ma",
        "f.csv, row 2 (line 3): 2 cells for 3 columns; "
        "the file may be half-written: mend or remove the row",
    ),
    (
        "f.csv",
        HEAD + 'x,a <mask>,"[\'sad\']"\ny,"b <ma',
        "f.csv, the row that begins at line 3: it is not CSV (unexpected end of data); "
        "the file may be half-written: mend or remove the row",
    ),
    (
        "f.csv",
        HEAD + ",a <mask>,['sad']\n",
        "f.csv, row 1 (line 2): original_ids is empty; give the id of the post" + NO_OTHER,
    ),
    (
        "f.csv",
        HEAD + "x,a <mask>,\"['sad', 'mad']\"\n",
        "f.csv, row 1 (line 2): 2 labels for 1 masks; give one label for each <mask>, in order"
        + NO_OTHER,
    ),
    (
        "f.csv",
        "word,joy\nglad,1\n",
        "f.csv, row 1 (line 2): the columns word, joy are not known; give id, text, labels "
        "or the authors' original_ids, segment, labels",
    ),
    (
        "f.csv",
        b"original_ids,segment,labels\nx,caf\xe9 <mask>,['sad']\n",
        "f.csv, line 2: byte 0xe9 is not UTF-8; save the file as UTF-8",
    ),
    (
        "f.tsv.csv.txt",
        "x",
        "f.tsv.csv.txt: a file of the kind '.txt' cannot be read; "
        "give .csv, .tsv, .jsonl or .parquet",
    ),
]


@pytest.mark.parametrize(("name", "content", "message"), FILES)
def test_a_bad_file(tmp_path: Path, name: str, content: str | bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(DataError) as caught:
        load_examples(str(path), split="all")
    expected = message.replace("{path}", str(path))
    assert str(caught.value) == str(tmp_path / expected)


def test_a_broken_parquet_file(tmp_path: Path) -> None:
    path = tmp_path / "f.parquet"
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(DataError) as caught:
        load_examples(str(path), split="all")
    assert str(caught.value).startswith(f"{path}: it is not a whole Parquet file (")
    assert str(caught.value).endswith("; write or download it again")


@pytest.mark.parametrize(
    ("source", "split", "message"),
    [
        (
            "nowhere.csv",
            "all",
            "nowhere.csv: there is no file here; give the path of a CSV, JSONL or Parquet",
        ),
        (
            "smaple",
            "all",
            "there is no source 'smaple'; give sample, express, the path of a file or folder, "
            "or the id of a Hub dataset (ORG/NAME)",
        ),
        ("sample", "dev", "there is no split 'dev'; choose train, test, few_shot or all"),
    ],
)
def test_a_bad_question(source: str, split: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        load_examples(source, split=split)
    assert str(caught.value) == message


def test_a_folder_is_no_source(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the folder has no data/train-"):
        load_examples(str(tmp_path))


def test_an_empty_split(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text(_line(split='"train"'))
    with pytest.raises(DataError) as caught:
        load_examples(str(path), split="test")
    assert str(caught.value) == (
        f"{path}: no row is in the split 'test'; choose another split, or all, or divide it: "
        f"express dataset split {path} --out FILE.jsonl"
    )


def test_an_empty_post_id_is_refused() -> None:
    row = Example("a", " ", "I feel <mask>.", ("sad",), 0)
    with pytest.raises(DataError, match=r"^here: the post_id is empty; "):
        check(row, "here")


def test_a_missing_extra_names_the_command() -> None:
    with pytest.raises(MissingExtra, match=r"pip install 'express-benchmark\[construct\]'$"):
        require("no_such_package.sub", "construct")


def test_a_module_that_fails_inside_keeps_its_own_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "breaks_inside.py").write_text("import not_there_either\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="not_there_either"):
        require("breaks_inside", "construct")
