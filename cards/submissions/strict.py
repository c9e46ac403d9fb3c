"""Reading a submission that anybody may have written: in bounds, strictly, following nothing."""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from express_runners.errors import RunError
from express_runners.runs.store import PREDICTIONS_FILE, RUN_FILE, SCORES_FILE

CARD_FILE = "README.md"
MIB = 2**20
LIMITS = {
    RUN_FILE: 8 * MIB,
    PREDICTIONS_FILE: 1024 * MIB,
    SCORES_FILE: MIB,
    CARD_FILE: MIB,
}
"""The files of a submission, and the most bytes that each may have."""

LINE_LIMIT = 4 * MIB
_MOST_DIGITS = 18
_MOST_SHOWN = 80


class Refusal(RunError):  # noqa: N818 (it is what a check comes to)
    """A submission is refused; the message names file, line and reason."""


def shown(value: object) -> str:
    """A value of a submission as a message may show it: one short line, nothing that acts.

    >>> shown("sad\\x1b[2J")
    "'sad\\\\x1b[2J'"
    >>> len(shown("a" * 1000))
    83
    """
    text = repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


def check_files(folder: Path) -> None:
    """Refuse a folder that holds other files than a submission has, links, or huge files.

    Raises:
        Refusal: naming the file.
    """
    sizes = {}
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            if entry.name not in LIMITS:
                raise Refusal(f"{shown(entry.name)} is no part of a submission; remove it")
            if not entry.is_file(follow_symlinks=False):
                raise Refusal(f"{entry.name} is a link or no plain file; put the file itself there")
            sizes[entry.name] = entry.stat(follow_symlinks=False).st_size
    check_sizes(sizes)


def check_sizes(sizes: Mapping[str, int]) -> None:
    """Refuse a missing file and one that is too large.

    Args:
        sizes: the submission's files and their bytes.

    Raises:
        Refusal: naming the file.

    >>> check_sizes({"run.json": 9, "predictions.jsonl": 9, "scores.json": 9, "README.md": 9})
    >>> check_sizes({"run.json": 9})
    Traceback (most recent call last):
    ...
    express_cards.submissions.strict.Refusal: predictions.jsonl is missing; add it
    """
    for name, most in LIMITS.items():
        if name not in sizes:
            raise Refusal(f"{name} is missing; add it")
        if sizes[name] > most:
            raise Refusal(
                f"{name} has {sizes[name]} bytes, more than the {most} that are read; "
                "a submission holds one run and nothing else"
            )


def read_object(file: Path) -> dict[str, Any]:
    """The JSON object of a file.

    Raises:
        Refusal: it is not UTF-8, not JSON, or no object.
    """
    value = parse(file.read_bytes(), file.name)
    if not isinstance(value, dict):
        raise Refusal(f"{file.name} holds no JSON object")
    return value


def read_rows(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The JSON objects of a file of lines, each with its number, one at a time.

    Raises:
        Refusal: a line is too long, cut off, not JSON, or no object.
    """
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
            yield number, value


def parse(content: bytes, where: str) -> Any:
    """Strict JSON: UTF-8, every key once, finite numbers, whole characters, no endless depth.

    Args:
        content: the bytes.
        where: file and line, for the message.

    Raises:
        Refusal: telling what is wrong.

    >>> parse(b'{"a": 1}', "run.json")
    {'a': 1}
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


def take(record: Mapping[str, Any], name: str, kind: type | tuple[type, ...], file: str) -> Any:
    """A value by its dotted name, of the kind that it must be.

    Args:
        record: the JSON object.
        name: such as ``asked.model.name``.
        kind: a type, or several; True and False are no numbers.
        file: for the message.

    Raises:
        Refusal: it is missing or of another kind.

    >>> take({"asked": {"dtype": "float32"}}, "asked.dtype", str, "run.json")
    'float32'
    >>> take({"asked": {}}, "asked.dtype", str, "run.json")
    Traceback (most recent call last):
    ...
    express_cards.submissions.strict.Refusal: run.json: asked.dtype is None, which is no str
    """
    value: Any = record
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    kinds = kind if isinstance(kind, tuple) else (kind,)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        names = " or ".join("null" if one is type(None) else one.__name__ for one in kinds)
        raise Refusal(f"{file}: {name} is {shown(value)}, which is no {names}")
    return value


def texts(value: object) -> bool:
    """Whether a value is a list of texts.

    >>> texts(["a"]), texts([1]), texts("a")
    (True, False, False)
    >>> texts([])
    True
    """
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def unequal(found: Any, wanted: Any, name: str = "", near: float = 0.0) -> str | None:
    """The first place in which two JSON values differ; None where they are equal.

    Args:
        found, wanted: what stands there, and what should.
        name: of the values.
        near: by how much numbers may differ.

    >>> unequal({"a": [1, 2.0]}, {"a": [1, 2.5]})
    'a.1 is 2.0, not 2.5'
    >>> unequal({"a": 0.1}, {"a": 0.1 + 1e-15}, near=1e-12) is None
    True
    """
    if isinstance(found, dict) and isinstance(wanted, dict):
        pairs: Sequence[tuple[Any, Any, Any]] = [
            (key, found.get(key), wanted.get(key)) for key in {**wanted, **found}
        ]
        missing = [key for key, *_ in pairs if (key in found) is not (key in wanted)]
        if missing:
            there = "too much" if missing[0] in found else "missing"
            return f"{_under(name, missing[0])} is {there}"
    elif isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
        pairs = list(zip(range(len(found)), found, wanted, strict=True))
    else:
        return None if _same(found, wanted, near) else f"{name} is {shown(found)}, not {wanted!r}"
    differences = (unequal(a, b, _under(name, key), near) for key, a, b in pairs)
    return next((one for one in differences if one), None)


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
        twice = next(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
        raise ValueError(f"the key {shown(twice)} stands twice")
    return found
