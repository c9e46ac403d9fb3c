"""Spaces as they come back from a Hub on this machine, started afresh, in a real browser.

The installed package stands for the index from which the Hub installs `requirements.txt`.
"""

from __future__ import annotations

import csv
import io
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from support import tiny_models
from support.loopback_hub import Account, LoopbackHub
from support.pushed_runs import WORDS

from express_cards.spaces.demo.site import HUB_MODEL
from express_dataset.sources import AUTHORS_REPO

OWNER, VISITOR = "hf_owner", "hf_visitor"
DEMO, BOARD, RESULTS = "org/express-demo", "org/express-leaderboard", "org/express-results"
DOWNLOAD = """
import sys
from huggingface_hub import snapshot_download
snapshot_download(sys.argv[1], repo_type="space", local_dir=sys.argv[2])
"""
ROWS = 60


@pytest.fixture(scope="module")
def hub() -> Iterator[LoopbackHub]:
    with LoopbackHub() as server:
        server.accounts[OWNER] = Account("maker", ("org",))
        server.accounts[VISITOR] = Account("visitor")
        yield server


def environment(hub: LoopbackHub, home: Path, token: str | None = None) -> dict[str, str]:
    """A fresh user's, who can reach this Hub and nothing else."""
    known = {"PATH": os.environ["PATH"], "HOME": str(home), "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    known |= {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    return known | hub.environment(str(home / "hf")) | ({"HF_TOKEN": token} if token else {})


def express(
    hub: LoopbackHub, home: Path, *words: str | Path, token: str | None = None, code: int = 0
) -> str:
    """The command as a user types it, and what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "express_runners.cli", *map(str, words)],
        cwd=home,
        env=environment(hub, home, token),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def downloaded(hub: LoopbackHub, repo: str, home: Path) -> Path:
    """A Space in a fresh folder, fetched by somebody who has no token."""
    folder = home / "space"
    subprocess.run(
        [sys.executable, "-c", DOWNLOAD, repo, str(folder)],
        cwd=home,
        env=environment(hub, home),
        check=True,
        capture_output=True,
        timeout=120,
    )
    return folder


def model_files(name: str, folder: Path, seed: int = 0) -> dict[str, bytes]:
    """A tiny model as its repository holds it."""
    made = tiny_models.make(name, folder, seed=seed)
    return {file.name: file.read_bytes() for file in made.iterdir()}


@contextmanager
def started(hub: LoopbackHub, folder: Path, home: Path) -> Iterator[str]:
    """The Space's `app.py`, started as the Hub starts it; its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    as_the_hub = {
        "GRADIO_SERVER_PORT": str(port),
        "SPACE_ID": DEMO,
        "SYSTEM": "spaces",
        "GRADIO_SSR_MODE": "true",
    }
    log = home / "log"
    with log.open("wb") as said:
        running = subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=folder,
            env=environment(hub, home) | as_the_hub,
            stdout=said,
            stderr=said,
        )
        try:
            for _ in range(600):
                assert running.poll() is None, log.read_text("utf-8")
                try:
                    with urlopen(url):
                        break
                except URLError:
                    time.sleep(0.2)
            yield url
        finally:
            running.terminate()
            running.wait(60)
    # The Hub's image has a package of its own, `spaces`, that Gradio misses here.
    assert "express_" not in log.read_text("utf-8")


def test_the_pushed_demo_starts_elsewhere_and_answers(
    hub: LoopbackHub, chromium: Any, tmp_path: Path
) -> None:
    name, _, commit = HUB_MODEL.partition("@")
    hub.model(name).commits[commit] = model_files("llama", tmp_path / "model")
    for place in ("maker", "space"):
        (tmp_path / place).mkdir()
    express(hub, tmp_path / "maker", "space", "demo", "--push", DEMO, token=OWNER)
    folder = downloaded(hub, DEMO, tmp_path / "space")
    assert not list((tmp_path / "space" / "hf").rglob("*.safetensors"))
    with started(hub, folder, tmp_path / "space") as url:
        page = chromium.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.set_default_timeout(60_000)
        page.goto(url)
        page.get_by_label("Post", exact=True).click()
        page.get_by_role("option", name="The missed ferry").click()
        page.get_by_text("Marked: furious", exact=True).wait_for()
        page.get_by_role("button", name=f"Ask {name}").click()
        page.locator("#express-result").wait_for()
        assert page.locator("#express-result").inner_text() == f"What {name} would have said"
        assert page.locator("article tbody tr").count() >= 5
        page.close()
    # The model came from this Hub; the visitor's browser asked nobody but the Space.
    assert list((tmp_path / "space" / "hf").rglob("*.safetensors"))
    assert [one for one in asked if not one.startswith((url, "data:", "blob:"))] == []


