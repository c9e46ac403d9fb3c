"""Own runs beside the paper's tables, all under its own protocol.

Published rows are references: never ranked, and never tested against own runs, for they come from
an older version of the data and from other rows.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from express_metric.analysis.floors import floors, vector_floors
from express_metric.analysis.intervals import Interval
from express_metric.analysis.masks import Masks, mask_table
from express_metric.analysis.paired import paired, scores_by
from express_metric.analysis.resampling import Resampling
from express_metric.analysis.significance import analyse, intervals
from express_metric.lexicon import caution
from express_metric.parsing import Protocol
from express_metric.records import fingerprint
from express_metric.scoring import count

from .contradictions import contradictions
from .data import examples_of, mean_words
from .paper_data import data_tables
from .paper_figures import by_setting, by_size, word_counts
from .published import FIGURES, SETTINGS, beside, other_data, rows, tables, unlike
from .runs import Run
from .whole_posts import SIDES, found_pairs

PROTOCOL: Protocol = "paper"
MOST_ERRORS = 20
# A label must stand here so often before the share of its errors is listed (Table A.6).
MIN_LABEL = 5
_PLAIN = Resampling(draws=2_000)


def beside_the_paper(runs: Sequence[Run], how: Resampling = _PLAIN) -> dict[str, Any]:
    """The paper's tables and figures with own figures next to the published ones.

    Returns:
        Ready for JSON: ``table_3`` (rows, averages, floors), ``table_4`` and ``table_4_pairs``,
        ``table_a2``, ``table_a4``, ``table_a5`` (of the first run's data), ``table_a6``,
        ``table_a10``, ``table_a11``, ``figure_2``, ``figure_3``, ``figure_a3`` and
        ``does_not_follow``; every row says whether it is published.
    """
    masks = {run.name: _masks(run) for run in runs}
    own = [_own(run, how) for run in runs]
    return {
        "source": tables()["source"],
        "floors_note": _FLOORS,
        "protocol": PROTOCOL,
        "note": _note(runs),
        "table_3": {
            "rows": [*map(_theirs, rows()), *own],
            "averages": _averages(own),
            "floors": _floors(runs[0]) if runs else [],
        },
        **_context(runs, how),
        **data_tables(
            [label for row in runs[0].references for label in row] if runs else [],
            examples_of(runs[0]) if runs else None,
        ),
        "table_a6": _errors(list(masks.values())),
        "table_a10": _settings(runs, masks),
        "table_a11": _models(runs, masks),
        "figure_2": by_size(own),
        "figure_3": by_setting(own),
        "figure_a3": word_counts(runs, masks),
        "does_not_follow": [dataclasses.asdict(one) for one in contradictions()],
    }


def _masks(run: Run) -> Masks:
    return mask_table(run.references, run.readings[PROTOCOL], run.lexicon, PROTOCOL, run.posts)


def _note(runs: Sequence[Run]) -> str:
    paper = tables()
    told = (
        f"Published figures ({paper['source']}) are of {paper['data']}: {paper['masks']:,} masks. "
        "They are never ranked, and no test compares them with your runs, whose rows differ."
    )
    lexicons = {run.lexicon.label for run in runs}
    own = f" Your runs: lexicon {', '.join(sorted(lexicons))}." if runs else ""
    return " ".join(filter(None, [told + own, *{caution(name, PROTOCOL) for name in lexicons}]))


_FLOORS = (
    "Random vectors are ten fair bits for each mask: the expected value, and below it one draw by "
    "a seed. All zeros match every label without a vector. The paper's .322 and .037 came from "
    "another table of vectors than the released one: the lexicon was changed after the figures."
)


def _theirs(row: Any) -> dict[str, Any]:
    figures = {name: {"value": value} for name, value in row.figures.items()}
    return {
        "published": True,
        "model": row.model,
        "family": row.family,
        "size": row.size,
        "setting": row.setting,
        "masks": tables()["masks"],
        "figures": figures,
    }


def _own(run: Run, how: Resampling) -> dict[str, Any]:
    """One's own row: figures with intervals, and what lies between them and the published ones."""
    counts = count(run.references, run.readings[PROTOCOL], run.lexicon, PROTOCOL)
    found = intervals(counts, PROTOCOL, run.posts, how)
    fair = run.asked is None or not other_data(run.asked)
    theirs = beside(run.model, run.setting) if fair else None
    figures = {name: found[name] for name in ("valid_rate", *FIGURES.values())}
    return {
        "published": False,
        "name": run.name,
        "model": run.model,
        "family": run.family,
        "examples": fingerprint(sorted(run.references)),
        "parameters": run.parameters,
        "line": run.line,
        "setting": run.setting,
        "masks": sum(map(len, run.references)),
        "signature": str(run.signatures[PROTOCOL]),
        "unlike": unlike(run.asked) if run.asked else [],
        "figures": {name: one.to_dict() for name, one in figures.items()},
        "difference": None
        if theirs is None
        else {name: _less(found[name], value) for name, value in theirs.figures.items()},
    }


def _context(runs: Sequence[Run], how: Resampling) -> dict[str, Any]:
    """Table 4: segments against whole posts, with every pair of such runs mask by mask."""
    pairs = found_pairs(runs)
    sides = [(run, side) for pair in pairs for run, side in zip(pair, SIDES, strict=True)]
    paired_already = {id(run.folder) for run, _ in sides}
    sides += [(run, _side(run)) for run in runs if id(run.folder or run) not in paired_already]
    rows = []
    # Runs on the same examples read their data once: all of EXPRESS for each would fill a memory.
    known: dict[str, float | None] = {}
    for run, side in sides:
        key = f"{side} {run.fingerprint or run.file}"
        length = known[key] = known[key] if key in known else mean_words(run)
        if length is None:
            continue
        own = _own(run, how)
        figures = {name: own["figures"][key]["value"] for name, key in FIGURES.items()}
        about = {"name": run.name, "model": run.model, "asked": run.setting, "setting": side}
        rows.append(
            {
                "published": False,
                **about,
                "avg_post_length_words": round(length),
                **figures,
                "masks": own["masks"],
                "intervals": own["figures"],
            }
        )
    return {
        "table_4": [*({"published": True, **row} for row in tables()["table_4"]["rows"]), *rows],
        "table_4_pairs": [_whole_less_segments(*pair, how) for pair in pairs],
    }


def _side(run: Run) -> str:
    several = run.posts is not None and len(set(run.posts)) < len(run.posts)
    return SIDES[0] if several else "one text a post"


def _whole_less_segments(segments: Run, whole: Run, how: Resampling) -> dict[str, Any]:
    both = (segments, whole)
    counts = {r.name: count(r.references, r.readings[PROTOCOL], r.lexicon, PROTOCOL) for r in both}
    names = (segments.name, whole.name)
    found = analyse(counts, PROTOCOL, segments.posts, [names], how).differences[names]
    about = {"model": segments.model, "setting": segments.setting}
    (tested,) = _pair(segments, whole, {run.name: _masks(run) for run in both}, about)
    return tested | {
        "difference": {name: found[name].difference.to_dict() for name in FIGURES.values()}
    }


def _less(own: Interval, published: float) -> dict[str, Any]:
    """Own less published; the interval is that of the own figure alone."""
    ends = {"value": own.value, "low": own.low, "high": own.high}
    return {name: None if end is None else end - published for name, end in ends.items()}


def _averages(own: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Averages over causal models by setting: printed, from the paper's rows, and own."""
    found = []
    for key, setting in SETTINGS.items():
        theirs = [row for row in rows() if row.setting == setting]
        causal = [row for row in theirs if row.architecture in ("causal", "api")]
        mine = [
            row
            for row in own
            if row["setting"] == setting and row["family"] not in ("masked", "seq2seq", "dummy")
        ]
        # An average over models is one of the same examples.
        alike = len({row["examples"] for row in mine}) == 1
        found.append(
            {
                "setting": setting,
                "printed": {
                    FIGURES[name]: value
                    for name, value in tables()["table_3"]["averages"][key].items()
                },
                "recomputed": _mean([row.figures for row in causal]),
                "own": _mean(
                    [
                        {name: row["figures"][name]["value"] for name in FIGURES.values()}
                        for row in mine
                        if alike
                    ]
                ),
                "own_models": len({row["model"] for row in mine}) if alike else 0,
            }
        )
    return found


def _mean(figures: Sequence[Mapping[str, float | None]]) -> dict[str, float | None]:
    def of(name: str) -> float | None:
        values = [value for row in figures if (value := row[name]) is not None]
        return float(np.mean(values)) if values else None

    return {name: of(name) for name in FIGURES.values()}


def _floors(run: Run) -> list[dict[str, Any]]:
    """The paper's two floors, as printed and as the lexicon at hand gives them, then ours."""
    names = {"random": "random vectors", "all_zeros": "all zeros"}
    printed = {names[key]: row for key, row in tables()["table_3"]["floors"].items()}
    here = vector_floors(run.references, run.lexicon)
    here |= floors(run.references, run.lexicon, PROTOCOL)
    return [
        {
            "floor": name,
            "printed": {key: printed.get(name, {}).get(short) for short, key in FIGURES.items()},
            "own": {key: figures[key] for key in FIGURES.values()},
        }
        for name, figures in here.items()
    ]


def _errors(masks: Sequence[Masks]) -> list[dict[str, Any]]:
    """Table A.6: what is said for a label where vectors differ, as a share of the label's masks."""
    printed = {(label, said): share for label, said, share in tables()["table_a6"]}
    whole: Counter[str] = Counter()
    wrong: Counter[tuple[str, str]] = Counter()
    for table in masks:
        terms = table.vocabulary
        whole.update(terms[label] for label in table.label)
        missed = table.valid & (table.bits[table.label] != table.bits[table.answer])
        pairs = zip(table.label[missed], table.answer[missed], strict=True)
        wrong.update((terms[label], terms[answer]) for label, answer in pairs)
    shares = {
        pair: number / whole[pair[0]]
        for pair, number in wrong.items()
        if whole[pair[0]] >= MIN_LABEL
    }
    often = sorted(shares, key=lambda pair: (-shares[pair], pair))[:MOST_ERRORS]
    return [
        {
            "label": pair[0],
            "prediction": pair[1],
            "published": printed.get(pair),
            "own": wrong[pair] / whole[pair[0]] if whole[pair[0]] else None,
            "masks": whole[pair[0]],
        }
        for pair in [*printed, *(pair for pair in often if pair not in printed)]
    ]


def _settings(runs: Sequence[Run], masks: Mapping[str, Masks]) -> list[dict[str, Any]]:
    """Table A.10: each setting against zero-shot of the same model."""
    printed = {
        (row["model"].lower(), SETTINGS[row["setting"]]): row for row in tables()["table_a10"]
    }
    found: list[dict[str, Any]] = [
        {"published": True, "model": row["model"], "setting": setting, "p": row["p"], "d": row["d"]}
        for (_, setting), row in printed.items()
    ]
    for base in runs:
        for run in runs:
            if base.setting == SETTINGS["zero_shot"] != run.setting and run.model == base.model:
                found += _pair(base, run, masks, {"model": run.model, "setting": run.setting})
    return found


def _models(runs: Sequence[Run], masks: Mapping[str, Masks]) -> list[dict[str, Any]]:
    """Table A.11: models against each other under the same setting."""
    found: list[dict[str, Any]] = [
        {"published": True, "models": row["models"], "p": row["p"], "d": row["d"]}
        for row in tables()["table_a11"]
    ]
    for place, first in enumerate(runs):
        for second in runs[place + 1 :]:
            if first.model != second.model and first.setting == second.setting:
                about = {"models": [second.model, first.model], "setting": first.setting}
                found += _pair(first, second, masks, about)
    return found


def _pair(
    first: Run, second: Run, masks: Mapping[str, Masks], about: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The statistics of one pair on F1, by posts and by masks; none where the rows differ."""
    if first.references != second.references or first.ids != second.ids:
        return []
    found: dict[str, Any] = {"published": False, **about}
    for unit in ("posts", "masks"):
        scores = [scores_by(masks[run.name], "vector_f1", unit) for run in (first, second)]
        two = paired(scores[0], scores[1], unit)
        one = paired(scores[0], scores[1], unit, "greater")
        found[unit] = {
            "pairs": two.pairs,
            "ties": two.ties,
            "p_two_sided": two.p_value,
            "p_one_sided": one.p_value,
            "d": None if two.d is None else two.d.to_dict(),
        }
    return [found]
