"""The browser of these tests, and the authors' figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.in_chromium import chromium

from express_cards.study.results import results
from express_metric.analysis.resampling import Resampling

__all__ = ["chromium"]

FEW = Resampling(draws=200)


@pytest.fixture(scope="session")
def authors(reference: Path) -> dict[str, Any]:
    """What `express study agreement` makes of the authors' files."""
    files = sorted((reference / "human-evaluation").glob("coder*.csv"))
    return results(files, None, "nrc", FEW)
