"""A model server of one's own for the time of a run: started, waited for, started again, ended."""

from __future__ import annotations

import http.client
import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from express_metric.errors import one_line

from ..errors import RunError
from ..server import GONE, LISTED
from . import guard

HOST = "127.0.0.1"
_AT = ("--host", HOST, "--port", "{port}")
COMMANDS: dict[str, tuple[str, ...]] = {
    "vllm": ("vllm", "serve", "{model}", *_AT, "--generation-config", "vllm"),
    "sglang": (
        *("python3", "-m", "sglang.launch_server", "--model-path", "{model}", *_AT),
        *("--sampling-defaults", "openai"),
    ),
    "transformers": ("transformers", "serve", "{model}", *_AT),
    "llama.cpp": ("llama-server", "-m", "{model}", *_AT),
}
"""How the known servers are started; another is a command with `{model}` and `{port}`.

vLLM and SGLang are told to leave a model's own penalties out, as the engines here do.
"""
# What a model's generation_config.json may ask for that changes greedy answers, and its absence.
PENALTIES: dict[str, tuple[object, ...]] = {
    "repetition_penalty": (None, 1),
    "no_repeat_ngram_size": (None, 0),
    "encoder_repetition_penalty": (None, 1),
    "bad_words_ids": (None,),
    "suppress_tokens": (None, []),
    "begin_suppress_tokens": (None, []),
    "forced_eos_token_id": (None,),
    "sequence_bias": (None, {}),
    "exponential_decay_length_penalty": (None,),
    "min_length": (None, 0),
    "min_new_tokens": (None, 0),
    "num_beams": (None, 1),
}
INSTALLS = {
    "vllm": "pip install vllm",
    "sglang": "pip install 'sglang[all]'",
    "transformers": "pip install 'transformers[serving]'",
    "llama.cpp": "install llama.cpp (https://github.com/ggml-org/llama.cpp)",
}
ADAPTERS = {
    "vllm": ("--enable-lora", "--lora-modules", "{name}={adapter}"),
    "sglang": ("--lora-paths", "{name}={adapter}"),
}
RANKING = {"vllm": ("--max-logprobs", str(LISTED[0])), "sglang": ()}
"""Those that give log-probabilities of a prompt, and what they are told for it."""
TAIL = 8
RESTARTS = 3


