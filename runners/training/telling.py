"""What a training tells a person when it has ended."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from itertools import pairwise

from .options import TrainConfig
from .train import Trained

_BARS = "▁▂▃▄▅▆▇█"
_WIDE = 60


def as_text(done: Trained, config: TrainConfig) -> str:
    """A table, the curve of the loss, and the next command."""
    asked, result = done.record["asked"], done.record["result"]
    losses = [point["loss"] for point in result["loss"]]
    chosen = {point["step"]: point["loss"] for point in result["validation_loss"]}
    best = result["chosen_step"]
    rows = [
        ("model", f"{asked['model']['name']} ({asked['family']}), prompt {asked['prompt']}"),
        ("learned", f"{result['examples']:,} examples, {result['masks']:,} masks"),
        ("posts", f"{result['posts']:,}; {result['validation_examples']:,} examples to choose by"),
        ("weights", f"{result['trained_weights']:,} trained, in {asked['dtype']}"),
        ("steps", f"{result['steps']:,} of {asked['steps']['batch']} examples"),
        ("loss", f"{losses[0]:.3f} to {losses[-1]:.3f}"),
    ]
    rows += [("left out", f"{n:,} ({why})") for why, n in sorted(result["left_out"].items())]
    if result["masks_not_learned"]:
        unlearned = f"{result['masks_not_learned']:,} masks: labels of several tokens, or no terms"
        rows.append(("not learned", unlearned))
    if best in chosen:
        rows.append(("chosen", f"step {best}, validation loss {chosen[best]:.3f}"))
    width = max(len(name) for name, _ in rows)
    lines = [f"{name:<{width}}  {told}" for name, told in rows]
    return "\n".join([*lines, "", f"{curve(losses)}  loss by step", "", next_command(config)])


def next_command(config: TrainConfig) -> str:
    """What shows whether it learned something."""
    out = shlex.quote(str(config.out))
    model = f"--model {out}"
    if not config.full:
        model = f"--model {shlex.quote(config.model)} --adapter {out}"
        if config.adapter:
            model = f"--model {out}"
    data = "" if config.dataset == "express" else f" --dataset {shlex.quote(config.dataset)}"
    if config.template:
        data += f" --template {shlex.quote(str(config.template))}"
    return f"next: express run {model}{data} --out {out}-run"


def curve(values: Sequence[float]) -> str:
    """Values as a row of bars, the means of equal stretches where there are many.

    >>> curve([4.0, 2.0, 0.0])
    '█▅▁'
    """
    size = min(_WIDE, len(values))
    edges = [i * len(values) // size for i in range(size + 1)]
    means = [sum(values[a:b]) / (b - a) for a, b in pairwise(edges)]
    low, high = min(means), max(means)
    scale = (len(_BARS) - 1) / ((high - low) or 1)
    return "".join(_BARS[round((value - low) * scale)] for value in means)
