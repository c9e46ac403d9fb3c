"""The one error that a user's mistake raises in this package."""


class MetricError(ValueError):
    """A mistake in a file, an option or an argument, told in one sentence.

    The command line prints it and exits with code 2; it is never caught to go on silently.

    >>> issubclass(MetricError, ValueError)
    True
    >>> str(MetricError("scores.csv, row 3: the labels are empty"))
    'scores.csv, row 3: the labels are empty'
    """
