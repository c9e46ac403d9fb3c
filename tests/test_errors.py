"""What a user can mend: one class over all of them, one sentence, exit code 2."""

from __future__ import annotations

import ast
import copy
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import express_metric
from express_metric.errors import ExpressError
from express_runners.cli import main as command

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {
    "express_dataset": "express_dataset",
    "express_metric": "express_metric",
    "express_runners": "runners",
    "express_cards": "cards",
}
# Told to the code that asked, which words it for the user or goes on.
INNER = {
    "_NotGiven",
    "_TooLong",
    "BrokenFileError",
    "ErrorReply",
    "Malformed",
    "PassingFault",
    "Refused",
    "_NoEstimate",
}


def error_classes() -> dict[str, type]:
    """Every class of the packages that stands under an exception."""
    found = {}
    for package, folder in PACKAGES.items():
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.ClassDef) and node.bases:
                    parts = (package, *file.relative_to(ROOT / folder).with_suffix("").parts)
                    named = getattr(importlib.import_module(".".join(parts)), node.name, None)
                    if isinstance(named, type) and issubclass(named, BaseException):
                        found[node.name] = named
    return found


def test_all_errors_stand_under_one() -> None:
    found = error_classes()
    assert {"DataError", "MetricError", "RunError", "MissingExtra", "Refusal"} <= found.keys()
    assert {name for name, kind in found.items() if not issubclass(kind, ExpressError)} == INNER


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("posts.csv, row 3: the text is empty.", "posts.csv, row 3: the text is empty"),
        ("pip install 'express-benchmark[run]'", "pip install 'express-benchmark[run]'"),
        ("nothing of posts, rows, ...", "nothing of posts, rows, ..."),
        ("", ""),
    ],
)
def test_a_sentence_ends_without_a_full_stop(sentence: str, shown: str) -> None:
    for kind in error_classes().values():
        if issubclass(kind, ExpressError):
            assert str(kind(sentence)) == shown
            assert str(copy.copy(kind(sentence))) == shown


def test_the_command_line_tells_any_of_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class NewError(ExpressError):
        pass

    def fails() -> None:
        raise NewError("model.bin: there is nothing in it.")

    monkeypatch.setattr(sys.modules[command.__module__], "app", fails)
    with pytest.raises(SystemExit) as end:
        command()
    assert end.value.code == 2
    assert capsys.readouterr().err == "error: model.bin: there is nothing in it\n"


def test_what_the_metric_exports_is_found_when_asked_for() -> None:
    code = (
        "import sys, express_metric.errors as e\n"
        "assert 'numpy' not in sys.modules\n"
        "from express_metric import *\n"
        "assert e.ExpressError is ExpressError and 'numpy' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert all(getattr(express_metric, name) is not None for name in express_metric.__all__)
    with pytest.raises(AttributeError, match="no attribute 'scores'"):
        express_metric.scores  # type: ignore[attr-defined]  # noqa: B018
