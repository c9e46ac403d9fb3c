"""Whatever a file, a name or a server holds, nothing that is printed acts on a terminal."""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from faults.adversary.case import ORDERS
from support.studies import made_study

from express_runners.cli.main import main
from express_runners.cli.printing import Cleaned
from express_runners.config import RunConfig
from express_runners.runs.run import run

EVIL = "\x1b[31mX\x07\x9bZ\u202e"
# A line of data of its own would look like a line of ours.
LINES = EVIL + "\nFORGED\r"


def said(monkeypatch: pytest.MonkeyPatch, *words: object) -> str:
    """All that a command prints, on either stream."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2))
    monkeypatch.setattr(sys, "argv", ["express", *map(str, words)])
    monkeypatch.setenv("COLUMNS", "2000")  # so that a line begins only where one is meant to
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        contextlib.suppress(SystemExit),
    ):
        main()
    texts = []
    for stream in (out, err):
        stream.flush()
        texts.append(stream.buffer.getvalue().decode())
    return "".join(texts)


def leaves(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the texts of a JSON value stand."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in inner:
        if isinstance(one, dict | list):
            yield from leaves(one, (*place, key))
        elif isinstance(one, str):
            yield (*place, key)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("codes")
    run(RunConfig(model="dummy:uniform", dataset="sample", limit=3, out=root / "run"))
    made_study(root / "study", posts=4)
    return root


def test_no_field_of_a_received_run_reaches_the_terminal(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = folder / "run" / "run.json"
    before = file.read_text()
    for place in leaves(json.loads(before)):
        whole = value = json.loads(before)
        for key in place[:-1]:
            value = value[key]
        value[place[-1]] += LINES
        file.write_text(json.dumps(whole))
        for words in (
            ("compare", folder / "run", folder / "run", "--draws", 100),
            ("compare", folder / "run", "--published", "--format", "markdown"),
        ):
            printed = said(monkeypatch, *words)
            assert ORDERS.search(printed) is None, (place, words[0])
            assert not re.search(r"^\|? *FORGED", printed, re.MULTILINE), (place, words[0])
    file.write_text(before)


def test_no_text_of_a_file_reaches_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        {"id": f"{n}{LINES}", "post_id": f"p{n}{LINES}", "text": f"{n} I was <mask>. {EVIL}",
         "labels": [f"sad{EVIL}"], "subreddit": LINES, "topic_name": LINES, "mine": LINES}
        for n in range(30)
    ]  # fmt: skip
    data, answers = tmp_path / f"data{EVIL}.jsonl", tmp_path / f"answers{EVIL}.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    told = [{"id": row["id"], "references": ["sad"], "completion": LINES} for row in rows]
    answers.write_text("".join(json.dumps(row) + "\n" for row in told))
    lexicon = tmp_path / f"lex{EVIL}.csv"
    names = "anger,anticipation,disgust,fear,joy,sadness,surprise,trust,positive,negative"
    lexicon.write_text(f"word,{names}\nsad,0,0,0,0,0,1,0,0,0,1\n{EVIL},0,0,0,0,0,1,0,0,0,1\n")
    places = tmp_path / "submissions" / f"org{EVIL}" / LINES
    places.mkdir(parents=True)
    for words in (
        ("run", "--model", "dummy:uniform", "--dataset", data, "--split", "all", "--dry-run",
         "--out", tmp_path / LINES),
        ("run", "--model", LINES, "--dataset", data, "--out", tmp_path / LINES),
        ("run", "--model", "dummy:uniform", "--dataset", data, "--split", "all",
         "--out", tmp_path / EVIL),
        ("score", answers, "--lexicon", lexicon),
        ("score", answers, "--references", LINES),
        ("compare", answers, answers, "--lexicon", lexicon, "--draws", 100),
        ("dataset", "stats", data, "--group-by", "mine", "--lexicon", lexicon),
        ("dataset", "stats", data, "--group-by", LINES),
        ("dataset", "mask", data),
        ("dataset", "build", data, "--out", tmp_path / f"b{EVIL}", "--tokenizer", LINES),
        ("results", "validate", tmp_path),
        ("report", answers, "--out", tmp_path / f"page{EVIL}.html"),
        ("space", "leaderboard", "--results", tmp_path, "--out", tmp_path / f"s{EVIL}"),
        ("study", "new", answers, "--out", tmp_path / f"study{EVIL}"),
        ("sweep", tmp_path / LINES),
        ("train", "--model", LINES, "--dataset", data, "--out", tmp_path / "t"),
        (LINES,),
    ):  # fmt: skip
        printed = said(monkeypatch, *words)
        assert printed, words
        assert ORDERS.search(printed) is None, (words, printed)


def test_no_name_of_a_study_reaches_the_terminal(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = folder / "study"
    for file in sorted(study.glob("*.json")):
        before = file.read_text()
        for place in list(leaves(json.loads(before)))[::7]:
            whole = value = json.loads(before)
            for key in place[:-1]:
                value = value[key]
            value[place[-1]] += LINES
            file.write_text(json.dumps(whole))
            for command in ("codes", "agreement"):
                printed = said(monkeypatch, "study", command, study)
                assert ORDERS.search(printed) is None, (file.name, place)
        file.write_text(before)


def test_bars_of_libraries_may_go_back_in_their_line_and_nothing_else_may() -> None:
    out = io.StringIO()
    stream = Cleaned(out)
    for text in ("\r 5%|", "\n\n\x1b[A\x1b[A", "a\rb\x1b[A", "one\r\n"):
        stream.write(text)
    assert out.getvalue() == "\r 5%|\n\n\x1b[A\x1b[Aa\\u000db\\u001b[Aone\n"
