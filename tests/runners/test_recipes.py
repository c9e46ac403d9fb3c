"""The ready files: what launchers read, and that they go with the package."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from accelerate.commands.config.config_args import load_config_from_file

RECIPES = Path(str(files("express_runners"))) / "recipes"


@pytest.mark.parametrize(
    ("name", "processes", "machines", "kind"),
    [
        ("one_gpu", 1, 1, "NO"),
        ("eight_gpus", 8, 1, "MULTI_GPU"),
        ("two_nodes", 16, 2, "MULTI_GPU"),
        ("large_model", 1, 1, "NO"),
        ("train_fsdp", 8, 1, "FSDP"),
    ],
)
def test_accelerate_reads_the_configurations(
    name: str, processes: int, machines: int, kind: str
) -> None:
    config = load_config_from_file(str(RECIPES / f"{name}.yaml"))
    assert config.num_processes == processes
    assert config.num_machines == machines
    assert str(getattr(config.distributed_type, "value", config.distributed_type)) == kind
    # bf16 by the launcher would change float32 runs behind their back.
    assert config.mixed_precision == "no"
    assert config.use_cpu is False


def test_every_ready_file_is_explained() -> None:
    told = (RECIPES / "README.md").read_text()
    for file in RECIPES.iterdir():
        if file.suffix in (".yaml", ".sh", ".py"):
            assert f"`{file.name}`" in told


@pytest.mark.parametrize("file", sorted(RECIPES.glob("*.sh")), ids=lambda file: file.name)
def test_shell_recipes_are_sound(file: Path) -> None:
    shellcheck = Path(sys.executable).with_name("shellcheck")
    done = subprocess.run([shellcheck, str(file)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def run_recipe(tmp_path: Path, name: str, *words: str, **slurm: str) -> list[str]:
    """Run a recipe where `srun` and `scontrol` only tell what they were asked."""
    for program, body in {
        "srun": 'printf "%s\\n" "$@"',
        "scontrol": "printf 'node-a\\nnode-b\\n'",
    }.items():
        (tmp_path / program).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / program).chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", str(RECIPES / name), *words],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **slurm, "PATH": path},
    )
    return done.stdout.splitlines()


def test_an_array_task_takes_its_share(tmp_path: Path) -> None:
    told = run_recipe(
        tmp_path, "slurm_array.sh", "paper", "runs/a b",
        SLURM_ARRAY_TASK_ID="3", SLURM_ARRAY_TASK_COUNT="1", SLURM_CPUS_PER_TASK="8",
    )  # fmt: skip
    # A task alone, submitted again, has its old share.
    assert f"--array=1-{told[-1][2:]}\n" in (RECIPES / "slurm_array.sh").read_text()
    assert told[:2] == ["--cpus-per-task", "8"]
    assert told[2:] == ["express", "sweep", "paper", "--out", "runs/a b", "--shard", "3/8"]


def test_two_nodes_meet_at_the_first(tmp_path: Path) -> None:
    told = run_recipe(
        tmp_path, "slurm_two_nodes.sh", "--model", "org/a b",
        SLURM_JOB_ID="123456", SLURM_JOB_NUM_NODES="2", SLURM_JOB_NODELIST="node-[a-b]",
        SLURM_CPUS_PER_TASK="64",
    )  # fmt: skip
    assert told[told.index("--rdzv-endpoint") + 1] == "node-a:23456"
    assert told[-4:] == ["-m", "express_runners.run", "--model", "org/a b"]


def test_a_hub_job_names_what_it_needs_and_holds_no_token(tmp_path: Path) -> None:
    text = (RECIPES / "hub_job.py").read_text()
    block = re.search(r"^# /// script\n((?:# .*\n)+?)# ///$", text, re.MULTILINE)
    assert block is not None
    wanted = tomllib.loads(block[1].replace("# ", ""))
    assert wanted["dependencies"] == ["express-benchmark[run,report]"]
    out = ["--split", "test", "--limit", "2", "--lexicon", "nrc"]
    done = subprocess.run(
        [sys.executable, str(RECIPES / "hub_job.py"), "dummy:oracle", "--dataset", "sample", *out],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "scores.json").is_file()
    refused = subprocess.run(
        [sys.executable, str(RECIPES / "hub_job.py"), "dummy:oracle", "--no-such-option"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
