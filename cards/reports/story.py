"""What a report says in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from express_metric.analysis.floors import MOST_FREQUENT, NEAREST, UNIFORM
from express_metric.analysis.intervals import Interval

from ..comparison.verdicts import measured
from ..drawings.words import disagreeing, leaning
from ..words import LOW_VALID_RATE, advice, percent
from .sheet import Told

MORE_KINDS = {
    "good-to-bad": "a good feeling taken for bad",
    "bad-to-good": "a bad feeling taken for good",
    "softened": "milder word of the family",
    "heightened": "stronger word of the family",
    "apart": "no emotion shared",
}
RIVAL_KINDS = {"alone": "only this model right", "missed": "only this model wrong"}
FLOORS = {
    MOST_FREQUENT: "always the commonest word",
    UNIFORM: "a word drawn at random",
    NEAREST: "the word of the most similar text",
}
CLEAR = 0.05
FEW = 20  # below this number of masks a sentence would say more than is known
EXACT = "lexical_accuracy"
# Of a finding's figure: scale, decimals and what stands behind it.
_UNITS = {"percent": (100, 1, "%"), "points": (100, 1, " pp"), "bits": (1, 2, "")}


def story(found: Mapping[str, Any], figures: Mapping[str, Interval]) -> list[str]:
    """Some sentences on one run."""
    parts = (_emotions, _overused, _intensity, _flips, _variety)
    said = [_floor(found, figures), *(part(found) for part in parts)]
    return [line for line in said if line]


def extremes(groups: Sequence[Mapping[str, Any]]) -> tuple[str, str] | None:
    """The groups with the highest and the lowest share; None unless they are clearly apart.

    They were picked because they are far apart, so that their whole intervals have to be.

    >>> high = {"group": "joy", "lexical_accuracy": 0.6, "low": 0.5, "high": 0.7}
    >>> low = {"group": "fear", "lexical_accuracy": 0.4, "low": 0.35, "high": 0.45}
    >>> extremes([low, high])
    ('joy', 'fear')
    >>> extremes([{**low, "high": 0.55}, high])
    """
    best = max(groups, key=lambda row: row["lexical_accuracy"])
    worst = min(groups, key=lambda row: row["lexical_accuracy"])
    return (best["group"], worst["group"]) if best["low"] > worst["high"] else None


def comparison_story(compared: Mapping[str, Any]) -> list[str]:
    """Who named the person's word most often, and whether that may be chance.

    >>> run = {"name": "a", "figures": {EXACT: {"value": 0.5}}, "against_baseline": None}
    >>> other = {**run, "name": "b", "against_baseline": {EXACT: {"p_corrected": 0.2}}}
    >>> comparison_story({"baseline": "a", "runs": [run, other]})[1]
    'Between b and a the difference may be chance (p = 0.2).'
    """
    first = compared["baseline"]
    exact = {run["name"]: run["figures"][EXACT]["value"] or 0.0 for run in compared["runs"]}
    order = sorted(exact, key=lambda name: (-exact[name], name))
    shares = ", ".join(f"{name} {percent(exact[name])}" for name in order)
    lines = [f"The person's own word: {shares}."]
    for run in compared["runs"]:
        if run["against_baseline"] is None:
            continue
        name, p_value = run["name"], run["against_baseline"][EXACT]["p_corrected"]
        more = "more" if exact[name] > exact[first] else "less"
        told = (
            f"{name} names it {more} often than {first}, and that is hardly chance"
            if p_value < CLEAR
            else f"Between {name} and {first} the difference may be chance"
        )
        lines.append(f"{told} ({_p(p_value)}).")
    return lines


def comparison_cells(compared: Mapping[str, Any]) -> dict[str, Any]:
    """The differences from the first run, and the paper's findings, as cells of two tables."""
    rows = []
    figures: tuple[str, ...] = ()
    for run in compared["runs"]:
        against = run["against_baseline"]
        if against is not None:
            rows.append((run["name"], *(_difference(cell) for cell in against.values())))
            figures = tuple(against)
    findings = [
        (finding["claim"], finding["verdict"], _finding(finding), measured(finding))
        for finding in compared["findings"]
    ]
    return {"header": ("run", *figures), "rows": rows, "checks": findings}


def notes(
    names: Sequence[str], found: Sequence[Mapping[str, Any]], told: Sequence[Told]
) -> list[str]:
    """What a reader should know before believing the figures; each note once."""
    lines = dict.fromkeys(_unscored(names, found))
    for one in told:
        lines |= dict.fromkeys(one.notes)
    return list(lines)


