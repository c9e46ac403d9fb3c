"""What a user can mend in the data, and in what is installed."""

from __future__ import annotations

import importlib
from types import ModuleType

from express_metric.errors import ExpressError


class DataError(ExpressError):
    """Something is wrong with the data, or with how it was asked for."""


class Misfit(DataError):  # noqa: N818 (it is named after the row)
    """A row that cannot be an example; `reason` is the same for all rows of its kind."""

    def __init__(self, told: str, reason: str = "") -> None:
        super().__init__(told)
        self.reason = reason


class MissingExtra(DataError):  # noqa: N818 (it is named after what is missing)
    """A package that only one part of the project needs is not installed."""


def require(module: str, extra: str) -> ModuleType:
    """Import a module that belongs to an optional extra.

    A module that is there but fails while it imports something else raises its own error.

    >>> require("no_such_package", "data")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    express_dataset.errors.MissingExtra: this needs the package 'no_such_package', which is not...
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name or module
        if module != missing and not module.startswith(missing + "."):
            raise
        raise MissingExtra(
            f"this needs the package '{missing}', which is not installed: "
            f"pip install 'express-benchmark[{extra}]'"
        ) from None
