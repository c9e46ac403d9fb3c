"""The `evaluate` module: from a copied folder, by its bare name, and in all ways of feeding it.

Everything runs in fresh processes in an empty folder, where the package cannot be imported: what
works there works for a user who has only the metric.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import express_metric
from express_metric.express_alignment import ExpressAlignment

PACKAGE = Path(express_metric.__file__).parent
# Our packages are hidden, however they are installed: what is used is the copy alone.
HIDE = """
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0].startswith("express_"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Hidden())
import json, warnings
warnings.simplefilter("ignore")
import evaluate
"""


def run(code: str, folder: Path, **environment: str) -> Any:
    folder.mkdir(exist_ok=True)
    home = str(folder.parent / "hf")
    names = {"HF_HOME": home, "HF_HUB_OFFLINE": "1", "HF_EVALUATE_OFFLINE": "1", **environment}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=folder,
        env={**os.environ, **names},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What one process got from a copied folder; a process, because importing takes seconds."""
    root = tmp_path_factory.mktemp("alignment")
    copy = shutil.copytree(PACKAGE, root / "copy", ignore=shutil.ignore_patterns("__pycache__"))
    code = f"""{HIDE}
metric = evaluate.load({str(copy / "express_alignment.py")!r})
found = {{}}
found["same"] = metric.compute(predictions=[["sad"]], references=[["sad"]])
found["revised"] = metric.compute(
    predictions=[["fine"]], references=[["okay"]], data="d", split="test", detail=True
)
raw = ["1. Sad\\n2. Angry", "['scared']"]
found["raw"] = metric.compute(
    predictions=raw, references=[["sad", "angry"], ["scared"]], detail=True
)
found["paper"] = metric.compute(predictions=["I am sad"], references=["sad"], protocol="paper")
found["flat"] = metric.compute(predictions=["Sad", "mad"], references=["sad", "sad"])
listed = ["['sad', 'angry']", "['sad' 'angry']"]
found["listed"] = metric.compute(predictions=listed, references=listed, detail=True)
nested = [["['sad', 'angry']"], ["['sad' 'angry']"]]
found["nested"] = metric.compute(predictions=nested, references=nested, detail=True)
metric.add(prediction=["sad"], reference=["sad"])
metric.add_batch(predictions=[["mad"], ["sad", "sad"]], references=[["sad"], ["sad"]])
found["batches"] = metric.compute(detail=True)
second = evaluate.load({str(copy / "express_alignment.py")!r}, experiment_id="2")
both = evaluate.combine([metric, second])
found["combined"] = both.compute(predictions=[["sad"]], references=[["sad"]])
errors = {{}}
for name, options in {{"protocol": {{"protocol": "x"}}, "lexicon": {{"lexicon": "x"}},
                      "unknown": {{"lexikon": "x"}}}}.items():
    try:
        metric.compute(predictions=[["sad"]], references=[["sad"]], **options)
    except (TypeError, ValueError) as error:
        errors[name] = type(error).__name__ + ": " + str(error)
try:
    metric.compute([["sad"]], [["sad"]])
except TypeError as error:
    errors["positional"] = str(error)
found["errors"] = errors
found["imported"] = [name for name in sys.modules if name.startswith("express_")]
print(json.dumps(found, allow_nan=False))
"""
    found: dict[str, Any] = run(code, root / "empty")
    return found


def test_it_works_without_the_package(answers: dict[str, Any]) -> None:
    assert answers["imported"] == []
    same = answers["same"]
    assert (same["lexical_accuracy"], same["vector_accuracy"]) == (1.0, 1.0)
    assert same["protocol"] == "revised"
    assert same["n_examples"] == same["n_masks"] == 1
    assert same["note"] == ""
    assert "|protocol:revised|lex:nrc-" in same["signature"]


def test_a_result_is_flat_and_by_one_protocol(answers: dict[str, Any]) -> None:
    for name, protocol in (("same", "revised"), ("paper", "paper")):
        assert answers[name]["protocol"] == protocol
        assert not any(isinstance(value, dict | list) for value in answers[name].values())
    # The paper's reading takes the sentence for a word.
    assert answers["paper"]["valid_rate"] == 1.0
    assert "54%" in answers["paper"]["note"]


def test_both_protocols_are_in_a_detailed_result(answers: dict[str, Any]) -> None:
    result = answers["revised"]
    assert result["protocol"] == "revised"
    assert result["vector_accuracy"] == result["revised"]["vector_accuracy"] == 0.0
    assert result["paper"]["vector_accuracy"] == 1.0
    assert result["signature"].startswith("EXPRESS|data:d|split:test|n:1|protocol:revised|")
    assert "|protocol:paper|" in result["paper"]["signature"]
    assert set(result["paper"]["dimensions"]) == set(express_metric.DIMENSIONS)


