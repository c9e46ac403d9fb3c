"""The metric's card and page: from the code, and true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from express_cards.spaces.metric import card as cards
from express_cards.spaces.metric import examples as worked
from express_cards.spaces.metric.examples import EXAMPLES, work
from express_cards.spaces.metric.site import metric_files
from express_cards.words import FIGURES as SAID
from express_metric import FIGURES, Reason, load_lexicon
from express_metric import express_alignment as module

CARD = Path(worked.__file__).with_name("README.md")


@pytest.fixture(scope="module")
def figures() -> dict[str, dict[str, dict[str, float | None]]]:
    """For each example and protocol the figures, with the lexicon that the pages use."""
    lexicon = load_lexicon("nrc")
    return {
        one.key: {name: scores.figures for name, scores in work([one], lexicon).scores.items()}
        for one in EXAMPLES
    }


def test_the_card_in_the_package_is_the_rendered_one() -> None:
    assert CARD.read_text("utf-8") == cards.metric_card(), (
        "the metric card has drifted: "
        "express space metric --out FOLDER, then copy its README.md to cards/spaces/metric/"
    )


def test_the_header_is_what_the_hub_reads() -> None:
    header = yaml.safe_load(cards.metric_card().split("---\n")[1])
    assert (header["sdk"], header["app_file"]) == ("static", "index.html")
    assert header["tags"] == ["evaluate", "metric"]
    assert header["license"] == "apache-2.0"
    assert len(header["short_description"]) <= 60  # the Hub's limit


def test_the_card_tells_of_every_figure_reason_and_argument() -> None:
    card = cards.metric_card()
    assert tuple(cards.FORMULAS) == FIGURES == tuple(SAID)
    for name in FIGURES:
        assert f"| `{name}` | {SAID[name]} |" in card
    for reason in Reason:
        assert f"| `{reason}` |" in card
    names = module.ExpressAlignment._compute.__code__.co_varnames[
        : module.ExpressAlignment._compute.__code__.co_argcount
    ]
    for argument in names[3:]:  # after self, predictions and references
        assert f"`{argument}`" in card


def test_the_name_of_the_space_is_in_both() -> None:
    for text in (cards.metric_card("me/express_alignment"), cards.metric_page("me/x")):
        assert 'evaluate.load("me/' in text
        assert "ORG/" not in text


def test_the_figures_are_those_of_the_module() -> None:
    """What the pages show is what `evaluate.load(...).compute(...)` returns."""
    metric = module.ExpressAlignment(experiment_id="card")
    found = metric.compute(
        predictions=[one.answer for one in EXAMPLES],
        references=[list(one.labels) for one in EXAMPLES],
        detail=True,
    )
    scores = work(EXAMPLES, load_lexicon("nrc")).scores
    card = cards.metric_card()
    for name in ("paper", "revised"):
        assert {figure: found[name][figure] for figure in FIGURES} == scores[name].figures
        assert found[name]["signature"] in card


def test_the_lessons_are_true(
    figures: dict[str, dict[str, dict[str, float | None]]],
) -> None:
    one = dict.fromkeys(FIGURES, 1.0)
    assert figures["same-word"] == {"paper": one, "revised": one}
    near = one | {"lexical_accuracy": 0.0}
    assert figures["near-word"] == {"paper": near, "revised": near}
    half = figures["half-right"]["paper"]
    assert half == figures["half-right"]["revised"]
    assert half["vector_accuracy"] == 0.0
    assert 0.2 < (half["vector_f1"] or 0) < 1
    assert figures["other-form"]["paper"]["valid_rate"] == 0.0
    assert figures["other-form"]["paper"]["vector_f1"] is None
    assert figures["other-form"]["revised"] == one
    for name in ("paper", "revised"):
        assert figures["too-few"][name]["valid_rate"] == 0.0
        assert figures["too-few"][name]["vector_accuracy"] == 0.0
    assert figures["two-unknown"]["paper"]["vector_accuracy"] == 1.0
    assert figures["two-unknown"]["revised"]["vector_accuracy"] == 0.0
    assert figures["no-answer"]["paper"]["valid_rate"] == 1.0
    assert figures["no-answer"]["revised"]["valid_rate"] == 0.0


def test_the_space_holds_what_evaluate_copies() -> None:
    from evaluate import loading

    script, *siblings = metric_files()
    assert script.name == "express_alignment.py"
    found = [name for kind, name, *_ in loading.get_imports(str(script)) if kind == "internal"]
    assert [file.stem for file in siblings] == found


def test_masks_are_seen_in_the_card_and_never_markup() -> None:
    body = cards.metric_card().split("---\n", 2)[2]
    outside = re.sub(r"`[^`\n]*`", "", re.sub(r"```.*?```", "", body, flags=re.DOTALL))
    assert "<" not in outside
    assert body.count("> ") >= len(EXAMPLES)
    assert "`<mask>`" in body


def test_every_text_has_a_word_for_each_mask() -> None:
    for one in EXAMPLES:
        assert one.text.count("<mask>") == len(one.labels)
        assert "".join(text + (word or "") for text, word in one.pieces).count("<") == 0
    assert len({one.key for one in EXAMPLES}) == len(EXAMPLES)
