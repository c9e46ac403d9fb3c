"""Answering: the examples that are not answered yet, each into this process's shard at once."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from express_dataset import Example

from ..engines import load_engine
from ..engines.base import Answer, Engine, EngineOptions, FlowingEngine, Prompt
from ..engines.batches import in_batches
from ..models import ResolvedModel
from .progress import progress
from .ranks import prior_of, rank_record
from .reading import read_line
from .store import RunFolder, Shard, read_run_record


def answer_all(
    folder: RunFolder,
    model: ResolvedModel,
    options: EngineOptions,
    examples: Sequence[Example],
    state: Any,
    batch_size: int | None,
    shots: Sequence[tuple[Example, ...]],
    contexts: Sequence[tuple[Example, tuple[Example, ...]]] = (),
) -> None:
    """Answer this process's share of what is not answered yet; each example has its `shots`.

    The `contexts`, stories with shots of their own, tell the prior of a ranking's terms.
    """
    answered = folder.answered().keys()
    if all(example.id in answered for example in examples):
        return
    engine = load_engine(model, options)
    prompts = [engine.prepare(e, shown) for e, shown in zip(examples, shots, strict=True)]
    if state.is_main_process:
        shown_to_all = what_was_shown(prompts)
        ranked = options.vocabulary
        folder.note(
            **shown_to_all,
            vocabulary=ranked and ranked.terms,
            left_out=(ranked and ranked.left_out) or None,
        )
        _tell_dropped(shown_to_all["shots"])
    # All must have read what is answered before one of them writes: they share out the rest.
    state.wait_for_everyone()
    if contexts and (state.is_main_process or options.spread == "tensor"):
        _learn_prior(folder, engine, contexts, state.is_main_process, batch_size)
    left = [prompt for prompt in prompts if prompt.example.id not in answered]
    left.sort(key=lambda prompt: (-len(prompt.ids), prompt.example.id))
    mine = left
    if options.spread != "tensor":
        mine = share(left, state.process_index, state.num_processes)
    shard = Shard(folder.path, state.process_index)
    try:
        with progress("answering", len(mine), shown=state.is_main_process) as bar:
            for prompt, answer in answers(engine, mine, batch_size):
                line = _line(answer.prompt or prompt, answer, answer.seconds or 0.0)
                if options.vocabulary is not None:
                    labels = prompt.example.labels
                    line["rank"] = rank_record(options.vocabulary, labels, answer)
                # With a model split among the processes, all compute and one writes.
                if options.spread != "tensor" or state.is_main_process:
                    shard.append([{**line, "process": state.process_index}])
                bar.advance(1)
    finally:
        shard.close()


def _learn_prior(
    folder: RunFolder,
    engine: Engine,
    contexts: Sequence[tuple[Example, tuple[Example, ...]]],
    main: bool,
    most: int | None,
) -> None:
    """Keep in `run.json` what the terms get on average; a run that goes on has it already."""
    if read_run_record(folder.path).prior is not None:
        return
    prompts = [engine.prepare(example, shown) for example, shown in contexts]
    found = []
    with progress("learning the prior", len(prompts), shown=main) as bar:
        for _, answer in answers(engine, prompts, most):
            found.append(answer)
            bar.advance(1)
    if main:
        folder.note(prior=prior_of(found))


def answers(
    engine: Engine, prompts: Sequence[Prompt], most: int | None
) -> Iterator[tuple[Prompt, Answer]]:
    """Each prompt with its answer, in any order."""
    fits = [p for p in prompts if len(p.ids) + p.budget <= engine.context]
    for prompt in prompts:
        if len(prompt.ids) + prompt.budget > engine.context:
            yield prompt, Answer(None, None, 0, reason="too-long")
    if not fits:
        return
    if isinstance(engine, FlowingEngine):
        flow = engine.flow(fits, most)
    else:
        flow = in_batches(engine, fits, most)
    for i, answer in flow:
        yield fits[i], answer


def _line(prompt: Prompt, answer: Answer, seconds: float) -> dict[str, Any]:
    """One line of `predictions.jsonl`."""
    written = (answer.completion, answer.finish, prompt.cue, prompt.last, answer.reason)
    return {
        **read_line(prompt.example, *written),
        "prompt_sha256": prompt.hash,
        "shots": list(prompt.shots),
        "shots_dropped": prompt.shots_dropped,
        "prompt_tokens": len(prompt.ids) if answer.prompt_tokens is None else answer.prompt_tokens,
        "new_tokens": answer.new_tokens,
        "seconds": round(seconds, 4),
        **({"served_model": answer.served} if answer.served else {}),
    }


def _tell_dropped(shots: dict[str, int]) -> None:
    if shots["dropped"]:
        print(
            f"note: {shots['dropped']} shots in {shots['examples_with_dropped']} examples are left "
            "out, because prompt and answer would not fit into the model's context.",
            file=sys.stderr,
        )


def what_was_shown(prompts: Sequence[Prompt]) -> dict[str, Any]:
    """The first prompt as the model gets it, and how many shots there was no room for."""
    first = prompts[0]
    return {
        "first_prompt": {"id": first.example.id, "text": first.text, "token_ids": list(first.ids)},
        "shots": {
            "shown": sum(len(p.shots) for p in prompts),
            "dropped": sum(p.shots_dropped for p in prompts),
            "examples_with_dropped": sum(p.shots_dropped > 0 for p in prompts),
        },
    }


def share(items: Sequence[T], rank: int, world: int) -> list[T]:
    """The items one process takes, dealt like cards so that each gets long and short ones.

    >>> share([1, 2, 3, 4, 5], rank=0, world=2)
    [1, 3, 5]
    >>> share([1, 2, 3, 4, 5], rank=1, world=2)
    [2, 4]
    """
    return list(items[rank::world])


T = TypeVar("T")
