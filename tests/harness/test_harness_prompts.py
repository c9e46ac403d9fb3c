"""What a model is shown in lm-eval and Inspect is, byte for byte, what `express run` shows it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from support.fault_server import FaultServer, serving
from support.harness_sides import Told, asked_for, by_express, by_inspect, by_lm_eval
from support.tiny_models import make

from express_dataset.sources import load
from express_runners.config import RunConfig
from express_runners.prompts.wording import answer
from express_runners.runs.run import run

LIMIT = 6
FEW_SHOT: list[dict[str, Any]] = [
    {},
    {"shots": 3, "shot_choice": "random"},
    {"shots": 3, "shot_seed": 7},
    {"shots": 3, "shot_choice": "random-per-example", "shot_seed": 7},
    {"shots": 3, "shot_choice": "similar", "encoder": "tfidf"},
]
SETTINGS = [{"prompt": "zero-shot"}, {"prompt": "cot"}]
SETTINGS += [{"prompt": "few-shot", **options} for options in FEW_SHOT]


def by_id(prompts: list[str], budgets: list[int]) -> dict[str, tuple[str, int]]:
    """Prompts and their budgets of tokens, by the id of the example they ask for."""
    pairs = zip(prompts, budgets, strict=True)
    found = {asked_for(prompt).id: (prompt, budget) for prompt, budget in pairs}
    assert len(found) == len(prompts), "an example is asked twice"
    return found


def by_server(server: FaultServer) -> dict[str, tuple[str, int]]:
    """The same of what a server was asked."""
    assert {seen.body["temperature"] for seen in server.seen} == {0.0}
    return by_id(server.prompts, [seen.body["max_tokens"] for seen in server.seen])


def name_of(setting: dict[str, Any]) -> str:
    """For the test's name."""
    return "-".join(str(value) for value in setting.values())


def of_run(setting: dict[str, Any]) -> dict[str, Any]:
    """The setting in the words of `express run`."""
    return {{"shot_seed": "seed"}.get(name, name): value for name, value in setting.items()}


@pytest.mark.parametrize("setting", SETTINGS, ids=name_of)
def test_a_served_model_is_shown_the_same(setting: dict[str, Any], tmp_path: Path) -> None:
    with serving(FaultServer()) as server:
        result = by_express(server, tmp_path / "run", LIMIT, **of_run(setting))
        expected = by_server(server)
    stories = {example.id: example for example in load("sample", split="all").examples}
    for line in result.lines:
        assert len(line["shots"]) == setting.get("shots", 5) * (setting["prompt"] == "few-shot")
        shown, _ = expected[line["id"]]
        places = [shown.index(stories[shot].text.strip()) for shot in line["shots"]]
        assert places == sorted(places), "the run itself shows its shots in another order"
        assert all(answer(stories[shot].labels) in shown for shot in line["shots"])

    with serving(FaultServer()) as server:
        by_inspect(server, tmp_path / "log", LIMIT, **setting)
        assert by_server(server) == expected

    options = {name: value for name, value in setting.items() if name != "prompt"}
    model = Told({})
    by_lm_eval(model, setting["prompt"], LIMIT, **options)
    assert by_id(model.prompts, model.budgets) == expected


def digest(text: str) -> str:
    """As `express run` keeps a prompt."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def test_a_local_model_is_shown_the_same_with_the_shots_that_fit(tmp_path: Path) -> None:
    """Inside its chat template, with as many of three shots as there is room for."""
    import inspect_ai
    from inspect_ai.model import get_model
    from lm_eval.models.huggingface import HFLM

    from express_runners.harness.registry import express

    path = make("llama", tmp_path / "tiny", chat=True)
    config = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 1300}))
    options: dict[str, Any] = {"shots": 3, "shot_choice": "similar", "encoder": "tfidf"}
    given: dict[str, Any] = {"dataset": "sample", "limit": LIMIT, "prompt": "few-shot", **options}
    result = run(RunConfig(str(path), tmp_path / "run", device="cpu", dtype="float32", **given))
    assert result is not None
    assert {line["shots_dropped"] for line in result.lines} == {1, 2, 3}
    expected = {line["id"]: line["prompt_sha256"] for line in result.lines}

    model = HFLM(str(path), dtype="float32", device="cpu", batch_size=3)
    done = by_lm_eval(model, "few-shot", LIMIT, chat=True, pretrained=str(path), **options)
    found = {one["doc"]["id"]: digest(one["arguments"][0][0]) for one in done["samples"]}
    assert found == expected

    local = get_model("hf/local", model_path=str(path), device="cpu", dtype="float32")
    (log,) = inspect_ai.eval(
        express(prompt="few-shot", source="sample", **options),
        model=local,
        limit=LIMIT,
        log_dir=str(tmp_path / "log"),
        display="none",
    )
    assert log.status == "success", log.error
    api: Any = local.api
    questions = {one.id: one.messages[:1] for one in log.samples or ()}
    assert {key: digest(api.hf_chat(asked, [])) for key, asked in questions.items()} == expected
