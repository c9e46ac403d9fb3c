"""The Inspect task `express_runners/express`, its solver, its scorer and its metrics."""

from __future__ import annotations

import difflib
import logging
from functools import cache
from typing import Any

from inspect_ai import Task, task
from inspect_ai._util.error import PrerequisiteError
from inspect_ai._util.package import get_installed_package_name
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import GenerateConfigArgs, get_model
from inspect_ai.scorer import Metric, SampleScore, Score, Scorer, Target, Value, metric, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver
from rich.markup import escape

from express_dataset import Example
from express_metric.errors import ExpressError
from express_metric.parsing import PROTOCOLS
from express_metric.signature import VERSION
from express_metric.terms import Reason

from ..prompts.wording import answer
from ..runs.reading import clean
from .common import (
    METRICS,
    Fitter,
    Questions,
    config,
    figure,
    lexicon_of,
    questions,
    read,
    sums,
    unanswered,
)
from .options import OPTIONS

logger = logging.getLogger(__name__)

UNANSWERED, CUT_OFF, OPENED = "unanswered", "cut_off", "opened"
"""What the solver tells the scorer in a sample's metadata: why there is no answer, or whether it
used up its tokens, and the mark of reasoning that the prompt had opened."""

# How Inspect's models end where a server refuses; the text beside it is the server's, no answer.
_NO_ROOM, _FILTERED = "model_length", "content_filter"

# Inspect puts the package's name before the task's. In an editable install it looks for a
# distribution of that name, finds none (ours is express-benchmark), and puts nothing there.
_NAME = "express" if get_installed_package_name(Questions) else "express_runners/express"


@task(name=_NAME)
def express(**options: Any) -> Task:
    """EXPRESS: name the masked emotion words; the figures of `express run`.

    Args:
        options: of `OPTIONS`, as in `express run` (source is its --dataset, shot_seed its --seed).

    Raises:
        PrerequisiteError: the user can mend it; the message says how.
    """
    for name in options.keys() - OPTIONS:
        meant = difflib.get_close_matches(name, OPTIONS, n=1)
        which = f"did you mean {meant[0]}?" if meant else f"there are {', '.join(OPTIONS)}"
        raise _mistake(f"-T {name}: there is no such option; {which}")
    source = str(options.get("source") or "express")
    try:
        asked = questions(config(**options | {"source": source}))
    except ExpressError as error:
        raise _mistake(str(error)) from error
    samples = [_sample(asked, example) for example in asked.examples.values()]
    return Task(
        dataset=MemoryDataset(samples, name=asked.about["data"]),
        solver=answer_list(asked),
        scorer=express_scorer(source, options.get("lexicon"), asked.template.cue),
        version=VERSION,
        metadata=asked.about,
    )


def _mistake(sentence: str) -> PrerequisiteError:
    # Inspect prints it as markup, in which the extra of "express-benchmark[shots]" would be lost.
    return PrerequisiteError(escape(sentence))


def _sample(asked: Questions, example: Example) -> Sample:
    return Sample(
        id=example.id,
        input=asked.prompt(example, asked.shots[example.id]),
        target=answer(example.labels),
        metadata={
            "masks": len(example.labels),
            "labels": list(example.labels),
            "negated": list(example.negated),
            "leaked": list(example.leaked),
            "leaked_form": list(example.leaked_form),
            "clean": clean(example),
            "post_id": example.post_id,
            "segment": example.segment,
        },
    )


@solver
def answer_list(asked: Questions) -> Solver:
    """Ask greedily, with the budget of tokens of this example.

    Shots for which the model has no room are left out, one by one where only a server can tell. A
    story that does not fit alone is counted as an invalid answer, with its reason, and so is one
    that a server's filter refuses.
    """

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        example = asked.examples[str(state.sample_id)]
        # Inspect's local models sample unless there is one token to choose from.
        local = state.model.api == "hf"
        fitter = _fitter(_local().tokenizer.name_or_path, asked) if local else None
        allowed = (fitter or asked).budget(len(example.labels))
        how = GenerateConfigArgs(max_tokens=allowed)
        if local:
            how["top_k"] = 1
        else:
            how["temperature"] = 0.0
        shots = asked.shots[example.id]
        if fitter is not None:
            fitting = fitter.fit(example, shots)
            if fitting is None:
                return _without_answer(state, Reason.TOO_LONG)
            shots = fitting
            state.metadata[OPENED] = fitter.opened(example)
            state.user_prompt.text = asked.prompt(example, shots)
            _compare(fitter.ids(example, shots), state)
        before = list(state.messages)
        state = await generate(state, **how)
        while state.output.stop_reason == _NO_ROOM and shots:
            shots = shots[1:]
            state.messages = list(before)
            state.user_prompt.text = asked.prompt(example, shots)
            state = await generate(state, **how)
        if state.output.stop_reason == _NO_ROOM:
            return _without_answer(state, Reason.TOO_LONG)
        if state.output.stop_reason == _FILTERED:
            return _without_answer(state, Reason.REFUSAL)
        state.metadata[CUT_OFF] = _cut_off(state, allowed, fitter)
        return state

    return solve


