"""The demo and the leaderboard on a Hub on this machine: what arrives, what goes, what is said."""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import SpaceCard
from packaging.requirements import Requirement
from support.hub_client import express
from support.loopback_hub import Account, LoopbackHub, Repository
from support.made_runs import answers, labels, write_run

from express_cards.spaces.demo.site import HUB_MODEL
from express_cards.spaces.files import MANIFEST
from express_metric.signature import VERSION

TOKEN = "hf_owner"
DEMO, BOARD, RESULTS = "org/express-demo", "org/express-leaderboard", "org/express-results"
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    with LoopbackHub() as server:
        server.accounts[TOKEN] = Account("maker", ("org",))
        yield server


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs to rank."""
    root = tmp_path_factory.mktemp("runs")
    for name, share in (("a", 0.4), ("b", 0.6)):
        write_run(root / name, f"org/{name}", "causal", "cot", answers(labels(), share))
    return root


def space(
    hub: LoopbackHub, home: Path, *words: str | Path, token: str | None = TOKEN
) -> subprocess.CompletedProcess[str]:
    """The command for Spaces."""
    return express(hub, home, "space", *words, token=token, bars=True)


def push(hub: LoopbackHub, home: Path, name: str, repo: str, *words: str | Path) -> dict[str, Any]:
    """Push a Space, which must do and say nothing but what it did."""
    done = space(hub, home, name, "--push", repo, *words, "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    told: dict[str, Any] = json.loads(done.stdout)["hub"]
    assert told["commit"] == hub.repositories["spaces", repo].head
    return told


def files_of(hub: LoopbackHub, repo: str) -> dict[str, bytes]:
    """What is there now, without what the Hub itself put there."""
    repository = hub.repositories["spaces", repo]
    whole = dict(repository.commits[repository.head or ""])
    del whole[".gitattributes"]
    return whole


def header(files: dict[str, bytes], folder: Path) -> dict[str, Any]:
    """The card's header, as the Hub's own library reads it."""
    (folder / "README.md").write_bytes(files["README.md"])
    found: dict[str, Any] = SpaceCard.load(folder / "README.md").data.to_dict()
    assert found["license"] == "apache-2.0"
    assert {found["colorFrom"], found["colorTo"]} <= COLOURS
    assert len(found["short_description"]) <= 60
    assert found["app_file"] in files
    return found


def test_the_demo_arrives_as_the_hub_wants_it(hub: LoopbackHub, tmp_path: Path) -> None:
    told = push(hub, tmp_path, "demo", DEMO)
    assert (told["created"], told["changed"]) == (True, True)
    assert told["url"] == f"{hub.endpoint}/spaces/{DEMO}"
    files = files_of(hub, DEMO)
    assert set(files) == {"README.md", "app.py", "requirements.txt", "settings.json", MANIFEST}
    assert json.loads(files["settings.json"]) == {"model": HUB_MODEL}
    assert json.loads(files[MANIFEST]) == {
        "space": "demo",
        "version": VERSION,
        "files": sorted(files),
    }
    card = header(files, tmp_path)
    assert (card["sdk"], card["app_file"]) == ("gradio", "app.py")
    assert card["sdk_version"] == importlib.metadata.version("gradio")
    assert card["python_version"] == "3.11"
    # What stands there is what is installed here, which the next test file starts.
    (line,) = files["requirements.txt"].decode().splitlines()
    needed, installed = Requirement(line), importlib.metadata.distribution("express-benchmark")
    assert needed.name == installed.name
    assert str(needed.specifier) == f"=={VERSION}"
    assert needed.extras <= set(installed.metadata.get_all("Provides-Extra") or [])


def test_what_is_asked_of_the_demo_goes_along(hub: LoopbackHub, tmp_path: Path) -> None:
    push(hub, tmp_path, "demo", DEMO)
    before = files_of(hub, DEMO)
    told = push(hub, tmp_path, "demo", DEMO, "--model", "org/one,api:two", "--lexicon", "express")
    assert (told["created"], told["changed"]) == (False, True)
    after = files_of(hub, DEMO)
    assert {name for name in after if after[name] != before.get(name)} == {"settings.json"}
    assert json.loads(after["settings.json"]) == {"model": "org/one,api:two", "lexicon": "express"}


def test_the_leaderboard_arrives_and_what_is_gone_goes(
    hub: LoopbackHub, tmp_path: Path, runs: Path
) -> None:
    push(hub, tmp_path, "leaderboard", BOARD, "--runs", runs)
    files = files_of(hub, BOARD)
    reports = {name for name in files if name.startswith("reports/")}
    assert set(files) - reports == {"README.md", "index.html", "results.json", MANIFEST}
    assert len(reports) == 2
    card = header(files, tmp_path)
    assert (card["sdk"], card["app_file"]) == ("static", "index.html")
    page = files["index.html"].decode()
    assert set(re.findall(r'href="(reports/[^"]+)"', page)) == reports
    repository = hub.repositories["spaces", BOARD]
    repository.commit({**repository.commits[repository.head or ""], "notes.md": b"mine"})
    push(hub, tmp_path, "leaderboard", BOARD, "--runs", runs / "a")
    left = files_of(hub, BOARD)
    (report,) = {name for name in left if name.startswith("reports/")}
    assert report in reports
    assert left["notes.md"] == b"mine"
    assert "org/b" not in left["index.html"].decode()
    assert left[report] == files[report]


def test_a_leaderboard_of_a_results_dataset(
    hub: LoopbackHub, tmp_path: Path, clean: dict[str, Path]
) -> None:
    root = clean["free"].parents[2]
    there = (path for path in root.rglob("*") if path.is_file())
    content = {path.relative_to(root).as_posix(): path.read_bytes() for path in there}
    hub.dataset(RESULTS).commit({**content, "README.md": b"# Results"})
    done = space(hub, tmp_path, "leaderboard", "--push", BOARD, "--results", RESULTS)
    assert done.returncode == 0, done.stderr
    board = json.loads(files_of(hub, BOARD)["results.json"])
    assert board["refused"] == []
    assert [len(table["rows"]) for table in board["tables"]] == [3, 1, 3, 1]
    assert f"--results {RESULTS}" in files_of(hub, BOARD)["README.md"].decode()


@pytest.mark.parametrize("name", ["metric", "demo", "leaderboard"])
def test_pushed_again_without_a_change_nothing_happens(
    hub: LoopbackHub, tmp_path: Path, runs: Path, name: str
) -> None:
    repo = "org/express_alignment" if name == "metric" else f"org/express-{name}"
    more: list[str | Path] = ["--runs", runs] if name == "leaderboard" else []
    first = push(hub, tmp_path, name, repo, *more)
    before = dict(hub.repositories["spaces", repo].commits)
    del hub.requests[:]
    again = push(hub, tmp_path, name, repo, *more)
    assert again == first | {"created": False, "changed": False}
    assert hub.repositories["spaces", repo].commits == before
    # The client asks which files differ; it changes nothing.
    asked = [line for line in hub.requests if line.startswith(("POST", "PUT", "DELETE"))]
    assert [line for line in asked if not re.search("/(validate-yaml|preupload/)", line)] == []
    done = space(hub, tmp_path, name, "--push", repo, *more)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"/spaces/{repo}  nothing has changed, at commit {first['commit'][:12]}" in done.stdout


@pytest.mark.parametrize(
    ("words", "repo"),
    [(["demo"], DEMO), (["leaderboard", "--runs", "nowhere"], BOARD)],
)
def test_without_a_login_nothing_is_begun(
    hub: LoopbackHub, tmp_path: Path, words: list[str], repo: str
) -> None:
    done = space(hub, tmp_path, *words, "--push", repo, token=None)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"error: {repo}: you are not logged in to the Hub; run `hf auth login` or set HF_TOKEN to "
        "a token that may write\n"
    )
    assert hub.requests == []


def test_the_space_of_another_name_is_left_alone(hub: LoopbackHub, tmp_path: Path) -> None:
    repository = hub.repositories.setdefault(("spaces", DEMO), Repository())
    before = repository.commit({MANIFEST: b'{"space": "leaderboard", "files": ["index.html"]}'})
    done = space(hub, tmp_path, "demo", "--push", DEMO)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: --push {DEMO}: another Space has this name")
    assert repository.head == before
