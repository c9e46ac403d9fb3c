"""What a study's answers show: majorities, agreement, preference, contextual accuracy, position."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from express_dataset.errors import DataError
from express_metric.analysis.intervals import Interval
from express_metric.analysis.resampling import Floats, Resampling, scipy_part, swapped
from express_metric.analysis.significance import correct, two_sided

from .coefficients import Sums, Table, alpha, cohen, counted, fleiss
from .judged import CHOICES, Item, Judged, Judgement

Found = dict[str, Any]
PERSON, MODEL, BOTH = (CHOICES.index(choice) for choice in ("person", "model", "both"))
OUTCOMES = (*CHOICES, "none")
HOW = Resampling()


@dataclass(frozen=True, slots=True)
class Grid:
    """Answers as a table of posts and coders."""

    # names of rows and columns
    posts: Sequence[str]
    coders: Sequence[str]
    labels: Table  # the place of each choice in `CHOICES`, -1 where there is none
    places: Table  # 0 where the first option was chosen, 1 for the second, else -1
    whole: Any  # the posts that as many coders judged as were to

    @property
    def counts(self) -> Table:
        """How many coders made each choice, for each post."""
        return counted(self.labels, len(CHOICES))

    @property
    def outcomes(self) -> Table:
        """What more than half of a post's coders chose; the last of `OUTCOMES` for none."""
        counts = self.counts
        best = counts.argmax(axis=1)
        clear = 2 * counts.max(axis=1) > counts.sum(axis=1)
        found: Table = np.where(clear, best, len(CHOICES))
        return found


def agreement(judged: Judged, how: Resampling = HOW) -> Found:
    """Every figure of a study, ready for JSON."""
    if not judged.judgements:
        raise DataError(f"{judged.name}: nobody has answered yet; send the coders their links")
    grid = _grid(judged)
    if not grid.whole.any():
        raise DataError(
            f"{judged.name}: no post was judged by all {judged.asked} coders who were to; let them "
            "go on"
        )
    whole = grid.counts[grid.whole]
    sides = np.where(np.isin(grid.labels, (PERSON, MODEL)), grid.labels, -1)
    full = {
        post for post, judged_by_all in zip(grid.posts, grid.whole, strict=True) if judged_by_all
    }
    return {
        "name": judged.name,
        "posts": int(grid.whole.sum()),
        "posts_in_part": len(grid.posts) - int(grid.whole.sum()),
        "coders": len(grid.coders),
        "per_post": int(whole[0].sum()),
        "choices": _choices(grid, how),
        **_majorities(grid, how),
        "agreement": {
            "fleiss_kappa": asdict(fleiss(whole, how)),
            "krippendorff_alpha": asdict(alpha(grid.counts, how)),
            "krippendorff_alpha_sides": asdict(alpha(counted(sides, 2), how)),
            "cohen_kappa": _pairs(grid),
        },
        "preference": _preference(grid, how),
        "position": _against(grid.places == 0, grid.places == 1, grid.coders, how),
        "by": _groups(judged.items, grid),
        "codes": code_table(
            [one for one in judged.judgements if one.item in full], judged.codebook
        ),
        "differing": list(judged.differing),
        "disagreements": _disagreements(judged, grid),
        "notes": list(judged.notes),
    }


def _grid(judged: Judged) -> Grid:
    posts = list(dict.fromkeys(one.item for one in judged.judgements))
    coders = judged.coders
    row = {post: number for number, post in enumerate(posts)}
    column = {coder: number for number, coder in enumerate(coders)}
    labels = np.full((len(posts), len(coders)), -1, np.int64)
    places = labels.copy()
    for one in judged.judgements:
        cell = row[one.item], column[one.coder]
        labels[cell] = CHOICES.index(one.choice)
        if one.place in ("first", "second"):
            places[cell] = one.place == "second"
    given = (labels >= 0).sum(axis=1)
    asked = judged.asked or int(given.max())
    return Grid(posts, coders, labels, places, given == asked)


