"""What a comparison takes from the data that runs answered: its standing, words and neighbours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from express_dataset.errors import DataError
from express_dataset.sources import AUTHORS, Loaded
from express_runners.errors import RunError
from express_runners.runs.finished import FinishedRun

from .nearest import Nearest, nearest_in, without
from .runs import Run


@dataclass(frozen=True)
class Beside:
    """What the data of runs says beside the labels of the examples.

    Attributes:
        nearest: the neighbours of the examples in the train split.
        train: term to frequency in the train split; None where that cannot be had.
        standing: that the data is not EXPRESS, in the data's own words; empty where it is.

    >>> Beside().train is None
    True
    >>> Beside(standing="NOT the EXPRESS data: a sample.").nearest.labels is None
    True
    """

    nearest: Nearest = field(default_factory=Nearest)
    train: Mapping[str, int] | None = None
    standing: str = ""


def beside(runs: Sequence[Run]) -> Beside:
    """Load the data of the first run that names it.

    Args:
        runs: runs on the same examples in the same order (`runs.aligned`).

    >>> beside([]).nearest.missing
    "Left out: nearest neighbour's label (the word of the most similar text), because the data of \
the run is not at hand."
    >>> beside([]).train is None
    True
    """
    run = next((run for run in runs if run.folder), None)
    if run is None or run.folder is None:
        return Beside(nearest_in(None, None, None))
    try:
        splits = run.folder.splits
    except DataError as error:
        return Beside(without(str(error).rstrip(".")))
    pool = splits["train"].examples
    train = Counter(label for example in pool for label in example.labels)
    return Beside(_nearest(run.folder, splits), train or None, standing(splits["train"]))


def standing(loaded: Loaded) -> str:
    """The sentence that never lets other data pass for EXPRESS; empty for EXPRESS itself.

    >>> from express_dataset.sources import load
    >>> standing(load("sample"))[:20]
    'NOT the EXPRESS data'
    >>> import dataclasses
    >>> standing(dataclasses.replace(load("sample"), kind=AUTHORS))
    ''
    """
    return "" if loaded.kind == AUTHORS else loaded.description


def _nearest(run: FinishedRun, splits: Mapping[str, Loaded]) -> Nearest:
    try:
        examples = run.examples
    except RunError as error:
        return without(str(error))
    posts = [example.post_id for example in examples]
    return nearest_in(splits["train"].examples, [example.text for example in examples], posts)
