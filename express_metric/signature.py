"""The one line that makes a figure comparable."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from .errors import MetricError

VERSION = "0.2.0"
"""Of the package, and of every score that it computes."""

UNKNOWN = "unknown"
_PREFIX = "EXPRESS"
_FORBIDDEN = re.compile(r"[|:\s\x00-\x1f\x7f]+")
# The field of the class and its name in the line, in the order of the line.
_PARTS = {
    "data": "data",
    "split": "split",
    "n": "n",
    "protocol": "protocol",
    "lexicon": "lex",
    "prompt": "prompt",
    "decode": "decode",
    "seen": "seen",
    "trained": "trained",
    "version": "v",
}
# Written only where there is something to tell.
_OPTIONAL = {"seen", "trained"}


def safe_value(text: str) -> str:
    """Turn any name into one that a signature can hold, ``unknown`` where nothing is left of it.

    >>> safe_value("my results: gpt|4o")
    'my-results-gpt-4o'
    """
    return _FORBIDDEN.sub("-", text.strip()).strip("-") or UNKNOWN


@dataclasses.dataclass(frozen=True)
class Signature:
    """What a score was computed on and how; two equal signatures make two figures comparable.

    A part that is not known, such as the prompt of a bare results file, is written ``unknown``:
    an absent part could be mistaken for agreement.
    """

    data: str  # the dataset's name, with `@` and its revision or fingerprint
    split: str  # the split's name
    n: int  # the number of examples
    protocol: str  # `paper` or `revised`
    lexicon: str  # `Lexicon.label`
    prompt: str = UNKNOWN  # the prompt's name, with `@` and its template's hash
    decode: str = UNKNOWN  # how the model's words were chosen, such as `free` or `constrained`
    version: str = VERSION  # the version of this package
    seen: str = ""  # how many of the examples the model was trained on; empty where none
    trained: str = ""  # `unknown` where it was trained and nobody knows on what; else empty

    @property
    def fair(self) -> bool:
        """Whether the model is not known or feared to have seen the examples in training."""
        return not (self.seen or self.trained)

    def __post_init__(self) -> None:
        if isinstance(self.n, bool) or not isinstance(self.n, int) or self.n < 0:
            raise MetricError(f"signature: n is {self.n!r}; it must be a number of examples")
        for field in _PARTS:
            value = getattr(self, field)
            if value == "" and field in _OPTIONAL:
                continue
            if field != "n" and (
                not isinstance(value, str) or not value or _FORBIDDEN.search(value)
            ):
                raise MetricError(
                    f"signature: {field} is {value!r}; it must be a text without '|', ':' and "
                    "white space"
                )

    def __str__(self) -> str:
        values = {name: getattr(self, field) for field, name in _PARTS.items()}
        shown = (f"{name}:{v}" for name, v in values.items() if v != "" or name not in _OPTIONAL)
        return "|".join([_PREFIX, *shown])

    @classmethod
    def parse(cls, line: str) -> Signature:
        """Read a signature back from its line.

        >>> line = "EXPRESS|data:a|split:b|n:1|protocol:paper|lex:c|prompt:d|decode:e|v:1"
        >>> Signature.parse(line).n
        1
        """
        head, *parts = line.strip().split("|")
        if head != _PREFIX:
            raise MetricError(f"{line!r} is no signature: it must begin with {_PREFIX}|")
        found = dict(part.partition(":")[::2] for part in parts)
        known = [name for name in _PARTS.values() if name in found or name not in _OPTIONAL]
        if list(found) != known or len(parts) != len(known):
            expected = ", ".join(name for name in _PARTS.values() if name not in _OPTIONAL)
            raise MetricError(f"{line!r} is no signature: its parts must be {expected}, in order")
        if not re.fullmatch(r"[0-9]+", found["n"]):
            raise MetricError(f"{line!r} is no signature: n must be a whole number")
        values: dict[str, Any] = {f: found[name] for f, name in _PARTS.items() if name in found}
        values["n"] = int(found["n"])
        return cls(**values)

    def differences(self, other: Signature) -> dict[str, tuple[str, str]]:
        """Name the parts in which two signatures differ, with both values."""
        return {
            field: (str(getattr(self, field)), str(getattr(other, field)))
            for field in _PARTS
            if getattr(self, field) != getattr(other, field)
        }
