"""The errors a user can mend; every package's own stand under the first of them."""

from __future__ import annotations

import re


class ExpressError(ValueError):
    """Something a user can mend: one sentence that says where, what was found, and how to mend it.

    The command line prints it and exits with code 2. The sentence ends without a full stop, so
    that a path or a command at its end can be copied and another text can go on behind it.

    >>> str(ExpressError("--limit must be at least 1, got 0."))
    '--limit must be at least 1, got 0'
    """

    def __init__(self, sentence: str = "") -> None:
        super().__init__(re.sub(r"(?<!\.)\.\Z", "", sentence))


class MetricError(ExpressError):
    """A mistake in a file, an option or an argument of the metric."""
