"""Publishing to a Hub on this machine, by the command and the real client, and loading from it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.hub_client import environment, express
from support.loopback_hub import Account, LoopbackHub

ROOT = Path(__file__).resolve().parents[2]
TOKEN, READER, STRANGER = "hf_owner", "hf_reader", "hf_stranger"
LOAD = """
import json, sys
from datasets import load_dataset
from huggingface_hub import DatasetCard, hf_hub_download
name, revision = sys.argv[1:]
splits = load_dataset(name, revision=revision)
card = DatasetCard.load(name)
croissant = hf_hub_download(name, "croissant.json", repo_type="dataset", revision=revision)
print(json.dumps({
    "rows": {split: len(rows) for split, rows in splits.items()},
    "first": splits["test"][0]["labels"],
    "license": card.data.license, "text": card.text,
    "name": json.load(open(croissant))["name"],
}))
"""


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    with LoopbackHub() as server:
        server.accounts[TOKEN] = Account("maker", ("org",))
        server.accounts[READER] = Account("reader", ("org",), may_write=False)
        server.accounts[STRANGER] = Account("stranger")
        yield server


def _publish(
    hub: LoopbackHub, home: Path, *options: str, token: str | None = TOKEN
) -> subprocess.CompletedProcess[str]:
    return express(hub, home, "dataset", "publish", *options, "--format", "json", token=token)


def _published(hub: LoopbackHub, home: Path, *options: str, token: str = TOKEN) -> Any:
    done = _publish(hub, home, *options, token=token)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["hub"]


def _refusal(hub: LoopbackHub, home: Path, *options: str, token: str | None = TOKEN) -> str:
    done = _publish(hub, home, *options, token=token)
    assert (done.returncode, done.stdout) == (2, "")
    # What loading says of the data stands before it.
    *_, error = done.stderr.splitlines()
    return error.removeprefix("error: ")


def test_the_published_sample_loads_by_name_with_card_croissant_and_tag(
    hub: LoopbackHub, tmp_path: Path
) -> None:
    told = _published(hub, tmp_path, "sample", "--to", "org/posts", "--tag", "v1.0.0")
    repository = hub.repositories["datasets", "org/posts"]
    assert told["created"]
    assert told["commit"] == repository.head
    assert repository.tags() == {"v1.0.0": repository.head}
    # The repository's first commit, and one with everything.
    assert len(repository.commits) == 2
    done = subprocess.run(
        [sys.executable, "-c", LOAD, "org/posts", "v1.0.0"],
        env=environment(hub, tmp_path / "reader", None),
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    lines = [json.loads(line) for line in _sample().read_text().splitlines()]
    assert sum(found["rows"].values()) == len(lines)
    assert found["first"] in [line["labels"] for line in lines]
    assert (found["license"], found["name"]) == ("apache-2.0", "express-sample")
    assert 'load_dataset("org/posts")' in found["text"]
    # A tag names one version for ever, and nothing is uploaded in vain.
    refused = _refusal(hub, tmp_path, "sample", "--to", "org/posts", "--tag", "v1.0.0")
    assert refused.startswith("org/posts: the tag v1.0.0 exists already")
    assert len(repository.commits) == 2


def _sample() -> Path:
    return ROOT / "express_dataset" / "sample" / "examples.jsonl"


def test_private_and_gated_before_the_data_arrives(hub: LoopbackHub, tmp_path: Path) -> None:
    _published(hub, tmp_path, "sample", "--to", "org/posts", "--private", "--gated", "manual")
    repository = hub.repositories["datasets", "org/posts"]
    assert (repository.private, repository.gated) == (True, "manual")
    changes = [line for line in hub.requests if not line.startswith(("GET", "HEAD"))]
    names = [line.rpartition("/")[2] for line in changes]
    assert names.index("create") < names.index("settings") < names.index("main")
    refused = _refusal(hub, tmp_path / "b", "org/posts", "--out", str(tmp_path / "c"), token=None)
    assert "does not exist, or is private" in refused


def test_a_proposal_leaves_main_as_it_is(hub: LoopbackHub, tmp_path: Path) -> None:
    repository = hub.dataset("org/posts")
    before = repository.commit({"README.md": b"---\nlicense: mit\n---\nold\n", "notes.txt": b"a"})
    told = _published(
        *(hub, tmp_path, "sample", "--to", "org/posts", "--create-pr"), token=STRANGER
    )
    assert repository.head == before
    assert told["url"].endswith("/datasets/org/posts/discussions/1")
    proposed = repository.commits[repository.names["refs/pr/1"]]
    assert "data/test-00000-of-00001.parquet" in proposed
    assert proposed["notes.txt"] == b"a"


def test_a_new_version_removes_the_shards_of_the_old(hub: LoopbackHub, tmp_path: Path) -> None:
    repository = hub.dataset("org/posts")
    old = ["data/test-00000-of-00002.parquet", "inspect/test-00000-of-00002.parquet", "notes.txt"]
    repository.commit(dict.fromkeys(old, b"old"))
    told = _published(hub, tmp_path, "sample", "--to", "org/posts")
    assert not told["created"]
    files = repository.commits[told["commit"]]
    data = sorted(name for name in files if name.startswith("data/test"))
    assert data == ["data/test-00000-of-00001.parquet"]
    assert "inspect/test-00000-of-00001.parquet" in files
    assert old[1] not in files
    assert files["notes.txt"] == b"old"


@pytest.mark.parametrize(
    ("token", "options", "sentence"),
    [
        (None, ("--to", "org/posts"), "you are not logged in to the Hub"),
        ("hf_wrong", ("--to", "org/posts"), "does not accept your token"),
        (READER, ("--to", "org/posts"), "you have no right to write there"),
        (STRANGER, ("--to", "org/posts"), "you have no right to write there"),
    ],
)
def test_refusals_of_the_hub(
    hub: LoopbackHub, tmp_path: Path, token: str | None, options: tuple[str, ...], sentence: str
) -> None:
    assert sentence in _refusal(hub, tmp_path, "sample", *options, token=token)
    assert not any(commits.names for commits in hub.repositories.values())


def test_a_change_at_the_same_moment_is_not_overwritten(hub: LoopbackHub, tmp_path: Path) -> None:
    repository = hub.dataset("org/posts")
    repository.commit({"README.md": b"---\nlicense: mit\n---\n"})
    # The information that the client reads names a commit that is no longer the newest.
    stale = next(iter(repository.commits))
    newest = repository.commit({"README.md": b"---\nlicense: mit\n---\nnew\n"})
    repository.resolve = lambda revision: stale  # type: ignore[method-assign]
    refused = _refusal(hub, tmp_path, "sample", "--to", "org/posts")
    assert refused == (
        "org/posts: someone else changed it at the same moment; look at it and try again"
    )
    assert repository.head == newest


def test_the_authors_data_needs_a_word_more(
    hub: LoopbackHub, tmp_path: Path, reference: Path
) -> None:
    file = str(reference / "gpt4o_predictions.csv")
    refused = _refusal(hub, tmp_path, file, "--to", "org/express")
    assert "is the data of the EXPRESS authors" in refused
    assert "--have-permission" in refused
    assert not hub.repositories
    # What was written of it keeps its name, so a folder is no way round.
    folder = tmp_path / "express"
    assert _publish(hub, tmp_path, file, "--out", str(folder)).returncode == 0
    assert "EXPRESS authors" in _refusal(hub, tmp_path, str(folder), "--to", "org/express")
    told = _published(
        hub, tmp_path, str(folder), "--to", "org/express", "--have-permission", "--private"
    )
    assert told["created"]
