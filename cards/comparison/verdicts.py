"""A finding of the paper and its verdict: what one run, or one pair, says, and all together."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

from express_metric.analysis.intervals import Interval

FIGURE = "lexical_accuracy"
ALSO = {"vector_accuracy": "same vector", "vector_f1": "F1"}
"""Figures that what is said of exact words is checked on as well, and what they are called."""
CONFIRMED, REFUTED, UNDECIDED = "confirmed", "refuted", "undecided"
Unit = Literal["percent", "points", "bits"]


@dataclasses.dataclass(frozen=True)
class Part:
    """What one run, or one pair of runs, says of a finding."""

    runs: str
    figure: Interval
    p_value: float | None
    verdict: str
    smallest: float | None = None  # the least change that so many posts can show


@dataclasses.dataclass(frozen=True)
class Finding:
    """A finding of the paper and what the runs say of it.

    >>> part = Part("a", Interval(0.1, 0.05, 0.2, "bca"), None, CONFIRMED)
    >>> Finding("low", "All are low.", "accuracy", "percent", (part, part)).verdict
    'confirmed'
    >>> other = dataclasses.replace(part, verdict=UNDECIDED)
    >>> Finding("low", "All are low.", "accuracy", "percent", (part, other)).verdict
    'undecided'
    """

    name: str  # a short name
    claim: str  # the finding in a sentence
    measure: str  # what the figure of each part is
    unit: Unit  # of the figure: percent, points (a difference of shares) or bits
    parts: tuple[Part, ...]  # at least one
    sign: int = 1  # 1 where the claim is that figures are large, -1 where that they are small
    # the same finding on the figures of `ALSO`, for one on exact words
    also: Mapping[str, Finding] = dataclasses.field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """Confirmed or refuted where all parts are; else undecided."""
        verdicts = {part.verdict for part in self.parts}
        return verdicts.pop() if len(verdicts) == 1 else UNDECIDED

    @property
    def decisive(self) -> Part:
        """The part that is hardest on the claim: its figure stands for the whole."""
        rank = {REFUTED: 0, UNDECIDED: 1, CONFIRMED: 2}
        return min(
            self.parts, key=lambda part: (rank[part.verdict], self.sign * (part.figure.value or 0))
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON; figure and interval are those of `decisive`."""
        shown = self.decisive.figure
        return {
            "name": self.name,
            "claim": self.claim,
            "measure": self.measure,
            "unit": self.unit,
            "verdict": self.verdict,
            "figure": shown.value,
            "low": shown.low,
            "high": shown.high,
            "smallest": self.decisive.smallest,
            "parts": [dataclasses.asdict(part) for part in self.parts],
            "also": {
                figure: {k: v for k, v in one.to_dict().items() if k not in ("name", "also")}
                for figure, one in self.also.items()
            },
        }


def measured(finding: Mapping[str, Any]) -> str:
    """How a finding was measured, with the verdicts on further figures; from its `to_dict`."""
    also = finding.get("also") or {}
    told = [f"{ALSO[figure]}: {one['verdict']}" for figure, one in also.items()]
    return "; ".join([finding["measure"], *([", ".join(told)] if told else [])])
