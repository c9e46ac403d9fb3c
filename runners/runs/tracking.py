"""A run's figures for the tracker somebody keeps them in: Trackio, TensorBoard, whatever
Accelerate knows."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from express_dataset.errors import require
from express_metric.errors import one_line

from ..errors import RunError
from .record import Asked

PROJECT = "express"


def open_tracker(name: str, out: Path) -> Any:
    """A started tracker of Accelerate's."""
    tracking = require("accelerate.tracking", "run")
    known = tracking.LOGGER_TYPE_TO_CLASS
    if name not in known:
        raise RunError(f"--log-with must be one of {', '.join(map(str, known))}, got {name!r}")
    kind = known[name]
    folder = [str(out / "logs")] if kind.requires_logging_directory else []
    try:
        tracker = kind(PROJECT, *folder)
        tracker.start()
    except ImportError as error:
        raise RunError(
            f"--log-with {name}: it is not installed here; pip install {name}"
        ) from error
    except Exception as error:  # each tracker has errors of its own
        told = " ".join(str(error).split()) or type(error).__name__
        raise RunError(f"--log-with {name} does not start ({told}): leave it out.") from error
    return tracker


def log_scores(tracker: Any, asked: Asked, scores: dict[str, Any]) -> None:
    """Tell a tracker what was asked, and every figure, and close it; its faults spoil no run."""
    try:
        tracker.store_init_configuration(_flat(asdict(asked)))
        tracker.log({k: v for k, v in _flat(scores).items() if isinstance(v, int | float)}, step=0)
        tracker.finish()
    except Exception as error:  # noqa: BLE001  # each tracker has errors of its own
        told = one_line(str(error)) or type(error).__name__
        print(f"note: --log-with did not take the figures ({told}).", file=sys.stderr)


def _flat(nested: dict[str, Any], before: str = "") -> dict[str, Any]:
    """One level of keys, which all trackers take.

    >>> _flat({"paper": {"n": 3, "reasons": {"no-list": 1}}, "seen": None})
    {'paper/n': 3, 'paper/reasons/no-list': 1}
    """
    found: dict[str, Any] = {}
    for key, value in nested.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{before}{key}/")
        elif isinstance(value, str | int | float):
            found[f"{before}{key}"] = value
    return found
