"""What a training is asked for, checked before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated

import typer

from ..config import CHOICES as RUN_CHOICES
from ..config import RunConfig
from ..errors import RunError
from ..server import API, is_dummy

FEWEST = 8  # pairs of rows, in a check for contamination
WIDEN, LEAVE_OUT = "widen", "leave-out"
CHOICES = {
    **{name: RUN_CHOICES[name] for name in ("family", "dtype", "device", "prompt", "shot_choice")},
    "quantize": ("4bit",),
    "several_tokens": (WIDEN, LEAVE_OUT),
}
POSITIVE = ("limit", "shots", "rank", "epochs", "learning_rate", "batch_size", "batch_tokens")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a family is trained where the options do not say: what worked in public, or here.

    `targets` are the layers that LoRA adapts, by the ends of their names; "all-linear" for all but
    the output.
    """

    rank: int
    targets: tuple[str, ...] | str
    learning_rate: float
    epochs: float
    scheduler: str = "linear"
    warmup: float = 0.0


RECIPES = {
    "masked": Recipe(32, ("query", "key", "value", "dense"), 5e-5, 4),
    "seq2seq": Recipe(16, ("q", "v"), 1e-4, 3),
    # At 1e-4 SmolLM2's adapter lagged far behind all weights at 3e-5 (held-back loss 2.38 for 1.19
    # after 12 steps), at ten times their rate hardly (1.32): see "LoRA without regret", 2025.
    "causal": Recipe(16, "all-linear", 3e-4, 2, "cosine", 0.03),
}
# All weights move further with each step than an adapter's do.
FULL_LEARNING_RATE = 3e-5


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """The settings of one training; each field is an option of `express train`.

    Raises:
        RunError: a value is not one of those allowed.
    """

    model: Annotated[
        str, typer.Option(help="A Hub id, a folder or a .gguf file; an adapter's folder goes on.")
    ]
    out: Annotated[Path, typer.Option(help="The folder to write; the same command goes on there.")]
    adapter: Annotated[
        str | None, typer.Option(help="An adapter to train further: a folder or a Hub id.")
    ] = None
    dataset: Annotated[
        str, typer.Option(help="express, sample, a CSV, JSONL or Parquet file, or a Hub id.")
    ] = "express"
    split: Annotated[str, typer.Option(help="train; no other can be trained on.")] = "train"
    limit: Annotated[int | None, typer.Option(help="Only the first N examples to learn.")] = None
    full: Annotated[bool, typer.Option("--full", help="Train all weights, not an adapter.")] = False
    quantize: Annotated[
        str | None, typer.Option(help="4bit weights under the adapter (QLoRA).")
    ] = None
    rank: Annotated[int | None, typer.Option(help="LoRA's rank; by the family.")] = None
    epochs: Annotated[float | None, typer.Option(help="By the family: 4, 3 or 2.")] = None
    learning_rate: Annotated[
        float | None, typer.Option(help="By the family; smaller with --full.")
    ] = None
    batch_size: Annotated[int, typer.Option(help="Examples to a step, over all processes.")] = 16
    batch_tokens: Annotated[
        int, typer.Option(help="Most tokens computed at once on one device.")
    ] = 4096
    seed: Annotated[int, typer.Option(help="Of the order, the adapter and the parts.")] = 0
    validation: Annotated[
        float, typer.Option(help="Share of the train split's posts held back to choose by; 0: none")
    ] = 0.1
    patience: Annotated[
        int, typer.Option(help="Stop after this many checkpoints that are no better; 0: never.")
    ] = 3
    save_steps: Annotated[
        int | None, typer.Option(help="Steps to a checkpoint; twice an epoch by default.")
    ] = None
    several_tokens: Annotated[
        str,
        typer.Option(
            help="A masked model's labels of several tokens: widen (a mask for each token) or "
            "leave-out (that mask is not learned, and counted)."
        ),
    ] = WIDEN
    gradient_checkpointing: Annotated[
        bool, typer.Option("--gradient-checkpointing", help="Less memory, a third more time.")
    ] = False
    prompt: Annotated[str, typer.Option(help="zero-shot or few-shot.")] = "zero-shot"
    shots: Annotated[int | None, typer.Option(help="As for run.")] = None
    shot_choice: Annotated[str | None, typer.Option(help="As for run.")] = None
    encoder: Annotated[str | None, typer.Option(help="As for run.")] = None
    template: Annotated[Path | None, typer.Option(help="Your own wording, as for run.")] = None
    family: Annotated[
        str | None, typer.Option(help="masked, seq2seq or causal; read from the model by default.")
    ] = None
    dtype: Annotated[
        str, typer.Option(help="auto (bfloat16 where the device has it), float32, bfloat16.")
    ] = "auto"
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto"
    trust_remote_code: Annotated[
        bool, typer.Option("--trust-remote-code", help="Run code that comes with the model.")
    ] = False

    def __post_init__(self) -> None:
        if self.split != "train":
            raise RunError(
                f"--split {self.split}: only the train split can be trained on, or no figure on "
                "the others would mean anything; leave --split out."
            )
        if self.model.startswith(API) or is_dummy(self.model):
            raise RunError(f"--model {self.model} has no weights here: give a model to train.")
        for name in POSITIVE:
            value = getattr(self, name)
            # Written so that a NaN fails as well.
            if value is not None and not value > 0:
                raise RunError(f"--{name.replace('_', '-')} must be above 0, got {value}.")
        for name, allowed in CHOICES.items():
            value = getattr(self, name)
            if value is not None and value not in allowed:
                option = name.replace("_", "-")
                raise RunError(f"--{option} must be one of {', '.join(allowed)}, got {value!r}.")
        if not 0 <= self.validation < 1:
            raise RunError(f"--validation must be at least 0 and below 1, got {self.validation}.")
        self._check_pairs()
        self.asking()

    def _check_pairs(self) -> None:
        """Options that exclude each other, or would change nothing."""
        if self.prompt == "cot":
            raise RunError(
                "--prompt cot: the data holds no reasoning to learn; use zero-shot or few-shot."
            )
        if self.full and (self.quantize or self.rank or self.adapter):
            one = "--quantize" if self.quantize else "--rank" if self.rank else "--adapter"
            mend = "merge it first (express merge)" if one == "--adapter" else "leave one out"
            raise RunError(f"--full trains all weights, and {one} belongs to an adapter: {mend}.")
        if self.adapter and self.rank:
            raise RunError("--rank is the adapter's own where it is trained further: leave it out.")

    def asking(self) -> RunConfig:
        """The options of a run with the same model and prompts."""
        own, of_run = ({field.name for field in fields(kind)} for kind in (self, RunConfig))
        shared = own & of_run - {"batch_size", "quantize", "limit"}
        return RunConfig(**{name: getattr(self, name) for name in sorted(shared)})

    def recipe(self, family: str) -> Recipe:
        """What is done: the family's recipe, with the options' own values in it."""
        usual = RECIPES[family]
        rate = FULL_LEARNING_RATE if self.full else usual.learning_rate
        return Recipe(
            self.rank or usual.rank,
            usual.targets,
            self.learning_rate or rate,
            self.epochs or usual.epochs,
            usual.scheduler,
            usual.warmup,
        )


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """What `express check-contamination` is asked."""

    model: Annotated[str, typer.Option(help="As for run; a served one (api:NAME) answers freely.")]
    base_url: Annotated[
        str | None, typer.Option(help="As for run: the server of an api: model.")
    ] = None
    adapter: Annotated[str | None, typer.Option(help="As for run.")] = None
    dataset: Annotated[str, typer.Option(help="As for run; it needs train and test.")] = "express"
    limit: Annotated[int, typer.Option(min=FEWEST, help="Pairs of rows at most.")] = 200
    template: Annotated[Path | None, typer.Option(help="Your own wording, as for run.")] = None
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto"
    draws: Annotated[int, typer.Option(min=100, help="Bootstrap draws.")] = 2000
    seed: Annotated[int, typer.Option(help="Of pairs, sentences and draws.")] = 0
