"""The plain words that tables and pages share."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from express_dataset import MASK
from express_metric.terms import Reason

FIGURES = {
    "valid_rate": "answers that could be read and had one word per hidden word",
    "lexical_accuracy": "hidden words answered with the very word the person used",
    "vector_accuracy": "hidden words answered with a word of the same emotions and tone",
    "vector_f1": "overlap of the emotions of the two words",
    "dimension_accuracy": "share of the eight emotions and two tones that are equal",
}
FIGURE_NAMES = {
    "valid_rate": "readable",
    "lexical_accuracy": "same word",
    "vector_accuracy": "same emotions",
    "vector_f1": "overlap of emotions",
    "dimension_accuracy": "equal dimensions",
}


@dataclass(frozen=True)
class Rung:
    """A step of the ladder of how wrong an answer is, as a reader sees it."""

    sign: str
    name: str
    meaning: str


LADDER = {
    "same": Rung("=", "the same word", "The model says the very word that the person used."),
    "synonym": Rung(
        "\u2248",
        "another word for the same",
        "A different word for the same mix of emotions, or one as strong of the same family.",
    ),
    "shared": Rung(
        "~", "some emotion shared", "The two words have an emotion in common, but differ in others."
    ),
    "tone": Rung(
        "\u00b1",
        "only the tone shared",
        "Both words are good or both are bad, but they have no emotion in common.",
    ),
    "nothing": Rung("\u2260", "nothing shared", "Neither an emotion nor the tone is in common."),
    "reversed": Rung(
        "\u21c4",
        "tone reversed",
        "A good feeling is taken for a bad one, or a bad one for a good one.",
    ),
    "unknown": Rung(
        "?",
        "cannot be compared",
        "The list of words and their emotions gives none for one of the two.",
    ),
    "none": Rung("\u2013", "no answer that counts", "No word could be read from the answer."),
}
"""`express_metric.analysis.ladder.RUNGS` in words."""

LOW_VALID_RATE = 0.9

REASONS: dict[str, str] = {
    Reason.EMPTY: "no answer, a blank one, or an empty list",
    Reason.TRUNCATED: "cut off within its reasoning or its list",
    Reason.REFUSAL: "the model says that it will not or cannot answer",
    Reason.SENTENCE: "prose where words for emotions should be",
    Reason.NOT_A_TERM: "numbers, symbols or a piece of the prompt",
    Reason.NO_LIST: "no form that can be read as a list of words",
    Reason.WRONG_COUNT: "not as many words as are hidden",
    Reason.AMBIGUOUS: "several answers, none of which is chosen",
    Reason.TOO_LONG: "not asked: the prompt does not fit into what the model can read",
}
"""Why an answer is not scored."""


_WIDTHLESS = re.compile("[\u200b\u2060\ufeff\u00ad]")


def percent(value: float | None) -> str:
    """A share in percent with one decimal, or a dash where there is none.

    >>> percent(0.3528)
    '35.3%'
    >>> percent(None)
    '-'
    """
    return "-" if value is None else f"{value:.1%}"


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
    """What a reader should know before believing the figures.

    >>> whole = {"valid_rate": 1.0, "n_examples": 4}
    >>> advice({"paper": whole, "revised": whole})
    []
    >>> low = {"valid_rate": 0.25, "n_examples": 4, "invalid": {"no-list": 3}}
    >>> advice({"paper": whole, "revised": low})[0][:45]
    '3 of 4 answers could not be scored (valid rat'
    >>> cut = {"valid_rate": 0.9, "n_examples": 10, "invalid": {"truncated": 1}}
    >>> advice({"paper": whole, "revised": cut})[0][-68:]
    '--max-new-tokens, or with --reasoning-tokens where it reasons first.'
    """
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
