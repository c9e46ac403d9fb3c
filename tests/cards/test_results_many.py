"""Many submissions at once: what goes wrong with one is told of that one, and ends no other's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from support.loopback_hub import LoopbackHub
from support.submitted import SETTINGS, change, only

from express_cards.spaces.leaderboard.site import stage
from express_cards.spaces.options import SpaceOptions
from express_cards.submissions import validate as checking
from express_cards.submissions.card import result_card
from express_cards.submissions.check import check as real
from express_cards.submissions.sources import Sources
from express_cards.submissions.submission import Submission, write_submission
from express_cards.submissions.validate import validate
from express_dataset.errors import DataError
from express_dataset.reading.hub import OTHERWISE
from express_dataset.reading.typed import as_json
from express_dataset.sources import AUTHORS_REPO
from express_metric.analysis.resampling import Resampling
from express_runners.runs.record import parse_record

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = "a" * 40
FILES = 3000


def command(*words: str | Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """The command as a user types it."""
    known = {"PATH": os.environ["PATH"], "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    # Nothing outside this machine is asked, and the answer to that comes at once.
    known |= {"https_proxy": "http://127.0.0.1:9", "EXPRESS_CACHE": "/nonexistent"}
    return subprocess.run(
        [sys.executable, "-m", "express_runners.cli", *map(str, words)],
        cwd=ROOT,
        env=known | env,
        capture_output=True,
        text=True,
        timeout=240,
    )


def reasons(done: subprocess.CompletedProcess[str]) -> dict[str, str | None]:
    """What came of each submission, by its name."""
    assert "Traceback" not in done.stderr
    return {one["name"]: one["reason"] for one in json.loads(done.stdout)["submissions"]}


def elsewhere(folder: Path) -> None:
    """Say that the answers are to the authors' data, at a commit that is nowhere."""
    for key, value in (("name", "express"), ("revision", NOWHERE)):
        change(folder / "run.json", "asked", "dataset", key, to=value)


@pytest.mark.parametrize(
    ("hub_has", "reason"),
    [
        ("nothing", f"the Hub dataset {AUTHORS_REPO}: it does not exist, or is private"),
        ("another commit", f"the Hub dataset {AUTHORS_REPO}: it has no revision '{NOWHERE}'"),
        ("gone", f"the Hub dataset {AUTHORS_REPO}: the Hub cannot be reached"),
    ],
)
def test_data_that_cannot_be_loaded_refuse_the_submission_that_names_them(
    copy: Callable[[str], Path], tmp_path: Path, hub_has: str, reason: str
) -> None:
    for name in SETTINGS:
        folder = copy(name)
        if name in ("cot", "rank"):
            elsewhere(folder)
    root = folder.parents[2]
    with LoopbackHub() as hub:
        if hub_has == "another commit":
            hub.dataset(AUTHORS_REPO).commit({"README.md": b"data"})
        env = hub.environment(str(tmp_path / "home"))
        words = ("results", "validate", root, "--format", "json")
        if hub_has != "gone":
            done, asked = command(*words, env=env), list(hub.requests)
    if hub_has == "gone":
        done, asked = command(*words, env=env), []
    found = reasons(done)
    assert done.returncode == 2
    assert len(found) == len(SETTINGS)
    refused = {name.split("/")[2]: told for name, told in found.items() if told}
    assert {name[:3] for name in refused} == {"cot", "zer"}
    for told in refused.values():
        assert told.startswith(f"run.json: its data cannot be loaded ({reason}")
        assert told.count("\n") == 0
        assert OTHERWISE not in told  # what helps there, but not here
    # The second of them does not make the Hub look again.
    assert len([line for line in asked if NOWHERE in line]) <= 1


def test_data_that_the_user_names_and_cannot_be_loaded_end_the_check(
    clean: dict[str, Path],
) -> None:
    with pytest.raises(DataError, match=r"no-such\.jsonl"):
        validate(str(clean["free"].parents[2]), Sources(["no-such.jsonl"]))


def test_a_lexicon_that_cannot_be_loaded_refuses_the_submission_that_names_it(
    copy: Callable[[str], Path], tmp_path: Path
) -> None:
    good, bad = copy("free"), copy("rank")
    for key, value in (("name", "express"), ("label", "express-16019@c1d86ec2")):
        change(bad / "run.json", "asked", "lexicon", key, to=value)
    done = command("results", "validate", good.parents[2], "--format", "json", env={})
    found = {name.split("/")[2]: told for name, told in reasons(done).items()}
    assert found[good.name] is None
    told = found[bad.name] or ""
    assert told.startswith("run.json: its lexicon cannot be loaded (the lexicon express cannot be")


def test_the_leaderboard_ranks_the_others(copy: Callable[[str], Path], tmp_path: Path) -> None:
    good, bad = copy("free"), copy("cot")
    change(bad / "run.json", "asked", "dataset", "name", to="elsewhere")
    stage(tmp_path / "site", SpaceOptions("leaderboard", results=str(good.parents[2])))
    board = json.loads((tmp_path / "site" / "results.json").read_text("utf-8"))
    assert [one["name"] for one in board["refused"]] == [f"org--tiny/{bad.name}"]
    assert [len(table["rows"]) for table in board["tables"]] == [1, 1]


