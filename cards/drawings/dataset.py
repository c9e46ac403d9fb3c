"""Figures of a dataset: bars, columns, and the curve of label frequencies."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from express_dataset.publishing.statistics import LENGTH_STEP

from ..words import percent
from .svg import WIDTH, Drawn, Figure, picture, short, tag

LEFT, REACH = 122.0, 122.0  # where bars begin, and the length of the longest
BASE, TOP, SIDE = 190.0, 20.0, 38.0  # bottom, top and left side of columns
MOST_BARS = 20
MOST_COLUMNS = 12

Count = tuple[str, int]


def all_figures(found: Mapping[str, Any]) -> list[Figure]:
    """Every figure that the data has something for.

    Args:
        found: the statistics of a dataset, with `coverage`.
    """
    labels, masks = list(found["labels"].items()), found["splits"]["all"]["masks"]
    figures = [
        bars(
            "labels",
            ("Labels", _most("labels", len(labels), "masks")),
            labels[:MOST_BARS],
            masks,
        ),
        rank_curve("ranks", [count for _, count in labels]),
        columns(
            "lengths",
            ("Lengths of segments", _lengths(found["splits"]["all"]["words"])),
            folded_lengths(found["lengths"]),
            "words",
        ),
        columns(
            "masks",
            ("Masks per segment", "How many emotion words are masked in one segment."),
            folded_masks(found["masks_per_segment"]),
            "masks",
        ),
        flags("flags", found["splits"]),
        dimensions("dimensions", found["coverage"]),
        states("coverage", found["coverage"]),
    ]
    if found["subreddits"]:
        rows = list(found["subreddits"].items())
        told = _most("communities", len(rows), "segments")
        total = sum(found["subreddits"].values())
        figures.append(bars("communities", ("Communities", told), rows[:MOST_BARS], total))
    if found["years"]:
        caption = "Segments by the year in which the post was written."
        years = list(found["years"].items())
        figures.append(columns("years", ("Years", caption), years, "year"))
    return figures


def bars(key: str, text: tuple[str, str], rows: Sequence[Count], total: int) -> Figure:
    """Counts as lying bars, with their share of all.

    >>> bars("labels", ("Labels", ""), [("sad", 3), ("glad", 1)], 4).rows
    [('sad', '3', '75.0%'), ('glad', '1', '25.0%')]
    >>> "&lt;b&gt;" in bars("labels", ("Labels", ""), [("<b>", 1)], 1).svg
    True
    """
    most = max(count for _, count in rows)
    parts: list[Drawn] = []
    for place, (name, count) in enumerate(rows):
        y = 6.0 + 17 * place
        width = REACH * count / most
        said = f"{name}: {count} ({percent(count / total)})"
        shown = tag("tspan", short(name, 19))
        parts += [
            tag("text", tag("title", name), shown, x=LEFT - 8, y=y + 11, text_anchor="end"),
            tag("rect", tag("title", said), x=LEFT, y=y, width=width, height=12, cls="s0"),
            tag(
                "text",
                f"{count:,} \u00b7 {percent(count / total)}",
                x=LEFT + width + 5,
                y=y + 10,
                cls="tiny",
            ),
        ]
    cells = [(name, str(count), percent(count / total)) for name, count in rows]
    drawn = picture(text[0], 12 + 17 * len(rows), *parts)
    return Figure(key, text[0], text[1], drawn, ("", "count", "share"), cells)


def columns(key: str, text: tuple[str, str], rows: Sequence[Count], unit: str) -> Figure:
    """Counts as standing columns, in the order given.

    >>> columns("masks", ("Masks", ""), [("1", 3), ("2", 1)], "masks").rows
    [('1', '3', '75.0%'), ('2', '1', '25.0%')]
    >>> columns("masks", ("Masks", ""), [("1", 3)], "masks").svg.count("<rect")
    1
    """
    most, total = max(count for _, count in rows), sum(count for _, count in rows)
    step = _step(most)
    ceiling = math.ceil(most / step) * step
    wide = (WIDTH - SIDE - 6) / len(rows)
    parts: list[Drawn] = []
    for line in range(0, ceiling + 1, step):
        y = BASE - (BASE - TOP) * line / ceiling
        parts.append(tag("line", x1=SIDE, x2=WIDTH - 6, y1=y, y2=y, cls="grid"))
        parts.append(tag("text", f"{line:,}", x=SIDE - 5, y=y + 4, text_anchor="end", cls="tiny"))
    for place, (name, count) in enumerate(rows):
        height = (BASE - TOP) * count / ceiling
        x, middle = SIDE + wide * place, SIDE + wide * (place + 0.5)
        said = tag("title", f"{name} {unit}: {count} ({percent(count / total)})")
        box = {"x": x + wide * 0.08, "y": BASE - height, "width": wide * 0.84, "height": height}
        parts.append(tag("rect", said, **box, cls="s0"))
        if len(rows) <= 14 or place % 2 == 0:
            parts.append(tag("text", name, x=middle, y=BASE + 15, text_anchor="middle", cls="tiny"))
    parts.append(tag("text", unit, x=WIDTH - 6, y=BASE + 32, text_anchor="end", cls="small"))
    parts.append(tag("text", "segments", x=4, y=11, cls="small"))
    cells = [(name, str(count), percent(count / total)) for name, count in rows]
    return Figure(
        key, *text, picture(text[0], BASE + 38, *parts), (unit, "segments", "share"), cells
    )


def rank_curve(key: str, counts: Sequence[int]) -> Figure:
    """How fast labels become rare: count against rank, both axes logarithmic.

    >>> rank_curve("ranks", [8, 4, 1]).rows
    [('1', '8', '61.5%'), ('2', '4', '92.3%'), ('3', '1', '100.0%')]
    >>> rank_curve("ranks", [1]).svg.count("<circle")
    1
    """
    decades = (
        max(1, math.ceil(math.log10(len(counts)))),
        max(1, math.ceil(math.log10(max(counts)))),
    )

    def place(rank: float, count: float) -> tuple[float, float]:
        return (
            SIDE + (WIDTH - SIDE - 14) * math.log10(rank) / decades[0],
            BASE - (BASE - TOP) * math.log10(count) / decades[1],
        )

    parts: list[Drawn] = []
    for power in range(decades[0] + 1):
        x, _ = place(10**power, 1)
        parts.append(tag("line", x1=x, x2=x, y1=TOP, y2=BASE, cls="grid"))
        name = f"{10**power:,}"
        parts.append(tag("text", name, x=x, y=BASE + 15, text_anchor="middle", cls="tiny"))
    for power in range(decades[1] + 1):
        _, y = place(1, 10**power)
        parts.append(tag("line", x1=SIDE, x2=WIDTH - 14, y1=y, y2=y, cls="grid"))
        name = f"{10**power:,}"
        parts.append(tag("text", name, x=SIDE - 5, y=y + 4, text_anchor="end", cls="tiny"))
    for rank, count in enumerate(counts, 1):
        x, y = place(rank, count)
        parts.append(tag("circle", cx=x, cy=y, r=2.5, cls="s0"))
    parts.append(tag("text", "rank", x=WIDTH - 14, y=BASE + 32, text_anchor="end", cls="small"))
    parts.append(tag("text", "masks", x=4, y=11, cls="small"))
    total, so_far, cells = sum(counts), 0, []
    half = 0
    for rank, count in enumerate(counts, 1):
        so_far += count
        half = half or (rank if 2 * so_far >= total else 0)
        cells.append((str(rank), str(count), percent(so_far / total)))
    return Figure(
        key,
        "How fast labels become rare",
        "Masks of each label against its rank, both axes logarithmic. "
        f"{_are(half, 'label')} half of all masks; "
        f"{sum(count == 1 for count in counts)} labels occur once.",
        picture("Masks of each label against its rank", BASE + 38, *parts),
        ("rank", "masks", "share up to here"),
        cells,
    )


def flags(key: str, splits: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Shares of denied and leaked masks, for each split.

    >>> one = {"examples": 1, "masks": 4, "negated_share": 0.25, "leaked_share": 0.0}
    >>> flags("flags", {"test": one}).rows
    [('test', '25.0%', '0.0%')]
    >>> flags("flags", {"test": one}).svg.count("<rect")
    4
    """
    named = {name: one for name, one in splits.items() if one["examples"]}
    top = max(max(one["negated_share"], one["leaked_share"]) for one in named.values()) or 1.0
    parts: list[Drawn] = []
    for place, (cls, name) in enumerate((("s0", "denied"), ("s1", "leaked"))):
        parts.append(tag("rect", x=8 + 110 * place, y=4, width=12, height=12, cls=cls))
        parts.append(tag("text", name, x=26 + 110 * place, y=14))
    y = 30.0
    for name, one in named.items():
        parts.append(tag("text", name, x=LEFT - 8, y=y + 18, text_anchor="end"))
        for line, (cls, share) in enumerate((("s0", "negated_share"), ("s1", "leaked_share"))):
            width, at = REACH * one[share] / top, y + 14 * line
            parts.append(tag("rect", x=LEFT, y=at, width=width, height=11, cls=cls))
            where = {"x": LEFT + width + 5, "y": at + 10}
            parts.append(tag("text", percent(one[share]), **where, cls="tiny"))
        y += 40
    return Figure(
        key,
        "Denied and leaked masks",
        "Share of the masks whose feeling the writer denies (\u201cnot \u2026\u201d), and whose "
        "word also stands unmasked in the same text.",
        picture("Shares of denied and leaked masks by split", y, *parts),
        ("split", "denied", "leaked"),
        [
            (name, percent(one["negated_share"]), percent(one["leaked_share"]))
            for name, one in named.items()
        ],
    )