def _choices(grid: Grid, how: Resampling) -> Found:
    """Counts and shares over all rows, by coder and together."""
    found: Found = {}
    for name, labels in [
        *((coder, grid.labels[:, [column]]) for column, coder in enumerate(grid.coders)),
        ("all", grid.labels),
    ]:
        counts = counted(labels, len(CHOICES))
        sums = Sums(np.column_stack([counts, counts.sum(axis=1)]), how)
        found[name] = {
            choice: {"n": int(counts[:, place].sum()), **asdict(sums.share(place, len(CHOICES)))}
            for place, choice in enumerate(CHOICES)
        }
    return found


def _majorities(grid: Grid, how: Resampling) -> Found:
    outcomes, counts = grid.outcomes[grid.whole], grid.counts[grid.whole]
    columns = (outcomes[:, None] == np.arange(len(OUTCOMES))).astype(np.int64)
    unanimous = counts.max(axis=1) == counts.sum(axis=1)
    given = counts.sum(axis=1)
    sums = Sums(np.column_stack([columns, unanimous, np.ones(len(columns)), counts, given]), how)
    n = len(OUTCOMES)

    def sided(first: int, base: int, of: int) -> Interval:
        both = first + BOTH
        return sums.interval(lambda s: (s[..., first + base] + s[..., both]) / s[..., of])

    return {
        "majority": {
            name: {"n": int(columns[:, place].sum()), **asdict(sums.share(place, n + 1))}
            for place, name in enumerate(OUTCOMES)
        },
        "unanimous": {"n": int(unanimous.sum()), **asdict(sums.share(n, n + 1))},
        "contextual_accuracy": {
            side: {
                "majority": asdict(sided(0, place, n + 1)),
                "judgements": asdict(sided(n + 2, place, n + 2 + len(CHOICES))),
            }
            for side, place in (("person", PERSON), ("model", MODEL))
        },
    }


def _pairs(grid: Grid) -> list[Found]:
    found = []
    for one, other in itertools.combinations(range(len(grid.coders)), 2):
        first, second = grid.labels[:, one], grid.labels[:, other]
        found.append(
            {
                "coders": [grid.coders[one], grid.coders[other]],
                "posts": int(((first >= 0) & (second >= 0)).sum()),
                "kappa": cohen(first, second, len(CHOICES)),
            }
        )
    return found


def _flipped(net: Floats, how: Resampling) -> float:
    """A permutation test over posts: all answers on a post change sides together, or none does.

    Answers on one post are not independent, so that three coders of one mind count as one post.
    """
    moved, complete = swapped(2 * net[:, None], how)
    total = float(net.sum())
    return two_sided(total, total - moved[:, 0], complete)


def _preference(grid: Grid, how: Resampling) -> Found:
    """The model's word against the person's, where one of the two was chosen."""
    outcomes = grid.outcomes[grid.whole]
    model, person = int((outcomes == MODEL).sum()), int((outcomes == PERSON).sum())
    tested = _against(grid.labels == MODEL, grid.labels == PERSON, grid.coders, how)
    by_coder = tested.pop("by_coder")
    return {"majority": _binomial(model, person, how), "judgements": tested, "by_coder": by_coder}


def _against(yes: Any, no: Any, coders: Sequence[str], how: Resampling) -> Found:
    """One kind of answer against another, each of shape (posts, coders): together and by coder."""
    net = (yes.sum(axis=1) - no.sum(axis=1)).astype(np.float64)
    return {
        **_counted_share(yes, no, how),
        "p_permutation": _flipped(net, how) if net.any() else 1.0,
        "by_coder": {
            coder: _binomial(int(yes[:, column].sum()), int(no[:, column].sum()), how)
            for column, coder in enumerate(coders)
        },
    }


def _counted_share(yes: Any, no: Any, how: Resampling) -> Found:
    columns = np.column_stack([yes.sum(axis=1), (yes | no).sum(axis=1)])
    whole = columns[columns[:, 1] > 0]
    if not len(whole):
        return {"n": 0, "of": 0, "value": None, "low": None, "high": None, "method": "none"}
    n, of = map(int, whole.sum(axis=0))
    return {"n": n, "of": of, **asdict(Sums(whole, how).share(0, 1))}


