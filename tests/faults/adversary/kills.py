"""Sudden ends: a command is killed again and again with its group, and must end as undisturbed."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import random
import shutil
import sys
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from support import launching

from express_runners.cli.main import main

from .case import EXPRESS, Forks, Outcome

# What differs between two runs of the same command, however they end.
_TIMES = ("seconds", "sessions", "process")
TWICE = f"{__name__}.run_of_two"
_RUN = "run --model model --dataset sample --limit 12 --batch-size 1 --device cpu --out O"
LONG = {
    "run": _RUN,
    "run of two": _RUN,
    "sweep": "sweep sweep.yaml --out O",
    "build": "dataset build dump.jsonl --out O --tokenizer words --key key --workers 2",
    "publish": "dataset publish sample --out O",
    "push": "results push a-run --results org/results --out O",
    "install": "install --source data.jsonl",
    "train": "train --model model --dataset sample --epochs 1 --limit 8 --device cpu --out O",
}


def content(out: Path) -> dict[str, str]:
    """What a command left, each file by a hash; of answers without what tells the time."""
    found = {}
    for file in sorted(path for path in out.rglob("*") if path.is_file()):
        name = file.relative_to(out).as_posix()
        if file.name == "predictions.jsonl":
            lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
            kept = [{k: v for k, v in line.items() if k not in _TIMES} for line in lines]
            found[name] = hashlib.sha256(json.dumps(kept).encode()).hexdigest()
        elif file.suffix == ".parquet" or file.name == "scores.json":
            found[name] = hashlib.sha256(file.read_bytes()).hexdigest()
        elif file.suffix != ".log":
            found[name] = "there"
    return found


def answers(run: Path) -> set[str]:
    """The whole lines that a run has written, in its parts or when they were joined."""
    files = run.glob("predictions*.jsonl")
    return {line for file in files for line in file.read_text("utf-8").split("\n")[:-1]}


class Kills:
    """Kills commands, each of which has been seen to end well before."""

    def __init__(self, forks: Forks, world: Path) -> None:
        self._forks, self._world = forks, world
        self._whole: dict[str, tuple[dict[str, str], float]] = {}

    def _run(self, name: str, **how: Any) -> Outcome:
        function = TWICE if name == "run of two" else EXPRESS
        return self._forks.run(LONG[name].split(), function=function, **{"patience": 10, **how})

    def _fresh(self, name: str) -> Path:
        folder = self._forks.folder / f"killed-{name}"
        shutil.rmtree(folder, ignore_errors=True)
        return shutil.copytree(self._world, folder, symlinks=True)

    def wrongs(self, name: str, chance: random.Random, kills: int) -> tuple[int, list[str]]:
        """How often a command was killed before it ended, and what is wrong with what it left."""
        folder, found = self._fresh(name), []
        out = folder / "O"
        if name not in self._whole:
            whole = self._run(name, folder=folder, seconds=600)
            found = [f"undisturbed: {wrong} {whole.err[-300:]}" for wrong in whole.wrongs((0,))]
            self._whole[name] = content(out), whole.seconds
            shutil.rmtree(out, ignore_errors=True)
        wanted, seconds = self._whole[name]
        killed, answered = 0, set[str]()
        for _ in range(kills):
            # The whole group, or the first process alone, whose workers must then end.
            how = {"alone": chance.random() < 0.5, "patience": 60}
            ended = self._run(name, folder=folder, seconds=chance.uniform(0.01, seconds), **how)
            killed += ended.over == "time"
            wrongs = [f"{ended.left} processes left"] if ended.left else []
            if ended.over != "time":
                wrongs = ended.wrongs((0,))
                shutil.rmtree(out, ignore_errors=True)
            before, answered = answered, answers(out)
            ids = [json.loads(line)["id"] for line in answered]
            if ended.over == "time" and not before <= answered:
                wrongs.append(f"{len(before - answered)} answers lost")
            if len(ids) != len(set(ids)):
                wrongs.append("an answer doubled")
            found += [f"after a kill: {wrong} {ended.err[-300:]}" for wrong in wrongs]
        last = self._run(name, folder=folder, seconds=600)
        found += [f"at the end: {wrong} {last.err[-300:]}" for wrong in last.wrongs((0,))]
        if (left := content(out)) != wanted:
            differing = {k for k in left.keys() | wanted.keys() if left.get(k) != wanted.get(k)}
            found.append(f"another end: {sorted(differing)}")
        return killed, found


def run_of_two() -> None:
    """Be a launcher of two processes of the command, as torchrun is."""
    fork = multiprocessing.get_context("fork")
    port = launching.free_port()
    workers = [
        fork.Process(target=launching.join, args=(_command, {}, rank, 2, port)) for rank in range(2)
    ]
    for worker in workers:
        worker.start()
    while running := [worker.sentinel for worker in workers if worker.is_alive()]:
        wait(running)
        if any(worker.exitcode for worker in workers):
            for worker in workers:
                worker.kill()
    sys.exit(max(abs(worker.exitcode or 0) for worker in workers))


def _command(_: dict[str, Any]) -> None:
    main()
