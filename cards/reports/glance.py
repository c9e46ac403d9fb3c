"""What a reader sees first: how wrong the answers are, and what goes wrong most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from express_dataset import MASK
from express_metric.analysis.confusion import signs
from express_metric.analysis.intensity import places, scales
from express_metric.analysis.ladder import RUNGS, rungs
from express_metric.analysis.masks import Bools, Masks
from express_metric.plutchik import EMOTIONS

from ..drawings.svg import Drawn, tag
from ..drawings.words import leaning
from ..words import LADDER, percent, readable, times
from .examples import clip
from .story import FEW

MOST_WRONG = 3
AROUND = 70  # characters of an example on each side of the hidden word
MANY_UNREAD = 0.1
APART = ("tone", "nothing", "reversed")  # rungs on which no emotion is shared
FITS, ROOMY = 0.09, 0.04  # parts of the bar with room for their share, on a phone and elsewhere


@dataclass(frozen=True)
class Excerpt:
    """One hidden word in its text, with both words; other hidden words stand in brackets."""

    before: str
    person: str
    model: str
    after: str


@dataclass(frozen=True)
class Wrong:
    """Something that a model gets wrong, how many hidden words it concerns, and which."""

    title: str
    told: str
    masks: int
    pick: Mapping[str, str]  # what the browser of examples is asked for
    excerpt: Excerpt | None = None


def ladder_rows(tables: Sequence[Masks]) -> list[dict[str, Any]]:
    """For each rung that any run has: its words, and the share and number of each run's masks."""
    counts = [np.bincount(rungs(masks), minlength=len(RUNGS)).tolist() for masks in tables]
    return [
        {
            "name": name,
            "said": LADDER[name],
            "cells": [
                {"share": percent(each[place] / max(1, sum(each))), "count": f"{each[place]:,}"}
                for each in counts
            ],
        }
        for place, name in enumerate(RUNGS)
        if any(each[place] for each in counts)
    ]


def ladder_bar(masks: Masks, run: int) -> Drawn:
    """One bar that is all hidden words, cut by rung; each part leads to its examples.

    Shares instead of a view box: the bar is as wide as the page, its letters stay as they are.
    """
    counts = np.bincount(rungs(masks), minlength=len(RUNGS))
    parts, x = [], 0.0
    for name, share in zip(RUNGS, (counts / max(1, len(masks))).tolist(), strict=True):
        if not share:
            continue
        said = f"{LADDER[name].name}: {percent(share)}"
        width = {"x": f"{100 * x:.3f}%", "width": f"{100 * share:.3f}%"}
        inside = [tag("title", said), tag("rect", **width, y=0, height="100%", cls=f"rung-{name}")]
        if share >= ROOMY:
            where = {"x": f"{100 * (x + share / 2):.3f}%", "y": "50%", "dy": ".36em"}
            cls = f"onto rung-{name}{'' if share >= FITS else ' roomy'}"
            inside.append(tag("text", f"{share:.0%}", **where, cls=cls))
        # The table below says and links the same to those who do not see the bar.
        link = {"href": "#examples", "tabindex": "-1", "data_kind": name, "data_run": str(run)}
        parts.append(tag("a", *inside, **link, cls="pick"))
        x += share
    return tag("svg", *parts, cls="ladder", aria_hidden="true")


def tone_line(found: Mapping[str, Any]) -> str:
    """How often good is taken for bad and bad for good, in a sentence."""
    rates = {rate["group"]: rate for rate in found["valence"]["by"]}
    said = []
    for side, words in (
        ("positive", "good feelings are taken for bad ones"),
        ("negative", "bad feelings are taken for good ones"),
    ):
        if side in rates:
            rate = rates[side]
            reach = f"likely {percent(rate['low'])} to {percent(rate['high'])}"
            said.append(f"{percent(rate['share'])} of {words} ({reach})")
    return f"{', '.join(said)}." if said else ""


def wrongs(found: Mapping[str, Any], masks: Masks, texts: Sequence[str] | None) -> list[Wrong]:
    """What the model gets wrong most: at most three things, by the number of hidden words."""
    rung = rungs(masks)
    candidates = [
        *_turned(masks, rung, found),
        *_missed(masks, rung),
        *_overused(masks, found),
        *_unread(masks, found),
        *_milder(masks, found),
    ]
    shown = sorted(candidates, key=lambda pair: -pair[0].masks)[:MOST_WRONG]
    made: list[Wrong] = []
    seen = np.zeros(len(masks), bool)  # no post is quoted twice
    for one, where in shown:
        place = _worst(masks, rung, where & ~seen, texts)
        if texts is None or place is None:
            made.append(one)
            continue
        seen |= masks.example == masks.example[place]
        made.append(replace(one, excerpt=_excerpt(masks, place, texts)))
    return made


def _turned(masks: Masks, rung: Any, found: Mapping[str, Any]) -> list[tuple[Wrong, Bools]]:
    reverse, sign = rung == RUNGS.index("reversed"), signs(masks)[masks.label]
    rates = {rate["group"]: rate for rate in found["valence"]["by"]}
    made = []
    for side, kind, title, what in (
        ("positive", "good-to-bad", "It takes good feelings for bad ones", "good feelings"),
        ("negative", "bad-to-good", "It takes bad feelings for good ones", "bad feelings"),
    ):
        where = reverse & (sign > 0 if side == "positive" else sign < 0)
        rate = rates.get(side)
        if rate is None or rate["masks"] < FEW or not where.any():
            continue
        told = (
            f"Of {rate['masks']:,} {what} that can be compared, {percent(rate['share'])} were "
            f"answered with the contrary. {_often(masks, where)}"
        )
        made.append((Wrong(title, told, int(where.sum()), {"kind": kind}), where))
    return made


