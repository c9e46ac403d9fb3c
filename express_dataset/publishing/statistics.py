"""What a dataset holds, in numbers, and whether it is fit to be published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from statistics import fmean, median, stdev
from typing import Any

from ..construct.terms import terms
from ..errors import DataError
from ..flags import MASK
from ..grouping import groups_of
from ..schema import Example
from ..sources import Loaded
from ..splits import SPLITS, normalised

CHECKS = {
    "texts_in_two_splits": "texts that stand in more than one split",
    "posts_in_two_splits": "posts that stand in more than one split",
    "ids_used_twice": "ids that are used more than once",
    "empty_texts": "rows without a text",
    "masks_unlike_labels": "rows whose masks and labels differ in number",
}
"""What must be 0 in a dataset that is published."""

LENGTH_STEP = 50
"""Words in one bar of the histogram of lengths."""


def statistics(parts: Mapping[str, Loaded], group_by: Sequence[str] = ()) -> dict[str, Any]:
    """Count everything that a card or a page on the data tells.

    Returns:
        A dictionary that JSON can hold: ``data``, ``name``, ``version``, ``license`` and
        ``fingerprint``; ``splits``, the figures of each split and of "all" (see ``of_rows``);
        ``labels`` and ``subreddits``, counts in falling order; ``lengths``, segments by their
        words in steps of ``LENGTH_STEP``; ``groups``, for ``topic`` and each column of `group_by`
        segments by its values in falling order, where it has any; ``masks_per_segment``;
        ``years``; ``adult``; ``left_out``, rows that cannot be examples;
        ``labels_not_in_term_list``; ``labels_of_test_not_in_train``; ``repeated_texts`` (rows
        that copy a row of their own split); and ``checks``, counts that must be 0.
    """
    whole = parts["all"]
    rows = whole.examples
    labels = Counter(label for row in rows for label in row.labels)
    known = terms()
    of_train, of_test = (
        Counter(label for row in parts[name].examples for label in row.labels)
        for name in ("train", "test")
    )
    unseen = {label: count for label, count in of_test.items() if label not in of_train}
    return {
        "data": whole.data,
        "name": whole.name,
        "version": whole.version,
        "license": whole.license,
        "fingerprint": whole.fingerprint,
        "notes": list(whole.notes),
        "splits": {name: of_rows(parts[name].examples) for name in (*SPLITS, "all")},
        "labels": _falling(labels),
        "labels_not_in_term_list": _falling(
            {label: count for label, count in labels.items() if label.lower() not in known}
        ),
        "labels_of_test_not_in_train": _falling(unseen) if of_train else {},
        "lengths": _rising(len(row.text.split()) // LENGTH_STEP * LENGTH_STEP for row in rows),
        "masks_per_segment": _rising(len(row.labels) for row in rows),
        "subreddits": _falling(Counter(row.subreddit for row in rows if row.subreddit)),
        "groups": {
            column: _falling(Counter(filter(None, found)))
            for column, found in groups_of(rows, group_by).items()
        },
        "left_out": len(whole.left_out),
        "years": _rising(_year(row.created_utc) for row in rows if row.created_utc is not None),
        "adult": {
            name: sum(row.over_18 is value for row in rows)
            for name, value in (("yes", True), ("no", False), ("unknown", None))
        },
        "repeated_texts": sum(
            len(texts) - len(set(texts))
            for name in SPLITS
            for texts in [[normalised(row.text) for row in parts[name].examples]]
        ),
        "checks": checks({name: parts[name].examples for name in SPLITS}),
    }


def of_rows(rows: Sequence[Example]) -> dict[str, Any]:
    """The figures of some rows.

    Returns:
        Counts of ``examples``, ``posts``, ``masks``, ``distinct_labels``, and of ``negated``,
        ``leaked`` and ``leaked_form`` masks, these three also as a share of the masks; and of a
        segment's ``words``, a mask being a word, and of its masks (``masks_each``) the least,
        quartiles, most, mean and standard deviation (of a sample), None where there are no rows.

    >>> row = Example("a", "p", "I feel <mask>.", ("sad",), 0, (False,), (True,))
    >>> of_rows([row])["leaked_share"], of_rows([row])["words"]["median"]
    (1.0, 3)
    """
    masks = sum(len(row.labels) for row in rows)
    flags = {
        "negated": sum(sum(row.negated) for row in rows),
        "leaked": sum(sum(row.leaked) for row in rows),
        "leaked_form": sum(sum(row.leaked_form) for row in rows),
    }
    return {
        "examples": len(rows),
        "posts": len({row.post_id for row in rows}),
        "masks": masks,
        "distinct_labels": len({label for row in rows for label in row.labels}),
        **flags,
        **{f"{name}_share": count / masks if masks else None for name, count in flags.items()},
        "words": _spread(sorted(len(row.text.split()) for row in rows)),
        "masks_each": _spread(sorted(len(row.labels) for row in rows)),
    }


def checks(splits: Mapping[str, Sequence[Example]]) -> dict[str, int]:
    """A count for each name in ``CHECKS``; all are 0 in data that can be published."""
    rows = [row for examples in splits.values() for row in examples]
    texts = [{normalised(row.text) for row in examples} for examples in splits.values()]
    posts = [{row.post_id for row in examples} for examples in splits.values()]
    return {
        "texts_in_two_splits": _shared(texts),
        "posts_in_two_splits": _shared(posts),
        "ids_used_twice": len(rows) - len({row.id for row in rows}),
        "empty_texts": sum(not row.text.replace(MASK, "").strip() for row in rows),
        "masks_unlike_labels": sum(row.text.count(MASK) != len(row.labels) for row in rows),
    }


def refuse_unfit(found: Mapping[str, Any], source: str) -> None:
    """Refuse data that must not be published."""
    failed = [f"{CHECKS[name]}: {count}" for name, count in found["checks"].items() if count]
    if failed:
        raise DataError(
            f"{source} cannot be published: {'; '.join(failed)}; mend or remove these rows"
        )


def _shared(sets: Iterable[set[str]]) -> int:
    counts = Counter(value for values in sets for value in values)
    return sum(count > 1 for count in counts.values())


def _falling(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _rising(values: Iterable[int]) -> dict[str, int]:
    # The keys are text, so that JSON gives back what was put in.
    return {str(value): count for value, count in sorted(Counter(values).items())}


def _year(seconds: int) -> int:
    return datetime.fromtimestamp(seconds, UTC).year


def _spread(ordered: Sequence[int]) -> dict[str, float] | None:
    if not ordered:
        return None
    last = len(ordered) - 1
    marks = {"min": 0.0, "q1": 0.25, "median": 0.5, "q3": 0.75, "max": 1.0}
    found: dict[str, float] = {name: ordered[round(share * last)] for name, share in marks.items()}
    found["median"] = median(ordered)  # between the two in the middle of an even number
    found["mean"] = round(fmean(ordered), 2)
    found["sd"] = round(stdev(ordered), 2) if last else 0.0
    return found