def test_raw_text_is_read_by_each_protocol(answers: dict[str, Any]) -> None:
    assert answers["raw"]["paper"]["valid_rate"] == 0.5
    assert answers["raw"]["paper"]["invalid"] == {"wrong-count": 1}
    assert answers["raw"]["revised"]["valid_rate"] == 1.0
    assert answers["raw"]["revised"]["lexical_accuracy"] == 1.0
    assert answers["flat"]["lexical_accuracy"] == 0.5


def test_it_takes_batches_and_combines(answers: dict[str, Any]) -> None:
    assert answers["batches"]["n_examples"] == 3
    assert answers["batches"]["invalid"] == {"wrong-count": 1}
    assert answers["batches"]["lexical_accuracy"] == pytest.approx(1 / 3)
    assert [v for k, v in answers["combined"].items() if k.endswith("lexical_accuracy")] == [1, 1]


def test_mistakes_are_told(answers: dict[str, Any]) -> None:
    errors = answers["errors"]
    assert errors["protocol"] == "MetricError: 'x' is no protocol: choose paper or revised"
    assert "no such lexicon" in errors["lexicon"]
    assert "unexpected keyword argument 'lexikon'" in errors["unknown"]
    assert "positional" in errors["positional"]


def test_every_sibling_that_is_needed_is_imported_by_the_script() -> None:
    lines = (PACKAGE / "express_alignment.py").read_text(encoding="utf-8").splitlines()
    named = {line.split()[1][1:] for line in lines if line.startswith("from .")}
    for name in named:
        text = (PACKAGE / f"{name}.py").read_text(encoding="utf-8")
        needed = {line.split()[1][1:] for line in text.splitlines() if line.startswith("from .")}
        assert needed <= named, f"{name} needs {needed - named}"
    assert not [line for line in lines if line.startswith("from .") and "#" in line]


def test_the_bare_name_loads_once_installed(tmp_path: Path) -> None:
    stale = tmp_path / "hf/modules/evaluate_modules/metrics/evaluate-metric--express_alignment"
    (stale / ("0" * 64)).mkdir(parents=True)
    old = stale / ("0" * 64) / "express_alignment.py"
    old.write_text("raise RuntimeError('the old version was used')\n")
    os.utime(old, (2**31, 2**31))
    install = """
import json
from express_metric.express_alignment import ExpressAlignment
from express_metric.install import install_metric
install_metric()
print(json.dumps(str(install_metric())))
"""
    path = Path(run(install, tmp_path / "a", PYTHONPATH=str(PACKAGE.parent)))
    assert path.is_file()
    use = f"""{HIDE}
found = []
for name in ("express_alignment", {str(path)!r}):
    metric = evaluate.load(name)
    found.append(metric.compute(predictions=[["sad"]], references=[["sad"]])["vector_accuracy"])
print(json.dumps(found))
"""
    assert run(use, tmp_path / "b") == [1.0, 1.0]


def test_lists_written_as_text_are_lists(answers: dict[str, Any]) -> None:
    assert answers["listed"]["n_masks"] == 4
    assert answers["listed"]["revised"]["lexical_accuracy"] == 1.0
    for name in ("paper", "revised"):
        assert answers["nested"][name]["n_masks"] == 4
        assert answers["nested"][name]["lexical_accuracy"] == 1.0


def test_half_an_emoji_is_replaced_and_a_whole_one_put_together() -> None:
    metric = ExpressAlignment()
    # `revised` takes off what is no letter; `paper` compares the words as they stand.
    for half, mended in (("sad \ud83d", "sad \ufffd"), ("sad \ud83d\ude22", "sad \U0001f622")):
        found = metric.compute(predictions=[[half]], references=[[mended]], protocol="paper")
        assert found["lexical_accuracy"] == 1.0


def test_a_call_that_fails_leaves_nothing_for_the_next() -> None:
    metric = ExpressAlignment()
    with pytest.raises(ValueError, match="example 1 has no references"):
        metric.compute(predictions=["['sad']"], references=[None])
    with pytest.raises(ValueError, match="expected format"):
        metric.compute(predictions=[["sad"]], references=[7.5])
    found = metric.compute(predictions=[["sad"]], references=[["sad"]])
    assert found["lexical_accuracy"] == 1.0
