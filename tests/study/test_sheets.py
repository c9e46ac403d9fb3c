"""Sheets that coders fill come back with the figures that the script which filled them knows."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import openpyxl
import pytest
from support.studies import key_of, made_study

from express_cards.study.codes import study_codes
from express_cards.study.folder import key_path, read_study
from express_cards.study.results import gather, results
from express_cards.study.store import Answer, Store
from express_dataset.errors import DataError
from express_metric.analysis.resampling import Resampling

FEW = Resampling(draws=200)
SPELLED = {
    "first": ["first", "Option 1", "1", "A"],
    "second": ["second", "option2", "2", "b"],
    "both": ["both", "BOTH "],
    "neither": ["neither", "None"],
}


def wanted(folder: Path, seed: int) -> dict[tuple[str, str], tuple[str, str]]:
    """For each coder and item a choice and a code, drawn."""
    random = Random(seed)
    options = ["person", "model", "model", "both", "neither"]
    return {
        (coder, item): (random.choice(options), str(random.randint(1, 11)))
        for coder, first in key_of(folder)["first"].items()
        for item in first
    }


def place(choice: str, key: dict[str, Any], row: dict[str, str]) -> str:
    """Where a side's words stand in a row, by the words themselves."""
    if choice in ("both", "neither"):
        return choice
    words = ", ".join(key["items"][row["item"]][choice])
    return "first" if row["first"] == words else "second"


def fill(folder: Path, choices: dict[tuple[str, str], tuple[str, str]], kinds: str = "cx") -> None:
    """Fill the sheets as people do: one coder the CSV, the next the workbook, other spellings."""
    key, random = key_of(folder), Random(1)
    for number, coder in enumerate(key["first"]):
        kind = kinds[number % len(kinds)]
        file = folder / "sheets" / f"{coder}.{'csv' if kind == 'c' else 'xlsx'}"
        header, rows = _load(file)
        for row in rows:
            choice, code = choices[coder, row["item"]]
            row["choice"] = random.choice(SPELLED[place(choice, key, row)])
            row["codes"], row["reason"] = code, "=because"
        if kind == "c":
            with file.open("w", encoding="utf-8", newline="") as stream:
                # As a spreadsheet of another country saves it.
                writer = csv.DictWriter(stream, header, delimiter=";")
                writer.writeheader()
                writer.writerows(rows)
        else:
            book = openpyxl.load_workbook(file)
            for line, row in enumerate(rows, 2):
                for column, name in enumerate(header, 1):
                    value: Any = row[name]
                    book.active.cell(line, column).value = int(value) if value.isdigit() else value
            book.save(file)


def _load(file: Path) -> tuple[list[str], list[dict[str, str]]]:
    if file.suffix == ".csv":
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            return list(reader.fieldnames or ()), list(reader)
    header, *rows = openpyxl.load_workbook(file).active.iter_rows(values_only=True)
    return list(header), [
        {name: "" if cell is None else str(cell) for name, cell in zip(header, row, strict=True)}
        for row in rows
    ]


@pytest.mark.parametrize("per_item", [None, 2])
def test_filled_sheets_come_back(tmp_path: Path, per_item: int | None) -> None:
    folder = made_study(tmp_path / "s", 30, 3, per_item=per_item)
    choices = wanted(folder, 5)
    fill(folder, choices)
    found = results([folder], None, "nrc", FEW)
    for coder in key_of(folder)["first"]:
        known = Counter(choice for (c, _), (choice, _) in choices.items() if c == coder)
        assert {n: cell["n"] for n, cell in found["choices"][coder].items()} == {
            name: known[name] for name in ("person", "model", "both", "neither")
        }
    by_item: dict[str, list[str]] = {}
    for (_, item), (choice, _) in choices.items():
        by_item.setdefault(item, []).append(choice)
    tops = [Counter(given).most_common(1)[0] for given in by_item.values()]
    majority = Counter(n if 2 * m > (per_item or 3) else "none" for n, m in tops)
    assert {n: cell["n"] for n, cell in found["majority"].items() if cell["n"]} == dict(majority)
    codes = Counter((code, choice) for choice, code in choices.values())
    for row in found["codes"]:
        assert {c: row[c] for c in ("person", "model")} == {
            c: codes[row["code"], c] for c in ("person", "model")
        }
    judged = gather([folder])
    assert {one.reason for one in judged.judgements} == {"=because"}
    alone = gather(sorted((folder / "sheets").glob("coder1.csv")), Path(f"{folder}-key.json"))
    assert len(alone.judgements) == (30 if per_item is None else 20)


def test_a_sheet_in_part_counts_what_is_there(tmp_path: Path) -> None:
    folder = made_study(tmp_path / "s", 6, 2)
    fill(folder, wanted(folder, 2), "c")
    file = folder / "sheets" / "coder2.csv"
    header, *rows = file.read_text("utf-8").splitlines()
    cut = rows[0].split(";")
    cut[6] = ""
    file.write_text("\n".join([header, ";".join(cut), *rows[1:]]), "utf-8")
    found = results([folder], None, "nrc", FEW)
    assert (found["posts"], found["posts_in_part"]) == (5, 1)


