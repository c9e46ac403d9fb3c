"""Runs as they are compared and reported: from a run's folder, or from any file of results."""

from __future__ import annotations

import dataclasses
import os
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from express_metric.analysis.calibration import Ranking
from express_metric.analysis.significance import check_comparable
from express_metric.errors import MetricError, one_line
from express_metric.lexicon import Lexicon, normal
from express_metric.parsing import PROTOCOLS, Protocol, Reading
from express_metric.records import read_results
from express_metric.signature import UNKNOWN, Signature, safe_value
from express_runners.runs.finished import FinishedRun
from express_runners.runs.record import Asked, Prompt
from express_runners.runs.scores import lexicon_of, run_ranks

ZERO_SHOT, RANDOM, SIMILAR, COT = "zero-shot", "few-shot random", "few-shot similar", "cot"
# Parameters of models whose names do not tell, from their cards.
_SIZES = {
    "roberta-base": 125e6,
    "mental-roberta-base": 125e6,
    "longformer-base-4096": 149e6,
    "mental-longformer-base-4096": 149e6,
    "flan-t5-small": 77e6,
    "flan-t5-base": 248e6,
    "flan-t5-large": 783e6,
    "flan-t5-xl": 2.85e9,
    "flan-t5-xxl": 11.1e9,
}
_SIZE = re.compile(r"(?<![a-z0-9.])(\d+(?:\.\d+)?)(m|b)(?![a-z0-9])", re.IGNORECASE)
_STEP = re.compile(r"(?<![a-z0-9])(?:small|base|large|xxl|xl)(?![a-z0-9])", re.IGNORECASE)


@dataclasses.dataclass(frozen=True, eq=False)
class Run:
    """One model's answers under one setting, with what is known of both."""

    name: str  # what the run is called in tables; unique among the runs of one command
    model: str  # the model's name
    family: str | None  # masked, seq2seq, causal, api or dummy; None for a bare file
    setting: str  # `ZERO_SHOT`, `RANDOM`, `SIMILAR`, `COT` or another prompt's name
    references: list[tuple[str, ...]]  # for each example its labels
    readings: dict[Protocol, list[Reading]]  # for each protocol a reading for each example
    # for each example its id and its post; None where the source does not tell
    ids: list[str] | None
    posts: list[str] | None
    lexicon: Lexicon  # where vectors come from
    signatures: dict[Protocol, Signature]  # for each protocol the line of the score
    # what a run with `--decode rank` said, and its top-1, top-3, top-5 and mean reciprocal rank
    # (see `express_runners.runs.ranks`); None for other runs
    ranking: Ranking | None = None
    places: Mapping[str, Any] | None = None
    folder: FinishedRun | None = None  # the finished run; None for a bare file
    file: Path | None = None  # the bare file; None for a folder
    # for each mask whether its word neither stands in the text nor is denied there; None where the
    # source does not tell
    clean: list[list[bool]] | None = None

    def __len__(self) -> int:
        return len(self.references)

    @property
    def parameters(self) -> float | None:
        """The number of the model's parameters: counted in its files, or as its name tells."""
        counted = self.folder.record.last.parameters if self.folder else None
        return counted or model_size(self.model)

    @property
    def line(self) -> str:
        """The model's name without its size: what models of one family share."""
        return _STEP.sub("#", _SIZE.sub("#", self.model))

    @property
    def asked(self) -> Asked | None:
        """What was asked; None for a bare file."""
        return self.folder.asked if self.folder else None

    @property
    def revision(self) -> str | None:
        """The model's revision, or the hash of its file; with an adapter, that of both."""
        if self.asked is None:
            return None
        model = self.asked.model
        over = f"+{model.adapter.revision}" if model.adapter else ""
        return f"{model.revision or ''}{over}" or None

    @property
    def conditions(self) -> tuple[str | None, ...]:
        """Decoding, chat template, number format and quantization: what runs share that differ in
        the shots or in reasoning.
        """
        asked = self.asked
        if asked is None:
            return ()
        bare = "bare prompt" if asked.prompt.chat is False else None
        return (asked.decoding.name, bare, asked.dtype, asked.quantize)

    @property
    def ranks(self) -> bool:
        """Whether the model put a closed vocabulary in order instead of answering freely."""
        return self.folder is not None and self.folder.ranks

    @property
    def task(self) -> str:
        """What makes two runs one task: free answers, or the list of words that was ranked."""
        decoding = self.asked and self.asked.decoding
        return (decoding.sha256 or decoding.name) if decoding and self.ranks else ""

    @property
    def others(self) -> str | None:
        """What a ranking showed at the other masks."""
        return self.asked.decoding.others if self.asked else None

    @property
    def shots(self) -> int:
        """How many solved examples each prompt showed."""
        shots = self.asked.prompt.shots if self.asked else None
        return (shots.per_prompt or 0) if shots else 0

    @property
    def fingerprint(self) -> str | None:
        """The hash of ids, texts and labels that were asked."""
        return self.asked.dataset.fingerprint if self.asked else None

    @property
    def warning(self) -> str:
        """A sentence where the run is not finished; else empty."""
        part = self.folder and self.folder.part
        if not part:
            return ""
        return f"{self.name}: {part}; finish the run with the `express run` command that began it."

    def picked(self, rows: Sequence[int]) -> Run:
        """The run on some of its examples, or with them in another order."""

        def pick(values: list[Any] | None) -> Any:
            return None if values is None else [values[row] for row in rows]

        return dataclasses.replace(
            self,
            references=pick(self.references),
            readings={protocol: pick(read) for protocol, read in self.readings.items()},
            ids=pick(self.ids),
            posts=pick(self.posts),
            clean=pick(self.clean),
            ranking=self.ranking
            and dataclasses.replace(self.ranking, logprobs=pick(list(self.ranking.logprobs))),
        )


