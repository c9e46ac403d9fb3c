"""What a comparison may not do: call noise a finding, mix settings, or hide what the data is."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.made_runs import answers, labels, write_run
from support.report_files import write_file, write_sample_run

from express_cards.comparison.compare import compare
from express_cards.comparison.runs import load_runs
from express_cards.comparison.tables import as_latex, as_markdown, as_text
from express_cards.reports.sheet import read_sheet
from express_cards.reports.story import FLOORS
from express_cards.reports.view import view
from express_cards.terminal import print_scores
from express_dataset.sources import load
from express_metric import MetricError, load_lexicon
from express_metric.analysis.floors import MOST_FREQUENT, floors
from express_metric.analysis.resampling import Resampling
from express_metric.scoring import FIGURES

FEW = Resampling(draws=500)
ROWS = labels()
BIG, SMALL = "google/gemma-2-9b-it", "google/gemma-2-2b-it"
SAMPLE = len(load("sample").examples)
Asked = dict[str, Any]


def change(folder: Path, edit: Callable[[dict[str, Any]], object]) -> Path:
    """Change what a run's `run.json` says was asked."""
    record = json.loads((folder / "run.json").read_text("utf-8"))
    edit(record["asked"])
    (folder / "run.json").write_text(json.dumps(record), "utf-8")
    return folder


def verdicts(found: dict[str, Any]) -> dict[str, str]:
    return {finding["name"]: finding["verdict"] for finding in found["findings"]}


def parts(found: dict[str, Any], name: str) -> list[str]:
    """The pairs of runs that a finding compares."""
    findings = {finding["name"]: finding["parts"] for finding in found["findings"]}
    return [part["runs"] for part in findings.get(name, [])]


# --- too little data


@pytest.mark.parametrize("number", [2, 9])
def test_a_few_posts_decide_nothing(number: int, tmp_path: Path) -> None:
    """All wrong, always the same overused and milder word: each figure is as extreme as can be."""
    rows = [["furious"]] * number
    paths = [
        write_run(tmp_path / str(place), model, "causal", setting, said, references=rows,
                  asked={"model": {"name": model, "revision": None, "family": "causal"}})
        for place, (model, setting, said) in enumerate(
            [(BIG, "zero-shot", [["anxious"]] * number), (BIG, "cot", [["angry"]] * number)]
        )
    ]  # fmt: skip
    for folder in paths:
        lines = [json.loads(line) for line in (folder / "predictions.jsonl").open()]
        write_file(folder / "predictions.jsonl",
                   [{**line, "post_id": line["id"]} for line in lines])  # fmt: skip
    found = compare(paths, how=FEW)
    said = {part["verdict"] for finding in found["findings"] for part in finding["parts"]}
    assert said == {"undecided"}
    assert set(verdicts(found).values()) == said
    assert f"{number} posts are too few to decide any finding" in found["note"]
    widths = [
        part["figure"]["high"] - part["figure"]["low"]
        for finding in found["findings"]
        for part in finding["parts"]
        if part["figure"]["low"] is not None
    ]
    assert 0 not in widths


def test_enough_posts_decide(tmp_path: Path) -> None:
    paths = [write_run(tmp_path / n, n, "causal", "zero-shot", answers(ROWS, 0.1)) for n in "ab"]
    found = compare(paths, how=FEW)
    assert verdicts(found)["low accuracy"] == "confirmed"
    assert "too few" not in found["note"]


# --- what is compared


def dummies(folder: Path) -> list[Path]:
    paths = [
        write_sample_run(folder / name, ['["sad"]'] * SAMPLE) for name in ("uniform", "common")
    ]
    for path in paths:
        change(path, lambda asked: asked["model"].update(family="dummy"))
    return paths


def test_dummies_are_no_evidence(tmp_path: Path) -> None:
    assert compare(dummies(tmp_path), how=FEW)["findings"] == []
    model = write_sample_run(tmp_path / "model", ['["sad"]'] * SAMPLE)
    found = compare([*dummies(tmp_path / "more"), model], how=FEW)
    runs = {part["runs"] for finding in found["findings"] for part in finding["parts"]}
    assert not [name for name in runs if "uniform" in name or "common" in name]
    assert verdicts(found)["low accuracy"] == "confirmed"


