"""Run folders whose truth is known: what each model answers is chosen by the test."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from express_metric import load_lexicon
from express_runners.runs.record import (
    Asked,
    Data,
    Decoding,
    LexiconAsked,
    Model,
    Prompt,
    Session,
)

WORDS = ("sad", "happy", "furious", "terrified", "lonely", "proud", "guilty", "hurt", "calm")
ANOTHER = dict(zip(WORDS, [*WORDS[1:], WORDS[0]], strict=True))
EXAMPLES = 300
BIG, SMALL, MASKED = "google/gemma-2-9b-it", "google/gemma-2-2b-it", "FacebookAI/roberta-base"
# The order of accuracies that the paper reports, and the reverse.
AS_PAPER = {
    "masked": (MASKED, "masked", "fill-mask", 0.30),
    "small": (SMALL, "causal", "zero-shot", 0.20),
    "large": (BIG, "causal", "zero-shot", 0.32),
    "cot": (BIG, "causal", "cot", 0.15),
    "few": (BIG, "causal", "few-shot-5-random", 0.37),
    "similar": (BIG, "causal", "few-shot-5-similar", 0.43),
}

Wrong = Callable[[str, int], str]


START = Session(dataset="sample")
# What a line of `predictions.jsonl` must hold beside its id.
ANSWER: dict[str, Any] = {
    "post_id": "p",
    "references": ["sad"],
    "terms": {"paper": ["sad"], "revised": None},
    "reason": {"paper": None, "revised": "no-list"},
}


def asked_of(model: str = "a", **changed: Any) -> Asked:
    """What a run of this model was asked."""
    asked = Asked(
        model=Model(name=model, family="causal"),
        dataset=Data(signature="made@1", split="test", kind="other"),
        prompt=Prompt(name="zero-shot", base="zero-shot", hash="zero"),
        decoding=Decoding(name="free", kind="free"),
        lexicon=LexiconAsked(name="nrc", label="nrc-1@0"),
        dtype="float32",
    )
    return replace(asked, **changed)


def another(label: str, _row: int) -> str:
    """A wrong answer of another family, which changes neither diversity nor intensity."""
    return ANOTHER[label]


def labels(seed: int = 0) -> list[list[str]]:
    """One or two labels for each example, evenly spread."""
    rng = np.random.default_rng(seed)
    return [
        [WORDS[i] for i in rng.integers(0, len(WORDS), rng.integers(1, 3))] for _ in range(EXAMPLES)
    ]


def answers(rows: Sequence[Sequence[str]], accuracy: float, wrong: Wrong = another) -> list[Any]:
    """Right for this share of the masks, the same ones first in every run; else `wrong`."""
    ease = np.random.default_rng(99).uniform(0, 1, (len(rows), 2))
    return [
        [label if ease[row, i] < accuracy else wrong(label, row) for i, label in enumerate(words)]
        for row, words in enumerate(rows)
    ]


def write_run(
    folder: Path,
    model: str,
    family: str,
    setting: str,
    said: Sequence[Sequence[str] | None],
    *,
    references: Sequence[Sequence[str]] | None = None,
    asked: dict[str, Any] | None = None,
) -> Path:
    """Write a finished run's folder.

    Args:
        setting: zero-shot, fill-mask, cot, few-shot-5-random or few-shot-5-similar.
        said: for each example the terms, or None for no answer.
        asked: parts of `run.json` to replace.
    """
    rows = labels() if references is None else references
    name, _, choice = setting.partition("-5-")
    prompt: dict[str, Any] = {"name": setting, "hash": name[:4]}
    if choice:
        prompt["shots"] = {"per_prompt": 5, "choice": choice}
    record = {
        "model": {"name": model, "revision": None, "family": family},
        "dataset": {"signature": "made@1", "split": "test"},
        "prompt": prompt,
        "decoding": {"name": "free"},
        "lexicon": {"name": "nrc", "label": load_lexicon("nrc").label},
        **(asked or {}),
    }
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(
        json.dumps({"asked": record, "sessions": [{"dataset": "sample"}]})
    )
    lines = [
        {
            "id": f"e{row}",
            "post_id": f"p{row // 2}",
            "references": list(words),
            "terms": dict.fromkeys(("paper", "revised"), terms and list(terms)),
            "reason": dict.fromkeys(("paper", "revised"), None if terms else "empty"),
        }
        for row, (words, terms) in enumerate(zip(rows, said, strict=True))
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "predictions.jsonl").write_text(text)
    return folder


def made(folder: Path, plan: dict[str, tuple[str, str, str, float]]) -> list[Path]:
    """A run for each name: model, family, setting and accuracy."""
    return [
        write_run(folder / name, model, family, setting, answers(labels(), accuracy))
        for name, (model, family, setting, accuracy) in plan.items()
    ]
