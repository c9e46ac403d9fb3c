"""Cut a masked post into segments that a small masked model can read whole.

The rules are those of the EXPRESS paper (arXiv 2509.09593), with three decisions of ours:
the limit counts the two special tokens that such a model adds; trimming to whole sentences
never takes away a mask for which the window was made, so every mask of the post stands in at
least one segment; and masks too far apart for one window are divided into several groups.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from ..flags import MASK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenizers import Tokenizer

LIMIT = 512
"""Tokens of a segment, the two special ones included (RoBERTa's own limit)."""

SPECIAL = 2
"""Special tokens that a RoBERTa-type model puts around a text."""

NEAR = 256
"""Masks closer than this many tokens form a group."""

SMALLEST = 32
"""The smallest limit that still leaves room for words around a mask."""

_ABBREVIATION = re.compile(r"(?i)\b(?:mr|mrs|ms|dr|prof|st|vs|e\.g|i\.e|approx)\.$")
# Only a whole run of stops can end a sentence, and none is begun again within.
_SENTENCE_END = re.compile(
    r"(?<![.!?\u2026])[.!?\u2026]++[\"')\]*\u201d\u2019]*+(?=\s|$)|[^\s](?=\s*\n\s*\n)"
)
_NOT_SPACE = re.compile(r"\S")


@dataclass(frozen=True, slots=True)
class Window:
    """A segment of a masked post."""

    text: str  # the segment
    labels: tuple[str, ...]  # the labels of the masks in it, in order
    start: int  # where it begins in the masked post, in characters
    first_mask: int  # how many masks of the post stand before it


class _Post:
    """A masked post, measured once."""

    def __init__(self, text: str, tokenizer: Tokenizer, room: int) -> None:
        self.text = text
        self.masks = [found.start() for found in re.finditer(re.escape(MASK), text)]
        self.spans = _spans(tokenizer, text)
        self.ends, self.starts = _sentences(text)
        self.tokenizer = tokenizer
        self.room = room
        begins = [span[0] for span in self.spans]
        # The token of a mask may begin with the space before it.
        self.places = [bisect_right(begins, mask) - 1 for mask in self.masks]


def segment(
    text: str, labels: Sequence[str], tokenizer: Tokenizer, limit: int = LIMIT
) -> list[Window]:
    """Cut a masked post into segments, each with the labels of its own masks.

    A post that fits stays whole. One whose masks all lie in the first part is cut after the
    last sentence end before the limit. Else masks closer than 256 tokens form groups, and
    each group gets a window centred on its centroid. Windows are trimmed to whole sentences
    where text was cut, or to whole words where that would lose a mask.

    `limit` counts tokens, the two special ones included, and is at least `SMALLEST`.

    >>> from express_dataset.construct.tokens import load_tokenizer
    >>> words = load_tokenizer("words")
    >>> long = "It rained all day. " * 9 + "I was <mask>. " + "Then it was dry. " * 30
    >>> [(w.text.count("rained"), w.labels) for w in segment(long, ["sad"], words, limit=40)]
    [(3, ('sad',))]
    """
    if text.count(MASK) != len(labels):
        raise ValueError(f"{len(labels)} labels for {text.count(MASK)} masks")
    if not labels:
        return []
    # A token is at least one byte, so a short text fits without being cut into tokens.
    room = limit - SPECIAL
    if len(text.encode()) <= room or _count(tokenizer, text) <= room:
        return [Window(text, tuple(labels), 0, 0)]
    post = _Post(text, tokenizer, room)
    if post.places[-1] < room:
        cuts = _fit(post, range(len(labels)), head=True)
    else:
        cuts = [cut for group in _groups(post) for cut in _fit(post, group)]
    return [_window(post, labels, start, end) for start, end in sorted(set(cuts))]


def _count(tokenizer: Tokenizer, text: str) -> int:
    """How many tokens a text has; the fast call does without their places."""
    return len(tokenizer.encode_batch_fast([text], add_special_tokens=False)[0])


def _spans(tokenizer: Tokenizer, text: str) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = tokenizer.encode(text, add_special_tokens=False).offsets
    return spans


def _sentences(text: str) -> tuple[list[int], list[int]]:
    """Where sentences end and where they begin. A blank line ends one as well as a stop."""
    ends, starts = [], []
    for found in _SENTENCE_END.finditer(text):
        end = found.end()
        if _ABBREVIATION.search(text[max(0, end - 8) : end]):
            continue
        ends.append(end)
        following = _NOT_SPACE.search(text, end)
        if following:
            starts.append(following.start())
    return ends, starts


def _groups(post: _Post) -> list[range]:
    """Masks near each other, by their numbers; no group spans more than a window can hold."""
    firsts = [0]
    for number, (before, place) in enumerate(pairwise(post.places), start=1):
        wide = place - post.places[firsts[-1]] >= post.room * 7 // 8
        if place - before >= NEAR or wide:
            firsts.append(number)
    return [range(*pair) for pair in pairwise([*firsts, len(post.places)])]


def _fit(post: _Post, group: range, *, head: bool = False) -> list[tuple[int, int]]:
    """The characters of the window around a group of masks.

    A piece of a text can have more tokens than it had inside the text, because its first word
    lost the space before it. So the piece is measured again, and made smaller until it fits.
    """
    first, last = post.places[group[0]], post.places[group[-1]]
    least = last + 1 if head else last - first + 1
    budget = post.room
    while True:
        start, end = _trimmed(post, group, *_centred(post, group, budget, head=head))
        excess = _count(post.tokenizer, post.text[start:end]) - post.room
        if excess <= 0:
            return [(start, end)]
        if budget == least:
            break
        budget = max(least, budget - excess)
    if head:
        return [cut for part in _groups(post) for cut in _fit(post, part)]
    half = (group[0] + group[-1] + 1) // 2
    return _fit(post, range(group[0], half)) + _fit(post, range(half, group[-1] + 1))


def _centred(post: _Post, group: range, budget: int, *, head: bool) -> tuple[int, int]:
    """The first token of a window and the one after its last."""
    total = len(post.spans)
    if head:
        return 0, min(budget, total)
    places = [post.places[number] for number in group]
    start = round(sum(places) / len(places)) - budget // 2
    start = min(start, total - budget)
    # The centroid can lie far from the outermost masks, which must be in the window.
    start = max(start, places[-1] + 1 - budget, 0)
    start = min(start, places[0])
    return start, min(start + budget, total)


def _trimmed(post: _Post, group: range, first: int, after: int) -> tuple[int, int]:
    """Trim a window to whole sentences where text was cut, but keep the group's masks."""
    start, end = 0, len(post.text)
    if first > 0:
        start = _left(post, post.spans[first][0], post.masks[group[0]])
    if after < len(post.spans):
        end = _right(post, post.spans[after - 1][1], post.masks[group[-1]] + len(MASK))
    piece = post.text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())


def _left(post: _Post, start: int, mask: int) -> int:
    place = bisect_left(post.starts, start)
    if place < len(post.starts) and post.starts[place] <= mask:
        return post.starts[place]
    word = re.compile(r"(?<!\S)\S").search(post.text, start, mask + 1)
    return word.start() if word else start


def _right(post: _Post, end: int, mask_end: int) -> int:
    place = bisect_right(post.ends, end) - 1
    if place >= 0 and post.ends[place] >= mask_end:
        return post.ends[place]
    if post.text[end : end + 1].isspace():
        return end
    spaces = [found.start() for found in re.finditer(r"\s", post.text[mask_end:end])]
    return mask_end + spaces[-1] if spaces else end


def _window(post: _Post, labels: Sequence[str], start: int, end: int) -> Window:
    before, through = bisect_left(post.masks, start), bisect_left(post.masks, end)
    return Window(post.text[start:end], tuple(labels[before:through]), start, before)
