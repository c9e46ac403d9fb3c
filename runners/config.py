"""What a run is asked for, checked before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from .errors import RunError

SPLITS = ("train", "test", "few_shot", "all")
FAMILIES = ("masked", "seq2seq", "causal")
DTYPES = ("auto", "float32", "bfloat16", "float16")
DEVICES = ("auto", "cpu", "cuda")
CHOICES = {"split": SPLITS, "family": FAMILIES, "dtype": DTYPES, "device": DEVICES}


@dataclass(frozen=True, slots=True)
class RunConfig:
    """The settings of one run; each field is an option of `express run`.

    Raises:
        RunError: a value is not one of those allowed.

    >>> RunConfig(model="org/name", out=Path("runs/name")).split
    'test'
    >>> RunConfig(model="org/name", out=Path("runs/name"), limit=0)
    Traceback (most recent call last):
    ...
    express_runners.errors.RunError: --limit must be at least 1, got 0.
    """

    model: Annotated[
        str, typer.Option(help="A Hub id (org/name or org/name@revision), a folder, a .gguf file.")
    ]
    out: Annotated[Path, typer.Option(help="The run's folder; the same command goes on there.")]
    dataset: Annotated[
        str, typer.Option(help="express, sample, a CSV, JSONL or Parquet file, or a Hub id.")
    ] = "express"
    split: Annotated[str, typer.Option(help="train, test, few_shot or all.")] = "test"
    limit: Annotated[int | None, typer.Option(help="Only the first N examples.")] = None
    lexicon: Annotated[
        str | None, typer.Option(help="nrc, express or a CSV file; the data's own by default.")
    ] = None
    family: Annotated[
        str | None, typer.Option(help="masked, seq2seq or causal; read from the model by default.")
    ] = None
    dtype: Annotated[
        str,
        typer.Option(
            help="auto (float32 on a CPU, bfloat16 on a GPU), float32, bfloat16, float16."
        ),
    ] = "auto"
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto"
    batch_size: Annotated[
        int | None, typer.Option(help="Most examples in a batch; 8 on a CPU, 64 on a GPU.")
    ] = None
    trust_remote_code: Annotated[
        bool, typer.Option("--trust-remote-code", help="Run code that comes with the model.")
    ] = False

    def __post_init__(self) -> None:
        for name in ("limit", "batch_size"):
            value = getattr(self, name)
            if value is not None and value < 1:
                option = name.replace("_", "-")
                raise RunError(f"--{option} must be at least 1, got {value}.")
        for name, allowed in CHOICES.items():
            value = getattr(self, name)
            if value is not None and value not in allowed:
                raise RunError(f"--{name} must be one of {', '.join(allowed)}, got {value!r}.")
