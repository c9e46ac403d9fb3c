"""`express sweep FILE.yaml`: models times settings, each a run in a process of its own.

A run that fails, or is killed for its memory, ends neither the sweep nor the other runs. The same
command again does what is not done yet.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from express_dataset.errors import require

from ..config import RunConfig
from ..errors import RunError
from ..runs.store import SCORES_FILE, read_json, write_json

STATE_FILE = "sweep.json"
LOGS = "logs"
RECIPES = Path(__file__).parents[1] / "recipes"
KEYS = ("out", "options", "models", "settings", "launch")
_KINDS: dict[type, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
}
Status = Literal["waiting", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Job:
    """One run of a sweep.

    Attributes:
        name: model and setting, which also names its folder.
        options: of `express run`, without --out, by their names on the command line.
    """

    name: str
    options: dict[str, Any]

    def command(self, out: Path) -> list[str]:
        """The options as words of a command line."""
        words = []
        for name, value in {**self.options, "out": str(out)}.items():
            if value is True:
                words.append(f"--{name}")
            elif value is not False and value is not None:
                words += [f"--{name}", str(value)]
        return words


@dataclass(slots=True)
class Result:
    """What became of one run; `sentence` says why it failed."""

    name: str
    folder: str
    status: Status = "waiting"
    seconds: float = 0.0
    sentence: str = ""
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep's file, read and checked: where its runs go, how they start, what they are."""

    out: Path
    launch: tuple[str, ...]
    jobs: tuple[Job, ...]


def read_sweep(file: str, out: Path | None = None) -> Sweep:
    """Read a sweep's file; a bare name such as `paper` is one that comes with this package.

    Args:
        file: path of a YAML file, or a recipe's name.
        out: where the runs go, instead of the file's `out`.

    Raises:
        RunError: the file is not there, or something in it is wrong; says where.

    >>> len(read_sweep("paper").jobs)
    44
    >>> read_sweep("papr")
    Traceback (most recent call last):
    ...
    express_runners.errors.RunError: papr: no such file; give a YAML file, or one of: paper
    """
    yaml = require("yaml", "run")
    path = Path(file)
    if not path.is_file():
        known = [p.stem for p in sorted(RECIPES.glob("*.yaml")) if _is_sweep(p)]
        if file not in known:
            raise RunError(f"{file}: no such file; give a YAML file, or one of: {', '.join(known)}")
        path = RECIPES / f"{file}.yaml"
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise RunError(f"{path} is not valid YAML ({reason})") from error
    return _checked(content, str(path), out)


def _is_sweep(path: Path) -> bool:
    # The launchers' configurations lie in the same folder.
    return re.search(r"^models:", path.read_text("utf-8"), re.MULTILINE) is not None


def _checked(content: Any, where: str, out: Path | None) -> Sweep:
    if not isinstance(content, dict):
        raise RunError(f"{where} must be a mapping with the keys {', '.join(KEYS)}")
    unknown = [key for key in content if key not in KEYS]
    if unknown:
        raise RunError(f"{where}: unknown key {unknown[0]!r}; the keys are {', '.join(KEYS)}")
    if out is None and not isinstance(content.get("out"), str):
        raise RunError(f"{where}: 'out' must be the folder for the runs, as in `out: runs/mine`")
    launch = content.get("launch", "")
    if not isinstance(launch, str):
        raise RunError(
            f"{where}: 'launch' must be a command, as in `launch: torchrun --nproc-per-node 8`"
        )
    common = _options(content.get("options", {}), f"{where}, options")
    settings = _settings(content.get("settings"), where)
    jobs: dict[str, Job] = {}
    models = content.get("models")
    if not isinstance(models, list) or not models:
        raise RunError(f"{where}: 'models' must be a list of models, each after a hyphen")
    for number, model in enumerate(models, 1):
        for job in _jobs(model, f"{where}, model {number}", common, settings):
            if job.name in jobs:
                raise RunError(
                    f"{where}, model {number}: a run named {job.name} is there already; leave "
                    "one out, or give the setting another name"
                )
            jobs[job.name] = job
    return Sweep(out or Path(content["out"]), tuple(shlex.split(launch)), tuple(jobs.values()))


