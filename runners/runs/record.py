"""A run's record, `run.json`: what was asked, and what it ran on. Written and read only here.

Reading is validation: a record that is read has every field that its readers rely on, each of its
kind. Fields that are None are not written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from express_dataset.reading.typed import Malformed, read, shown
from express_metric.parsing import PROTOCOLS
from express_metric.terms import Reason

from ..errors import RunError
from ..manifest import Taught
from .ranks import Prior, is_ranking

MEND = "take it from a copy of the run, or make the run anew with another --out"
FORMAT = 2
FREE, RANK, DUMMY = "free", "rank", "dummy"
WORDINGS = ("zero-shot", "few-shot", "cot", "fill-mask")
BY_CHANCE = "free-default-temperature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """The adapter that was laid over a model's weights."""

    name: str
    revision: str  # SHA-256 of its files, or its Hub commit


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Who answered."""

    name: str  # the Hub id, the folder's or file's name, or what the server calls it
    family: str  # masked, seq2seq, causal, api or dummy
    revision: str | None = None  # Hub commit, SHA-256 of local files, "served", a dummy's seed
    server: str | None = None  # its address, where the family is api
    pickled: bool | None = None  # true where its weights came from pytorch_model.bin
    adapter: Over | None = None  # then `name` is that of both, with a plus sign


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """What was answered."""

    signature: str  # name@revision or name@fingerprint of the whole
    split: str
    kind: str  # express (the authors' data), sample, or other
    name: str | None = None
    revision: str | None = None  # commit on the Hub, where it came from there
    examples: int | None = None  # how many were asked
    fingerprint: str | None = None  # SHA-256 over ids, texts and labels of those
    left_out: int | None = None  # rows of the data that cannot be examples

    @property
    def sample(self) -> bool:
        """Whether it is the sample, which was written for this project."""
        return self.kind == "sample"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shots:
    """Which solved examples stood in the prompts."""

    choice: str  # random, random-per-example or similar
    per_prompt: int | None = None
    pool: int | None = None  # how many there were to choose from
    pool_fingerprint: str | None = None
    source: str | None = None  # all-others, where they are not from the few_shot split
    masks: str | None = None  # same, where they have as many masks as the asked example
    distance: str | None = None  # euclidean, where the similar ones are not nearest by cosine
    encoder: str | None = None  # what found the similar ones
    seed: int | None = None  # of the random ones


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What a model was shown beside the story."""

    name: str  # as a signature has it: wording, number and choice of shots
    hash: str  # the first four digits of the next
    base: str  # one of `WORDINGS`
    sha256: str | None = None  # of the wording
    cue: str = ""  # what stands between reasoning and answer; empty without reasoning
    shots: Shots | None = None
    chat: bool | None = None  # false where a chat model got the bare prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """New tokens that an answer may take: `base` + `unseen` + `per_mask` for each mask."""

    base: int
    per_mask: int
    unseen: int = 0  # for a served model that reasons unseen


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoding:
    """How words were chosen."""

    name: str  # as a signature has it
    kind: str  # free, rank or dummy
    greedy: bool | None = None
    max_new_tokens: Budget | None = None
    stop: str | None = None
    temperature: float | None = None  # of a server; None where it took none but its own
    seed: str | None = None  # of a dummy
    vocabulary: str | None = None  # of a ranking: train, or a file's name
    terms: int | None = None  # how many that has
    sha256: str | None = None  # of those
    others: str | None = None  # empty or picks: what a ranking showed at the other masks
    several: str | None = None  # pll or first, how version 0.1 scored terms of several tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class LexiconAsked:
    """Where vectors come from: its name, and the label that signatures carry."""

    name: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Every setting that makes predictions and figures what they are."""

    model: Model
    dataset: Data
    prompt: Prompt
    decoding: Decoding
    lexicon: LexiconAsked
    dtype: str | None = None
    quantize: str | None = None  # 8bit or 4bit
    seen: str | None = None  # how many examples it was trained on, or "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class LexiconFile:
    """How to find a lexicon again."""

    sha256: str
    name: str | None = None
    file: str | None = None  # where it was one of the user's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One start of a run: with what, on what and when."""

    dataset: str  # what --dataset was
    misfits: str | None = None  # what was asked to be done about rows that cannot be examples
    lexicon: LexiconFile | None = None
    started: str | None = None  # ISO 8601
    processes: int | None = None
    device: str | None = None
    versions: dict[str, Any] | None = None
    code: dict[str, Any] | None = None  # commit, and whether the tree was clean
    hardware: dict[str, Any] | None = None
    token_parameter: str | None = None  # what a server calls the limit of new tokens
    parameters: int | None = None  # how many weights the model has, counted in its files


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """What a submission adds: who says that it is whose."""

    version: str  # of express, which read the answers
    same_weights: bool  # whether a model of another name is vouched to be this one
    model: str | None = None  # its repository ORG/NAME on the Hub


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The whole of `run.json`."""

    format: int = FORMAT
    asked: Asked
    sessions: tuple[Session, ...]  # at least one
    first_prompt: dict[str, Any] | None = None  # as the model got it
    shots: dict[str, Any] | None = None  # how many were shown, and left out for want of room
    vocabulary: tuple[str, ...] | None = None  # the terms of a ranking
    left_out: tuple[str, ...] | None = None  # terms asked for too, which the model cannot rank
    prior: Prior | None = None  # of the vocabulary's terms
    submission: Submitted | None = None
    taught: Taught | None = None  # where the model was trained by `express train`
    template: str | None = None  # a submission's wording, where it is the user's own

    @property
    def last(self) -> Session:
        """The newest start."""
        return self.sessions[-1]


def parse_record(value: Any) -> Record:
    """The record that a JSON value holds; those of version 0.1 are brought up to date.

    Raises:
        Malformed: naming the first key that is missing, of another kind, or not known.
    """
    if isinstance(value, dict):
        version = value.get("format", 1)
        if version not in (1, FORMAT):
            raise Malformed(f"format is {shown(version)}, and this version reads 1 and {FORMAT}")
        value = {**(_brought_up(value) if version == 1 else value), "format": FORMAT}
    record: Record = read(Record, value)
    if not record.sessions:
        raise Malformed("sessions is empty, and must tell of a start of the run")
    return record


def read_record(value: Any, file: Path, mend: str = MEND) -> Record:
    """`parse_record` of a user's own file."""
    try:
        return parse_record(value)
    except Malformed as error:
        raise RunError(f"{file}: {error}: {mend}.") from error