GROWING = (
    "{{ text }}{{ 2**1000000 }}",
    '{{ "a" * (10**10) }}{{ text }}',
    "{{ 7**(10**9) }}",
    "{% for a in range(10**9) %}{% endfor %}{{ text }}",
    "{{ text | center(1000000000) }}",
    "{{ text }}" + "{% set text = text ~ text %}" * 40,
    "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "{{ " + "9" * 6000 + " }}",
)
ODD: list[Any] = [None, 7, [], {}, "x" * 10**5, "\x1b[2J"]
ODD += ["a\nb", [[[]]], True, -1, 10**17, {"a": {}}]


def test_fifty_good_and_twenty_hostile_submissions(
    submissions: dict[str, Submission], tmp_path: Path
) -> None:
    one, few = submissions["free"], Resampling(draws=100)
    for number in range(50):
        run = as_json(one.record)
        run["asked"]["model"]["revision"] = f"{number:064x}"
        made = Submission(parse_record(run), one.lines, one.scores, one.lexicon)
        folder = write_submission(made, tmp_path, result_card(made, few))
    hostile = []
    for number, source in enumerate(GROWING):
        hostile.append(shutil.copytree(folder, folder.with_name(f"template-{number}")))
        file, digest = hostile[-1] / "run.json", sha256(source.encode()).hexdigest()
        change(file, "template", to=source)
        change(file, "asked", "prompt", "sha256", to=digest)
        change(file, "asked", "prompt", "hash", to=digest[:4])
    for number, value in enumerate(ODD):
        hostile.append(shutil.copytree(folder, folder.with_name(f"value-{number}")))
        change(hostile[-1] / "run.json", "asked", "model", "family", to=value)
    stage(tmp_path / "site", SpaceOptions("leaderboard", results=str(tmp_path)))
    board = json.loads((tmp_path / "site" / "results.json").read_text("utf-8"))
    # A table for each protocol.
    assert [len(table["rows"]) for table in board["tables"]] == [50, 50]
    refused = {one["name"]: one["reason"] for one in board["refused"]}
    assert set(refused) == {"/".join(folder.parts[-2:]) for folder in hostile}
    assert all(reason.isprintable() and len(reason) < 600 for reason in refused.values())
    told = [reason for name, reason in refused.items() if "/template-" in name]
    assert all("the prompt's wording cannot be read" in reason for reason in told)


@pytest.mark.parametrize(("limit", "most"), [("SECONDS", 0), ("GROWTH", 1 << 20)])
def test_a_check_that_takes_too_much_is_a_refusal_of_that_one(
    copy: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
    most: int,
) -> None:
    slow, good = copy("cot"), copy("free")

    def endless(folder: Path, sources: Sources, place: str | None) -> Submission:
        held = bytearray()
        while folder.name == slow.name:
            held += bytes(1 << 22 if limit == "GROWTH" else 0)
        return real(folder, sources, place)

    monkeypatch.setattr(checking, "check", endless)
    monkeypatch.setattr(checking, limit, most or 2)
    refused, passed = sorted(validate(str(good.parents[2]), Sources()), key=lambda one: one.ok)
    assert passed.ok
    assert refused.name.endswith(slow.name)
    assert (refused.reason or "").startswith("its check takes more than")


def test_a_folder_of_very_many_files_is_refused_at_once(copy: Callable[[str], Path]) -> None:
    folder = copy("free")
    for number in range(20_000):
        (folder / f"part-{number:05d}.jsonl").touch()
    told = only(validate(str(folder.parents[2]), Sources()))
    assert told == "'part-00000.jsonl' is no part of a submission; remove it"


def test_of_a_dataset_with_very_many_files_nothing_surplus_is_fetched(
    clean: dict[str, Path], tmp_path: Path
) -> None:
    good = clean["free"]
    place = "/".join(good.parts[-3:])
    files = {f"{place}/{file.name}": file.read_bytes() for file in good.iterdir()}
    bad = f"submissions/evil/{good.name}"
    files |= {f"{bad}/{file.name}": file.read_bytes() for file in good.iterdir()}
    files |= {f"{bad}/deep/{n}/run.json": b"{}" for n in range(FILES)}
    files |= {f"submissions/flat/{n}.json": b"{}" for n in range(3)}
    files |= {f"elsewhere/{n}.bin": b"\0" for n in range(FILES)}
    with LoopbackHub() as hub:
        hub.dataset("org/results").commit(files)
        env = hub.environment(str(tmp_path / "home"))
        done = command("results", "validate", "org/results", "--format", "json", env=env)
        fetched = [line for line in hub.requests if "/resolve/" in line and "GET" in line]
    found = reasons(done)
    assert found.pop(place) is None
    assert found.pop(bad) == "'deep/0/run.json' is no part of a submission; remove it"
    assert set(found) == {f"submissions/flat/{n}.json" for n in range(3)}
    assert all("is no place for a submission" in str(told) for told in found.values())
    assert len(fetched) == 4
    assert all(place in line for line in fetched)


@pytest.mark.parametrize("target", ["elsewhere", "nowhere"])
def test_a_link_in_place_of_all_submissions_is_not_followed(
    copy: Callable[[str], Path], tmp_path: Path, target: str
) -> None:
    root = copy("free").parents[2]
    (root / "submissions").rename(tmp_path / "elsewhere")
    (root / "submissions").symlink_to(tmp_path / target)
    assert only(validate(str(root), Sources())).startswith("submissions is a link or no folder")