def dimensions(key: str, coverage: Mapping[str, Any]) -> Figure:
    """Share of the masks whose label carries each of the ten dimensions.

    >>> dimensions("d", {"lexicon": "nrc", "dimensions": {"joy": 0.5}}).rows
    [('joy', '50.0%')]
    >>> "nrc" in dimensions("d", {"lexicon": "nrc", "dimensions": {"joy": 0.5}}).caption
    True
    """
    rows = [(name, share or 0.0) for name, share in coverage["dimensions"].items()]
    top = max(share for _, share in rows) or 1.0
    parts: list[Drawn] = []
    for place, (name, share) in enumerate(rows):
        y = 6.0 + 20 * place
        width = REACH * share / top
        parts.append(tag("text", name, x=LEFT - 8, y=y + 12, text_anchor="end"))
        parts.append(tag("rect", x=LEFT, y=y, width=width, height=14, cls="s2"))
        parts.append(tag("text", percent(share), x=LEFT + width + 5, y=y + 11, cls="tiny"))
    return Figure(
        key,
        "The ten dimensions",
        "Share of the masks whose label carries the emotion or the sentiment, by the lexicon "
        f"{coverage['lexicon']}.",
        picture("Share of masks that carry each dimension", 10 + 20 * len(rows), *parts),
        ("dimension", "masks"),
        [(name, percent(share)) for name, share in rows],
    )


