"""A broken `run.json` is one sentence that names the file and the key, for whoever reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.made_runs import ANSWER, START, answers, asked_of, labels, write_run

from express_runners.errors import RunError
from express_runners.runs.agreement import agree
from express_runners.runs.finished import score_file
from express_runners.runs.record import check_answer
from express_runners.runs.store import RUN_FILE, RunFolder, read_run_record

Edit = Callable[[dict[str, Any]], Any]


def made(folder: Path, **asked: Any) -> Path:
    said = answers(labels(), 0.5)
    return write_run(folder, "org/mine", "causal", "few-shot-5-random", said, asked=asked)


def edited(folder: Path, edit: Edit) -> Path:
    """The run after its record is changed in place, or replaced by what `edit` returns."""
    file = folder / RUN_FILE
    record = json.loads(file.read_text())
    other = edit(record)
    file.write_text(json.dumps(record if other is None else other))
    return folder


def put(key: str, value: Any) -> Edit:
    """Set what stands at a dotted key."""

    def edit(record: Any) -> None:
        *parts, last = key.split(".")
        for part in parts:
            record = record[int(part) if part.isdigit() else part]
        record[last] = value

    return edit


def test_a_record_comes_back_as_it_is(tmp_path: Path) -> None:
    record = read_run_record(made(tmp_path / "a"))
    assert record.asked.model.name == "org/mine"


BROKEN: list[tuple[Edit, str]] = [
    (lambda record: {}, "asked is missing, and must be an object"),
    (lambda record: {"asked": {}}, "asked.model is missing, and must be an object"),
    (lambda record: {"asked": "all"}, "asked is 'all', and must be an object"),
    (put("sessions", []), "sessions is empty, and must tell of a start of the run"),
    (put("sessions", {}), "sessions is {}, and must be a list"),
    (put("sessions", [1]), "sessions.0 is 1, and must be an object"),
    (put("sessions.0.dataset", None), "sessions.0.dataset is missing, and must be a text"),
    (put("sessions.0.lexicon", "nrc"), "sessions.0.lexicon is 'nrc', and must be an object"),
    (
        put("sessions.0.lexicon", {"file": "mine.csv"}),
        "sessions.0.lexicon.sha256 is missing, and must be a text",
    ),
    (put("asked.model.name", 7), "asked.model.name is 7, and must be a text"),
    (put("asked.model.revision", []), "asked.model.revision is [], and must be a text"),
    (put("asked.prompt.hash", None), "asked.prompt.hash is missing, and must be a text"),
    (
        put("asked.prompt.shots", {"per_prompt": 5}),
        "asked.prompt.shots.choice is missing, and must be a text",
    ),
    (put("asked.decoding", []), "asked.decoding is [], and must be an object"),
    (put("asked.lexicon", {"name": "nrc"}), "asked.lexicon.label is missing, and must be a text"),
    (
        put("asked.dataset.examples", True),
        "asked.dataset.examples is True, and must be a whole number",
    ),
    (put("vocabulary", ["sad", 1]), "vocabulary.1 is 1, and must be a text"),
]


@pytest.mark.parametrize(("edit", "sentence"), BROKEN)
def test_a_broken_record_is_named_by_file_and_key(
    tmp_path: Path, edit: Edit, sentence: str
) -> None:
    folder = edited(made(tmp_path / "a"), edit)
    wanted = re.escape(f"{folder / RUN_FILE}: {sentence}: take it from a copy of the run")
    for read in (read_run_record, lambda path: score_file(path, None), lambda p: agree(p, p)):
        with pytest.raises(RunError, match=f"^{wanted}"):
            read(folder)


@pytest.mark.parametrize("text", ["", "{", "[1]", "[" * 100_000, "\ud800"])
def test_a_record_that_is_no_json_advises_what_fits(tmp_path: Path, text: str) -> None:
    folder = made(tmp_path / "a")
    (folder / RUN_FILE).write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(RunError, match=r"run\.json (is not JSON|holds no JSON object).*from a cop"):
        score_file(folder, None)


@pytest.mark.parametrize("record", [{}, {"asked": {}}, {"asked": [1], "sessions": []}, []])
def test_a_run_does_not_go_on_from_a_broken_record(tmp_path: Path, record: object) -> None:
    (tmp_path / RUN_FILE).write_text(json.dumps(record))
    with pytest.raises(RunError, match=r"run\.json\b.*: give another --out$") as caught:
        RunFolder(tmp_path).start(asked_of(), START)
    assert len(str(caught.value)) < 200 + len(str(tmp_path))
    assert json.loads((tmp_path / RUN_FILE).read_text()) == record


def test_the_score_of_a_part_of_a_run_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = {"signature": "made@1", "split": "test", "examples": 400}
    folder = made(tmp_path / "part", dataset=data)
    assert score_file(folder, None)["paper"]["n_examples"] == 300
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        f"note: {folder}: 300 of 400 answered, so these figures are of a part of the data; finish "
        "it with the `express run` command that began it.\n"
    )
    score_file(made(tmp_path / "whole", dataset=data | {"examples": 300}), None)
    assert capsys.readouterr() == ("", "")


def test_runs_that_do_not_agree_are_named_where_they_differ(tmp_path: Path) -> None:
    one = {"signature": "made@1", "split": "test", "examples": 8}
    free = made(tmp_path / "free", dataset=one)
    rank = made(tmp_path / "rank", dataset=one | {"examples": 4})
    sentence = f"dataset.examples is 8 in {free} and 4 in {rank}"
    with pytest.raises(RunError, match=f"^the runs cannot be compared: {re.escape(sentence)}$"):
        agree(free, rank)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"post_id": None}, "post_id is missing, and must be a text"),
        ({"references": None}, "references is missing, and must be a list of texts"),
        ({"references": []}, "references is [], and must be a list of texts"),
        ({"references": ["sad", 1]}, "references is ['sad', 1], and must be a list of texts"),
        ({"terms": None}, "terms.paper is missing, and must be a list of texts or null"),
        ({"terms": {"paper": ["sad"]}}, "terms.revised is missing, and must be a list of texts or"),
        (
            {"terms": {"paper": "sad", "revised": None}},
            "terms.paper is 'sad', and must be a list of texts or null",
        ),
        ({"reason": {"paper": None}}, "reason.revised is missing, and must be null or one of"),
        (
            {"reason": {"paper": "tired", "revised": None}},
            "reason.paper is 'tired', and must be null or one of",
        ),
    ],
)
def test_an_answer_without_what_a_score_needs_is_named(
    tmp_path: Path, change: dict[str, Any], sentence: str
) -> None:
    folder = made(tmp_path / "a")
    file = folder / "predictions.jsonl"
    lines = file.read_text().splitlines()
    lines[6] = json.dumps(json.loads(lines[6]) | change)
    file.write_text("\n".join(lines))
    with pytest.raises(RunError, match=re.escape(f"{file}, line 7: {sentence}")):
        score_file(folder, None)


@pytest.mark.parametrize("key", ["shots_dropped", "prompt_tokens", "seconds", "shots", "finish"])
def test_a_line_whose_further_keys_are_of_another_kind_is_named(key: str) -> None:
    check_answer(ANSWER, "line 1")
    with pytest.raises(RunError, match=f"line 1: {key} is {{}}, and must be"):
        check_answer({**ANSWER, key: {}}, "line 1")
