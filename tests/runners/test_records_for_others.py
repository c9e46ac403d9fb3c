"""What a run leaves for others: Every Eval Ever's record, and a tracker's figures."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from accelerate import tracking
from typer.testing import CliRunner

from express_metric.scoring import FIGURES
from express_runners.cli import app
from express_runners.errors import RunError

# What Every Eval Ever asks of a record and of an answer (its schemas, 0.2.1), in our own words.
TEXT, NUMBER, COUNT = {"type": "string"}, {"type": "number"}, {"type": "integer", "minimum": 0}
TEXTS = {"type": "object", "additionalProperties": TEXT}


def an_object(more: tuple[str, ...] = (), **fields: Any) -> dict[str, Any]:
    """An object that has all these fields, and none but these and `more`."""
    allowed: dict[str, Any] = {**fields, **{name: {} for name in more}}
    shape: dict[str, Any] = {"type": "object", "required": list(fields), "properties": allowed}
    return {**shape, "additionalProperties": False}


def or_null(shape: dict[str, Any]) -> dict[str, Any]:
    """The same, or nothing."""
    return {**shape, "type": [shape["type"], "null"]}


RESULT = an_object(
    evaluation_name=TEXT,
    source_data=an_object(
        dataset_name=TEXT, source_type={"const": "other"}, additional_details=TEXTS
    ),
    metric_config=an_object(
        lower_is_better={"const": False},
        score_type={"const": "continuous"},
        min_score={"const": 0},
        max_score={"const": 1},
    ),
    score_details=an_object(score={"type": "number", "minimum": 0, "maximum": 1}, details=TEXTS),
    generation_config=an_object(
        generation_args=an_object(
            ("max_tokens",),
            temperature={"type": ["number", "null"]},
            reasoning={"type": "boolean"},
        ),
        additional_details=TEXTS,
    ),
)
RECORD = an_object(
    ("evaluation_timestamp",),
    schema_version=TEXT,
    evaluation_id=TEXT,
    retrieved_timestamp={"type": "string", "pattern": "^[0-9]+$"},
    source_metadata=an_object(
        source_type={"const": "evaluation_run"},
        source_organization_name=TEXT,
        evaluator_relationship={"enum": ["first_party", "third_party", "collaborative", "other"]},
    ),
    eval_library=an_object(name=TEXT, version=TEXT),
    model_info=an_object(name=TEXT, id=TEXT, additional_details=TEXTS),
    evaluation_results={"type": "array", "items": RESULT, "minItems": 1},
    detailed_evaluation_results=an_object(
        format={"const": "jsonl"},
        file_path=TEXT,
        hash_algorithm={"const": "sha256"},
        checksum=TEXT,
        total_rows=COUNT,
    ),
)
SAMPLE = an_object(
    schema_version=TEXT,
    evaluation_id=TEXT,
    model_id=TEXT,
    evaluation_name=TEXT,
    sample_id=TEXT,
    interaction_type={"const": "single_turn"},
    input=an_object(raw=TEXT, reference={"type": "array", "items": TEXT}),
    output=an_object(raw={"type": "array", "items": TEXT}),
    messages={"type": "null"},
    answer_attribution={
        "type": "array",
        "items": an_object(
            turn_idx=COUNT,
            source=TEXT,
            extracted_value=TEXT,
            extraction_method=TEXT,
            is_terminal={"type": "boolean"},
        ),
    },
    evaluation=an_object(score=NUMBER, is_correct={"type": "boolean"}),
    token_usage=or_null(an_object(input_tokens=COUNT, output_tokens=COUNT, total_tokens=COUNT)),
    performance=or_null(an_object(latency_ms=NUMBER)),
    error={"type": ["string", "null"]},
)


def invoke(*words: object) -> Any:
    return CliRunner().invoke(app, list(map(str, words)))


def run_words(out: Path, *more: object) -> list[object]:
    words = ["run", "--model", "dummy:oracle", "--dataset", "sample", "--lexicon", "nrc"]
    return [*words, "--limit", 5, "--out", out, *more]


def test_a_run_is_recorded_as_every_eval_ever_asks(tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert invoke(*run_words(out)).exit_code == 0
    done = invoke("results", "record", out, "--organization", "us", "--format", "json")
    assert done.exit_code == 0, done.output
    record_file, samples_file = map(Path, json.loads(done.stdout)["files"])
    record = json.loads(record_file.read_text())
    jsonschema.validate(record, RECORD)
    scores = json.loads((out / "scores.json").read_text())
    told = {one["evaluation_name"]: one["score_details"] for one in record["evaluation_results"]}
    assert len(told) == 2 * len(FIGURES)
    for protocol in ("paper", "revised"):
        for figure in FIGURES:
            assert told[f"EXPRESS {figure} ({protocol})"] == {
                "score": scores[protocol][figure],
                "details": {"signature": scores[protocol]["signature"]},
            }
    kept = record["detailed_evaluation_results"]
    assert kept["checksum"] == hashlib.sha256(samples_file.read_bytes()).hexdigest()
    samples = [json.loads(line) for line in samples_file.open()]
    lines = [json.loads(line) for line in (out / "predictions.jsonl").open()]
    assert kept["total_rows"] == len(samples) == len(lines) == 5
    for sample, line in zip(samples, lines, strict=True):
        jsonschema.validate(sample, SAMPLE)
        assert sample["evaluation_id"] == record["evaluation_id"]
        assert (sample["sample_id"], sample["output"]["raw"]) == (line["id"], [line["completion"]])
        assert sample["evaluation"] == {"score": 1.0, "is_correct": True}


def test_what_an_answer_does_not_tell_is_null(tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert invoke(*run_words(out)).exit_code == 0
    lines = [json.loads(line) for line in (out / "predictions.jsonl").open()]
    for name in ("completion", "new_tokens", "seconds"):
        del lines[0][name]
    (out / "predictions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert invoke("results", "record", out, "--organization", "us").exit_code == 0
    first, second = map(json.loads, (out / "every_eval_samples.jsonl").open().readlines()[:2])
    jsonschema.validate(first, SAMPLE)
    assert first["token_usage"] is first["performance"] is None
    assert second["token_usage"]["output_tokens"] == lines[1]["new_tokens"]


def test_an_unfinished_run_is_not_recorded(tmp_path: Path) -> None:
    done = invoke("results", "record", tmp_path)
    assert isinstance(done.exception, RunError)
    assert "is no finished run" in str(done.exception)


class Kept(tracking.GeneralTracker):  # type: ignore[misc]
    """A tracker that keeps what it is told."""

    name = "kept"
    requires_logging_directory = True
    told: list[Any] = []  # noqa: RUF012

    def __init__(self, run_name: str, logging_dir: str) -> None:
        super().__init__()
        self.told.extend([run_name, Path(logging_dir).name])

    @property
    def tracker(self) -> list[Any]:
        return self.told

    def start(self) -> None:
        """Nothing to start."""

    def store_init_configuration(self, values: dict[str, Any]) -> None:
        self.told.append(values)

    def log(self, values: dict[str, Any], step: int | None, **_: Any) -> None:
        self.told.append(values)

    def finish(self) -> None:
        self.told.append("finished")


def test_a_tracker_gets_what_was_asked_and_every_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(tracking.LOGGER_TYPE_TO_CLASS, "kept", Kept)
    monkeypatch.setattr(Kept, "told", [])
    done = invoke(*run_words(tmp_path / "run", "--log-with", "kept"))
    assert done.exit_code == 0, done.output
    project, folder, asked, figures, end = Kept.told
    assert (project, folder, end) == ("express", "logs", "finished")
    assert asked["model/name"] == "dummy:oracle"
    scores = json.loads((tmp_path / "run" / "scores.json").read_text())
    assert figures["paper/vector_f1"] == scores["paper"]["vector_f1"]
    assert figures["revised/lexical_accuracy"] == 1.0


def test_a_tracker_that_fails_at_the_end_spoils_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ConnectionError("no \x1b[31mroute")

    monkeypatch.setitem(tracking.LOGGER_TYPE_TO_CLASS, "kept", Kept)
    monkeypatch.setattr(Kept, "finish", fail)
    done = invoke(*run_words(tmp_path / "run", "--log-with", "kept"))
    assert done.exit_code == 0, done.output
    assert "note: --log-with did not take the figures (no" in done.stderr
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "--log-with must be one of"),
        ("nothing", "--log-with must be one of"),
        ("swanlab", "pip install swanlab"),
    ],
)
def test_a_tracker_that_is_not_there_is_named_before_any_answer(
    name: str, said: str, tmp_path: Path
) -> None:
    done = invoke(*run_words(tmp_path / "run", "--log-with", name))
    assert isinstance(done.exception, RunError)
    assert said in str(done.exception)
    assert not list((tmp_path / "run").glob("predictions*"))


def test_the_project_table_names_the_package() -> None:
    root = Path(__file__).resolve().parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    assert project["name"] == "express-benchmark"
    assert {"version", "dependencies", "optional-dependencies", "scripts"} <= {*project["dynamic"]}
