"""`express sweep --dry-run`: models times settings, what is done, prompts and a rough estimate.

Nothing is started and no weights are loaded. The estimate is that of `express run --dry-run`, made
from some of the examples and with four characters to a token; of a Hub model only configuration
and tokenizer are fetched, as by `express run --dry-run`.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, fields
from functools import cache
from pathlib import Path
from typing import Any

from express_dataset import Example
from express_dataset.errors import DataError, require
from express_dataset.sources import load
from express_metric.errors import ExpressError

from ..config import RunConfig
from ..engines.base import EngineOptions, Prompt
from ..errors import RunError
from ..models import ResolvedModel, resolve
from ..prompts.setting import setting_of
from ..runs.setup import engine_options
from ..runs.store import RunFolder
from ..server import API, is_dummy
from .dry_run import CHARACTERS_PER_TOKEN, duration
from .sweep import NO_RUN, Result, counted, status
from .sweep_file import Job, Sweep, run_config

SAMPLE = 100


def plan(sweep: Sweep) -> dict[str, Any]:
    """What a sweep would do, ready for JSON.

    Returns:
        `runs`: for each what `Result` holds, with `prompts` (None where the data cannot be had),
        `answered`, and `estimate` (None with a reason, `why`, where there is none); and the sums
        `prompts` and `answered`.
    """
    # What was there at an earlier plan may be another by now.
    for kept in (_read, _resolved, _shape):
        kept.cache_clear()
    runs = [_run(job, result) for job, result in zip(sweep.jobs, status(sweep), strict=True)]
    known = [run["prompts"] for run in runs]
    return {
        "out": str(sweep.out),
        "runs": runs,
        "prompts": None if None in known else sum(known),
        "answered": sum(run["answered"] for run in runs),
    }


def _run(job: Job, result: Result) -> dict[str, Any]:
    config = run_config(job)
    found = {
        **asdict(result),
        "data": f"{config.dataset}, {config.split}",
        "asks": _asks(config),
        "prompts": None,
        "answered": len(RunFolder(Path(result.folder)).answered()),
        "estimate": None,
        "why": "",
    }
    try:
        examples = _examples(config.dataset, config.split, config.misfits)[: config.limit]
        found["prompts"] = len(examples)
        found["estimate"] = _estimate(config, examples)
    except _NoEstimate as error:
        found["why"] = str(error)
    except ExpressError as error:
        found["why"] = str(error)
    return found


def _asks(config: RunConfig) -> dict[str, Any]:
    """Every option that is not the default, with what `--as-published` fills in."""
    left_out = ("model", "out", "base_url", "as_published", "dataset")
    return {
        one.name.replace("_", "-"): str(value) if isinstance(value, Path) else value
        for one in fields(config)
        if (value := getattr(config, one.name)) != one.default and one.name not in left_out
    }


class _NoEstimate(Exception):  # noqa: N818 - no fault
    """Why there is none."""


@cache
def _read(dataset: str, split: str, misfits: str | None) -> tuple[Example, ...] | str:
    # A failure is kept as well: the Hub is not asked again for each of many runs.
    try:
        return load(dataset, split=split, misfits=misfits).examples
    except DataError as error:
        return str(error)


def _examples(dataset: str, split: str, misfits: str | None) -> tuple[Example, ...]:
    found = _read(dataset, split, misfits)
    if isinstance(found, str):
        raise DataError(found)
    return found


def _estimate(config: RunConfig, examples: Sequence[Example]) -> dict[str, Any]:
    """Parameters, memory and seconds of one run."""
    from . import estimate

    if config.model.startswith(API) or is_dummy(config.model):
        raise _NoEstimate("it computes nothing here")
    if config.decode == "rank":
        raise _NoEstimate("a ranking depends on its vocabulary")
    model = _resolved(config.model, config.family)
    if isinstance(model, str):
        raise _NoEstimate(model)
    torch = require("torch", "run")
    on_gpu = config.device != "cpu" and torch.cuda.is_available()
    setting = setting_of(config, model.family)
    device = torch.device("cuda" if on_gpu else "cpu")
    options = engine_options(config, model, setting, device, {})
    shape = _shape(model, config.trust_remote_code)
    prompts = _prompts(config, options, setting.shots, examples)
    rows = estimate.rows_at_once(len(examples), options, config.batch_size)
    speed = _speed(options.device, options.dtype)
    seconds = estimate.seconds(shape, speed, prompts, options, rows)
    scale = len(examples) / len(prompts)
    return {
        "device": options.device,
        "parameters": shape.parameters,
        "tokens": round(scale * sum(len(prompt.ids) for prompt in prompts)),
        "memory_bytes": estimate.memory(shape, prompts, options, rows),
        "seconds": {name: round(scale * value, 1) for name, value in seconds.items()},
    }


@cache
def _resolved(model: str, family: str | None) -> ResolvedModel | str:
    # As a run does, but for the weights; a failure is kept as well, since settings share a model.
    try:
        return resolve(model, family, weights=False)
    except RunError as error:
        return str(error)


@cache
def _shape(model: ResolvedModel, trust_remote_code: bool) -> Any:
    from . import estimate

    return estimate.shape_of(model, trust_remote_code)


@cache
def _speed(device: str, dtype: str) -> Any:
    from . import estimate

    return estimate.measure(device, dtype)


def _prompts(
    config: RunConfig, options: EngineOptions, count: int, examples: Sequence[Example]
) -> list[Prompt]:
    """Prompts of some examples, evenly spread, with pieces of text in place of tokens."""
    shots: tuple[Example, ...] = ()
    if count:
        shots = _examples(config.dataset, "few_shot", config.misfits)[:count]
    masked = options.template.name == "fill-mask"
    found = []
    for example in examples[:: -(-len(examples) // SAMPLE)]:
        n_masks = len(example.labels)
        text = options.template.render(example.text, n_masks, shots)
        allowed = 0 if masked else options.budget(n_masks)
        found.append(Prompt(example, text, _pieces(text), allowed, cue=options.template.cue))
    return found


def _pieces(text: str) -> tuple[int, ...]:
    """A number for every four characters, the same for the same ones."""
    size = CHARACTERS_PER_TOKEN
    return tuple(zlib.crc32(text[i : i + size].encode()) for i in range(0, len(text), size))


def as_text(found: dict[str, Any]) -> str:
    """The plan for a person: a table of models and settings, then prompts and estimates."""
    runs = found["runs"]
    if not runs:
        return NO_RUN
    names = [(run["options"]["model"], run["name"].rpartition("/")[2]) for run in runs]
    models, settings = (list(dict.fromkeys(column)) for column in zip(*names, strict=True))
    cells = {name: _cell(run) for name, run in zip(names, runs, strict=True)}
    rows = [["model", *settings]]
    rows += [[model, *(cells.get((model, one), "-") for one in settings)] for model in models]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        f"{counted(len(runs), 'run')}: {counted(len(models), 'model')} in "
        f"{counted(len(settings), 'setting')}, into {found['out']}. Nothing is started.",
        "",
        *("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows),
        "",
        *_told_asks(runs, names),
        f"prompts   {_prompt_numbers(found)}",
        *_estimates(runs, names),
    ]
    lines += [f"failed    {run['name']}: {run['sentence']}" for run in runs if run["sentence"]]
    counts = Counter(run["status"] for run in runs)
    summary = ", ".join(f"{n} {name}" for name, n in sorted(counts.items()))
    return "\n".join([*lines, "", f"{summary} of {counted(len(runs), 'run')}"])


def _told_asks(runs: Sequence[dict[str, Any]], names: Sequence[tuple[str, str]]) -> list[str]:
    """A line for each setting: the options that its runs share."""
    lines = []
    for setting in dict.fromkeys(name for _, name in names):
        asks = [run["asks"] for run, (_, name) in zip(runs, names, strict=True) if name == setting]
        shared = {k: v for k, v in asks[0].items() if all(one.get(k) == v for one in asks)}
        told = [name if value is True else f"{name} {value}" for name, value in shared.items()]
        told += [f"{k} for some" for k in sorted({k for one in asks for k in one} - set(shared))]
        lines.append(f"asks      {setting}: {', '.join(told) or 'defaults only'}")
    return lines


def _cell(run: dict[str, Any]) -> str:
    if run["status"] != "waiting" or not run["answered"]:
        return str(run["status"])
    return f"{run['answered']} of {run['prompts'] or '?'}"


def _prompt_numbers(found: dict[str, Any]) -> str:
    runs = found["runs"]
    unknown = next((run["why"] for run in runs if run["prompts"] is None), None)
    if unknown is not None:
        return f"their number is not known: {unknown}"
    each = Counter((run["prompts"], run["data"]) for run in runs).most_common()
    first, last = f"{each[0][0][0]:,} of {each[0][0][1]}", each[0][0][1]
    if len(each) == 1:
        told = f"{first}, in each run"
    else:
        told = f"{first}, in {counted(each[0][1], 'run')}"
        for (prompts, data), number in each[1:]:
            told += f", {prompts:,}{'' if data == last else f' of {data}'} in "
            told += counted(number, "run")
            last = data
    return f"{told}: {found['prompts']:,} in all, {found['answered']:,} answered"


def _estimates(runs: Sequence[dict[str, Any]], names: Sequence[tuple[str, str]]) -> list[str]:
    """A line for each model that there is an estimate of, and one for each reason of the others."""
    told: dict[str, list[str]] = {}
    none: dict[str, dict[str, list[str]]] = {}
    for run, (model, setting) in zip(runs, names, strict=True):
        found = run["estimate"]
        if run["prompts"] is None or run["status"] == "done":
            continue
        if found is None:
            none.setdefault(run["why"], {}).setdefault(model, []).append(setting)
            continue
        memory = found["memory_bytes"]["total"] / 2**30
        about = f"{model}: {found['parameters']:,} parameters, about {memory:.1f} GiB on one "
        line = told.setdefault(model, [f"estimate  {about}{found['device']}"])
        line.append(f"{setting} about {duration(found['seconds']['usual'])}")
    lines = ["; ".join(parts) for parts in told.values()]
    if lines:
        lines.append("          (rough: four characters to a token, one process, no run begun yet)")
    for why, models in none.items():
        which = (f"{model} ({', '.join(settings)})" for model, settings in models.items())
        lines.append(f"none for  {', '.join(which)}: {why}")
    return lines
