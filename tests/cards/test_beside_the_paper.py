"""Own runs beside the paper's tables."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from scipy import stats
from support.made_runs import labels, write_run
from typer.testing import CliRunner

from express_cards.comparison.paper import beside_the_paper
from express_cards.comparison.published import unlike
from express_cards.comparison.runs import Run, load_runs
from express_cards.reports.paper import figures
from express_metric import Reading, Signature, load_lexicon
from express_runners.cli import app
from express_runners.runs.record import (
    Asked,
    Budget,
    Data,
    Decoding,
    LexiconAsked,
    Model,
    Prompt,
    Shots,
)

NRC = load_lexicon("nrc")


def made(model: str, setting: str, answers: list[str]) -> Run:
    """A run on twelve posts about sadness, one mask each."""
    rows: list[tuple[str, ...]] = [("sad",)] * len(answers)
    readings = [Reading((word,)) for word in answers]
    signature = Signature("d", "test", len(rows), "paper", NRC.label)
    name = f"{model.rpartition('/')[2]} {setting}"
    posts = [f"p{place}" for place in range(len(rows))]
    return Run(
        name, model, "causal", setting, rows, {"paper": readings}, posts, posts, NRC,
        {"paper": signature},
    )  # fmt: skip


@pytest.fixture
def runs() -> list[Run]:
    """Gemma-2-9B without and with examples, and another model."""
    return [
        made("google/gemma-2-9b-it", "zero-shot", ["sad"] * 6 + ["happy"] * 6),
        made("google/gemma-2-9b-it", "few-shot similar", ["sad"] * 9 + ["happy"] * 3),
        made("org/other-1b", "zero-shot", ["happy"] * 12),
    ]


def test_own_rows_stand_beside_published_ones_and_are_never_ranked(runs: list[Run]) -> None:
    found = beside_the_paper(runs)
    table = found["table_3"]["rows"]
    assert [row["published"] for row in table] == [True] * 35 + [False] * 3
    first, similar, other = table[35:]
    # .5 here, .223 in the paper; the interval is that of our own figure.
    assert first["difference"]["lexical_accuracy"]["value"] == pytest.approx(0.5 - 0.223)
    assert similar["difference"]["lexical_accuracy"]["value"] == pytest.approx(0.75 - 0.278)
    assert other["difference"] is None
    interval = first["figures"]["lexical_accuracy"]
    assert first["difference"]["lexical_accuracy"]["low"] == pytest.approx(interval["low"] - 0.223)


def test_averages_are_printed_recomputed_and_own(runs: list[Run]) -> None:
    zero = beside_the_paper(runs)["table_3"]["averages"][0]
    assert zero["printed"]["lexical_accuracy"] == 0.21
    assert zero["recomputed"]["lexical_accuracy"] == pytest.approx(0.216, abs=5e-4)
    assert (zero["own"]["lexical_accuracy"], zero["own_models"]) == (0.25, 2)


def test_own_averages_are_of_causal_models_on_the_same_examples(runs: list[Run]) -> None:
    masked = dataclasses.replace(runs[2], family="masked", name="m", model="org/base")
    zero = beside_the_paper([*runs, masked])["table_3"]["averages"][0]
    assert (zero["own"]["lexical_accuracy"], zero["own_models"]) == (0.25, 2)
    fewer = runs[2].picked(range(6))
    found = beside_the_paper([*runs[:2], fewer])
    zero = found["table_3"]["averages"][0]
    assert (zero["own"]["lexical_accuracy"], zero["own_models"]) == (None, 0)
    words = found["figure_a3"]
    assert (list(words["models"]), words["left_out"]) == (
        ["gemma-2-9b-it zero-shot", "gemma-2-9b-it few-shot similar"], ["other-1b zero-shot"]
    )  # fmt: skip


def asked_as_published(split: str = "all", kind: str = "express") -> Asked:
    """Gemma with the four nearest posts, as the paper asked it."""
    shots = Shots(choice="similar", per_prompt=4, masks="same", source="all-others",
                  encoder="google-bert/bert-base-uncased")  # fmt: skip
    return Asked(
        model=Model(name="google/gemma-2-9b-it", family="causal"),
        dataset=Data(signature="express@1", split=split, kind=kind),
        prompt=Prompt(name="x", base="few-shot", hash="h", shots=shots, chat=False),
        decoding=Decoding(
            name="free-256-whole", kind="free", max_new_tokens=Budget(base=256, per_mask=0)
        ),
        lexicon=LexiconAsked(name="nrc", label="nrc-1@0"),
    )


def test_what_was_asked_otherwise_is_told() -> None:
    asked = asked_as_published()
    assert unlike(asked) == []
    # A masked model writes nothing, so it has no room to write in.
    masked = dataclasses.replace(
        asked, model=Model(name="m", family="masked"), prompt=Prompt(name="x", base="x", hash="h"),
        decoding=dataclasses.replace(
            asked.decoding, max_new_tokens=Budget(base=0, per_mask=0)
        ),
    )  # fmt: skip
    assert unlike(masked) == []
    other = dataclasses.replace(
        asked_as_published(kind="sample", split="test"),
        prompt=dataclasses.replace(
            asked.prompt, chat=None, shots=Shots(choice="similar", per_prompt=5, encoder="tfidf")
        ),
        decoding=dataclasses.replace(asked.decoding, stop="]"),
    )
    assert unlike(other) == [
        "other data: express@1", "split test", "its chat template, if it has one",
        "other room for answers", "5 shots", "shots with any number of masks",
        "shots of the few_shot split", "nearest by tfidf",
    ]  # fmt: skip


def test_runs_as_published_stand_beside_their_published_rows(tmp_path: Path) -> None:
    """The bare prompt is part of a setting's name, and not another setting."""
    data = {"signature": "express@1", "split": "all", "name": "express"}
    names = ("zero-shot-no-chat-template", "cot-no-chat-template")
    made = [
        write_run(
            tmp_path / name,
            "google/gemma-2-9b-it",
            "causal",
            name,
            labels(),
            asked={"dataset": data},
        )
        for name in names
    ]
    found = beside_the_paper(load_runs(made))
    own = [row for row in found["table_3"]["rows"] if not row["published"]]
    assert [row["setting"] for row in own] == ["zero-shot", "cot"]
    assert all(row["difference"] for row in own)
    assert [row["setting"] for row in found["table_a10"] if not row["published"]] == ["cot"]
    elsewhere = write_run(
        tmp_path / "other", "google/gemma-2-9b-it", "causal", names[0], labels(),
        asked={"dataset": {**data, "name": "express-sample"}},
    )  # fmt: skip
    (own,) = [
        row
        for row in beside_the_paper(load_runs([elsewhere]))["table_3"]["rows"]
        if not row["published"]
    ]
    assert (own["difference"], own["unlike"][0]) == (None, "other data: express@1")