@pytest.mark.parametrize("form", [as_text, as_markdown, as_latex])
def test_every_form_names_the_data(form: Callable[[Any], str], tmp_path: Path) -> None:
    found = compare([write_sample_run(tmp_path / n, ['["sad"]'] * 12) for n in "ab"], how=FEW)
    plain = form(found).replace("\\", "").replace("\n", " ")
    assert "NOT the EXPRESS data" in plain
    assert f"data {load('sample').data}, split test" in plain
    assert "NOT the EXPRESS data" in found["note"]


@pytest.mark.parametrize(
    ("first", "second", "compared"),
    [
        ({}, {}, True),
        ({"decoding": {"name": "rank-9@1"}}, {}, False),
        ({"decoding": {"name": "rank-9@1"}}, {"decoding": {"name": "rank-9@1"}}, True),
        ({"dtype": "bfloat16"}, {"dtype": "float32"}, False),
        ({"quantize": "8bit"}, {}, False),
    ],
)
@pytest.mark.parametrize("settings", [("zero-shot", "cot"), ("zero-shot", "zero-shot")])
def test_findings_compare_like_with_like(
    first: Asked, second: Asked, compared: bool, settings: tuple[str, str], tmp_path: Path
) -> None:
    models = (BIG, BIG) if settings[1] == "cot" else (SMALL, BIG)
    plan = zip(models, settings, (first, second), strict=True)
    paths = [
        write_run(tmp_path / str(n), model, "causal", setting, answers(ROWS, 0.4), asked=asked)
        for n, (model, setting, asked) in enumerate(plan)
    ]
    name = "chain of thought" if settings[1] == "cot" else "size"
    assert bool(parts(compare(paths, how=FEW), name)) is compared


def test_revisions_of_one_model_are_not_mixed(tmp_path: Path) -> None:
    paths = [
        write_run(tmp_path / setting, BIG, "causal", setting, answers(ROWS, 0.4),
                  asked={"model": {"name": BIG, "revision": revision, "family": "causal"}})
        for setting, revision in (("zero-shot", "a"), ("cot", "b"))
    ]  # fmt: skip
    assert parts(compare(paths, how=FEW), "chain of thought") == []
    # Models of two sizes are two models: their revisions cannot be the same.
    small = {"model": {"name": SMALL, "revision": "c", "family": "causal"}}
    other = write_run(
        tmp_path / "small", SMALL, "causal", "zero-shot", answers(ROWS, 0.4), asked=small
    )
    assert len(parts(compare([paths[0], other], how=FEW), "size")) == 1


@pytest.mark.parametrize(("similar", "compared"), [(5, True), (3, False)])
def test_shots_are_compared_by_equal_numbers(similar: int, compared: bool, tmp_path: Path) -> None:
    paths = [
        write_run(tmp_path / name, BIG, "causal", name, answers(ROWS, 0.4))
        for name in ("zero-shot", "few-shot-5-random", "few-shot-5-similar")
    ]
    change(paths[2], lambda asked: asked["prompt"]["shots"].update(per_prompt=similar))
    found = compare(paths, how=FEW)
    assert bool(parts(found, "similar examples")) is compared
    assert len(parts(found, "few-shot")) == 1


def test_what_a_finding_is_measured_in(tmp_path: Path) -> None:
    plan = (
        ("a-7b", "causal", "zero-shot"), ("b-1m", "masked", "fill-mask"), ("a-7b", "causal", "cot"),
    )  # fmt: skip
    paths = [write_run(tmp_path / str(n), *how, answers(ROWS, 0.4)) for n, how in enumerate(plan)]
    found = compare(paths, how=FEW)
    units = {finding["name"]: finding["unit"] for finding in found["findings"]}
    assert units == {
        "low accuracy": "percent", "masked against causal": "points", "chain of thought": "points",
        "loss of format": "points", "overuse": "points", "less varied words": "bits",
        "softening": "points",
    }  # fmt: skip
    claims = {finding["name"]: finding["claim"] for finding in found["findings"]}
    assert claims["less varied words"] == "Models' words are less varied than people's."


