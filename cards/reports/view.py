"""From runs to what the template of a report shows."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from express_metric import DIMENSIONS
from express_metric.analysis.breakdown import breakdown
from express_metric.analysis.intervals import Interval
from express_metric.analysis.masks import Masks, mask_table
from express_metric.analysis.resampling import Resampling
from express_metric.analysis.significance import analyse
from express_metric.parsing import PROTOCOLS
from express_metric.scoring import FIGURES, count

from ..comparison.compare import compare_runs
from ..comparison.runs import Run
from ..drawings.emotions import Point, dimension_bars, points, wheel
from ..drawings.ranks import calibration_plots, place_points
from ..drawings.svg import Figure
from ..drawings.words import confusion_map, intensity_bar, overuse_bars, valence_points
from ..words import FIGURES as MEANINGS
from ..words import REASONS, percent
from .examples import BUDGET, PER_RUN, Packed, pack
from .groups import group_figures
from .sheet import Sheet, Told
from .story import (
    FLOORS,
    KINDS,
    RIVAL_KINDS,
    comparison_cells,
    comparison_story,
    notes,
    story,
    tiles,
)

HOW = Resampling()
FEW_DRAWS = 2_000
Found = Mapping[str, Any]
Figures = dict[str, dict[str, dict[str, Interval]]]  # protocol, run, figure


def view(sheet: Sheet, how: Resampling = HOW) -> dict[str, Any]:
    """All that the template needs.

    >>> from express_metric import Reading, Signature, load_lexicon
    >>> nrc, readings = load_lexicon("nrc"), [Reading(("sad",))]
    >>> signatures = {p: Signature("d", "test", 1, p, nrc.label) for p in PROTOCOLS}
    >>> run = Run("a", "m", "causal", "x", [("sad",)], dict.fromkeys(PROTOCOLS, readings), None,
    ...           None, nrc, signatures)
    >>> found = view(Sheet([run], [Told(["sad"], None)]), Resampling(draws=100))
    >>> found["title"], found["about"]
    ('EXPRESS report: a', 'Data d: 1 examples, 1 masks.')
    """
    runs, nearest = sheet.runs, sheet.nearest()
    facts = replace(sheet.facts(), nearest=nearest.labels)
    few = Resampling(min(how.draws, FEW_DRAWS), how.seed, how.level)
    found = [
        breakdown(
            run.references,
            run.readings["revised"],
            run.lexicon,
            "revised",
            replace(facts, ranking=run.ranking),
            few,
        )
        for run in runs
    ]
    masks = [
        mask_table(run.references, run.readings["revised"], run.lexicon, "revised", facts.posts)
        for run in runs
    ]
    intervals: Figures = {protocol: _intervals(sheet, protocol, how) for protocol in PROTOCOLS}
    packed = pack(sheet, masks, BUDGET - PER_RUN * len(runs))
    shared = {
        "about": _about(sheet, masks[0]),
        "notes": [
            *filter(None, (run.warning for run in runs)),
            *notes([run.name for run in runs], found, sheet.told),
        ],
        "overview": _overview(runs, found, intervals),
        "figures": MEANINGS,
        "groups": group_figures([run.name for run in runs], found, trained=sheet.trained),
        "panels": [_panel(*parts) for parts in zip(itertools.count(1), runs, found, masks)],
        "floor_source": f"{_floor_source(sheet)} {nearest.missing}".rstrip(),
        "packed": packed,
        "cut_note": _cut_note(packed),
        "made_header": ("", *(run.name for run in runs)),
        "made": _made(runs, sheet.told),
        "signatures": [str(run.signatures[p]) for run in runs for p in PROTOCOLS],
    }
    if len(runs) == 1:
        return shared | _alone(runs[0], found[0], intervals["revised"][runs[0].name])
    return shared | _together(runs, found, how)


def _alone(run: Run, found: Found, figures: Mapping[str, Interval]) -> dict[str, Any]:
    return {
        "title": f"EXPRESS report: {run.name}",
        "asked_whom": f"The model {run.model} was asked" if run.family else "A model was asked",
        "tiles": tiles(figures),
        "story": story(found, figures),
        "comparison": None,
        "kinds": [*KINDS.items(), *_reason_kinds([found])],
    }


def _together(runs: Sequence[Run], found: Sequence[Found], how: Resampling) -> dict[str, Any]:
    compared = compare_runs(runs, protocol="revised", how=how)
    return {
        "title": f"EXPRESS report: {len(runs)} runs",
        "asked_whom": f"{len(runs)} models or settings were asked",
        "tiles": [],
        "story": comparison_story(compared),
        "comparison": {**compared, **comparison_cells(compared)},
        "kinds": [*(KINDS | RIVAL_KINDS).items(), *_reason_kinds(found)],
    }


def _about(sheet: Sheet, masks: Masks) -> str:
    first = sheet.runs[0]
    signature = first.signatures["revised"]
    posts = f" from {masks.n_posts:,} posts" if sheet.posts is not None else ""
    split = f", split {signature.split}" if sheet.told[0].asked else ""
    return (
        f"Data {signature.data.partition('@')[0]}{split}: {len(sheet.ids):,} examples{posts}, "
        f"{len(masks):,} masks."
    )


def _intervals(sheet: Sheet, protocol: Any, how: Resampling) -> dict[str, dict[str, Interval]]:
    counts = {
        run.name: count(run.references, run.readings[protocol], run.lexicon, protocol)
        for run in sheet.runs
    }
    return analyse(counts, protocol, sheet.posts, (), how).intervals


def _overview(
    runs: Sequence[Run],
    found: Sequence[Found],
    intervals: Figures,
) -> list[Figure]:
    def point(protocol: str, run: str, figure: str) -> Point:
        interval = intervals[protocol][run][figure]
        return interval.value, interval.low, interval.high

    names = [run.name for run in runs]
    if len(runs) == 1:
        rows = [(_plain(f), [point(p, names[0], f) for p in PROTOCOLS]) for f in FIGURES]
        text = ("Figures of both protocols", "Points with 95% intervals over posts.")
        return [points("five-figures", text, PROTOCOLS, rows, "figure")]
    drawn = []
    for protocol in reversed(PROTOCOLS):
        text = (f"All runs, {protocol}", "Points with 95% intervals over posts.")
        rows = [(_plain(f), [point(protocol, name, f) for name in names]) for f in FIGURES]
        drawn.append(points(f"five-figures-{protocol}", text, names, rows, "figure"))
    text = ("F1 by dimension, all runs", "F1 of each dimension of the words' vectors.")
    by_dimension: list[tuple[str, list[Point]]] = [
        (name, [(each["dimensions"][name]["f1"], None, None) for each in found])
        for name in DIMENSIONS
    ]
    return [*drawn, points("dimensions-all", text, names, by_dimension, "dimension")]


def _plain(figure: str) -> str:
    return figure.replace("_", " ").replace("f1", "F1")


def _panel(number: int, run: Run, found: Found, masks: Masks) -> dict[str, Any]:
    own = ("this run", *(percent(found["figures"][name]) for name in FIGURES))
    return {
        "name": run.name,
        "figures": _drawn(number, run, found, masks),
        "invalid": [
            (reason, f"{number:,}", REASONS[reason])
            for reason, number in sorted(found["invalid"].items(), key=lambda pair: -pair[1])
        ],
        "floor_header": ("answer", *map(_plain, FIGURES)),
        "floors": [
            own,
            *(
                (FLOORS[name], *(percent(figures[figure]) for figure in FIGURES))
                for name, figures in found["floors"].items()
            ),
        ],
    }


def _drawn(number: int, run: Run, found: Found, masks: Masks) -> list[Figure]:
    """The figures of a run's answers; none where no answer could be scored."""
    if not masks.valid.any():
        return []

    def key(name: str) -> str:
        return f"{name}-{number}"

    drawn = [
        wheel(key("wheel"), run.name, masks),
        dimension_bars(key("dimensions"), run.name, found["dimensions"]),
        overuse_bars(key("overuse"), run.name, found["overuse"]),
        confusion_map(key("confusion"), run.name, found["confusion"]["terms"]),
        intensity_bar(key("intensity"), run.name, found["intensity"]),
        valence_points(key("valence"), run.name, found["valence"]),
    ]
    if run.places:
        drawn.append(place_points(key("places"), run.name, run.places))
    if found["calibration"]:
        drawn.append(calibration_plots(key("calibration"), run.name, found["calibration"]))
    return [figure for figure in drawn if figure is not None]