def test_pairs_have_the_papers_statistics(runs: list[Run]) -> None:
    found = beside_the_paper(runs)
    (settings,) = [row for row in found["table_a10"] if not row["published"]]
    assert (settings["model"], settings["setting"]) == ("google/gemma-2-9b-it", "few-shot similar")
    first, second = [1.0] * 6 + [0.0] * 6, [1.0] * 9 + [0.0] * 3
    scores = [value or _overlap() for value in first], [value or _overlap() for value in second]
    theirs = stats.wilcoxon(scores[1], scores[0], method="approx")
    assert settings["posts"]["p_two_sided"] == pytest.approx(theirs.pvalue)
    assert settings["posts"]["p_one_sided"] == pytest.approx(theirs.pvalue / 2)
    assert settings["posts"]["ties"] == 9
    (models,) = [row for row in found["table_a11"] if not row["published"]]
    assert models["models"] == ["org/other-1b", "google/gemma-2-9b-it"]


def _overlap() -> float:
    sad, happy = (NRC.vector(word) for word in ("sad", "happy"))
    return float(2 * (sad & happy).sum() / (sad.sum() + happy.sum()))


def test_runs_on_other_rows_are_not_tested(runs: list[Run]) -> None:
    ids = [f"q{place}" for place in range(12)]
    moved = dataclasses.replace(runs[1], ids=ids, posts=ids)
    found = beside_the_paper([runs[0], moved])
    assert [row for row in found["table_a10"] if not row["published"]] == []


