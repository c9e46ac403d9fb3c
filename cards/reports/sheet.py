"""What a report shows beside the scores: texts, what models wrote, and what was asked of them."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from express_dataset import MASK, Example
from express_dataset.errors import DataError
from express_dataset.flags import leaked, negated
from express_dataset.grouping import groups_of
from express_dataset.reading.readers import is_table
from express_dataset.reading.readers import read as read_records
from express_dataset.word_forms import leaked_form
from express_metric import read_results
from express_metric.analysis.breakdown import Facts
from express_runners.errors import RunError
from express_runners.runs.finished import FinishedRun
from express_runners.runs.record import Asked

from ..comparison.data import standing
from ..comparison.nearest import Nearest, nearest_in
from ..comparison.runs import Run, aligned, load_runs

MOST_RUNS = 6
TEXT_COLUMNS = ("text", "segment")


@dataclass(frozen=True)
class Told:
    """What a run's folder or file tells beside its answers; each list has an entry per example."""

    completions: Sequence[str | None]  # what the model wrote; None where only terms were kept
    texts: Sequence[str] | None  # texts with masks; None where they cannot be had
    # for each example a flag for each mask; None without texts
    negated: Sequence[Sequence[bool]] | None = None
    leaked: Sequence[Sequence[bool]] | None = None
    leaked_form: Sequence[Sequence[bool]] | None = None
    # term to frequency in the train split; None where that is not known
    train: Mapping[str, int] | None = None
    # the examples of the train split; None where they cannot be had
    pool: Sequence[Example] | None = None
    asked: Asked | None = None  # what was asked; None for a file
    notes: tuple[str, ...] = ()  # what a reader should know, such as why there are no texts
    # where each was posted, or None; None where the source does not tell
    subreddits: Sequence[str | None] | None = None
    # by column what it says of each example, or None; without columns that say nothing
    groups: Mapping[str, Sequence[str | None]] = field(default_factory=dict)

    def picked(self, rows: Sequence[int]) -> Told:
        """The same with the examples in another order."""

        def pick(values: Sequence[Any] | None) -> Any:
            return None if values is None else [values[row] for row in rows]

        return replace(
            self,
            completions=pick(self.completions),
            texts=pick(self.texts),
            negated=pick(self.negated),
            leaked=pick(self.leaked),
            leaked_form=pick(self.leaked_form),
            subreddits=pick(self.subreddits),
            groups={name: pick(values) for name, values in self.groups.items()},
        )


@dataclass(frozen=True)
class Sheet:
    """All that a page is made of: runs on the same examples in the same order."""

    runs: Sequence[Run]  # the runs
    told: Sequence[Told]  # for each run what was told beside its answers

    @property
    def references(self) -> Sequence[tuple[str, ...]]:
        """The labels of each example."""
        return self.runs[0].references

    @property
    def ids(self) -> list[str]:
        """The id of each example; its number where there are none."""
        return self.runs[0].ids or [str(row) for row in range(1, len(self.runs[0]) + 1)]

    @property
    def posts(self) -> list[str] | None:
        """The post of each example, from the first run that knows them."""
        return next((run.posts for run in self.runs if run.posts), None)

    @property
    def n_masks(self) -> int:
        """The number of masks."""
        return sum(map(len, self.references))

    @property
    def source(self) -> Told:
        """Where texts and flags are taken from: the first run that has them."""
        return next((told for told in self.told if told.texts is not None), self.told[0])

    @property
    def clean(self) -> list[list[bool]] | None:
        """For each mask whether its word neither stands in the text nor is denied there."""
        if self.source.negated is None or self.source.leaked is None:
            return next((run.clean for run in self.runs if run.clean), None)
        flags = zip(self.source.negated, self.source.leaked, strict=True)
        return [[not (n or gone) for n, gone in zip(*row, strict=True)] for row in flags]

    @property
    def trained(self) -> bool:
        """Whether the frequencies of terms are those of a train split."""
        return bool(self.source.train)

    def facts(self) -> Facts:
        """What a breakdown can group by."""
        source, labels = self.source, itertools.chain.from_iterable(self.references)
        return Facts(
            posts=self.posts,
            subreddits=next((told.subreddits for told in self.told if told.subreddits), None),
            groups=next((told.groups for told in self.told if told.groups), None),
            words=None if source.texts is None else [len(text.split()) for text in source.texts],
            negated=source.negated,
            leaked=source.leaked,
            leaked_form=source.leaked_form,
            train=(source.train or Counter(labels)) if self.n_masks else None,
        )

    def nearest(self) -> Nearest:
        """The labels of the most similar texts of the train split."""
        return nearest_in(self.source.pool, self.source.texts, self.posts)


