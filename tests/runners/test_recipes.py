"""The ready files: what launchers read, and that they go with the package."""

from __future__ import annotations

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
    for file in RECIPES.glob("*.yaml"):
        assert f"`{file.name}`" in told
