"""Counts per example first, then sums, then figures.

Every count is a whole number, so sums are exact: neither the order of the examples nor the number
of processes can change a figure. The F1 of one mask is a fraction with a denominator from 1 to 20
and is therefore counted in units of 1 / lcm(1..20).
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import MetricError
from .lexicon import Lexicon, normal
from .parsing import Protocol, Reading, check_protocol, read_terms
from .plutchik import DIMENSIONS
from .terms import Reason

F1_UNIT = math.lcm(*range(1, 2 * len(DIMENSIONS) + 1))
FIGURES = ("valid_rate", "lexical_accuracy", "vector_accuracy", "vector_f1", "dimension_accuracy")
_WIDTH = len(DIMENSIONS)
_REASONS = tuple(Reason)
_ONES = np.array([number.bit_count() for number in range(2**_WIDTH)], dtype=np.int64)

Ints = NDArray[np.int64]
Counts = dict[str, Ints]
Totals = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Scores:
    """The scores of one protocol."""

    protocol: Protocol  # `paper` or `revised`
    totals: Totals  # the sums over all examples; `total` says what of
    # the counts per example, one row each; None where only sums were given
    counts: Counts | None = dataclasses.field(default=None, repr=False)

    @property
    def n_examples(self) -> int:
        """The number of examples."""
        return int(self.totals["examples"])

    @property
    def n_masks(self) -> int:
        """The number of masks of all examples."""
        return int(self.totals["masks"])

    @property
    def figures(self) -> dict[str, float | None]:
        """The five figures, each in 0..1, or None where there is nothing to divide by."""
        total = self.totals
        # `paper` takes the mean over the masks of valid rows where `revised` takes all masks.
        masks = total["masks" if self.protocol == "revised" else "valid_masks"]
        return {
            "valid_rate": _share(total["valid"], total["examples"]),
            "lexical_accuracy": _share(total["lexical"], total["masks"]),
            "vector_accuracy": _share(total["vector"], total["masks"]),
            "vector_f1": _share(total["f1"], masks * F1_UNIT),
            "dimension_accuracy": _share(total["dimension"], masks * _WIDTH),
        }

    @property
    def dimensions(self) -> dict[str, dict[str, float | int | None]]:
        """For each dimension tp, fp, fn, support, precision, recall and F1 over the masks.

        Under ``revised`` the dimensions of the labels of invalid rows are missed (fn); under
        ``paper`` invalid rows are left out, as they are from its F1.
        """
        table: dict[str, dict[str, float | int | None]] = {}
        for place, name in enumerate(DIMENSIONS):
            tp, fp, fn = (int(self.totals[key][place]) for key in ("tp", "fp", "fn"))
            table[name] = {
                "tp": tp,
                "fp": fp,
                "fn": fn,
                "support": tp + fn,
                "precision": _share(tp, tp + fp),
                "recall": _share(tp, tp + fn),
                "f1": _share(2 * tp, 2 * tp + fp + fn),
            }
        return table

    @property
    def coverage(self) -> dict[str, dict[str, float | int | None]]:
        """How many words the lexicon knows, of the labels and of the predictions of valid rows.

        ``known`` is the share that the lexicon has, ``nonzero`` the share with a vector that is not
        all zero: only these can earn anything but an exact match.
        """
        return {
            side: {
                "tokens": int(self.totals[tokens]),
                "known": _share(self.totals[f"{prefix}_known"], self.totals[tokens]),
                "nonzero": _share(self.totals[f"{prefix}_nonzero"], self.totals[tokens]),
            }
            for side, prefix, tokens in (
                ("labels", "label", "masks"),
                ("predictions", "prediction", "valid_masks"),
            )
        }

    @property
    def invalid(self) -> dict[str, int]:
        """How many rows are invalid for each reason; reasons that did not occur are left out."""
        found = zip(_REASONS, self.totals["invalid"], strict=True)
        return {str(reason): int(number) for reason, number in found if number}

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the counts per example, ready for JSON; the figures on top."""
        return {
            **self.figures,
            "protocol": self.protocol,
            "n_examples": self.n_examples,
            "n_masks": self.n_masks,
            "invalid": self.invalid,
            "coverage": self.coverage,
            "dimensions": self.dimensions,
        }


