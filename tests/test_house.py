"""What CONTRIBUTING tells of the house: walks through files that are there, ten lines at most."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.house import measure

ROOT = Path(__file__).resolve().parent.parent
WALKS = {
    "From a CSV row to a score": "express_dataset/",
    "From `express run` to a line in `predictions.jsonl`": "runners/",
    "From a run's folder to a figure on the page": "runners/",
}


def walk(begin: str) -> str:
    """The paragraph that begins so."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    found = [part for part in text.split("\n\n") if part.startswith(begin)]
    assert len(found) == 1, begin
    return found[0].strip()


def places(text: str, folder: str) -> list[Path]:
    """The files and folders that a walk names in backticks: each beside or below the one before."""
    found: list[Path] = []
    package, room = ROOT / folder, ROOT / folder
    for name in re.findall(r"`([\w/]+(?:\.py|/))`", text):
        roots = (ROOT, package, room) if "/" in name else (room, package)
        place = next((root / name for root in roots if (root / name).exists()), None)
        assert place is not None, f"{name} is nowhere"
        found.append(place)
        room = place.parent if place.is_file() else place
        package = ROOT / place.relative_to(ROOT).parts[0]
    return found


@pytest.mark.parametrize("begin", WALKS)
def test_a_walk_names_files_that_are_there(begin: str) -> None:
    text = walk(begin)
    assert len(text.splitlines()) <= 10
    found = places(text, WALKS[begin])
    assert len(found) >= 8
    assert len(set(found)) == len(found)


def test_a_walk_through_a_file_that_is_not_there_is_noticed() -> None:
    with pytest.raises(AssertionError, match=r"no_such\.py is nowhere"):
        places("`runners/cli/main.py`, `no_such.py`", "runners/")


def test_the_house_keeps_to_its_limits() -> None:
    found = measure(ROOT)
    assert isinstance(found["docstring lines in 100"], float)
    assert found["docstring lines in 100"] <= 20
    assert int(str(found["fullest folder"]).rpartition("(")[2].rstrip(")")) <= 18
    assert found["lines"] == int(str(found["  of later features"])) + int(
        str(found["  of the first scope"])
    )
