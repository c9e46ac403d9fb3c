"""Studies whose truth is known: made runs, coders that answer by a script, and a server to kill."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode, urlsplit

from express_cards.study.folder import read_study
from express_cards.study.new import new_study
from express_cards.study.options import NewOptions
from express_cards.study.store import Store

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


class Client(threading.Thread):
    """A coder who shows an item, answers it and goes on, as fast as the server lets them."""

    def __init__(self, link: str, seconds: float, seed: int) -> None:
        super().__init__()
        self.link, self.until, self.random = (
            urlsplit(link),
            time.monotonic() + seconds,
            Random(seed),
        )
        self.given: dict[int, str] = {}
        self.took: list[float] = []
        self.errors: list[str] = []

    def run(self) -> None:
        """Answer, and answer anew when all is answered, until the time is over."""
        connection = http.client.HTTPConnection(self.link.netloc, timeout=30)
        path = f"{self.link.path}/1"
        try:
            while time.monotonic() < self.until:
                page = self.ask(connection, "GET", path)
                revision = re.search(r'name="revision" value="(\d+)"', page[1])
                if page[0] != 200 or revision is None:
                    self.errors.append(f"GET {page[0]}")
                    return
                place = self.random.choice(("first", "second", "both", "neither"))
                number = int(path.rpartition("/")[2])
                form = {"choice": place, "revision": revision[1], "reason": f"r{len(self.took)}"}
                began = time.perf_counter()
                status, _, location = self.ask(connection, "POST", path, urlencode(form))
                self.took.append(time.perf_counter() - began)
                if status != 303:
                    self.errors.append(f"POST {status}")
                    return
                self.given[number] = place
                whole = location == self.link.path
                path = f"{self.link.path}/1" if whole else location
                if whole and self.until == float("inf"):
                    return
        except OSError as error:
            self.errors.append(repr(error))
        finally:
            connection.close()

    def ask(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: str = ""
    ) -> tuple[int, str, str]:
        """Send one request: status, page, and where it leads."""
        connection.request(method, path, body or None)
        response = connection.getresponse()
        return response.status, response.read().decode(), response.headers.get("location", "")


def load(folder: Path, links: Mapping[str, str], seconds: float = float("inf")) -> dict[str, Any]:
    """Let all coders answer at once; each once through if no time is given.

    Returns:
        Answers sent and seconds of each, errors, and `lost`: items whose stored answer is not the
        last that its coder sent.
    """
    clients = {coder: Client(link, seconds, n) for n, (coder, link) in enumerate(links.items())}
    for client in clients.values():
        client.start()
    for client in clients.values():
        client.join()
    study = read_study(folder)
    store = Store.open(folder, study.id)
    stored = {(one.coder, one.item): one.place for one in store.answers()}
    store.close_connection()
    wanted = {
        (coder, study.orders[coder][number - 1].item): place
        for coder, client in clients.items()
        for number, place in client.given.items()
    }
    return {
        "answers": sum(len(client.took) for client in clients.values()),
        "items": len(wanted),
        "took": sorted(second for client in clients.values() for second in client.took),
        "errors": [error for client in clients.values() for error in client.errors],
        "lost": sum(stored.get(where) != place for where, place in wanted.items())
        + len(stored.keys() - wanted.keys()),
    }