def _settings(entries: Any, where: str) -> dict[str, dict[str, Any]]:
    if not isinstance(entries, list) or not entries:
        raise RunError(f"{where}: 'settings' must be a list, as in `- {{name: a, prompt: cot}}`")
    found: dict[str, dict[str, Any]] = {}
    for number, entry in enumerate(entries, 1):
        here = f"{where}, setting {number}"
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not re.fullmatch(r"[\w.-]+", name):
            raise RunError(f"{here}: give it a 'name' of letters, digits, hyphens and dots")
        if name in found:
            raise RunError(f"{here}: the name {name!r} is taken; give it another")
        found[name] = _options({k: v for k, v in entry.items() if k != "name"}, here)
    return found


def _jobs(
    model: Any, where: str, common: dict[str, Any], settings: dict[str, dict[str, Any]]
) -> list[Job]:
    """The runs of one model: an id, or a mapping with `model`, `settings` and further options."""
    entry = {"model": model} if isinstance(model, str) else model
    if not isinstance(entry, dict) or not isinstance(entry.get("model"), str):
        raise RunError(f"{where} must be a model's id, or a mapping with the key 'model'")
    names = entry.get("settings", list(settings))
    if not isinstance(names, list) or not names or any(name not in settings for name in names):
        raise RunError(f"{where}: its 'settings' must be a list of {', '.join(settings)}")
    own = _options({k: v for k, v in entry.items() if k not in ("model", "settings")}, where)
    jobs = []
    for name in names:
        options = {"model": entry["model"], **common, **own, **settings[name]}
        job = Job(f"{_slug(entry['model'])}/{name}", options)
        try:
            # The same check as of `express run`, before the first run has cost anything.
            run_config(job)
        except RunError as error:
            raise RunError(f"{where}, setting {name}: {error}") from error
        jobs.append(job)
    return jobs


def run_config(job: Job) -> RunConfig:
    """The options of a run, checked as `express run` checks them; its folder is left open.

    >>> run_config(Job("a/b", {"model": "org/a", "batch-size": 4})).batch_size
    4
    """
    values = {key.replace("-", "_"): value for key, value in job.options.items()}
    if values.get("template"):
        values["template"] = Path(values["template"])
    return RunConfig(**values, out=Path())


def _slug(model: str) -> str:
    """A model as a folder's name.

    >>> _slug("google/flan-t5-xl")
    'google--flan-t5-xl'
    >>> _slug("./models/mine.gguf")
    'models--mine.gguf'
    """
    return re.sub(r"[^\w.@-]+", "--", model).strip("-.")


def _options(options: Any, where: str) -> dict[str, Any]:
    """Check names and types against the options of `express run`."""
    if not isinstance(options, dict):
        raise RunError(f"{where} must be a mapping of options, as in `split: test`")
    types = _option_types()
    for name, value in options.items():
        if name not in types:
            raise RunError(
                f"{where}: {name!r} is no option of `express run`; the options are "
                f"{', '.join(sorted(types))}"
            )
        right = isinstance(value, types[name]) and (
            not isinstance(value, bool) or bool in types[name]
        )
        if not right:
            wanted = " or ".join(_KINDS[kind] for kind in types[name])
            raise RunError(f"{where}: {name} must be {wanted}, got {value!r}")
    return dict(options)


def _option_types() -> dict[str, tuple[type, ...]]:
    """The options of a run that a sweep may set, with the YAML types of their values."""
    hints = get_type_hints(RunConfig)
    found: dict[str, tuple[type, ...]] = {}
    for option in fields(RunConfig):
        if option.name in ("out", "model"):
            continue
        hint = hints[option.name]
        kinds = get_args(hint) if isinstance(hint, UnionType) or get_origin(hint) else (hint,)
        plain = tuple(str if kind is Path else kind for kind in kinds if kind is not type(None))
        found[option.name.replace("_", "-")] = (int, float) if plain == (float,) else plain
    return found


