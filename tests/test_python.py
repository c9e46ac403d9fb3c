"""From Python: the notebook runs as it is committed, and `run` stays a function."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "cards" / "notebooks" / "first_steps.ipynb"


def test_the_notebook_runs_and_holds_no_output(tmp_path: Path) -> None:
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert len(code) > 3
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    source = "\n\n".join("".join(cell["source"]) for cell in code)
    done = subprocess.run(
        [sys.executable, "-c", source],
        cwd=tmp_path,
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "dummy:most-frequent" in done.stdout
    assert (tmp_path / "page.html").stat().st_size > 10_000


def test_the_launchers_door_does_not_hide_the_function() -> None:
    code = "import express_runners as e, express_runners.run; print(callable(e.run), e.score)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("True <function score")
