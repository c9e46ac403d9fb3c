"""The adversary finds what is planted, and nothing in a fixed sample; `make test-long` goes on."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from faults.adversary import __main__ as adversary
from faults.adversary import batch, options, servers, world
from faults.adversary.batch import Case
from faults.adversary.case import KEY, Forks, Outcome
from support.fault_server import Fault


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    with Forks(tmp_path_factory.mktemp("cases")) as started:
        yield started


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> Path:
    folder = tmp_path_factory.mktemp("made") / "world"
    world.make(forks, folder)
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


def test_every_good_command_ends_well(made: Path, forks: Forks) -> None:
    cases = [Case(name, words) for name, words in world.words().items()]
    cases += [
        case for name in adversary.READS for case in adversary.file_cases(made, name, 13, 1)
    ]  # fmt: skip
    cases = [replace(case, file="", content=b"") for case in cases]
    failed = {
        case.what: outcome.err or outcome.out
        for case, outcome, wrongs in batch.tried(forks, made, cases)
        if wrongs or outcome.code
    }
    assert failed == {}


def test_options_are_of_every_command_that_ends_by_itself() -> None:
    without = {name for name, _ in options.commands()} - world.GOOD.keys()
    assert without == {"study serve"}


def test_a_sample_of_inputs(made: Path, forks: Forks) -> None:
    cases = adversary.option_cases(1, 25)
    for name in adversary.READS:
        cases += adversary.file_cases(made, name, 13, 1)
    tally = adversary.Tally()
    assert adversary.Rounds(forks, made, tally, 13).inputs(cases) == len(cases) > 40
    assert tally.wrong == []


def test_what_is_wrong_among_others_is_tried_again_alone(made: Path, forks: Forks) -> None:
    names = ("well", "traceback", "well", "crash", "well")
    cases = [Case(one, (), function=f"faults.adversary.planted.{one}") for one in names]
    found = [(case.what, wrongs) for case, _, wrongs in batch.tried(forks, made, cases)]
    wrong = {"well": [], "traceback": ["a traceback"], "crash": ["exit code -6"]}
    assert found == [(name, wrong[name]) for name in names]


def test_what_was_tried_is_counted_and_told() -> None:
    tally = adversary.Tally()
    while tally.lacking():
        part, number = tally.begin()
        assert number == tally.counts[part] / adversary.GOALS[part][1]
        tally.end(part, adversary.GOALS[part][1])
    assert tally.lines()[-1].startswith("all that was asked was tried after ")
    tally.end("inputs", 0)
    tally.tell("a case", ["a traceback", "over its limit of time"])
    *_, wrong, short = tally.lines()
    assert wrong.startswith("2 wrong: 1 tracebacks, 1 hangs, 0 answers lost or doubled, ")
    assert short == "short of what was asked: inputs"


def test_there_are_150_misbehaviours_and_some_of_them_end_well(
    forks: Forks, tmp_path: Path
) -> None:
    faults = servers.misbehaviours()
    assert len(faults) >= 150
    for name, always in (("503 deep", False), ("half", True), ("200 an error", True)):
        folder = tmp_path / name
        folder.mkdir()
        assert servers.wrongs(forks, folder, faults[name], always=always) == []


@pytest.mark.parametrize("name", ["run", "run of two", "publish to a Hub"])
def test_a_killed_command_ends_as_undisturbed(name: str, made: Path, forks: Forks) -> None:
    rounds = adversary.Rounds(forks, made, adversary.Tally(), 13)
    killed, found = rounds.killer(name).wrongs(name, random.Random(13), 2)
    assert killed
    assert found == []
