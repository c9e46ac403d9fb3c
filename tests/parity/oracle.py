"""The scores of both protocols once more, as plainly as they can be written: dicts and fractions.

Shares no code with the package: what the two have in common is only the definitions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

Vector = tuple[int, ...]
Words = Sequence[str]
ZERO: Vector = (0,) * 10


def f1(a: Vector, b: Vector) -> Fraction:
    """The binary F1 of two vectors, 0 where both are zero."""
    size = sum(a) + sum(b)
    return Fraction(2 * sum(x * y for x, y in zip(a, b, strict=True)), size) if size else Fraction()


def equal_share(a: Vector, b: Vector) -> Fraction:
    """The share of equal dimensions."""
    return Fraction(sum(x == y for x, y in zip(a, b, strict=True)), 10)


def paper(
    labels: Sequence[Words], answers: Sequence[Words | None], table: Mapping[str, Vector]
) -> dict[str, Fraction | None]:
    """The five figures of the protocol `paper`."""
    rows = [
        (row, answer)
        for row, answer in zip(labels, answers, strict=True)
        if answer is not None and len(answer) == len(row)
    ]
    masks = sum(map(len, labels))
    pairs = [pair for row, answer in rows for pair in zip(row, answer, strict=True)]
    vectors = [(table.get(a, ZERO), table.get(b, ZERO)) for a, b in pairs]
    return {
        "valid_rate": ratio(len(rows), len(labels)),
        "lexical_accuracy": ratio(sum(a == b for a, b in pairs), masks),
        "vector_accuracy": ratio(sum(a == b for a, b in vectors), masks),
        "vector_f1": ratio(sum((f1(a, b) for a, b in vectors), Fraction()), len(pairs)),
        "dimension_accuracy": ratio(
            sum((equal_share(a, b) for a, b in vectors), Fraction()), len(pairs)
        ),
    }


def revised(
    labels: Sequence[Words], answers: Sequence[Words | None], table: Mapping[str, Vector]
) -> dict[str, Fraction | None]:
    """The five figures of the protocol `revised`."""
    valid, masks = 0, 0
    sums = {
        "lexical_accuracy": Fraction(),
        "vector_accuracy": Fraction(),
        "vector_f1": Fraction(),
        "dimension_accuracy": Fraction(),
    }
    for row, answer in zip(labels, answers, strict=True):
        masks += len(row)
        if answer is None or len(answer) != len(row):
            continue
        valid += 1
        for label, word in zip(row, answer, strict=True):
            a, b = table.get(label, ZERO), table.get(word, ZERO)
            if label == word:
                for key in sums:
                    sums[key] += 1
            elif any(a) and any(b):
                sums["vector_accuracy"] += a == b
                sums["vector_f1"] += f1(a, b)
                sums["dimension_accuracy"] += equal_share(a, b)
    figures = {key: ratio(total, masks) for key, total in sums.items()}
    return {"valid_rate": ratio(valid, len(labels)), **figures}


def ratio(part: Fraction | int, whole: int) -> Fraction | None:
    """A fraction, or None where there is nothing to divide by."""
    return Fraction(part) / whole if whole else None
