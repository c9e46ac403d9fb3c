"""Tell quickly what may hold something to mask: the rest is never looked at again.

In a dump of all of Reddit most lines hold nothing, so this decides how fast a build is. The search
is that of RE2, through pyarrow: it reads hundreds of megabytes a second.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..errors import require
from .forms import LINE_LIMIT
from .scrub import INVISIBLE, JOINERS
from .terms import terms

if TYPE_CHECKING:
    import numpy

_ESCAPE = r"\\u[0-9a-f]{4}"
# In a line of JSON a letter can be part of an escape: "I\nfelt", "I\u2019m".
_RAW_GAP = rf"(?:[^a-z\\]|\\[^u]|{_ESCAPE})"
_RAW_START = rf"(?:[^a-z]|\\[nrtbf]|{_ESCAPE})"
# An entity that can hide letters; "&amp;" alone hides none.
_ENTITY = "&(?:amp;)*(?:#|(?:[b-z]|a[a-ln-z0-9]|am[a-oq-z0-9]|amp[a-z0-9])[a-z0-9]*;)"
# What can hide letters from a search in a line: their own escapes, entities, characters without
# width, and the Kelvin sign, whose lower case is a k.
_HIDING = "|".join(
    (
        r"\\u(?:00[2-7][0-9a-f]|00ad|180e|200[b-f]|202[a-e]|206[06-9]|feff|212a)",
        _ENTITY,
        r"\xc2\xad|\xe1\xa0\x8e|\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa0\xa6-\xa9]",
        r"\xef\xbb\xbf|\xe2\x84\xaa",
    )
)


def _beginning(gap: str, start: str) -> str:
    """The beginning of one of the patterns, with what may stand between its letters."""
    not_ = f"(?:n{gap}*t)?"
    return (
        f"feel|felt|{start}i{gap}*(?:m|am|ain{gap}*t|was{not_}"
        f"|(?:ve|d|have{not_}|had{not_}){gap}+been)[^a-z]"
    )


def _words(protocol: str) -> str:
    return "|".join(sorted(terms(protocol)))


class Gate:
    """Tells quickly, for many raw posts at once, which may hold something to mask.

    A post passes if it holds a word for an emotion and the beginning of one of the patterns.
    It also passes if scrubbing could bring those about, by undoing an HTML entity or by taking
    out a character without width. So no post that would be masked is lost.

    >>> Gate("express").may_match(["He is sad.", "I was so sad.", "f&#101;eling sad"])
    [False, True, True]
    """

    def __init__(self, protocol: str) -> None:
        self._arrow = require("pyarrow", "construct")
        self._compute = require("pyarrow.compute", "construct")
        self._hidden = re.compile(f"[{INVISIBLE}{JOINERS}]")
        self._entity = re.compile(_ENTITY, re.IGNORECASE)
        self._pattern = "(?i)" + _beginning("[^a-z]", "(?:^|[^a-z])")
        self._terms = "(?i)" + _words(protocol)

    def may_match(self, texts: list[str]) -> list[bool]:
        """Judge a batch of posts as they stand in the dump."""
        if not texts:
            return []
        flags = [self._hides(text) for text in texts]
        array = self._arrow.array([_encodable(text) for text in texts])
        match = self._compute.match_substring_regex
        begins = match(array, self._pattern).to_pylist()
        places = [place for place, flag in enumerate(begins) if flag and not flags[place]]
        tells = match(array.take(places), self._terms).to_pylist() if places else []
        for place, flag in zip(places, tells, strict=True):
            flags[place] = flag
        return flags

    def _hides(self, text: str) -> bool:
        if not text.isascii() and self._hidden.search(text):
            return True
        return "&" in text and self._entity.search(text) is not None


class LineGate:
    r"""Tells which lines of a dump may hold a post that passes a `Gate`, before JSON is decoded.

    >>> block = b'{"selftext": "he is sad"}\n{"selftext": "I f\\u0065el sad"}\nnonsense\n'
    >>> LineGate("express").split(block)
    ([b'{"selftext": "I f\\u0065el sad"}', b'nonsense'], 1)
    """

    def __init__(self, protocol: str) -> None:
        self._arrow = require("pyarrow", "construct")
        self._compute = require("pyarrow.compute", "construct")
        self._patterns = (
            f"(?i){_HIDING}|" + _beginning(_RAW_GAP, _RAW_START),
            f"(?i){_HIDING}|" + _words(protocol),
        )

    def split(self, block: bytes) -> tuple[list[bytes], int]:
        """Cut a block into lines: those that must be read, and how many need not.

        What does not look like an object is read, so that it is counted for what it is.
        """
        import numpy

        content = numpy.frombuffer(block, numpy.uint8)
        ends = numpy.flatnonzero(content == 0x0A).astype(numpy.int32)
        if not block.endswith(b"\n"):
            ends = numpy.append(ends, numpy.int32(len(block)))
        starts = numpy.concatenate((numpy.zeros(1, numpy.int32), ends[:-1] + 1))
        last = numpy.maximum(ends - 1, 0)
        last = numpy.maximum(last - (content[last] == 0x0D), 0)
        odd = (content[numpy.minimum(starts, len(block) - 1)] != 0x7B) | (content[last] != 0x7D)
        odd |= ends - starts >= LINE_LIMIT
        seen = self._matching(block, starts, ends) | odd
        read = [block[starts[place] : ends[place]] for place in numpy.flatnonzero(seen)]
        return read, len(ends) - len(read)

    def _matching(self, block: bytes, starts: numpy.ndarray, ends: numpy.ndarray) -> Any:
        import numpy

        arrow = self._arrow
        offsets = numpy.append(starts, ends[-1])
        buffers = [None, arrow.py_buffer(offsets), arrow.py_buffer(block)]
        found = arrow.Array.from_buffers(arrow.binary(), len(starts), buffers)
        places = numpy.arange(len(starts))
        for pattern in self._patterns:
            flags = self._compute.match_substring_regex(found, pattern)
            places = places[flags.to_numpy(zero_copy_only=False)]
            found = found.filter(flags)
        matching = numpy.zeros(len(starts), bool)
        matching[places] = True
        return matching


def _encodable(text: str) -> str:
    """Half of a broken emoji cannot be encoded; it has no part in what is searched for."""
    return text.encode("utf-8", "replace").decode() if not text.isascii() else text
