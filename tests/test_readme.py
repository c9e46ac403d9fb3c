"""Every command and every line of Python in the README runs, in its order, in one folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import tiny_models
from support.readme import BLOCKS, README, commands

from express_cards.comparison.published import tables

ROOT = Path(__file__).resolve().parent.parent
# Run by other tests: the demo by tests/real, `make test` is this suite, the wheel by test_wheel.
ELSEWHERE = ("make demo", "make test", "pip install")
SCRIPTS = Path(sys.executable).parent


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder but for the model that `./model` stands for."""
    place = tmp_path_factory.mktemp("reader")
    tiny_models.make("llama", place / "model", chat=True)
    return place


@pytest.mark.parametrize("command", [c for c in commands() if not c.startswith(ELSEWHERE)])
def test_command(command: str, folder: Path) -> None:
    environment = os.environ | {
        "HF_HOME": str(folder / "hf"),
        "HF_HUB_OFFLINE": "1",
        "XDG_CONFIG_HOME": str(folder / "config"),
        "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(
        command, shell=True, cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_the_two_first_commands_are_targets_of_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    first = [line.split()[1] for line in BLOCKS[0][1].splitlines()]
    assert first == ["demo", "test"]
    assert targets >= set(first)


def test_the_gate_runs_the_readme_s_test_command() -> None:
    assert "\nmake test\n" in (ROOT / ".ci" / "run").read_text("utf-8")


def test_it_is_short_and_its_picture_is_there() -> None:
    assert len(README.splitlines()) < 250
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert pictures
    assert all((ROOT / picture).stat().st_size < 100_000 for picture in pictures)


def test_the_published_figures_are_those_of_the_paper() -> None:
    rows = dict(re.findall(r"^\| (\S+) \(published\) \| (.*?) \| EXPRESS", README, re.M))
    table = tables()["table_3"]["rows"]
    published = {row["model"].rpartition("/")[2]: row for row in table}
    names = {"GPT-4o": "gpt-4o", "RoBERTa-base": "roberta-base", "Gemma-2-9B": "gemma-2-9b-it"}
    names["Llama-3.1-8B"] = "Llama-3.1-8B-Instruct"
    assert set(rows) == set(names)
    for name, cells in rows.items():
        figures = published[names[name]]["zero_shot"]
        assert cells == " | ".join(f"{figures[key]:.1%}"[:-1] for key in ("AccL", "AccV", "F1V"))
