"""A run as a submission: the folder that goes into a results dataset.

A submission holds `run.json`, `predictions.jsonl`, `scores.json` and `README.md`, the result card,
and stands in `submissions/MODEL/SETTING-HASH/`. It is itself a run's folder: `express score`,
`compare` and `report` take it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from express_metric.lexicon import Lexicon
from express_metric.signature import VERSION
from express_runners.errors import RunError
from express_runners.prompts.wording import ours
from express_runners.runs.finished import FinishedRun
from express_runners.runs.record import DUMMY, WORDINGS, as_json, parse_record
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
_HASH_DIGITS = 8
_LONGEST = 96


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where a run's model and data have their places on the Hub.

    Attributes:
        model: the model's repository ``ORG/NAME``; None where it has none, or is not told.
        same_weights: whether the user vouches that a model with another name is this one.
        source: what `express run --dataset` takes to get the data.
        template: the wording of a prompt of one's own, else None.

    >>> Home(source="express").model is None
    True
    >>> Home(source="express", model="org/name").model
    'org/name'
    """

    source: str
    model: str | None = None
    same_weights: bool = False
    template: str | None = None


@dataclass(frozen=True)
class Submission:
    """A finished run as everybody may see it.

    Attributes:
        run: the content of `run.json`.
        lines: those of `predictions.jsonl`.
        scores: the content of `scores.json`.
        lexicon: where vectors come from.

    >>> asked = {"prompt": {"name": "cot", "hash": "1"}, "decoding": {"name": "free"},
    ...          "model": {"name": "tiny"}, "dataset": {"split": "test"}}
    >>> run = {"submission": {"model": "org/tiny"}, "asked": asked}
    >>> scores = {"paper": {"signature": "a"}, "revised": {"signature": "b"}}
    >>> from express_metric import load_lexicon
    >>> Submission(run, [], scores, load_lexicon("nrc")).path[:27]
    'submissions/org--tiny/cot-1'
    >>> Submission(run, [], scores, load_lexicon("nrc")).setting
    'cot-1'
    """

    run: dict[str, Any]
    lines: list[dict[str, Any]]
    scores: dict[str, Any]
    lexicon: Lexicon

    @property
    def asked(self) -> dict[str, Any]:
        """What was asked."""
        asked: dict[str, Any] = self.run["asked"]
        return asked

    @property
    def model(self) -> str:
        """The model's home on the Hub, or else the name that the run has for it."""
        return str(self.run["submission"].get("model") or self.asked["model"]["name"])

    @property
    def setting(self) -> str:
        """Prompt, decoding and whatever else is not the default; for names of files."""
        return setting_name(self.asked)

    @cached_property
    def path(self) -> str:
        """Where it stands in a results dataset."""
        return submission_path(self.run, self.scores)


def read_run(folder: Path, home: Home, lexicon: str | None = None) -> Submission:
    """Read a finished run and score it anew.

    Args:
        folder: the run's folder.
        home: what the folder itself does not tell.
        lexicon: nrc, express or a file, where the run's own cannot be found again.

    Raises:
        RunError: the run is not finished, its model is a dummy, or its lexicon is another one.
    """
    source = finished(folder)
    asked = source.asked
    lines = [public_line(line) for line in source.lines]
    table = source.lexicon(lexicon)
    if table.label != asked.lexicon.label:
        raise RunError(
            f"{folder} was scored with the lexicon {asked.lexicon.label}, and this is "
            f"{table.label}: give the run's own with --lexicon."
        )
    told = {"version": VERSION, "model": home.model, "same_weights": home.same_weights}
    run = public_record(as_json(source.record), told, home.source, home.template)
    if "shots" in run:
        run["shots"] = shots_shown(lines)
    # What was read comes back from disk as this: a tuple as a list, a number as it is written.
    run = json.loads(json.dumps(run))
    return Submission(run, lines, score_run(lines, table, parse_record(run).asked), table)


def finished(folder: Path) -> FinishedRun:
    """A run that may be submitted.

    Raises:
        RunError: it is not finished, or its model is a dummy.
    """
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
    """Write the four files of a submission below a folder.

    Args:
        submission: what to write.
        root: the folder of a results dataset.
        card: the result card.

    Returns:
        The submission's own folder.

    Raises:
        RunError: the disk refuses.
    """
    folder = root / submission.path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / PREDICTIONS_FILE).open("w", encoding="utf-8", newline="\n") as stream:
            stream.writelines(dump_line(line) for line in submission.lines)
        (folder / CARD_FILE).write_bytes(card.encode())
    except OSError as error:
        raise RunError(cannot_write(folder, error)) from error
    write_json(folder / RUN_FILE, submission.run)
    write_json(folder / SCORES_FILE, submission.scores)
    return folder


def submission_path(run: Mapping[str, Any], scores: Mapping[str, Any]) -> str:
    """Where a submission stands: by its model, its setting, and a hash of what tells runs apart.

    The hash is taken over both signatures and everything that was asked, so that two runs that
    differ in anything, such as the model's revision, have two places.
    """
    asked = run["asked"]
    told = [scores["paper"]["signature"], scores["revised"]["signature"], asked]
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:_HASH_DIGITS]
    model = run["submission"].get("model") or asked["model"]["name"]
    return f"{SUBMISSIONS}/{slug(model)}/{setting_name(asked)}-{digest}"


def slug(text: str) -> str:
    """A name that is safe in every file system and every address.

    >>> slug("org/Name-1.5B"), slug("../a b|c")
    ('org--Name-1.5B', 'a-b-c')
    >>> slug("<<>>")
    'unnamed'
    """
    parts = (re.sub(r"[^A-Za-z0-9._-]+", "-", part).strip("-.") for part in text.split("/"))
    return "--".join(part for part in parts if part)[:_LONGEST].strip("-.") or "unnamed"


def setting_name(asked: Mapping[str, Any]) -> str:
    """Prompt, decoding and whatever else is not the default.

    >>> prompt = {"name": "zero-shot", "sha256": ours("zero-shot").sha256, "hash": "1"}
    >>> asked = {"prompt": prompt, "decoding": {"name": "free"}, "dataset": {"split": "test"}}
    >>> setting_name(asked)
    'zero-shot'
    >>> setting_name(asked | {"decoding": {"name": "rank-200@ab12"}, "quantize": "8bit"})
    'zero-shot-rank-200-ab12-8bit'
    """
    prompt, decode, split = asked["prompt"], asked["decoding"]["name"], asked["dataset"]["split"]
    parts = [prompt["name"]]
    if wording(prompt.get("sha256")) is None:
        parts.append(prompt["hash"])
    parts += [decode] if decode != "free" else []
    parts += [split] if split != "test" else []
    parts += [asked["quantize"]] if asked.get("quantize") else []
    return slug("-".join(parts))


def wording(sha256: str | None) -> str | None:
    """Which of our own wordings has this hash; None for one of the user's own.

    >>> wording(ours("cot").sha256)
    'cot'
    >>> wording("0") is None
    True
    """
    return next((name for name in WORDINGS if ours(name).sha256 == sha256), None)
