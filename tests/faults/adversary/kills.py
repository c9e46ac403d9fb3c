"""Sudden ends: a command is killed again and again with its group, and must end as undisturbed."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from pathlib import Path

from .case import Forks

# What differs between two runs of the same command, however they end.
_TIMES = ("seconds", "sessions", "process")
LONG = {
    "run": "run --model model --dataset sample --limit 12 --batch-size 1 --device cpu --out O",
    "sweep": "sweep sweep.yaml --out O",
    "build": "dataset build dump.jsonl --out O --tokenizer words --key key",
    "publish": "dataset publish sample --out O",
    "push": "results push a-run --results org/results --out O",
    "install": "install --source data.jsonl",
    "train": "train --model model --dataset sample --epochs 1 --limit 8 --device cpu --out O",
}


def prepare(forks: Forks, world: Path) -> None:
    """A run of a model, as only those can be pushed, and what else `world.make` does not make."""
    (world / "key").write_text("7f" * 32)
    words = "run --model model --dataset sample --limit 2 --device cpu --out a-run"
    for line in (words, "results push a-run --results org/results --out submitted"):
        done = forks.run(line.split(), folder=world, seconds=300)
        assert done.code == 0, done.err[-2000:]


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


def wrongs(
    forks: Forks, world: Path, name: str, chance: random.Random, kills: int
) -> tuple[int, list[str]]:
    """How often a command was killed before it ended, and what is wrong with what it left."""
    words = LONG[name].split()
    folder = world.parent / f"killed-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(world, folder, symlinks=True)
    whole = forks.run(words, folder=folder, seconds=600)
    out = folder / "O"
    found = [f"undisturbed: {wrong}" for wrong in whole.wrongs((0,))]
    wanted = content(out)
    shutil.rmtree(out, ignore_errors=True)
    killed = 0
    for _ in range(kills):
        ended = forks.run(words, folder=folder, seconds=chance.uniform(0.01, whole.seconds))
        killed += ended.over == "time"
        if ended.over != "time":
            found += [f"after a kill: {wrong} {ended.err[-300:]}" for wrong in ended.wrongs((0,))]
            shutil.rmtree(out, ignore_errors=True)
    last = forks.run(words, folder=folder, seconds=600)
    found += [f"at the end: {wrong} {last.err[-300:]}" for wrong in last.wrongs((0,))]
    if (now := content(out)) != wanted:
        differing = {k for k in now.keys() | wanted.keys() if now.get(k) != wanted.get(k)}
        found.append(f"another end: {sorted(differing)}")
    return killed, found
