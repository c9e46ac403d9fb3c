"""Runs side by side: the table, the refusals, and the findings where the truth is known."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from support import made_runs
from support.made_runs import AS_PAPER, BIG, MASKED, SMALL, answers, labels, made, write_run

from express_cards.comparison.compare import compare
from express_cards.comparison.runs import load_runs, model_size
from express_cards.comparison.tables import as_latex, as_markdown, as_text
from express_dataset.reading.typed import as_json
from express_metric import MetricError, Reading, load_lexicon
from express_metric.analysis.resampling import Resampling
from express_runners.errors import RunError
from express_runners.runs.scores import lexicon_file

FEW = Resampling(draws=1_000)
ROWS = labels()
REVERSED = {
    "masked": (MASKED, "masked", "fill-mask", 0.20),
    "small": (SMALL, "causal", "zero-shot", 0.80),
    "large": (BIG, "causal", "zero-shot", 0.65),
    "cot": (BIG, "causal", "cot", 0.90),
    "few": (BIG, "causal", "few-shot-5-random", 0.55),
    "similar": (BIG, "causal", "few-shot-5-similar", 0.45),
}
SAME = {name: (*row[:3], 0.5) for name, row in AS_PAPER.items()}
COMPARED = ("size", "chain of thought", "few-shot", "similar examples")


def verdicts(found: dict[str, Any]) -> dict[str, str]:
    return {finding["name"]: finding["verdict"] for finding in found["findings"]}


def pair(folder: Path, wrong: made_runs.Wrong, accuracy: float = 0.3) -> dict[str, Any]:
    """Two runs that err in one way."""
    paths = [
        write_run(folder / name, name, "causal", "zero-shot", answers(ROWS, accuracy, wrong))
        for name in ("a", "b")
    ]
    return compare(paths, how=FEW)


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (
            AS_PAPER,
            dict.fromkeys(("low accuracy", "masked against causal", *COMPARED), "confirmed"),
        ),
        (
            REVERSED,
            {"low accuracy": "undecided", "masked against causal": "refuted"}
            | dict.fromkeys(COMPARED, "refuted"),
        ),
        (
            SAME,
            {"low accuracy": "undecided", "masked against causal": "confirmed"}
            | dict.fromkeys(COMPARED, "undecided"),
        ),
    ],
    ids=["as the paper", "reversed", "all the same"],
)
def test_findings_between_runs(
    plan: dict[str, tuple[str, str, str, float]], expected: dict[str, str], tmp_path: Path
) -> None:
    found = verdicts(compare(made(tmp_path, plan), how=FEW))
    assert {name: found[name] for name in expected} == expected


def test_high_accuracy_refutes_low(tmp_path: Path) -> None:
    assert verdicts(pair(tmp_path, made_runs.another, 0.9))["low accuracy"] == "refuted"


SOFTER = {"furious": "angry", "terrified": "worried", "sad": "hurt"}
HARDER = {"calm": "ecstatic", "proud": "happy", "hurt": "devastated", "guilty": "humiliated"}


@pytest.mark.parametrize(
    ("swap", "verdict"), [(SOFTER, "confirmed"), (HARDER, "refuted"), ({}, "undecided")]
)
def test_softening(swap: dict[str, str], verdict: str, tmp_path: Path) -> None:
    found = pair(tmp_path, lambda label, row: swap.get(label, made_runs.another(label, row)))
    assert verdicts(found)["softening"] == verdict


def test_overuse_and_fewer_words(tmp_path: Path) -> None:
    words = ("anxious", "grateful", "frustrated")
    found = verdicts(pair(tmp_path, lambda _label, row: words[row % 3]))
    # No person said these words, so that they tell nothing of variety.
    assert (found["overuse"], found["less varied words"]) == ("confirmed", "undecided")
    found = verdicts(pair(tmp_path / "few", lambda _label, row: ("sad", "happy")[row % 2]))
    assert (found["overuse"], found["less varied words"]) == ("undecided", "confirmed")


def test_words_of_no_list_are_no_variety(tmp_path: Path) -> None:
    found = verdicts(pair(tmp_path, lambda _label, row: f"word{chr(97 + row % 26)}"))
    assert (found["overuse"], found["less varied words"]) == ("undecided", "undecided")


def test_a_finding_needs_every_part(tmp_path: Path) -> None:
    """Chain of thought lowers one model and raises another: neither confirmed nor refuted."""
    plan = {
        "a": (BIG, "causal", "zero-shot", 0.5),
        "b": (BIG, "causal", "cot", 0.3),
        "c": (SMALL, "causal", "zero-shot", 0.3),
        "d": (SMALL, "causal", "cot", 0.5),
    }
    found = compare(made(tmp_path, plan), how=FEW)
    (cot,) = [f for f in found["findings"] if f["name"] == "chain of thought"]
    assert cot["verdict"] == "undecided"
    assert [part["verdict"] for part in cot["parts"]] == ["confirmed", "refuted"]
    assert cot["figure"] == max(part["figure"]["value"] for part in cot["parts"])
    assert cot["low"] < cot["figure"] < cot["high"]


def test_reasoning_loses_the_form_and_vectors_are_checked_as_well(tmp_path: Path) -> None:
    """Half of the answers are gone, which every figure shows under protocol revised."""
    said = made_runs.answers(ROWS, 0.4)
    runs = [
        write_run(tmp_path / "zero", BIG, "causal", "zero-shot", said),
        write_run(tmp_path / "cot", BIG, "causal", "cot",
                  [one if row % 2 else None for row, one in enumerate(said)]),
    ]  # fmt: skip
    found = compare(runs, how=FEW)
    (lost,) = [f for f in found["findings"] if f["name"] == "loss of format"]
    assert (lost["verdict"], lost["figure"]) == ("confirmed", -0.5)
    (cot,) = [f for f in found["findings"] if f["name"] == "chain of thought"]
    assert {name: one["verdict"] for name, one in cot["also"].items()} == dict.fromkeys(
        ("vector_accuracy", "vector_f1"), "confirmed"
    )
    told = [run["figures"]["vector_f1"]["value"] for run in found["runs"]]
    assert cot["also"]["vector_f1"]["figure"] == pytest.approx(told[1] - told[0])
    assert "same vector: confirmed, F1: confirmed" in as_text(found, 400)


def test_sizes_are_compared_step_by_step(tmp_path: Path) -> None:
    plan = {
        str(size): (f"google/gemma-2-{size}b-it", "causal", "zero-shot", accuracy)
        for size, accuracy in ((27, 0.5), (2, 0.2), (9, 0.35))
    }
    found = compare(made(tmp_path, plan), how=FEW)
    (size,) = [f for f in found["findings"] if f["name"] == "size"]
    assert [part["runs"] for part in size["parts"]] == [
        "gemma-2-2b-it zero-shot to gemma-2-9b-it zero-shot",
        "gemma-2-9b-it zero-shot to gemma-2-27b-it zero-shot",
    ]
    assert size["verdict"] == "confirmed"
    assert size["figure"] == min(part["figure"]["value"] for part in size["parts"])
    (low,) = [f for f in found["findings"] if f["name"] == "low accuracy"]
    assert low["figure"] == max(part["figure"]["value"] for part in low["parts"])


def test_findings_that_no_run_speaks_of_are_left_out(tmp_path: Path) -> None:
    found = pair(tmp_path, made_runs.another)
    assert list(verdicts(found)) == ["low accuracy", "overuse", "less varied words", "softening"]


def test_the_table(tmp_path: Path) -> None:
    found = compare(made(tmp_path, AS_PAPER), how=FEW, baseline=3)
    assert found["baseline"] == "gemma-2-9b-it zero-shot"
    assert (found["n_examples"], found["n_posts"], found["unit"]) == (300, 150, "post")
    rows = {row["name"]: row for row in found["runs"]}
    assert rows[found["baseline"]]["against_baseline"] is None
    masked = rows["roberta-base zero-shot"]
    assert (masked["parameters"], masked["family"]) == (125e6, "masked")
    (close,) = [f for f in found["findings"] if f["name"] == "masked against causal"]
    best = "roberta-base zero-shot to gemma-2-9b-it zero-shot"
    assert [part["runs"] for part in close["parts"]] == [best]
    cell = masked["against_baseline"]["lexical_accuracy"]
    right = sum(a == b for x, y in zip(ROWS, answers(ROWS, 0.30), strict=True) for a, b in
                zip(x, y, strict=True))  # fmt: skip
    figure = masked["figures"]["lexical_accuracy"]
    assert figure["value"] == right / found["n_masks"] == cell["second"]
    assert cell["difference"]["value"] == pytest.approx(cell["second"] - cell["first"])
    assert cell["p_corrected"] >= cell["p_value"]
    assert masked["mcnemar"]["only_second"] == 0  # hits are nested
    assert masked["figures"]["valid_rate"]["method"] == "exact"
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_holm_is_stricter_than_bh(tmp_path: Path) -> None:
    paths = made(tmp_path, AS_PAPER)
    holm, bh = (compare(paths, how=FEW, correction=name) for name in ("holm", "bh"))
    pairs = [
        (a["against_baseline"][figure]["p_corrected"], b["against_baseline"][figure]["p_corrected"])
        for a, b in zip(holm["runs"][1:], bh["runs"][1:], strict=True)
        for figure in ("lexical_accuracy", "vector_f1")
    ]
    assert all(a >= b for a, b in pairs)
    assert any(a > b for a, b in pairs)


def test_runs_in_another_order_are_aligned(tmp_path: Path) -> None:
    one = write_run(tmp_path / "one", "a", "causal", "zero-shot", answers(ROWS, 0.4))
    two = write_run(tmp_path / "two", "b", "causal", "zero-shot", answers(ROWS, 0.4))
    lines = (two / "predictions.jsonl").read_text().splitlines(keepends=True)
    (two / "predictions.jsonl").write_text("".join(reversed(lines)))
    found = compare([one, two], how=FEW)
    assert found["runs"][1]["mcnemar"] == {
        "only_first": 0, "only_second": 0, "more_first": 0, "more_second": 0, "p_value": 1.0,
        "p_corrected": 1.0,
    }  # fmt: skip


def test_a_run_and_a_bare_file_on_the_same_examples(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", "a", "causal", "zero-shot", answers(ROWS, 0.4))
    file = tmp_path / "other model.jsonl"
    rows = [
        {"references": words, "predictions": said}
        for words, said in zip(ROWS, answers(ROWS, 0.6), strict=True)
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = compare([run, file], lexicon="nrc", how=FEW)
    assert [row["name"] for row in found["runs"]] == ["a zero-shot", "other model"]
    assert found["runs"][1]["family"] is None
    # The file names no posts, but its examples are those of the run, which does.
    turned = compare([file, run], lexicon="nrc", how=FEW)
    assert (turned["unit"], turned["n_posts"]) == ("post", 150)
    assert turned["runs"][1]["figures"] == found["runs"][0]["figures"]


def test_equal_names_are_told_apart(tmp_path: Path) -> None:
    paths = [
        write_run(tmp_path / name, "m", "causal", "zero-shot", answers(ROWS, 0.4)) for name in "ab"
    ]
    assert [run.name for run in load_runs(paths)] == ["m zero-shot (1)", "m zero-shot (2)"]
    bare = write_run(
        tmp_path / "bare", "m", "causal", "zero-shot-no-chat-template", answers(ROWS, 0.4)
    )
    names = [run.name for run in load_runs([*paths, bare])]
    assert names == ["m zero-shot (1)", "m zero-shot (2)", "m zero-shot-no-chat-template"]


def test_readings_keep_their_reason(tmp_path: Path) -> None:
    said: list[list[str] | None] = [None, *answers(ROWS, 1.0)[1:]]
    (run,) = load_runs([write_run(tmp_path / "r", "m", "causal", "zero-shot", said)])
    assert str(run.readings["paper"][0].reason) == "empty"
    assert run.readings["paper"][1] == Reading(tuple(ROWS[1]))


@pytest.mark.parametrize(
    ("model", "parameters", "line"),
    [
        ("google/gemma-2-27b-it", 27e9, "google/gemma-2-#-it"),
        ("meta-llama/Llama-3.1-8B-Instruct", 8e9, "meta-llama/Llama-3.1-#-Instruct"),
        ("google/flan-t5-xxl", 11.1e9, "google/flan-t5-#"),
        ("SmolLM2-135M-Instruct.Q4_1.gguf", 135e6, "SmolLM2-#-Instruct.Q4_1.gguf"),
        ("Qwen/Qwen2.5-0.5B@abc", 0.5e9, "Qwen/Qwen2.5-#@abc"),
        ("gpt-4o", None, "gpt-4o"),
        ("mistralai/Mixtral-8x7B-v0.1", None, "mistralai/Mixtral-8x7B-v0.1"),
        ("gpt-3.5-turbo-0125", None, "gpt-3.5-turbo-0125"),
    ],
)
def test_sizes_are_read_from_names(
    model: str, parameters: float | None, line: str, tmp_path: Path
) -> None:
    assert model_size(model) == parameters
    (run,) = load_runs([write_run(tmp_path / "r", model, "causal", "zero-shot", ROWS)])
    assert run.line == line


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"asked": {"dataset": {"signature": "made@2", "split": "test"}}}, None),
        ({"references": labels(seed=5)}, "their examples have other ids or labels"),
        ({"references": ROWS[:200]}, "n is '300' in a zero-shot and '200' in b zero-shot"),
    ],
)
def test_runs_that_cannot_be_compared_are_refused(
    change: dict[str, Any], said: str | None, tmp_path: Path
) -> None:
    one = write_run(tmp_path / "one", "a", "causal", "zero-shot", ROWS)
    rows = change.get("references", ROWS)
    two = write_run(tmp_path / "two", "b", "causal", "zero-shot", rows, **change)
    if said is None:  # another name for the very same examples
        assert compare([one, two], how=FEW)["n_examples"] == 300
        return
    with pytest.raises(
        MetricError, match="a zero-shot and b zero-shot cannot be compared"
    ) as error:
        compare([one, two], how=FEW)
    assert said in str(error.value)


def test_runs_with_two_lexicons_are_refused(tmp_path: Path) -> None:
    one, two = (
        write_run(tmp_path / name, name, "causal", "zero-shot", ROWS) for name in ("a", "b")
    )
    file = tmp_path / "mine.csv"
    file.write_text(
        "word,anger,anticipation,disgust,fear,joy,sadness,surprise,trust,positive,negative\n"
        "sad,0,0,0,0,0,1,0,0,0,1\n"
    )
    lexicon = load_lexicon(file)
    record = json.loads((two / "run.json").read_text())
    record["asked"]["lexicon"] = {"name": lexicon.name, "label": lexicon.label}
    record["sessions"][-1]["lexicon"] = as_json(lexicon_file(lexicon, str(file)))
    (two / "run.json").write_text(json.dumps(record))
    with pytest.raises(MetricError, match=r"lexicon is 'nrc-.*' in a zero-shot and 'mine-1@"):
        compare([one, two], how=FEW)


def test_an_unfinished_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with pytest.raises(RunError, match="is no finished run"):
        load_runs([tmp_path / "run"])


def numbers(text: str) -> list[str]:
    return re.findall(r"\d+\.\d \[\d+\.\d, \d+\.\d\]", text)


def in_two_lines(latex: str) -> list[str]:
    """As `numbers`, where intervals stand under their figures."""
    found, lines = [], latex.splitlines()
    for line, under in pairwise(lines):
        values = [re.match(r" ?\$-?(?:\\sim )?(\d+\.\d)", cell) for cell in line.split("&")]
        ends = [re.search(r"\$(\[\d+\.\d, \d+\.\d\])\$", cell) for cell in under.split("&")]
        pairs = zip(values, ends, strict=False)
        found += [f"{value[1]} {end[1]}" for value, end in pairs if value and end]
    return found


def test_three_forms_show_the_same_figures(tmp_path: Path) -> None:
    found = compare(made(tmp_path, AS_PAPER), how=FEW)
    shown = numbers(as_text(found))
    assert len(shown) >= 24
    assert numbers(as_markdown(found)) == shown == in_two_lines(as_latex(found))
    first = found["runs"][0]["figures"]["lexical_accuracy"]
    ends = (first["value"], first["low"], first["high"])
    assert "{:.1f} [{:.1f}, {:.1f}]".format(*(100 * end for end in ends)) in shown
    for finding in found["findings"]:
        assert finding["claim"] in as_text(found)
    columns = {line.count("|") for line in as_markdown(found).splitlines() if line[:1] == "|"}
    assert columns == {10, 6}


def test_names_stay_text(tmp_path: Path) -> None:
    name = "we_ird|50%&<b>[x](y)\x1b[31m"
    paths = [
        write_run(tmp_path / folder, name, "causal", "zero-shot", answers(ROWS, 0.4))
        for folder in "ab"
    ]
    found = compare(paths, how=FEW)
    assert "\x1b" not in as_text(found)
    assert r"we\_ird|50\%\&\textless{}b\textgreater{}" in as_latex(found)
    row = as_markdown(found).splitlines()[2]
    assert r"we\_ird\|50%&\<b\>\[x\](y)" in row


def test_stars_stand_where_the_test_says(tmp_path: Path) -> None:
    found = compare(made(tmp_path, AS_PAPER), how=FEW)
    line = next(
        row for row in as_text(found, 400).splitlines() if row.startswith("gemma-2-9b-it cot")
    )
    p_value = found["runs"][3]["against_baseline"]["lexical_accuracy"]["p_corrected"]
    assert 0.001 <= p_value < 0.05
    assert re.search(r"\] \*{1,2}(?!\*)", line)
    assert "*" not in as_text(found, 400).splitlines()[1]