def read_sheet(
    paths: Sequence[Path | FinishedRun], lexicon: str | None = None, group_by: Sequence[str] = ()
) -> Sheet:
    """Read runs' folders, or files that `express score` takes; `group_by` names columns of data."""
    if len(paths) > MOST_RUNS:
        raise RunError(f"{len(paths)} runs are given; a page holds at most {MOST_RUNS}.")
    read = load_runs(paths, lexicon)
    if not all(map(len, read)):
        raise RunError(f"{paths[list(map(len, read)).index(0)]} holds no answers to report.")
    runs = aligned(read)
    told = [
        of_folder(run.folder, group_by) if run.folder else _of_file(Path(str(path)), group_by)
        for path, run in zip(paths, read, strict=True)
    ]
    rows = [_rows(before, after) for before, after in zip(read, runs, strict=True)]
    return Sheet(runs, [one.picked(order) for one, order in zip(told, rows, strict=True)])


def _rows(before: Run, after: Run) -> list[int]:
    """Where each example of the aligned run stood; ids are unique where the order has changed."""
    if before.ids == after.ids or before.ids is None or after.ids is None:
        return list(range(len(before)))
    place = {key: row for row, key in enumerate(before.ids)}
    return [place[key] for key in after.ids]


def of_folder(run: FinishedRun, group_by: Sequence[str] = ()) -> Told:
    """What a finished run and its data tell beside the answers."""
    told = Told([line.get("completion") for line in run.lines], None, asked=run.asked)
    try:
        splits = run.splits
    except DataError as error:
        return replace(told, notes=(_without(str(error)),))
    pool = splits["train"].examples
    notes = tuple(filter(None, [standing(splits["train"])]))
    train = Counter(label for row in pool for label in row.labels)
    told = replace(told, train=train or None, pool=pool, notes=notes)
    try:
        examples = run.examples
    except RunError as error:
        return replace(told, notes=(*notes, _without(str(error))))
    return replace(
        told,
        texts=[example.text for example in examples],
        negated=[example.negated for example in examples],
        leaked=[example.leaked for example in examples],
        leaked_form=[example.leaked_form for example in examples],
        subreddits=_if_any([example.subreddit for example in examples]),
        groups=groups_of(examples, group_by),
    )


def _without(reason: str) -> str:
    return f"The texts of the posts cannot be shown, only labels and answers: {reason}"


def _of_file(path: Path, group_by: Sequence[str] = ()) -> Told:
    results = read_results(path)
    texts, completions, subreddits = [], [], []
    groups: dict[str, list[str | None]] = {name: [] for name in group_by}
    for values, labels in zip(_cells(path, len(results)), results.references, strict=True):
        text = next((values[name] for name in TEXT_COLUMNS if values.get(name)), None)
        answer, subreddit = values.get(results.columns["answers"]), values.get("subreddit")
        for name, found in groups.items():
            found.append(None if values.get(name) in (None, "") else str(values[name]))
        if isinstance(text, str) and text.count(MASK) == len(labels):
            texts.append(text)
        completions.append(answer if isinstance(answer, str) else None)
        subreddits.append(subreddit if isinstance(subreddit, str) and subreddit else None)
    empty = next((name for name, found in groups.items() if not any(found)), None)
    if empty is not None:
        raise RunError(f"--group-by {empty}: {path} has no such column with anything in it")
    told = Told(completions, None, subreddits=_if_any(subreddits), groups=groups)
    if len(texts) < len(completions):
        columns = " or ".join(TEXT_COLUMNS)
        reason = f"{path.name} has no column {columns} with a {MASK} for every label"
        return replace(told, notes=(_without(reason),))
    return replace(
        told,
        texts=texts,
        negated=[negated(text) for text in texts],
        leaked=list(map(leaked, texts, results.references)),
        leaked_form=list(map(leaked_form, texts, results.references)),
    )


def _if_any(values: Sequence[str | None]) -> Sequence[str | None] | None:
    return values if any(values) else None


def _cells(path: Path, rows: int) -> Iterator[Mapping[str, Any]]:
    """The cells of each row by column, as they stand in the file."""
    if not is_table(path):
        yield from [{}] * rows
        return
    yield from (record.values for record in read_records(path))
