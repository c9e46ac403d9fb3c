"""Spaces on a Hub on this machine: pushed by the command, and loaded by `evaluate` from there."""

from __future__ import annotations

import ast
import csv
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.hub_client import environment, express
from support.loopback_hub import Account, LoopbackHub, Repository

from express_cards.spaces.files import MANIFEST
from express_cards.spaces.metric.site import metric_files

TOKEN, STRANGER = "hf_owner", "hf_stranger"
REPO = "org/express_alignment"
GOLDEN = {
    "valid_rate": 1.0,
    "lexical_accuracy": 0.352803738317757,
    "vector_accuracy": 0.4217289719626168,
    "vector_f1": 0.713761867675419,
    "dimension_accuracy": 0.8491822429906541,
}
# The package is hidden: what the Hub holds must be enough.
HIDE = """
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("express_metric", "express_dataset", "express_cards"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Hidden())
import warnings
warnings.simplefilter("ignore")
"""
SCORE = f"""{HIDE}
import evaluate, json
metric = evaluate.load("{REPO}")
inputs = json.load(open(sys.argv[1]))
print(json.dumps(metric.compute(**inputs)))
"""


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    with LoopbackHub() as server:
        server.accounts[TOKEN] = Account("maker", ("org",))
        server.accounts[STRANGER] = Account("stranger")
        yield server


def push(
    hub: LoopbackHub, home: Path, *words: str, token: str | None = TOKEN
) -> subprocess.CompletedProcess[str]:
    """Push the metric."""
    command = ("space", "metric", "--push", REPO, *words, "--format", "json")
    return express(hub, home, *command, token=token)


def pushed(hub: LoopbackHub, home: Path, *words: str) -> tuple[dict[str, Any], Repository]:
    """Push the metric, which must do."""
    done = push(hub, home, *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["hub"], hub.repositories["spaces", REPO]


def python(hub: LoopbackHub, home: Path, code: str, *words: str | Path) -> str:
    """What a fresh process of a user who has only the Hub prints."""
    home.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *map(str, words)],
        cwd=home,
        env=environment(hub, home / "hf"),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_evaluate_loads_it_by_name_and_gives_the_golden_figures(
    hub: LoopbackHub, tmp_path: Path, reference: Path
) -> None:
    told, repository = pushed(hub, tmp_path)
    assert told["created"]
    assert told["url"] == f"{hub.endpoint}/spaces/{REPO}"
    assert told["commit"] == repository.head
    assert len(repository.commits) == 2  # the repository's first one, and one with everything
    with (reference / "gpt4o_predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    inputs = {
        "predictions": [row["output"] for row in rows],
        "references": [ast.literal_eval(row["labels"]) for row in rows],
        "lexicon": str(reference / "lexicon-decomposition.csv"),
        "protocol": "paper",
    }
    (tmp_path / "inputs.json").write_text(json.dumps(inputs))
    found = json.loads(python(hub, tmp_path / "user", SCORE, tmp_path / "inputs.json"))
    assert {name: found[name] for name in GOLDEN} == pytest.approx(GOLDEN, rel=0, abs=1e-12)
    assert (found["n_examples"], found["n_masks"]) == (544, 856)
    asked = {line.rpartition("/")[2] for line in hub.requests if "/resolve/main/" in line}
    assert asked >= {file.name for file in metric_files()}


def test_the_examples_of_the_card_print_what_it_says(hub: LoopbackHub, tmp_path: Path) -> None:
    _, repository = pushed(hub, tmp_path)
    card = repository.commits[repository.head or ""]["README.md"].decode()
    assert card.count("```python") == 2
    found = re.findall(r"```python\n(.*?)```\n\nIt prints:\n\n```text\n(.*?)```", card, re.DOTALL)
    assert len(found) == card.count("```python")
    for code, printed in found:
        assert f'evaluate.load("{REPO}")' in code
        assert python(hub, tmp_path / "user", HIDE + code) == printed


def test_what_arrives_and_what_goes(hub: LoopbackHub, tmp_path: Path) -> None:
    repository = hub.repositories.setdefault(("spaces", REPO), Repository())
    manifest = {"space": "metric", "files": ["old.py", "README.md", "never_there.py"]}
    before = {
        MANIFEST: json.dumps(manifest).encode(),
        "old.py": b"1",
        "README.md": b"old",
        "notes.md": b"mine",
        ".gitattributes": b"",
    }
    repository.commit(before)
    told, _ = pushed(hub, tmp_path, "--private")
    assert not told["created"]
    assert repository.private
    files = repository.commits[told["commit"]]
    assert "old.py" not in files
    assert (files["notes.md"], files[".gitattributes"]) == (b"mine", b"")
    assert files["README.md"].startswith(b"---\ntitle: EXPRESS alignment\n")
    listed = json.loads(files[MANIFEST])["files"]
    assert sorted(listed) == sorted(set(files) - {"notes.md", ".gitattributes"})
    assert files["express_alignment.py"] == metric_files()[0].read_bytes()


def test_a_private_space_is_private_before_anything_is_in_it(
    hub: LoopbackHub, tmp_path: Path
) -> None:
    _, repository = pushed(hub, tmp_path, "--private")
    assert repository.private
    assert not any("settings" in line for line in hub.requests)


@pytest.mark.parametrize(
    "there",
    [
        {"app.py": b"print()", "README.md": b""},
        {MANIFEST: b'{"space": "demo", "files": []}'},
        {MANIFEST: b"not json"},
    ],
)
def test_another_space_of_that_name_is_left_alone(
    hub: LoopbackHub, tmp_path: Path, there: dict[str, bytes]
) -> None:
    repository = hub.repositories.setdefault(("spaces", REPO), Repository())
    before = repository.commit(there)
    done = push(hub, tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"error: --push {REPO}: another Space has this name; choose a new one, or empty that one "
        "first\n"
    )
    assert repository.head == before


def test_one_that_the_website_has_just_made_is_filled(hub: LoopbackHub, tmp_path: Path) -> None:
    repository = hub.repositories.setdefault(("spaces", REPO), Repository())
    repository.commit({"README.md": b"", "index.html": b"", "style.css": b""})
    told, _ = pushed(hub, tmp_path)
    assert "express_alignment.py" in repository.commits[told["commit"]]


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        (None, "you are not logged in to the Hub; run `hf auth login` or set HF_TOKEN"),
        ("hf_wrong", "the Hub does not accept your token"),
        (STRANGER, "you have no right to write there; use a token that may write, or a name"),
    ],
)
def test_refusals_of_the_hub(
    hub: LoopbackHub, tmp_path: Path, token: str | None, sentence: str
) -> None:
    done = push(hub, tmp_path, token=token)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {REPO}: {sentence}")
    assert done.stderr.count("\n") == 1
    assert not hub.repositories


def test_a_change_at_the_same_moment_is_not_overwritten(hub: LoopbackHub, tmp_path: Path) -> None:
    repository = hub.repositories.setdefault(("spaces", REPO), Repository())
    stale = repository.commit({"README.md": b"old"})
    newest = repository.commit({"README.md": b"new"})
    repository.resolve = lambda revision: stale  # type: ignore[method-assign]
    done = push(hub, tmp_path)
    assert done.stderr.startswith(f"error: {REPO}: someone else changed it at the same moment")
    assert repository.head == newest


def test_without_push_nobody_is_asked(hub: LoopbackHub, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "express_runners.cli", "space", "metric", "--out"]
    subprocess.run(
        [*command, str(tmp_path / "out")],
        env=environment(hub, tmp_path, TOKEN),
        check=True,
        capture_output=True,
        timeout=120,
    )
    assert hub.requests == []
