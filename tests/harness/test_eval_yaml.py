"""Inspect runs a published dataset by its name alone, from a Hub on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from support.loopback_hub import Account, LoopbackHub
from support.tiny_models import make

from express_dataset import load_examples

TOKEN = "hf_owner"
# Answers what it is told for a story, so that the share of right answers is known.
EVALUATE = """
import json, sys
from inspect_ai import eval
from inspect_ai.model import ModelOutput, ModelUsage, get_model
told = json.load(open(sys.argv[2]))
def answer(messages, *_):
    found = [says for story, says in told if story in messages[-1].text]
    assert len(found) == 1
    output = ModelOutput.from_content("mockllm/model", found[0])
    output.usage = ModelUsage()  # without it, Inspect downloads a tokenizer to count
    return output
model = get_model("mockllm/model", custom_outputs=answer)
(log,) = eval(sys.argv[1], model=model, display="none", log_dir=sys.argv[3])
assert log.status == "success", log.error
(scores,) = log.results.scores
print(json.dumps({
    "task": log.eval.task, "scorer": scores.name, "share": scores.metrics["mean"].value,
    "ids": [sample.metadata["id"] for sample in log.samples],
}))
"""


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    with LoopbackHub() as server:
        server.accounts[TOKEN] = Account("maker", ("org",))
        yield server


def process(hub: LoopbackHub, home: Path, *arguments: str, token: bool = False) -> str:
    """Run Python with a home of its own; what it printed."""
    known = {"PATH": os.environ["PATH"], "HOME": str(home), "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    known |= hub.environment(str(home / "hf")) | ({"HF_TOKEN": TOKEN} if token else {})
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=home,
        env=known,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_inspect_evaluates_by_the_name_of_the_dataset(hub: LoopbackHub, tmp_path: Path) -> None:
    publish = ("-m", "express_runners.cli", "dataset", "publish", "sample", "--to", "org/express")
    process(hub, tmp_path, *publish, token=True)
    examples = load_examples("sample", split="test").examples
    told = [(e.text, json.dumps(list(e.labels))) for e in examples]
    # Wrong: another word, a word too many, the list and more, and another order.
    told[0] = (told[0][0], '["hungry"]')
    told[1] = (told[1][0], json.dumps([*examples[1].labels, "sad"]))
    told[2] = (told[2][0], told[2][1] + " I hope this helps.")
    turned = next(n for n, e in enumerate(examples) if n > 2 and len(set(e.labels)) > 1)
    told[turned] = (told[turned][0], json.dumps(list(reversed(examples[turned].labels))))
    (tmp_path / "told.json").write_text(json.dumps(told))
    reader = tmp_path / "reader"
    reader.mkdir()
    task = "hf/org/express/express_exact"
    arguments = (task, str(tmp_path / "told.json"), str(tmp_path / "logs"))
    found = json.loads(process(hub, reader, "-c", EVALUATE, *arguments).splitlines()[-1])
    assert found["scorer"] == "exact"
    assert sorted(found["ids"]) == sorted(e.id for e in examples)
    assert found["share"] == pytest.approx(1 - 4 / len(examples))
    # The command that the card names, and what it says of the official figures.
    model = make("llama", tmp_path / "tiny", chat=True)
    command = ["-m", "inspect_ai", "eval", "hf/org/express", "--model", "hf/local"]
    command += ["-M", f"model_path={model}", "-M", "device=cpu", "--max-tokens", "8"]
    shown = process(hub, reader, *command, "--limit", "2", "--display", "plain")
    assert "mean" in shown
    repository = hub.repositories["datasets", "org/express"]
    content = yaml.safe_load(repository.commits[str(repository.head)]["eval.yaml"])
    assert "inspect eval express_runners/express" in content["description"]
