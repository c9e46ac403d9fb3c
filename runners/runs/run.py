"""One run: one model under one setting on one split, on one process or many."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from express_dataset import Example
from express_dataset.errors import require
from express_dataset.sources import Loaded, load_all
from express_metric.lexicon import Lexicon

from ..config import RunConfig
from ..engines.base import EngineOptions
from ..engines.loading import quiet
from ..errors import RunError
from ..models import ResolvedModel, resolve
from ..prompts.setting import setting_of
from ..prompts.shots import choose
from ..server import API, is_dummy
from . import guard
from .answering import answer_all
from .evidence import evidence, parameters_of
from .finished import FinishedRun
from .record import Asked, LexiconAsked, Model, Over, Prompt, Session
from .scores import lexicon_file, pick_lexicon, score_run
from .seen import judge, tell
from .serve import Serving, served
from .setup import (
    data_asked,
    decoding,
    engine_options,
    pool_of,
    prior_contexts,
    prompt_asked,
    select,
)
from .store import SCORES_FILE, RunFolder, read_run_record, write_json
from .tracking import log_scores, open_tracker


def run(config: RunConfig) -> FinishedRun | None:
    """Answer every example that is not answered yet, then score; None but in the main process."""
    state = _processes(config)
    with ExitStack() as stack:
        folder = RunFolder(config.out)
        if state.is_main_process:
            stack.enter_context(folder)
        data = load_all(config.dataset, config.misfits)
        examples = select(config, data)
        if state.is_main_process:
            stack.enter_context(_told_when_stopped(folder, examples))
        loaded = data[config.split]
        # Read before any answer is paid for, so that a missing lexicon costs nothing.
        lexicon = pick_lexicon(config.lexicon, loaded.lexicon, near=Path(config.dataset))
        with state.main_process_first():
            model = resolve(
                config.model, config.family, weights=not config.serve, adapter=config.adapter
            )
        if (config.serve or model.family == "api") and state.num_processes > 1:
            raise RunError(
                f"a served model is asked by one process, not by {state.num_processes}: start "
                "`express run` alone and choose --concurrency."
            )
        examples, seen = judge(model, examples, config.seen)
        manifest = model.manifest
        if config.serve:
            config, model = _serve(stack, config, model)
        setting = setting_of(config, model.family)
        options = engine_options(config, model, setting, state.device, data)
        pool = pool_of(config, setting, data)
        with state.main_process_first():
            shots = choose(setting, pool, examples)
            rows = prior_contexts(options, data, len(examples))
            contexts = list(zip(rows, choose(setting, pool, rows), strict=True))
        record = None
        if state.is_main_process:
            prompt = prompt_asked(setting, pool)
            tell(model, f"{prompt.name}@{prompt.hash}", seen)
            asked = _asked(loaded, examples, model, options, prompt, lexicon)
            called = replace(asked.model, name=config.name or asked.model.name)
            record = folder.start(
                replace(asked, model=called, seen=seen or None),
                Session(
                    dataset=config.dataset,
                    misfits=config.misfits,
                    lexicon=lexicon_file(lexicon, config.lexicon),
                    processes=state.num_processes,
                    device=str(state.device),
                    token_parameter=config.token_parameter if model.family == "api" else None,
                    # A server or a dummy has no folder of its own.
                    parameters=None if model.path == Path() else parameters_of(model.path),
                    **evidence(),
                ),
            )
            if manifest is not None:
                folder.note(taught=manifest.taught(examples))
            # Before any answer is paid for, too.
            tracker = (
                open_tracker(config.log_with, config.out) if config.log_with is not None else None
            )
        state.wait_for_everyone()
        answer_all(folder, model, options, examples, state, config.batch_size, shots, contexts)
        state.wait_for_everyone()
        if record is None:
            return None
        lines = folder.finish([example.id for example in examples])
        record = read_run_record(config.out)
        scores = score_run(lines, lexicon, record)
        write_json(config.out / SCORES_FILE, scores)
        if tracker is not None:
            log_scores(tracker, record.asked, scores)
        return FinishedRun(config.out, record, lines, data)


def _serve(
    stack: ExitStack, config: RunConfig, model: ResolvedModel
) -> tuple[RunConfig, ResolvedModel]:
    """Start the servers that are asked instead, until the stack is closed."""
    if model.family in ("api", "dummy"):
        raise RunError(f"--serve starts a model of this disk or of the Hub, not {config.model}.")
    adapter = str(model.adapter.path) if model.adapter else None
    serving = Serving(
        config.serve or "",
        config.model,
        adapter,
        config.replicas,
        config.serve_timeout,
        config.decode == "rank",
    )
    serving.check(model.path, config.model.lower().endswith(".gguf"))
    urls = stack.enter_context(served(serving))
    name = API + serving.asked
    asked = replace(config, model=name, adapter=None, family=None, base_url=",".join(urls))
    return asked, replace(
        model, name=serving.asked, family="api", adapter=None, revision=model.revision or "served"
    )


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


class _Alone:
    """The one process of a run without a model of its own: what is used of `PartialState`."""

    is_main_process, num_processes, process_index, device = True, 1, 0, "cpu"
    main_process_first = staticmethod(nullcontext)

    def wait_for_everyone(self) -> None:
        """Nobody else is there."""


def _processes(config: RunConfig) -> Any:
    """Join the other processes of this run, if there are any."""
    own = not (config.serve or is_dummy(config.model) or config.model.startswith(API))
    if not (own or config.device == "cuda" or guard.launched()):
        return _Alone()  # torch would be loaded for nothing
    guard.end_with_launcher()
    accelerate = require("accelerate", "run")
    torch = require("torch", "run")
    quiet()
    if config.device == "cuda" and not torch.cuda.is_available():
        raise RunError("--device cuda: no CUDA device is visible here; use --device cpu.")
    # Who has finished waits for the slowest; the default of ten minutes would end the run.
    with guard.meeting():
        state = accelerate.PartialState(
            cpu=config.device == "cpu" or not torch.cuda.is_available(), timeout=timedelta(days=7)
        )
        state.wait_for_everyone()
    return state


def _asked(
    loaded: Loaded,
    examples: Sequence[Example],
    model: ResolvedModel,
    options: EngineOptions,
    prompt: Prompt,
    lexicon: Lexicon,
) -> Asked:
    """Every setting that makes the predictions what they are; a resumed run must have the same."""
    over = model.adapter
    both = f"{model.name}+{over.name.rpartition('/')[2]}" if over else ""
    who = Model(
        name=both or model.name,
        revision=model.revision,
        family=model.family,
        server=options.server.name if options.server else None,
        pickled=model.pickled or None,
        adapter=Over(name=over.name, revision=over.revision) if over else None,
    )
    return Asked(
        model=who,
        dataset=data_asked(loaded, examples),
        prompt=prompt,
        decoding=decoding(options, who),
        lexicon=LexiconAsked(name=lexicon.name, label=lexicon.label),
        dtype=options.dtype,
        # It changes predictions; how a model is spread does not.
        quantize=options.quantize,
    )
