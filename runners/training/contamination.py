"""`express check-contamination`: does a model know test or train rows better than it should?

Train and test rows of like difficulty are put in pairs: the same number of masks, labels that are
about as frequent. A model that has seen neither, or both, answers both alike; one that was trained
on either does not. And who knows a text by heart loses more than others where its sentences stand
in another order. A served model, which gives no probabilities, is asked freely: its accuracy alone
is compared.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from express_dataset import MASK, Example
from express_dataset.errors import require
from express_dataset.sources import load_all
from express_dataset.splits import normalised
from express_metric.analysis.resampling import Resampling

from ..config import RunConfig
from ..engines import load_engine
from ..engines.base import EngineOptions
from ..engines.rank.masked import rankable
from ..errors import RunError
from ..models import ResolvedModel, resolve
from ..prompts.setting import setting_of
from ..runs.answering import answers
from ..runs.progress import progress
from ..runs.reading import read_completion
from ..runs.setup import engine_options
from ..server import API
from ..vocabulary import from_labels
from .options import FEWEST, CheckOptions

_SENTENCE = re.compile(r"(?<=[.!?])\s+")
MEANS = {
    "test": "The test rows are answered better than their difficulty explains: the model has "
    "probably seen them, and its figures on them say nothing of others",
    "train": "The train rows are answered better than their difficulty explains: the model was "
    "probably trained on the train pool, and has not seen the test rows as well",
    "neither": "No difference was found. This does not say that nothing was seen: the model may "
    "have seen both splits alike, or too few rows were asked",
}
"""What a verdict says. It is that of the log-probability's interval, else of the accuracy's."""


def check(options: CheckOptions) -> dict[str, Any]:
    """Ask pairs of train and test rows by rank, as they are and with their sentences reordered.

    Returns:
        `pairs` and `figures`: for `accuracy` and `logprob` (of the author's term among all labels
        of the rows) the values on `train` and `test`, the `difference` and its 95% interval
        `low`, `high`; for `reordered` how much log-probability is lost. A served model has
        `accuracy` alone. And `verdict`, one of `MEANS`.
    """
    data = load_all(options.dataset)
    model, made = _asked(options, data)
    splits = [data[name].examples for name in ("train", "test")]
    labels = from_labels(term for rows in splits for row in rows for term in row.labels)
    terms = set(rankable(model, made, labels).terms)
    train, test = (
        [row for row in rows if terms.issuperset(map(normalised, row.labels))] for rows in splits
    )
    pairs = paired(train, test, options.seed)[: options.limit]
    if len(pairs) < FEWEST:
        raise RunError(
            f"only {len(pairs)} pairs of train and test rows of like difficulty are in "
            f"{options.dataset}, and {FEWEST} are needed: give larger data."
        )
    sides = [[pair[side] for pair in pairs] for side in (0, 1)]
    asked = [row for side in sides for row in side]
    moved = [reordered(row, options.seed) for row in asked]
    scored = _scores(model, made, asked, [row for row in moved if row])
    known = [scored[row.id] for row in asked]
    n = len(pairs)
    how = Resampling(options.draws, options.seed)
    figures = {
        name: _difference(values[:n], values[n:], how)
        for name, values in (
            ("accuracy", [one[0] for one in known]),
            ("logprob", [one[1] for one in known if one[1] is not None]),
        )
        if values
    }
    lost = [
        scored[old.id][1] - scored[new.id][1] if new and new.id in scored else None
        for old, new in zip(asked, moved, strict=True)
    ]
    whole = [
        (a, b) for a, b in zip(lost[:n], lost[n:], strict=True) if a is not None and b is not None
    ]
    if len(whole) >= FEWEST:
        figures["reordered"] = _difference([a for a, _ in whole], [b for _, b in whole], how)
    deciding = figures.get("logprob", figures["accuracy"])
    verdict = "train" if deciding["low"] > 0 else "test" if deciding["high"] < 0 else "neither"
    return {
        "model": options.model,
        "pairs": n,
        "figures": figures,
        "verdict": verdict,
        "means": MEANS[verdict],
    }


def paired(
    train: Sequence[Example], test: Sequence[Example], seed: int
) -> list[tuple[Example, Example]]:
    """Rows of like difficulty: as many masks, and labels about as frequent (by factors of two).

    A train row's own labels do not count towards their frequency: a test row's do not either.
    """
    counts = Counter(normalised(term) for row in train for term in row.labels)

    def kind(row: Example, own: int) -> tuple[int, int]:
        often = [counts[normalised(term)] - own for term in row.labels]
        return len(often), round(sum(math.log2(1 + n) for n in often) / len(often))

    def mixed(rows: Sequence[Example]) -> list[Example]:
        return sorted(rows, key=lambda row: hashlib.sha256(f"{seed}\n{row.id}".encode()).digest())

    waiting: defaultdict[tuple[int, int], list[Example]] = defaultdict(list)
    for row in mixed(train):
        waiting[kind(row, 1)].append(row)
    return [(waiting[key].pop(), row) for row in mixed(test) if waiting[key := kind(row, 0)]]


def reordered(row: Example, seed: int) -> Example | None:
    """The row with its sentences in another order, its labels along; None of a single sentence."""
    sentences = _SENTENCE.split(row.text.strip())
    if len(sentences) < 2:
        return None
    labels = iter(row.labels)
    owned = [(one, [next(labels) for _ in range(one.count(MASK))]) for one in sentences]
    order = sorted(
        range(len(owned)), key=lambda i: hashlib.sha256(f"{seed}\n{row.id}\n{i}".encode()).digest()
    )
    if order == sorted(order):
        order.reverse()
    said = [owned[i] for i in order]
    terms = tuple(term for _, some in said for term in some)
    return replace(row, id=f"{row.id}-reordered", text=" ".join(s for s, _ in said), labels=terms)


def _asked(options: CheckOptions, data: Any) -> tuple[ResolvedModel, EngineOptions]:
    torch = require("torch", "run")
    served = options.model.startswith(API)
    config = RunConfig(
        options.model,
        Path(os.devnull),
        adapter=options.adapter,
        dataset=options.dataset,
        template=options.template,
        decode="free" if served else "rank",
        device=options.device,
        base_url=options.base_url,
    )
    model = resolve(config.model, adapter=config.adapter)
    on_gpu = config.device != "cpu" and torch.cuda.is_available()
    device = torch.device("cuda" if on_gpu else "cpu")
    return model, engine_options(config, model, setting_of(config, model.family), device, data)


def _scores(
    model: ResolvedModel, made: EngineOptions, rows: Sequence[Example], moved: Sequence[Example]
) -> dict[str, tuple[float, Any]]:
    """By id: the share of masks whose (likeliest) term is the author's, and its log-probability.

    None for the latter where the model is served; its `moved` rows are not asked.
    """
    served = model.family == "api"
    if not served:
        rows = [*rows, *moved]
    vocabulary = from_labels(term for row in rows for term in row.labels)
    engine = load_engine(model, made if served else replace(made, vocabulary=vocabulary))
    place = {term: i for i, term in enumerate(vocabulary.terms)}
    found: dict[str, tuple[float, Any]] = {}
    prompts = [engine.prepare(row) for row in rows]
    with progress("asking", len(prompts)) as bar:
        for prompt, answer in answers(engine, prompts, None):
            bar.advance(1)
            wanted = [normalised(term) for term in prompt.example.labels]
            if served:
                found[prompt.example.id] = _share_said(prompt, answer, wanted), None
                continue
            if answer.scores is None:
                raise RunError(f"{prompt.example.id} does not fit into the model's context.")
            own = [place[term] for term in wanted]
            right = [max(s) == s[i] for s, i in zip(answer.scores, own, strict=True)]
            logs = [s[i] for s, i in zip(answer.scores, own, strict=True)]
            found[prompt.example.id] = (sum(right) / len(own), sum(logs) / len(own))
    return found


def _share_said(prompt: Any, answer: Any, wanted: list[str]) -> float:
    """The share of masks that a free answer names exactly; 0 where it cannot be read."""
    masks = len(wanted)
    read = read_completion(answer.completion, answer.finish, prompt.cue, masks)["revised"]
    terms = read.terms if read.terms and not answer.reason and len(read.terms) == masks else ()
    return sum(normalised(a) == b for a, b in zip(terms, wanted, strict=False)) / masks


def _difference(train: list[float], test: list[float], how: Resampling) -> dict[str, float]:
    """Means, and their difference with a percentile interval over pairs."""
    import numpy as np

    apart = np.asarray(train) - np.asarray(test)
    drawn = np.random.default_rng(how.seed).integers(len(apart), size=(how.draws, len(apart)))
    low, high = np.quantile(apart[drawn].mean(1), [0.025, 0.975])
    return {
        "train": float(np.mean(train)),
        "test": float(np.mean(test)),
        "difference": float(apart.mean()),
        "low": float(low),
        "high": float(high),
    }


def as_text(found: dict[str, Any]) -> str:
    """The table, and what it can and cannot show."""
    names = {
        "accuracy": "likeliest term is the author's",
        "logprob": "log-probability of the author's term",
        "reordered": "log-probability lost, sentences reordered",
    }
    lines = [f"{found['model']}: {found['pairs']} pairs of train and test rows", ""]
    lines.append(f"{'':42}{'train':>8}{'test':>8}{'difference':>12}  95% interval")
    for name, one in found["figures"].items():
        lines.append(
            f"{names[name]:42}{one['train']:8.3f}{one['test']:8.3f}{one['difference']:12.3f}  "
            f"{one['low']:.3f} to {one['high']:.3f}"
        )
    return "\n".join([*lines, "", f"{found['means']}."])
