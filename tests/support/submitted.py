"""Submissions of real runs of one tiny model, and what a test does to their files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from express_cards.submissions.sources import Sources
from express_cards.submissions.submission import Submission, read_run
from express_cards.submissions.validate import Verdict, validate
from express_runners.config import RunConfig
from express_runners.runs.run import run
from support import tiny_models

SETTINGS: dict[str, dict[str, Any]] = {
    "free": {},
    "rank": {"decode": "rank"},
    "few-shot": {"prompt": "few-shot"},
    "cot": {"prompt": "cot"},
}
Lines = list[dict[str, Any]]


def submit(root: Path) -> dict[str, Submission]:
    """Run one tiny model in each setting, as it is submitted."""
    model = tiny_models.make("llama", root / "tiny")
    found = {}
    for name, options in SETTINGS.items():
        out = root / name
        run(RunConfig(model=str(model), out=out, dataset="sample", device="cpu", **options))
        found[name] = read_run(out, "sample", model="org/tiny", same_weights=True)
    return found


def only(verdicts: list[Verdict]) -> str:
    """The reason why the one submission is refused."""
    (verdict,) = verdicts
    assert verdict.reason is not None, "it passed"
    return verdict.reason


def reason(folder: Path) -> str:
    """Why the one submission of a results dataset's folder is refused."""
    return only(validate(str(folder.parents[2]), Sources()))


def read(file: Path) -> Any:
    """A JSON file."""
    return json.loads(file.read_text("utf-8"))


def change(file: Path, *names: str | int, to: Any) -> None:
    """Set one value of a JSON file."""
    value = whole = read(file)
    for name in names[:-1]:
        value = value[name]
    value[names[-1]] = to
    file.write_text(json.dumps(whole), "utf-8")


def lines_of(folder: Path) -> Lines:
    """The answers of a submission."""
    text = (folder / "predictions.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def write_lines(folder: Path, lines: Lines) -> None:
    """Write other answers."""
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "predictions.jsonl").write_text(text, "utf-8")
