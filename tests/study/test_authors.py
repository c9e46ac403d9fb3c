"""The authors' files, read as they are, give their counts."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from express_cards.comparison.published import tables
from express_cards.study.page import write_page
from express_cards.study.results import gather, results
from express_cards.study.terminal import print_agreement
from express_dataset.errors import DataError
from express_metric.analysis.resampling import Resampling

FEW = Resampling(draws=200)
Rows = list[dict[str, str]]


@pytest.fixture
def files(reference: Path) -> list[Path]:
    return sorted((reference / "human-evaluation").glob("coder*.csv"))


def copies(files: list[Path], folder: Path, change: Callable[[str, Rows], None]) -> list[Path]:
    """The files with rows changed by a function of coder and rows."""
    found = []
    for file in files:
        with file.open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        change(file.stem, rows)
        found.append(folder / file.name)
        with found[-1].open("w", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return found


def test_majorities_and_agreement(authors: dict[str, Any]) -> None:
    majority = {name: cell["n"] for name, cell in authors["majority"].items()}
    assert majority == {"person": 89, "model": 97, "both": 5, "neither": 0, "none": 22}
    assert (authors["posts"], authors["unanimous"]["n"]) == (213, 77)
    assert round(authors["agreement"]["fleiss_kappa"]["value"], 4) == 0.2097


def test_counts_over_all_rows(authors: dict[str, Any]) -> None:
    counts = {
        coder: tuple(row[choice]["n"] for choice in ("model", "person", "both", "neither"))
        for coder, row in authors["choices"].items()
    }
    assert counts == {
        "coder1": (112, 91, 11, 0),
        "coder2": (106, 91, 13, 3),
        "coder3": (84, 96, 33, 1),
        "all": (302, 278, 57, 4),
    }


def test_it_says_what_follows_and_which_print_does_not(
    authors: dict[str, Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {row["printed"]: row["follows"] for row in authors["paper"]["does_not_follow"]}
    assert wrong == {"40.0%": "41.8%", "43.7%": "45.5%", "4.7%": "2.3%", "11.6%": "10.3%"}
    monkeypatch.setenv("COLUMNS", "300")
    print_agreement(authors, None)
    said = capsys.readouterr().out
    assert "these answers do not show that experts prefer either word" in said
    assert "What follows: neither side is shown to fit better" in said
    assert "33061 was not judged by coder2" in said
    assert "Table A.7 of the paper is not checked" in said


def test_another_study_is_not_held_against_the_paper(files: list[Path], tmp_path: Path) -> None:
    def shorten(_: str, rows: Rows) -> None:
        del rows[100:]

    found = results(copies(files, tmp_path, shorten), None, "nrc", FEW)
    assert found["paper"]["does_not_follow"] == []


def test_one_answer_from_all_is_not_one_coder(files: list[Path], tmp_path: Path) -> None:
    def same(_: str, rows: Rows) -> None:
        for row in rows:
            row.update(your_choice="both", choice="both")

    changed = copies(files, tmp_path, same)
    together, alone = (results(some, None, "nrc", FEW) for some in (changed, changed[:1]))
    assert any(line.startswith("Every answer was the same") for line in together["says"])
    assert any(line.startswith("No two coders") for line in alone["says"])
    assert alone["says"][0].startswith("Of 214 posts with one coder each, the coder chose")


def test_the_stored_choice_is_checked(files: list[Path], tmp_path: Path) -> None:
    changed: dict[str, str] = {}

    def turn(coder: str, rows: Rows) -> None:
        if coder == "coder2":
            rows[5]["choice"] = {"SD": "LLM", "LLM": "SD"}[rows[5]["choice"]]
            changed.update(item=rows[5]["index"], stored=rows[5]["choice"])

    assert not gather(files).differing
    (row,) = gather(copies(files, tmp_path, turn)).differing
    assert (row["coder"], row["item"]) == ("coder2", changed["item"])
    assert row["stored"] == {"SD": "person", "LLM": "model"}[changed["stored"]] != row["decoded"]


def test_codes_are_tabled_as_in_the_paper(files: list[Path], tmp_path: Path) -> None:
    # The files here carry no codes: they are dealt out so that their totals are the paper's.
    table = tables()["table_a7"]
    piles: dict[str, list[str]] = {"SD": [], "LLM": [], "both": [], "neither": []}
    for row in table[:9]:
        piles["SD"] += [f"{row['code']}.0"] * row["n_SD"]
        piles["LLM"] += [f"{row['code']}.0"] * row["n_LLM"]
    piles["LLM"].append("12")
    piles["neither"] = ["10"] * 4
    piles["both"] = ["12.0"] * 57

    def deal(_: str, rows: Rows) -> None:
        for row in rows:
            row["code"] = "" if row["index"] == "33061" else piles[row["choice"]].pop()

    found = results(copies(files, tmp_path, deal), None, "nrc", FEW)
    codes = {row["code"]: (row["person"], row["model"]) for row in found["codes"]}
    assert not any(piles.values())
    assert not any("Table A.7" in note for note in found["notes"])
    for row in table[:9]:
        assert codes[str(row["code"])] == (row["n_SD"], row["n_LLM"])
    named = {row["code"]: row for row in found["codes"]}
    assert (named["10"]["neither"], named["12"]["both"], named["12"]["model"]) == (4, 57, 1)
    assert named["3"]["p_holm"] < 0.001 < named["6"]["p_holm"]
    assert any("Reasons that go with one side" in line for line in found["says"])


def test_the_page(authors: dict[str, Any], tmp_path: Path) -> None:
    page = write_page(authors, tmp_path / "page.html").read_text()
    assert "default-src &#39;none&#39;" in page
    assert "noindex" in page
    assert page.count("<details>\n<summary>") >= 22
    assert "45.5%" in page


def _drop_swap(_: str, rows: Rows) -> None:
    for row in rows:
        del row["swap"]


def _no_join(coder: str, rows: Rows) -> None:
    if coder == "coder3":
        for row in rows:
            row["index"] = f"x{row['index']}"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda _, rows: rows[3].update(your_choice="option 3 "), "the choice is 'option 3 '"),
        (lambda _, rows: rows[3].update(swap="2"), "swap is '2'; it must be 0 or 1"),
        (lambda _, rows: rows[3].update(choice="HUMAN"), "choice is 'HUMAN'"),
        (lambda _, rows: rows[3].update(option1="sad"), "'sad' is no list of words"),
        (lambda _, rows: rows[3].update(index=""), "joins no other file"),
        (lambda _, rows: rows.append(dict(rows[0])), "twice; keep one"),
        (_no_join, "no item was judged by all of these coders"),
        (_drop_swap, "the columns are those of no known form"),
    ],
)
def test_bad_rows_are_one_sentence(
    files: list[Path], tmp_path: Path, change: Callable[[str, Rows], None], says: str
) -> None:
    with pytest.raises(DataError, match=says) as told:
        gather(copies(files, tmp_path, change))
    assert "\n" not in str(told.value)


def test_bad_files_are_one_sentence(files: list[Path], tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "head.csv").write_text("a,b\n")
    (tmp_path / "cut.csv").write_text('a,b\n"1')
    (tmp_path / "bad.xlsx").write_bytes(b"PK\x03\x04 no")
    (tmp_path / "short.csv").write_text("a,b\n1\n")
    for name, says in {
        "empty.csv": "the sheet is empty",
        "head.csv": "a header and no rows",
        "cut.csv": "it is not CSV",
        "bad.xlsx": "not a whole workbook",
        "short.csv": "1 cells for 2 columns",
        "none.csv": "there is no such file",
        "notes.txt": "there is no such file",
    }.items():
        with pytest.raises(DataError, match=says):
            gather([tmp_path / name])
    with pytest.raises(DataError, match="a file is given twice"):
        gather([files[0], files[0]])
    with pytest.raises(DataError, match="is a folder, and it is no study"):
        gather([files[0], tmp_path])
    with pytest.raises(DataError, match="nothing is given"):
        gather([])
