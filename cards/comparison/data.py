"""What a comparison takes from the data that runs answered: its standing, words and neighbours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from express_dataset import Example
from express_dataset.errors import DataError
from express_dataset.reading.columns import LEAVE_OUT
from express_dataset.sources import AUTHORS, Loaded, load
from express_metric.errors import ExpressError

from .nearest import Nearest, nearest_in, without
from .runs import Run


@dataclass(frozen=True)
class Beside:
    """What the data of runs says beside the labels of the examples."""

    # the neighbours of the examples in the train split
    nearest: Nearest = field(default_factory=Nearest)
    # term to frequency in the train split; None where that cannot be had
    train: Mapping[str, int] | None = None
    standing: str = ""  # that the data is not EXPRESS, in the data's own words; empty where it is


def beside(runs: Sequence[Run]) -> Beside:
    """Load the data of the first run that names it."""
    run = next((run for run in runs if run.folder), None)
    if run is None or run.folder is None:
        return Beside(nearest_in(None, None, None))
    try:
        splits = run.folder.splits
    except DataError as error:
        return Beside(without(str(error).rstrip(".")))
    pool = splits["train"].examples
    train = Counter(label for example in pool for label in example.labels)
    return Beside(_nearest(run, splits), train or None, standing(splits["train"]))


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


def examples_of(run: Run) -> Sequence[Example] | None:
    """The examples that a run answered, or that stand in a file of results; None without texts."""
    try:
        if run.folder is None:
            file = str(run.file or "")
            return load(file, split="all", misfits=LEAVE_OUT).examples if file else None
        by_id = {example.id: example for example in run.folder.examples}
        found = [by_id.get(key) for key in run.ids or by_id]
        # The masks of whole posts may stand in the rows of their segments.
        return [one for one in found if one] or list(by_id.values())
    except ExpressError:
        return None


def mean_words(run: Run) -> float | None:
    """Words of a text on average, of the posts that the run's rows are of; None without texts."""
    rows: Sequence[Example] = examples_of(run) or ()
    if rows and run.folder:
        posts = set(run.posts or ())
        rows = [row for row in run.folder.examples if row.post_id in posts]
    return sum(len(row.text.split()) for row in rows) / len(rows) if rows else None


def _nearest(run: Run, splits: Mapping[str, Loaded]) -> Nearest:
    examples = examples_of(run)
    if examples is None:
        return without("the run's data no longer holds the examples that it answered")
    posts = [example.post_id for example in examples]
    return nearest_in(splits["train"].examples, [example.text for example in examples], posts)
