"""One run: one model under one setting on one split, on one process or many.

`express run` calls `run`; so do `accelerate launch -m express_runners.run ...` and
`torchrun -m express_runners.run ...`, with the same options.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from express_dataset import Example
from express_dataset.errors import require
from express_dataset.schema import fingerprint
from express_dataset.sources import Loaded, load

from .answering import answer_all
from .config import RunConfig
from .engines.base import EngineOptions, budget
from .errors import RunError
from .evidence import session
from .models import ResolvedModel, resolve
from .prompts import FILL_MASK_TEMPLATE, ZERO_SHOT_TEMPLATE
from .scores import pick_lexicon, score_run
from .store import SCORES_FILE, RunFolder, write_json


@dataclass(frozen=True, slots=True)
class RunResult:
    """A finished run: its folder, what was asked, the scores of both protocols, the answers."""

    folder: Path
    asked: dict[str, Any]
    scores: dict[str, Any]
    lines: list[dict[str, Any]]
    examples: tuple[Example, ...]


def run(config: RunConfig) -> RunResult | None:
    """Answer every example that is not answered yet, then score the whole.

    Returns:
        The result in the main process, None in the others.

    Raises:
        RunError, DataError, MetricError: something the user can mend; the message says how.
    """
    state = _processes(config)
    with ExitStack() as stack:
        folder = RunFolder(config.out)
        if state.is_main_process:
            stack.enter_context(folder)
        loaded = load(config.dataset, split=config.split)
        examples = loaded.examples[: config.limit]
        if not examples:
            raise RunError(f"--dataset {config.dataset} has no example in split {config.split!r}.")
        # Read before any answer is paid for, so that a missing lexicon costs nothing.
        lexicon = pick_lexicon(config.lexicon, loaded.lexicon, near=Path(config.dataset))
        with state.main_process_first():
            model = resolve(config.model, config.family)
        options = _options(config, model, state.device)
        asked = _asked(config, loaded, examples, options, model)
        asked["lexicon"] = {"name": lexicon.name, "label": lexicon.label}
        if state.is_main_process:
            here = session(state.num_processes, str(state.device))
            folder.start(asked, {"dataset": config.dataset, **here})
        state.wait_for_everyone()
        answer_all(folder, model, options, examples, state, config.batch_size)
        state.wait_for_everyone()
        if not state.is_main_process:
            return None
        lines = folder.finish([example.id for example in examples])
        scores = score_run(lines, lexicon, asked)
        write_json(config.out / SCORES_FILE, scores)
        return RunResult(config.out, asked, scores, lines, examples)


def _processes(config: RunConfig) -> Any:
    """Join the other processes of this run, if there are any."""
    accelerate = require("accelerate", "run")
    transformers = require("transformers", "run")
    torch = require("torch", "run")
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    if config.device == "cuda" and not torch.cuda.is_available():
        raise RunError("--device cuda: no CUDA device is visible here; use --device cpu.")
    # Who has finished waits for the slowest; the default of ten minutes would end the run.
    return accelerate.PartialState(
        cpu=config.device == "cpu" or not torch.cuda.is_available(), timeout=timedelta(days=7)
    )


def _options(config: RunConfig, model: ResolvedModel, device: Any) -> EngineOptions:
    dtype = config.dtype
    if dtype == "auto":
        dtype = "bfloat16" if device.type == "cuda" else "float32"
    return EngineOptions(
        template=FILL_MASK_TEMPLATE if model.family == "masked" else ZERO_SHOT_TEMPLATE,
        device=str(device),
        dtype=dtype,
        trust_remote_code=config.trust_remote_code,
    )


def _asked(
    config: RunConfig,
    loaded: Loaded,
    examples: Sequence[Example],
    options: EngineOptions,
    model: ResolvedModel,
) -> dict[str, Any]:
    """Every setting that makes the predictions what they are; a resumed run must have the same."""
    return {
        "model": {"name": model.name, "revision": model.revision, "family": model.family},
        "dataset": {
            "name": loaded.name,
            "revision": loaded.revision,
            "split": config.split,
            "examples": len(examples),
            "fingerprint": fingerprint(examples),
            "signature": loaded.data,
        },
        "prompt": {"name": options.template.name, "hash": options.template.hash},
        "decoding": {
            "name": "free",
            "greedy": True,
            "max_new_tokens": f"{budget(0)} + {budget(1) - budget(0)} per mask",
            "stop": "list closed",
        },
        "dtype": options.dtype,
    }


def main() -> None:
    """`python -m express_runners.run OPTIONS` is `express run OPTIONS`, for launchers."""
    import sys

    from .cli import main as express

    sys.argv[1:1] = ["run"]
    express()


if __name__ == "__main__":
    main()
