"""The paper's figures as the package carries them, and what does not follow from them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from express_cards.comparison.contradictions import contradictions
from express_cards.comparison.published import beside, rows, tables


@pytest.fixture(scope="module")
def paper(reference: Path) -> dict[str, Any]:
    """The figures as they were read from the paper."""
    content: dict[str, Any] = json.loads(
        (reference.parent / "paper" / "paper_tables.json").read_text("utf-8")
    )
    return content


def test_every_figure_is_the_papers(paper: dict[str, Any]) -> None:
    ours = tables()
    table = paper["table_3"]
    for mine, theirs in zip(ours["table_3"]["rows"], table["rows"], strict=True):
        assert mine == {key: theirs[key] for key in mine}
    assert ours["table_3"]["averages"] == table["average_causal_printed"]
    assert ours["table_3"]["floors"] == table["baselines"]
    assert ours["table_4"]["rows"] == paper["table_4"]
    assert ours["table_a2"] == paper["table_A2"]
    assert ours["counts"] == paper["dataset_counts_in_text"]
    assert ours["table_a4"] == {row["emotion"]: row["count"] for row in paper["table_A4"]}
    keys = ("label", "prediction", "frequency")
    assert ours["table_a6"] == [[row[key] for key in keys] for row in paper["table_A6"]]
    assert ours["table_a7"] == paper["table_A7"]
    names = ("model", "setting_against_zero_shot", "p_value_as_printed", "cohens_d")
    assert [list(row.values()) for row in ours["table_a10"]] == [
        [row[name] for name in names] for row in paper["table_A10"]
    ]
    assert [(*row["models"], row["p"], row["d"]) for row in ours["table_a11"]] == [
        (row["model_1"], row["model_2"], row["p_value_as_printed"], row["cohens_d"])
        for row in paper["table_A11"]
    ]
    study = paper["human_evaluation"]
    assert ours["experts"]["percent"] == {
        key: value["percent_printed"] for key, value in study["majority"].items()
    }
    assert ours["experts"]["counts"] == {key: v["n"] for key, v in study["majority"].items()}
    assert ours["experts"]["unanimous_percent"] == study["unanimous_percent"]


def test_the_papers_experiment_is_35_runs() -> None:
    found = list(rows())
    assert len(found) == 35
    assert {row.setting for row in found if row.architecture in ("masked", "seq2seq")} == {
        "zero-shot"
    }
    assert {row.model for row in found if row.architecture == "api"} == {
        "gpt-3.5-turbo-0125",
        "gpt-4o",
    }


def test_a_model_finds_its_row_by_its_name_alone() -> None:
    assert beside("org/gemma-2-9b-it", "cot") == beside("google/gemma-2-9b-it", "cot") is not None
    assert beside("api:gpt-4o", "zero-shot") is not None
    assert beside("gpt-4o-mini", "zero-shot") is None


def test_averages_are_recomputed_as_the_notes_have_them(paper: dict[str, Any]) -> None:
    follows = {one.what: one.follows for one in contradictions() if one.where == "Table 3"}
    again = paper["table_3"]["average_causal_recomputed_from_rows"]["zero_shot"]
    assert follows == {
        f"zero-shot, {name}, average of 7 causal models": f"{value:.3f}".lstrip("0")
        for name, value in again.items()
    }


@pytest.mark.parametrize(
    ("what", "printed", "follows"),
    [
        ("few-shot random against zero-shot, AccV", "+.042", "+.026"),
        ("few-shot similar against zero-shot, F1V", "+.011", "+.023"),
        ("cot against zero-shot, AccL", "-.039", "-.045"),
        ("Gemma-2-9B over Flan-T5-xxl, AccV", ".174", ".126"),
        ("chain of thought lowers all seven models", "all seven", "5 of 7 on every figure"),
        ("cot: GPT-4o", "p = 4.79e-234, d = 0.116", "unknown"),
        ("few-shot random: Llama-3.1-70B-instruct", "d = -0.34, p = 1.0", "a small positive d"),
        ("angry and furious have the same vector", "the same", "two vectors"),
        ("the model, share of 213 posts", "43.7%", "45.5%"),
    ],
)
def test_what_does_not_follow(what: str, printed: str, follows: str) -> None:
    found = {one.what: (one.printed, one.follows) for one in contradictions()}
    assert found[what] == (printed, follows)


def test_the_arithmetic_shown_gives_what_follows() -> None:
    differences = [
        (float(terms[1]) - float(terms[2]), float(one.follows))
        for one in contradictions()
        if (terms := re.match(r"(\.\d+) - (\.\d+)", one.arithmetic))
    ]
    assert len(differences) == 12
    assert all(round(shown, 3) == follows for shown, follows in differences)


def test_what_follows_is_not_called_a_contradiction() -> None:
    whats = {one.what for one in contradictions()}
    assert not any("few-shot" in what and "average" in what for what in whats)
    assert "cot: Gemma-2-9B-it" not in whats