# What version 0.1 allowed for an answer, and for reasoning before it.
_BASE_1, _REASONING_1 = 32, 512
_BUDGET_1 = re.compile(r"(\d{1,6}) \+ (\d{1,6}) per mask")


def _brought_up(record: dict[str, Any]) -> dict[str, Any]:
    """A record of version 0.1, which had some of these only in names and sentences."""
    asked = record.get("asked")
    if not isinstance(asked, dict):
        return record
    parts = {key: dict(one) if isinstance(one, dict) else one for key, one in asked.items()}
    # What is no object is left as it is, for the reader to name.
    model, data, prompt, decoding = (
        one if isinstance(one := parts.get(key), dict) else {}
        for key in ("model", "dataset", "prompt", "decoding")
    )
    kinds = {"express": "express", "express-csv": "express", "express-sample": "sample"}
    data["kind"] = kinds.get(str(data.get("name")), "other")
    name, decoded = str(prompt.get("name")), str(decoding.get("name"))
    prompt["base"] = next((base for base in WORDINGS if name.startswith(base)), name)
    decoding["kind"] = RANK if decoded.startswith("rank") else FREE
    if model.get("family") == DUMMY:
        decoding["kind"] = DUMMY
    if decoding["kind"] == RANK and decoded.endswith(("-pll", "-first")):
        decoding["several"] = decoded.rpartition("-")[2]
    told = _BUDGET_1.fullmatch(str(decoding.get("max_new_tokens")))
    if told:
        whole, least = int(told[1]), _BASE_1 + (_REASONING_1 if prompt.get("cue") else 0)
        unseen = whole - least if model.get("family") == "api" else 0
        decoding["max_new_tokens"] = {
            "base": whole - unseen,
            "per_mask": int(told[2]),
            "unseen": unseen,
        }
    return {**record, "asked": parts}


_ANSWER_KEYS: dict[str, tuple[Any, str]] = {
    "post_id": (str, "a text"),
    **dict.fromkeys(("completion", "finish", "served_model"), (str | None, "a text")),
    **dict.fromkeys(
        ("shots_dropped", "prompt_tokens", "new_tokens"), (int | None, "a whole number")
    ),
    "seconds": (int | float | None, "a number"),
    "shots": (list | None, "a list of ids"),
}


def check_answer(line: Mapping[str, Any], where: str) -> None:
    """Check that a line of `predictions.jsonl` has what its readers rely on.

    >>> read = {"paper": ["sad"], "revised": None}
    >>> check_answer({"references": [], "terms": read}, "a.jsonl, line 1")
    Traceback (most recent call last):
    ...
    express_runners.errors.RunError: a.jsonl, line 1: references is [], and must be a list of \
texts: remove that line and run again
    """

    def wrong(key: str, found: Any, wanted: str) -> RunError:
        what = "is missing" if found is None else f"is {shown(found)}"
        return RunError(f"{where}: {key} {what}, and must be {wanted}: {_REMOVE}.")

    references = line.get("references")
    if not references or not _are_texts(references):
        raise wrong("references", references, "a list of texts")
    for key, (kind, wanted) in _ANSWER_KEYS.items():
        if not isinstance(line.get(key), kind):
            raise wrong(key, line.get(key), wanted)
    clean = line.get("clean")
    if clean is not None and not (
        isinstance(clean, list)
        and len(clean) == len(references)
        and all(isinstance(one, bool) for one in clean)
    ):
        raise wrong("clean", clean, "true or false for each mask")
    terms, reasons = (one if isinstance(one := line.get(k), dict) else {} for k in _READINGS)
    for protocol in PROTOCOLS:
        read, reason = terms.get(protocol), reasons.get(protocol)
        if protocol not in terms or not (read is None or _are_texts(read)):
            raise wrong(f"terms.{protocol}", read, "a list of texts or null")
        if protocol not in reasons or not isinstance(reason, str | None) or reason not in _REASONS:
            raise wrong(f"reason.{protocol}", reason, f"null or one of {', '.join(Reason)}")
    masks = line.get("rank")
    if masks is not None and not (isinstance(masks, list) and len(masks) == len(references)):
        raise wrong("rank", masks, "a list with an entry for each mask, or null")
    for place, mask in enumerate(masks or ()):
        if not is_ranking(mask):
            raise wrong(f"rank.{place}", mask, "an object with top, reference and logprobs")


_REMOVE = "remove that line and run again"
_READINGS = ("terms", "reason")
_REASONS = (None, *Reason)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)
