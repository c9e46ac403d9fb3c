"""What does not follow: the paper's printed figures against its own rows and files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .published import SETTINGS, tables

# Printed with three digits; rows are rounded too, so an average of rows can be off by this much.
_ROUNDING = 0.0011


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A printed figure that its own source does not give."""

    where: str  # table or passage
    what: str  # the figure
    # what is printed, and what the rows or files give
    printed: str
    follows: str
    arithmetic: str  # how, so that anyone can do it again


def contradictions() -> list[Contradiction]:
    """Every printed figure that does not follow, each with its arithmetic.

    >>> found = contradictions()
    >>> found[0].what, found[0].printed, found[0].follows
    ('zero-shot, AccL, average of 7 causal models', '.210', '.216')
    """
    paper = tables()
    kinds = (_averages, _gains, _gap, _worsened, _twice, _wrong_sign, _one_vector, _experts, _sizes)
    return [one for kind in kinds for one in kind(paper)]


def _causal(paper: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for row in paper["table_3"]["rows"] if row["cot"] is not None]


def _average(paper: dict[str, Any], setting: str, figure: str) -> float:
    values = [float(row[setting][figure]) for row in _causal(paper)]
    return sum(values) / len(values)


def _averages(paper: dict[str, Any]) -> Iterator[Contradiction]:
    """The rows of averages in Table 3."""
    for setting, printed in paper["table_3"]["averages"].items():
        for figure, value in printed.items():
            values = [row[setting][figure] for row in _causal(paper)]
            mean = sum(values) / len(values)
            if abs(mean - value) > _ROUNDING:
                yield Contradiction(
                    "Table 3",
                    f"{SETTINGS[setting]}, {figure}, average of {len(values)} causal models",
                    _digits(value),
                    _digits(mean),
                    f"({' + '.join(map(_digits, values))}) / {len(values)} = {_digits(mean)}",
                )


def _gains(paper: dict[str, Any]) -> Iterator[Contradiction]:
    """What the text says that examples and reasoning change."""
    for setting, printed in paper["in_the_text"]["gains"].items():
        for figure, value in printed.items():
            after, before = (_average(paper, key, figure) for key in (setting, "zero_shot"))
            if abs(after - before - value) > _ROUNDING:
                yield Contradiction(
                    "Results, text",
                    f"{SETTINGS[setting]} against zero-shot, {figure}",
                    _signed(value),
                    _signed(after - before),
                    # A digit more: of averages in three, the difference can be one off.
                    f"{_digits(after, 4)} - {_digits(before, 4)}, averages of the rows",
                )


def _gap(paper: dict[str, Any]) -> Iterator[Contradiction]:
    """Gemma-2-9B over Flan-T5-xxl, as the text has it."""
    named = {row["model"].rpartition("/")[2]: row["zero_shot"] for row in paper["table_3"]["rows"]}
    small, large = named["flan-t5-xxl"], named["gemma-2-9b-it"]
    for figure, value in paper["in_the_text"]["gemma_2_9b_over_flan_t5_xxl"].items():
        gap = large[figure] - small[figure]
        if abs(gap - value) > _ROUNDING:
            yield Contradiction(
                "Results, text",
                f"Gemma-2-9B over Flan-T5-xxl, {figure}",
                _digits(value),
                _digits(gap),
                f"{_digits(large[figure])} - {_digits(small[figure])}",
            )


def _worsened(paper: dict[str, Any]) -> Iterator[Contradiction]:
    """Chain of thought "consistently" worsened all seven."""
    rose = [
        f"{row['model'].rpartition('/')[2]} {figure} {_digits(before)} to {_digits(after)}"
        for row in _causal(paper)
        for figure, before in row["zero_shot"].items()
        if (after := row["cot"][figure]) > before
    ]
    if rose:
        models = len({one.partition(" ")[0] for one in rose})
        yield Contradiction(
            "Results, text",
            "chain of thought lowers all seven models",
            "all seven",
            f"{7 - models} of 7 on every figure",
            "it rose: " + "; ".join(rose),
        )


def _twice(paper: dict[str, Any]) -> Iterator[Contradiction]:
    """A row of Table A.10 that stands there twice, under two models."""
    seen: dict[tuple[str, str, float], str] = {}
    for row in paper["table_a10"]:
        key = (row["setting"], row["p"], row["d"])
        # p of 0 or 1 says little; one that is written out does not come twice by chance.
        if key in seen and row["p"] not in ("0.0", "1.0"):
            yield Contradiction(
                "Table A.10",
                f"{SETTINGS[row['setting']]}: {row['model']}",
                f"p = {row['p']}, d = {row['d']}",
                "unknown",
                f"the very figures of {seen[key]}; one of the two rows is a copy",
            )
        seen.setdefault(key, row["model"])


def _wrong_sign(paper: dict[str, Any]) -> Iterator[Contradiction]:
    """An effect in Table A.10 that is large and negative where all figures of Table 3 rise."""
    named = {row["model"].rpartition("/")[2].lower(): row for row in paper["table_3"]["rows"]}
    for row in paper["table_a10"]:
        rows = named.get(row["model"].lower())
        if rows is None or row["setting"] == "cot" or row["d"] > -0.1:
            continue
        changes = {f: rows[row["setting"]][f] - v for f, v in rows["zero_shot"].items()}
        if min(changes.values()) > 0:
            told = ", ".join(f"{figure} {_signed(value)}" for figure, value in changes.items())
            yield Contradiction(
                "Table A.10",
                f"{SETTINGS[row['setting']]}: {row['model']}",
                f"d = {row['d']}, p = {row['p']}",
                "a small positive d",
                f"Table 3 has {told}; probably a slip of a digit",
            )


def _one_vector(paper: dict[str, Any]) -> Iterator[Contradiction]:
    """Angry and furious "share a vector", yet one for the other counts as a vector error."""
    for label, prediction, share in paper["table_a6"]:
        if {label, prediction} == {"angry", "furious"}:
            yield Contradiction(
                "Metrics, text",
                "angry and furious have the same vector",
                "the same",
                "two vectors",
                f"Table A.6 counts {prediction} for {label} among the errors by vector "
                f"({share:.0%} of that label), and the released lexicon has two",
            )


def _experts(paper: dict[str, Any]) -> Iterator[Contradiction]:
    """The percentages of the expert study against its counts."""
    experts = paper["experts"]
    names = {"SD": "the person", "LLM": "the model", "BOTH": "both", "all_different": "no majority"}
    for key, count in experts["counts"].items():
        share = 100 * count / experts["posts"]
        if abs(share - experts["percent"][key]) > 0.06:
            yield Contradiction(
                "Expert study",
                f"{names[key]}, share of {experts['posts']} posts",
                f"{experts['percent'][key]:.1f}%",
                f"{share:.1f}%",
                f"{count} / {experts['posts']}",
            )


def _sizes(paper: dict[str, Any]) -> Iterator[Contradiction]:
    """How large the data is."""
    counts = paper["counts"]
    yield Contradiction(
        "Abstract and section 3",
        "posts or segments",
        f"{counts['segments_abstract_intro_table1']:,} and {counts['posts_in_section_3']:,}",
        "33,640",
        "rows of the published file (SHA-256 81e8e997...)",
    )
    yield Contradiction(
        "Abstract", "different labels", f"{counts['labels']}", "404", "labels of the published file"
    )


def _digits(value: float, places: int = 3) -> str:
    return f"{value:.{places}f}".replace("0.", ".", 1)


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("0.", ".", 1)
