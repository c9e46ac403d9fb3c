"""A finished run: its folder read and checked once, for all who score, compare, show or teach."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from express_dataset import Example
from express_dataset.sources import Loaded, load_all
from express_metric.lexicon import Lexicon
from express_metric.parsing import PROTOCOLS, Protocol, Reading
from express_metric.records import read_results, score_results
from express_metric.scoring import FIGURES
from express_metric.signature import Signature

from ..errors import RunError
from .record import MEND, RANK, Asked, Record
from .scores import clean_of, lexicon_of, lexicon_of_run, reading_of, score_run, signature_of
from .store import (
    PREDICTIONS_FILE,
    RUN_FILE,
    SCORES_FILE,
    SHARDS,
    read_json,
    read_lines,
    read_run_record,
)


@dataclass(frozen=True)
class FinishedRun:
    """A run's folder: its record, a line for each example in the data's order, and its scores.

    `data` holds the splits of its data where they are at hand; else they are loaded when asked for.
    """

    folder: Path
    record: Record
    lines: list[dict[str, Any]]
    data: Mapping[str, Loaded] | None = None

    @classmethod
    def read(cls, folder: Path) -> FinishedRun:
        """Read a folder.

        Raises:
            RunError: it holds no finished run, or what it holds cannot be read; names file and key.
        """
        missing = next((n for n in (RUN_FILE, PREDICTIONS_FILE) if not (folder / n).is_file()), "")
        if missing or any(folder.glob(SHARDS)):
            told = f"{missing} is missing" if missing else "answers wait to be merged"
            raise RunError(
                f"{folder} is no finished run ({told}): finish it with the `express run` command "
                "that began it."
            )
        record, lines = read_run_record(folder), read_lines(folder / PREDICTIONS_FILE)
        _check_terms(folder, record, lines)
        return cls(folder, record, lines)

    @property
    def asked(self) -> Asked:
        """What was asked."""
        return self.record.asked

    @property
    def part(self) -> str | None:
        """Such as "10 of 26 answered", where answers are missing; else None."""
        examples = self.asked.dataset.examples
        if examples in (None, len(self.lines)):
            return None
        return f"{len(self.lines)} of {examples} answered"

    @property
    def ranks(self) -> bool:
        """Whether the model put a closed vocabulary in order instead of answering freely."""
        return self.asked.decoding.kind == RANK

    @property
    def references(self) -> list[list[str]]:
        """The author's terms of each example."""
        return [line["references"] for line in self.lines]

    @property
    def clean(self) -> list[list[bool]] | None:
        """For each mask whether its word neither stands in the text nor is denied there.

        None where the run is of a version that did not keep it.
        """
        return clean_of(self.lines)

    def readings(self, protocol: Protocol) -> list[Reading]:
        """What was read from each answer."""
        return [reading_of(line, protocol) for line in self.lines]

    def signature(self, protocol: Protocol, lexicon: Lexicon) -> Signature:
        """The line that makes its figures comparable."""
        return signature_of(self.asked, len(self.lines), protocol, lexicon)

    def lexicon(self, asked: str | None = None) -> Lexicon:
        """The lexicon asked for (nrc, express or a file), else the one that it was scored with."""
        return lexicon_of_run(self.folder, self.record, asked)

    def scored(self, lexicon: Lexicon) -> dict[str, Any]:
        """Its scores under both protocols, computed from its lines; see `score_run`."""
        return score_run(self.lines, lexicon, self.record)

    @cached_property
    def scores(self) -> dict[str, Any]:
        """The content of `scores.json`."""
        file = self.folder / SCORES_FILE
        mend = "the `express run` command that began the run writes it again"
        found = read_json(file, mend)
        for protocol in PROTOCOLS:
            told = found.get(protocol)
            if not isinstance(told, dict) or not isinstance(told.get("signature"), str):
                raise RunError(f"{file} lacks the text {protocol}.signature: {mend}.")
            for figure in FIGURES:
                if not isinstance(told.get(figure, ""), float | int | None):
                    raise RunError(f"{file} lacks the number {protocol}.{figure}: {mend}.")
        return found

    @cached_property
    def splits(self) -> Mapping[str, Loaded]:
        """Every split of its data, read once."""
        return self.data or load_all(self.record.last.dataset, self.record.last.misfits)

    @cached_property
    def examples(self) -> tuple[Example, ...]:
        """The examples that were answered, in the order of the lines."""
        loaded = self.splits[self.asked.dataset.split]
        by_id = {example.id: example for example in loaded.examples}
        found = [by_id.get(line["id"]) for line in self.lines]
        kept = tuple(
            example
            for example, line in zip(found, self.lines, strict=True)
            if example is not None and list(example.labels) == line["references"]
        )
        if len(kept) < len(self.lines):
            raise RunError(
                f"{self.record.last.dataset} no longer holds the examples that the run answered"
            )
        return kept


def _check_terms(folder: Path, record: Record, lines: Sequence[Mapping[str, Any]]) -> None:
    """Every ranking has a number for each term."""
    terms = len(record.vocabulary or ())
    if record.prior and list(map(len, record.prior.logprobs)) != [terms] * 2:
        raise RunError(f"{folder / RUN_FILE}: prior.logprobs must be 2 by {terms}: {MEND}.")
    for number, line in enumerate(lines, 1):
        if record.vocabulary and any(len(m["logprobs"]) != terms for m in line.get("rank") or ()):
            where = f"{folder / PREDICTIONS_FILE}, line {number}"
            raise RunError(
                f"{where}: logprobs must be {terms} numbers: remove that line and run again."
            )


def score_file(
    path: Path,
    lexicon: str | None,
    columns: Mapping[str, str] | None = None,
    separator: str | None = None,
) -> dict[str, Any]:
    """Score a results file or a run's folder under both protocols; for `express score`."""
    if not path.is_dir():
        results = read_results(path, columns=columns, separator=separator)
        return score_results(results, lexicon_of(results, lexicon, path))
    run = FinishedRun.read(path)
    if run.part:
        print(
            f"note: {path}: {run.part}, so these figures are of a part of the data; finish it with "
            "the `express run` command that began it.",
            file=sys.stderr,
        )
    return run.scored(run.lexicon(lexicon))
