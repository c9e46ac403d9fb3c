"""The errors a user can mend, every package's own under the first of them; and plain text."""

from __future__ import annotations

import re

# What acts on a terminal or turns the direction of writing, and halves of characters.
_ACTS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    r"""A text that acts on no terminal: what would act is written out, in JSON's way.

    >>> printable("sad\x1b[2J\u202e")
    'sad\\u001b[2J\\u202e'
    """
    return _ACTS.sub(lambda mark: f"\\u{ord(mark[0]):04x}", text)


def without_halves(text: str) -> str:
    r"""A text with U+FFFD for each half of a character (of an emoji), which no file can hold.

    >>> without_halves("sad \ud83d")
    'sad \ufffd'
    """
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def one_line(text: object) -> str:
    r"""A name in one line, without what cannot be seen.

    >>> one_line("a\n b\u202ec")
    'a bc'
    """
    return "".join(mark for mark in " ".join(str(text).split()) if mark.isprintable())


class ExpressError(ValueError):
    """Something a user can mend: one sentence that says where, what was found, and how to mend it.

    The command line prints it and exits with code 2. The sentence ends without a full stop, so
    that a path or a command at its end can be copied and another text can go on behind it; what it
    quotes of data stays in its line and acts on no terminal.

    >>> str(ExpressError("--limit must be at least 1, got 0."))
    '--limit must be at least 1, got 0'
    """

    def __init__(self, sentence: str = "") -> None:
        line = re.sub(r"\s*[\n\r\u2028\u2029]\s*", " ", sentence)
        super().__init__(printable(re.sub(r"(?<!\.)\.\Z", "", line)))


class MetricError(ExpressError):
    """A mistake in a file, an option or an argument of the metric."""