def _without_answer(state: TaskState, reason: Reason) -> TaskState:
    state.metadata[UNANSWERED] = str(reason)
    state.completed = True
    return state


def _local() -> Any:
    """Inspect's own loader of local models, with its tokenizer."""
    return get_model().api


@cache
def _fitter(model: str, asked: Questions) -> Fitter:
    return Fitter(model, asked)


def _cut_off(state: TaskState, allowed: int, fitter: Fitter | None) -> bool:
    """Whether the answer used up its tokens; local models do not tell, so they are counted."""
    if fitter is None:
        return state.output.stop_reason == "max_tokens"
    usage = state.output.usage
    # Their count is that of the longest answer of a batch.
    if usage is not None and usage.output_tokens < allowed:
        return False
    return fitter.cut_off(state.output.completion, allowed)


def _compare(ours: tuple[int, ...], state: TaskState) -> None:
    """Warn where Inspect gives a local model another prompt than `express run` would."""
    api = _local()
    text = api.hf_chat(list(state.messages), [])
    theirs = api.tokenizer(text, **api.tokenizer_call_args)["input_ids"]
    if tuple(theirs) != ours:
        _warn(api.tokenizer.name_or_path)


@cache
def _warn(model: str) -> None:
    logger.warning(
        f"{model}: this prompt has other tokens than that of `express run`, so figures may differ. "
        """Where the chat template writes the BOS token: -M tokenizer_call_args='"""
        """{"add_special_tokens": false}'. Where the model has no chat template: """
        """-M chat_template='"{{ messages[0].content }}"'."""
    )


@metric
def figures() -> Metric:
    """The five figures of each protocol: counts of all samples first, then the figures."""

    def compute(scores: list[SampleScore]) -> Value:
        counts = [one.score.metadata or {} for one in scores]
        return {
            name: figure([one[table] for one in counts], protocol, kind)
            for name, (table, protocol, kind) in METRICS.items()
        }

    return compute


@metric
def invalid() -> Metric:
    """How many answers are invalid, by protocol and reason, for the reasons that occur."""

    def compute(scores: list[SampleScore]) -> Value:
        found: dict[str, int] = {}
        for one in scores:
            for protocol in PROTOCOLS:
                for reason, number in (one.score.metadata or {})[protocol]["invalid"].items():
                    name = f"{protocol}_invalid_{reason}"
                    found[name] = found.get(name, 0) + number
        return dict(sorted(found.items()))

    return compute


@scorer(metrics=[figures(), invalid()])
def express_scorer(source: str = "express", lexicon: str | None = None, cue: str = "") -> Scorer:
    """Score an answer under both protocols.

    A sample's own value is the share of its masks with the identical word (protocol paper); its
    counts are in the score's metadata, which the metrics sum.
    """
    table = lexicon_of(source, lexicon)

    async def score(state: TaskState, target: Target) -> Score:
        labels = state.metadata["labels"]
        why = state.metadata.get(UNANSWERED)
        cut_off = bool(state.metadata.get(CUT_OFF))
        text = state.metadata.get(OPENED, "") + state.output.completion
        readings = unanswered(Reason(why)) if why else read(text, cue, cut_off, len(labels))
        counts = sums(labels, readings, table, state.metadata["clean"])
        reason = readings["revised"].reason
        shown = {name: one.terms or f"invalid: {one.reason}" for name, one in readings.items()}
        return Score(
            value=counts["paper"]["lexical"] / len(labels),
            answer=answer(readings["revised"].terms or ()),
            explanation="; ".join(f"{name}: {found}" for name, found in shown.items()),
            reason=str(reason) if reason else None,
            metadata=counts,
        )

    return score
