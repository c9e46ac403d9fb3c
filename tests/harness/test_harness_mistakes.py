"""What a user gets wrong in lm-eval or Inspect is answered with one sentence that helps."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from inspect_ai._util.error import PrerequisiteError
from lm_eval.tasks import TaskManager
from typer.testing import CliRunner

from express_dataset import DataError
from express_metric.errors import MetricError
from express_runners.cli.harness import TASKS, app
from express_runners.errors import RunError
from express_runners.harness.registry import express

ROW = '{"id": "a", "post_id": "a", "text": "I felt <mask>.", "labels": ["sad"]}'
FEW = {"prompt": "few-shot"}
# Options; what the sentence says, for every harness.
MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"source": "nowhere.csv"}, r"nowhere\.csv: there is no file here; give the path"),
    ({"source": "nowhere"}, r"there is no source 'nowhere'; give sample"),
    ({"source": "broken.jsonl"}, r"broken\.jsonl, line 2: "),
    ({"source": "bare.jsonl"}, r"bare\.jsonl, line 1: "),
    ({"source": "empty.jsonl"}, r"empty\.jsonl: the file is empty; give one"),
    ({"source": "sample", "split": "tset"}, r"--split must be one of train, test, few_shot, all"),
    ({"source": "sample", "split": 5}, r"split=5: expected a text, got 5$"),
    ({"source": "sample", "lexicon": "ncr"}, r"ncr: no such lexicon: give nrc, express"),
    ({"source": "one.jsonl", "split": "test", **FEW}, r"no row is in the split '\w+'"),
    ({"source": "sample", "shots": 50, **FEW}, r"few_shot split of sample has only 13 examples"),
    ({"source": "sample", "shots": 0, **FEW}, r"--shots must be at least 1, got 0$"),
    ({"source": "sample", "shots": "five", **FEW}, r"shots=five: expected a whole number, got 'f"),
    ({"source": "sample", "shots": 2.5, **FEW}, r"shots=2\.5: expected a whole number, got 2\.5"),
    ({"source": "sample", "shots": True, **FEW}, r"shots=True: expected a whole number, got Tr"),
    ({"source": "sample", "shot_seed": "x", **FEW}, r"shot_seed=x: expected a whole number, got"),
    ({"source": "sample", "shot_choice": "near", **FEW}, r"--shot-choice must be one of random, "),
    ({"source": "sample", "encoder": "tfidf", **FEW}, r"--encoder belongs to --shot-choice sim"),
    ({"source": "sample", "sourc": "sample"}, r"sourc: there is no such option; did you mean so"),
]
OF_INSPECT: list[tuple[dict[str, Any], str]] = [
    ({"prompt": "fewshot"}, r"--prompt must be one of zero-shot, few-shot, cot, got 'fewshot'$"),
    ({"shots": 3}, r"--shots belongs to --prompt few-shot, but this is --prompt zero-shot: leave"),
    ({"temperature": 1}, r"-T temperature: there is no such option; there are prompt, source, "),
]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with data of several kinds of wrong, to work in."""
    (tmp_path / "broken.jsonl").write_text(f"{ROW}\n{ROW[:30]}\n")
    (tmp_path / "bare.jsonl").write_text('{"story": "I felt sad."}\n')
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "one.jsonl").write_text(ROW + "\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def name_of(options: Any) -> str:
    """For the test's name."""
    return "-".join(map(str, options.values())) if isinstance(options, dict) else ""


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("options", "sentence"), [*MISTAKES, *OF_INSPECT], ids=name_of)
def test_inspect(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(PrerequisiteError) as caught:
        express(**{"source": "sample", **options})
    message = str(caught.value.message)
    one_sentence(message, sentence)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("options", "sentence"), MISTAKES, ids=name_of)
def test_lm_eval(options: dict[str, Any], sentence: str) -> None:
    metadata = {name: value for name, value in options.items() if name != "prompt"}
    task = f"express_{options.get('prompt', 'zero-shot').replace('-', '_')}"
    manager = TaskManager(include_path=TASKS, include_defaults=False, metadata=metadata)
    with pytest.raises((RunError, DataError, MetricError)) as caught:
        manager.load([task])
    one_sentence(str(caught.value), sentence)


def test_a_prompt_is_no_option_in_lm_eval() -> None:
    metadata = {"source": "sample", "prompt": "cot"}
    manager = TaskManager(include_path=TASKS, include_defaults=False, metadata=metadata)
    with pytest.raises(RunError) as caught:
        manager.load(["express_zero_shot"])
    one_sentence(str(caught.value), r"--metadata prompt: each prompt is a task of its own; leave")


def one_sentence(message: str, expected: str) -> None:
    """It says what is expected, in one line."""
    assert re.search(expected, message), message
    assert "\n" not in message


def start(entry: str, *words: str) -> subprocess.CompletedProcess[str]:
    """A harness as a process, in an environment without scipy.sparse."""
    # None in sys.modules is how Python marks a module as not there.
    code = f"import sys; sys.modules['scipy.sparse'] = None; from {entry} as main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=240
    )


def test_a_missing_extra_is_named_whole_by_inspect(here: Path) -> None:
    words = ["eval", "express_runners/express", "--model", "mockllm/model", "--display", "plain"]
    for option in ("source=sample", "prompt=few-shot", "shot_choice=similar", "encoder=tfidf"):
        words += ["-T", option]
    done = start("inspect_ai._cli.main import main", *words, "--log-dir", str(here / "logs"))
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 1
    assert "which is not installed: pip install 'express-benchmark[shots]'" in said
    assert "Traceback" not in said


def test_a_missing_extra_is_the_last_line_of_lm_eval(here: Path) -> None:
    asked = ["--metadata", "source=sample", "shot_choice=similar", "encoder=tfidf"]
    words = ["--model", "dummy", "--tasks", "express_few_shot", "--include_path", str(TASKS)]
    done = start("lm_eval.__main__ import cli_evaluate", *words, *asked)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    one_sentence(last, r"is not installed: pip install 'express-benchmark\[shots\]'$")


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [("lm-eval", "lm_eval", "harness"), ("inspect", "inspect_ai", "inspect")],
)
def test_the_command_names_what_is_not_installed(
    name: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = CliRunner().invoke(app, [name])
    assert "not installed" not in there.stderr
    monkeypatch.setitem(sys.modules, package, None)
    missing = CliRunner().invoke(app, [name])
    assert missing.exit_code == 0
    assert missing.stdout == there.stdout
    expected = f"{package} is not installed: pip install 'express-benchmark[{extra}]'\n"
    assert missing.stderr == expected + there.stderr
