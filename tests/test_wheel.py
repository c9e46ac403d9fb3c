"""The wheel installs and works outside the checkout, the sample included."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's wheel, built from a copy so that the checkout stays clean."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    files = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for name in files:
        if (ROOT / name).is_file():
            target = source / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(folder)]
    subprocess.run([*pip, str(source)], check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds nothing but what the wheel installs."""
    target = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target)]
    subprocess.run([*pip, str(wheel)], check=True)
    return target


def outside(installed: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the installed wheel first on its path, in an empty folder."""
    environment = os.environ | {"PYTHONPATH": str(installed), "HF_HUB_OFFLINE": "1"}
    environment["HF_HOME"] = str(folder / "hf")
    return subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True
    )


def test_it_holds_no_tests_and_no_top_level_runners(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    packages = {top for top in tops if not top.endswith(".dist-info")}
    assert packages == {"express_dataset", "express_metric", "express_runners", "express_cards"}


def test_every_module_of_the_checkout_is_in_it(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    renamed = {"runners": "express_runners", "cards": "express_cards"}
    for folder in ("express_dataset", "express_metric", "runners", "cards"):
        for file in (ROOT / folder).rglob("*"):
            # The README shows these from the repository.
            if file.is_file() and not {"__pycache__", "pictures", "notebooks"} & set(file.parts):
                parts = file.relative_to(ROOT).parts
                assert "/".join([renamed.get(parts[0], parts[0]), *parts[1:]]) in inside


def test_the_sample_loads_from_it(installed: Path, tmp_path: Path) -> None:
    code = (
        "import express_dataset, express_dataset.sources as s; print(express_dataset.__file__); "
        "print(len(s.load('sample', split='all').examples))"
    )
    done = outside(installed, tmp_path, "-c", code)
    assert done.returncode == 0, done.stderr
    where, count = done.stdout.split("\n")[:2]
    assert Path(where).is_relative_to(installed)
    assert int(count) >= 150


def test_the_command_scores_from_it(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"references": ["sad"], "completion": "[\\"sad\\"]"}\n')
    command = ["-m", "express_runners.cli", "score", "a.jsonl", "--lexicon", "nrc"]
    done = outside(installed, tmp_path, *command, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["revised"]["lexical_accuracy"] == 1.0
