"""The GPU benchmark's path, on a processor."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "benchmarks" / "bench_gpu.py"


@pytest.fixture(scope="module")
def script() -> Any:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("bench_gpu", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_gpu_benchmark_runs_on_a_processor(script: Any, dtype: str) -> None:
    found = script.run("tiny", [2, 5], prompt=20, new=3, dtype=dtype)
    assert [one["rows"] for one in found["batches"]] == [2, 5]
    for one in found["batches"]:
        assert one["new_tokens_per_s"] > 0
        assert one["share_of_peak"] > 0


def test_every_side_of_it_runs_on_a_processor(script: Any) -> None:
    found = script.everything(["tiny"], 8, 3, "float32", 600.0)
    assert len(found) == 8
    for name, side in found.items():
        if "cannot import name 'ContinuousBatchingConfig'" in str(side):
            continue  # the lowest transformers has no such thing
        assert isinstance(side, dict), (name, side)
        if "seconds" in side:
            assert side["tokens_per_s"] > 0