def run_sweep(sweep: Sweep, told: Callable[[Result, int, int], None]) -> list[Result]:
    """Start every run that is not done yet, one after the other.

    Args:
        sweep: what to run.
        told: called with a result, its number and their count, before a run starts (its status is
            "waiting") and when it has ended.

    Returns:
        What became of each run, in the file's order.
    """
    try:
        (sweep.out / LOGS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{sweep.out} cannot be made ({error.strerror}): give another") from error
    results = status(sweep)
    try:
        for number, (job, result) in enumerate(zip(sweep.jobs, results, strict=True), 1):
            if result.status != "done":
                result.status, result.sentence = "waiting", ""
                told(result, number, len(results))
                _start(sweep, job, result)
                write_json(sweep.out / STATE_FILE, {"runs": [asdict(r) for r in results]})
            told(result, number, len(results))
    except KeyboardInterrupt:
        done = f"{sum(r.status == 'done' for r in results)} of {len(results)} runs are done"
        print(f"stopped: {done}, and the same command goes on.", file=sys.stderr)
        raise
    return results


def status(sweep: Sweep) -> list[Result]:
    """What is known of each run from before; starts nothing."""
    file = sweep.out / STATE_FILE
    before = _before(file) if file.is_file() else {}
    results = []
    for job in sweep.jobs:
        folder = sweep.out / job.name
        result = Result(job.name, str(folder), options=job.options)
        old = before.get(job.name)
        if old and old["options"] == job.options:
            finished = old["status"] == "done" and (folder / SCORES_FILE).is_file()
            result.status = "done" if finished else "failed" if old["sentence"] else "waiting"
            result.seconds, result.sentence = old["seconds"], old["sentence"]
        results.append(result)
    return results


def _before(file: Path) -> dict[str, dict[str, Any]]:
    """What `sweep.json` tells of each run, by name."""
    mend = "remove it; every run then goes on from its own folder"
    runs = read_json(file, mend).get("runs")
    kinds: dict[str, type | tuple[type, ...]] = {
        **dict.fromkeys(("name", "status", "sentence"), str),
        "seconds": (int, float),
        "options": dict,
    }
    right = isinstance(runs, list) and all(
        isinstance(run, dict) and all(isinstance(run.get(k), kind) for k, kind in kinds.items())
        for run in runs
    )
    if not right:
        raise RunError(f"{file} does not tell what became of each run: {mend}")
    return {run["name"]: run for run in runs or ()}


def _start(sweep: Sweep, job: Job, result: Result) -> None:
    """Run one job to its end; its output goes to a log."""
    log = sweep.out / LOGS / f"{job.name.replace('/', '--')}.log"
    launcher = list(sweep.launch) or [sys.executable]
    command = [*launcher, "-m", "express_runners.run", *job.command(Path(result.folder))]
    started = time.monotonic()
    with log.open("wb") as stream:
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                check=False,
            )
        except FileNotFoundError as error:
            raise RunError(
                f"launch: there is no command {launcher[0]!r} here; install it or leave "
                "'launch' out"
            ) from error
    result.seconds = round(time.monotonic() - started, 1)
    result.status = "failed" if done.returncode else "done"
    result.sentence = _why(done.returncode, log) if done.returncode else ""


def _why(code: int, log: Path) -> str:
    """One sentence on a run that failed: its own error, or the signal that ended it."""
    lines = log.read_text("utf-8", errors="replace").splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    if errors:
        return errors[-1].removeprefix("error: ")
    if code < 0:
        hint = " (often the system, for want of memory)" if code == -9 else ""
        return f"it was killed by signal {-code}{hint}; see {log}"
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f"it ended with exit code {code}: {last} (see {log})"


def counted(number: int, what: str) -> str:
    """A number of things.

    >>> counted(1, "run"), counted(44, "run")
    ('1 run', '44 runs')
    """
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def as_text(results: Sequence[Result]) -> str:
    """The table of a sweep."""
    width = max(len(result.name) for result in results)
    lines = [
        f"{r.name:<{width}}  {r.status:<7}  {r.seconds:>8.1f} s  {r.sentence}".rstrip()
        for r in results
    ]
    counts = {
        name: sum(r.status == name for r in results) for name in ("done", "failed", "waiting")
    }
    summary = ", ".join(f"{n} {name}" for name, n in counts.items() if n)
    return "\n".join([*lines, "", f"{summary} of {len(results)} runs"])
