"""A run with a lexicon of its own: found again by its hash, or missed in one sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from express_cards.comparison.runs import load_runs
from express_metric import DIMENSIONS, MetricError, load_lexicon
from express_runners.config import RunConfig
from express_runners.errors import RunError
from express_runners.runs.finished import score_file
from express_runners.runs.run import run

WORDS = ("sad", "happy", "tired", "proud", "angry", "calm")


def write_lexicon(path: Path, words: tuple[str, ...] = WORDS) -> Path:
    """Write EmoLex's vectors of some words as a file of one's own."""
    nrc = load_lexicon("nrc")
    rows = [",".join([word, *map(str, nrc.vector(word))]) for word in words]
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join([",".join(["word", *DIMENSIONS]), *rows]) + "\n", "utf-8")
    return path


def config(folder: Path, lexicon: str | None) -> RunConfig:
    """A dummy's run on the sample."""
    return RunConfig(
        "dummy:uniform", folder / "run", dataset="sample", limit=12, lexicon=lexicon, device="cpu"
    )


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A finished run that was scored with `lexicons/mine.csv`."""
    file = write_lexicon(tmp_path / "lexicons" / "mine.csv")
    assert run(config(tmp_path, str(file))) is not None
    return tmp_path


def record_of(folder: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((folder / "run" / "run.json").read_text("utf-8"))
    return record


def test_the_run_keeps_name_hash_and_file(made: Path) -> None:
    file = made / "lexicons" / "mine.csv"
    expected = {"name": "mine", "sha256": load_lexicon(file).sha256, "file": str(file)}
    assert record_of(made)["sessions"][-1]["lexicon"] == expected
    named = run(config(made / "named", "nrc"))
    assert named is not None
    kept = record_of(made / "named")["sessions"][-1]["lexicon"]
    assert kept == {"name": "nrc", "sha256": load_lexicon("nrc").sha256}


def stay(folder: Path) -> None:
    pass


def beside_the_predictions(folder: Path) -> None:
    (folder / "lexicons" / "mine.csv").rename(folder / "run" / "mine.csv")


def changed_but_kept(folder: Path) -> None:
    beside_the_predictions(folder)
    write_lexicon(folder / "lexicons" / "mine.csv", WORDS[:3])


@pytest.mark.parametrize("move", [stay, beside_the_predictions, changed_but_kept])
def test_it_is_found_again(move: Callable[[Path], None], made: Path) -> None:
    scores = json.loads((made / "run" / "scores.json").read_text("utf-8"))
    move(made)
    assert score_file(made / "run", None) == scores
    assert "lex:mine-6@" in scores["paper"]["signature"]
    (loaded,) = load_runs([made / "run"])
    assert loaded.lexicon.name == "mine"


def gone(folder: Path) -> str:
    (folder / "lexicons" / "mine.csv").unlink()
    return r"run was scored with the lexicon mine-6@\w{8}, and no file .*mine.csv with that " \
        r"content is there any more: give it as --lexicon FILE$"  # fmt: skip


def changed(folder: Path) -> str:
    write_lexicon(folder / "lexicons" / "mine.csv", WORDS[:3])
    return r"is there any more \(.*mine.csv now holds mine-3@\w{8}\): give it as --lexicon FILE$"


def older(folder: Path) -> str:
    """As a version wrote it that kept no more than the name."""
    record = record_of(folder)
    for session in record["sessions"]:
        del session["lexicon"]
    (folder / "run" / "run.json").write_text(json.dumps(record), "utf-8")
    return r"run was scored with a lexicon of its own, mine-6@\w{8}, and run.json does not tell "


@pytest.mark.parametrize("lose", [gone, changed, older])
def test_it_is_missed_in_one_sentence(lose: Callable[[Path], str], made: Path) -> None:
    said = lose(made)
    for read in (lambda: score_file(made / "run", None), lambda: load_runs([made / "run"])):
        with pytest.raises(RunError, match=said):
            read()
    # Another one may be asked for.
    other = write_lexicon(made / "other.csv", WORDS[:2])
    assert "lex:other-2@" in score_file(made / "run", str(other))["paper"]["signature"]
    with pytest.raises(MetricError, match=r"no\.csv: no such lexicon"):
        score_file(made / "run", "no.csv")


def test_an_older_folder_goes_on(made: Path) -> None:
    older(made)
    before = (made / "run" / "scores.json").read_text("utf-8")
    assert run(config(made, str(made / "lexicons" / "mine.csv"))) is not None
    assert (made / "run" / "scores.json").read_text("utf-8") == before
    assert [("lexicon" in session) for session in record_of(made)["sessions"]] == [False, True]
    assert score_file(made / "run", None) == json.loads(before)


def test_another_lexicon_on_the_same_folder_is_refused(made: Path) -> None:
    other = write_lexicon(made / "lexicons" / "mine.csv", WORDS[:3])
    with pytest.raises(RunError, match=r"lexicon\.label is 'mine-6@\w{8}' there and 'mine-3@"):
        run(config(made, str(other)))


def test_a_copy_of_the_papers_lexicon_is_found_by_its_file(reference: Path, tmp_path: Path) -> None:
    file = reference / "lexicon-decomposition.csv"
    assert run(config(tmp_path, str(file))) is not None
    (loaded,) = load_runs([tmp_path / "run"])
    assert loaded.lexicon.name == "express"


def test_the_command_says_it_in_one_line(made: Path) -> None:
    gone(made)
    words = [sys.executable, "-m", "express_runners.cli", "report", str(made / "run")]
    done = subprocess.run(
        [*words, "--out", str(made / "page.html")], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: ")
    assert not (made / "page.html").exists()
