"""The points of the paper's Figures 2, 3 and A.3, published and own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from express_metric.analysis.masks import Masks

from .published import SETTINGS, rows
from .runs import Run, model_size

MOST_WORDS = 75


def by_size(own: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Figure 2: zero-shot vector accuracy by the number of parameters, a line for each family."""
    zero = SETTINGS["zero_shot"]
    points = [
        {
            "published": True,
            "line": row.family,
            "model": row.model,
            "parameters": model_size(row.model),
            "value": row.figures["vector_accuracy"],
        }
        for row in rows()
        if row.setting == zero
    ]
    points += [
        {
            "published": False,
            "line": row["line"],
            "model": row["model"],
            "parameters": row["parameters"],
            "value": row["figures"]["vector_accuracy"]["value"],
        }
        for row in own
        if row["setting"] == zero
    ]
    return sorted(points, key=lambda point: (point["line"], point["parameters"] or 0))


def by_setting(own: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Figure 3: vector accuracy of each model by setting."""
    found: dict[tuple[bool, str], dict[str, float | None]] = {}
    for row in rows():
        cells = found.setdefault((True, row.model), {})
        cells[row.setting] = row.figures["vector_accuracy"]
    for mine in own:
        taken = mine["setting"] in found.get((False, mine["model"]), {})
        cells = found.setdefault((False, mine["name" if taken else "model"]), {})
        cells[mine["setting"]] = mine["figures"]["vector_accuracy"]["value"]
    return [
        {"published": published, "model": model, "settings": cells}
        for (published, model), cells in found.items()
    ]


def word_counts(runs: Sequence[Run], masks: Mapping[str, Masks]) -> dict[str, Any]:
    """Figure A.3: how often people say their 75 commonest words, and how often models do.

    Counts of other examples would tell nothing beside these: such runs are left out by name.
    """
    if not runs:
        return {"words": [], "people": [], "models": {}, "left_out": []}
    people = Counter(label for row in runs[0].references for label in row)
    words = [word for word, _ in people.most_common(MOST_WORDS)]
    wanted = Counter(runs[0].references)
    said, left_out = {}, []
    for run in runs:
        if Counter(run.references) != wanted:
            left_out.append(run.name)
            continue
        table = masks[run.name]
        answers = Counter(table.vocabulary[answer] for answer in table.answer[table.valid])
        said[run.name] = [answers[word] for word in words]
    return {
        "words": words,
        "people": [people[word] for word in words],
        "models": said,
        "left_out": left_out,
    }
