"""Many inputs in one process: most end well, and what does not is tried again alone."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .case import EXPRESS, MEMORY, Forks, Outcome
from .forks import called


@dataclass(frozen=True)
class Case:
    """Words for `express` in a copy of the world in which one file may say something else."""

    what: str
    words: Sequence[str]
    file: str = ""
    content: bytes = b""
    function: str = EXPRESS

    def lay(self, made: Path, folder: Path) -> Path:
        """Make the folder anew."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(made, folder, symlinks=True)
        if self.file:
            (folder / self.file).write_bytes(self.content)
        return folder


def tried(
    forks: Forks, made: Path, cases: Sequence[Case], seconds: float = 180
) -> Iterator[tuple[Case, Outcome, list[str]]]:
    """Each case with what came of it and what is wrong with that."""
    where = forks.folder / "batch"
    shutil.rmtree(where, ignore_errors=True)
    for number, case in enumerate(cases):
        case.lay(made, where / str(number))
    (where / "cases.json").write_text(json.dumps([[case.function, case.words] for case in cases]))
    whole = forks.run([where], seconds=seconds + 3 * len(cases), function=f"{__name__}.main")
    together = not whole.left and whole.peak <= MEMORY
    for number, case in enumerate(cases):
        outcome = ended(where / str(number), whole.peak)
        wrongs = outcome.wrongs() if outcome else []
        if outcome and together and not wrongs:
            yield case, outcome, []
            continue
        folder = case.lay(made, where / "alone")
        alone = forks.run(case.words, folder=folder, seconds=seconds, function=case.function)
        # What another of the batch has taken or left is not this one's fault.
        shared = [f"{wrong} (not when alone)" for wrong in wrongs if "MiB" not in wrong]
        yield case, alone, alone.wrongs() or shared


def ended(folder: Path, peak: int) -> Outcome | None:
    """What came of a case, if it came to its end."""
    try:
        out, err, code = (
            folder.with_suffix(end).read_bytes().decode("utf-8", "replace")
            for end in (".out", ".err", ".code")
        )
    except FileNotFoundError:
        return None
    return Outcome(int(code), out, err, peak, 0, "")


def main() -> None:
    """Be `express` with the words of each case, in the process that is asked for."""
    where = Path(sys.argv[1])
    for number, (function, words) in enumerate(json.loads((where / "cases.json").read_text())):
        folder = where / str(number)
        out, err = (str(folder.with_suffix(end)) for end in (".out", ".err"))
        code = called(function, words, str(folder), out, err)
        folder.with_suffix(".code").write_text(str(code))