def _missed(masks: Masks, rung: Any) -> list[tuple[Wrong, Bools]]:
    """The emotion whose words are answered most often with a word that shares none of theirs."""
    apart = np.isin(rung, [RUNGS.index(name) for name in APART])
    judged = rung <= RUNGS.index("reversed")
    enough, found = max(FEW, len(masks) // 30), []
    for place, emotion in enumerate(EMOTIONS):
        has = judged & (masks.bits[masks.label] >> place & 1 > 0)
        lost = has & apart
        if has.sum() >= enough and lost.any():
            found.append((float(lost.sum() / has.sum()), emotion, int(has.sum()), lost))
    if not found:
        return []
    share, emotion, whole, lost = max(found, key=lambda one: one[0])
    told = (
        f"Of {whole:,} words of {emotion}, {percent(share)} were answered with a word that shares "
        f"no emotion with it. {_often(masks, lost)}"
    )
    pick = {"emotion": emotion, "kind": "apart"}
    return [(Wrong(f"It misses words of {emotion}", told, int(lost.sum()), pick), lost)]


def _overused(masks: Masks, found: Mapping[str, Any]) -> list[tuple[Wrong, Bools]]:
    use = next((use for use in found["overuse"] if use["verdict"] == "over"), None)
    if use is None:
        return []
    word = masks.vocabulary.index(use["term"])
    where = (masks.answer == word) & ~masks.lexical
    instead = Counter(masks.vocabulary[label] for label in masks.label[where].tolist())
    told = (
        f"{times(use['model'])}, where people say it {times(use['people'])}; most often in "
        f"place of {_listed([name for name, _ in instead.most_common(3)])}."
    )
    title = f"It says \u201c{use['term']}\u201d too often"
    return [(Wrong(title, told, use["model"] - use["people"], {"model": use["term"]}), where)]


def _unread(masks: Masks, found: Mapping[str, Any]) -> list[tuple[Wrong, Bools]]:
    where = ~masks.valid
    if where.mean() < MANY_UNREAD:
        return []
    rows = sum(found["invalid"].values())
    told = f"{rows:,} of {found['n_examples']:,} answers hold no words to compare with people's."
    title = "It gives answers that cannot be read"
    return [(Wrong(title, told, int(where.sum()), {"kind": "none"}), where)]


def _milder(masks: Masks, found: Mapping[str, Any]) -> list[tuple[Wrong, Bools]]:
    side = leaning(found["intensity"])
    if not side:
        return []
    family, height = places(masks, scales()[0].words)
    answer = np.where(masks.valid, masks.answer, masks.label)
    known = (height[masks.label] > 0) & (height[answer] > 0)
    known &= family[masks.label] == family[answer]
    milder = side > 0
    change = height[answer] - height[masks.label]
    where = known & (change < 0 if milder else change > 0)
    told = (
        f"Where it keeps the family of feeling and misses the word, {int(where.sum()):,} words are "
        f"{'milder' if milder else 'stronger'} than the person's, by {scales()[0].name}. "
        f"{_often(masks, where)}"
    )
    title = f"It makes feelings {'milder' if milder else 'stronger'}"
    kind = "softened" if milder else "heightened"
    return [(Wrong(title, told, int(where.sum()), {"kind": kind}), where)]


def _often(masks: Masks, where: Bools) -> str:
    """The commonest pairs among some masks."""
    pairs = Counter(
        (masks.vocabulary[a], masks.vocabulary[b])
        for a, b in zip(masks.label[where].tolist(), masks.answer[where].tolist(), strict=True)
    )
    first = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))[:2]
    said = [f"{a} \u2192 {b} ({times(n)})" for (a, b), n in first]
    return f"Most often: {', '.join(said)}."


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _worst(masks: Masks, rung: Any, where: Bools, texts: Sequence[str] | None) -> int | None:
    """The worst of some masks, where the text around it is long enough to be understood."""
    found = np.flatnonzero(where)
    if texts is None or not len(found):
        return None
    # Unknown words and missing answers stand behind what can be judged.
    worst = np.where(rung > RUNGS.index("reversed"), -1, rung)
    length = np.minimum([len(texts[masks.example[place]]) for place in found], 2 * AROUND)
    return int(found[np.lexsort((np.arange(len(found)), -length, -worst[found]))[0]])


def _excerpt(masks: Masks, place: int, texts: Sequence[str]) -> Excerpt:
    """What stands around one mask; the words of other masks are put back."""
    example, position = masks.example[place], int(masks.position[place])
    parts = readable(texts[example]).split(MASK)
    labels = [masks.vocabulary[label] for label in masks.label[masks.example == example]]
    told = [f"[{word}]" for word in labels]
    told[position] = MASK
    whole = "".join(part + word for part, word in zip(parts, [*told, ""], strict=True))
    before, after = clip(whole.strip(), AROUND).split(MASK)
    said = masks.vocabulary[masks.answer[place]] if masks.valid[place] else "no answer"
    return Excerpt(before, labels[position], said, after)