def _unscored(names: Sequence[str], found: Sequence[Mapping[str, Any]]) -> list[str]:
    """A warning where many answers could not be scored; one for all runs."""
    if len(names) == 1:
        each = found[0]
        scores = {
            "valid_rate": each["figures"]["valid_rate"],
            "invalid": each["invalid"],
            "n_examples": each["n_examples"],
        }
        return advice({"revised": scores})
    low = [
        f"{name} {sum(each['invalid'].values()):,} of {each['n_examples']:,}"
        for name, each in zip(names, found, strict=True)
        if (each["figures"]["valid_rate"] or 0) < LOW_VALID_RATE
    ]
    if not low:
        return []
    return [
        f"Many answers could not be scored: {', '.join(low)}. They were no list of words, or had "
        "the wrong number of them. Each of their hidden words counts as wrong, so these runs' "
        "accuracies tell first that the form asked for was not kept, and only then what is known "
        "of emotions."
    ]


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.2g}"


def _difference(cell: Mapping[str, Any]) -> str:
    """A difference in percentage points; the spaces within a part do not break."""
    gap, p_value = cell["difference"], cell["p_corrected"]
    if gap["value"] is None:
        return "-"
    star = "*" if p_value < CLEAR else ""
    shown = f"{100 * gap['value']:+.1f}"
    if gap["low"] is not None:
        shown += f" ({100 * gap['low']:+.1f} to {100 * gap['high']:+.1f})"
    parts = (shown, f"{_p(p_value)}{star}")
    return " ".join(part.replace(" ", "\u00a0") for part in parts)


def _finding(finding: Mapping[str, Any]) -> str:
    if finding["figure"] is None:
        return "-"
    scale, places, unit = _UNITS[finding["unit"]]
    shown, *ends = (
        None if finding[part] is None else f"{scale * finding[part]:.{places}f}"
        for part in ("figure", "low", "high")
    )
    reach = f" ({ends[0]} to {ends[1]})" if ends[0] is not None else ""
    return f"{shown}{unit}{reach}"


def _floor(found: Mapping[str, Any], figures: Mapping[str, Interval]) -> str:
    floor = found["floors"].get(MOST_FREQUENT)
    if floor is None or floor[EXACT] is None:
        return ""
    against = {name: _against(figures[name], floor[name]) for name in (EXACT, "vector_accuracy")}
    return (
        f"Always answering with the commonest word would name {percent(floor[EXACT])} of the "
        f"hidden words; the model names them {against[EXACT]}. That word would have the right mix "
        f"of emotions {percent(floor['vector_accuracy'])} of the time; the model's words have it "
        f"{against['vector_accuracy']}."
    )


def _against(shown: Interval, floor: float) -> str:
    """How a figure stands to a floor, by its interval."""
    if shown.above(floor):
        return "clearly more often"
    return "clearly less often" if shown.below(floor) else "no more often as far as can be told"


def _emotions(found: Mapping[str, Any]) -> str:
    groups = [g for g in found["emotions"] if g["masks"] >= FEW and g["group"] != "none"]
    apart = extremes(groups) if len(groups) > 1 else None
    if apart is None:
        return ""
    shares = {group["group"]: percent(group["lexical_accuracy"]) for group in groups}
    best, worst = apart
    return (
        f"It finds the word most often for feelings of {best} ({shares[best]}) and least often for "
        f"{worst} ({shares[worst]})."
    )


def _overused(found: Mapping[str, Any]) -> str:
    over = [use for use in found["overuse"] if use["verdict"] == "over"][:5]
    if not over:
        return ""
    named = ", ".join(
        f"{use['term']} ({use['model']} times, people {use['people']})" for use in over
    )
    return f"It says some words more often than people do: {named}."


def _intensity(found: Mapping[str, Any]) -> str:
    shift = found["intensity"]
    net = shift["net"]
    if not shift["same_family"] or net["low"] is None:
        return ""
    milder, stronger = (percent(shift["shares"][kind]) for kind in ("softened", "heightened"))
    lead = f"Where it misses the word but keeps the feeling, {milder} are milder and {stronger} "
    lead += f"stronger, by {shift['scale']}"
    side = leaning(shift)
    if not side:
        return f"{lead}: no clear softening or heightening{disagreeing(shift)}."
    return f"{lead}: it {'softens' if side > 0 else 'heightens'} what people say."


def _flips(found: Mapping[str, Any]) -> str:
    rate = next((rate for rate in found["valence"]["by"] if rate["group"] == "both"), None)
    if rate is None or rate["masks"] < FEW:
        return ""
    reach = f"likely between {percent(rate['low'])} and {percent(rate['high'])}"
    return (
        f"It takes a good feeling for a bad one, or a bad one for a good one, in "
        f"{percent(rate['share'])} of the answers that can tell ({reach})."
    )


def _variety(found: Mapping[str, Any]) -> str:
    diversity = found["diversity"]
    if diversity["tokens"] < FEW:
        return ""
    return (
        f"For the same {diversity['tokens']:,} hidden words people used "
        f"{diversity['people_distinct']} different ones and the model "
        f"{diversity['model_distinct']}."
    )