# --- other examples


def other_data(folder: Path, fingerprint: str | None, ids: str = "n") -> Path:
    """A run whose examples have the same labels, and ids of their own."""
    lines = [json.loads(line) for line in (folder / "predictions.jsonl").open()]
    write_file(folder / "predictions.jsonl",
               [{**line, "id": f"{ids}{n}"} for n, line in enumerate(lines)])  # fmt: skip
    return change(folder, lambda asked: asked["dataset"].update(fingerprint=fingerprint))


@pytest.mark.parametrize(
    ("fingerprints", "same"),
    [((None, None), False), (("a", "b"), False), (("a", "a"), True), ((None, "a"), False)],
)
def test_equal_labels_do_not_make_the_examples_equal(
    fingerprints: tuple[str | None, str | None], same: bool, tmp_path: Path
) -> None:
    one, two = (
        other_data(write_run(tmp_path / name, name, "causal", "zero-shot", ROWS), print_, name)
        for name, print_ in zip("ab", fingerprints, strict=True)
    )
    if same:
        assert compare([one, two], how=FEW)["n_examples"] == 300
        return
    with pytest.raises(MetricError, match="their labels agree but their ids do not, so that"):
        compare([one, two], how=FEW)


@pytest.mark.parametrize(("key", "same"), [(None, True), ("x", False), ("e", True)])
def test_a_bare_file_is_matched_by_order_only_without_ids(
    key: str | None, same: bool, tmp_path: Path
) -> None:
    run = write_run(tmp_path / "run", "a", "causal", "zero-shot", ROWS)
    rows: list[dict[str, Any]] = [{"references": words, "predictions": words} for words in ROWS]
    if key:
        rows = [{**line, "id": f"{key}{n}"} for n, line in enumerate(rows)]
    file = write_file(tmp_path / "bare.jsonl", rows)
    if same:
        assert compare([run, file], lexicon="nrc", how=FEW)["n_examples"] == 300
        return
    with pytest.raises(MetricError, match=r"bare .*leave the column id out of the file"):
        compare([run, file], lexicon="nrc", how=FEW)


def test_an_unfinished_run_is_named(tmp_path: Path) -> None:
    paths = [write_sample_run(tmp_path / name, ['["sad"]'] * 12) for name in "ab"]
    change(paths[1], lambda asked: asked["dataset"].update(examples=40))
    assert [run.warning for run in load_runs(paths)] == [
        "",
        "b zero-shot: 12 of 40 answered; finish the run with the `express run` "
        "command that began it.",
    ]
    assert "b zero-shot: 12 of 40 answered" in compare(paths, how=FEW)["note"]
    whole = write_sample_run(tmp_path / "c", ['["sad"]'] * 20)
    with pytest.raises(MetricError, match=r"b zero-shot: 12 of 40 answered; finish"):
        compare([whole, paths[1]], how=FEW)


# --- the floors


def test_the_floors_of_compare_and_report_are_the_same(tmp_path: Path) -> None:
    paths = [write_sample_run(tmp_path / name, ['["sad"]'] * 12) for name in "ab"]
    found = compare(paths, protocol="revised", how=FEW)
    train = Counter(word for row in load("sample", split="train").examples for word in row.labels)
    rows = [example.labels for example in load("sample").examples[:12]]
    expected = floors(rows, load_lexicon("nrc"), "revised", train)
    assert {name: found["floors"][name] for name in expected} == expected
    page = {row[0]: row[2] for row in view(read_sheet(paths[:1]), FEW)["panels"][0]["floors"]}
    for name, figures in found["floors"].items():
        assert page[FLOORS[name]] == f"{figures['lexical_accuracy']:.1%}"
    assert "test labels" not in found["note"]


