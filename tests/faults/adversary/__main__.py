"""`python -m faults.adversary`: try everything for an hour, and count what came of it.

Every case has limits of time and memory. The seed is printed; `--seed` repeats the cases of a run.
Each thing that was wrong is told in a line. Exit code 1 if there is one, or if an hour or more has
tried less than `GOALS` asks.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from . import inputs, options, servers, world
from .batch import Case, tried
from .case import Forks
from .hub import PUSHES, Pushes
from .kills import LONG, Kills

ONE = "run --dataset sample --limit 1 --out o"
# What reads each good file of the world, and under which name the command is in it.
READS = {
    "data.jsonl": ("dataset stats", "run --model dummy:uniform --out o --dataset"),
    "answers.jsonl": ("score", "compare answers.jsonl --draws 100"),
    "lexicon.csv": ("score answers.jsonl --lexicon",),
    "words.jinja": (f"{ONE} --model dummy:uniform --template",),
    "terms.txt": (f"{ONE} --model model --decode rank --vocabulary",),
    "sweep.yaml": ("sweep --dry-run",),
    "posts.jsonl": ("dataset mask",),
    "dump.jsonl": ("dataset build --out o --tokenizer words",),
    "a-run/run.json": ("score a-run #", "compare a-run a-run #", "results push a-run --out o #"),
    "a-run/predictions.jsonl": (
        "score a-run #", "results push a-run --out o #", "results record a-run #",
        "run --model model --dataset sample --device cpu --out a-run #",
    ),
    "a-run/scores.json": ("report a-run --out page.html #", "results record a-run #"),
    "a-build/build.json": ("dataset build dump.jsonl --out a-build --tokenizer words --key key #",),
    "runs/sweep.json": ("sweep sweep.yaml --dry-run #", "sweep sweep.yaml #"),
    "adapter/training.json": (
        "train --model model --dataset sample --epochs 1 --limit 8 --device cpu --out adapter #",
    ),
    "adapter/express.json": (f"{ONE} --model model --adapter adapter #",),
    "study/study.json": ("study codes study #",),
    "model/config.json": (f"{ONE} --model model #",),
    "model/generation_config.json": (f"{ONE} --model model #",),
    "model/tokenizer.json": (f"{ONE} --model model #",),
    "model/tokenizer_config.json": (f"{ONE} --model model #",),
    "adapter/adapter_config.json": (f"{ONE} --model adapter #",),
    "submission/run.json": ("results validate submitted --data sample #",),
    "submission/predictions.jsonl": ("results validate submitted --data sample #",),
}  # fmt: skip


# What is asked of an hour, and how much of it a round tries.
GOALS = {
    "inputs": (10_000, 20),
    "server misbehaviours": (2 * len(servers.misbehaviours()), 1),
    **{f"kills of {name}": (12, 6) for name in (*LONG, *PUSHES)},
}
# By what a line about something wrong says.
WRONG = {
    "tracebacks": "a traceback",
    "hangs": "limit of time",
    "answers lost or doubled": "answer",
    "processes left": "processes left",
    "keys shown or kept": "the key",
    "over 1.5 GB": "MiB",
}
_DRAWING = threading.Lock()


class Tally:
    """Counts what was tried and keeps what was wrong; the threads share it."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.peak = 0
        self._rounds: Counter[str] = Counter()
        self._began, self._whole_after = time.monotonic(), 0.0
        self._lock = threading.Lock()

    def begin(self) -> tuple[str, int]:
        """The part that is furthest from its goal, and which of its rounds is to be tried."""
        with self._lock:
            share = {part: (self.counts[part] / goal) for part, (goal, _) in GOALS.items()}
            part = min(share, key=lambda one: share[one])
            self._rounds[part] += 1
            self.counts[part] += GOALS[part][1]
            return part, self._rounds[part]

    def end(self, part: str, tried: int) -> None:
        """Count what a round has tried indeed."""
        with self._lock:
            self.counts[part] += tried - GOALS[part][1]
            if not self._whole_after and not self.lacking():
                self._whole_after = time.monotonic() - self._began

    def tell(self, what: str, wrongs: list[str]) -> None:
        """Tell at once what was wrong with a case."""
        for wrong in wrongs:
            self.wrong.append(f"{what}: {wrong}")
            print(self.wrong[-1], flush=True)

    def lacking(self) -> list[str]:
        """The parts that are short of their goals."""
        return [part for part, (goal, _) in GOALS.items() if self.counts[part] < goal]

    def lines(self) -> list[str]:
        """All counts, and whether they are what was asked."""
        table = [
            f"{part:28}{self.counts[part]:>7} of {goal:>6}" for part, (goal, _) in GOALS.items()
        ]
        found = {kind: sum(sign in one for one in self.wrong) for kind, sign in WRONG.items()}
        counts = [f"{count} {kind}" for kind, count in found.items()]
        short = ", ".join(self.lacking())
        took = f"all that was asked was tried after {self._whole_after / 60:.0f} minutes"
        return [
            *table,
            f"{len(self.wrong)} wrong: {', '.join(counts)}; peak {self.peak >> 20} MiB",
            f"short of what was asked: {short}" if short else took,
        ]


