"""`express sweep`: what a file may say, and that one bad run ends nothing."""

from __future__ import annotations

import json
import shlex
import sys
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from express_runners.cli import app
from express_runners.errors import RunError
from express_runners.planning.sweep import Result, as_text, run_sweep, status
from express_runners.planning.sweep_file import read_sweep

GOOD = """\
out: OUT
options: {dataset: sample, limit: 3}
settings:
  - {name: zero, prompt: zero-shot}
  - {name: few, prompt: few-shot, shots: 2}
models:
  - {model: ./absent, settings: [zero]}
  - {model: dummy:oracle, settings: [few]}
"""
SETTINGS = "settings: [{name: a, prompt: cot}]\n"
BAD = {
    "yaml": ("out: [", "is not valid YAML"),
    "code": ("out: !!python/object/apply:os.getcwd []", "is not valid YAML"),
    "list": ("- a", "must be a mapping with the keys out, options"),
    "empty": ("", "must be a mapping"),
    "key": ("out: x\nmodel: [a]", "unknown key 'model'"),
    "out": ("out: 3", "'out' must be the folder"),
    "launch": (f"out: x\nlaunch: [a]\n{SETTINGS}models: [a]", "'launch' must be a command"),
    "models": (f"out: x\n{SETTINGS}models: a", "'models' must be a list"),
    "no models": (f"out: x\n{SETTINGS}", "'models' must be a list"),
    "model": (f"out: x\n{SETTINGS}models: [3]", "model 1 must be a model's id"),
    "settings": ("out: x\nmodels: [a]", "'settings' must be a list"),
    "name": ("out: x\nsettings: [{prompt: cot}]\nmodels: [a]", "setting 1: give it a 'name'"),
    "path": ("out: x\nsettings: [{name: ../a}]\nmodels: [a]", "setting 1: give it a 'name'"),
    "twice": (
        "out: x\nsettings: [{name: a}, {name: a}]\nmodels: [m]",
        "setting 2: the name 'a' is taken",
    ),
    "no setting": (
        f"out: x\n{SETTINGS}models: [m, {{model: n, settings: [b]}}]",
        "model 2: its 'settings' must be a list of a",
    ),
    "option": (
        "out: x\nsettings: [{name: a, shot_choice: random}]\nmodels: [m]",
        "'shot_choice' is no option of `express run`; the options are adapter",
    ),
    "out again": (f"out: x\noptions: {{out: y}}\n{SETTINGS}models: [m]", "'out' is no option"),
    "type": (
        "out: x\nsettings: [{name: a, prompt: few-shot, shots: five}]\nmodels: [m]",
        "setting 1: shots must be a whole number, got 'five'",
    ),
    "bool": (f"out: x\noptions: {{limit: yes}}\n{SETTINGS}models: [m]", "limit must be a whole"),
    "value": (
        "out: x\nsettings: [{name: a, prompt: five-shot}]\nmodels: [m]",
        "model 1, setting a: --prompt must be one of",
    ),
    "together": (
        f"out: x\noptions: {{shots: 3}}\n{SETTINGS}models: [m]",
        "--shots belongs to --prompt few-shot",
    ),
    "same model": (f"out: x\n{SETTINGS}models: [m, m]", "model 2: a run named m/a is there"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_told_with_its_place(case: str, tmp_path: Path) -> None:
    content, told = BAD[case]
    file = tmp_path / "mine.yaml"
    file.write_text(content)
    with pytest.raises(RunError) as caught:
        read_sweep(str(file))
    assert told in str(caught.value)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_does_not_let_itself_be_read_is_told() -> None:
    with pytest.raises(RunError, match=r"/proc/self/mem cannot be read \(Input/output error\)"):
        read_sweep("/proc/self/mem")


def test_the_paper_s_models_and_settings_are_ready() -> None:
    sweep = read_sweep("paper")
    models = {job.options["model"] for job in sweep.jobs}
    assert len(models) == 14
    assert len(sweep.jobs) == 7 * 1 + 7 * 4 == 35
    shown = Counter((job.options["prompt"], job.options.get("shot-choice")) for job in sweep.jobs)
    assert shown == {
        ("zero-shot", None): 14,
        ("few-shot", "random"): 7,
        ("few-shot", "similar"): 7,
        ("cot", None): 7,
    }
    assert all(job.options["as-published"] for job in sweep.jobs)
    assert {job.options["model"] for job in read_sweep("today").jobs} == models
    assert {job.options["split"] for job in read_sweep("today").jobs} == {"test"}


def test_a_later_line_wins_and_flags_become_words(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "out: x\noptions: {limit: 3, dtype: float32, trust-remote-code: true}\n"
        "settings: [{name: a, limit: 5}]\n"
        "models: [{model: org/m, dtype: bfloat16, trust-remote-code: false}, org/n]\n"
    )
    first, second = read_sweep(str(file), out=tmp_path).jobs
    assert first.name == "org--m/a"
    assert first.commands(Path("o"))[0][2:] == shlex.split(
        "--model org/m --limit 5 --dtype bfloat16 --out o"
    )
    assert second.commands(Path("o"))[0][2:] == shlex.split(
        "--model org/n --limit 5 --dtype float32 --trust-remote-code --out o"
    )


def test_a_failed_run_ends_nothing_and_a_restart_does_the_rest(tmp_path: Path) -> None:
    out = tmp_path / "runs"
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD.replace("OUT", str(out)))
    told: list[tuple[str, str]] = []

    def tell(result: Result, number: int, count: int) -> None:
        assert count == 2
        told.append((result.name, result.status))

    absent, oracle = run_sweep(read_sweep(str(file)), tell)
    assert (absent.status, oracle.status) == ("failed", "done")
    assert (
        absent.sentence == "--model ./absent: no such folder; give a folder, a .gguf file or "
        "a Hub id"
    )
    scores = json.loads((out / "dummy--oracle" / "few" / "scores.json").read_text())
    assert scores["revised"]["lexical_accuracy"] == 1.0
    assert scores["revised"]["n_examples"] == 3
    assert told == [
        ("absent/zero", "waiting"),
        ("absent/zero", "failed"),
        ("dummy--oracle/few", "waiting"),
        ("dummy--oracle/few", "done"),
    ]
    assert "1 done, 1 failed of 2 runs" in as_text([absent, oracle])

    # A restart starts only what is not done.
    told.clear()
    again = run_sweep(read_sweep(str(file)), tell)
    assert [r.status for r in again] == ["failed", "done"]
    assert [name for name, state in told if state == "waiting"] == ["absent/zero"]
    # What is asked for anew, or has lost its scores, counts as not done.
    assert [r.status for r in status(read_sweep(str(file)))] == ["failed", "done"]
    (out / "dummy--oracle" / "few" / "scores.json").unlink()
    assert [r.status for r in status(read_sweep(str(file)))] == ["failed", "waiting"]
    file.write_text(file.read_text().replace("limit: 3", "limit: 2"))
    assert [r.status for r in status(read_sweep(str(file)))] == ["waiting", "waiting"]


def launching(tmp_path: Path, script: str) -> Path:
    """A sweep whose runs are started by a script of ours."""
    launcher = tmp_path / "launcher.py"
    launcher.write_text(script)
    file = tmp_path / "mine.yaml"
    launch = f"{sys.executable} {launcher}"
    file.write_text(GOOD.replace("OUT", str(tmp_path / "runs")) + f"launch: {launch}\n")
    return file


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("import os; os.kill(os.getpid(), 9)", "killed by signal 9 (often the system"),
        ("import os; os.kill(os.getpid(), 15)", "killed by signal 15; see"),
        ("raise SystemExit('it is broken')", "it ended with exit code 1: it is broken (see"),
        ("print('error: mend this.'); raise SystemExit(2)", "mend this."),
    ],
)
def test_why_a_run_failed_is_told(script: str, told: str, tmp_path: Path) -> None:
    results = run_sweep(read_sweep(str(launching(tmp_path, script))), lambda *_: None)
    assert [r.status for r in results] == ["failed", "failed"]
    assert all(told in r.sentence for r in results)


