"""The columns of an example, and the check of one row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, cast

from .errors import DataError, Misfit
from .flags import MASK, leaked, negated
from .word_forms import leaked_form

if TYPE_CHECKING:
    import datasets

_FLAGS: Mapping[str, Callable[[str, Sequence[str]], tuple[bool, ...]]] = {
    "negated": lambda text, _: negated(text),
    "leaked": leaked,
    "leaked_form": leaked_form,
}


@dataclass(frozen=True, slots=True)
class Example:
    """One segment of a post with its masks.

    Flags that are not given are found in the text when they are first asked for.

    >>> Example("a1", "p1", "I am not <mask>.", ("sad",), 0).negated
    (True,)
    """

    id: str  # stable hash of the post and the segment's position in it
    post_id: str  # a pseudonym of the post, never the Reddit id
    text: str  # the segment, with <mask> where a term was taken out
    labels: tuple[str, ...]  # one term per mask, in order
    segment: int  # position of the segment in its post, from 0
    # One flag per mask:
    negated: tuple[bool, ...] = ()  # the author says the opposite ("not <mask>")
    leaked: tuple[bool, ...] = ()  # the label also stands unmasked in the text
    leaked_form: tuple[bool, ...] = ()  # another form of the label stands in the text
    # None where the source does not tell:
    subreddit: str | None = None
    created_utc: int | None = None  # seconds since 1970
    over_18: bool | None = None  # whether Reddit marked the post as adult
    topic_id: str | None = None  # number of the topic that the source gives the post
    topic_name: str | None = None
    # Columns of a file of one's own that are not known here, by name
    further: tuple[tuple[str, Any], ...] = ()

    def __post_init__(self) -> None:
        for name in _FLAGS:
            if len(getattr(self, name)) == 0:
                object.__delattr__(self, name)  # `__getattr__` is asked for what is not there

    if not TYPE_CHECKING:  # any name would be taken for an attribute

        def __getattr__(self, name: str) -> tuple[bool, ...]:
            """Find a flag: a run needs those of its own split only, a fifth of the data."""
            if name not in _FLAGS:
                raise AttributeError(f"an example has no {name}")
            object.__setattr__(self, name, _FLAGS[name](self.text, self.labels))
            return object.__getattribute__(self, name)

    def with_further(self, further: tuple[tuple[str, Any], ...]) -> Example:
        """The same with other further columns; flags that are still to be found stay so."""
        given: dict[str, Any] = {name: _given(self, name) for name in _FLAGS}
        return replace(self, further=further, **given)

    def cells(self) -> dict[str, Any]:
        """The row by column, further columns last."""
        return {name: getattr(self, name) for name in COLUMNS} | dict(self.further)


_LAST_SEGMENT = 2**31 - 1  # what Parquet holds
_YEAR_1, _YEAR_10000 = -62_135_596_800, 253_402_300_800

COLUMNS: tuple[str, ...] = tuple(field.name for field in fields(Example))[:-1]
"""The column names, in order, without further ones."""

_KINDS = {
    "segment": "int32",
    "created_utc": "int64",
    "over_18": "bool",
    "labels": "list string",
    "negated": "list bool",
    "leaked": "list bool",
    "leaked_form": "list bool",
}


def kinds(further: Mapping[str, str] | None = None) -> dict[str, str]:
    """The kind of each column, such as `string` or `list bool`, further ones last."""
    return {name: _KINDS.get(name, "string") for name in COLUMNS} | dict(further or {})


def features(further: Mapping[str, str] | None = None) -> datasets.Features:
    """The columns as the ``datasets`` library describes them.

    >>> features()["labels"].feature.dtype
    'string'
    """
    from datasets import Features, List, Value

    return Features(
        {
            name: List(Value(kind[5:])) if kind.startswith("list ") else Value(kind)
            for name, kind in kinds(further).items()
        }
    )


def check(example: Example, where: str) -> None:
    """Refuse a row that cannot be scored fairly; ``where`` begins the message.

    Raises:
        Misfit: no text; no mask; a number of labels that differs from the number of masks; an
            empty label.
        DataError: an empty id or post id; flags that differ in number from the masks; a negative
            position.

    >>> bad = Example("a1", "p1", "I feel fine.", ("sad",), 0)
    >>> check(bad, "posts.jsonl, row 1")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    express_dataset.errors.Misfit: posts.jsonl, row 1: the text has no <mask>; ...
    """
    if not example.id.strip():
        raise DataError(f"{where}: the id is empty; give every row its own id")
    if not example.post_id.strip():
        raise DataError(
            f"{where}: the post_id is empty; give the post's pseudonym or leave the column out"
        )
    _check_masks(example, where)
    masks = len(example.labels)
    for name in _FLAGS:
        flags = _given(example, name)
        if flags and len(flags) != masks:
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


def _given(example: Example, name: str) -> tuple[bool, ...]:
    try:
        return cast(tuple[bool, ...], object.__getattribute__(example, name))
    except AttributeError:  # not yet found, which will be as many as there are masks
        return ()


def _check_masks(example: Example, where: str) -> None:
    if not example.text.strip():
        told = f"{where}: the text is empty; give the segment or remove the row"
        raise Misfit(told, "the text is missing")
    masks = example.text.count(MASK)
    if masks == 0:
        told = "put one where each label was taken out or remove the row"
        raise Misfit(f"{where}: the text has no {MASK}; {told}", "the text has no mask")
    if len(example.labels) != masks:
        raise Misfit(
            f"{where}: {len(example.labels)} labels for {masks} masks; "
            f"give one label for each {MASK}, in order",
            "labels and masks differ in number",
        )
    if not all(map(str.strip, example.labels)):
        place = [bool(label.strip()) for label in example.labels].index(False) + 1
        told = f"{where}: label {place} is empty; write the masked term or remove the row"
        raise Misfit(told, "a label is empty")


def fingerprint(examples: Iterable[Example]) -> str:
    """SHA-256 of the questions and their answers, in order: only id, text and labels count.

    >>> row = Example("a1", "p1", "I feel <mask>.", ("sad",), 0)
    >>> len(fingerprint([row]))
    64
    """
    digest, quoted = hashlib.sha256(), json.encoder.encode_basestring_ascii
    for example in examples:
        # What json.dumps([id, text, labels]) writes, which takes three times as long.
        labels = ", ".join(map(quoted, example.labels))
        line = f"[{quoted(example.id)}, {quoted(example.text)}, [{labels}]]\n"
        digest.update(line.encode())
    return digest.hexdigest()


def example_id(post_key: str, segment: int) -> str:
    """The id of an example: 16 hexadecimal digits for the post's pseudonym and the position.

    >>> example_id("p1", 0) == example_id("p1", 0)
    True
    """
    return hashlib.sha256(f"{post_key}\n{segment}".encode()).hexdigest()[:16]


def pseudonym(post_id: str) -> str:
    """A name for a post that does not show its public id.

    The hash has no secret key, so that everybody gets the same ids from the same file. It
    hides the Reddit id from a casual look only: who lists all Reddit ids can hash them and
    compare. Data built anew should use keyed pseudonyms, whose key stays with the maker.

    >>> len(pseudonym("abc123")), pseudonym("abc123") == pseudonym("abc123")
    (16, True)
    """
    return hashlib.sha256(f"express/post/{post_id}".encode()).hexdigest()[:16]
