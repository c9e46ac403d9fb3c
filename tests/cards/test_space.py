"""`express space`: what it writes, what it serves, and what it refuses, in processes of its own."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from express_cards.spaces.files import MANIFEST
from express_cards.spaces.open import as_text
from express_metric.signature import VERSION

_HERE = (
    "--{} is on this machine, where the Hub cannot reach it: give one that everybody can reach, or "
    "leave it out"
)
COMMAND = [sys.executable, "-m", "express_runners.cli", "space"]


def space(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run([*COMMAND, *map(str, words)], capture_output=True, text=True, timeout=120)


def refusal(*words: str | Path) -> str:
    """The one sentence with which the command refuses."""
    done = space(*words)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    return done.stderr.removeprefix("error: ").strip()


@contextmanager
def running(*words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command while it serves a Space, and its address."""
    process = subprocess.Popen(
        [*COMMAND, *words, "--format", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stderr
    try:
        text = ""
        while not text.endswith("\n}\n"):
            line = process.stdout.readline()
            assert line, process.stderr.read()
            text += line
        yield process, json.loads(text)["address"]
    finally:
        process.kill()
        process.communicate()


def test_a_static_space_is_served_here_until_ctrl_c() -> None:
    with running("metric", "--port", "0") as (process, address):
        assert address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(address) as answer:
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
            assert b"Worked examples" in answer.read()
        with urllib.request.urlopen(f"{address}/express_alignment.py") as answer:
            assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{address}/../../../../etc/hostname")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
        assert process.stderr
        assert process.stderr.read() == ""


def test_a_port_in_use_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sentence = refusal("metric", "--port", str(port))
    assert sentence == (f"port {port} is in use: give another --port, or --port 0 for any free one")


def test_the_folder_is_what_would_be_pushed(tmp_path: Path) -> None:
    out = tmp_path / "metric"
    done = space("metric", "--out", out, "--format", "json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["folder"], told["address"], told["hub"]) == (str(out), None, None)
    there = sorted(path.name for path in out.iterdir())
    assert there == told["files"]
    assert json.loads((out / MANIFEST).read_text())["files"] == there
    assert (out / "requirements.txt").read_text() == f"express-benchmark=={VERSION}\n"
    assert "Next: express space metric --push ORG/express_alignment" in as_text(told)


def test_a_new_version_of_a_folder_drops_what_is_gone_and_keeps_what_is_not_ours(
    tmp_path: Path,
) -> None:
    out = tmp_path / "metric"
    assert space("metric", "--out", out).returncode == 0
    manifest = json.loads((out / MANIFEST).read_text())
    outside = tmp_path / "outside.txt"
    for file in (out / "old.py", out / "mine.txt", outside):
        file.write_text("a")
    # A list that names a file outside of the folder deletes nothing there.
    manifest["files"] += ["old.py", "../outside.txt"]
    (out / MANIFEST).write_text(json.dumps(manifest))
    assert space("metric", "--out", out).returncode == 0
    assert not (out / "old.py").exists()
    assert (out / "mine.txt").exists()
    assert outside.exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            [],
            "say which Space: express space NAME, with NAME one of metric, demo, leaderboard, "
            "study",
        ),
        (["quiz"], "there is no Space 'quiz': choose metric, demo, leaderboard, study"),
        (["metric", "--model", "a/b"], "--model is for the Space demo, not for metric"),
        (["metric", "--base-url", "http://a"], "--base-url is for the Space demo, not for metric"),
        (["demo", "--runs", "a"], "--runs is for the Space leaderboard or study, not for demo"),
        (["demo", "--results", "a/b"], "--results is for the Space leaderboard, not for demo"),
        (
            ["metric", "--lexicon", "nrc"],
            "--lexicon is for the Space demo or leaderboard or study, not for metric",
        ),
        (["metric", "--push", "express"], "--push express: write the Space as ORG/NAME"),
        (
            ["metric", "--push", "org/other"],
            "--push org/other: this Space must be called ORG/express_alignment, because "
            "`evaluate` looks for the file of its own name in it",
        ),
        (
            ["metric", "--private"],
            "--private is for the Hub: say with --push ORG/NAME where to publish",
        ),
        (
            ["metric", "--port", "8000", "--out", "a"],
            "--port is for running the Space here: leave out --push and --out",
        ),
        (["metric", "--port", "70000"], "--port must be from 0 to 65535, got 70000"),
        (
            ["demo", "--base-url", "http://localhost/v1", "--model", "org/name"],
            "--base-url is for a served model: write --model api:NAME",
        ),
        (
            ["demo", "--push", "org/demo", "--model", "org/name, {here}"],
            "--model {here} is on this machine, where the Hub cannot reach it: give one that "
            "everybody can reach, or leave it out",
        ),
        (
            ["demo", "--push", "org/demo", "--model", "org/name,./none"],
            _HERE.format("model ./none"),
        ),
        (["metric", "--adapter", "a/b"], "--adapter is for the Space demo, not for metric"),
        (["demo", "--push", "org/demo", "--adapter", "./mine"], _HERE.format("adapter ./mine")),
        (["demo", "--push", "org/demo", "--model", "my.gguf"], _HERE.format("model my.gguf")),
        (["demo", "--push", "org/demo", "--lexicon", "my.csv"], _HERE.format("lexicon my.csv")),
        (
            [
                *("demo", "--push", "org/demo", "--model", "api:x"),
                "--base-url",
                "http://[::1]:1/v1",
            ],
            _HERE.format("base-url http://[::1]:1/v1"),
        ),
        (
            [
                *("demo", "--out", "{new}", "--model", "api:x"),
                "--base-url",
                "https://me:key@host/v1",
            ],
            "--base-url must hold no user, password, query or fragment: put the key into the "
            "environment variable EXPRESS_API_KEY",
        ),
        (
            ["demo", "--out", "{new}", "--model", "api:x,api:x"],
            "--model api:x,api:x: two models have one name; rename a folder",
        ),
        (["leaderboard"], "say what to rank: --runs FOLDER, --results ORG/NAME, or both"),
        (["leaderboard", "--runs", "{new}"], "--runs {new}: there is no such folder"),
        (
            ["leaderboard", "--runs", "{here}", "--data", "sample"],
            "--data is for checking submissions: say with --results where they are",
        ),
        (["demo", "--data", "sample"], "--data is for the Space leaderboard, not for demo"),
        (["metric", "--out", "{file}"], "--out {file} is a file; give the name of a folder"),
        (
            ["metric", "--out", "{full}"],
            "--out {full} holds other files; give a new folder, or one that `express space metric "
            "--out` wrote",
        ),
    ],
)
def test_what_cannot_be_meant_so_is_one_sentence(
    words: list[str], sentence: str, tmp_path: Path
) -> None:
    places = {name: tmp_path / name for name in ("here", "file", "full", "new")}
    places["here"].mkdir()
    places["file"].write_text("a")
    (places["full"] / "sub").mkdir(parents=True)
    assert refusal(*(word.format(**places) for word in words)) == sentence.format(**places)
    assert not places["new"].exists()


def test_a_folder_of_another_space_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    out.mkdir()
    (out / MANIFEST).write_text('{"space": "demo", "files": ["app.py"]}')
    assert "holds other files" in refusal("metric", "--out", out)
    assert [path.name for path in out.iterdir()] == [MANIFEST]


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a")
    sentence = refusal("metric", "--out", tmp_path / "file" / "a")
    assert "the Space cannot be written (Not a directory); give another --out" in sentence
