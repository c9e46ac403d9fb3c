"""Frozen dataclasses written as JSON, and read from it: reading is validation."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any

_KINDS = {dict: "an object", list: "a list", str: "a text", int: "a whole number"}
_KINDS |= {float: "a number", bool: "true or false"}
_SHOWN = 40


class Malformed(ValueError):  # noqa: N818 (it is what a value is)
    """JSON of another kind; the message names key, value and what must stand there."""


def as_json(value: Any) -> Any:
    """A dataclass as JSON has it; fields that are None are not written."""
    if is_dataclass(value) and not isinstance(value, type):
        found = {f.name: as_json(getattr(value, f.name)) for f in fields(value)}
        return {name: one for name, one in found.items() if one is not None}
    if isinstance(value, list | tuple):
        return [as_json(one) for one in value]
    return value


def read(kind: Any, value: Any, at: str = "") -> Any:
    """A value of this type from JSON; `at` is its dotted name.

    Raises:
        Malformed: naming the first key that is missing, of another kind, or not known.

    >>> read(dict[str, int], {"a": 1.5})
    Traceback (most recent call last):
    ...
    express_dataset.reading.typed.Malformed: a is 1.5, and must be a whole number
    """
    inner = [one for one in typing.get_args(kind) if one is not types.NoneType]
    if isinstance(kind, types.UnionType):
        return None if value is None else read(inner[0], value, at)
    plain = typing.get_origin(kind) or kind
    wanted = {tuple: list}.get(plain, dict if is_dataclass(plain) else plain)
    fits = isinstance(value, (int, float) if wanted is float else wanted)
    # A bool is an int to Python, and no number to a reader.
    if not fits or (isinstance(value, bool) and wanted is not bool):
        what = "is missing" if value is None else f"is {shown(value)}"
        raise Malformed(f"{at or 'it'} {what}, and must be {_KINDS[wanted]}")
    if plain is tuple:
        return tuple(read(inner[0], one, f"{at}.{place}") for place, one in enumerate(value))
    if plain is dict and inner[1:] not in ([], [Any]):
        return {key: read(inner[1], one, _under(at, key)) for key, one in value.items()}
    return _read_fields(plain, value, at) if is_dataclass(plain) else value


def shown(value: object) -> str:
    """A value as a message shows it: one short line."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _read_fields(kind: Any, value: Mapping[str, Any], at: str) -> Any:
    found = {}
    for field in fields(kind):
        given = value.get(field.name)
        if given is None and field.default is not MISSING:
            continue
        found[field.name] = read(_hints(kind)[field.name], given, _under(at, field.name))
    unknown = next((key for key in value if key not in _hints(kind)), None)
    if unknown is not None:
        raise Malformed(f"{at or 'it'} holds {shown(unknown)}, which this version does not know")
    return kind(**found)


def _under(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)