def model_size(model: str) -> float | None:
    """Read the number of parameters from a model's name; None where it does not tell.

    >>> model_size("HuggingFaceTB/SmolLM2-135M-Instruct"), model_size("google/flan-t5-xl")
    (135000000.0, 2850000000.0)
    >>> model_size("gpt-4o")
    """
    base = model.partition("@")[0].rstrip("/").rpartition("/")[2]
    if base.lower() in _SIZES:
        return _SIZES[base.lower()]
    found = _SIZE.findall(base)
    return float(found[-1][0]) * (1e9 if found[-1][1].lower() == "b" else 1e6) if found else None


def load_runs(paths: Sequence[Path | FinishedRun], lexicon: str | None = None) -> list[Run]:
    """Load runs and give each a name of its own."""
    tell_twice([path for path in paths if isinstance(path, Path)])
    return named([_loaded(path, lexicon) for path in paths])


def tell_twice(paths: Sequence[Path]) -> None:
    """Say of files and folders that are given twice that they are."""
    counts = Counter(os.path.realpath(path) for path in paths)
    for path in {os.path.realpath(path): path for path in paths}.values():
        if counts[os.path.realpath(path)] > 1:
            sys.stderr.write(f"note: {path} is given twice: leave one out\n")


def _loaded(path: Path | FinishedRun, lexicon: str | None) -> Run:
    if isinstance(path, Path) and not path.is_dir():
        return of_file(path, lexicon)
    return of_folder(path if isinstance(path, FinishedRun) else FinishedRun.read(path), lexicon)


def named(runs: Sequence[Run]) -> list[Run]:
    """The runs; where two have one name, with the whole of their setting, or else with a number."""
    full = [_full_name(run) if _shared(run.name, runs) else run.name for run in runs]
    names = [
        f"{run.name} ({number})" if full.count(name) > 1 else name
        for number, (run, name) in enumerate(zip(runs, full, strict=True), 1)
    ]
    return [dataclasses.replace(run, name=name) for run, name in zip(runs, names, strict=True)]


def _shared(name: str, runs: Sequence[Run]) -> bool:
    return sum(run.name == name for run in runs) > 1


def _full_name(run: Run) -> str:
    if run.asked is None:
        return run.name
    model, whole = run.name.removesuffix(" rank").removesuffix(run.setting), run.asked.prompt.name
    return _named(f"{model}{whole}{' rank' if run.ranks else ''}")