def score(
    references: Sequence[Sequence[str]],
    predictions: Sequence[Reading | Sequence[str] | None],
    lexicon: Lexicon,
    protocol: Protocol,
) -> Scores:
    """Score predictions against references.

    Args:
        references: for each example its labels, at least one.
        predictions: for each example a `Reading`, or a list of terms, or None for no answer.
        lexicon: where vectors come from.
        protocol: ``paper`` or ``revised``; a `Reading` must have been read by the same.

    Returns:
        The scores; without examples every figure is None.

    Raises:
        MetricError: where the two differ in length, or a row is no list of words.

    >>> from express_metric import load_lexicon
    >>> nrc = load_lexicon("nrc")
    >>> score([["sad"]], [["Sad"]], nrc, "revised").figures["vector_f1"]
    1.0
    """
    counts = count(references, predictions, lexicon, protocol)
    return Scores(check_protocol(protocol), total(counts), counts)


def merge(shards: Iterable[Totals]) -> Totals:
    """Add the totals of several shards; the result is that of all their examples at once.

    >>> merge([{"examples": 1, "tp": [1, 0]}, {"examples": 2, "tp": [0, 1]}])
    {'examples': 3, 'tp': [1, 1]}
    """
    parts = list(shards)
    if not parts:
        raise MetricError("there are no totals to merge")
    return {
        key: [sum(column) for column in zip(*(part[key] for part in parts), strict=True)]
        if isinstance(first, list)
        else sum(part[key] for part in parts)
        for key, first in parts[0].items()
    }


def total(counts: Counts) -> Totals:
    """Sum counts per example over all examples, exactly.

    Returns:
        Whole numbers: ``examples``, ``masks``, ``valid``, ``valid_masks`` (masks of valid rows),
        ``lexical`` and ``vector`` (masks that match), ``f1`` (in units of 1 / `F1_UNIT`),
        ``dimension`` (equal dimensions), ``label_known``, ``label_nonzero``, ``prediction_known``,
        ``prediction_nonzero``; and lists: ``tp``, ``fp``, ``fn`` (by dimension), ``invalid`` (by
        reason).

    >>> import numpy as np
    >>> total({"masks": np.array([1, 2]), "tp": np.array([[1, 0], [1, 1]])})
    {'masks': 3, 'tp': [2, 1]}
    """
    return {key: values.sum(axis=0).tolist() for key, values in counts.items()}


def count(
    references: Sequence[Sequence[str]],
    predictions: Sequence[Reading | Sequence[str] | None],
    lexicon: Lexicon,
    protocol: Protocol,
) -> Counts:
    """Count what `total` sums, per example; arguments and errors as for `score`.

    Returns:
        For each name an int64 array of shape (examples,), (examples, 10) for ``tp``, ``fp`` and
        ``fn``, (examples, reasons) for ``invalid``.
    """
    check_protocol(protocol)
    labels = _flat_labels(references, predictions)
    readings = [_reading(found, protocol, row) for row, found in enumerate(predictions)]
    masks = np.fromiter(map(len, references), np.int64, len(references))
    answered = [() if found.terms is None else found.terms for found in readings]
    valid = np.fromiter(map(len, answered), np.int64, len(answered)) == masks
    codes = _Codes(protocol)
    known = {word: normal(word) for word in set(labels)}
    label = np.fromiter((codes[known[word]] for word in labels), np.int64, len(labels))
    here = np.repeat(valid, masks)
    answer = np.full(len(labels), -1, np.int64)
    chosen = itertools.chain.from_iterable(itertools.compress(answered, valid.tolist()))
    answer[here] = np.fromiter(map(codes.__getitem__, chosen), np.int64, int(here.sum()))
    per_mask = _match(label, answer, codes.terms, lexicon, protocol)
    starts = np.concatenate(([0], np.cumsum(masks)[:-1])) if len(masks) else masks
    counts: Counts = {
        "examples": np.ones(len(masks), np.int64),
        "masks": masks,
        "valid": valid.astype(np.int64),
        "valid_masks": masks * valid,
    }
    for key, values in per_mask.items():
        counts[key] = np.add.reduceat(values, starts, axis=0) if len(masks) else values
    counts["invalid"] = _invalid(readings, valid)
    return counts