def test_what_does_not_fit_is_one_sentence(tmp_path: Path) -> None:
    folder, other = made_study(tmp_path / "s", 4, 2), made_study(tmp_path / "t", 4, 2, seed=8)
    with pytest.raises(DataError, match="nobody has answered yet"):
        results([folder], None, "nrc", FEW)
    fill(folder, wanted(folder, 2), "c")
    whole = (folder / "sheets" / "coder1.csv").read_text("utf-8")
    item = key_of(folder)["items"].__iter__().__next__()
    cases = [
        (whole.replace(f";{item};", ";p999;"), "the key knows no such item"),
        (whole.replace(";coder1;", ";coder9;"), "the key knows no such item for this coder"),
        (whole + whole.splitlines()[1] + "\n", "twice; keep one"),
        (whole.replace(key_of(folder)["study"], "0000"), "the sheet is of the study 0000"),
        (whole.replace(";codes;", ";kodes;").replace(";choice;", ";wahl;"), "no column choice"),
        (whole.replace("=because", "x").replace(";reason", ";reason;more"), "cells for"),
    ]
    for text, says in cases:
        (folder / "sheets" / "coder1.csv").write_text(text, "utf-8")
        with pytest.raises(DataError, match=says) as told:
            gather([folder])
        assert "\n" not in str(told.value)
    (folder / "sheets" / "coder1.csv").write_text(whole, "utf-8")
    for key, says in [
        (Path(f"{other}-key.json"), "is the key of another study"),
        (tmp_path / "none.json", "the key is not there"),
        (folder / "study.json", "is no key of a study"),
        (folder / "sheets" / "coder1.csv", "is not JSON"),
    ]:
        with pytest.raises(DataError, match=says):
            gather([folder], key)
    with pytest.raises(DataError, match="sheets alone do not tell"):
        gather([folder / "sheets" / "coder1.csv"])


def test_a_coder_on_the_page_and_in_a_sheet_is_refused(tmp_path: Path) -> None:
    folder = made_study(tmp_path / "s", 4, 2)
    fill(folder, wanted(folder, 2), "c")
    study = read_study(folder)
    store = Store.open(folder, study.id)
    store.save(Answer("coder1", study.orders["coder1"][0].item, "first"))
    store.close_connection()
    with pytest.raises(DataError, match=r"coder1 judged p00\d twice"):
        gather([folder])


def test_damaged_files_are_one_sentence_and_stay(tmp_path: Path) -> None:
    folder = made_study(tmp_path / "s", 4, 2)
    database = folder / "answers.sqlite"
    database.write_bytes(b"SQLite format 3\x00" + b"damaged" * 900)
    before = database.read_bytes()
    with pytest.raises(DataError, match="is damaged or cannot be used"):
        gather([folder])
    assert database.read_bytes() == before
    database.unlink()
    Store.open(folder, "another").close_connection()
    with pytest.raises(DataError, match="holds the answers of another study"):
        gather([folder])
    database.unlink()
    for name, text, says in [
        ("codebook.json", "{", "is not JSON"),
        ("codebook.json", '{"1": 2}', "every value must be a text"),
        ("study.json", "[]", "must hold a JSON object"),
        ("study.json", '{"format": "x"}', "express-study-1 is needed"),
        ("study.json", '{"format": "express-study-1", "items": [{}]}', "is damaged"),
    ]:
        whole = (folder / name).read_text()
        (folder / name).write_text(text)
        with pytest.raises(DataError, match=says):
            gather([folder])
        (folder / name).write_text(whole)
    with pytest.raises(DataError, match="is no study"):
        gather([tmp_path])


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("first", "coder1", "p001"), "robot"),
        (("first", "coder1"), []),
        (("first", "coder1", "p001"), ["model"]),
        (("items", "p001"), {}),
        (("items", "p001", "strata"), 1),
        (("items", "p001", "strata", "family"), ["anger"]),
    ],
)
def test_a_damaged_key_is_one_sentence(
    tmp_path: Path, place: tuple[str, ...], value: object
) -> None:
    folder = made_study(tmp_path / "s", 4, 2)
    key = key_path(folder)
    content = within = json.loads(key.read_text())
    for name in place[:-1]:
        within = within[name]
    within[place[-1]] = value
    key.write_text(json.dumps(content))
    with pytest.raises(DataError, match=r"-key\.json is damaged .*: take it from a copy"):
        gather([folder])


def test_a_second_reader_takes_over_and_adds_codes(tmp_path: Path) -> None:
    folder = made_study(tmp_path / "s", 10, 2)
    choices = wanted(folder, 3)
    fill(folder, choices, "c")
    sheet = tmp_path / "codes.csv"
    first = study_codes(folder, out=sheet)
    assert len(first["reasons"]) == 20
    header, rows = _load(sheet)
    # The reader is blind, too.
    assert not any(word in " ".join(header) for word in ("person", "model"))
    assert {row["choice"] for row in rows} <= {"first", "second", "both", "neither"}
    rows[0]["codes"] += ", 5" if rows[0]["codes"] != "5" else ", 6"
    rows[1]["codes"] = ""
    with sheet.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, header)
        writer.writeheader()
        writer.writerows(rows)
    found = study_codes(folder, add=sheet, reader="Ada")
    assert found["readers"] == {"Ada": 19}
    given = sum(len(one["codes"]) for one in found["reasons"])
    assert given == 21
    assert (
        sum(row[c] for row in found["codes"] for c in ("person", "model", "both", "neither")) == 21
    )
    assert "Of 19 answers coded twice" in found["told"][-1]
    again = study_codes(folder)
    assert again["codes"] == found["codes"]
    for text, says in [
        (sheet.read_text().replace("coder1", "coder7"), "is no answer of this study"),
        (sheet.read_text().replace('"5"', '"77"').replace(", 5", ", 77"), "not in codebook.json"),
        (sheet.read_text() + sheet.read_text().splitlines()[-1] + "\n", "stands there twice"),
    ]:
        bad = tmp_path / "bad.csv"
        bad.write_text(text)
        with pytest.raises(DataError, match=says):
            study_codes(folder, add=bad)
    with pytest.raises(DataError, match="is there already"):
        study_codes(folder, out=sheet)
    assert json.dumps(study_codes(folder)["codes"]) == json.dumps(again["codes"])
