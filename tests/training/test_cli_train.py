"""The commands themselves: a dry run, a table with a next step, merging, a learning curve."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from express_runners.cli import app
from express_runners.planning import sweep
from express_runners.planning.sweep_file import read_sweep
from express_runners.training.telling import curve

Tiny = Callable[[str], Path]


def words(model: Path, data: Path, out: Path, *more: str) -> list[str]:
    asked = ["train", "--model", str(model), "--dataset", str(data), "--out", str(out)]
    return [*asked, "--batch-size", "4", "--epochs", "1", *more]


def test_a_dry_run_tells_and_writes_nothing(tiny: Tiny, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "trained"
    asked = words(tiny("llama"), data, out, "--dry-run")
    told = CliRunner().invoke(app, asked)
    assert told.exit_code == 0, told.output
    assert "memory    about" in told.stdout
    found = json.loads(CliRunner().invoke(app, [*asked, "--format", "json"]).stdout)
    assert found["learned"] + found["validation"] == 8
    assert found["tokens"]["longest"] < found["tokens"]["epoch"]
    assert not out.exists()


def test_a_training_ends_with_a_table_and_the_next_command(
    tiny: Tiny, data: Path, template: Path, tmp_path: Path
) -> None:
    out = tmp_path / "trained"
    asked = words(tiny("llama"), data, out, "--template", str(template), "--validation", "0")
    told = CliRunner().invoke(app, asked)
    assert told.exit_code == 0, told.output
    assert "8 examples, 8 masks" in told.stdout
    assert f"--adapter {out}" in told.stdout.splitlines()[-1]
    merged = CliRunner().invoke(
        app, ["train", "merge", "--model", str(out), "--out", str(tmp_path / "merged")]
    )
    assert merged.exit_code == 0, merged.output
    assert (tmp_path / "merged" / "express.json").is_file()


def in_this_process(command: list[str], _: object) -> int:
    """What a sweep starts, without another import of everything."""
    module, *rest = command[command.index("-m") + 1 :]
    asked = rest if module == "express_runners.cli" else ["run", *rest]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    return 0


def test_a_setting_of_a_sweep_is_taught_first(
    tiny: Tiny, data: Path, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "_guarded", in_this_process)
    file = tmp_path / "curve.yaml"
    file.write_text(
        f"""
models: [{{model: "{tiny("llama")}", dataset: "{data}", template: "{template}"}}]
options: {{train.epochs: 1, train.batch-size: 2, train.validation: 0}}
settings:
  - {{name: two, train.limit: 2}}
""",
        "utf-8",
    )
    (result,) = sweep.run_sweep(read_sweep(str(file), tmp_path / "out"), lambda *_: None)
    assert result.status == "done", result
    learned = json.loads((Path(result.folder) / "trained" / "express.json").read_text())
    assert learned["trainings"][0]["examples"] == 2
    asked = json.loads((Path(result.folder) / "run.json").read_text())["asked"]
    assert asked["model"]["adapter"]["name"] == "trained"


def test_a_sweep_checks_the_training_first(tiny: Tiny, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    for option, named in (
        ("train.rank: 0", "rank must be above 0"),
        ("train.size: 1", "no option"),
    ):
        file.write_text(
            f"models: ['{tiny('llama')}']\nsettings: [{{name: a, {option}}}]\n", "utf-8"
        )
        with pytest.raises(ValueError, match=named):
            read_sweep(str(file), tmp_path)


def test_the_curve_has_no_more_bars_than_fit() -> None:
    assert len(curve([float(n) for n in range(1000)])) == 60
