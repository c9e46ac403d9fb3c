"""Whether a trained model has seen what it is asked, and what is done about it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from express_dataset import Example

from ..errors import RunError
from ..models import ResolvedModel

ALLOW, LEAVE_OUT = "allow", "leave-out"
UNKNOWN = "unknown"


def judge(
    model: ResolvedModel, examples: Sequence[Example], mode: str
) -> tuple[tuple[Example, ...], str]:
    """The examples to ask, and what a record says of them: a number seen, "unknown" or nothing."""
    manifest = model.manifest
    if manifest is None:
        return tuple(examples), UNKNOWN if model.adapter else ""
    seen = {row.id for row in manifest.seen(examples)}
    if not seen:
        return tuple(examples), ""
    told = f"{model.label} was trained on {len(seen)} of the {len(examples)} examples asked"
    if mode == ALLOW:
        return tuple(examples), str(len(seen))
    unseen = tuple(row for row in examples if row.id not in seen)
    if mode == LEAVE_OUT and unseen:
        return unseen, ""
    raise RunError(
        f"{told}, so their figures would say nothing of others: ask another split, "
        + ("or --seen leave-out for the rest, " if unseen else "")
        + "or --seen allow, which marks the run and keeps it out of rankings."
    )


def tell(model: ResolvedModel, prompt: str, seen: str) -> None:
    """Say on stderr what a reader of the run should know of the model's training."""
    manifest = model.manifest
    if seen == UNKNOWN:
        name = model.adapter.name if model.adapter else model.name
        print(
            f"warning: {name} has no express.json, so nobody knows what it was trained on; the "
            "run is marked trained:unknown and stays out of rankings.",
            file=sys.stderr,
        )
    elif manifest is not None and manifest.last.prompt != prompt:
        print(
            f"note: {model.label} was trained with the prompt {manifest.last.prompt} and is asked "
            f"with {prompt}: what it learned of the form may not help it here.",
            file=sys.stderr,
        )
