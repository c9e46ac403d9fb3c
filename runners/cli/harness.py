"""`express harness NAME`: EXPRESS inside another harness."""

from __future__ import annotations

from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from ..harness.options import OPTIONS
from .printing import Format, FormatOption, print_json

app = typer.Typer(rich_markup_mode=None)
TASKS = Path(__file__).parents[1] / "harness"
INSPECT_TASK = "express_runners/express"


class Harness(StrEnum):
    """Where EXPRESS can be run from."""

    lm_eval = "lm-eval"
    inspect = "inspect"


PACKAGES = {Harness.lm_eval: ("lm_eval", "harness"), Harness.inspect: ("inspect_ai", "inspect")}
"""What each needs: its package, and the extra that installs it."""


@app.command()
def harness(
    name: Annotated[Harness, typer.Argument(help="lm-eval or inspect.")],
    format: FormatOption = Format.text,  # noqa: A002
) -> None:
    """Print what another harness needs to find EXPRESS: lm-eval's folder, or Inspect's task."""
    found = str(TASKS) if name is Harness.lm_eval else INSPECT_TASK
    tasks = sorted(file.stem for file in TASKS.glob("*.yaml"))
    if format is Format.json:
        if name is Harness.lm_eval:
            print_json({"path": found, "tasks": tasks})
        else:
            print_json({"task": found})
        return
    typer.echo(found)
    package, extra = PACKAGES[name]
    if find_spec(package) is None:
        typer.echo(
            f"{package} is not installed: pip install 'express-benchmark[{extra}]'", err=True
        )
    typer.echo(_next_lm_eval(tasks) if name is Harness.lm_eval else _NEXT_INSPECT, err=True)


def _next_lm_eval(tasks: list[str]) -> str:
    return (
        'Next: lm_eval run --include_path "$(express harness lm-eval)" --tasks '
        f"{tasks[-1]} --model hf --model_args pretrained=MODEL,dtype=float32 "
        "--apply_chat_template --metadata source=sample\n"
        f"Tasks: {', '.join(tasks)}; all of them: express. --metadata takes "
        f"{', '.join(list(OPTIONS)[1:])}. Leave --apply_chat_template out for a model without a "
        "chat template."
    )


_NEXT_INSPECT = (
    f"Next: inspect eval {INSPECT_TASK} --model hf/local -M model_path=FOLDER -M dtype=float32 "
    "-T prompt=zero-shot -T source=sample\n"
    f"-T takes {', '.join(OPTIONS)}."
)
