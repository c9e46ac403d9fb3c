"""The errors a user can mend: one class, one sentence each."""

from __future__ import annotations

import importlib
from types import ModuleType


class DataError(ValueError):
    """Something is wrong with the data, or with how it was asked for.

    The message is one sentence: where, what was found, what was expected, how to mend it.

    >>> issubclass(DataError, ValueError)
    True
    >>> str(DataError("posts.jsonl, row 3: the text is empty"))
    'posts.jsonl, row 3: the text is empty'
    """


class MissingExtra(DataError):  # noqa: N818 (it is named after what is missing)
    """A package that only one part of the project needs is not installed.

    >>> issubclass(MissingExtra, DataError)
    True
    >>> try:
    ...     require("no_such_package", "construct")
    ... except MissingExtra as error:
    ...     print("express-benchmark[construct]" in str(error))
    True
    """


def require(module: str, extra: str) -> ModuleType:
    """Import a module that belongs to an optional extra.

    Args:
        module: the import name, for example ``"pyarrow.parquet"``.
        extra: the extra of ``express-benchmark`` that installs it.

    Returns:
        The imported module.

    Raises:
        MissingExtra: the module, or a package above it, is not installed. A module that is
            there but fails while it imports something else raises its own error.

    >>> require("json", "construct").dumps([1])
    '[1]'
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
