"""The paper's published figures, to stand beside one's own; never ranked, never tested."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from express_dataset.sources import AUTHORS
from express_runners.config import PUBLISHED, PUBLISHED_ENCODER, PUBLISHED_SHOTS
from express_runners.runs.record import RANK, Asked

SETTINGS = {
    "zero_shot": "zero-shot",
    "few_shot_random": "few-shot random",
    "few_shot_nearest": "few-shot similar",
    "cot": "cot",
}
"""The paper's settings, as `runs.Run.setting` names them."""
FIGURES = {"AccL": "lexical_accuracy", "AccV": "vector_accuracy", "F1V": "vector_f1"}


@dataclass(frozen=True, slots=True)
class Published:
    """One row of Table 3: a model under a setting, on the paper's own version of the data."""

    model: str  # id on the Hub, or the served model's name
    # as the paper groups them
    family: str
    size: str
    architecture: str  # masked, seq2seq, causal or api
    setting: str  # a value of `SETTINGS`
    # `lexical_accuracy`, `vector_accuracy` and `vector_f1`, as shares to three digits
    figures: dict[str, float]


@cache
def tables() -> dict[str, Any]:
    """All figures of the paper that this package carries, by table; the source is in `source`."""
    text = Path(__file__).with_name("published.json").read_text("utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


def rows() -> Iterator[Published]:
    """Every model and setting of Table 3, in its order.

    >>> sum(1 for _ in rows())
    35
    >>> next(rows()).figures["vector_f1"]
    0.658
    """
    for row in tables()["table_3"]["rows"]:
        for key, setting in SETTINGS.items():
            if row[key] is not None:
                figures = {FIGURES[name]: value for name, value in row[key].items()}
                model, family, size, kind = (
                    str(row[name]) for name in ("model", "family", "size", "architecture")
                )
                # The paper has them among the decoders; whoever asks them again asks a server.
                kind = "api" if family == "GPT" else kind
                yield Published(model, family, size, kind, setting, figures)


def beside(model: str, setting: str) -> Published | None:
    """The published row of a model, whatever organisation its name is given with.

    >>> beside("./models/roberta-base", "zero-shot").figures["lexical_accuracy"]
    0.318
    >>> beside("roberta-large", "zero-shot") is None
    True
    """
    name = model.removeprefix("api:").rstrip("/").rpartition("/")[2].lower()
    for row in rows():
        if row.setting == setting and row.model.rpartition("/")[2].lower() == name:
            return row
    return None


def unlike(asked: Asked) -> list[str]:
    """What was asked otherwise than the paper did, as `--as-published` has it; the wording apart.

    The first is about the data, where that is not EXPRESS.
    """
    prompt, shots, budget = asked.prompt, asked.prompt.shots, asked.decoding.max_new_tokens
    found = [f"other data: {asked.dataset.signature}"] if other_data(asked) else []
    if asked.dataset.split != "all":
        found.append(f"split {asked.dataset.split}")
    if asked.model.family == "causal" and prompt.chat is None:
        found.append("its chat template, if it has one")
    if asked.decoding.kind == RANK:
        found.append("a ranking of given words")
    elif (
        budget
        and asked.model.family != "masked"
        and (asked.decoding.stop or budget.base != PUBLISHED["max_new_tokens"])
    ):
        found.append("other room for answers")
    if shots:
        number = PUBLISHED_SHOTS["shots"]
        found += [f"{shots.per_prompt} shots"] if shots.per_prompt != number else []
        found += ["shots with any number of masks"] if shots.masks != "same" else []
        found += ["shots of the few_shot split"] if shots.source is None else []
        if shots.choice == "similar" and shots.encoder != PUBLISHED_ENCODER:
            found.append(f"nearest by {shots.encoder}")
    return found


def other_data(asked: Asked) -> bool:
    """Whether what was answered is not EXPRESS."""
    return asked.dataset.kind != AUTHORS
