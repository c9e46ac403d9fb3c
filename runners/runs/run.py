"""One run: one model under one setting on one split, on one process or many."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from express_dataset import Example
from express_dataset.errors import require
from express_dataset.schema import fingerprint
from express_dataset.sources import Loaded, load

from ..config import RunConfig
from ..engines.base import EngineOptions, budget
from ..errors import RunError
from ..models import ResolvedModel, resolve
from ..prompts.setting import setting_of
from ..prompts.shots import choose
from .answering import answer_all
from .evidence import session
from .scores import lexicon_record, pick_lexicon, score_run
from .setup import engine_options, pool_of, select
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
        examples = select(config, loaded)
        if state.is_main_process:
            stack.enter_context(_told_when_stopped(folder, examples))
        # Read before any answer is paid for, so that a missing lexicon costs nothing.
        lexicon = pick_lexicon(config.lexicon, loaded.lexicon, near=Path(config.dataset))
        with state.main_process_first():
            model = resolve(config.model, config.family)
        if model.family == "api" and state.num_processes > 1:
            raise RunError(
                f"a served model is asked by one process, not by {state.num_processes}: start "
                "`express run` alone and choose --concurrency."
            )
        setting = setting_of(config, model.family)
        options = engine_options(config, model, setting, state.device)
        asked = _asked(config, loaded, examples, options, model)
        pool = pool_of(config, setting)
        asked["prompt"] = setting.record(pool)
        with state.main_process_first():
            shots = choose(setting, pool, examples)
        asked["lexicon"] = {"name": lexicon.name, "label": lexicon.label}
        if state.is_main_process:
            here = session(state.num_processes, str(state.device))
            if model.family == "api":
                here["token_parameter"] = config.token_parameter
            kept = lexicon_record(lexicon, config.lexicon)
            folder.start(asked, {"dataset": config.dataset, "lexicon": kept, **here})
        state.wait_for_everyone()
        answer_all(folder, model, options, examples, state, config.batch_size, shots)
        state.wait_for_everyone()
        if not state.is_main_process:
            return None
        lines = folder.finish([example.id for example in examples])
        scores = score_run(lines, lexicon, asked)
        write_json(config.out / SCORES_FILE, scores)
        return RunResult(config.out, asked, scores, lines, examples)


@contextmanager
def _told_when_stopped(folder: RunFolder, examples: Sequence[Example]) -> Iterator[None]:
    """Say what is kept where the user stops the run (Ctrl-C)."""
    try:
        yield
    except KeyboardInterrupt:
        kept = len(folder.answered().keys() & {example.id for example in examples})
        told = f"{kept} of {len(examples)} answers are kept, and the same command goes on"
        print(f"stopped: {told}.", file=sys.stderr)
        raise


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


def _asked(
    config: RunConfig,
    loaded: Loaded,
    examples: Sequence[Example],
    options: EngineOptions,
    model: ResolvedModel,
) -> dict[str, Any]:
    """Every setting that makes the predictions what they are; a resumed run must have the same."""
    reasoning = options.template.reasoning
    unseen = options.server.reasoning_tokens if options.server else 0
    asked: dict[str, Any] = {
        "model": {"name": model.name, "revision": model.revision, "family": model.family},
        "dataset": {
            "name": loaded.name,
            "revision": loaded.revision,
            "split": config.split,
            "examples": len(examples),
            "fingerprint": fingerprint(examples),
            "signature": loaded.data,
        },
        "decoding": {
            "name": "free",
            "greedy": True,
            "max_new_tokens": f"{budget(0, reasoning) + unseen} + {budget(1) - budget(0)} per mask",
            "stop": "list closed",
        },
        "dtype": options.dtype,
    }
    if options.quantize:
        # It changes predictions; how a model is spread does not.
        asked["quantize"] = options.quantize
    if options.server is not None:
        asked["model"]["server"] = options.server.url
        asked["decoding"] |= {"temperature": options.server.temperature, "seed": None}
        if options.server.temperature is None:
            # Other answers at every start: no figure of these may pass for one of greedy decoding.
            asked["decoding"] |= {"name": "free-default-temperature", "greedy": False}
    elif options.vocabulary is not None:
        asked["decoding"] = ranking(options, model)
    elif model.family == "dummy":
        # So that no signature of a dummy can pass for a model's.
        asked["decoding"] = {"name": model.name.replace(":", "-"), "seed": model.revision}
    return asked


def ranking(options: EngineOptions, model: ResolvedModel) -> dict[str, Any]:
    """How a ranking was asked for."""
    vocabulary = options.vocabulary
    assert vocabulary is not None
    several = f"-{options.several}" if model.family == "masked" else ""
    return {
        "name": f"rank-{vocabulary.label}{several}",
        "vocabulary": vocabulary.source,
        "terms": len(vocabulary.terms),
        "sha256": vocabulary.sha256,
    }