@dataclass(frozen=True, slots=True)
class Serving:
    """What is to be served."""

    kind: str  # a name of `COMMANDS`, or a command line that holds `{model}` and `{port}`
    model: str  # id on the Hub, folder, or file, as the server takes it
    adapter: str | None = None  # a folder with a LoRA adapter, for servers that take one
    replicas: int = 1  # servers of the same model, each at a port of its own
    timeout: float = 1800.0  # seconds until a server that does not answer is given up
    ranks: bool = False  # it is asked for log-probabilities of prompts

    @property
    def asked(self) -> str:
        """What requests call the model."""
        return f"{self.model}+{Path(self.adapter).name}" if self.adapter else self.model

    def command(self, port: int) -> list[str]:
        """The command line of one server.

        >>> Serving("run {model} --at {port}", "org/m").command(8000)
        ['run', 'org/m', '--at', '8000']
        """
        words: Sequence[str] = COMMANDS.get(self.kind) or self._own()
        if self.kind == "transformers" and _before_5_5():
            words = ("transformers", "serve", "--force-model", *words[2:])
        if self.adapter is not None:
            if self.kind not in ADAPTERS:
                raise RunError(
                    f"--serve {self.kind} takes no adapter here: merge it first (`express train "
                    f"merge`), or use --serve {' or '.join(ADAPTERS)}."
                )
            words = (*words, *ADAPTERS[self.kind])
        if self.ranks and self.kind in COMMANDS:
            if self.kind not in RANKING:
                raise RunError(
                    f"--serve {self.kind} gives no log-probabilities of a prompt, so it cannot "
                    f"rank: use --serve {' or '.join(RANKING)}, leave out --serve, or use --decode "
                    "free."
                )
            words = (*words, *RANKING[self.kind])
        places = {
            "{model}": self.model,
            "{port}": str(port),
            "{adapter}": self.adapter or "",
            "{name}": self.asked,
        }
        filled = []
        for word in words:
            for place, value in places.items():
                word = word.replace(place, value)
            filled.append(word)
        if self.kind in COMMANDS:
            # Beside this Python first: a virtual environment need not be activated.
            path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
            program = shutil.which(filled[0], path=path)
            if program is None or (self.kind == "sglang" and find_spec("sglang") is None):
                raise RunError(
                    f"--serve {self.kind}: it is not installed here; {INSTALLS[self.kind]}."
                )
            filled[0] = program
        return filled

    def check(self, folder: Path, file: bool) -> None:
        """Refuse what `transformers serve` would answer in its own way.

        Args:
            folder: the model on this disk.
            file: it was converted from a GGUF file.
        """
        if self.kind != "transformers":
            return
        if file:
            raise RunError(
                f"--serve transformers takes no GGUF file: write --model {folder}, the same "
                "converted, or leave out --serve"
            )
        try:
            given = json.loads((folder / "generation_config.json").read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return
        for name, neutral in PENALTIES.items():
            if isinstance(given, dict) and given.get(name) not in neutral:
                raise RunError(
                    f"--serve transformers obeys the {name} in the model's generation_config.json, "
                    "and answers would not compare with others: use --serve vllm or leave out "
                    "--serve, which do not, or take it out of a copy of the model"
                )

    def _own(self) -> list[str]:
        try:
            words = shlex.split(self.kind)
        except ValueError as error:
            raise RunError(f"--serve {self.kind!r} is no command line ({error}).") from error
        for place in ("{model}", "{port}"):
            if not any(place in word for word in words):
                raise RunError(
                    f"--serve {self.kind!r}: choose {', '.join(COMMANDS)}, or give a command with "
                    "{model} and {port} in it."
                )
        return words


def _before_5_5() -> bool:
    """Whether `transformers serve` takes its model by an option, as it did at first."""
    try:
        return tuple(map(int, version("transformers").split(".")[:2])) < (5, 5)
    except (PackageNotFoundError, ValueError):  # another environment's, or one being made
        return False


@contextmanager
def served(serving: Serving) -> Iterator[list[str]]:
    """Start servers, wait until all are well, give their addresses, and end them, whatever happens.

    A server that ends while it is used is started again at its port, up to three times.

    Raises:
        RunError: a server did not start; with the last lines of its log.
    """
    with ExitStack() as stack:
        servers = [
            stack.enter_context(_Server(serving, place, gpus))
            for place, gpus in enumerate(shares(serving.replicas))
        ]
        for server in servers:
            server.wait()
        yield [server.url for server in servers]


def shares(replicas: int) -> list[str | None]:
    """The GPUs of each of several servers, as CUDA_VISIBLE_DEVICES names them.

    None where there is one server, or fewer GPUs than servers: then each sees them all.
    """
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    if given is None and replicas > 1 and (tool := shutil.which("nvidia-smi")):
        listed = subprocess.run([tool, "-L"], capture_output=True, text=True, check=False).stdout
        numbers = range(sum(line.startswith("GPU ") for line in listed.splitlines()))
        given = ",".join(map(str, numbers))
    gpus = [name for name in (given or "").split(",") if name.strip()]
    each = len(gpus) // replicas
    if replicas == 1 or not each:
        return [None] * replicas
    return [",".join(gpus[i * each : (i + 1) * each]) for i in range(replicas)]


class _Server:
    """One server process behind a guard, its last lines of log, and who starts it again."""

    def __init__(self, serving: Serving, place: int, gpus: str | None = None) -> None:
        self._serving = serving
        self._name = f"server {place + 1}" if serving.replicas > 1 else "the server"
        self._port = _free_port()
        self._environment = os.environ | ({} if gpus is None else {"CUDA_VISIBLE_DEVICES": gpus})
        self._command = serving.command(self._port)
        self._log: deque[str] = deque(maxlen=TAIL)
        self._ended = threading.Event()
        self._starting = threading.Lock()  # none may start once they are ended
        self._well = False
        self._process: subprocess.Popen[str] | None = None
        self.url = f"http://{HOST}:{self._port}/v1"

    def __enter__(self) -> _Server:
        self._start()
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._starting:
            self._ended.set()
        GONE.discard(self.url)
        if self._process is not None:
            guard.finish(self._process)

    def _start(self) -> None:
        how = {"stdout": subprocess.PIPE, "env": self._environment}
        process = guard.start(self._command, **how, text=True, errors="replace")
        self._process = process
        # Read always: a server whose pipe is full would stand still.
        threading.Thread(target=self._read, args=(process,), daemon=True).start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        # In pieces, so that a log without line ends takes no memory.
        while piece := process.stdout.readline(2000):
            if line := one_line(piece):
                self._log.append(line[:300])

    def _watch(self) -> None:
        """Start the server again where it ends before it is told to."""
        for _ in range(RESTARTS):
            process = self._process
            assert process is not None
            code = process.wait()
            with self._starting:
                if self._ended.is_set() or not self._well:
                    return
                sys.stderr.write(f"{self._name} ended (exit status {code}); it is started again\n")
                guard.sweep_up(process)
                self._start()
        assert self._process is not None
        code = self._process.wait()
        with self._starting:
            if self._ended.is_set():
                return
            GONE.add(self.url)
        told = f"{self._name} ended (exit status {code}) and is not started again"
        sys.stderr.write(f"{told}; {self._last()}\n")

    def wait(self) -> None:
        """Return once the server answers."""
        began = told = time.monotonic()
        while True:
            process = self._process
            assert process is not None
            if (code := process.poll()) is not None:
                raise RunError(
                    f"--serve {self._serving.kind}: {self._name} ended at its start (exit status "
                    f"{code}); {self._last()}"
                )
            if _healthy(self._port):
                # A command of the user's own may leave it to a container.
                if self._serving.kind in COMMANDS and not guard.listens(process, self._port):
                    raise RunError(
                        f"--serve {self._serving.kind}: another program answers at port "
                        f"{self._port}; run the same command again, which takes another port"
                    )
                self._well = True
                return
            now = time.monotonic()
            if now - began > self._serving.timeout:
                raise RunError(
                    f"--serve {self._serving.kind}: {self._name} did not answer within "
                    f"{self._serving.timeout:g} s; {self._last()}"
                )
            if now - told > 10:
                told = now
                last = self._log[-1] if self._log else "no log yet"
                sys.stderr.write(f"waiting for {self._name}, {now - began:.0f} s ({last})\n")
            time.sleep(0.2)

    def _last(self) -> str:
        time.sleep(0.2)  # its last words may still be on their way
        lines = " | ".join(self._log)
        return f"the last of its log: {lines}" if lines else "it wrote no log."


def _free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        port: int = found.getsockname()[1]
        return port


def _healthy(port: int) -> bool:
    """Whether the server says that it is well, or at least which models it has."""
    for path in ("/health", "/v1/models"):
        asked = http.client.HTTPConnection(HOST, port, timeout=5)
        try:
            asked.request("GET", path)
            if asked.getresponse().status == 200:
                return True
        except (OSError, http.client.HTTPException):
            return False
        finally:
            asked.close()
    return False
