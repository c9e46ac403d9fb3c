"""From runs to what the template of a report shows."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from express_metric import DIMENSIONS
from express_metric.analysis.breakdown import breakdown
from express_metric.analysis.clean import clean_figures
from express_metric.analysis.floors import MOST_FREQUENT
from express_metric.analysis.intervals import Interval
from express_metric.analysis.ladder import RUNGS, rungs
from express_metric.analysis.masks import Masks, mask_table
from express_metric.analysis.resampling import Resampling
from express_metric.analysis.significance import intervals_by_protocol
from express_metric.lexicon import caution
from express_metric.parsing import PROTOCOLS
from express_metric.plutchik import EMOTIONS
from express_metric.scoring import FIGURES, count

from ..comparison.compare import compare_runs
from ..comparison.runs import Run
from ..comparison.tables import training_title, training_told
from ..drawings.emotions import Point, dimension_bars, points, wheel
from ..drawings.lines import learning_curves
from ..drawings.ranks import calibration_plots, place_points
from ..drawings.svg import Figure
from ..drawings.words import intensity_bar, overuse_bars, pair_bars, valence_points
from ..words import FIGURE_NAMES, LADDER, REASONS, percent
from ..words import FIGURES as MEANINGS
from .examples import BUDGET, PER_RUN, Packed, pack
from .feelings import feelings
from .glance import ladder_bar, ladder_rows, tone_line, wrongs
from .groups import group_figures
from .sheet import Sheet, Told
from .story import FLOORS, MORE_KINDS, RIVAL_KINDS, comparison_cells, comparison_story, notes, story

HOW = Resampling()
FEW_DRAWS = 2_000
MOST_PAIRS = 14
Found = Mapping[str, Any]
Figures = dict[str, dict[str, dict[str, Interval]]]  # protocol, run, figure


def view(sheet: Sheet, how: Resampling = HOW) -> dict[str, Any]:
    """All that the template needs."""
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
    intervals = _intervals(sheet, how)
    packed = pack(sheet, masks, BUDGET - PER_RUN * len(runs))
    shared = {
        "about": _about(sheet, masks[0]),
        "names": [run.name for run in runs],
        "hidden": f"{len(masks[0]):,} hidden word{'s' * (len(masks[0]) != 1)}",
        "ladder": ladder_rows(masks),
        "notes": [
            *filter(None, (run.warning for run in runs)),
            *notes([run.name for run in runs], found, sheet.told),
        ],
        "overview": _overview(runs, found, intervals),
        "figures": [(FIGURE_NAMES[name], name, said) for name, said in MEANINGS.items()],
        "groups": group_figures([run.name for run in runs], found, trained=sheet.trained),
        "panels": [
            _panel(*parts, sheet.source.texts)
            for parts in zip(itertools.count(1), runs, found, masks, strict=False)
        ],
        "emotions": EMOTIONS,
        "protocol_header": (
            "figure",
            *(
                f"{run.name} {p}{kind}" if len(runs) > 1 else f"{p}{kind}"
                for run in runs
                for p in PROTOCOLS
                for kind in ("", ", clean")
            ),
        ),
        "protocols": _protocols(sheet, intervals),
        "caution": caution(runs[0].lexicon.label, "paper"),
        "floor_source": f"{_floor_source(sheet)} {nearest.missing}".rstrip(),
        "packed": packed,
        "real": sheet.source.texts is not None and not _invented(sheet),
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
        "story": story(found, figures),
        "comparison": None,
        "training": [],
        "kinds": [*_kinds(), *_reason_kinds([found])],
    }


def _together(runs: Sequence[Run], found: Sequence[Found], how: Resampling) -> dict[str, Any]:
    compared = compare_runs(runs, protocol="revised", how=how)
    return {
        "title": f"EXPRESS report: {len(runs)} runs",
        "asked_whom": f"{len(runs)} models or settings were asked",
        "story": comparison_story(compared),
        "comparison": {**compared, **comparison_cells(compared)},
        "training": [(training_title(one), *training_told(one)) for one in compared["training"]],
        "curves": learning_curves(compared["training"]),
        "kinds": [*_kinds(), *RIVAL_KINDS.items(), *_reason_kinds(found)],
    }


def _invented(sheet: Sheet) -> bool:
    """Whether the texts are those of the sample, which nobody lived through."""
    return any(told.asked is not None and told.asked.dataset.sample for told in sheet.told)


def _about(sheet: Sheet, masks: Masks) -> str:
    first = sheet.runs[0]
    signature = first.signatures["revised"]
    posts = f" from {masks.n_posts:,} posts" if sheet.posts is not None else ""
    split = f", split {signature.split}" if sheet.told[0].asked else ""
    return (
        f"Data {signature.data.partition('@')[0]}{split}: {len(sheet.ids):,} examples{posts}, "
        f"{len(masks):,} hidden words."
    )


def _intervals(sheet: Sheet, how: Resampling) -> Figures:
    counts = {
        protocol: {
            run.name: count(run.references, run.readings[protocol], run.lexicon, protocol)
            for run in sheet.runs
        }
        for protocol in PROTOCOLS
    }
    return intervals_by_protocol(counts, sheet.posts, how)


def _overview(runs: Sequence[Run], found: Sequence[Found], intervals: Figures) -> list[Figure]:
    """The five figures of all runs, and for several the F1 of each emotion."""
    names = [run.name for run in runs]
    shown = intervals["revised"]
    rows: list[tuple[str, list[Point]]] = [
        (
            FIGURE_NAMES[name],
            [(one[name].value, one[name].low, one[name].high) for one in shown.values()],
        )
        for name in FIGURES
    ]
    floor = found[0]["floors"].get(MOST_FREQUENT, {})
    caption = (
        "Points with 95% intervals over posts. The upright marks: what the commonest word, "
        "answered everywhere, would score."
    )
    floors = [floor.get(name) if name != "valid_rate" else None for name in FIGURES]
    drawn = [
        points("five-figures", ("The five figures", caption), names, rows, "figure", (), floors)
    ]
    if len(runs) > 1:
        text = ("F1 by emotion, all runs", "How well each emotion and each tone is matched.")
        by_dimension: list[tuple[str, list[Point]]] = [
            (name, [(each["dimensions"][name]["f1"], None, None) for each in found])
            for name in sorted(DIMENSIONS, key=lambda n: -(found[0]["dimensions"][n]["f1"] or 0))
        ]
        drawn.append(points("dimensions-all", text, names, by_dimension, "emotion"))
    return drawn


def _protocols(sheet: Sheet, intervals: Figures) -> list[tuple[str, ...]]:
    """A row for each figure: by both protocols for each run, and of its clean masks alone."""
    flags = sheet.clean
    columns: list[Mapping[str, float | None]] = []
    for run in sheet.runs:
        for p in PROTOCOLS:
            columns.append({name: shown.value for name, shown in intervals[p][run.name].items()})
            answers = run.readings[p]
            columns.append(
                clean_figures(run.references, answers, flags, run.lexicon, p) if flags else {}
            )
    return [(name, *(percent(column.get(name)) for column in columns)) for name in FIGURES]


def _kinds() -> list[tuple[str, str]]:
    """What the browser of examples can be asked for."""
    ladder = [(name, rung.name) for name, rung in reversed(LADDER.items())]
    return [*MORE_KINDS.items(), *ladder]


def _panel(
    number: int, run: Run, found: Found, masks: Masks, texts: Sequence[str] | None
) -> dict[str, Any]:
    own = ("this run", *(percent(found["figures"][name]) for name in FIGURES))
    return {
        "name": run.name,
        "number": number - 1,
        "bar": ladder_bar(masks, number - 1),
        "tone": tone_line(found),
        "wrongs": wrongs(found, masks, texts),
        "feelings": feelings(masks),
        "figures": _drawn(number, run, found, masks),
        "invalid": [
            (reason, f"{number:,}", REASONS[reason])
            for reason, number in sorted(found["invalid"].items(), key=lambda pair: -pair[1])
        ],
        "floor_header": ("answer", *FIGURE_NAMES.values()),
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
        pair_bars(key("confusion"), run.name, _pairs(found, masks)),
        intensity_bar(key("intensity"), run.name, found["intensity"]),
        valence_points(key("valence"), run.name, found["valence"]),
    ]
    if run.places:
        drawn.append(place_points(key("places"), run.name, run.places, run.others))
    if found["calibration"]:
        share = (run.places or {}).get("share")
        drawn.append(calibration_plots(key("calibration"), run.name, found["calibration"], share))
    return [figure for figure in drawn if figure is not None]


def _pairs(found: Found, masks: Masks) -> list[tuple[str, str, int, str]]:
    """The commonest wrong pairs, each with the rung on which it stands."""
    rung = rungs(masks).tolist()
    codes = zip(masks.label.tolist(), masks.answer.tolist(), strict=True)
    by_pair = dict(zip(codes, rung, strict=True))
    place = {word: code for code, word in enumerate(masks.vocabulary)}
    pairs = found["confusion"]["terms"]["pairs"][:MOST_PAIRS]
    return [(a, b, n, RUNGS[by_pair[place[a], place[b]]]) for a, b, n in pairs]


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
        "of every hidden word are shown; searching finds what is shown."
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