def test_errors_pool_runs_and_count_all_masks_of_the_label(runs: list[Run]) -> None:
    found = beside_the_paper(runs)["table_a6"]
    (sad,) = [row for row in found if row["label"] == "sad"]
    assert (sad["prediction"], sad["masks"], sad["published"]) == ("happy", 36, None)
    assert sad["own"] == pytest.approx((6 + 3 + 12) / 36)
    assert found[0] == {
        "label": "thankful", "prediction": "grateful", "published": 0.6, "own": None, "masks": 0,
    }  # fmt: skip


def test_figures_hold_published_and_own_points(runs: list[Run]) -> None:
    found = beside_the_paper(runs)
    mine = [point for point in found["figure_2"] if not point["published"]]
    assert [(point["parameters"], point["value"]) for point in mine] == [(9e9, 0.5), (1e9, 0.0)]
    theirs = [point for point in found["figure_2"] if point["published"]]
    assert len(theirs) == 14
    (gemma,) = [
        row for row in found["figure_3"]
        if not row["published"] and row["model"] == "google/gemma-2-9b-it"
    ]  # fmt: skip
    assert gemma["settings"] == {"zero-shot": 0.5, "few-shot similar": 0.75}
    words = found["figure_a3"]
    assert (words["words"], words["people"]) == (["sad"], [12])
    assert words["models"]["gemma-2-9b-it few-shot similar"] == [9]


def test_own_models_are_named_in_figure_2_and_a_family_by_what_it_shares(runs: list[Run]) -> None:
    larger = dataclasses.replace(runs[2], model="org/other-3b", name="larger")
    for own, name in ((runs, "other-1b"), ([*runs, larger], "other-*")):
        figure = next(one for one in figures(beside_the_paper(own)) if one.key == "figure-2")
        assert name in {row[0] for row in figure.rows}


def test_the_reference_file_gives_every_table(reference: Path, tmp_path: Path) -> None:
    runs = load_runs([reference / "gpt4o_predictions.csv"])
    found: dict[str, Any] = json.loads(json.dumps(beside_the_paper(runs)))
    own = found["table_3"]["rows"][-1]["figures"]
    assert own["vector_f1"]["value"] == pytest.approx(0.713761867675419, abs=1e-12)
    happy = found["table_a4"][0]
    assert (happy["label"], happy["published"], happy["own"]) == ("happy", 2999, 56)
    thankful = found["table_a6"][0]
    assert (thankful["published"], round(thankful["own"], 3)) == (0.6, 0.636)
    assert len(found["figure_a3"]["words"]) == 75
    assert "changed after" in found["floors_note"]


def test_compare_puts_published_figures_beside_one_run(reference: Path) -> None:
    words = ["compare", str(reference / "gpt4o_predictions.csv"), "--published"]
    done = CliRunner().invoke(app, words, env={"COLUMNS": "250"})
    assert done.exit_code == 0, done.output
    rows = [line for line in done.stdout.splitlines() if line.startswith(("published", "yours"))]
    assert len(rows) == 36
    assert rows[0].startswith("yours")
    assert "0.353 (" in rows[0]
    assert "What does not follow" in done.stdout
    assert "7 causal models" in done.stdout
    found = json.loads(CliRunner().invoke(app, [*words, "--format", "json"]).stdout)
    assert len(found["does_not_follow"]) == 25
