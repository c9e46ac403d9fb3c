"""The GPU benchmark's path, on a processor."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "benchmarks" / "bench_gpu.py"


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_gpu_benchmark_runs_on_a_processor(dtype: str) -> None:
    spec = importlib.util.spec_from_file_location("bench_gpu", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    found = script.run("tiny", [2, 5], prompt=20, new=3, dtype=dtype)
    assert [one["rows"] for one in found["batches"]] == [2, 5]
    for one in found["batches"]:
        assert one["new_tokens_per_s"] > 0
        assert one["share_of_peak"] > 0
