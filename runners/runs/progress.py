"""A progress bar with its rate, on stderr, so that stdout stays clean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass
class Bar:
    """What the loop moves on."""

    _progress: Any
    _task: Any

    def advance(self, n: int) -> None:
        """Count `n` more examples as done."""
        self._progress.advance(self._task, n)

    def tell(self, what: str) -> None:
        """Name what is being done anew."""
        self._progress.update(self._task, description=what)


@contextmanager
def progress(what: str, total: int, shown: bool = True) -> Iterator[Bar]:
    """Show a bar with examples done, rate and time left while the block runs."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Any) -> Text:
            return Text(f"{task.speed:.2f}/s" if task.speed else "-/s")

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not shown,
    ) as bar:
        yield Bar(bar, bar.add_task(what, total=total))
