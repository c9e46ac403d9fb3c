"""The columns of an example, and the check of one row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from .errors import DataError

if TYPE_CHECKING:
    import datasets

MASK = "<mask>"
"""What stands in a text where an emotion word was taken out."""


@dataclass(frozen=True, slots=True)
class Example:
    """One segment of a post with its masks.

    Attributes:
        id: stable hash of the post and the segment's position in it.
        post_id: a pseudonym of the post, never the Reddit id.
        text: the segment, with ``<mask>`` where a term was taken out.
        labels: one term per mask, in order.
        segment: position of the segment in its post, from 0.
        negated: one flag per mask: the author says the opposite ("not <mask>").
        leaked: one flag per mask: the label also stands unmasked in the text.
        subreddit: where it was posted, if the source tells.
        created_utc: when, in seconds since 1970, if the source tells.
        over_18: whether Reddit marked the post as adult, if the source tells.

    >>> row = Example("a1", "p1", "I feel <mask>.", ("sad",), 0, (False,), (False,))
    >>> row.labels
    ('sad',)
    >>> row.subreddit is None
    True
    """

    id: str
    post_id: str
    text: str
    labels: tuple[str, ...]
    segment: int
    negated: tuple[bool, ...]
    leaked: tuple[bool, ...]
    subreddit: str | None = None
    created_utc: int | None = None
    over_18: bool | None = None


_LAST_SEGMENT = 2**31 - 1  # what Parquet holds
_YEAR_1, _YEAR_10000 = -62_135_596_800, 253_402_300_800

COLUMNS: tuple[str, ...] = tuple(field.name for field in fields(Example))
"""The column names, in order."""


def features() -> datasets.Features:
    """The columns as the ``datasets`` library describes them.

    Returns:
        ``datasets.Features`` with one entry per name in ``COLUMNS``.

    >>> tuple(features()) == COLUMNS
    True
    >>> features()["labels"].feature.dtype
    'string'
    """
    from datasets import Features, List, Value

    return Features(
        {
            "id": Value("string"),
            "post_id": Value("string"),
            "text": Value("string"),
            "labels": List(Value("string")),
            "segment": Value("int32"),
            "negated": List(Value("bool")),
            "leaked": List(Value("bool")),
            "subreddit": Value("string"),
            "created_utc": Value("int64"),
            "over_18": Value("bool"),
        }
    )


def check(example: Example, where: str) -> None:
    """Refuse a row that cannot be scored fairly.

    Args:
        example: the row.
        where: file and row, put in front of the message.

    Raises:
        DataError: an empty id, post id or text; no mask; a number of labels or flags that
            differs from the number of masks; an empty label; a negative position.

    >>> good = Example("a1", "p1", "I feel <mask>.", ("sad",), 0, (False,), (False,))
    >>> check(good, "posts.jsonl, row 1")
    >>> bad = Example("a1", "p1", "I feel fine.", ("sad",), 0, (False,), (False,))
    >>> check(bad, "posts.jsonl, row 1")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    express_dataset.errors.DataError: posts.jsonl, row 1: the text has no <mask>; ...
    """
    if not example.id.strip():
        raise DataError(f"{where}: the id is empty; give every row its own id")
    if not example.post_id.strip():
        raise DataError(
            f"{where}: the post_id is empty; give the post's pseudonym or leave the column out"
        )
    if not example.text.strip():
        raise DataError(f"{where}: the text is empty; give the segment or remove the row")
    masks = example.text.count(MASK)
    if masks == 0:
        raise DataError(
            f"{where}: the text has no {MASK}; "
            "put one where each label was taken out or remove the row"
        )
    if len(example.labels) != masks:
        raise DataError(
            f"{where}: {len(example.labels)} labels for {masks} masks; "
            f"give one label for each {MASK}, in order"
        )
    if not all(label.strip() for label in example.labels):
        place = [bool(label.strip()) for label in example.labels].index(False) + 1
        raise DataError(f"{where}: label {place} is empty; write the masked term or remove the row")
    for name, flags in (("negated", example.negated), ("leaked", example.leaked)):
        if len(flags) != masks:
            raise DataError(
                f"{where}: {len(flags)} flags in '{name}' for {masks} masks; "
                "give one true or false for each mask or leave the column out"
            )
    if not 0 <= example.segment <= _LAST_SEGMENT:
        raise DataError(
            f"{where}: segment is {example.segment}; give the position in the post, from 0"
        )
    if example.created_utc is not None and not _YEAR_1 <= example.created_utc < _YEAR_10000:
        raise DataError(
            f"{where}: created_utc is {example.created_utc}; give seconds since 1970, "
            "not smaller parts, or leave it empty"
        )


def fingerprint(examples: Iterable[Example]) -> str:
    """A hash of the questions and their answers, in order.

    Args:
        examples: the rows; only id, text and labels count.

    Returns:
        64 hexadecimal digits (SHA-256).

    >>> row = Example("a1", "p1", "I feel <mask>.", ("sad",), 0, (False,), (False,))
    >>> len(fingerprint([row]))
    64
    >>> fingerprint([row]) == fingerprint([row, row])
    False
    """
    digest = hashlib.sha256()
    for example in examples:
        line = json.dumps([example.id, example.text, list(example.labels)])
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()


def example_id(post_key: str, segment: int) -> str:
    """The id of an example: a stable hash of the post's pseudonym and the position.

    Args:
        post_key: what names the post in the data (its pseudonym).
        segment: position of the segment in the post, from 0.

    Returns:
        16 hexadecimal digits.

    >>> example_id("p1", 0) == example_id("p1", 0)
    True
    >>> example_id("p1", 0) == example_id("p1", 1)
    False
    """
    return hashlib.sha256(f"{post_key}\n{segment}".encode()).hexdigest()[:16]


def pseudonym(post_id: str) -> str:
    """A name for a post that does not show its public id.

    The hash has no secret key, so that everybody gets the same ids from the same file. It
    hides the Reddit id from a casual look only: who lists all Reddit ids can hash them and
    compare. Data built anew should use keyed pseudonyms, whose key stays with the maker.

    Args:
        post_id: the public id.

    Returns:
        16 hexadecimal digits.

    >>> pseudonym("abc123") == pseudonym("abc123")
    True
    >>> "abc123" in pseudonym("abc123")
    False
    """
    return hashlib.sha256(f"express/post/{post_id}".encode()).hexdigest()[:16]
