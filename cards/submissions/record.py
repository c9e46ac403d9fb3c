"""Check what `run.json` of a submission tells: every key is known, every value is what it may be.

What is told of data, lexicon, prompt and answers is held against these later, by `results_check`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from express_metric.signature import VERSION
from express_runners.config import DTYPES, FAMILIES, QUANTIZE, SHOT_CHOICES
from express_runners.runs.record import Malformed, parse_record
from express_runners.runs.store import RUN_FILE

from .public import BY_CHANCE, FORMAT, public_record
from .strict import Refusal, shown, take, unequal

_HUB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
_REVISION = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_VERSION = re.compile(r"(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?:\.?(?:dev|a|b|rc)\d{1,6})?")
_MODELS = (*FAMILIES, "api")
_SERVED = "served"
_LONGEST = 200

Keys = tuple[frozenset[str], frozenset[str]]


def _keys(must: str, may: str = "") -> Keys:
    return frozenset(must.split()), frozenset(must.split()) | frozenset(may.split())


# What each part must hold, and what it may hold.
_PARTS = {
    "asked": _keys("model dataset prompt decoding lexicon dtype", "quantize"),
    "asked.model": _keys("name revision family", "server adapter pickled"),
    "asked.dataset": _keys("name split examples fingerprint signature kind", "revision"),
    "asked.prompt": _keys("name hash sha256 base", "cue shots chat"),
    "asked.lexicon": _keys("name label"),
}
_SHOTS = _keys("per_prompt choice pool pool_fingerprint", "encoder seed source masks distance")
_FREE = {"name": "free", "kind": "free", "greedy": True, "stop": "list closed"}
_FREELY = re.compile(r"(.*?)(-\d{1,6})?(-whole)?", re.DOTALL)
_SERVED_TOO = {"temperature": 0.0}
# Of a server that takes no temperature but its own.
_DRAWN = {"name": BY_CHANCE, "greedy": False}
_RANKING = _keys("name kind vocabulary terms sha256", "several")


def check_record(run: Mapping[str, Any]) -> None:
    """Refuse a `run.json` that tells what a submission does not tell, or tells it wrongly.

    Args:
        run: its content, whatever that is.

    Raises:
        Refusal: naming the key.
    """
    if take(run, "format", int, RUN_FILE) != FORMAT:
        raise Refusal(
            f"{RUN_FILE}: format is {run['format']}, but this version of express reads {FORMAT}"
        )
    try:
        parse_record(run)
    except Malformed as error:
        raise Refusal(f"{RUN_FILE}: {error}") from None
    for name, keys in _PARTS.items():
        _check_keys(take(run, name, dict, RUN_FILE), keys, name)
    _check_texts(run)
    _check_model(run)
    _check_decoding(run)
    _check_shots(run["asked"]["prompt"])
    _check_sessions(run)
    _check_public(run)


def _check_keys(found: Mapping[str, Any], keys: Keys, name: str) -> None:
    must, may = keys
    for key in sorted(must - found.keys()):
        raise Refusal(f"{RUN_FILE}: {name}.{key} is missing")
    for key in sorted(found.keys() - may):
        raise Refusal(
            f"{RUN_FILE}: {name} holds {shown(key)}, which no run tells; leave it as `express "
            "results push` writes it"
        )


def _check_texts(run: Mapping[str, Any]) -> None:
    """Every text can be seen, so that none hides what it says, and none fills a page."""
    # The wording of a prompt and the terms of a ranking have rules of their own.
    rest = {key: value for key, value in run.items() if key not in ("template", "vocabulary")}
    for name, text in _texts(rest, ""):
        if len(text) > _LONGEST or not text.isprintable():
            raise Refusal(
                f"{RUN_FILE}: {name} is {shown(text)}; write a text of at most {_LONGEST} "
                "characters that can be seen"
            )


def _texts(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """Every text in a JSON value, keys too, with its place."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from _texts(one, f"{name}.{place}")
    elif isinstance(value, dict):
        for key, one in value.items():
            yield f"a key of {name or 'the record'}", key
            yield from _texts(one, f"{name}.{key}" if name else key)


