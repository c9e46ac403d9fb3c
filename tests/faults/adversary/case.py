"""One case of the adversary: words for `express`, limits, and what is wrong with its outcome."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

EXPRESS = "express_runners.cli.main.main"
ROOT = Path(__file__).resolve().parents[3]
MEMORY = 1_500_000_000
# What a terminal takes as an order: control characters but line ends and tabs, and the marks that
# turn the direction of writing. A lone CR writes over a line.
ORDERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_BAR = re.compile(r"\r(?=[^\r\n]*\|[^\r\n]*\])")  # a library's bar goes back in its line
KEY = "sk-adversary-0123456789abcdef"


@dataclass(frozen=True)
class Outcome:
    """What came of a case; `over` names the limit that it was ended at."""

    code: int
    out: str
    err: str
    peak: int
    left: int
    over: str
    seconds: float = 0.0

    def wrongs(self, codes: Sequence[int] = (0, 1, 2), *, text: bool = True) -> list[str]:
        """What must never be: one line for each, empty where all is well."""
        both = self.out + self.err
        shown = _BAR.sub("", both)
        found = {
            f"over its limit of {self.over}": bool(self.over),
            "a traceback": "Traceback (most recent call last)" in both
            or "Exception ignored" in both,
            f"exit code {self.code}": not self.over and self.code not in codes,
            f"{self.left} processes left": self.left > 0,
            f"{self.peak >> 20} MiB": self.peak > MEMORY,
            "the key": KEY in both,
            "a code for the terminal": text and ORDERS.search(shown) is not None,
            "no sentence": self.code == 2 and not self.err.strip() and not self.out.strip(),
        }
        return [name for name, wrong in found.items() if wrong]


@dataclass
class Forks:
    """Runs cases one after the other; use it as a context.

    Attributes:
        folder: where the cases' output and the libraries' caches go.
    """

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def __enter__(self) -> Forks:
        for name in ("hf", "home"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        kept = {k: v for k, v in os.environ.items() if "API_KEY" not in k and "TOKEN" not in k}
        own = {
            "OMP_NUM_THREADS": "1",
            "CUDA_VISIBLE_DEVICES": "",
            "HF_HUB_OFFLINE": "1",
            "HF_HOME": str(self.folder / "hf"),
            "HOME": str(self.folder / "home"),
            "COLUMNS": "120",
            "TOKENIZERS_PARALLELISM": "false",
            "PYTHONPATH": os.pathsep.join((str(ROOT / "tests"), str(ROOT))),
        }
        self._server = subprocess.Popen(
            [sys.executable, "-m", "faults.adversary.forks"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**kept, **own, **self.environment},
        )
        self._hear()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server.stdin
        self._server.stdin.close()
        self._server.wait(60)

    def _hear(self) -> dict[str, Any]:
        assert self._server.stdout
        line = self._server.stdout.readline()
        assert line, "the process of the cases has ended"
        told: dict[str, Any] = json.loads(line)
        return told

    def run(
        self,
        words: Sequence[object],
        *,
        seconds: float = 180,
        memory: int = MEMORY,
        folder: Path | None = None,
        function: str = EXPRESS,
        **further: Any,
    ) -> Outcome:
        """Run one case and tell what came of it.

        Args:
            words: what follows `express`.
            memory: the most bytes; beyond them the case is ended.
            folder: where it runs.
            function: what is called instead of the command.
            further: `environment`, `alone` (whether a limit of time ends the first process, and
                not its group), `patience` (seconds for the end of what it started, by
                default 10).
        """
        out, err = self.folder / "stdout", self.folder / "stderr"
        for file in (out, err):
            file.unlink(missing_ok=True)
        case = {
            "words": [str(word) for word in words],
            "seconds": seconds,
            "bytes": memory,
            "folder": str(folder or self.folder),
            "function": function,
            "environment": {},
            "out": str(out),
            "err": str(err),
            **further,
        }
        assert self._server.stdin
        self._server.stdin.write(json.dumps(case) + "\n")
        self._server.stdin.flush()
        told = self._hear()
        texts = [
            file.read_bytes().decode("utf-8", "replace") if file.exists() else ""
            for file in (out, err)
        ]
        return Outcome(
            told["code"],
            texts[0],
            texts[1],
            told["peak"],
            told["left"],
            told["over"],
            told["seconds"],
        )
