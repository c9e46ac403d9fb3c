"""`express sweep --dry-run`: models times settings, what is done, prompts and an estimate."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import transformers
from support import tiny_models
from support.loopback_hub import LoopbackHub
from support.made_runs import ANSWER
from typer.testing import CliRunner

from express_dataset.sources import load
from express_runners.cli import app
from express_runners.planning.sweep import run_sweep
from express_runners.planning.sweep_file import read_sweep

PROMPTS = len(load("sample", split="test").examples)

ANSWERS = "".join(json.dumps({"id": name, **ANSWER}) + "\n" for name in "ab")


@pytest.fixture
def sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sweep of a model at hand, one that is not, a dummy and a served one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    tiny_models.make("llama", tmp_path / "tiny")
    file = tmp_path / "mine.yaml"
    file.write_text(
        "out: runs\noptions: {dataset: sample, device: cpu}\n"
        "settings:\n  - {name: zero, prompt: zero-shot}\n"
        "  - {name: few, prompt: few-shot, shots: 2}\n"
        "  - {name: ranked, decode: rank}\n"
        "models:\n  - {model: ./tiny, settings: [zero, few, ranked]}\n"
        "  - {model: org/far, settings: [few]}\n"
        "  - {model: 'dummy:uniform', settings: [zero, few]}\n"
        "  - {model: 'api:org/name', settings: [zero]}\n"
    )
    return file


def planned(file: Path, *words: str) -> str:
    done = CliRunner().invoke(app, ["sweep", str(file), "--dry-run", *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def plan(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(planned(file, "--format", "json"))
    return found


def test_a_plan_counts_prompts_and_estimates_what_is_at_hand(sweep: Path) -> None:
    found = plan(sweep)
    assert not Path("runs").exists()
    runs = {run["name"]: run for run in found["runs"]}
    assert list(runs) == [
        *("tiny/zero", "tiny/few", "tiny/ranked", "org--far/few"),
        *("dummy--uniform/zero", "dummy--uniform/few", "api--org--name/zero"),
    ]
    assert {run["status"] for run in runs.values()} == {"waiting"}
    assert {(run["prompts"], run["answered"]) for run in runs.values()} == {(PROMPTS, 0)}
    assert (found["prompts"], found["answered"]) == (7 * PROMPTS, 0)
    zero, few = (runs[name]["estimate"] for name in ("tiny/zero", "tiny/few"))
    model = transformers.AutoModelForCausalLM.from_pretrained("tiny")
    assert zero["parameters"] == few["parameters"] == sum(p.numel() for p in model.parameters())
    assert zero["memory_bytes"]["weights"] == 4 * zero["parameters"]
    assert few["tokens"] > 1.5 * zero["tokens"] > 0
    none = {name: run["why"] for name, run in runs.items() if run["estimate"] is None}
    assert none == {
        "tiny/ranked": "a ranking depends on its vocabulary",
        "org--far/few": "--model org/far is not in the local cache and the Hub cannot be reached: "
        "go online, or give a local folder or .gguf file",
        "dummy--uniform/zero": "it computes nothing here",
        "dummy--uniform/few": "it computes nothing here",
        "api--org--name/zero": "it computes nothing here",
    }


def test_a_plan_is_a_table_of_models_and_settings(sweep: Path) -> None:
    text = planned(sweep)
    head, *rest = text.splitlines()
    assert head == "7 runs: 4 models in 3 settings, into runs. Nothing is started."
    table = {row.split()[0]: row.split()[1:] for row in rest[1:6]}
    assert table == {
        "model": ["zero", "few", "ranked"],
        "./tiny": ["waiting", "waiting", "waiting"],
        "org/far": ["-", "waiting", "-"],
        "dummy:uniform": ["waiting", "waiting", "-"],
        "api:org/name": ["waiting", "-", "-"],
    }
    assert f"prompts   {PROMPTS} of sample, test, in each run: {7 * PROMPTS} in all, 0" in text
    assert "asks      " in text
    assert "./tiny: " in text
    assert "parameters, about " in text
    assert "; zero about " in text
    assert "org/far (few): --model org/far is not in the local cache and the Hub" in text
    assert "0.0 s" not in text


def test_a_plan_tells_what_is_done_failed_and_begun(sweep: Path) -> None:
    sweep.write_text(
        sweep.read_text().replace("  - {model: ./tiny, settings: [zero, few, ranked]}\n", "")
    )
    run_sweep(read_sweep(str(sweep)), lambda *_: None)
    answered = Path("runs/api--org--name/zero")
    answered.mkdir(parents=True)
    (answered / "predictions-00000.jsonl").write_text(ANSWERS)
    runs = {run["name"]: run for run in plan(sweep)["runs"]}
    assert [run["status"] for run in runs.values()] == ["failed", "done", "done", "failed"]
    assert [run["answered"] for run in runs.values()] == [0, PROMPTS, PROMPTS, 2]
    text = planned(sweep)
    assert "failed" in text
    assert "org--far/few: --model org/far is not in the local cache" in text
    assert f"{2 * PROMPTS + 2} answered" in text
    assert "2 done, 2 failed of 4 runs" in text


def test_begun_runs_show_how_far_they_are(sweep: Path) -> None:
    folder = Path("runs/dummy--uniform/zero")
    folder.mkdir(parents=True)
    (folder / "predictions-00000.jsonl").write_text(ANSWERS)
    row = next(row for row in planned(sweep).splitlines() if row.startswith("dummy:uniform"))
    assert row.split("  ")[-1].strip() == "-"
    assert f"2 of {PROMPTS}" in row


def test_data_that_cannot_be_had_stops_no_plan(sweep: Path) -> None:
    sweep.write_text(sweep.read_text().replace("dataset: sample", "dataset: no-such.csv"))
    found = plan(sweep)
    assert {run["prompts"] for run in found["runs"]} == {None}
    assert {run["estimate"] for run in found["runs"]} == {None}
    assert found["prompts"] is None
    text = planned(sweep)
    assert "prompts   their number is not known: no-such.csv" in text


def test_runs_on_other_data_are_counted_apart(sweep: Path) -> None:
    text = sweep.read_text()
    sweep.write_text(text.replace("{name: zero, ", "{name: zero, limit: 3, "))
    runs = {run["name"]: run["prompts"] for run in plan(sweep)["runs"]}
    assert (runs["tiny/zero"], runs["tiny/few"]) == (3, PROMPTS)
    shown = planned(sweep)
    assert f"prompts   {PROMPTS} of sample, test, in 4 runs, 3 in 3 runs: " in shown


def test_a_configuration_without_weights_is_enough(sweep: Path) -> None:
    config = transformers.LlamaConfig(
        hidden_size=1024, intermediate_size=4096, num_hidden_layers=16, vocab_size=32_000
    )
    config.architectures = ["LlamaForCausalLM"]
    config.save_pretrained("tiny")
    Path("tiny/model.safetensors").unlink()
    sweep.write_text(sweep.read_text().replace("{name: zero, ", "{name: zero, limit: 2, "))
    runs = {run["name"]: run for run in plan(sweep)["runs"]}
    zero, few = (runs[name]["estimate"]["seconds"] for name in ("tiny/zero", "tiny/few"))
    assert 0 < few["prompts"] < few["usual"] < few["at_most"]
    assert 0 < zero["prompts"] < few["prompts"] / 3


def test_the_paper_s_plan_needs_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with LoopbackHub() as hub:
        gone = hub.environment(str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-m", "express_runners.cli", "sweep", "paper", "--dry-run"],
        env=os.environ | gone,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("35 runs: 14 models in 4 settings, into runs/paper. Nothing is")
    assert "prompts   their number is not known: the Hub dataset " in done.stdout
    assert "35 waiting of 35 runs" in done.stdout
    assert "Traceback" not in done.stderr
