"""`python -m faults.adversary`: try everything for an hour, and count what came of it.

Each case runs in a process of its own with limits of time and memory. The seed is printed;
`--seed` repeats a run. Exit code 1 if anything was wrong, each told in a line.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from . import inputs, kills, options, servers, world
from .case import Forks

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
    "a-run/predictions.jsonl": ("score a-run #", "results push a-run --out o #"),
    "a-run/scores.json": ("report a-run --out page.html #",),
    "study/study.json": ("study codes study #",),
    "model/config.json": (f"{ONE} --model model #",),
    "model/tokenizer_config.json": (f"{ONE} --model model #",),
}  # fmt: skip


class Tally:
    """Counts cases and keeps what was wrong."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.peak = 0

    def add(self, part: str, what: str, wrongs: list[str]) -> None:
        """Count a case; tell at once what was wrong with it."""
        self.counts[part] += 1
        for wrong in wrongs:
            self.wrong.append(f"{part}: {what}: {wrong}")
            print(self.wrong[-1], flush=True)


def fresh(made: Path, where: Path) -> Path:
    """A copy of the world to spoil."""
    shutil.rmtree(where, ignore_errors=True)
    return shutil.copytree(made, where / "in", symlinks=True)


def try_options(
    forks: Forks, made: Path, good: dict[str, list[str]], tally: Tally
) -> Iterator[None]:
    """Options with values that cannot be meant, in a drawn order."""
    cases = list(options.cases(good))
    random.shuffle(cases)
    for what, words in cases:
        folder = fresh(made, forks.folder / "case")
        outcome = forks.run(words, folder=folder)
        tally.peak = max(tally.peak, outcome.peak)
        tally.add("options", what, outcome.wrongs())
        yield


def try_file(forks: Forks, made: Path, name: str, content: bytes, tally: Tally) -> list[str]:
    """What is wrong with the commands that read a file of this content."""
    found = []
    for command in READS[name]:
        folder = fresh(made, forks.folder / "case")
        (folder / name).write_bytes(content)
        words = command.split()
        words = words[:-1] if words[-1] == "#" else [*words, name]
        outcome = forks.run(words, folder=folder, seconds=300)
        tally.peak = max(tally.peak, outcome.peak)
        found += [f"{command}: {wrong}" for wrong in outcome.wrongs()]
    return found


def try_files(forks: Forks, made: Path, name: str, number: int, tally: Tally, count: int) -> None:
    """So many spoiled forms of one file; the content of what fails is kept."""

    @seed(number)
    @settings(
        max_examples=count, deadline=None, database=None, phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.data())
    def each(data: st.DataObject) -> None:
        content = data.draw(inputs.spoiled((made / name).read_bytes()))
        wrongs = try_file(forks, made, name, content, tally)
        if wrongs:
            kept = forks.folder / f"wrong-{len(tally.wrong)}-{Path(name).name}"
            kept.write_bytes(content)
            wrongs = [f"{wrong} ({kept})" for wrong in wrongs]
        tally.add("files", name, wrongs)

    each()


def main() -> int:
    """Go round and round until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    random.seed(asked.seed)
    tally, end = Tally(), time.monotonic() + 60 * asked.minutes
    root = Path(tempfile.mkdtemp(prefix="adversary-"))
    good = world.make(root / "world")
    with Forks(root / "cases") as forks:
        made = root / "world"
        kills.prepare(forks, made)
        options.bad_files(made)
        rounds(forks, made, good, tally, lambda: time.monotonic() < end)
    counts = ", ".join(f"{count} {name}" for name, count in sorted(tally.counts.items()))
    print(f"seed {asked.seed}: {counts}; peak {tally.peak >> 20} MiB; {len(tally.wrong)} wrong")
    return int(bool(tally.wrong))


def rounds(
    forks: Forks, made: Path, good: dict[str, list[str]], tally: Tally, going: Callable[[], bool]
) -> None:
    """A few of each kind in turn, so that any length of time has tried all kinds."""
    every = try_options(forks, made, good, tally)
    faults = [(name, always) for always in (False, True) for name in servers.misbehaviours()]
    random.shuffle(faults)
    while going():
        for _ in range(40):
            next(every, None)
        for name in READS:
            if going():
                try_files(forks, made, name, random.randrange(2**32), tally, 4)
        for name, always in [faults.pop() for _ in range(min(5, len(faults)))]:
            folder = forks.folder / "server"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            found = servers.wrongs(forks, folder, servers.misbehaviours()[name], always=always)
            tally.add("servers", f"{name}{' for ever' if always else ''}", found)
        for name in random.sample(sorted(kills.LONG), 2):
            if going():
                killed, found = kills.wrongs(forks, made, name, random.Random(), 2)
                tally.counts["kills"] += killed
                tally.add("killed commands", name, found)


if __name__ == "__main__":
    sys.exit(main())