def option_cases(number: int, count: int) -> list[Case]:
    """Options with values that cannot be meant, in a drawn order."""
    everything = _shuffled_options()
    start = number * count % len(everything)
    return [Case(what, words) for what, words in everything[start : start + count]]


@cache
def _shuffled_options() -> list[tuple[str, list[str]]]:
    found = list(options.cases(world.words()))
    random.Random(13).shuffle(found)
    return found


def file_cases(made: Path, name: str, number: int, count: int) -> list[Case]:
    """So many spoiled forms of a file, for each command that reads it."""
    contents: list[bytes] = []

    @seed(number)
    @settings(
        max_examples=count, deadline=None, database=None, phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.data())
    def each(data: st.DataObject) -> None:
        contents.append(data.draw(inputs.spoiled((made / name).read_bytes())))

    with _DRAWING:
        each()
    return [
        Case(name, words[:-1] if words[-1] == "#" else [*words, name], name, content)
        for content in contents
        for words in map(str.split, READS[name])
    ]


class Rounds:
    """What one thread tries; it has a process of its own for its cases."""

    def __init__(self, forks: Forks, made: Path, tally: Tally, number: int) -> None:
        self._forks, self._made, self._tally, self._seed = forks, made, tally, number
        self._kills, self._pushes = Kills(forks, made), Pushes(forks.folder / "hub", made)

    def try_one(self) -> None:
        """A round of what is furthest from its goal."""
        part, number = self._tally.begin()
        chance = random.Random(f"{self._seed} {part} {number}")
        what = f"{part}, round {number}"
        if part == "inputs":
            name = list(READS)[number // 2 % len(READS)]
            count = GOALS[part][1]
            cases = (
                option_cases(number // 2, count)
                if number % 2
                else file_cases(self._made, name, chance.randrange(2**32), count)[:count]
            )
            tried_now = self.inputs(cases)
        elif part.startswith("kills of "):
            name = part.removeprefix("kills of ")
            tried_now, found = self.killer(name).wrongs(name, chance, GOALS[part][1])
            self._tally.tell(what, found)
        else:
            tried_now = self.server(number - 1)
        self._tally.end(part, tried_now)

    def killer(self, name: str) -> Kills | Pushes:
        """Who kills this command."""
        return self._pushes if name in PUSHES else self._kills

    def inputs(self, cases: list[Case]) -> int:
        """How many were tried; what fails is kept."""
        for case, outcome, wrongs in tried(self._forks, self._made, cases):
            self._tally.peak = max(self._tally.peak, outcome.peak)
            if wrongs and case.file:
                kept = self._forks.folder / f"wrong-{len(self._tally.wrong)}-{Path(case.file).name}"
                kept.write_bytes(case.content)
                wrongs = [f"{wrong} ({kept})" for wrong in wrongs]
            self._tally.tell(f"{case.what}: {' '.join(case.words)[:200]!r}", wrongs)
        return len(cases)

    def server(self, number: int) -> int:
        """One misbehaviour, once or for ever."""
        faults = [(name, always) for always in (False, True) for name in servers.misbehaviours()]
        random.Random(13).shuffle(faults)
        name, always = faults[number % len(faults)]
        folder = self._forks.folder / "server"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        found = servers.wrongs(self._forks, folder, servers.misbehaviours()[name], always=always)
        self._tally.tell(f"server: {name}{' for ever' if always else ''}", found)
        return 1


def main() -> int:
    """Go round and round until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    # Servers and kills wait more than they compute.
    parser.add_argument("--jobs", type=int, default=1 + (os.cpu_count() or 1))
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    root = Path(tempfile.mkdtemp(prefix="adversary-"))
    with Forks(root / "making") as forks:
        world.make(forks, root / "world")
    tally, end = Tally(), time.monotonic() + 60 * asked.minutes

    def work(job: int) -> None:
        with Forks(root / f"cases-{job}") as forks:
            rounds = Rounds(forks, root / "world", tally, asked.seed)
            while time.monotonic() < end:
                rounds.try_one()

    with ThreadPoolExecutor(asked.jobs) as pool:
        working = [pool.submit(work, job) for job in range(asked.jobs)]
        for minute in _minutes(end):
            print(f"after {minute} minutes: {dict(tally.counts)}", file=sys.stderr, flush=True)
        for job in working:
            job.result()
    print("\n".join(tally.lines()))
    return int(bool(tally.wrong) or (asked.minutes >= 60 and bool(tally.lacking())))


def _minutes(end: float) -> Iterator[int]:
    """The minutes, each when it has gone by, until the end."""
    minute = 0
    while time.monotonic() < end:
        time.sleep(max(0.0, min(60.0, end - time.monotonic())))
        minute += 1
        yield minute


if __name__ == "__main__":
    sys.exit(main())
