"""Every command and every line of Python in the README runs, in its order, in one folder."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from support import tiny_models

ROOT = Path(__file__).resolve().parent.parent
BLOCKS = re.findall(r"```(bash|python)\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
# Run by other tests: the demo by tests/real, `make test` is this suite, the wheel by test_wheel.
ELSEWHERE = ("make demo", "make test", "pip install")
SCRIPTS = Path(sys.executable).parent


def commands() -> list[str]:
    """The README's commands in order: one shell line, or one block of Python, each."""
    found = []
    for kind, block in BLOCKS:
        if kind == "python":
            found.append(f"python -c {shlex.quote(block)}")
        else:
            joined = block.replace("\\\n", " ")
            lines = [line.partition("  #")[0].strip() for line in joined.splitlines()]
            found += [line for line in lines if line and not line.startswith(ELSEWHERE)]
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the README's reader has: a model, and results of their own."""
    place = tmp_path_factory.mktemp("reader")
    tiny_models.make("llama", place / "model", chat=True)
    rows = [(["sad"], '["sad"]'), (["angry", "tired"], '["mad", "tired"]')]
    lines = [json.dumps({"references": r, "completion": c}) + "\n" for r, c in rows]
    (place / "results.jsonl").write_text("".join(lines))
    cells = [f'"{r!r}","{c.replace(chr(34), chr(39))}"\n' for r, c in rows]
    (place / "results.csv").write_text("labels,output\n" + "".join(cells))
    (place / "posts.jsonl").write_text('{"id": "a", "text": "I felt so sad."}\n')
    sample = ROOT / "express_dataset" / "sample" / "posts.jsonl"
    (place / "dump.jsonl").write_bytes(sample.read_bytes())
    return place


@pytest.mark.parametrize("command", commands())
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
