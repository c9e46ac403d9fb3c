"""A sweep's file: models times settings, checked before the first run has cost anything."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from express_dataset.errors import require
from express_dataset.files import read_text

from ..config import RunConfig
from ..errors import RunError
from ..training.options import TrainConfig
from . import taught

STATE_FILE = "sweep.json"
RECIPES = Path(__file__).parents[1] / "recipes"
KEYS = ("out", "options", "models", "settings", "launch")
_KINDS: dict[type, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
}


@dataclass(frozen=True, slots=True)
class Job:
    """One run of a sweep."""

    name: str  # model and setting, which also names its folder
    options: dict[str, Any]  # of `express run`, without --out, by their names on the command line

    def commands(self, out: Path) -> list[list[str]]:
        """The words of its command lines, without the launcher: a training first, if it has one."""
        found = []
        for module, options in taught.steps(self.options, out):
            words = ["-m", *module.split()]
            for name, value in options.items():
                if value is True:
                    words.append(f"--{name}")
                elif value is not False and value is not None:
                    words += [f"--{name}", str(value)]
            found.append(words)
        return found


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep's file, read and checked: where its runs go, how they start, what they are."""

    out: Path
    launch: tuple[str, ...]
    jobs: tuple[Job, ...]
    share: str = ""

    def dealt(self, shard: str) -> Sweep:
        """The part of it that one of several tasks does, such as ``3/8``."""
        found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", shard)
        number, whole = (int(part) for part in found.groups()) if found else (0, 0)
        if not 1 <= number <= whole:
            raise RunError(f"--shard {shard}: write it as I/N, such as 3/8, with I from 1 to N")
        share = f"{number}-of-{whole}"
        return replace(self, jobs=self.jobs[number - 1 :: whole], share=share)

    @property
    def state(self) -> Path:
        """Where this part of the sweep tells what became of its runs."""
        return self.out / (f"sweep-{self.share}.json" if self.share else STATE_FILE)


def read_sweep(file: str, out: Path | None = None) -> Sweep:
    """Read a sweep's file; a bare name such as `paper` is one that comes with this package.

    >>> len(read_sweep("paper").jobs)
    35
    >>> read_sweep("papr")
    Traceback (most recent call last):
    ...
    express_runners.errors.RunError: papr: no such file; give a YAML file, or one of: paper, today
    """
    yaml = require("yaml", "run")
    path = Path(file)
    if not path.is_file():
        known = [p.stem for p in sorted(RECIPES.glob("*.yaml")) if _is_sweep(p)]
        if file not in known:
            raise RunError(f"{file}: no such file; give a YAML file, or one of: {', '.join(known)}")
        path = RECIPES / f"{file}.yaml"
    try:
        content = yaml.safe_load(read_text(path))
    except OSError as error:
        raise RunError(f"{path} cannot be read ({error.strerror}); give a YAML file") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:300]
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
    try:
        words = tuple(shlex.split(launch))
    except ValueError as error:
        raise RunError(f"{where}: 'launch' is no command line ({error})") from None
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
    return Sweep(out or Path(content["out"]), words, tuple(jobs.values()))


def _settings(entries: Any, where: str) -> dict[str, dict[str, Any]]:
    if not isinstance(entries, list) or not entries:
        raise RunError(f"{where}: 'settings' must be a list, as in `- {{name: a, prompt: cot}}`")
    found: dict[str, dict[str, Any]] = {}
    for number, entry in enumerate(entries, 1):
        here = f"{where}, setting {number}"
        name = entry.get("name") if isinstance(entry, dict) else None
        # A name of dots alone would lead out of the sweep's folder.
        if not isinstance(name, str) or not re.fullmatch(r"[\w-][\w.-]*", name):
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
    if not isinstance(names, list) or not names or any(n not in list(settings) for n in names):
        raise RunError(f"{where}: its 'settings' must be a list of {', '.join(settings)}")
    own = _options({k: v for k, v in entry.items() if k not in ("model", "settings")}, where)
    if not _slug(entry["model"]):
        raise RunError(f"{where}: {entry['model']!r} is no name of a model; give an id or a folder")
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
    asked, training = taught.parted(job.options)
    taught.check(training)
    values = {key.replace("-", "_"): value for key, value in asked.items()}
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
    types = _option_types(RunConfig)
    types |= {f"{taught.PREFIX}{n}": kinds for n, kinds in _option_types(TrainConfig).items()}
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


def _option_types(config: type) -> dict[str, tuple[type, ...]]:
    """The options that a sweep may set, with the YAML types of their values."""
    hints = get_type_hints(config)
    found: dict[str, tuple[type, ...]] = {}
    for option in fields(config):
        if option.name in ("out", "model"):
            continue
        hint = hints[option.name]
        kinds = get_args(hint) if isinstance(hint, UnionType) or get_origin(hint) else (hint,)
        plain = tuple(str if kind is Path else kind for kind in kinds if kind is not type(None))
        found[option.name.replace("_", "-")] = (int, float) if plain == (float,) else plain
    return found
