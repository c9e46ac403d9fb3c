"""What the command `express` does, as functions: `import express_runners as express`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from express_cards.comparison.compare import compare as _compare
from express_cards.reports.report import report as _report
from express_metric.analysis.resampling import Resampling
from express_metric.parsing import Protocol

from .config import RunConfig
from .runs.finished import FinishedRun, score_file
from .runs.run import run as _run

PathLike = str | Path


def run(model: str, out: PathLike, dataset: str = "express", **options: Any) -> FinishedRun | None:
    """`express run`: each option by its name, with underscores.

    The finished run, with its `scores` and `lines`; None in the further processes of a launcher.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run("dummy:oracle", f"{folder}/run", "sample", limit=2).scores["revised"]["valid_rate"]
    1.0
    """
    return _run(RunConfig(model, Path(out), dataset, **options))


def score(
    path: PathLike,
    *,
    lexicon: str | None = None,
    references: str = "",
    predictions: str = "",
    id: str = "",  # noqa: A002
    sep: str | None = None,
) -> dict[str, Any]:
    """`express score`: a file of answers, or a run's folder; the last four name a file's columns.

    Returns:
        ``paper`` and ``revised``, each with five figures, counts and the signature.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "mine.csv")
    ...     _ = file.write_text("who,gold,answer\\n1,sad,sad\\n2,angry,tired\\n")
    ...     scores = score(file, references="gold", predictions="answer", id="who")
    >>> scores["revised"]["lexical_accuracy"]
    0.5
    """
    columns = {"references": references, "answers": predictions, "id": id}
    return score_file(Path(path), lexicon, columns, sep)


def compare(
    *paths: PathLike,
    lexicon: str | None = None,
    protocol: Protocol = "revised",
    draws: int = 10_000,
    **options: Any,
) -> dict[str, Any]:
    """`express compare`: two or more runs side by side, the first as the baseline.

    Returns:
        ``runs``, each with figures, intervals and a verdict in words, ``floors``, ``findings`` and
        ``note``; see `express_cards.comparison.compare`.
    """
    runs, how = [Path(path) for path in paths], Resampling(draws)
    return _compare(runs, lexicon=lexicon, protocol=protocol, how=how, **options)


def report(*paths: PathLike, out: PathLike, lexicon: str | None = None) -> Path:
    """`express report`: up to six runs as one page that opens from disk; returns its path."""
    return _report([Path(path) for path in paths], Path(out), lexicon)
