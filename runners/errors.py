"""The error a user can mend."""


class RunError(ValueError):
    """A run cannot start or go on; the message says what to change.

    >>> str(RunError("--limit must be at least 1, got 0."))
    '--limit must be at least 1, got 0.'
    >>> isinstance(RunError(""), ValueError)
    True
    """
