"""Reading a submission that anybody may have written: in bounds, strictly, following nothing."""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from express_dataset.errors import require
from express_runners.errors import RunError
from express_runners.runs.store import PREDICTIONS_FILE, RUN_FILE, SCORES_FILE

CARD_FILE = "README.md"
MIB = 2**20
LIMITS = {RUN_FILE: 8 * MIB, PREDICTIONS_FILE: 1024 * MIB, SCORES_FILE: MIB, CARD_FILE: MIB}
"""The files of a submission, and the most bytes that each may have."""

LINE_LIMIT = 4 * MIB
HEADER_LIMIT = 2**16
_MOST_DIGITS = 18
_MOST_SHOWN = 80
_SAME_SHOWN = 20


class Refusal(RunError):  # noqa: N818 (it is what a check comes to)
    """A submission is refused; the message names file, line and reason."""


def shown(value: object) -> str:
    """A value of a submission as a message may show it: one short line, nothing that acts.

    >>> shown("sad\\x1b[2J")
    "'sad\\\\x1b[2J'"
    """
    text = repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


def check_files(folder: Path) -> None:
    """Refuse a folder that holds other files than a submission has, links, or huge files."""
    sizes = {}
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            if entry.name in LIMITS and not entry.is_file(follow_symlinks=False):
                raise Refusal(f"{entry.name} is a link or no plain file; put the file itself there")
            sizes[entry.name] = entry.stat(follow_symlinks=False).st_size
            check_sizes(sizes, whole=False)
    check_sizes(sizes)


def check_sizes(sizes: Mapping[str, int], *, whole: bool = True) -> None:
    """Refuse a surplus file, one that is too large and, of a `whole` submission, a missing one."""
    surplus = min(sizes.keys() - LIMITS.keys(), default=None)
    if surplus is not None:
        raise Refusal(f"{shown(surplus)} is no part of a submission; remove it")
    for name, most in LIMITS.items():
        if whole and name not in sizes:
            raise Refusal(f"{name} is missing; add it")
        if sizes.get(name, 0) > most:
            raise Refusal(
                f"{name} has {sizes[name]} bytes, more than the {most} that are read; "
                "a submission holds one run and nothing else"
            )


def read_object(file: Path) -> dict[str, Any]:
    """The JSON object of a file."""
    value = parse(file.read_bytes(), file.name)
    if not isinstance(value, dict):
        raise Refusal(f"{file.name} holds no JSON object")
    return value


