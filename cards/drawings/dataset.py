"""Figures of a dataset: bars, columns, and the curve of label frequencies."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from express_dataset.publishing.statistics import LENGTH_STEP

from ..words import percent
from .svg import WIDTH, Drawn, Figure, across, bar, key, named, picture, rect, stack, tag, up

BASE, TOP, SIDE = 190.0, 20.0, 38.0  # bottom, top and left side of columns
MOST_BARS = 20
MOST_COLUMNS = 12
_STATES = (
    ("s0", "vector", "with a vector"),
    ("s4", "zero", "all zero"),
    ("s1", "unknown", "not in it"),
)

Count = tuple[str, int]


def all_figures(found: Mapping[str, Any]) -> list[Figure]:
    """Every figure that the statistics of a dataset, with `coverage`, have something for."""
    labels, whole = list(found["labels"].items()), found["splits"]["all"]
    masks = ("Masks per segment", "How many emotion words are masked in one segment.")
    lengths = ("Lengths of segments", _lengths(whole["words"]))
    figures = [
        bars("labels", "Labels", labels, "masks", whole["masks"]),
        rank_curve("ranks", [count for _, count in labels]),
        columns("lengths", lengths, folded_lengths(found["lengths"]), "words"),
        columns("masks", masks, folded_masks(found["masks_per_segment"]), "masks"),
        flags("flags", found["splits"]),
        dimensions("dimensions", found["coverage"]),
        states("coverage", found["coverage"]),
    ]
    if found["subreddits"]:
        rows = list(found["subreddits"].items())
        total = sum(found["subreddits"].values())
        figures.append(bars("communities", "Communities", rows, "segments", total))
    for column, counts in found["groups"].items():
        rows, total = list(counts.items()), sum(counts.values())
        figures.append(
            bars("by-" + re.sub(r"\W+", "-", column), f"By {column}", rows, "segments", total)
        )
    if found["years"]:
        years = ("Years", "Segments by the year in which the post was written.")
        figures.append(columns("years", years, list(found["years"].items()), "year"))
    return figures


def bars(key: str, title: str, rows: Sequence[Count], of: str, total: int) -> Figure:
    """The most frequent of what is counted as lying bars, with their share of all."""
    shown = rows[:MOST_BARS]
    most = max(count for _, count in shown)
    parts = [
        bar(
            name,
            count / most,
            6 + 17 * place,
            12,
            "s0",
            f"{count:,} \u00b7 {percent(count / total)}",
        )
        for place, (name, count) in enumerate(shown)
    ]
    which = (
        f"The {MOST_BARS} most frequent of {len(rows)}"
        if len(rows) > MOST_BARS
        else f"All {len(rows)}"
    )
    return Figure(
        key,
        title,
        f"{which} {title.lower()}, by {of}.",
        picture(title, 12 + 17 * len(shown), *itertools.chain.from_iterable(parts)),
        ("", "count", "share"),
        _counted(shown, total),
    )


def columns(key: str, text: tuple[str, str], rows: Sequence[Count], unit: str) -> Figure:
    """Counts as standing columns, in the order given.

    >>> columns("masks", ("Masks", ""), [("1", 3), ("2", 1)], "masks").rows
    [('1', '3', '75.0%'), ('2', '1', '25.0%')]
    """
    most, total = max(count for _, count in rows), sum(count for _, count in rows)
    step = _step(most)
    ceiling = math.ceil(most / step) * step
    wide = (WIDTH - SIDE - 6) / len(rows)

    def height(count: float) -> float:
        return (BASE - TOP) * count / ceiling

    lines = [(line, f"{line:,}") for line in range(0, ceiling + 1, step)]
    parts = up(lines, lambda count: BASE - height(count), SIDE, WIDTH - 6)
    for place, (name, count) in enumerate(rows):
        x = SIDE + wide * place
        said = f"{name} {unit}: {count} ({percent(count / total)})"
        tall = height(count)
        parts.append(rect(x + wide * 0.08, BASE - tall, wide * 0.84, tall, "s0", said))
        if len(rows) <= 14 or place % 2 == 0:
            parts.append(_below(name, x + wide / 2))
    parts += _axes(unit, "segments", WIDTH - 6)
    cells = _counted(rows, total)
    return Figure(
        key, *text, picture(text[0], BASE + 38, *parts), (unit, "segments", "share"), cells
    )


def rank_curve(key: str, counts: Sequence[int]) -> Figure:
    """How fast labels become rare: count against rank, both axes logarithmic.

    >>> rank_curve("ranks", [8, 4, 1]).rows
    [('1', '8', '61.5%'), ('2', '4', '92.3%'), ('3', '1', '100.0%')]
    """
    decades = [max(1, math.ceil(math.log10(most))) for most in (len(counts), max(counts))]
    right = WIDTH - 14

    def x(rank: float) -> float:
        return SIDE + (right - SIDE) * math.log10(rank) / decades[0]

    def y(count: float) -> float:
        return BASE - (BASE - TOP) * math.log10(count) / decades[1]

    powers = [[10.0**power for power in range(most + 1)] for most in decades]
    parts = [
        *across([(power, "") for power in powers[0]], x, TOP, BASE),
        *(_below(f"{power:,.0f}", x(power)) for power in powers[0]),
        *up([(power, f"{power:,.0f}") for power in powers[1]], y, SIDE, right),
        *(
            tag("circle", cx=x(rank), cy=y(count), r=2.5, cls="s0")
            for rank, count in enumerate(counts, 1)
        ),
        *_axes("rank", "masks", right),
    ]
    total, sums = sum(counts), list(itertools.accumulate(counts))
    half = next((rank for rank, so_far in enumerate(sums, 1) if 2 * so_far >= total), 0)
    first = "The first label makes" if half == 1 else f"The first {half} labels make"
    return Figure(
        key,
        "How fast labels become rare",
        f"Masks of each label against its rank, both axes logarithmic. {first} half of all masks; "
        f"{sum(count == 1 for count in counts)} labels occur once.",
        picture("Masks of each label against its rank", BASE + 38, *parts),
        ("rank", "masks", "share up to here"),
        [
            (str(rank), str(count), percent(so_far / total))
            for rank, (count, so_far) in enumerate(zip(counts, sums, strict=True), 1)
        ],
    )


def flags(name: str, splits: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Shares of denied and leaked masks, for each split.

    >>> one = {"examples": 1, "masks": 4, "negated_share": 0.25, "leaked_share": 0.0}
    >>> flags("flags", {"test": one}).rows
    [('test', '25.0%', '0.0%')]
    """
    kinds = (("s0", "negated_share"), ("s1", "leaked_share"))
    shares = {
        split: [one[kind] for _, kind in kinds] for split, one in splits.items() if one["examples"]
    }
    top = max(map(max, shares.values())) or 1.0
    parts = key([("s0", "denied"), ("s1", "leaked")], 4)
    for place, (split, both) in enumerate(shares.items()):
        y = 30.0 + 40 * place
        parts.append(named(split, 114, y + 18, anchor="end"))
        for line, share in enumerate(both):
            parts += bar("", share / top, y + 14 * line, 11, f"s{line}", percent(share))
    return Figure(
        name,
        "Denied and leaked masks",
        "Share of the masks whose feeling the writer denies (\u201cnot \u2026\u201d), and whose "
        "word also stands unmasked in the same text.",
        picture("Shares of denied and leaked masks by split", 30 + 40 * len(shares), *parts),
        ("split", "denied", "leaked"),
        [(split, *map(percent, both)) for split, both in shares.items()],
    )


