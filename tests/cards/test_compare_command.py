"""`express compare` as a command: its forms, and its sentences for mistakes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.made_runs import AS_PAPER, made


def express(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "express_runners.cli", "compare", *map(str, words)],
        capture_output=True,
        text=True,
    )


def test_the_command(tmp_path: Path) -> None:
    paths = made(tmp_path, AS_PAPER)
    done = express(*paths, "--draws", "200", "--format", "json", "--correction", "bh")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["draws"], found["correction"], len(found["runs"])) == (200, "bh", 6)
    shown = express(*paths[:2], "--draws", "200", "--format", "latex", "--protocol", "revised")
    assert shown.returncode == 0, shown.stderr
    assert r"\begin{tabular}" in shown.stdout
    assert "protocol revised" in shown.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--baseline", "9"], "--baseline is 9"),
        (["--draws", "5"], "draws is 5"),
        (["--seed", "-1"], "seed is -1"),
        (["--lexicon", "none.csv"], "none.csv: no such lexicon"),
        (["--correction", "bonferroni"], "bonferroni"),
        (["--protocol", "mine"], "mine"),
        (["no-such-run"], "no-such-run"),
    ],
)
def test_mistakes_end_with_one_sentence(options: list[str], said: str, tmp_path: Path) -> None:
    paths = made(tmp_path, {name: AS_PAPER[name] for name in ("small", "large")})
    done = express(*paths, *options)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_one_run_is_not_enough(tmp_path: Path) -> None:
    done = express(*made(tmp_path, {"small": AS_PAPER["small"]}))
    assert (done.returncode, "give at least two" in done.stderr) == (2, True)
