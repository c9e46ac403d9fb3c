"""The examples in the docstrings run, and what is public has at least one."""

from __future__ import annotations

import doctest
import importlib
import inspect
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {
    "express_dataset": "express_dataset",
    "express_metric": "express_metric",
    "runners": "express_runners",
    "cards": "express_cards",
}
# `evaluate` runs this one's examples: tests/metric loads it by name first.
ELSEWHERE = {"express_metric.express_alignment"}


def modules() -> list[str]:
    """Every module of the four packages by its import name."""
    found = []
    for folder, package in PACKAGES.items():
        for file in sorted((ROOT / folder).rglob("*.py")):
            parts = file.relative_to(ROOT / folder).with_suffix("").parts
            if parts[-1] != "__main__":
                found.append(".".join([package, *(part for part in parts if part != "__init__")]))
    return [name for name in found if name not in ELSEWHERE]


@pytest.mark.parametrize("name", modules())
def test_examples_run(name: str) -> None:
    module = importlib.import_module(name)
    result = doctest.testmod(module)
    assert result.failed == 0


def examples(module: ModuleType, name: str) -> int:
    """How many examples a public name's docstring holds."""
    return len(doctest.DocTestParser().get_examples(inspect.getdoc(getattr(module, name)) or ""))


@pytest.mark.parametrize("package", ["express_dataset", "express_metric"])
def test_public_names_have_an_example(package: str) -> None:
    module = importlib.import_module(package)
    callables = [name for name in module.__all__ if inspect.isroutine(getattr(module, name))]
    assert callables
    assert {name: n for name in callables if (n := examples(module, name)) < 1} == {}
