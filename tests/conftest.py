"""What all tests share: the reference data, and the rule that the gate skips nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SKIPPED: list[str] = []


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of real EXPRESS data, which is never part of this project."""
    folder = Path(os.environ.get("EXPRESS_REFERENCE", ROOT.parent / "shared" / "express")).resolve()
    if not folder.is_dir():
        pytest.skip(f"no reference data at {folder}; set EXPRESS_REFERENCE to its folder")
    return folder


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped:
        SKIPPED.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if SKIPPED and os.environ.get("EXPRESS_NO_SKIPS"):
        print(f"\nEXPRESS_NO_SKIPS is set and {len(SKIPPED)} tests were skipped: {SKIPPED}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
