"""Chat templates are programs that come with a model: one that runs on ends with a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import tiny_models

from express_runners.config import RunConfig
from express_runners.engines import chat
from express_runners.errors import RunError
from express_runners.runs.run import run

TURN = "{{ messages[0]['content'] }}"
LOOP = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
DOUBLING = (
    "{% set n = namespace(a='aaaaaaaa') %}"
    "{% for i in range(40) %}{% set n.a = n.a ~ n.a %}{% endfor %}"
)


@pytest.mark.parametrize("source", [LOOP, DOUBLING, "{{ 7 ** (10 ** 9) }}", "{{ 'a' * 10**10 }}"])
def test_a_template_that_runs_on_is_told(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "SECONDS", 1)
    model = tiny_models.make("llama", tmp_path / "model", chat=True)
    (model / "chat_template.jinja").write_text(source + TURN)
    with pytest.raises(RunError, match=r"its chat template goes on for more than 1 s or 1 GiB"):
        run(RunConfig(model=str(model), out=tmp_path / "run", dataset="sample", device="cpu"))
    assert not (tmp_path / "run" / "predictions.jsonl").exists()


def test_a_template_with_macros_and_loops_is_used(tmp_path: Path) -> None:
    model = tiny_models.make("llama", tmp_path / "model", chat=True)
    (model / "chat_template.jinja").write_text(
        "{% macro turn(m) %}{{ m['role'] }}: {{ m['content'] }}{% endmacro %}"
        "{% for m in messages %}{{ turn(m) }}{% endfor %}{{ '=' * 8 }}"
    )
    asked = {"dataset": "sample", "device": "cpu", "limit": 1, "decode": "rank"}
    found = run(RunConfig(model=str(model), out=tmp_path / "run", **asked))  # type: ignore[arg-type]
    assert found is not None
    assert len(json.loads((tmp_path / "run" / "run.json").read_text())["sessions"]) == 1