def posts() -> bytes:
    """Invented posts in the columns of the authors' data."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(["index", "original_ids", "segment", "labels"])
    for row in range(ROWS):
        labels = [WORDS[row % 6], WORDS[row * 5 % 6]][: 1 + row % 2]
        story = f"Day {row}. I was <mask>." + " Then I felt <mask> again." * (row % 2)
        table.writerow([row, f"post{row}", story, labels])
    return text.getvalue().encode()


def accepted(hub: LoopbackHub) -> dict[str, bytes]:
    """Accept every pull request to the results dataset, and return its files."""
    results = hub.repositories["datasets", RESULTS]
    whole: dict[str, bytes] = dict(results.commits[results.head or ""])
    for name, commit in results.names.items():
        if name.startswith("refs/pr/"):
            whole |= results.commits[commit]
    results.commit(whole)
    return whole


@pytest.fixture(scope="module")
def board(hub: LoopbackHub, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs of Hub models, submitted by pull request, one of them tampered with; the rest
    ranked on a leaderboard that is pushed, and fetched by somebody else."""
    root = tmp_path_factory.mktemp("board")
    for name in ("submitter", "maker", "reader"):
        (root / name).mkdir()
    home = root / "submitter"
    hub.dataset(AUTHORS_REPO).commit({"posts.csv": posts()})
    hub.dataset(RESULTS).commit({"README.md": b"# Results"})
    asked = {"one": ("llama", "cot"), "two": ("llama", "zero-shot"), "three": ("roberta", None)}
    for seed, (name, (kind, prompt)) in enumerate(asked.items()):
        model = f"org/{name}-135M"
        hub.model(model).commit(model_files(kind, root / name, seed))
        more = ["--prompt", prompt] if prompt else []
        words = ("--model", model, "--lexicon", "nrc", "--device", "cpu", "--out", name, *more)
        express(hub, home, "run", *words)
        pushing = ("--model", model, "--results", RESULTS)
        express(hub, home, "results", "push", name, *pushing, token=VISITOR)
    files = accepted(hub)
    (scores,) = (name for name in files if "two-135M" in name and name.endswith("scores.json"))
    better = json.loads(files[scores])
    better["paper"]["lexical_accuracy"] = 0.99
    hub.dataset(RESULTS).commit({**files, scores: json.dumps(better).encode()})
    told = express(hub, root / "maker", "results", "validate", RESULTS, code=2)
    assert "2 passed, 1 refused" in told
    pushing = ("--results", RESULTS, "--push", BOARD)
    express(hub, root / "maker", "space", "leaderboard", *pushing, token=OWNER)
    return downloaded(hub, BOARD, root / "reader")


def test_a_newcomer_goes_from_the_pushed_leaderboard_to_every_report(
    board: Path, chromium: Any
) -> None:
    page = chromium.new_page(viewport={"width": 1400, "height": 900})
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.set_default_timeout(60_000)
    page.goto((board / "index.html").as_uri())
    rows = page.locator('[data-panel="0"] tbody tr')
    assert rows.count() == 2
    names = {}
    for number in range(rows.count()):
        row = rows.nth(number)
        name = row.locator('[data-key="model"] a').inner_text()
        names[name] = row.locator('[data-key="setting"]').inner_text().split()[0]
        address = row.locator('[data-key="model"] a').get_attribute("href")
        assert address == f"https://huggingface.co/{name}"
        share = row.locator('[data-key="lexical_accuracy"] .value').inner_text()
        row.get_by_role("link", name="Report").click()
        page.wait_for_function("() => document.querySelector('#list')?.children.length > 0")
        title = page.locator("h1").inner_text()
        assert title == f"EXPRESS report: {name.removeprefix('org/')} {names[name]}"
        assert share in page.locator("main").inner_text()
        # Invented here, but a leaderboard cannot know: no post is shown to everybody.
        assert "Then I felt" not in page.content()
        page.go_back()
        page.wait_for_function("() => document.querySelector('#found')?.textContent")
    assert names == {"org/one-135M": "cot", "org/three-135M": "zero-shot"}
    page.get_by_role("link", name="Not ranked: 1").click()
    refused = page.get_by_role("region", name="Not ranked").first.inner_text()
    assert "org--two-135M/zero-shot-" in refused
    assert "scores.json: paper.lexical_accuracy is 0.99, not" in refused
    assert f"--results {RESULTS}" in page.locator("main").inner_text()
    assert said == []
    assert [one for one in asked if not one.startswith("file:")] == []
    page.close()