def _check_model(run: Mapping[str, Any]) -> None:
    """Whose answers they are, and for which model they are submitted."""
    _check_version(take(run, "submission.version", str, RUN_FILE))
    home = take(run, "submission.model", (str, type(None)), RUN_FILE)
    if home is not None and not _HUB_ID.fullmatch(home):
        raise Refusal(
            f"{RUN_FILE}: submission.model is {shown(home)}, which is no ORG/NAME of the Hub"
        )
    vouched = take(run, "submission.same_weights", bool, RUN_FILE)
    model = run["asked"]["model"]
    name = take(run, "asked.model.name", str, RUN_FILE)
    family = take(run, "asked.model.family", str, RUN_FILE)
    if family not in _MODELS:
        raise Refusal(f"{RUN_FILE}: {shown(family)} is no family of models")
    if home is not None and home != name and not vouched:
        raise Refusal(
            f"{RUN_FILE}: the run is of {shown(name)}, but it is submitted for {shown(home)} "
            "without the word that these are the same weights"
        )
    served = family == "api"
    revision = take(run, "asked.model.revision", str, RUN_FILE)
    if revision != _SERVED if served else not _REVISION.fullmatch(revision):
        raise Refusal(f"{RUN_FILE}: {shown(revision)} is no revision of a model (family {family})")
    if ("server" in model) is not served:
        raise Refusal(f"{RUN_FILE}: asked.model.server must be there for api, and only then")
    dtype = take(run, "asked.dtype", str, RUN_FILE)
    if dtype not in ((_SERVED,) if served else DTYPES[1:]):
        raise Refusal(
            f"{RUN_FILE}: {shown(dtype)} is no number format of a model (family {family})"
        )
    quantize = run["asked"].get("quantize", QUANTIZE[0])
    if quantize not in QUANTIZE or (served and "quantize" in run["asked"]):
        raise Refusal(f"{RUN_FILE}: {shown(quantize)} is no way to quantize (family {family})")


def _check_version(version: str) -> None:
    """A version of its own would get a table of its own, where nobody else is ranked."""
    found, here = _VERSION.fullmatch(version), _VERSION.match(VERSION)
    if found is None or here is None:
        raise Refusal(f"{RUN_FILE}: submission.version is {shown(version)}, which is no version")
    if tuple(map(int, found.groups())) > tuple(map(int, here.groups())):
        raise Refusal(
            f"{RUN_FILE}: it was made by express {version}, and this is {VERSION}; check it with "
            "that version"
        )


def _check_decoding(run: Mapping[str, Any]) -> None:
    """How the words were chosen; the signature tells only the name of it."""
    decoding = run["asked"]["decoding"]
    if not isinstance(decoding, dict):
        raise Refusal(f"{RUN_FILE}: asked.decoding is {shown(decoding)}, which is no dict")
    name = take(run, "asked.decoding.name", str, RUN_FILE)
    served = run["asked"]["model"]["family"] == "api"
    if name.startswith("rank-") and not served:
        _check_keys(decoding, _RANKING, "asked.decoding")
        return
    # With a budget of one's own, or going on after the list, as the paper's runs do.
    base, _, whole = _FREELY.fullmatch(name).groups()  # type: ignore[union-attr]  # fits any
    if base not in (("free", BY_CHANCE) if served else ("free",)):
        raise Refusal(f"{RUN_FILE}: {shown(name)} is no way of decoding; only free and rank are")
    too = _DRAWN if base != "free" else _SERVED_TOO if served else {}
    wanted = {**_FREE, **too, "name": name}
    prompt = take(run, "asked.prompt", dict, RUN_FILE)
    if whole or (prompt.get("base") == "cot" and not prompt.get("cue")):
        del wanted["stop"]
    _check_keys(decoding, _keys(" ".join([*wanted, "max_new_tokens"])), "asked.decoding")
    budget = take(run, "asked.decoding.max_new_tokens", dict, RUN_FILE)
    if not all(0 <= tokens < 10**6 for tokens in budget.values() if tokens is not None):
        raise Refusal(f"{RUN_FILE}: asked.decoding.max_new_tokens is {shown(budget)}")
    difference = unequal({**decoding, "max_new_tokens": ""}, {**wanted, "max_new_tokens": ""})
    if difference:
        raise Refusal(f"{RUN_FILE}: asked.decoding.{difference}, as every run decodes")
    if "vocabulary" in run:
        raise Refusal(f"{RUN_FILE}: a vocabulary is told, but the run ranks none; leave it out")


