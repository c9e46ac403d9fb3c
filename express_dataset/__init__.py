"""What is asked: masked examples, from wherever they come."""

from __future__ import annotations

from .errors import DataError, MissingExtra
from .flags import MASK, leaked, negated
from .schema import COLUMNS, Example, check, example_id, fingerprint, pseudonym
from .sources import Loaded
from .sources import load as load_examples
from .sources import load_all as load_all_examples
from .word_forms import leaked_form

__all__ = [
    "COLUMNS",
    "MASK",
    "DataError",
    "Example",
    "Loaded",
    "MissingExtra",
    "check",
    "example_id",
    "fingerprint",
    "leaked",
    "leaked_form",
    "load_all_examples",
    "load_examples",
    "negated",
    "pseudonym",
]
