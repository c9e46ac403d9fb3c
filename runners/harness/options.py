"""What a harness may say of a task, and of which type; each is an option of `express run`."""

from __future__ import annotations

OF_SHOTS = {"shots": int, "shot_choice": str, "shot_seed": int, "encoder": str}
OPTIONS: dict[str, type] = {
    "prompt": str,
    "source": str,
    "split": str,
    "lexicon": str,
    **OF_SHOTS,
    "max_new_tokens": int,
}
"""`source` is --dataset, `shot_seed` is --seed."""
