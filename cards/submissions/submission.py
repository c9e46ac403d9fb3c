"""A run as a submission: the folder that goes into a results dataset.

A submission holds `run.json`, `predictions.jsonl`, `scores.json` and `README.md`, the result card,
and stands in `submissions/MODEL/SETTING-HASH/`. It is itself a run's folder: `express score`,
`compare` and `report` take it.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from express_dataset.files import whole, write_whole
from express_dataset.reading.typed import as_json
from express_metric.lexicon import Lexicon
from express_metric.parsing import PROTOCOLS
from express_metric.signature import VERSION
from express_runners.errors import RunError
from express_runners.prompts.wording import ours
from express_runners.runs.finished import FinishedRun
from express_runners.runs.record import DUMMY, FREE, WORDINGS, Asked, Record, Submitted
from express_runners.runs.scores import score_run
from express_runners.runs.store import (
    PREDICTIONS_FILE,
    RUN_FILE,
    SCORES_FILE,
    cannot_write,
    dump_line,
    write_json,
)

from .public import public_line, public_record, shots_shown
from .strict import CARD_FILE

SUBMISSIONS = "submissions"
SAMPLE = "express-sample"
_HASH_DIGITS = 8
_LONGEST = 96


@dataclass(frozen=True)
class Submission:
    """A finished run as everybody may see it."""

    record: Record  # the content of `run.json`
    lines: list[dict[str, Any]]  # those of `predictions.jsonl`
    scores: dict[str, Any]  # the content of `scores.json`
    lexicon: Lexicon  # where vectors come from

    @property
    def asked(self) -> Asked:
        """What was asked."""
        return self.record.asked

    @property
    def home(self) -> str | None:
        """The model's repository on the Hub, if it has one."""
        return self.record.submission.model if self.record.submission else None

    @property
    def model(self) -> str:
        """The model's home on the Hub, or else the name that the run has for it."""
        return self.home or self.asked.model.name

    @property
    def setting(self) -> str:
        """Prompt, decoding and whatever else is not the default; for names of files."""
        return setting_name(self.asked)

    @property
    def date(self) -> str:
        """The day of the last start."""
        return (self.record.last.started or "")[:10]

    @property
    def path(self) -> str:
        """Where it stands in a results dataset: by model, setting, and a hash of all that was asked
        and of both signatures, so that two runs that differ in anything have two places.
        """
        told = [*(self.scores[name]["signature"] for name in PROTOCOLS), as_json(self.asked)]
        digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
        return f"{SUBMISSIONS}/{slug(self.model)}/{self.setting}-{digest[:_HASH_DIGITS]}"


def read_run(
    folder: Path,
    source: str,
    *,
    model: str | None = None,
    same_weights: bool = False,
    template: str | None = None,
    lexicon: str | None = None,
) -> Submission:
    """Read a finished run and score it anew.

    `source` is what `express run --dataset` takes to get the data, `model` its repository
    ``ORG/NAME``, `template` the wording of a prompt of one's own, `lexicon` given where the run's
    own cannot be found again. With `same_weights` the user vouches that a model with another name
    is this one.
    """
    run = finished(folder)
    table = run.lexicon(lexicon)
    if table.label != run.asked.lexicon.label:
        raise RunError(
            f"{folder} was scored with the lexicon {run.asked.lexicon.label}, and this is "
            f"{table.label}: give the run's own with --lexicon."
        )
    lines = [public_line(line) for line in run.lines]
    told = Submitted(version=VERSION, model=model, same_weights=same_weights)
    record = public_record(run.record, told, source, template)
    if record.shots is not None:
        record = replace(record, shots=shots_shown(lines))
    return Submission(record, lines, score_run(lines, table, record), table)


def finished(folder: Path) -> FinishedRun:
    """A run that may be submitted."""
    run = FinishedRun.read(folder)
    if not (folder / SCORES_FILE).is_file():
        raise RunError(
            f"{folder} is no finished run ({SCORES_FILE} is missing): finish it with the "
            "`express run` command that began it."
        )
    model, data = run.asked.model, run.asked.dataset
    if model.family == DUMMY:
        raise RunError(
            f"{folder} is a run of {model.name}, which is no model: results of dummies are not "
            "published."
        )
    if data.examples is None or data.fingerprint is None:
        raise RunError(
            f"{folder} was made by a version that kept too little of the data: run it again."
        )
    if run.part:
        raise RunError(
            f"{folder}: {run.part}: finish it with the `express run` command that began it."
        )
    return run


def write_submission(submission: Submission, root: Path, card: str) -> Path:
    """Write the four files of a submission below a results dataset's folder; its own folder."""
    folder = root / submission.path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (
            whole(folder / PREDICTIONS_FILE) as unfinished,
            unfinished.open("w", encoding="utf-8", newline="\n") as stream,
        ):
            stream.writelines(dump_line(line) for line in submission.lines)
        write_whole(folder / CARD_FILE, card)
    except OSError as error:
        raise RunError(cannot_write(folder, error)) from error
    write_json(folder / RUN_FILE, as_json(submission.record))
    write_json(folder / SCORES_FILE, submission.scores)
    return folder


def slug(text: str) -> str:
    """A name that is safe in every file system and every address.

    >>> slug("org/Name-1.5B"), slug("../a b|c"), slug("<<>>")
    ('org--Name-1.5B', 'a-b-c', 'unnamed')
    """
    parts = (re.sub(r"[^A-Za-z0-9._-]+", "-", part).strip("-.") for part in text.split("/"))
    return "--".join(part for part in parts if part)[:_LONGEST].strip("-.") or "unnamed"


def setting_name(asked: Asked) -> str:
    """Prompt, decoding and whatever else is not the default, such as cot-rank-200-ab12-8bit."""
    prompt, decode, split = asked.prompt, asked.decoding.name, asked.dataset.split
    parts = [prompt.name]
    parts += [prompt.hash] if wording(prompt.sha256) is None else []
    parts += [decode] if decode != FREE else []
    parts += [split] if split != "test" else []
    parts += [asked.quantize] if asked.quantize else []
    return slug("-".join(parts))


def wording(sha256: str | None) -> str | None:
    """Which of our own wordings has this hash; None for one of the user's own."""
    return next((name for name in WORDINGS if ours(name).sha256 == sha256), None)
