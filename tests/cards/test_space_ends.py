"""A Space on this machine begins on a free port, says nothing, and ends by Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.made_runs import answers, labels, write_run

from express_cards.spaces.demo.marks import panel
from express_cards.spaces.serve import until_ctrl_c

COMMAND = [sys.executable, "-m", "express_runners.cli", "space"]
MIB = 2**20


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs to rank."""
    root = tmp_path_factory.mktemp("runs")
    rows = labels()
    for name, share in (("a", 0.4), ("b", 0.6)):
        write_run(root / name, f"org/{name}", "causal", "cot", answers(rows, share))
    return root


@contextmanager
def started(*words: str | Path, scratch: Path) -> Iterator[subprocess.Popen[str]]:
    """The command, with a folder of its own for what it writes meanwhile."""
    process = subprocess.Popen(
        [*COMMAND, *map(str, words), "--format", "json"],
        env=os.environ | {"TMPDIR": str(scratch), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def address(process: subprocess.Popen[str]) -> str:
    """Where it answers, once it does."""
    assert process.stdout
    assert process.stderr
    text = ""
    while not text.endswith("\n}\n"):
        line = process.stdout.readline()
        assert line, process.stderr.read()
        text += line
    return str(json.loads(text)["address"])


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The code with which it ends, and all that it said on standard error."""
    _, said = process.communicate(timeout=60)
    return process.returncode, said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("name", ["metric", "demo", "leaderboard", "study"])
def test_ctrl_c_ends_it_and_nothing_is_left(
    name: str, number: int, runs: Path, tmp_path: Path
) -> None:
    more: dict[str, tuple[str | Path, ...]] = {
        "demo": ("--model", "dummy:uniform"),
        "leaderboard": ("--runs", runs),
    }
    with started(name, "--port", "0", *more.get(name, ()), scratch=tmp_path) as process:
        with urllib.request.urlopen(address(process)) as answer:
            assert answer.status == 200
        process.send_signal(number)
        assert ended(process) == (0, "")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_ctrl_c_ends_a_demo_whose_model_is_still_answering(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        words = ("demo", "--port", "0", "--model", "api:x", "--base-url", url)
        with started(*words, scratch=tmp_path) as process:
            here = address(process)
            with urllib.request.urlopen(f"{here}/config") as answer:
                calls = json.load(answer)["dependencies"]
            ask = next(one["id"] for one in calls if len(one["inputs"]) == 3 and one["outputs"])
            data = ["I am sad", panel("I am sad", [2]), "api:x"]
            body = json.dumps({"data": data, "fn_index": ask, "session_hash": "a"}).encode()
            header = {"Content-Type": "application/json"}
            join = urllib.request.Request(f"{here}/gradio_api/queue/join", body, header)
            with urllib.request.urlopen(join):
                pass
            silent.settimeout(60)
            connection, _ = silent.accept()
            process.send_signal(signal.SIGINT)
            assert ended(process) == (0, "")
            connection.close()


def test_ctrl_c_while_a_leaderboard_is_made_is_no_traceback(runs: Path, tmp_path: Path) -> None:
    # The work waits for a pipe that nobody writes to.
    os.mkfifo(tmp_path / "lexicon.csv")
    words = ("leaderboard", "--port", "0", "--runs", runs, "--lexicon", tmp_path / "lexicon.csv")
    (tmp_path / "scratch").mkdir()
    with (
        started(*words, scratch=tmp_path / "scratch") as process,
        (tmp_path / "lexicon.csv").open("wb"),  # waits until it begins to read
    ):
        process.send_signal(signal.SIGINT)
        code, said = ended(process)
    assert code != 0
    assert "Traceback" not in said
    assert list((tmp_path / "scratch").rglob("*.html")) == []


class Dying:
    """Python cannot raise what happens here: it only prints it."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


def test_ctrl_c_counts_where_python_cannot_raise_it() -> None:
    with until_ctrl_c() as end:
        Dying()
        assert end.wait(5)


def test_a_second_ctrl_c_is_as_ever() -> None:
    before = signal.getsignal(signal.SIGINT)
    with until_ctrl_c():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_browser_that_goes_away_is_nothing_to_tell(tmp_path: Path) -> None:
    with started("metric", "--port", "0", scratch=tmp_path) as process:
        place = address(process)
        # More than the buffers of both sides hold, so that the server is still sending.
        (folder,) = tmp_path.iterdir()
        with (folder / "huge.txt").open("wb") as huge:
            huge.truncate(64 * MIB)
        host, _, port = place.removeprefix("http://").partition(":")
        for _ in range(3):
            leave(host, int(port))
        with urllib.request.urlopen(place) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGINT)
        assert ended(process) == (0, "")


def leave(host: str, port: int) -> None:
    """Ask for a large file, read its beginning and hang up at once."""
    with socket.create_connection((host, port)) as asking:
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        asking.sendall(b"GET /huge.txt HTTP/1.0\r\n\r\n")
        assert asking.recv(1000).startswith(b"HTTP/1.0 200")


@pytest.mark.parametrize(
    "words", [["metric"], ["demo", "--model", "./none"], ["leaderboard", "--runs", "nowhere"]]
)
def test_a_port_in_use_is_told_before_any_work(words: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        asked = [*COMMAND, *words, "--port", port]
        done = subprocess.run(asked, capture_output=True, text=True, timeout=60)
    sentence = f"port {port} is in use: give another --port, or --port 0 for any free one"
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: {sentence}\n"


def test_a_full_folder_is_told_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").touch()
    words = [*COMMAND, "leaderboard", "--runs", "nowhere", "--out", str(tmp_path / "full")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.stderr == (
        f"error: --out {tmp_path / 'full'} holds other files; give a new folder, or one that "
        "`express space leaderboard --out` wrote\n"
    )
