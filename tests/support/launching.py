"""Start `express run` as people do, on one process or several, and read what it wrote."""

from __future__ import annotations

import json
import multiprocessing
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

MODULE = ["-m", "express_runners.run"]
PRELOADED = [
    "express_runners.run",
    "express_runners.engines.causal",
    "accelerate",
    "transformers.models.llama.modeling_llama",
]
PRELOADED_TOO = ["express_runners.training.train", "transformers.trainer", "peft"]


def start(options: dict[str, object], processes: int = 1) -> subprocess.Popen[str]:
    """Start a run in a process group of its own; more than one process go through torchrun."""
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    launcher = [sys.executable]
    if processes > 1:
        launcher += ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node"]
        launcher += [str(processes)]
    # On a GPU machine too, these runs are of processors.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    return subprocess.Popen(
        [*launcher, *MODULE, *words, "--format", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for a run and return the scores it printed."""
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err[-3000:]
    scores: dict[str, Any] = json.loads(out)
    return scores


def kill(process: subprocess.Popen[str]) -> None:
    """SIGKILL a run with all its processes."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)


def written(folder: Path) -> int:
    """Whole lines in the shards of an unfinished run."""
    return sum(file.read_bytes().count(b"\n") for file in folder.glob("predictions-*.jsonl"))


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait for something to become true while a run goes on; fail if the run ends first."""
    deadline = time.monotonic() + 240
    while not condition():
        assert process.poll() is None, f"the run ended too soon: {process.communicate()[1][-3000:]}"
        assert time.monotonic() < deadline, "nothing happened for four minutes"
        time.sleep(0.01)


def predictions(folder: Path) -> list[dict[str, Any]]:
    """The finished run's lines, without what tells who answered and how fast."""
    lines = [json.loads(row) for row in (folder / "predictions.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k not in ("seconds", "process")} for line in lines]


def processes(folder: Path) -> list[int]:
    """Which processes answered the lines of a finished run, by rank."""
    rows = (folder / "predictions.jsonl").read_text().splitlines()
    return [json.loads(row)["process"] for row in rows]


def sessions(folder: Path) -> list[dict[str, Any]]:
    """One record for each start of a run."""
    found: list[dict[str, Any]] = json.loads((folder / "run.json").read_text())["sessions"]
    return found


def answer(options: dict[str, Any]) -> None:
    """A run, as a member's work."""
    from express_runners.config import RunConfig
    from express_runners.runs.run import run

    run(RunConfig(**options))


def teach(options: dict[str, Any]) -> None:
    """A training, as a member's work."""
    from express_runners.training.options import TrainConfig
    from express_runners.training.train import train

    train(TrainConfig(**options))


def teach_halfway(options: dict[str, Any]) -> None:
    """A training that stands still two steps after its first checkpoint, until it is killed."""
    from express_runners.training import learning

    usual = learning._watch

    def watch(bar: Any) -> Any:
        made = usual(bar)
        moved_on = made.on_step_end

        def on_step_end(args: Any, state: Any, control: Any, **named: Any) -> None:
            moved_on(args, state, control, **named)
            if state.global_step == options["save_steps"] + 2:
                time.sleep(600)

        made.on_step_end = on_step_end
        return made

    learning._watch = watch
    teach(options)


Work = Callable[[dict[str, Any]], None]


def join(work: Work, options: dict[str, Any], rank: int, world: int, port: int) -> None:
    """Be process `rank` of `world`, as torchrun would start it."""
    where: dict[str, object] = {
        "RANK": rank,
        "LOCAL_RANK": rank,
        "WORLD_SIZE": world,
        "LOCAL_WORLD_SIZE": world,
    }
    where |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "OMP_NUM_THREADS": 1}
    os.environ.update({name: str(value) for name, value in where.items()})
    work(options)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class Team:
    """The processes of one run or training, forked from a server with the libraries loaded.

    Each is a process of its own that SIGKILL ends like any other; only the import, six seconds
    at every start, is saved.
    """

    def __init__(self, options: dict[str, Any], world: int, work: Work = answer) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([*PRELOADED, *(() if work is answer else PRELOADED_TOO)])
        port = free_port()
        self.members = [
            context.Process(target=join, args=(work, options, rank, world, port))
            for rank in range(world)
        ]
        for member in self.members:
            member.start()

    def running(self) -> bool:
        """Whether every process is still at work."""
        return all(member.is_alive() for member in self.members)

    def kill(self, first: Sequence[int]) -> None:
        """SIGKILL some, by rank; then the rest, as a launcher does when it sees one die."""
        rest = [rank for rank in range(len(self.members)) if rank not in first]
        for rank in [*first, *rest]:
            self.members[rank].kill()
        for member in self.members:
            member.join(60)

    def finish(self) -> list[int | None]:
        """Wait for all and return their exit codes."""
        for member in self.members:
            member.join(240)
        return [member.exitcode for member in self.members]


def model_server_command(*words: object) -> str:
    """A command for `--serve` that starts the small server of `model_server.py`."""
    start = [sys.executable, Path(__file__).with_name("model_server.py"), *words]
    return f"{shlex.join(map(str, start))} {{port}} --model-is {{model}}"