def dimensions(key: str, coverage: Mapping[str, Any]) -> Figure:
    """Share of the masks whose label carries each of the ten dimensions.

    >>> dimensions("d", {"lexicon": "nrc", "dimensions": {"joy": 0.5}}).rows
    [('joy', '50.0%')]
    """
    rows = [(name, share or 0.0) for name, share in coverage["dimensions"].items()]
    top = max(share for _, share in rows) or 1.0
    parts = [
        bar(name, share / top, 6 + 20 * place, 14, "s2", percent(share))
        for place, (name, share) in enumerate(rows)
    ]
    return Figure(
        key,
        "The ten dimensions",
        "Share of the masks whose label carries the emotion or the sentiment, by the lexicon "
        f"{coverage['lexicon']}.",
        picture(
            "Share of masks that carry each dimension",
            10 + 20 * len(rows),
            *itertools.chain.from_iterable(parts),
        ),
        ("dimension", "masks"),
        [(name, percent(share)) for name, share in rows],
    )


def states(name: str, coverage: Mapping[str, Any]) -> Figure:
    """What the lexicon knows of the labels, by masks and by distinct labels.

    >>> half = {"vector": 1, "zero": 0, "unknown": 1}
    >>> found = states("c", {"lexicon": "nrc", "masks": half, "labels": half})
    >>> found.rows[0], found.svg.count("50.0% not in it")
    (('with a vector', '1 (50.0%)', '1 (50.0%)'), 2)
    """
    parts = key([(cls, told) for cls, _, told in _STATES], 4)
    for line, what in enumerate(("masks", "labels")):
        total, y = sum(coverage[what].values()), 52.0 + 56 * line
        shares = [(cls, told, coverage[what][state] / total) for cls, state, told in _STATES]
        said = " \u00b7 ".join(f"{percent(share)} {told}" for _, told, share in shares)
        parts += [
            tag("text", f"of the {what}", x=8, y=y - 8),
            *stack(shares, y, 18),
            tag("text", said, x=8, y=y + 32, cls="tiny"),
        ]
    return Figure(
        name,
        "What the lexicon knows",
        f"Labels that the lexicon {coverage['lexicon']} has with a vector, has with an all-zero "
        "vector, or lacks. Only the first can be compared by emotion.",
        picture("Coverage of the labels by the lexicon", 150, *parts),
        ("", "masks", "labels"),
        [
            (told, *(_of(coverage[what], state) for what in ("masks", "labels")))
            for _, state, told in _STATES
        ],
    )


