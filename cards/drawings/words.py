"""Figures of words: overuse, intensity, good for bad, and what is taken for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..words import LADDER
from .emotions import Point, points
from .svg import WIDTH, Drawn, Figure, named, number, picture, rect, stack, tag
from .svg import key as squares

MOST_USED, PAIRS, FLIPS = 12, 15, 3
KINDS = (("softened", "milder"), ("equal", "as strong"), ("heightened", "stronger"))
VERDICTS = {"over": "too often", "under": "too rarely", "even": "may be chance"}
TURNED = {"positive": "good \u2192 bad", "negative": "bad \u2192 good", "both": "either way"}


def overuse_bars(key: str, name: str, uses: Sequence[Mapping[str, Any]]) -> Figure | None:
    """The words that a model says too often and too rarely; None where there is nothing to show.

    It is the `overuse` of a breakdown.
    """
    over = [use for use in uses if use["excess"] > 0][:MOST_USED]
    under = [use for use in uses if use["excess"] < 0][-MOST_USED:]
    shown = over + under
    if not shown:
        return None
    top = max(max(abs(use["low"]), abs(use["high"]), abs(use["excess"])) for use in shown)
    middle, reach = 180.0, 84.0
    parts = [
        tag("text", "says too rarely", x=middle - 8, y=14, text_anchor="end", cls="tiny"),
        tag("text", "says too often", x=middle + 8, y=14, cls="tiny"),
        tag("line", x1=middle, x2=middle, y1=20, y2=24 + 18 * len(shown), cls="zero"),
    ]
    for place, use in enumerate(shown):
        parts.append(_use(use, 24 + 18 * place, middle, reach / top))
    return Figure(
        key,
        "Words said too often and too rarely",
        "How often the model says a word against how often people do, for the same hidden words: "
        "the two numbers at the right are people's and the model's. The line is the 95% interval. "
        "Filled bars: the difference holds up to a test corrected for the number of words; "
        "outlined bars: it may be chance.",
        picture(f"Overused and underused words of {name}", 32 + 18 * len(shown), *parts),
        ("word", "people", "model", "difference", "interval", "verdict"),
        [
            (
                use["term"],
                str(use["people"]),
                str(use["model"]),
                _points(use["excess"]),
                f"{_points(use['low'])} to {_points(use['high'])}",
                VERDICTS[use["verdict"]],
            )
            for use in shown
        ],
    )


def _use(use: Mapping[str, Any], y: float, middle: float, scale: float) -> Drawn:
    length = use["excess"] * scale
    side = "model" if length > 0 else "people"
    cls = side if use["verdict"] != "even" else f"{side} open"
    bar = rect(min(middle, middle + length), y + 2, abs(length), 12, cls)
    line = tag(
        "line",
        x1=middle + use["low"] * scale,
        x2=middle + use["high"] * scale,
        y1=y + 8,
        y2=y + 8,
        cls="reach",
    )
    numbers = f"{use['people']} \u2192 {use['model']}"
    return tag(
        "g",
        tag("title", f"{use['term']}: people {use['people']}, model {use['model']}"),
        named(use["term"], 90, y + 12, 14, "end"),
        bar,
        line,
        number(numbers, WIDTH - 3, y + 12),
        cls="pick",
        **({"data_model": use["term"]} if length > 0 else {"data_person": use["term"]}),
    )


def leaning(shift: Mapping[str, Any]) -> int:
    """1 where a model's words are clearly milder, -1 where stronger; 0 unless all scales agree.

    It takes the `intensity` of a breakdown.

    >>> clear, unclear = {"low": 0.1, "high": 0.2}, {"low": -0.1, "high": 0.2}
    >>> leaning({"net": clear, "other": None}), leaning({"net": clear, "other": {"net": unclear}})
    (1, 0)
    """
    nets = [shift["net"], *([shift["other"]["net"]] if shift["other"] else [])]
    sides = {
        0 if net["low"] is None else int(net["low"] > 0) - int(net["high"] < 0) for net in nets
    }
    return sides.pop() if len(sides) == 1 else 0


def disagreeing(shift: Mapping[str, Any]) -> str:
    """What the other scale says, where it says something else than the first."""
    other = shift["other"]
    if not other or leaning(shift) or leaning({**shift, "other": None}) == 0:
        return ""
    value = other["net"]["value"]
    return f", for {other['scale']} says {'nothing' if value is None else _points(value)}"


def intensity_bar(key: str, name: str, shift: Mapping[str, Any]) -> Figure | None:
    """Milder, as strong, stronger; None where no error stays in the family.

    It is the `intensity` of a breakdown.

    >>> net = {"value": 1.0, "low": None, "high": None}
    >>> shift = {"same_family": 1, "errors": 2, "softened": 1, "equal": 0, "heightened": 0,
    ...          "net": net, "pairs": [("furious", "angry", 1)], "scale": "ours", "other": None}
    >>> intensity_bar("intensity", "m", shift).rows
    [('furious', 'angry', '1')]
    """
    whole = shift["same_family"]
    if not whole:
        return None
    parts = stack([(kind, said, shift[kind] / whole) for kind, said in KINDS], 14, 30)
    parts += squares([(kind, f"{said} ({shift[kind]})") for kind, said in KINDS], 56, 109)
    net = shift["net"]
    told = (
        ""
        if net["low"] is None
        else f" Milder less stronger: {_points(net['value'])} ({_points(net['low'])} to "
        f"{_points(net['high'])}), {'a clear' if leaning(shift) else 'no clear'} direction"
        f"{disagreeing(shift)}."
    )
    return Figure(
        key,
        "Milder or stronger than the person's word",
        f"Of {shift['errors']} wrong words, {whole} are of the person's family of feeling (as "
        "angry is for furious). For these: is the model's word milder, as strong, or stronger, by "
        f"{shift['scale']}?{told}",
        picture(f"Intensity of the words of {name}", 80, *parts),
        ("person", "model", "times"),
        [(a, b, str(number)) for a, b, number in shift["pairs"][:PAIRS]],
    )


def valence_points(key: str, name: str, valence: Mapping[str, Any]) -> Figure | None:
    """How often good is taken for bad and bad for good; None where no two words can tell.

    It is the `valence` of a breakdown.
    """
    if not valence["by"]:
        return None
    pairs = [
        f"{label} \u2192 {answer} ({number} {'time' if number == 1 else 'times'})"
        for label, answer, number in valence["pairs"][:FLIPS]
    ]
    caption = (
        "How often the model's word turns a good feeling into a bad one or the reverse, of the "
        "answers where the lexicon calls both words good or bad. "
    )
    caption += f"Most often: {', '.join(pairs)}." if pairs else "It never does."
    rows: list[tuple[str, list[Point]]] = [
        (TURNED[rate["group"]], [(rate["share"], rate["low"], rate["high"])])
        for rate in valence["by"]
    ]
    text = ("Good taken for bad, bad for good", caption)
    masks = [rate["masks"] for rate in valence["by"]]
    return points(key, text, [name], rows, "turned", masks)


def pair_bars(key: str, name: str, pairs: Sequence[tuple[str, str, int, str]]) -> Figure | None:
    """The commonest wrong answers: person's word, model's, how often, and the pair's rung.

    >>> pair_bars("confusion", "m", [("sad", "mad", 3, "tone")]).rows
    [('sad', 'mad', '3', 'only the tone shared')]
    """
    if not pairs:
        return None
    most = max(count for *_, count, _ in pairs)
    parts: list[Drawn] = []
    for place, (label, answer, count, rung) in enumerate(pairs):
        y, width = 22.0 + 19 * place, 92 * count / most
        said = f"{label} \u2192 {answer}: {count} ({LADDER[rung].name})"
        bits = [
            rect(0, y - 2, WIDTH, 19, "hit", said),
            named(label, 100, y + 11, 15, "end"),
            tag("text", "\u2192", x=106, y=y + 11),
            named(answer, 122, y + 11, 15),
            rect(222, y, width, 14, f"rung-{rung}"),
            tag("text", f"{count:,}", x=222 + width + 5, y=y + 11, cls="tiny"),
        ]
        parts.append(tag("g", *bits, cls="pick", data_person=label, data_model=answer))
    return Figure(
        key,
        "Which words are confused",
        "The commonest wrong answers: the person's word, the model's, and how often. The colour is "
        "that of the bar at the top of the page. Choose a pair to see its examples.",
        picture(
            f"Commonest wrong answers of {name}",
            28 + 19 * len(pairs),
            tag("text", "person said", x=100, y=14, text_anchor="end", cls="tiny"),
            tag("text", "model said", x=122, y=14, cls="tiny"),
            *parts,
        ),
        ("person", "model", "times", "how wrong"),
        [(a, b, str(count), LADDER[rung].name) for a, b, count, rung in pairs],
    )


def _points(share: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    return f"{100 * share:+.1f} pp"