def read_rows(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The JSON objects of a file of lines, one at a time, each with its place for messages."""
    with file.open("rb") as stream:
        number = 0
        while line := stream.readline(LINE_LIMIT + 1):
            number += 1
            where = f"{file.name}, line {number}"
            if len(line) > LINE_LIMIT:
                raise Refusal(f"{where} is longer than {LINE_LIMIT} bytes")
            if not line.endswith(b"\n"):
                raise Refusal(f"{where} is cut off")
            value = parse(line, where)
            if not isinstance(value, dict):
                raise Refusal(f"{where} is no JSON object")
            yield where, value


def parse(content: bytes, where: str) -> Any:
    """Strict JSON: UTF-8, every key once, finite numbers, whole characters, no endless depth.

    >>> parse(b'{"a": NaN}', "run.json")
    Traceback (most recent call last):
    ...
    express_cards.submissions.strict.Refusal: run.json is not JSON (NaN is no number)
    """
    try:
        value = json.loads(
            content.decode("utf-8"),
            parse_constant=_no_number,
            parse_float=_finite,
            parse_int=_whole,
            object_pairs_hook=_each_once,
        )
        if b"\\u" in content:
            # Half of a pair can be escaped, but nothing can write it or show it.
            json.dumps(value, ensure_ascii=False).encode()
        return value
    except UnicodeEncodeError:
        raise Refusal(f"{where} holds half of a character (an escape such as \\ud83d)") from None
    except UnicodeDecodeError as error:
        raise Refusal(f"{where} is not UTF-8 (byte {error.start})") from None
    except RecursionError:
        raise Refusal(f"{where} is nested too deep") from None
    except json.JSONDecodeError as error:
        raise Refusal(f"{where} is not JSON ({error.msg} at column {error.colno})") from None
    except ValueError as error:
        raise Refusal(f"{where} is not JSON ({error})") from None


def read_header(file: Path) -> Any:
    """The YAML header of a card."""
    yaml = require("yaml", "publish")
    try:
        text = file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refusal(f"{file.name} is not UTF-8 (byte {error.start})") from None
    start, middle, _ = text.replace("\r\n", "\n").partition("\n---\n")
    if not start.startswith("---\n") or not middle or len(start) > HEADER_LIMIT:
        raise Refusal(f"{file.name} has no YAML header between two lines of ---, or a huge one")
    try:
        # An alias can make a few lines stand for more than memory holds.
        events = yaml.parse(start[4:], Loader=yaml.SafeLoader)
        if any(isinstance(event, yaml.AliasEvent) for event in events):
            raise Refusal(f"{file.name}: the header holds a YAML alias; write each value out")
        _check_once(yaml.compose(start[4:], Loader=yaml.SafeLoader), file.name)
        return yaml.safe_load(start[4:])
    except yaml.YAMLError as error:
        reason = " ".join(str(getattr(error, "problem", None) or error).split())
        raise Refusal(f"{file.name}: the header is not YAML ({reason[:80]})") from None
    except Refusal:
        raise
    except (RecursionError, ValueError):
        raise Refusal(f"{file.name}: the header is no YAML that can be read") from None


def _check_once(node: Any, name: str) -> None:
    """Every key stands once: of two, another reader could take the other."""
    pairs = node.value if node is not None and node.id == "mapping" else []
    twice = _twice(str(key.value) for key, _ in pairs)
    if twice is not None:
        raise Refusal(f"{name}: in the header the key {shown(twice)} stands twice")
    listed = node.value if node is not None and node.id == "sequence" else []
    for one in [*listed, *(value for _, value in pairs)]:
        _check_once(one, name)


def unequal(found: Any, wanted: Any, name: str = "", near: float = 0.0) -> str | None:
    """The first place in which two JSON values differ; None where they are equal.

    >>> unequal({"a": [1, 2.0]}, {"a": [1, 2.5]})
    'a.1 is 2.0, not 2.5'
    """
    missing: list[str] = []
    if isinstance(found, dict) and isinstance(wanted, dict):
        # A value that is wrong explains more than what it lets be missing.
        pairs = [(key, found[key], wanted[key]) for key in wanted if key in found]
        missing = [f"{_under(name, key)} is missing" for key in wanted if key not in found]
        missing += [f"{_under(name, key)} is too much" for key in found if key not in wanted]
    elif isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
        pairs = list(zip(range(len(found)), found, wanted, strict=True))
    else:
        return None if _same(found, wanted, near) else f"{name or 'it'} is {_apart(found, wanted)}"
    differing = (unequal(a, b, _under(name, key), near) for key, a, b in pairs)
    return next((one for one in differing if one), next(iter(missing), None))


def _apart(found: Any, wanted: Any) -> str:
    """Both values, long texts from a little before where they part."""
    if isinstance(found, str) and isinstance(wanted, str) and len(wanted) > _MOST_SHOWN:
        same = zip(found, wanted, strict=False)
        parts = (place for place, (a, b) in enumerate(same) if a != b)
        start = next(parts, min(len(found), len(wanted))) - _SAME_SHOWN
        if start > 0:
            found, wanted = f"...{found[start:]}", f"...{wanted[start:]}"
    return f"{shown(found)}, not {shown(wanted)}"


def _under(name: str, key: object) -> str:
    inner = key if isinstance(key, str) and key.isidentifier() else shown(key)
    return f"{name}.{inner}" if name else str(inner)


def _same(found: Any, wanted: Any, near: float) -> bool:
    both = (found, wanted)
    if all(isinstance(one, int | float) and not isinstance(one, bool) for one in both):
        return bool(abs(found - wanted) <= near)
    return type(found) is type(wanted) and bool(found == wanted)


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]} is too large a number")
    return value


def _whole(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise ValueError(f"a number of {len(text)} digits is too large")
    return int(text)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        # Two readers could take two different ones of them.
        raise ValueError(f"the key {shown(_twice(key for key, _ in pairs))} stands twice")
    return found


def _twice(keys: Iterator[str]) -> str | None:
    return next((key for key, times in Counter(keys).items() if times > 1), None)