def test_floors_without_a_train_split_say_so(tmp_path: Path) -> None:
    paths = [write_run(tmp_path / n, n, "causal", "zero-shot", answers(ROWS, 0.4)) for n in "ab"]
    for path in paths:
        record = json.loads((path / "run.json").read_text("utf-8"))
        record["sessions"][-1]["dataset"] = "no-such-file.jsonl"
        (path / "run.json").write_text(json.dumps(record), "utf-8")
    found = compare(paths, how=FEW)
    told = "Floors are from the test labels, a little too high."
    assert told in found["note"]
    assert found["floors"][MOST_FREQUENT] == floors(ROWS, load_lexicon("nrc"), "paper")[
        MOST_FREQUENT
    ]  # fmt: skip


# --- narrow terminals


@pytest.mark.parametrize("width", [40, 60, 80, 100, 132])
def test_no_line_is_wider_than_the_terminal(
    width: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [
        write_run(tmp_path / name, f"org/a-rather-long-name-of-a-model-{name}", "causal", name,
                  answers(ROWS, 0.4)) for name in ("zero-shot", "cot", "few-shot-5-similar")
    ]  # fmt: skip
    found = compare(paths, how=FEW)
    monkeypatch.setenv("COLUMNS", str(width))
    text = as_text(found)
    assert max(map(len, text.splitlines())) <= width
    # Whatever is dropped, every figure with its interval is still there.
    flat = " ".join(text.split())
    for run in found["runs"]:
        for figure in ("valid_rate", "lexical_accuracy", "vector_accuracy", "vector_f1"):
            cell = run["figures"][figure]
            ends = "{:.1f} [{:.1f}, {:.1f}]".format(
                *(100 * cell[end] for end in ("value", "low", "high"))
            )
            assert ends in flat
    for finding in found["findings"]:
        assert finding["claim"] in flat
        assert finding["verdict"] in flat


def test_in_a_pipe_a_row_stays_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr("os.get_terminal_size", no_terminal)
    paths = [write_run(tmp_path / n, n, "causal", "zero-shot", answers(ROWS, 0.4)) for n in "ab"]
    lines = as_text(compare(paths, how=FEW)).splitlines()
    assert lines[0].split()[:4] == ["run", "family", "size", "setting"]
    assert max(len(line) for line in lines if line.startswith("In percent")) <= 100


def no_terminal(_stream: int) -> None:
    raise OSError


def test_bare_files_are_named_without_a_split(tmp_path: Path) -> None:
    rows = [{"references": words, "predictions": words} for words in ROWS]
    files = [write_file(tmp_path / f"{name}.jsonl", rows) for name in "ab"]
    assert re.search(
        r"data a@(\w{8}) and b@\1, protocol", compare(files, lexicon="nrc", how=FEW)["note"]
    )


def test_a_wide_terminal_has_one_table(tmp_path: Path) -> None:
    paths = [write_run(tmp_path / n, n, "causal", "zero-shot", answers(ROWS, 0.4)) for n in "ab"]
    text = as_text(compare(paths, how=FEW), 400)
    assert "measured as" in text
    assert text.splitlines()[0].split()[:4] == ["run", "family", "size", "setting"]


@pytest.mark.parametrize("width", [40, 60, 100])
def test_scores_fit_the_terminal(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    figures = dict.fromkeys(FIGURES, 0.125)
    part = {**figures, "n_examples": 8, "n_masks": 9, "invalid": {}, "signature": "EXPRESS|" * 20}
    coverage = {"coverage": {"labels": {"known": 1.0}}}
    print_scores({"paper": part, "revised": part | coverage})
    lines = capsys.readouterr().out.splitlines()
    assert {"dimension_accuracy", "12.5%"} <= set(" ".join(lines).split())
    # A signature is copied whole, so that it is not folded.
    assert max(len(line) for line in lines if not line.startswith("EXPRESS|")) <= width
    assert ("what it says" in lines[0]) is (width >= 60)


def test_files_are_each_named_as_data(tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.jsonl" for name in "abc"]
    for file in files:
        line = {"id": "1", "labels": ["sad"], "completion": '["sad"]'}
        file.write_text(json.dumps(line) + "\n")
    told = as_text(compare(files, how=FEW)).replace("\n", " ")
    assert re.search(r"data a@(\w+) and b@\1 and c@\1, protocol", told)
