"""`express run --dry-run`: the prompts, the plan and an estimate, before anything is loaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from express_dataset import Example
from express_dataset.errors import require
from express_dataset.reading.typed import as_json
from express_dataset.sources import load_all
from express_dataset.splits import normalised
from express_metric.analysis.intervals import MIN_POSTS

from ..config import RunConfig
from ..engines.base import EngineOptions, Prompt
from ..engines.loading import quiet
from ..models import ResolvedModel, resolve
from ..prompts.setting import setting_of
from ..prompts.shots import choose
from ..runs.answering import what_was_shown
from ..runs.seen import judge
from ..runs.store import RunFolder

CHARACTERS_PER_TOKEN = 4
# Assumed before anything has run: how alike the masks of a post are, and what share of masks one
# of two runs alone answers rightly. A comparison computes both from the answers.
ALIKE, DISCORDANT = 0.2, 0.2


def dry_run(config: RunConfig) -> dict[str, Any]:
    """What `express run` would do with these options; loads no weights and writes no file.

    Of a Hub model only configuration and tokenizer are fetched. (A .gguf file is converted once,
    as a run would.)

    Returns:
        Model, prompt setting, numbers of examples and tokens, the first prompt, and an estimate
        of memory and time, ready for JSON.
    """
    from ..runs.setup import engine_options, pool_of, prior_contexts, prompt_asked, select

    torch = require("torch", "run")
    quiet()
    data = load_all(config.dataset, config.misfits)
    examples = select(config, data)
    model = resolve(config.model, config.family, weights=False, adapter=config.adapter)
    examples, _ = judge(model, examples, config.seen)
    setting = setting_of(config, model.family)
    on_gpu = config.device != "cpu" and torch.cuda.is_available()
    options = engine_options(
        config, model, setting, torch.device("cuda" if on_gpu else "cpu"), data
    )
    pool = pool_of(config, setting, data)
    shots = choose(setting, pool, examples)
    answered = RunFolder(config.out).answered().keys()
    prompts, counted = make_prompts(model, options, examples, shots)
    plan: dict[str, Any] = {
        "model": {"name": model.name, "family": model.family},
        "dataset": data[config.split].data,
        "split": config.split,
        "prompt": as_json(prompt_asked(setting, pool)),
        "examples": len(prompts),
        "answered": sum(example.id in answered for example in examples),
        "masks": sum(len(example.labels) for example in examples),
        "smallest": smallest_difference(masks_by_post(examples)),
        "tokens": {
            "counted": counted,
            "prompts": sum(_length(p) for p in prompts),
            "longest_prompt": max(_length(p) for p in prompts),
            "answers_at_most": sum(p.budget for p in prompts),
        },
        **what_was_shown(prompts),
        "device": options.device,
        "dtype": options.dtype,
        "decode": config.decode,
    }
    if options.vocabulary is not None:
        terms, left_out = options.vocabulary.terms, options.vocabulary.left_out
        labels = [normalised(label) for example in examples for label in example.labels]
        plan["ranking"] = {
            "terms": len(terms),
            "terms_left_out": len(left_out),
            "masks_left_out": sum(label in left_out for label in labels),
            "other_masks": options.others,
            "prior_contexts": len(prior_contexts(options, data, len(examples))),
        }
    # A ranking writes nothing, and what it costs depends on the vocabulary.
    if not counted or options.vocabulary is not None:
        return plan
    return {**plan, **_estimate(config, model, options, prompts)}


def masks_by_post(examples: Sequence[Example]) -> list[int]:
    """The number of masks of each post."""
    counts: Counter[str] = Counter()
    for example in examples:
        counts[example.post_id] += len(example.labels)
    return list(counts.values())


def smallest_difference(masks: Sequence[int]) -> float | None:
    """The least difference of two accuracies that posts of so many masks show four times in five.

    For a test at 5%, on what `ALIKE` and `DISCORDANT` assume. None below `MIN_POSTS`, where nothing
    is decided.

    >>> round(smallest_difference([2] * 500) or 0, 3), smallest_difference([2] * 4)
    (0.043, None)
    """
    if len(masks) < MIN_POSTS:
        return None
    # What masks of one post add to the variance of a mean over all (Kish 1965).
    effect = 1 + ALIKE * (sum(n * n for n in masks) / sum(masks) - 1)
    return float((1.96 + 0.84) * (DISCORDANT * effect / sum(masks)) ** 0.5)


def make_prompts(
    model: ResolvedModel,
    options: EngineOptions,
    examples: Sequence[Example],
    shots: Sequence[tuple[Example, ...]],
) -> tuple[list[Prompt], bool]:
    """Every prompt of a run, and whether its tokens could be counted (not for a served model)."""
    if model.family in ("api", "dummy"):
        template = options.template
        return [
            Prompt(
                example,
                template.render(example.text, len(example.labels), shown),
                (),
                options.budget(len(example.labels)) if model.family == "api" else 0,
                cue=template.cue,
                shots=tuple(shot.id for shot in shown),
            )
            for example, shown in zip(examples, shots, strict=True)
        ], False
    from ..engines.prompter import Prompter

    prompter = Prompter(model, options)
    prompts = [prompter.prepare(e, shown) for e, shown in zip(examples, shots, strict=True)]
    return prompts, True


def _length(prompt: Prompt) -> int:
    return len(prompt.ids) or len(prompt.text) // CHARACTERS_PER_TOKEN


def _estimate(
    config: RunConfig, model: ResolvedModel, options: EngineOptions, prompts: Sequence[Prompt]
) -> dict[str, Any]:
    from . import estimate

    shape = estimate.shape_of(model, options.trust_remote_code)
    rows = estimate.rows_at_once(len(prompts), options, config.batch_size)
    speed = estimate.measure(options.device, options.dtype)
    return {
        "parameters": shape.parameters,
        "rows_at_once": rows,
        "computed_prompt_tokens": estimate.computed_tokens(prompts),
        "memory_bytes": estimate.memory(shape, prompts, options, rows),
        "seconds": estimate.seconds(shape, speed, prompts, options, rows),
        "measured": {
            "gflop_per_second": round(speed.operations / 1e9, 1),
            "gigabytes_per_second": round(speed.bytes / 1e9, 1),
        },
    }


def as_text(plan: dict[str, Any]) -> str:
    """The plan for a person: the first prompt, then what would happen."""
    first, tokens, shots = plan["first_prompt"], plan["tokens"], plan["shots"]
    about = "" if tokens["counted"] else "about "
    lines = [
        f"First prompt ({first['id']}, {len(first['token_ids']) or 'uncounted'} tokens):",
        "",
        first["text"],
        "",
        f"model     {plan['model']['name']} ({plan['model']['family']}), {plan['dtype']} on "
        f"{plan['device']}",
        f"prompt    {plan['prompt']['name']}@{plan['prompt']['hash']}",
        f"data      {plan['dataset']}, {plan['split']}: {plan['examples']} examples, "
        f"{plan['masks']} masks; {plan['answered']} answered in the run's folder",
        f"can show  {_can_show(plan['smallest'])}",
        f"tokens    {about}{tokens['prompts']:,} in prompts, {tokens['longest_prompt']:,} in the "
        f"longest; at most {tokens['answers_at_most']:,} in answers",
    ]
    if shots["shown"] or shots["dropped"]:
        lines.append(
            f"shots     {shots['shown']:,} shown; {shots['dropped']:,} left out for want of room, "
            f"in {shots['examples_with_dropped']:,} examples"
        )
    if "ranking" in plan:
        told = plan["ranking"]
        lines.append(
            f"ranking   {told['terms']:,} terms; {told['terms_left_out']:,} left out, which a "
            f"masked model cannot rank: the words of {told['masks_left_out']:,} of "
            f"{plan['masks']:,} masks"
        )
        lines.append(
            f"          other masks: {told['other_masks']}; each term's prior is learned from "
            f"{told['prior_contexts']:,} further stories"
        )
    if "seconds" not in plan:
        why = "nothing is computed here" if not tokens["counted"] else "terms are ranked"
        return "\n".join([*lines, "", f"There is no estimate of time: {why}."])
    memory, seconds, measured = plan["memory_bytes"], plan["seconds"], plan["measured"]
    gib = {name: f"{size / 2**30:.1f}" for name, size in memory.items()}
    lines += [
        f"memory    about {gib['total']} GiB: weights {gib['weights']}, cache of "
        f"{plan['rows_at_once']} rows {gib['cache']}, one layer {gib['layer']}, base {gib['base']}",
        f"time      about {duration(seconds['usual'])} on one process, "
        f"at most {duration(seconds['at_most'])}",
        "",
        f"The estimate: {plan['parameters']:,} parameters counted from the configuration; "
        f"{plan['computed_prompt_tokens']:,} prompt tokens after sharing common beginnings; this "
        f"{plan['device']} measured now at {measured['gflop_per_second']:,} GFLOP/s and "
        f"{measured['gigabytes_per_second']:,} GB/s, half of which a run reaches. No weights were "
        "loaded and nothing was written.",
    ]
    return "\n".join(lines)


def _can_show(least: float | None) -> str:
    if least is None:
        return f"nothing of two runs: fewer than {MIN_POSTS} posts decide no finding"
    return f"a difference of two runs in exact words from about {100 * least:.1f} points on"


def duration(seconds: float) -> str:
    """Seconds in words.

    >>> duration(42.4)
    '42 s'
    >>> duration(7300)
    '2 h 2 min'
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
