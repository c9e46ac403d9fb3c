"""`--dry-run`: the very prompts of the run, without its weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support import tiny_models
from typer.testing import CliRunner

from express_dataset import Example, load_examples
from express_runners.cli import app
from express_runners.config import RunConfig
from express_runners.engines.base import EngineOptions, Prompt
from express_runners.errors import RunError
from express_runners.models import resolve
from express_runners.planning import estimate
from express_runners.planning.dry_run import as_text, dry_run, smallest_difference
from express_runners.prompts.wording import ours
from express_runners.runs.run import run

LIMIT = 4


def config(model: Path | str, out: Path, **options: Any) -> RunConfig:
    return RunConfig(
        model=str(model), dataset="sample", limit=LIMIT, out=out, device="cpu", **options
    )


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("llama", {"prompt": "few-shot", "shots": 2}),
        ("t5", {"prompt": "cot"}),
        ("roberta", {}),
    ],
)
def test_it_shows_what_the_run_then_does(
    name: str, options: dict[str, Any], tmp_path: Path
) -> None:
    asked = config(tiny_models.make(name, tmp_path / "model"), tmp_path / "run", **options)
    plan = dry_run(asked)
    assert not asked.out.exists()
    assert plan["answered"] == 0
    result = run(asked)
    assert result is not None
    assert dry_run(asked)["answered"] == LIMIT
    record = json.loads((asked.out / "run.json").read_text())
    assert plan["first_prompt"] == record["first_prompt"]
    assert plan["shots"] == record["shots"]
    assert plan["prompt"] == record["asked"]["prompt"]
    assert plan["examples"] == len(result.lines)
    assert plan["tokens"]["prompts"] == sum(line["prompt_tokens"] for line in result.lines)
    assert plan["tokens"]["longest_prompt"] == max(line["prompt_tokens"] for line in result.lines)
    if name != "roberta":
        written = sum(line["new_tokens"] for line in result.lines)
        assert plan["tokens"]["answers_at_most"] >= written


@pytest.mark.parametrize("name", tiny_models.NAMES)
def test_it_needs_no_weights_and_counts_all_parameters(name: str, tmp_path: Path) -> None:
    import transformers

    folder = tiny_models.make(name, tmp_path / "model")
    auto = {
        "masked": transformers.AutoModelForMaskedLM,
        "seq2seq": transformers.AutoModelForSeq2SeqLM,
        "causal": transformers.AutoModelForCausalLM,
    }[tiny_models.FAMILIES[name]]
    whole = auto.from_pretrained(folder).num_parameters()
    for file in folder.glob("*.safetensors"):
        file.unlink()
    plan = dry_run(config(folder, tmp_path / "run"))
    assert plan["parameters"] == whole
    assert plan["memory_bytes"]["weights"] == 4 * whole
    parts = plan["memory_bytes"]
    assert parts["total"] == sum(size for part, size in parts.items() if part != "total")
    assert 0 < plan["seconds"]["prompts"] + 1 <= plan["seconds"]["at_most"] + 1
    assert (parts["cache"] == 0) == (tiny_models.FAMILIES[name] == "masked")


def test_a_configuration_that_no_model_has_is_one_sentence(tmp_path: Path) -> None:
    model = tiny_models.make("llama", tmp_path / "model")
    file = model / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"hidden_act": "nope"}))
    with pytest.raises(RunError, match="configuration"):
        dry_run(config(model, tmp_path / "run"))


def test_the_cache_of_a_llama_is_what_its_cache_object_holds(tmp_path: Path) -> None:
    import torch
    import transformers

    folder = tiny_models.make("llama", tmp_path / "model")
    shape = estimate.shape_of(resolve(str(folder)))
    loaded = transformers.AutoModelForCausalLM.from_pretrained(folder)
    cache = loaded(torch.ones(1, 7, dtype=torch.long)).past_key_values
    held = sum(layer.keys.numel() + layer.values.numel() for layer in cache.layers)
    assert shape.cached * 7 == held


def test_a_shared_beginning_is_computed_once() -> None:
    example = Example("a", "a", "I was <mask>.", ("sad",), 0)
    shared = tuple(range(100))
    prompts = [Prompt(example, "", (*shared, 200 + i, 300 + i), 10) for i in range(8)]
    assert estimate.computed_tokens(prompts) == 100 + 8 * 2


def test_more_work_is_estimated_to_take_more() -> None:
    example = Example("a", "a", "I was <mask>.", ("sad",), 0)
    options = EngineOptions(ours("zero-shot"))
    shape = estimate.Shape(1_000_000, 900_000, 1_000, 10_000)
    speed = estimate.Speed(1e9, 1e9)

    def guess(length: int, count: int, rows: int) -> tuple[float, int]:
        prompts = [Prompt(example, "", tuple(range(i, i + length)), 600) for i in range(count)]
        seconds = estimate.seconds(shape, speed, prompts, options, rows)
        assert seconds["prompts"] < seconds["usual"] < seconds["at_most"]
        return seconds["usual"], estimate.memory(shape, prompts, options, rows)["total"]

    least = guess(100, 10, 2)
    assert all(more > less for more, less in zip(guess(900, 10, 2), least, strict=True))
    assert guess(100, 20, 2)[0] > least[0]
    assert guess(100, 10, 5)[0] < least[0]
    assert guess(100, 10, 5)[1] > least[1]
    # 2 operations per parameter and token at half of 1e9 per second.
    assert estimate.seconds(shape, speed, [Prompt(example, "", (1,) * 1000, 0)], options, 1)[
        "prompts"
    ] == pytest.approx(2 * 900_000 * 1000 / 0.5e9, abs=0.05)


@pytest.mark.parametrize("model", ["api:gpt-4o", "dummy"])
def test_a_served_model_is_planned_without_counting(model: str, tmp_path: Path) -> None:
    plan = dry_run(config(model, tmp_path / "run", prompt="few-shot", shots=1))
    assert plan["tokens"]["counted"] is False
    assert "seconds" not in plan
    assert load_examples("sample", split="test").examples[0].text in plan["first_prompt"]["text"]
    assert "no estimate of time: nothing is computed here" in as_text(plan)


def test_what_would_stop_the_run_stops_it_here(tmp_path: Path) -> None:
    model = tiny_models.make("roberta", tmp_path / "model")
    with pytest.raises(RunError, match="use --prompt zero-shot"):
        dry_run(config(model, tmp_path / "run", prompt="cot"))
    with pytest.raises(RunError, match="no such folder"):
        dry_run(config("./absent", tmp_path / "run"))


def test_the_command_prints_text_or_json(tmp_path: Path) -> None:
    model = tiny_models.make("llama", tmp_path / "model", chat=True)
    words = ["run", "--model", str(model), "--dataset", "sample", "--limit", "2", "--dry-run"]
    words += ["--out", str(tmp_path / "run"), "--device", "cpu", "--prompt", "few-shot"]
    words += ["--shots", "1"]
    text = CliRunner().invoke(app, words)
    assert text.exit_code == 0, text.output
    first = load_examples("sample", split="test").examples[0]
    for told in (first.text, "<|assistant|>", "memory ", "time ", "shots     2 shown", "GFLOP/s"):
        assert told in text.stdout
    printed = CliRunner().invoke(app, [*words, "--format", "json"])
    assert json.loads(printed.stdout)["first_prompt"]["id"] == first.id
    assert not (tmp_path / "run").exists()


def test_a_ranking_is_planned_without_answers(tmp_path: Path) -> None:
    model = tiny_models.make("llama", tmp_path / "model")
    plan = dry_run(config(model, tmp_path / "run", decode="rank"))
    assert plan["tokens"]["counted"] is True
    assert "seconds" not in plan
    assert "no estimate of time: terms are ranked" in as_text(plan)


def test_it_says_what_so_many_posts_can_show(tmp_path: Path) -> None:
    folder = tiny_models.make("llama", tmp_path / "model")
    plan = dry_run(config(folder, tmp_path / "run"))
    least = smallest_difference([1] * 100)
    assert least is not None
    # By hand: 2.8 standard errors of a mean of 100 differences, a fifth of which are not 0.
    assert least == pytest.approx(2.8 * (0.2 / 100) ** 0.5)
    assert smallest_difference([2] * 100) == pytest.approx(least * (1.2 / 2) ** 0.5)
    assert plan["smallest"] is None or plan["smallest"] > 0.05
    assert "can show" in as_text(plan)
