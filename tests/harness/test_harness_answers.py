"""Answers hard to read, or none: counted in Inspect and lm-eval as `express score` counts them."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.fault_server import serving
from support.harness_sides import (
    FILTERED,
    LENGTH,
    NAMES,
    REFUSED,
    STOP,
    Answers,
    Teller,
    Told,
    by_express,
    by_inspect,
    by_lm_eval,
)
from support.tiny_models import make

from express_dataset.sources import load
from express_metric.parsing import PROTOCOLS
from express_runners.config import RunConfig
from express_runners.prompts.wording import answer
from express_runners.runs.finished import score_file
from express_runners.runs.run import run

PROSE = "I think that the author was upset about the move, because nobody had asked her."
REFUSAL = "I'm sorry, but I cannot help with that."
LONG = " ".join(["She lost the house and nobody came."] * 400)
# An answer, what ended it, and what the protocol revised counts it as; None is valid.
Case = tuple[str, str, str | None]
ZERO_SHOT: list[Case] = [
    ("{right}", STOP, None),
    ("Sure. {right}", STOP, None),
    ("{more}", STOP, "wrong-count"),
    ("{right}", STOP, None),
    ("{fewer}", STOP, "wrong-count"),
    (REFUSAL, STOP, "refusal"),
    (PROSE, STOP, "sentence"),
    ("", STOP, "empty"),
    (" \n", STOP, "empty"),
    ("[]", STOP, "empty"),
    ('["sad", "ang', LENGTH, "truncated"),
    ('["angry"]', STOP, None),
    ("1. sad\n2. hurt", STOP, None),
    (PROSE, LENGTH, "sentence"),
    ("unknown", STOP, "refusal"),
]
COT: list[Case] = [
    ("She lost it all. Final list: {right}", STOP, None),
    ('Perhaps ["hurt"]. **Final list:** {right} I hope.', STOP, None),
    ('Perhaps ["hurt"]. ' + LONG, LENGTH, "truncated"),
    (f"{LONG} Final list:", LENGTH, "truncated"),
    ("Final list: {fewer}", STOP, "wrong-count"),
    (f"Final list: {REFUSAL}", STOP, "refusal"),
    ("So she was hurt by what he did to her.", STOP, "sentence"),
    ("", STOP, "empty"),
    ("Final list: {more}", STOP, "wrong-count"),
    (f"{LONG} Final list: " + '["sad", "ang', LENGTH, "truncated"),
]
TABLES = {"zero-shot": ZERO_SHOT, "cot": COT}


@dataclass(frozen=True)
class Scored:
    """What `express run` made of the answers of a table, and `express score` of the run."""

    setting: str
    answers: Answers
    lines: list[dict[str, Any]]
    scores: dict[str, Any]

    @property
    def figures(self) -> dict[str, float]:
        """The figures by the names that they have in a harness."""
        pairs = (name.split("_", 1) for name in NAMES)
        return {f"{p}_{figure}": self.scores[p][figure] for p, figure in pairs}

    @property
    def invalid(self) -> dict[str, dict[str, int]]:
        """Invalid answers by protocol and reason."""
        return {protocol: self.scores[protocol]["invalid"] for protocol in PROTOCOLS}


def answers_of(table: list[Case]) -> Answers:
    """The answers of a table, one for each of the first examples."""
    found: Answers = {}
    for example, (text, finish, _) in zip(load("sample").examples, table, strict=False):
        labels = example.labels
        assert len(labels) > 1 or "{fewer}" not in text
        shown = {"more": [*labels, "sad"], "fewer": labels[:-1], "right": labels}
        for name, words in shown.items():
            text = text.replace(f"{{{name}}}", answer(words))
        found[example.id] = (text, finish)
    return found


@pytest.fixture(scope="module", params=TABLES)
def scored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Scored:
    """`express run`, then `express score` of its folder."""
    table, out = TABLES[request.param], tmp_path_factory.mktemp("scored") / "run"
    answers = answers_of(table)
    with serving(Teller(told=answers)) as server:
        result = by_express(server, out, len(table), prompt=request.param)
    scores = score_file(out, None)
    wanted = Counter(reason for *_, reason in table if reason)
    assert scores["revised"]["invalid"] == wanted, "the table itself is wrong"
    return Scored(request.param, answers, result.lines, scores)


def counted(log: Any) -> dict[str, dict[str, int]]:
    """Invalid answers by protocol and reason, of Inspect."""
    found: dict[str, dict[str, int]] = {protocol: {} for protocol in PROTOCOLS}
    for name, metric in log.results.scores[0].metrics.items():
        protocol, is_invalid, reason = name.partition("_invalid_")
        if is_invalid:
            found[protocol][reason] = metric.value
    return found


def figures_of(log: Any) -> dict[str, float]:
    """The figures of Inspect."""
    metrics = log.results.scores[0].metrics
    return {name: metrics[name].value for name in NAMES}


def test_inspect_counts_them_alike(scored: Scored, tmp_path: Path) -> None:
    with serving(Teller(told=scored.answers)) as server:
        log = by_inspect(server, tmp_path, len(scored.answers), prompt=scored.setting)
    assert counted(log) == scored.invalid
    assert figures_of(log) == pytest.approx(scored.figures, abs=1e-12)
    found = {sample.id: sample.scores["express_scorer"] for sample in log.samples}
    for line in scored.lines:
        mine = found[line["id"]]
        assert mine.answer == answer(line["terms"]["revised"] or ())
        assert mine.reason == line["reason"]["revised"]


def test_lm_eval_counts_them_alike(scored: Scored, tmp_path: Path) -> None:
    # It tells no task what ended an answer; with a tokenizer its tokens are counted.
    tokenizer = str(make("llama", tmp_path / "tiny"))
    model, limit = Told(scored.answers), len(scored.answers)
    done = by_lm_eval(model, scored.setting, limit, tokenizer=tokenizer)
    found: dict[str, Counter[str]] = {protocol: Counter() for protocol in PROTOCOLS}
    for sample in done["samples"]:
        for protocol in PROTOCOLS:
            found[protocol].update(sample[f"{protocol}_valid_rate"]["invalid"])
    assert found == scored.invalid
    figures = {name: done["results"][f"{name},none"] for name in NAMES}
    assert figures == pytest.approx(scored.figures, abs=1e-12)


@pytest.mark.parametrize("scored", ["zero-shot"], indirect=True)
def test_express_score_counts_a_file_of_them_alike(scored: Scored, tmp_path: Path) -> None:
    rows = [
        {"references": line["references"], "completion": scored.answers[line["id"]][0]}
        for line in scored.lines
    ]
    file = tmp_path / "answers.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    scores = score_file(file, None)
    for protocol in PROTOCOLS:
        expected = {**scored.scores[protocol], "signature": scores[protocol]["signature"]}
        # A file of answers does not tell which words leak or are denied.
        assert scores[protocol] == {k: v for k, v in expected.items() if k != "clean"}


def test_inspect_where_a_local_model_has_no_room(tmp_path: Path) -> None:
    import inspect_ai
    from inspect_ai.model import get_model

    from express_runners.harness.registry import express

    model, limit = make("llama", tmp_path / "tiny", chat=True), 8
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 700}))
    options: dict[str, Any] = {"prompt": "few-shot", "shots": 2}
    given: dict[str, Any] = {"dataset": "sample", "limit": limit, "device": "cpu", **options}
    result = run(RunConfig(str(model), tmp_path / "run", dtype="float32", **given))
    assert result is not None
    too_long, dropped = told_too_long(result.lines)
    assert 0 < too_long < limit
    assert dropped == {1, 2}
    (log,) = inspect_ai.eval(
        express(source="sample", **options),
        model=get_model("hf/local", model_path=str(model), device="cpu", dtype="float32"),
        limit=limit,
        log_dir=str(tmp_path / "log"),
        display="none",
    )
    assert log.status == "success", log.error
    same_scores(log, result.scores)


def test_inspect_where_a_server_has_no_room(tmp_path: Path) -> None:
    limit, options = 8, {"prompt": "few-shot", "shots": 2}
    with serving(Teller(room=1500)) as server:
        result = by_express(server, tmp_path / "run", limit, **options)
        refused = sorted(server.prompts)
    too_long, dropped = told_too_long(result.lines)
    assert 0 < too_long < limit
    assert dropped == {1, 2}
    with serving(Teller(room=1500)) as server:
        log = by_inspect(server, tmp_path / "log", limit, **options)
        assert sorted(server.prompts) == refused
    same_scores(log, result.scores)


@pytest.mark.parametrize("how", [FILTERED, REFUSED])
def test_inspect_where_a_server_filters_an_answer(how: str, tmp_path: Path) -> None:
    first, second, *_ = load("sample").examples
    answers = {first.id: ("I was cut", how), second.id: ("", how)}
    with serving(Teller(told=answers)) as server:
        result = by_express(server, tmp_path / "run", 4)
        log = by_inspect(server, tmp_path / "log", 4)
    assert result.scores["paper"]["invalid"]["refusal"] == 2
    same_scores(log, result.scores)


def told_too_long(lines: list[dict[str, Any]]) -> tuple[int, set[int]]:
    """How many examples had no answer for lack of room, and how many shots were left out."""
    too_long = sum(line["reason"]["paper"] == "too-long" for line in lines)
    return too_long, {line["shots_dropped"] for line in lines}


def same_scores(log: Any, scores: dict[str, Any]) -> None:
    """Inspect's figures and counts are those of a run."""
    assert counted(log) == {protocol: scores[protocol]["invalid"] for protocol in PROTOCOLS}
    pairs = [name.split("_", 1) for name in NAMES]
    expected = {f"{protocol}_{name}": scores[protocol][name] for protocol, name in pairs}
    assert figures_of(log) == pytest.approx(expected, abs=1e-12)
