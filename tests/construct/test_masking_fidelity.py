"""The protocol `express-2025` against the published masks."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "bench_masking.py"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    """The benchmark, which holds the literal implementation of the authors' procedure."""
    spec = importlib.util.spec_from_file_location("bench_masking", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_masking"] = module
    spec.loader.exec_module(module)
    return module


def test_mask_positions_agree_with_the_published_ones(reference: Path, bench: ModuleType) -> None:
    texts, places = bench.published(reference)
    assert (len(texts), sum(map(len, places))) == (544, 856)
    figures = bench.agreement(bench.ours(texts), places)
    assert figures["f1"] >= 0.975
    assert figures["precision"] >= 0.97
    assert figures["recall"] >= 0.97


def test_the_literal_procedure_finds_the_same(reference: Path, bench: ModuleType) -> None:
    texts, _ = bench.published(reference)
    texts = texts[::30]
    expected = bench.ours(texts)
    assert sum(map(len, expected)) > 15
    assert bench.literal(texts, frugal=True) == expected


def test_agreement_is_counted_over_all_posts_together(bench: ModuleType) -> None:
    figures = bench.agreement([[1, 2], [5]], [[1], [5, 6, 7]])
    assert figures["precision"] == pytest.approx(2 / 3)
    assert figures["recall"] == pytest.approx(2 / 4)
    assert figures["f1"] == pytest.approx(4 / 7)
