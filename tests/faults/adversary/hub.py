"""Sudden ends of what is pushed to the Hub: it has all of it, once, or nothing."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

from support.loopback_hub import Account, LoopbackHub

from .case import KEY, Forks

# What is pushed, by what the kinds of kills are called.
PUSHES = {
    "publish to a Hub": "dataset publish sample --to org/made --private",
    "push of a Space": "space metric --push org/express_alignment",
}
Files = dict[str, dict[str, bytes]]


class Pushes:
    """Kills pushes to a Hub on this machine; a process that knows its address is made once."""

    def __init__(self, folder: Path, world: Path) -> None:
        self._folder, self._world = folder, world

    def wrongs(self, name: str, chance: random.Random, kills: int) -> tuple[int, list[str]]:
        """How often a push was killed before it ended, and what is wrong with what it left."""
        words, found, killed = PUSHES[name].split(), [], 0
        folder = self._folder / "in"
        shutil.rmtree(self._folder, ignore_errors=True)
        shutil.copytree(self._world, folder, symlinks=True)
        with LoopbackHub() as hub:
            hub.accounts[KEY] = Account("person", ("org",))
            # The library's bars move up the lines of a terminal.
            environment = {"HF_TOKEN": KEY, "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
            environment |= hub.environment(str(self._folder / "hf"))
            with Forks(self._folder, environment) as forks:
                whole = forks.run(words, folder=folder, seconds=600)
                found = [f"undisturbed: {one} {whole.err[-300:]}" for one in whole.wrongs((0,))]
                wanted = on(hub)
                hub.repositories.clear()
                for _ in range(kills):
                    seconds = chance.uniform(0.01, whole.seconds)
                    ended = forks.run(words, folder=folder, seconds=seconds)
                    killed += ended.over == "time"
                    if ended.over != "time":
                        found += [f"after a kill: {one}" for one in ended.wrongs((0,))]
                        hub.repositories.clear()
                last = forks.run(words, folder=folder, seconds=600)
                found += [f"at the end: {one} {last.err[-300:]}" for one in last.wrongs((0,))]
                if on(hub) != wanted:
                    found.append("another end")
        kept = [file for file in self._folder.rglob("*") if file.is_file()]
        found += [f"the key in {file}" for file in kept if KEY.encode() in file.read_bytes()]
        return killed, found


def on(hub: LoopbackHub) -> Files:
    """What the names of each repository lead to: main, tags and proposals."""
    found = {}
    for (kind, name), repository in hub.repositories.items():
        heads = {"main": repository.head, **repository.names}
        for ref, sha in heads.items():
            found[f"{kind}/{name}@{ref}"] = repository.commits[sha or ""]
    return found