def _binomial(yes: int, no: int, how: Resampling) -> Found:
    """An exact test against one half, with Clopper and Pearson's interval."""
    if not yes + no:
        return {"n": 0, "of": 0, "value": None, "low": None, "high": None, "p": None}
    test = scipy_part("stats").binomtest(yes, yes + no)
    low, high = test.proportion_ci(how.level)
    return {
        "n": yes,
        "of": yes + no,
        "value": yes / (yes + no),
        "low": float(low),
        "high": float(high),
        "p": float(test.pvalue),
    }


def _groups(items: Mapping[str, Item], grid: Grid) -> Found:
    """Majorities and contextual accuracy by each way to group posts that has several groups."""
    outcomes = grid.outcomes
    found: Found = {}
    for name in dict.fromkeys(key for item in items.values() for key in item.strata):
        values = [items[post].strata.get(name, "unknown") for post in grid.posts]
        groups = sorted({v for v, whole in zip(values, grid.whole, strict=True) if whole})
        if len(groups) < 2:
            continue
        rows = []
        for group in groups:
            inside = np.array([value == group for value in values]) & grid.whole
            counts = Counter(OUTCOMES[place] for place in outcomes[inside])
            rows.append({"group": group, "posts": int(inside.sum()), **_accuracies(counts)})
        found[name] = rows
    return found


def _accuracies(counts: Counter[str]) -> Found:
    stats = scipy_part("stats")
    posts = sum(counts.values())
    found: Found = {"majority": {name: counts[name] for name in OUTCOMES}}
    for side in ("person", "model"):
        chosen = counts[side] + counts["both"]
        low, high = stats.binomtest(chosen, posts).proportion_ci(0.95, "wilson")
        found[side] = {"value": chosen / posts, "low": float(low), "high": float(high)}
    return found


def code_table(
    judgements: Sequence[Judgement], codebook: Mapping[str, str]
) -> list[dict[str, Any]]:
    """How often each code was given by choice, and whether it goes with one side.

    A code's rate among the answers for the person is tested against that among those for the model
    (Fisher, exact), corrected by Holm over the codes; answers on one post are taken as independent.
    """
    used = Counter((code, one.choice) for one in judgements for code in one.codes)
    coded = Counter(one.choice for one in judgements if one.codes)
    codes = sorted({code for code, _ in used}, key=lambda code: (len(code), code))
    rows: list[Found] = []
    for code in codes:
        by: dict[str, int] = {choice: used[code, choice] for choice in CHOICES}
        table = [[by[side], coded[side] - by[side]] for side in (CHOICES[PERSON], CHOICES[MODEL])]
        told = by["person"] + by["model"] > 0 and coded["person"] > 0 and coded["model"] > 0
        p = float(scipy_part("stats").fisher_exact(table).pvalue) if told else None
        rows.append({"code": code, "name": codebook.get(code, ""), **by, "p": p, "p_holm": None})
    tested = [row for row in rows if row["p"] is not None]
    for row, p in zip(tested, correct([row["p"] for row in tested]), strict=True):
        row["p_holm"] = p
    return rows


def _disagreements(judged: Judged, grid: Grid) -> list[Found]:
    """Posts without a majority, to be read: words, choices and reasons."""
    none = len(CHOICES)
    open_posts = [
        post
        for post, outcome, whole in zip(grid.posts, grid.outcomes, grid.whole, strict=True)
        if whole and outcome == none
    ]
    by_post: dict[str, list[Judgement]] = {post: [] for post in open_posts}
    for one in judged.judgements:
        if one.item in by_post:
            by_post[one.item].append(one)
    return [
        {
            "item": post,
            "person": list(judged.items[post].person),
            "model": list(judged.items[post].model),
            "text": judged.items[post].text,
            "answers": [
                {"coder": one.coder, "choice": one.choice, "reason": one.reason} for one in given
            ],
        }
        for post, given in by_post.items()
    ]
