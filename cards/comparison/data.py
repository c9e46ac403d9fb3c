"""What a comparison takes from the data that runs answered: its standing, words and neighbours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from express_dataset.errors import DataError
from express_dataset.sources import Loaded, load_all
from express_metric.lexicon import normal

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
    run = next((run for run in runs if run.source and run.split and run.ids), None)
    if run is None:
        return Beside(nearest_in(None, None, None))
    try:
        splits = load_all(str(run.source))
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
    >>> standing(dataclasses.replace(load("sample"), description="The authors' data."))
    ''
    """
    return loaded.description if loaded.description.startswith("NOT ") else ""


def _nearest(run: Run, splits: Mapping[str, Loaded]) -> Nearest:
    loaded = splits.get(str(run.split))
    by_id = {example.id: example for example in loaded.examples} if loaded else {}
    examples = [by_id[key] for key in run.ids or () if key in by_id]
    if [tuple(map(normal, example.labels)) for example in examples] != list(run.references):
        return without(f"{run.source} no longer holds the examples that the run answered")
    posts = [example.post_id for example in examples]
    return nearest_in(splits["train"].examples, [example.text for example in examples], posts)
