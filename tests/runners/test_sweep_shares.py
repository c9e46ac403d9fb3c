"""A sweep dealt to several tasks, and sweeps that must not start."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from typer.testing import CliRunner

from express_runners.cli import app
from express_runners.errors import RunError
from express_runners.planning.sweep import run_sweep, status
from express_runners.planning.sweep_file import read_sweep

FILE = """
out: {out}
options: {{dataset: sample, split: test, limit: 3, lexicon: nrc}}
settings: [{{name: zero}}]
models: ['dummy:oracle', 'dummy:uniform@1', 'dummy:uniform@2']
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(FILE.format(out=tmp_path / "runs"))
    return path


def test_two_tasks_do_all_runs_between_them_and_the_folder_tells_by_whom(file: Path) -> None:
    sweep = read_sweep(str(file))
    first = run_sweep(sweep.dealt("1/2"), lambda *_: None)
    assert [(r.name, r.status) for r in first] == [
        ("dummy--oracle/zero", "done"), ("dummy--uniform@2/zero", "done"),
    ]  # fmt: skip
    assert [result.status for result in status(sweep)] == ["done", "waiting", "done"]
    run_sweep(sweep.dealt("2/2"), lambda *_: None)
    whole = status(sweep)
    assert [result.status for result in whole] == ["done"] * 3
    assert [result.by.split()[-1] for result in whole] == ["1-of-2", "2-of-2", "1-of-2"]
    # And whoever starts the whole sweep finds nothing left to do.
    told: list[str] = []
    run_sweep(sweep, lambda result, *_: told.append(result.status))
    assert told == ["done"] * 3


def test_more_tasks_than_runs_leave_some_idle(file: Path) -> None:
    assert run_sweep(read_sweep(str(file)).dealt("7/9"), lambda *_: None) == []
    for more in ([], ["--dry-run"]):
        done = CliRunner().invoke(app, ["sweep", str(file), "--shard", "7/9", *more])
        assert done.exit_code == 0, done.output
        assert "No run of the sweep falls to this share" in done.output


@pytest.mark.parametrize(
    "shard", ["0/3", "4/3", "a/b", "1", "1/0", "-1/3", "1/9999999", "\u0661/\u0662"]
)
def test_a_share_that_is_none_is_refused(shard: str, file: Path) -> None:
    with pytest.raises(RunError, match="write it as I/N"):
        read_sweep(str(file)).dealt(shard)


def test_the_same_sweep_is_not_run_twice_at_once(file: Path) -> None:
    sweep = read_sweep(str(file))
    sweep.out.mkdir()
    with FileLock(sweep.out / "sweep.lock"), pytest.raises(RunError, match="is running already"):
        run_sweep(sweep, lambda *_: None)
    assert [result.status for result in status(sweep)] == ["waiting"] * 3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("name: zero", "name: '..'"), "give it a 'name'"),
        (("name: zero", "name: '.'"), "give it a 'name'"),
        (("name: zero", "name: ''"), "give it a 'name'"),
        (("'dummy:oracle'", "'..'"), "is no name of a model"),
        (("'dummy:oracle'", "'./'"), "is no name of a model"),
        (("'dummy:oracle'", "{model: 'dummy:oracle', settings: [[zero]]}"), "must be a list of"),
        (("settings:", 'launch: "\'"\nsettings:'), "is no command line"),
        (("limit: 3", "limit: 3, seed: 2001-99-99"), "is not valid YAML"),
        (("limit: 3", "limit: " + "[" * 5000), "is not valid YAML"),
    ],
)
def test_a_file_that_leads_astray_is_one_sentence(
    change: tuple[str, str], said: str, file: Path
) -> None:
    text = file.read_text()
    assert change[0] in text
    file.write_text(text.replace(*change))
    done = subprocess.run(
        [sys.executable, "-m", "express_runners.cli", "sweep", str(file)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
    assert said in done.stderr
    assert [path.name for path in file.parent.iterdir()] == ["mine.yaml"]


def test_the_state_holds_who_did_what(file: Path) -> None:
    sweep = read_sweep(str(file)).dealt("1/3")
    run_sweep(sweep, lambda *_: None)
    (run,) = json.loads((sweep.out / "sweep-1-of-3.json").read_text())["runs"]
    assert run["status"] == "done"
    assert run["by"].endswith("1-of-3")
