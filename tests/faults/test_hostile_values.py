"""NUL in a text is kept in data and shown as a gap; a number too large is told, a bug is not."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest

from express_cards.pages import write_page
from express_cards.spaces.demo import settings
from express_cards.study.sheets import safe
from express_dataset import DataError, load_examples
from express_dataset.construct.scrub import scrub
from express_dataset.reading.folders import about_folder
from express_runners import vocabulary
from express_runners.errors import RunError
from express_runners.prompts import wording
from express_runners.runs.evidence import parameters_of


def test_nul_is_kept_in_data_and_harmless_wherever_it_is_shown(tmp_path: Path) -> None:
    text = "I\0 was <mask>."
    row = {"split": "test", "id": "a", "text": text, "labels": ["sad"]}
    (tmp_path / "data.jsonl").write_text(json.dumps(row) + "\n")
    rows = load_examples(str(tmp_path / "data.jsonl"))
    assert [one.text for one in rows.examples] == [text]
    assert "\0" not in scrub(text)
    assert "\0" not in safe(text)
    page = write_page(tmp_path / "page.html", f"<p>{text}</p>")
    assert page.read_text("utf-8") == "<p>I\ufffd was <mask>.</p>"


def test_a_sentence_is_not_as_long_as_a_files_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data.csv").write_text(f"id,{'x' * 100_000}\n1,2\n")
    monkeypatch.setattr(sys, "argv", ["express", "dataset", "stats", str(tmp_path / "data.csv")])
    with pytest.raises(SystemExit, match="2"):
        import_module("express_runners.cli.main").main()
    told = capsys.readouterr().err
    assert len(told) < 2100
    assert "data.csv, row 1 (line 2): the columns id, x" in told


def test_a_number_that_is_too_large_is_told_and_a_bug_is_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def overflowing() -> None:
        raise OverflowError("int too large to convert to float")

    # The package has a function of the module's name.
    cli = import_module("express_runners.cli.main")
    monkeypatch.setattr(cli, "app", overflowing)
    monkeypatch.setattr(sys, "argv", ["express", "run", "--seed", "9" * 400])
    with pytest.raises(SystemExit, match="2"):
        cli.main()
    assert "error: 99999999999999999999 is too large" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["express", "run", "--seed", "3"])
    with pytest.raises(OverflowError):
        cli.main()


@pytest.mark.parametrize("words", ["publish data.jsonl --out", "build --out built", "stats"])
def test_a_link_that_leads_to_itself_is_told(
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    link = tmp_path / "link"
    link.symlink_to(link)
    monkeypatch.chdir(tmp_path)
    row = {"split": "test", "id": "a", "text": "I was <mask>.", "labels": ["sad"]}
    Path("data.jsonl").write_text(json.dumps(row))
    monkeypatch.setattr(sys, "argv", ["express", "dataset", *words.split(), str(link)])
    with pytest.raises(SystemExit, match="2"):
        import_module("express_runners.cli.main").main()
    assert f"{link}" in capsys.readouterr().err


@pytest.mark.parametrize("read", [partial(wording.from_file, "mine"), vocabulary.from_file])
def test_a_device_without_an_end_is_no_file(read: Callable[[Path], object]) -> None:
    with pytest.raises(RunError, match="/dev/zero cannot be read"):
        read(Path("/dev/zero"))


@pytest.mark.parametrize(
    ("name", "read"),
    [("croissant.json", about_folder), ("model.safetensors.index.json", parameters_of)],
)
def test_lists_too_deep_in_each_other_are_no_json(
    name: str, read: Callable[[Path], object], tmp_path: Path
) -> None:
    (tmp_path / name).write_text("[" * 100_000)
    assert not read(tmp_path)


def test_settings_too_deep_in_each_other_are_told(tmp_path: Path) -> None:
    (tmp_path / "space.json").write_text("[" * 100_000)
    with pytest.raises(DataError, match="write a JSON object with some of"):
        settings.from_file(tmp_path / "space.json")
