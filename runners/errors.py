"""The error of a run that a user can mend."""

from express_metric.errors import ExpressError


class RunError(ExpressError):
    """A run cannot start or go on; the message says what to change."""
