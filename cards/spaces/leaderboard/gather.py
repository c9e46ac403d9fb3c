"""Which runs a leaderboard is made of: folders of one's own, and submissions that were checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from express_runners.errors import RunError
from express_runners.runs.store import RUN_FILE

from ...submissions.sources import Sources
from ...submissions.submission import SUBMISSIONS, write_submission
from ...submissions.validate import validate
from ..options import SpaceOptions
from .rows import Refused


@dataclass(frozen=True)
class Found:
    """A run's folder."""

    path: Path  # the folder
    name: str  # what it is called where it cannot be ranked
    own: bool  # whether it is the user's; a stranger's may not say what is loaded
    lexicon: str | None = None  # nrc, express or a file; the run's own if None


@dataclass(frozen=True)
class Gathered:
    """What there is to rank."""

    runs: Sequence[Found]  # runs to rank, each folder once
    refused: Sequence[Refused]  # submissions that did not pass, and why
    repo: str | None  # the results dataset on the Hub; None if it is a folder or there is none


def runs_in(path: Path) -> list[Path]:
    """The run folders that a path means: itself, or all that are below it.

    >>> import tempfile
    >>> root = Path(tempfile.mkdtemp())
    >>> for name in ("b", "a"):
    ...     (root / name).mkdir()
    ...     _ = (root / name / RUN_FILE).write_text("{}")
    >>> [found.name for found in runs_in(root)], [found.name for found in runs_in(root / "b")]
    (['a', 'b'], ['b'])
    >>> runs_in(Path("no-such"))
    Traceback (most recent call last):
    ...
    express_runners.errors.RunError: --runs no-such: there is no such folder
    """
    if not path.is_dir():
        raise RunError(f"--runs {path}: there is no such folder.")
    if (path / RUN_FILE).is_file():
        return [path]
    found = sorted(file.parent for file in path.rglob(RUN_FILE))
    if not found:
        raise RunError(
            f"--runs {path} holds no run ({RUN_FILE} is nowhere in it): give the folder of an "
            "`express run`, or one that holds such folders."
        )
    return found


def gather(options: SpaceOptions, scratch: Path) -> Gathered:
    """Find the runs, and check what others submitted."""
    if not options.runs and not options.results:
        raise RunError("say what to rank: --runs FOLDER, --results ORG/NAME, or both.")
    paths = {path.resolve(): path for given in options.runs or () for path in runs_in(given)}
    lexicon = options.lexicon
    runs = [Found(path, path.name, own=True, lexicon=lexicon) for path in paths.values()]
    if options.results is None:
        return Gathered(runs, [], None)
    refused = []
    sources = Sources(options.data or (), lexicon)
    for verdict in validate(options.results, sources):
        name = verdict.name.removeprefix(f"{SUBMISSIONS}/")
        if verdict.passed is None:
            refused.append(Refused(name, verdict.reason or ""))
        else:
            # What was checked, and not what may stand there by now.
            folder = write_submission(verdict.passed, scratch, "")
            told = verdict.passed.asked.lexicon
            used = sources.lexicon_for(told.label) or told.name
            runs.append(Found(folder, name, own=False, lexicon=used))
    there = Path(options.results).is_dir()
    return Gathered(runs, refused, None if there else options.results.partition("@")[0])