def _floor_source(sheet: Sheet) -> str:
    if sheet.trained:
        return "Words and frequencies are those of the train split."
    return "Words and frequencies are those of these very labels: the floors are a little too high."


def _cut_note(packed: Packed) -> str:
    if not packed.texts or packed.width is None:
        return ""
    if not packed.width:
        return "So many texts do not fit into a page: only labels and answers are shown."
    return (
        f"So many texts do not fit into a page whole: about {packed.width} characters on each side "
        "of every mask are shown; searching finds what is shown."
    )


def _reason_kinds(found: Sequence[Found]) -> list[tuple[str, str]]:
    reasons = {reason for each in found for reason in each["invalid"]}
    return [(reason, f"not scored: {reason}") for reason in REASONS if reason in reasons]


def _made(runs: Sequence[Run], told: Sequence[Told]) -> list[tuple[str, ...]]:
    """What was run, a row for each setting that is known of any run."""
    rows: dict[str, list[str]] = {}
    for place, (run, one) in enumerate(zip(runs, told, strict=True)):
        facts = {"family": run.family, "lexicon": run.lexicon.label}
        asked = one.asked
        if asked is not None:
            facts = {
                "model": asked.model.name,
                "revision": (asked.model.revision or "")[:12],
                "family": run.family,
                "prompt": asked.prompt.name,
                "decoding": asked.decoding.name,
                "number format": asked.dtype,
                "lexicon": run.lexicon.label,
            }
        for name, value in facts.items():
            if value:
                rows.setdefault(name, ["-"] * len(runs))[place] = str(value)
    return [(name, *values) for name, values in rows.items()]