def aligned(runs: Sequence[Run]) -> list[Run]:
    """Put all runs into the order of the first, refusing those on other examples.

    Examples are the same where ids and labels agree, in any order. Where ids do not tell, labels
    that agree in the order of the lines do, but only if a bare file carries no ids, or both runs
    were asked data of one fingerprint: equal labels may stand under other texts.
    """
    if not runs:
        return []
    first = runs[0]
    found = [first]
    for run in runs[1:]:
        unfinished = first.warning or run.warning
        if unfinished and len(first) != len(run):
            raise MetricError(
                f"{first.name} and {run.name} cannot be compared: {unfinished.rstrip('.')}"
            )
        order = _order(first, run)
        alike = list(map(tuple, first.references)) == list(map(tuple, run.references))
        for protocol, signature in first.signatures.items():
            other = run.signatures[protocol]
            check_comparable(
                signature, other, (first.name, run.name), same_examples=order is not None or alike
            )
        if order is None:
            raise MetricError(
                f"{first.name} and {run.name} cannot be compared: {_apart(first, run, alike)}"
            )
        found.append(run.picked(order))
    return found


def _apart(first: Run, other: Run, alike: bool) -> str:
    """Why two runs with equal signatures are on other examples."""
    if not alike:
        return "their examples have other ids or labels; run both on the same data"
    mend = "run both on the same data"
    if not (first.asked and other.asked):
        mend += ", or leave the column id out of the file where its rows are the same in this order"
    return f"their labels agree but their ids do not, so that the texts may be others; {mend}"


def _order(first: Run, other: Run) -> list[int] | None:
    """Where each example of the first run stands in the other; None if the examples differ."""
    if len(first) != len(other):
        return None
    if (
        first.ids
        and other.ids
        and len(set(first.ids)) == len(first)
        and set(first.ids) == set(other.ids)
    ):
        place = {key: row for row, key in enumerate(other.ids)}
        order = [place[key] for key in first.ids]
    elif _order_tells(first, other):
        order = list(range(len(first)))
    else:
        return None
    same = all(a == other.references[row] for a, row in zip(first.references, order, strict=True))
    return order if same else None


def _order_tells(first: Run, other: Run) -> bool:
    """Whether lines with equal labels may be taken for the same examples."""
    if first.ids is None or other.ids is None or first.ids == other.ids:
        return True
    return first.fingerprint is not None and first.fingerprint == other.fingerprint


def of_folder(run: FinishedRun, lexicon: str | None = None) -> Run:
    """A finished run as it is compared, scored with its own lexicon or another."""
    asked, lines, table = run.asked, run.lines, run.lexicon(lexicon)
    setting = _setting(asked.prompt)
    # Else a model's ranking and its free answers would have one name.
    ranked = " rank" if run.ranks else ""
    return Run(
        name=_named(f"{asked.model.name.rstrip('/').rpartition('/')[2]} {setting}{ranked}"),
        model=_named(asked.model.name),
        family=_named(asked.model.family),
        setting=setting,
        references=[tuple(map(normal, line["references"])) for line in lines],
        readings={protocol: run.readings(protocol) for protocol in PROTOCOLS},
        ids=[line["id"] for line in lines],
        posts=[line["post_id"] for line in lines],
        lexicon=table,
        signatures={protocol: run.signature(protocol, table) for protocol in PROTOCOLS},
        ranking=_ranking(run),
        places=run_ranks(lines, run.record) if run.ranks and lines else None,
        folder=run,
        clean=run.clean,
    )


def _ranking(run: FinishedRun) -> Ranking | None:
    if not run.ranks or not run.record.vocabulary or not run.lines:
        return None
    tables = [
        line.get("rank") and np.array([mask["logprobs"] for mask in line["rank"]], np.float32)
        for line in run.lines
    ]
    return Ranking(run.record.vocabulary, tables)


def of_file(path: Path, lexicon: str | None = None) -> Run:
    """A file of results as it is compared."""
    results = read_results(path)
    table = lexicon_of(results, lexicon, path)
    data = f"{safe_value(results.name)}@{results.fingerprint[:8]}"
    return Run(
        name=_named(results.name),
        model=_named(results.name),
        family=None,
        setting=UNKNOWN,
        references=results.references,
        readings=results.readings,
        ids=results.ids,
        posts=results.post_ids,
        file=path,
        lexicon=table,
        signatures={
            protocol: Signature(data, UNKNOWN, len(results), protocol, table.label)
            for protocol in PROTOCOLS
        },
    )


def _setting(prompt: Prompt) -> str:
    if prompt.shots:
        return SIMILAR if prompt.shots.choice == "similar" else RANDOM
    # A masked model can be asked in one way only, which shows it no example.
    return ZERO_SHOT if prompt.base == "fill-mask" else _named(prompt.base)


def _named(text: str) -> str:
    return one_line(text) or UNKNOWN
