"""A generator of files for every command that reads one: good ones with something wrong in them."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from collections.abc import Callable
from typing import Any

import zstandard
from hypothesis import strategies as st

ODD = (
    "", " ", "\x00", "\x1b[31m", "\r", "\n", "\ufeff", "\ud83d", "\u202e", "<mask>", "<mask>" * 40,
    "NaN", "[", "[" * 3000, "{" * 3000, "9" * 5000, "-1", "1e999", "'", '"', "\\", ",",
    "a" * 70_000,
    "{{ 7 ** 10**9 }}", "{% for a in range(10**9) %}", "../../x", "/etc/passwd", "None", "null",
    "t3_", "[removed]", "\u200d" * 5000, "a." * 5000 + " [at]", "I was so sad. " * 300,
)  # fmt: skip
VALUES: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(ODD),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
FIELDS = (
    "id", "post_id", "text", "labels", "segment", "negated", "leaked", "subreddit", "created_utc",
    "over_18", "split", "references", "predictions", "completion", "title", "selftext", "author",
    "is_self", "removed_by_category", "word", "joy", "terms", "reason", "rank", "topic_id",
    "out", "models", "settings", "options", "train", "serve", "launch", "name", "prompt", "seed",
)  # fmt: skip
PACKERS: tuple[Callable[[bytes], bytes], ...] = (
    gzip.compress,
    bz2.compress,
    lzma.compress,
    zstandard.compress,
    lambda raw: gzip.compress(raw * 20),
    lambda raw: raw[: len(raw) // 2],
    lambda raw: raw.replace(b"\n", b"\r"),
    lambda raw: b"\xef\xbb\xbf" + raw,
    lambda raw: raw.decode("utf-8", "replace").encode("utf-16"),
    lambda raw: raw + b"\xff\xfe",
    lambda raw: raw + raw,
)


@st.composite
def spoiled(draw: Any, good: bytes) -> bytes:
    """A good file with bytes, fields or cells of it replaced, and perhaps packed or cut."""
    content: bytes = good
    for _ in range(draw(st.integers(1, 3))):
        content = draw(st.sampled_from((_field, _bytes, _line)))(draw, content)
    if draw(st.integers(0, 3)) == 0:
        content = draw(st.sampled_from(PACKERS))(content)
    return content


def _field(draw: Any, content: bytes) -> bytes:
    """One value of a JSON file or of a line of JSON, or a new one."""
    lines = content.split(b"\n")
    place = draw(st.integers(0, max(0, len(lines) - 1)))
    whole = len(lines) > 1 and lines[0].strip() in (b"{", b"[")
    try:
        record = json.loads(content if whole else lines[place])
    except (ValueError, RecursionError):
        return _bytes(draw, content)
    inner = record
    while isinstance(inner, dict | list) and inner:
        keys = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
        key = draw(st.sampled_from(keys))
        if not isinstance(inner[key], dict | list) or not inner[key] or draw(st.booleans()):
            inner[key] = draw(VALUES)
            break
        inner = inner[key]
    if isinstance(record, dict) and draw(st.booleans()):
        record[draw(st.sampled_from(FIELDS))] = draw(VALUES)
    try:
        made = json.dumps(record).encode()
    except (ValueError, RecursionError):
        return content
    return made if whole else b"\n".join([*lines[:place], made, *lines[place + 1 :]])


def _bytes(draw: Any, content: bytes) -> bytes:
    """Something odd in the place of a few bytes."""
    start: int = draw(st.integers(0, len(content)))
    odd: bytes = draw(st.sampled_from(ODD).map(lambda text: text.encode("utf-8", "surrogatepass")))
    return content[:start] + odd + content[start + draw(st.integers(0, 8)) :]


def _line(draw: Any, content: bytes) -> bytes:
    """A line left out, twice, or of another kind."""
    lines = content.split(b"\n")
    place: int = draw(st.integers(0, len(lines) - 1))
    odd: bytes = draw(
        st.sampled_from((b"", lines[place], b"[1]", b"null", b"---", b"a: &a [*a]", b",,,"))
    )
    return b"\n".join([*lines[:place], odd, *lines[place:]])
