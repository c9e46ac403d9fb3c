"""What the readers of a run rely on in its `run.json`, checked before they read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from express_metric.parsing import PROTOCOLS
from express_metric.terms import Reason

from ..errors import RunError

MEND = "take it from a copy of the run, or make the run anew with another --out"

# Dotted keys and what stands there. First those that every version of `express run` wrote ...
_MUST: dict[str, type] = {
    "asked": dict,
    "asked.model": dict,
    "asked.model.name": str,
    "asked.model.family": str,
    "asked.dataset": dict,
    "asked.dataset.signature": str,
    "asked.dataset.split": str,
    "asked.prompt": dict,
    "asked.prompt.name": str,
    "asked.prompt.hash": str,
    "asked.decoding": dict,
    "asked.decoding.name": str,
    "asked.lexicon": dict,
    "asked.lexicon.name": str,
    "asked.lexicon.label": str,
    "sessions": list,
}
# ... then those that may be missing or null.
_MAY: dict[str, type] = {
    "asked.model.revision": str,
    "asked.dataset.name": str,
    "asked.dataset.revision": str,
    "asked.dataset.examples": int,
    "asked.dataset.fingerprint": str,
    "asked.prompt.sha256": str,
    "asked.prompt.shots": dict,
    "asked.prompt.shots.per_prompt": int,
    "asked.dtype": str,
    "asked.quantize": str,
    "vocabulary": list,
    "submission": dict,
    "submission.model": str,
}
_IN_SESSION: dict[str, type] = {
    "started": str,
    "versions": dict,
    "lexicon": dict,
    "lexicon.name": str,
    "lexicon.file": str,
    "lexicon.sha256": str,
}
_KINDS = {dict: "an object", list: "a list", str: "a text", int: "a whole number"}
_SHOWN = 40


def check_run_record(record: Mapping[str, Any], file: Path) -> None:
    """Check that a run's record has what its readers rely on, each of its kind.

    Args:
        record: the content of `run.json`.
        file: where it was read, for the message.

    Raises:
        RunError: naming the file and the first key that is missing or of another kind.

    >>> check_run_record({"asked": {"model": []}, "sessions": []}, Path("a/run.json"))
    Traceback (most recent call last):
    ...
    express_runners.errors.RunError: a/run.json: asked.model is [], and must be an object: take \
it from a copy of the run, or make the run anew with another --out.
    >>> check_run_record({}, Path("a/run.json"))
    Traceback (most recent call last):
    ...
    express_runners.errors.RunError: a/run.json: asked is missing, and must be an object: take \
it from a copy of the run, or make the run anew with another --out.
    """
    for key, kind in _MUST.items():
        _check(record, key, kind, file, needed=True)
    if not record["sessions"]:
        raise RunError(f"{file}: sessions is empty, and must tell of a start of the run: {MEND}.")
    for key, kind, needed in _further(record):
        _check(record, key, kind, file, needed)


def check_answer(line: Mapping[str, Any], where: str) -> None:
    """Check that a line of `predictions.jsonl` has what a score is made of.

    Args:
        line: the line's content.
        where: file and line, for the message.

    Raises:
        RunError: naming the key.

    >>> read = {"paper": ["sad"], "revised": None}
    >>> why = {"paper": None, "revised": "empty"}
    >>> check_answer({"references": ["sad"], "terms": read, "reason": why}, "a.jsonl, line 1")
    >>> check_answer({"references": [], "terms": read}, "a.jsonl, line 1")
    Traceback (most recent call last):
    ...
    express_runners.errors.RunError: a.jsonl, line 1: references is [], and must be a list of \
texts: remove that line and run again.
    """
    if not line.get("references") or not _are_texts(line["references"]):
        raise _wrong(line, "references", where, "a list of texts")
    for protocol in PROTOCOLS:
        terms, reason = f"terms.{protocol}", f"reason.{protocol}"
        read = _at(line, terms)
        if not _holds(line, terms) or not (read is None or _are_texts(read)):
            raise _wrong(line, terms, where, "a list of texts or null")
        if not _holds(line, reason) or _at(line, reason) not in (None, *Reason):
            raise _wrong(line, reason, where, f"null or one of {', '.join(Reason)}")


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _holds(line: Mapping[str, Any], key: str) -> bool:
    first, _, last = key.partition(".")
    return isinstance(line.get(first), dict) and last in line[first]


def _wrong(line: Mapping[str, Any], key: str, where: str, wanted: str) -> RunError:
    found = _at(line, key)
    what = "is missing" if found is None else f"is {_shown(found)}"
    return RunError(f"{where}: {key} {what}, and must be {wanted}: remove that line and run again.")


def _further(record: Mapping[str, Any]) -> Iterator[tuple[str, type, bool]]:
    """Keys that may be there, and those that must be there because another one is."""
    for key, kind in _MAY.items():
        yield key, kind, False
    if record["asked"]["prompt"].get("shots"):
        yield "asked.prompt.shots.choice", str, True
    for number in range(len(record.get("vocabulary") or ())):
        yield f"vocabulary.{number}", str, True
    for number in range(len(record["sessions"])):
        here = f"sessions.{number}"
        yield here, dict, True
        yield f"{here}.dataset", str, True
        for key, kind in _IN_SESSION.items():
            yield f"{here}.{key}", kind, False
        if _at(record, f"{here}.lexicon.file") is not None:
            yield f"{here}.lexicon.sha256", str, True


def _check(record: Mapping[str, Any], key: str, kind: type, file: Path, needed: bool) -> None:
    found = _at(record, key)
    # A bool is an int to Python, and no number to a reader.
    if isinstance(found, kind) and not isinstance(found, bool):
        return
    if found is None and not needed:
        return
    what = "is missing" if found is None else f"is {_shown(found)}"
    raise RunError(f"{file}: {key} {what}, and must be {_KINDS[kind]}: {MEND}.")


def _at(value: Any, key: str) -> Any:
    """What stands at a dotted key; None where nothing does."""
    for part in key.split("."):
        if isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, dict):
            value = value.get(part)
        else:
            return None
    return value


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