def folded_lengths(lengths: Mapping[str, int]) -> list[Count]:
    """The histogram of lengths with its gaps filled and its thin tail as one column.

    >>> folded_lengths({"50": 2, "150": 1})
    [('0', 0), ('50', 2), ('100', 0), ('150', 1)]
    """
    begins = range(0, max(map(int, lengths)) + 1, LENGTH_STEP)
    return _fold([(str(begin), lengths.get(str(begin), 0)) for begin in begins])


def folded_masks(counts: Mapping[str, int]) -> list[Count]:
    """Masks per segment from 1 on, with a long tail as one column.

    >>> folded_masks({"1": 5, "3": 1}), folded_masks({"1": 5, "40": 1})[-1]
    ([('1', 5), ('2', 0), ('3', 1)], ('12+', 1))
    """
    return _fold([(str(n), counts.get(str(n), 0)) for n in range(1, max(map(int, counts)) + 1)])


def _fold(rows: list[Count]) -> list[Count]:
    if len(rows) <= MOST_COLUMNS:
        return rows
    head, tail = rows[: MOST_COLUMNS - 1], rows[MOST_COLUMNS - 1 :]
    return [*head, (f"{tail[0][0]}+", sum(count for _, count in tail))]


def _step(most: int) -> int:
    """A round step that gives at most five lines above zero."""
    power: int = 10 ** (len(str(most)) - 1)
    steps = [max(1, factor * power // 10) for factor in (1, 2, 5, 10, 20)]
    return next(step for step in steps if most <= 5 * step)


def _below(name: str, x: float) -> Drawn:
    return tag("text", name, x=x, y=BASE + 15, text_anchor="middle", cls="tiny")


def _axes(lying: str, standing: str, right: float) -> list[Drawn]:
    """What is counted along both axes."""
    return [
        tag("text", lying, x=right, y=BASE + 32, text_anchor="end", cls="small"),
        tag("text", standing, x=4, y=11, cls="small"),
    ]


def _counted(rows: Sequence[Count], total: int) -> list[tuple[str, str, str]]:
    return [(name, str(count), percent(count / total)) for name, count in rows]


def _of(counts: Mapping[str, int], state: str) -> str:
    return f"{counts[state]} ({percent(counts[state] / sum(counts.values()))})"


def _lengths(words: Mapping[str, float]) -> str:
    return (
        f"Words per segment, a mask being a word: median {words['median']:g}, half of all "
        f"between {words['q1']:g} and {words['q3']:g}, longest {words['max']:g}. A column's "
        "number is the least it holds."
    )
