"""The plain words that tables and pages share."""

from __future__ import annotations

import html
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from express_dataset import MASK
from express_metric.terms import Reason

_WORDS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
FIGURES: dict[str, str] = _WORDS["figures"]
FIGURE_NAMES: dict[str, str] = _WORDS["figure_names"]


@dataclass(frozen=True)
class Rung:
    """A step of the ladder of how wrong an answer is, as a reader sees it."""

    sign: str
    name: str
    meaning: str


LADDER = {name: Rung(**told) for name, told in _WORDS["ladder"].items()}
"""`express_metric.analysis.ladder.RUNGS` in words."""

LOW_VALID_RATE = 0.9

REASONS: dict[str, str] = _WORDS["reasons"]
"""Why an answer is not scored."""

_WIDTHLESS = re.compile("[\u200b\u2060\ufeff\u00ad]")


def percent(value: float | None, digits: int = 1) -> str:
    """A share in percent, or a dash where there is none.

    >>> percent(0.3528), percent(None)
    ('35.3%', '-')
    """
    return "-" if value is None else f"{value:.{digits}%}"


def three_digits(value: float | None) -> str:
    """A figure as the paper prints it, or a dash where there is none.

    >>> three_digits(2 / 3), three_digits(None)
    ('0.667', '-')
    """
    return "-" if value is None else f"{value:.3f}"


PLACES = {"top1": "top 1", "top3": "top 3", "top5": "top 5", "mrr": "mean 1/place (MRR)"}
"""The figures of a ranking."""

OTHERS = {
    "empty": "other masks were empty",
    "picks": "earlier masks held the model's own likeliest terms",
}
"""What stood at the other masks of a ranking."""


def places(rank: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Each figure of a ranking as it is, and with each term's prior taken out.

    >>> found = {"top1": 0.5, "top3": 0.5, "top5": 1, "mrr": 0.625, "without_prior": None}
    >>> places(found)[0]
    ('top 1', '50.0%', '-')
    """
    apart = rank.get("without_prior") or {}
    return [(said, percent(rank[key]), percent(apart.get(key))) for key, said in PLACES.items()]


def of_list(rank: Mapping[str, Any], others: str | None = None) -> str:
    """What a ranking's figures are of: its list's share, what was left out, the other masks.

    >>> rank = {"masks": 40, "in_vocabulary": 34, "left_out": 4, "share": 0.012}
    >>> of_list(rank)
    "Hidden words with a place: 34 of 40 (4 are terms of several tokens, which a masked model \
cannot rank); the others count as never found. Probabilities are renormalised: the list has 1.2% \
of the model's own probability."
    """
    left = rank.get("left_out") or 0
    why = f" ({left:,} are terms of several tokens, which a masked model cannot rank)"
    share = rank.get("share")
    told = "Probabilities are renormalised within the list"
    if share is not None:
        of = percent(share) if share >= 0.001 else f"{100 * share:.2g}%"
        told = f"Probabilities are renormalised: the list has {of} of the model's own probability"
    seen = f"; {OTHERS[others]}" if others in OTHERS else ""
    return (
        f"Hidden words with a place: {rank['in_vocabulary']:,} of {rank['masks']:,}"
        f"{why if left else ''}; the others count as never found. {told}{seen}."
    )


def times(number: int) -> str:
    """How often, in words."""
    return "once" if number == 1 else f"{number:,} times"


def short(text: str, most: int) -> str:
    """Cut a text that is too long for its place.

    >>> short("abcdef", 4), short("abcd", 4)
    ('abc\u2026', 'abcd')
    """
    return text if len(text) <= most else f"{text[: most - 1]}\u2026"


def readable(text: str) -> str:
    """A post as people read it: entities as the marks they stand for, nothing without width.

    >>> readable("Tom &amp;amp; I&#x200B; felt <mask> &lt;3")
    'Tom & I felt <mask> <3'
    >>> readable("I typed &lt;mask&gt; and felt <mask>.")
    'I typed (mask) and felt <mask>.'
    """
    parts = (html.unescape(html.unescape(part)) for part in text.split(MASK))
    # A mask that only now becomes one is the writer's own, and hides no word.
    return MASK.join(_WIDTHLESS.sub("", part).replace(MASK, "(mask)") for part in parts)


def advice(scores: dict[str, Any]) -> list[str]:
    """What a reader should know before believing the figures."""
    revised = scores["revised"]
    rate = revised["valid_rate"]
    cut = revised.get("invalid", {}).get(Reason.TRUNCATED, 0)
    told = [
        f"{cut} of {revised['n_examples']} answers were cut off before they ended (truncated): let "
        "the model write more with --max-new-tokens, or with --reasoning-tokens where it reasons "
        "first."
    ]
    told = told if cut else []
    if rate is None or rate >= LOW_VALID_RATE:
        return told
    failed = sum(revised["invalid"].values())
    return [
        *told,
        f"{failed} of {revised['n_examples']} answers could not be scored (valid rate "
        f"{percent(rate)}): they were no list of words, or had the wrong number of them. Each of "
        "their hidden words counts as wrong, so the accuracies tell first that the model does not "
        "keep to the form asked for, and only then what it knows of emotions. This is usual for "
        "very small models. The answers stand in predictions.jsonl as they were written.",
    ]
