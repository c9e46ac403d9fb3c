"""Files that are given to compare and reproduce: what is not known of them is told."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from typer.testing import CliRunner

from express_cards.comparison.runs import load_runs
from express_runners.cli import app
from express_runners.cli.printing import cleaned


@pytest.fixture
def file(tmp_path: Path) -> Path:
    rows = [
        {"id": f"e{n}", "references": ["sad"], "completion": f'["{word}"]'}
        for n, word in enumerate(["sad", "happy"] * 6)
    ]
    made = tmp_path / "answers.jsonl"
    made.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return made


def test_what_is_given_twice_is_told(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    link = file.with_name("link.jsonl")
    link.symlink_to(file)
    assert len(load_runs([file, link])) == 2
    assert capsys.readouterr().err == f"note: {link} is given twice: leave one out\n"
    load_runs([file])
    assert capsys.readouterr().err == ""


def test_reproduce_tells_that_a_file_is_not_checked_and_given_twice(
    file: Path, tmp_path: Path
) -> None:
    words = ["reproduce", "--out", str(tmp_path / "out"), "--from", str(file), "--from", str(file)]
    done = CliRunner().invoke(app, [*words, "--format", "json"])
    assert done.exit_code == 0, done.stderr
    notes = [line for line in done.stderr.splitlines() if line.startswith("note: ")]
    unchecked = f"note: {file}: a file does not tell its data; whether its rows are EXPRESS's is"
    assert notes == [f"{unchecked} not checked"] * 2 + [
        f"note: {file} is given twice: leave one out"
    ]


def test_what_is_to_be_known_of_data_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("express_dataset.sources")
    with cleaned():
        for _ in range(3):
            logger.warning("%s: it is odd", "data")
        logger.warning("other: it is odd")
    assert caplog.messages == ["data: it is odd", "other: it is odd"]
    logger.warning("data: it is odd")
    assert len(caplog.messages) == 3
