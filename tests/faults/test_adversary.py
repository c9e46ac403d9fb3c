"""The adversary finds what is planted, and nothing in a fixed sample; `make test-long` goes on."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from faults.adversary import __main__ as adversary
from faults.adversary import kills, options, servers, world
from faults.adversary.case import KEY, Forks, Outcome
from support.fault_server import Fault


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    with Forks(tmp_path_factory.mktemp("cases")) as started:
        yield started


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> Path:
    folder = tmp_path_factory.mktemp("made") / "world"
    good = world.make(folder)
    for name in ("score", "dataset stats"):
        assert forks.run(good[name], folder=folder).wrongs((0,)) == []
    kills.prepare(forks, folder)
    options.bad_files(folder)
    return folder


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ("traceback", ["a traceback"]),
        ("hang", ["over its limit of time"]),
        ("memory", ["over its limit of memory"]),
        ("leaves", ["1 processes left"]),
        ("key", ["the key"]),
        ("codes", ["a code for the terminal"]),
        ("silent", ["no sentence"]),
        ("crash", ["exit code -6"]),
        ("well", []),
    ],
)
def test_a_planted_fault_is_found(fault: str, found: list[str], forks: Forks) -> None:
    seconds = 3 if fault == "hang" else 60
    outcome = forks.run([], seconds=seconds, function=f"faults.adversary.planted.{fault}")
    assert [wrong for wrong in outcome.wrongs() if "MiB" not in wrong] == found
    assert (fault == "memory") is any("MiB" in wrong for wrong in outcome.wrongs())


def test_a_kept_key_is_found(forks: Forks, tmp_path: Path) -> None:
    fault = servers.misbehaviours()["content the key"]
    (tmp_path / "notes.txt").write_text(f"seen: {KEY}")
    assert servers.wrongs(forks, tmp_path, fault, always=True) == ["the key in notes.txt"]


@pytest.mark.parametrize("planted", ["lost", "doubled"])
def test_a_lost_and_a_doubled_answer_are_found(
    planted: str, forks: Forks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, file, runs = forks.run, tmp_path / "run" / "predictions.jsonl", []

    def planting(words: list[object], **further: Any) -> Outcome:
        outcome = run(words, **further)
        runs.append(outcome)
        if len(runs) == 2:  # the last, after which nothing is asked again
            lines = file.read_text("utf-8").splitlines(keepends=True)
            lines = lines[1:] if planted == "lost" else [*lines, lines[0]]
            file.write_text("".join(lines), "utf-8")
        return outcome

    monkeypatch.setattr(forks, "run", planting)
    (wrong,) = servers.wrongs(forks, tmp_path, Fault("none"), always=False)
    assert wrong.startswith("answers [")


def test_a_sample_of_options(made: Path, forks: Forks) -> None:
    good, tally = world.words(), adversary.Tally()
    random.seed(13)
    for _ in islice(adversary.try_options(forks, made, good, tally), 25):
        pass
    assert tally.counts["options"] == 25
    assert tally.wrong == []


@pytest.mark.parametrize("name", sorted(adversary.READS))
def test_a_sample_of_files(name: str, made: Path, forks: Forks) -> None:
    tally = adversary.Tally()
    adversary.try_files(forks, made, name, 13, tally, 2)
    assert tally.wrong == []


def test_there_are_150_misbehaviours_and_some_of_them_end_well(
    forks: Forks, tmp_path: Path
) -> None:
    faults = servers.misbehaviours()
    assert len(faults) >= 150
    for name, always in (("503 deep", False), ("half", True), ("200 an error", True)):
        folder = tmp_path / name
        folder.mkdir()
        assert servers.wrongs(forks, folder, faults[name], always=always) == []


@pytest.mark.parametrize("name", ["run", "publish", "push"])
def test_a_killed_command_ends_as_undisturbed(name: str, made: Path, forks: Forks) -> None:
    killed, found = kills.wrongs(forks, made, name, random.Random(13), 2)
    assert killed
    assert found == []