def test_a_launcher_gets_the_module_and_the_options(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    script = f"import sys; open({str(seen)!r}, 'a').write(' '.join(sys.argv[1:]) + chr(10))"
    run_sweep(read_sweep(str(launching(tmp_path, script))), lambda *_: None)
    first, second = seen.read_text().splitlines()
    assert first.startswith("-m express_runners.run --model ./absent --dataset sample --limit 3")
    assert second.endswith(f"--prompt few-shot --shots 2 --out {tmp_path}/runs/dummy--oracle/few")


def test_a_launcher_that_is_not_there_is_told(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD.replace("OUT", str(tmp_path / "runs")) + "launch: no-such-command -n 2\n")
    with pytest.raises(RunError, match="there is no command 'no-such-command' here"):
        run_sweep(read_sweep(str(file)), lambda *_: None)


def test_the_command_lists_without_starting_and_fails_where_a_run_failed(tmp_path: Path) -> None:
    file = launching(tmp_path, "raise SystemExit('no')")
    listed = CliRunner().invoke(app, ["sweep", str(file), "--dry-run", "--format", "json"])
    assert listed.exit_code == 0
    assert [run["status"] for run in json.loads(listed.stdout)["runs"]] == ["waiting", "waiting"]
    assert not (tmp_path / "runs").exists()
    failed = CliRunner().invoke(app, ["sweep", str(file), "--out", str(tmp_path / "else")])
    assert failed.exit_code == 1
    assert "2 failed of 2 runs" in failed.stdout
    assert list((tmp_path / "else" / "logs").iterdir())


@pytest.mark.parametrize(
    "state",
    [
        *("{", "[]", "{}", '{"runs": {}}', '{"runs": [1]}', '{"runs": [{}]}'),
        '{"runs": [{"name": "absent/zero", "status": "gone", "options": {}}]}',
        '{"runs": [{"name": "a", "status": "", "options": {}, "seconds": "1", "sentence": ""}]}',
    ],
)
def test_a_broken_state_is_one_sentence(tmp_path: Path, state: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD.replace("OUT", str(tmp_path / "runs")))
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "sweep.json").write_text(state)
    with pytest.raises(RunError, match=r"sweep\.json .*: remove it; every run then goes on from"):
        status(read_sweep(str(file)))
