"""Runs of a sweep that are taught first: `train.limit: 100` is --limit 100 of `express train`.

Settings that differ in `train.limit` alone make a learning curve.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from ..config import RunConfig
from ..training.options import TrainConfig

PREFIX = "train."
TRAINED = "trained"
_OWN = {"limit", "batch_size", "quantize", "several_tokens", "adapter"}
# What a training and the run after it must have alike.
SHARED = {field.name for field in fields(TrainConfig)} & {
    field.name for field in fields(RunConfig)
} - _OWN - {"out", "split", "dtype", "seed"}


def parted(options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options of the run, and those of the training before it, by their names there.

    >>> parted({"model": "m", "split": "test", "train.limit": 9})
    ({'model': 'm', 'split': 'test'}, {'model': 'm', 'limit': 9})
    >>> parted({"model": "m"})
    ({'model': 'm'}, {})
    """
    run = {name: value for name, value in options.items() if not name.startswith(PREFIX)}
    own = {n.removeprefix(PREFIX): v for n, v in options.items() if n.startswith(PREFIX)}
    shared = {name: value for name, value in run.items() if name.replace("-", "_") in SHARED}
    return run, {**shared, **own} if own else {}


def check(training: dict[str, Any]) -> None:
    """Check the options of a training as `express train` checks them.

    Raises:
        RunError: what is wrong.
    """
    if training:
        values = {name.replace("-", "_"): value for name, value in training.items()}
        TrainConfig(**values, out=Path())


def steps(options: dict[str, Any], out: Path) -> list[tuple[str, dict[str, Any]]]:
    """What to start one after the other: module and options."""
    run, training = parted(options)
    if not training:
        return [("express_runners.run", {**run, "out": out})]
    taught = out / TRAINED
    over = {"model": taught} if training.get("full") else {"adapter": taught}
    return [
        ("express_runners.cli train", {**training, "out": taught}),
        ("express_runners.run", {**run, **over, "out": out}),
    ]
