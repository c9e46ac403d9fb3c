"""Submissions that several files of tests share: the runs are made once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.submitted import submit

from express_cards.submissions.card import result_card
from express_cards.submissions.submission import Submission, write_submission
from express_metric.analysis.resampling import Resampling

FEW = Resampling(draws=100)


@pytest.fixture(scope="session")
def submissions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Submission]:
    """A run of one tiny model in each setting, as it is submitted."""
    return submit(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="session")
def clean(
    submissions: dict[str, Submission], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Each submission as it is written; a test changes a copy."""
    root = tmp_path_factory.mktemp("results")
    return {
        name: write_submission(one, root, result_card(one, FEW))
        for name, one in submissions.items()
    }


@pytest.fixture
def copy(clean: dict[str, Path], tmp_path: Path) -> Callable[[str], Path]:
    """A copy of a submission, at its place in a results dataset of its own."""

    def make(name: str) -> Path:
        place = Path(*clean[name].parts[-3:])
        return Path(shutil.copytree(clean[name], tmp_path / "results" / place))

    return make