def _match(
    label: Ints, answer: Ints, terms: Iterable[str], lexicon: Lexicon, protocol: Protocol
) -> Counts:
    """Compare label and answer of every mask; both are codes of terms, -1 where no answer is."""
    rows = lexicon.ids(terms, exact=protocol == "paper")
    # A row of zeros at the end serves the terms that the lexicon lacks and missing answers.
    weights = (1 << np.arange(_WIDTH)).astype(np.int64)
    bits = np.append(lexicon.matrix.astype(np.int64) @ weights, 0)[np.append(rows, -1)]
    known = np.append(rows >= 0, False)
    valid = answer >= 0
    a, b = bits[label], bits[answer]
    same = label == answer
    comparable = valid if protocol == "paper" else valid & (a > 0) & (b > 0)
    both, either = _ONES[a & b], _ONES[a] + _ONES[b]
    f1 = np.where(comparable, 2 * both * F1_UNIT // np.maximum(either, 1), 0)
    equal = np.where(comparable, _WIDTH - _ONES[a ^ b], 0)
    if protocol == "revised":
        f1, equal = np.where(same, F1_UNIT, f1), np.where(same, _WIDTH, equal)
    counted = valid if protocol == "paper" else np.ones(len(label), bool)
    ticks = {"tp": a & b, "fp": b & ~a, "fn": np.where(counted, a & ~b, 0)}
    return {
        "lexical": same.astype(np.int64),
        "vector": ((comparable & (a == b)) | same).astype(np.int64),
        "f1": f1,
        "dimension": equal,
        "label_known": known[label].astype(np.int64),
        "label_nonzero": (a > 0).astype(np.int64),
        "prediction_known": known[answer].astype(np.int64),
        "prediction_nonzero": (b > 0).astype(np.int64),
        **{key: (flags[:, None] & weights > 0).astype(np.int64) for key, flags in ticks.items()},
    }


def _invalid(readings: Sequence[Reading], valid: NDArray[np.bool_]) -> Ints:
    table = np.zeros((len(readings), len(_REASONS)), np.int64)
    place = {reason: column for column, reason in enumerate(_REASONS)}
    for row in np.flatnonzero(~valid).tolist():
        table[row, place[readings[row].reason or Reason.WRONG_COUNT]] = 1
    return table


def _reading(found: Reading | Sequence[str] | None, protocol: Protocol, row: int) -> Reading:
    if isinstance(found, Reading):
        return found
    listed = isinstance(found, Sequence) and not isinstance(found, str)
    if found is not None and not (listed and all(isinstance(word, str) for word in found)):
        raise MetricError(
            f"predictions, row {row}: {found!r} is no list of words; read raw text with read()"
        )
    return read_terms(found, protocol)


# A tuple or a list says so faster than an abstract class finds out.
_LISTS = (tuple, list, Sequence)


def _flat_labels(references: Sequence[Sequence[str]], predictions: Sequence[object]) -> list[str]:
    if len(references) != len(predictions):
        raise MetricError(
            f"there are {len(references)} references and {len(predictions)} predictions: "
            f"row {min(len(references), len(predictions))} has only one of them"
        )
    for row, labels in enumerate(references):
        if isinstance(labels, str) or not isinstance(labels, _LISTS) or not labels:
            raise MetricError(f"references, row {row}: {labels!r} is no list of at least one word")
    flat = list(itertools.chain.from_iterable(references))
    if not (all(isinstance(word, str) for word in flat) and all(map(str.strip, set(flat)))):
        row = next(
            row
            for row, labels in enumerate(references)
            if not all(isinstance(word, str) and word.strip() for word in labels)
        )
        raise MetricError(f"references, row {row}: {references[row]!r} holds an empty label")
    return flat


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def compared(term: str, protocol: Protocol) -> str:
    """The form in which an answer is compared: `normal`, or under ``paper`` in lower case only."""
    return term.lower() if protocol == "paper" else normal(term)


class _Codes(dict[str, int]):
    """Numbers for terms: one number for all spellings of a term that compare as equal."""

    def __init__(self, protocol: Protocol) -> None:
        super().__init__()
        self.terms: dict[str, int] = {}
        self._protocol = protocol

    def __missing__(self, term: str) -> int:
        key = compared(term, self._protocol)
        number = self[term] = self.terms.setdefault(key, len(self.terms))
        return number