def states(key: str, coverage: Mapping[str, Any]) -> Figure:
    """What the lexicon knows of the labels, by masks and by distinct labels.

    >>> half = {"vector": 1, "zero": 0, "unknown": 1}
    >>> states("c", {"lexicon": "nrc", "masks": half, "labels": half}).rows[0]
    ('with a vector', '1 (50.0%)', '1 (50.0%)')
    >>> states("c", {"lexicon": "nrc", "masks": half, "labels": half}).svg.count("50.0% not in it")
    2
    """
    kinds = (
        ("s0", "vector", "with a vector"),
        ("s4", "zero", "all zero"),
        ("s1", "unknown", "not in it"),
    )
    parts: list[Drawn] = []
    for place, (cls, _, name) in enumerate(kinds):
        parts.append(tag("rect", x=8 + 110 * place, y=4, width=12, height=12, cls=cls))
        parts.append(tag("text", name, x=25 + 110 * place, y=14))
    for line, (what, name) in enumerate((("masks", "of the masks"), ("labels", "of the labels"))):
        total, x, y = sum(coverage[what].values()), 8.0, 52.0 + 56 * line
        parts.append(tag("text", name, x=8, y=y - 8))
        said = []
        for cls, state, told in kinds:
            share = coverage[what][state] / total
            width = (WIDTH - 16) * share
            parts.append(tag("rect", x=x, y=y, width=width, height=18, cls=cls))
            said.append(f"{percent(share)} {told}")
            x += width
        parts.append(tag("text", " \u00b7 ".join(said), x=8, y=y + 32, cls="tiny"))
    return Figure(
        key,
        "What the lexicon knows",
        f"Labels that the lexicon {coverage['lexicon']} has with a vector, has with an all-zero "
        "vector, or lacks. Only the first can be compared by emotion.",
        picture("Coverage of the labels by the lexicon", 150, *parts),
        ("", "masks", "labels"),
        [
            (told, *(_of(coverage[what], state) for what in ("masks", "labels")))
            for _, state, told in kinds
        ],
    )


def folded_lengths(lengths: Mapping[str, int]) -> list[Count]:
    """The histogram of lengths with its gaps filled and its thin tail as one column.

    >>> folded_lengths({"50": 2, "150": 1})
    [('0', 0), ('50', 2), ('100', 0), ('150', 1)]
    >>> folded_lengths({str(50 * n): 1 for n in range(20)})[-1]
    ('550+', 9)
    """
    begins = range(0, max(map(int, lengths)) + 1, LENGTH_STEP)
    return _fold([(str(begin), lengths.get(str(begin), 0)) for begin in begins])


def folded_masks(counts: Mapping[str, int]) -> list[Count]:
    """Masks per segment from 1 on, with a long tail as one column.

    >>> folded_masks({"1": 5, "3": 1})
    [('1', 5), ('2', 0), ('3', 1)]
    >>> folded_masks({"1": 5, "40": 1})[-1]
    ('12+', 1)
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


def _of(counts: Mapping[str, int], state: str) -> str:
    return f"{counts[state]} ({percent(counts[state] / sum(counts.values()))})"


def _are(number: int, what: str) -> str:
    return f"The first {what} makes" if number == 1 else f"The first {number} {what}s make"


def _most(what: str, number: int, of: str) -> str:
    if number <= MOST_BARS:
        return f"All {number} {what}, by {of}."
    return f"The {MOST_BARS} most frequent of {number} {what}, by {of}."


def _lengths(words: Mapping[str, float]) -> str:
    return (
        f"Words per segment, a mask being a word: median {words['median']:g}, half of all "
        f"between {words['q1']:g} and {words['q3']:g}, longest {words['max']:g}. A column's "
        "number is the least it holds."
    )
