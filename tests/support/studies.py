"""Studies whose truth is known: made runs, coders that answer by a script, and a server to kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from express_cards.study.new import new_study
from express_cards.study.options import NewOptions

PERSON = ("scared", "sad", "angry", "happy", "lonely", "proud", "ashamed", "calm")
MODEL = ("anxious", "grateful", "frustrated", "hopeful", "disgusted", "jealous")
SEED = 7


def made_run(file: Path, posts: int, seed: int = 0) -> Path:
    """Answers in a file: one or two masks, the model never the person's word."""
    random = Random(seed)
    with file.open("w") as stream:
        for number in range(posts):
            masks = 1 + number % 2
            person = [random.choice(PERSON) for _ in range(masks)]
            said = [random.choice(MODEL) for _ in range(masks)]
            text = (
                f"Day {number}. I was <mask> then{' and <mask> now' * (masks - 1)}. <b>It</b> went."
            )
            line = {"id": f"e{number}", "post_id": f"q{number}", "text": text}
            stream.write(json.dumps({**line, "references": person, "completion": str(said)}) + "\n")
    return file


def made_study(folder: Path, posts: int = 6, coders: int = 2, **options: Any) -> Path:
    """A study of a made run, with its key at `FOLDER-key.json`."""
    run = folder.parent / f"{folder.name}-run.jsonl"
    made_run(run, posts * 3 + 10)
    given: dict[str, Any] = {"seed": SEED, "lexicon": "nrc", **options}
    new_study(NewOptions(run, folder, posts, coders, **given))
    return folder


def key_of(folder: Path) -> dict[str, Any]:
    """The key of a study."""
    content: dict[str, Any] = json.loads(Path(f"{folder}-key.json").read_text())
    return content


class Serving:
    """A study's server as a process of its own, as people start it."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder = folder
        self.start(port)

    def start(self, port: int) -> None:
        """Start it and read where it is."""
        command = [sys.executable, "-m", "express_runners.cli", "study", "serve", str(self.folder)]
        self.process = subprocess.Popen(
            [*command, "--port", str(port), "--format", "json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        assert self.process.stdout is not None
        told = ""
        while not told.endswith("\n}\n"):
            line = self.process.stdout.readline()
            assert line, self.process.stderr and self.process.stderr.read()
            told += line
        self.told: dict[str, Any] = json.loads(told)
        self.port = int(self.told["address"].rpartition(":")[2])

    def kill(self) -> None:
        """SIGKILL."""
        self.end(signal.SIGKILL)

    def end(self, number: signal.Signals = signal.SIGINT) -> str:
        """Stop it, and return what it said on stderr."""
        self.process.send_signal(number)
        return self.process.communicate(timeout=60)[1]

    def restart(self) -> None:
        """Start it again at the same address."""
        self.start(self.port)


@contextmanager
def serving(folder: Path) -> Iterator[Serving]:
    """Serve a study for as long as the block lasts."""
    server = Serving(folder)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.end()
