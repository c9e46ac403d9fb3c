"""The cells of a row: each of a kind, or one sentence that says what it must be."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

from ..errors import DataError, Misfit

_STRING = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
# One item, bare or as NumPy 2 shows it in a list.
_ITEM = rf"(?:np\.str_\(\s*{_STRING}\s*\)|{_STRING})"
# Python puts commas between items. NumPy puts blanks and line breaks, and Python would read
# such neighbours as one long word.
_TEXTS = re.compile(rf"\[\s*(?:{_ITEM}(?:(?:\s*,\s*|\s+){_ITEM})*\s*,?\s*)?\]", re.DOTALL)
# As Python writes most lists; the text between is what the quotes hold.
_PLAIN = re.compile(r"\['[^'\\\0]+'(?:, '[^'\\\0]+')*\]")
_FLAGS = re.compile(r"\[\s*(?:True|False)(?:\s+(?:True|False))*\s*\]")


def list_in(value: Any) -> list[Any] | None:
    r"""A list, or the text of one as Python, JSON or NumPy writes it; None for anything else.

    >>> list_in("['sad', 'angry']"), list_in("['sad'\n 'angry']"), list_in("sad")
    (['sad', 'angry'], ['sad', 'angry'], None)
    """
    if isinstance(value, str):
        value = _parsed(value.strip())
    return list(value) if isinstance(value, list | tuple) else None


def _parsed(text: str) -> Any:
    if _PLAIN.fullmatch(text):
        return text[2:-2].split("', '")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    if _FLAGS.fullmatch(text):
        return [word == "True" for word in re.findall("True|False", text)]
    try:
        if _TEXTS.fullmatch(text):
            items = re.findall(_STRING, text, re.DOTALL)
            return [ast.literal_eval(_unbroken(item)) for item in items]
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _unbroken(item: str) -> str:
    # A line break inside quotes is text to us, and an error to Python.
    return item.replace("\r", "\\r").replace("\n", "\\n")


def shown(value: Any) -> str:
    """A value for a message, at most 40 characters of it."""
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def segment(value: Any, column: str, where: str) -> str:
    """The text of an example."""
    if not isinstance(value, str):
        told = f"{where}: {column} is {shown(value)}; give the segment as text"
        raise Misfit(told, "the text is missing")
    return value


def labels(value: Any, where: str) -> tuple[str, ...]:
    """The masked terms of an example."""
    found = list_in(value)
    if found is None:
        raise Misfit(_no_list(value, "labels", "['sad', 'happy']", where), "the labels are no list")
    for place, label in enumerate(found, 1):
        if not isinstance(label, str):
            told = f"{where}: label {place} is {shown(label)}; write the masked term as text"
            raise Misfit(told, "a label is no text")
    return tuple(label.strip() for label in found)


def flags(value: Any, column: str, where: str) -> tuple[bool, ...]:
    """One flag for each mask; none where the cell is empty."""
    if value is None or value == "":
        return ()
    found = list_in(value)
    if found is None:
        raise DataError(_no_list(value, column, "[true, false]", where))
    for place, flag in enumerate(found, 1):
        if not isinstance(flag, bool):
            raise DataError(f"{where}: flag {place} of {column} is {shown(flag)}; use true, false")
    return tuple(found)


def _no_list(value: Any, column: str, example: str, where: str) -> str:
    return f"{where}: the {column} cell {shown(value)} is not a list; write it like {example}"


def text(value: Any, column: str, where: str) -> str | None:
    """A text, or nothing."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise DataError(f"{where}: {column} is {shown(value)}; give text or leave it empty")
    return value


def name(value: Any) -> str | None:
    """A name or number as text: a whole number that pandas made 3.0 of is 3 again."""
    if value is None or value == "" or value != value:
        return None
    told = str(value).strip()
    return told.removesuffix(".0") if re.fullmatch(r"-?\d+\.0", told) else told or None


def whole(value: Any, column: str, where: str) -> int | None:
    """A whole number, or nothing."""
    if value is None or value == "":
        return None
    try:
        # Through pandas a whole number comes back as 1600000000.0 where a column has gaps.
        number = float(value) if not isinstance(value, bool) else None
        if number is not None and number.is_integer():
            return int(number)
    except (TypeError, ValueError, OverflowError):
        pass
    raise DataError(f"{where}: {column} is {shown(value)}; give a whole number or leave it empty")


def truth(value: Any, column: str, where: str) -> bool | None:
    """True, false, or nothing."""
    if value is None or value == "" or isinstance(value, bool):
        return None if value == "" else value
    known = {"true": True, "1": True, "false": False, "0": False}.get(str(value).lower())
    if known is None:
        raise DataError(f"{where}: {column} is {shown(value)}; give true, false or leave it empty")
    return known