def _check_shots(prompt: Mapping[str, Any]) -> None:
    if "shots" not in prompt:
        return
    where = f"{RUN_FILE}, asked.prompt"
    shots = take(prompt, "shots", dict, where)
    _check_keys(shots, _SHOTS, "asked.prompt.shots")
    choice = take(prompt, "shots.choice", str, where)
    if choice not in SHOT_CHOICES:
        raise Refusal(f"{where}: {shown(choice)} is no way to choose solved examples")
    if ("encoder" in shots) is not (choice == "similar") or ("seed" in shots) is not (
        choice != "similar"
    ):
        raise Refusal(f"{where}.shots: similar ones have an encoder, random ones a seed")


def _check_sessions(run: Mapping[str, Any]) -> None:
    """What each start ran on; days stand on pages, the rest is for those who look closer."""
    sessions = take(run, "sessions", list, RUN_FILE)
    if not sessions or not all(isinstance(one, dict) for one in sessions):
        raise Refusal(f"{RUN_FILE}: sessions must tell of at least one start of the run")
    for number, session in enumerate(sessions, 1):
        where = f"{RUN_FILE}, session {number}"
        take(session, "dataset", str, where)
        started = take(session, "started", str, where)
        if not _is_time(started):
            raise Refusal(f"{where}: started is {shown(started)}, which is no date and time")
        for name, kind in (("processes", int), ("device", str), ("token_parameter", str)):
            if name in session:
                take(session, name, kind, where)
        for name in ("versions", "code", "hardware"):
            values = take(session, name, dict, where) if name in session else {}
            _check_facts(values, f"{where}: {name}")


def _check_facts(values: Mapping[str, Any], where: str) -> None:
    """Plain facts: a name, and a text, a number, or for GPUs a list of texts."""
    for key, value in values.items():
        items = value if key == "gpus" and isinstance(value, list) else [value]
        if not all(isinstance(one, str | int | float | None) for one in items):
            raise Refusal(f"{where} holds {shown(key)}: {shown(value)}, which is no plain fact")


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).isoformat()[:10] == text[:10] and "T" in text
    except ValueError:
        return False


def _check_public(run: Mapping[str, Any]) -> None:
    """Nothing stands in `run.json` that a submission does not tell, such as a path."""
    for name in ("dataset", "lexicon"):
        take(run, f"asked.{name}.name", str, RUN_FILE)
    for part, name in (("model", "server"), ("decoding", "vocabulary")):
        if name in run["asked"][part]:
            take(run, f"asked.{part}.{name}", str, RUN_FILE)
    if "encoder" in (run["asked"]["prompt"].get("shots") or {}):
        take(run, "asked.prompt.shots.encoder", str, RUN_FILE)
    told = {
        name: run["submission"][name]
        for name in ("version", "model", "same_weights")
        if name in run["submission"]
    }
    wanted = public_record(run, told, run["sessions"][-1]["dataset"], run.get("template"))
    difference = unequal(run, wanted)
    if difference:
        raise Refusal(f"{RUN_FILE}: {difference}; leave it as `express results push` writes it")
