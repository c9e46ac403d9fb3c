"""Findings on worlds whose truth is chosen: how often each verdict is right."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from express_cards.comparison.compare import compare_runs
from express_cards.comparison.runs import RANDOM, ZERO_SHOT, Run
from express_metric import Reading, Signature, load_lexicon
from express_metric.analysis.resampling import Resampling
from support import worlds

NRC = load_lexicon("nrc")
LARGE = "org/large-7b"


@dataclass(frozen=True)
class Truth:
    """A pair of runs, and what a finding must say of it, in most worlds."""

    finding: str
    verdict: str  # the right one
    wrong: str  # the one that no world may bring
    accuracy: tuple[float, float]  # of the first and of the second run
    sharpness: float = 1.0  # of the models' words; people's is 1
    first: tuple[str, str, str] = (LARGE, "causal", ZERO_SHOT)
    second: tuple[str, str, str] = (LARGE, "causal", RANDOM)


MASKED = ("org/small-100m", "masked", ZERO_SHOT)
TRUTHS = (
    Truth("few-shot", "confirmed", "refuted", (0.2, 0.32)),
    Truth("few-shot", "refuted", "confirmed", (0.32, 0.2)),
    Truth("less varied words", "confirmed", "refuted", (0.01, 0.01), sharpness=2.0),
    Truth("less varied words", "refuted", "confirmed", (0.01, 0.01), sharpness=0.3),
    Truth("masked against causal", "confirmed", "refuted", (0.1, 0.1), first=MASKED),
    Truth("masked against causal", "refuted", "confirmed", (0.1, 0.5), first=MASKED),
    Truth("low accuracy", "confirmed", "refuted", (0.2, 0.2)),
    Truth("low accuracy", "refuted", "confirmed", (0.8, 0.8)),
)


def made_run(
    name: str,
    rows: list[worlds.Row],
    said: list[worlds.Row],
    posts: list[str] | None = None,
    asked: tuple[str, str, str] = (LARGE, "causal", ZERO_SHOT),
) -> Run:
    """A run with these labels and answers; its model, family and setting are `asked`."""
    model, family, setting = asked
    line = Signature("made@1", "test", len(rows), "revised", NRC.label)
    return Run(
        name=name,
        model=model,
        family=family,
        setting=setting,
        references=rows,
        readings={"revised": [Reading(terms) for terms in said]},
        ids=None,
        posts=posts,
        lexicon=NRC,
        signatures={"revised": line},
    )


def verdicts(truth: Truth, count: int, posts: int, draws: int, seed: int = 0) -> Counter[str]:
    """The verdicts of the finding in so many worlds."""
    found: Counter[str] = Counter()
    for world in range(count):
        rng = np.random.default_rng([seed, world])
        rows, names = worlds.people(rng, posts)
        runs = [
            made_run(
                f"{place}",
                rows,
                worlds.model(rng, rows, accuracy, truth.sharpness),
                names,
                (truth.first, truth.second)[place],
            )
            for place, accuracy in enumerate(truth.accuracy)
        ]
        shown = compare_runs(runs, how=Resampling(draws=draws, seed=world))
        found.update(one["verdict"] for one in shown["findings"] if one["name"] == truth.finding)
    return found
