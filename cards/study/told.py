"""What a study's figures say, in words, with the paper's own beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..comparison.contradictions import contradictions
from ..comparison.published import tables
from ..words import percent

Found = Mapping[str, Any]
OUTCOMES = {
    "model": "the model's word",
    "person": "the person's word",
    "both": "both",
    "neither": "neither",
    "none": "no majority",
}
_PAPER = {"model": "LLM", "person": "SD", "both": "BOTH", "none": "all_different"}
LOW, MODERATE = 0.4, 0.6


def verdict(found: Found) -> list[str]:
    """Sentences: what the majorities say, whether it is clear, how far coders agree, and so on."""
    return [
        _majority(found),
        _preference(found),
        _agreement(found),
        _position(found),
        *_follows(found),
    ]


def beside(found: Found) -> dict[str, Any]:
    """The paper's figures of its own study, and what of its print does not follow.

    The last only where these answers have the very counts of the paper's.
    """
    paper = tables()["experts"]
    counts = {name: paper["counts"][key] for name, key in _PAPER.items()}
    same = found["posts"] == paper["posts"] and all(
        found["majority"][name]["n"] == n for name, n in counts.items()
    )
    return {
        "posts": paper["posts"],
        "model": paper["model"],
        "majority": counts,
        "percent_printed": {name: paper["percent"][key] for name, key in _PAPER.items()},
        "unanimous": paper["unanimous"],
        "fleiss_kappa": paper["fleiss_kappa"],
        "codes": {str(row["code"]): row for row in tables()["table_a7"]},
        "same_counts": same,
        "does_not_follow": [
            {"what": c.what, "printed": c.printed, "follows": c.follows, "how": c.arithmetic}
            for c in contradictions()
            if same and c.where == "Expert study"
        ],
    }


def reach(interval: Mapping[str, Any], digits: int = 0) -> str:
    """An interval in words.

    >>> reach({"low": 0.4, "high": 0.5})
    '40.0% to 50.0%'
    >>> reach({"low": 0.137, "high": 0.288}, 2)
    '0.14 to 0.29'
    """
    if interval["low"] is None:
        return "too few posts for an interval"
    if digits:
        return f"{interval['low']:.{digits}f} to {interval['high']:.{digits}f}"
    return f"{percent(interval['low'])} to {percent(interval['high'])}"


def _majority(found: Found) -> str:
    shares = [
        f"{text} in {found['majority'][name]['n']} ({percent(found['majority'][name]['value'])})"
        for name, text in OUTCOMES.items()
        if found["majority"][name]["n"] or name in ("model", "person")
    ]
    if found["per_post"] == 1:
        chose = ", ".join(shares)
        return f"Of {found['posts']} posts with one coder each, the coder chose {chose}."
    return (
        f"Of the {found['posts']} posts that all {found['per_post']} coders judged, more than half "
        f"of the coders chose {', '.join(shares)}; "
        f"all were of one mind on {found['unanimous']['n']} "
        f"({percent(found['unanimous']['value'])})."
    )


def _preference(found: Found) -> str:
    majority, all_given = found["preference"]["majority"], found["preference"]["judgements"]
    p = all_given["p_permutation"]
    if not all_given["of"]:
        return "Nobody chose one side alone, so that there is no preference to test."
    clear = p < 0.05
    side = "model's" if all_given["value"] > 0.5 else "person's"
    told = (
        f"Where one side was chosen, it was the model's in {percent(all_given['value'])} of "
        f"{all_given['of']} answers (95% interval {reach(all_given)}; permutation of posts, "
        f"p = {p:.2g})"
    )
    if majority["of"]:
        told += f" and in {majority['n']} of {majority['of']} majorities (exact, p = "
        told += f"{majority['p']:.2g})"
    end = (
        f"experts prefer the {side} word."
        if clear
        else "that is no more than chance gives: these answers do not show that experts prefer "
        "either word."
    )
    return f"{told}: {end}"


def _agreement(found: Found) -> str:
    alpha = found["agreement"]["krippendorff_alpha"]
    kappa = found["agreement"]["fleiss_kappa"]
    if alpha["value"] is None:
        if not found["agreement"]["cohen_kappa"]:
            return "No two coders judged one post, so that agreement cannot be told."
        return (
            "Every answer was the same, so that agreement beyond chance cannot be told: the "
            "coefficients compare with what chance would give, and chance would give it too."
        )
    if alpha["low"] is not None and alpha["low"] <= 0:
        how = "not shown to be better than chance"
    elif alpha["value"] < LOW:
        how = "low: one coder's answer says little of another's"
    elif alpha["value"] < MODERATE:
        how = "moderate"
    else:
        how = "good"
    fleiss = "" if kappa["value"] is None else f"Fleiss' kappa {kappa['value']:.2f}, "
    return (
        f"Agreement ({fleiss}Krippendorff's alpha {alpha['value']:.2f}, 95% interval "
        f"{reach(alpha, 2)}; 0 is chance, 1 is full) is {how}."
    )


def _position(found: Found) -> str:
    place = found["position"]
    if not place["of"]:
        return "The order of the two sides is not known, so that a bias of position is not either."
    told = f"Of the answers for one side, {percent(place['value'])} took the option shown first"
    p = place["p_permutation"]
    how = "a bias of position" if p < 0.05 else "no clear bias of position"
    return f"{told} (95% interval {reach(place)}, p = {p:.2g}): {how}."


def _follows(found: Found) -> list[str]:
    """What follows for the question that the paper asked."""
    context = found["contextual_accuracy"]
    person, model = (context[side]["majority"]["value"] for side in ("person", "model"))
    lines = [
        f"Contextual accuracy, the share of posts where the side, or both, was the majority's "
        f"choice: model {percent(model)} ({reach(context['model']['majority'])}), "
        f"person {percent(person)} ({reach(context['person']['majority'])})."
    ]
    lines += _meaning(found["preference"]["judgements"])
    named = [row for row in found["codes"] if row["p_holm"] is not None and row["p_holm"] < 0.05]
    if named:
        told = ", ".join(
            f"{row['code']} ({row['name'] or 'no name'}: person {row['person']}, model "
            f"{row['model']})"
            for row in named
        )
        lines.append(f"Reasons that go with one side (Fisher, corrected by Holm): {told}.")
    return lines


def _meaning(test: Mapping[str, Any]) -> list[str]:
    """What a preference, or none, says of the question: no difference shown is not none."""
    if not test["of"] or test["low"] is None:
        return []
    if test["p_permutation"] >= 0.05:
        told = (
            "neither side is shown to fit better; with 95% confidence readers take the model's "
            f"word at most {percent(test['high'])} of the time, the person's at most "
            f"{percent(1 - test['low'])}"
        )
    elif test["value"] > 0.5:
        told = "readers find the model's word the better one more often than the person's own"
    else:
        told = "readers, too, find the person's own word the better one more often"
    return [
        f"What follows: {told}. This tells what fits a text, not what the person felt: for that "
        "the word that the person chose stays the reference."
    ]
