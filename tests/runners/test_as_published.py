"""The paper's setting, `--as-published`, point by point, and each part as an option of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import tiny_models
from support.loopback_hub import LoopbackHub

from express_dataset import Example
from express_dataset.sources import load_all
from express_dataset.splits import SPLITS
from express_runners.config import RunConfig
from express_runners.engines.base import EngineOptions
from express_runners.engines.prompter import Prompter
from express_runners.errors import RunError
from express_runners.models import resolve
from express_runners.planning.sweep_file import RECIPES, read_sweep, run_config
from express_runners.prompts.pool import Pool
from express_runners.prompts.setting import Setting, setting_of
from express_runners.prompts.shots import choose
from express_runners.prompts.similarity import similarities
from express_runners.prompts.wording import from_file, ours
from express_runners.runs.reading import read_completion
from express_runners.runs.run import run
from express_runners.runs.setup import pool_of

CLI = (sys.executable, "-m", "express_runners.cli")
DATA = load_all("sample")
CAUSAL = {
    *("meta-llama/Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-70B-Instruct"),
    *("google/gemma-2-2b-it", "google/gemma-2-9b-it", "google/gemma-2-27b-it"),
    *("api:gpt-3.5-turbo-0125", "api:gpt-4o"),
}


def published(**options: object) -> RunConfig:
    given: dict[str, Any] = {"dataset": "sample", **options}
    return RunConfig("org/name", Path("out"), as_published=True, **given)


def test_the_paper_s_sweep_is_its_experiment_point_by_point() -> None:
    runs = [run_config(job) for job in read_sweep("paper").jobs]
    assert len(runs) == 35
    four = Counter(one.model for one in runs)
    assert {model for model, number in four.items() if number == 4} == CAUSAL
    once = [one for one in runs if one.model not in CAUSAL]
    assert (len(once), {one.prompt for one in once}) == (7, {"zero-shot"})
    for one in runs:
        assert (one.dataset, one.split, one.limit) == ("express", "all", None)
        assert (one.decode, one.max_new_tokens, one.whole_answers) == ("free", 256, True)
        assert one.no_chat_template is not one.model.startswith("api:")
        shots = (one.shots, one.shot_masks, one.shot_pool)
        assert shots == ((4, "same", "all-others") if one.prompt == "few-shot" else (None,) * 3)
        similar = one.shot_choice == "similar"
        assert one.encoder == ("google-bert/bert-base-uncased" if similar else None)
    assert Counter((one.prompt, one.shot_choice) for one in runs if one.model in CAUSAL) == {
        ("zero-shot", None): 7,
        ("few-shot", "random"): 7,
        ("few-shot", "similar"): 7,
        ("cot", None): 7,
    }


def test_today_s_sweep_is_kept_apart() -> None:
    ours_, theirs = (
        setting_of(run_config(job), "causal").name
        for job in (
            next(j for j in read_sweep(name).jobs if j.name.endswith("few-shot-similar"))
            for name in ("today", "paper")
        )
    )
    assert ours_ == "few-shot-5-similar"
    assert theirs == "few-shot-4-similar-bert-base-uncased-same-masks-all-others-no-chat-template"


def test_what_is_given_beside_it_stays() -> None:
    found = published(prompt="few-shot", shots=2, shot_masks="any", split="test", max_new_tokens=9)
    assert (found.shots, found.shot_masks, found.shot_pool) == (2, "any", "all-others")
    assert (found.split, found.max_new_tokens, found.seed) == ("test", 9, 0)


@pytest.mark.parametrize("masks", [1, 2, 3])
@pytest.mark.parametrize("choice", ["random", "random-per-example", "similar"])
def test_shots_have_as_many_masks(masks: int, choice: str) -> None:
    encoder = "tfidf" if choice == "similar" else ""
    setting = Setting(ours("few-shot"), 4, choice, encoder=encoder, masks="same", pool="all-others")
    pool = Pool(DATA["all"].examples, "sample", same_masks=True)
    asked = [e for e in DATA["all"].examples if len(e.labels) == masks][:4]
    assert len(asked) == 4
    for example, shots in zip(asked, choose(setting, pool, asked), strict=True):
        assert {len(shot.labels) for shot in shots} == {masks}
        assert example.post_id not in {shot.post_id for shot in shots}


def test_too_few_with_as_many_masks_is_told_with_the_number() -> None:
    text = "I was " + "<mask> and " * 7 + "gone."
    asked = Example("x", "x", text, ("sad",) * 7, 0, (False,) * 7, (False,) * 7)
    pool = Pool(DATA["all"].examples, "sample", same_masks=True, part="all-others")
    setting = Setting(ours("few-shot"), 4, "random", masks="same")
    told = r"for example x only 0 of the \d+ examples of .* have 7 masks .* or --shot-masks any$"
    with pytest.raises(RunError, match=told):
        choose(setting, pool, [asked])


def test_all_others_are_every_example_but_the_asked_post() -> None:
    config = published(prompt="few-shot", shot_choice="random")
    pool = pool_of(config, setting_of(config, "causal"), DATA)
    assert len(pool.examples) > len(DATA["few_shot"].examples)
    assert {row.id for row in DATA["test"].examples} & {row.id for row in pool.examples}


def test_the_nearest_by_mean_pooling_and_either_distance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    monkeypatch.setenv("EXPRESS_CACHE", str(tmp_path / "cache"))
    encoder = tiny_models.make("roberta", tmp_path / "tiny")
    texts = [example.text for example in DATA["train"].examples[:7]]
    tokenizer, model = AutoTokenizer.from_pretrained(encoder), AutoModel.from_pretrained(encoder)
    with torch.inference_mode():
        means = torch.stack(
            [model(**tokenizer(t, return_tensors="pt")).last_hidden_state[0].mean(0) for t in texts]
        )
    far = -torch.cdist(means, means)
    near = torch.nn.functional.cosine_similarity(means[:, None], means[None], dim=-1)
    for distance, wanted in (("euclidean", far), ("cosine", near)):
        found = np.vstack(list(similarities(texts, texts, str(encoder), distance)))
        assert np.allclose(found, wanted.numpy(), atol=2e-2)
    assert far[0].argsort().tolist() != near[0].argsort().tolist()


def test_no_chat_template_is_the_bare_prompt(tmp_path: Path) -> None:
    model = resolve(str(tiny_models.make("llama", tmp_path / "tiny", chat=True)))
    example = DATA["test"].examples[0]
    bare, chat = (
        Prompter(model, EngineOptions(ours("zero-shot"), chat=chat)).prepare(example)
        for chat in (False, True)
    )
    assert bare.text == ours("zero-shot").render(example.text, len(example.labels))
    assert bare.text in chat.text
    assert chat.text.endswith("<|assistant|>\n")


def test_a_whole_answer_goes_on_after_its_list(tmp_path: Path) -> None:
    model = tiny_models.make("llama", tmp_path / "tiny", chat=True)
    done = run(
        RunConfig(str(model), tmp_path / "run", dataset="sample", limit=3, as_published=True)
    )
    assert done is not None
    asked = done.record.asked
    assert (asked.decoding.name, asked.decoding.stop) == ("free-256-whole", None)
    assert asked.decoding.max_new_tokens is not None
    assert (asked.decoding.max_new_tokens.base, asked.decoding.max_new_tokens.per_mask) == (256, 0)
    assert (asked.prompt.name, asked.prompt.chat) == ("zero-shot-no-chat-template", False)
    assert {line["finish"] for line in done.lines} <= {"eos", "length"}
    assert all(line["new_tokens"] == 256 for line in done.lines if line["finish"] == "length")


def test_the_last_list_is_read_where_reasoning_has_no_cue(tmp_path: Path) -> None:
    file = tmp_path / "cot.jinja"
    file.write_text(
        "{% for i in range(count) %}{{ i + 1 }}. {% endfor %}Step by step: {{ text }}\nAnswer:"
    )
    template = from_file("cot", file)
    assert (template.reasoning, template.last, template.cue) == (True, True, "")
    assert template.render("I was <mask> and <mask>.", 2).startswith("1. 2. Step by step: I was")
    text = 'At first ["sad"] seems right. She won, so: ["proud"]. That is all.'
    for protocol, reading in read_completion(text, "eos", "", 1, last=True).items():
        assert reading.terms == ("proud",), protocol


def test_the_documented_template_has_a_place_for_each_mask(tmp_path: Path) -> None:
    file = tmp_path / "mine.jinja"
    file.write_text((RECIPES / "README.md").read_text().split("```jinja\n")[1].split("```")[0])
    template = from_file("zero-shot", file)
    three = template.render("I was <mask>, <mask> and <mask>.", 3)
    assert '["feeling 1", "feeling 2", "feeling 3"].' in three
    assert three.endswith("\n\nI was <mask>, <mask> and <mask>.\n\nFeelings:")
    assert '["feeling 1"].' in template.render("I was <mask>.", 1)


def test_the_plan_finds_all_models_of_the_paper(tmp_path: Path) -> None:
    """The loopback Hub has the fourteen, three of them with old weights only."""
    kinds = {"masked": "roberta", "t5": "t5", "causal": "llama"}
    made = {
        name: {f.name: f.read_bytes() for f in tiny_models.make(kind, tmp_path / kind).iterdir()}
        for name, kind in kinds.items()
    }
    models = {job.options["model"] for job in read_sweep("paper").jobs}
    with LoopbackHub() as hub:
        for model in sorted(m for m in models if not m.startswith("api:")):
            kind = "t5" if "t5" in model else "causal" if model in CAUSAL else "masked"
            content = dict(made[kind])
            if "longformer" in model or "mental" in model:
                content["pytorch_model.bin"] = content.pop("model.safetensors")
            hub.model(model).commit(content)
        source = tmp_path / "data.jsonl"
        row = {"text": "I am <mask>.", "labels": ["sad"]}
        rows = [row | {"id": str(n), "split": SPLITS[n % 3]} for n in range(40)]
        source.write_text("".join(json.dumps(row) + "\n" for row in rows))
        recipe = tmp_path / "paper.yaml"
        packaged = Path(sys.modules["express_runners.planning.sweep_file"].__file__ or "").parents[
            1
        ]
        text = (packaged / "recipes" / "paper.yaml").read_text("utf-8")
        recipe.write_text(text.replace("dataset: express", f"dataset: {source}"))
        done = subprocess.run(
            [*CLI, "sweep", str(recipe), "--dry-run", "--format", "json"],
            env=os.environ | hub.environment(str(tmp_path)),
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0, done.stderr
    runs = json.loads(done.stdout)["runs"]
    assert len(runs) == 35
    name = "google--gemma-2-9b-it/few-shot-similar"
    (similar,) = [one["asks"] for one in runs if one["name"] == name]
    assert similar == {
        "split": "all",
        "prompt": "few-shot",
        "shots": 4,
        "shot-choice": "similar",
        "encoder": "google-bert/bert-base-uncased",
        "shot-masks": "same",
        "shot-pool": "all-others",
        "max-new-tokens": 256,
        "whole-answers": True,
        "no-chat-template": True,
    }
    planned = {one["options"]["model"] for one in runs if one["estimate"]}
    assert planned == {model for model in models if not model.startswith("api:")}
    assert {one["why"] for one in runs if not one["estimate"]} == {"it computes nothing here"}


@pytest.mark.parametrize(("chat", "lead"), [(True, ""), (False, " ")])
def test_a_ranked_term_follows_the_bare_prompt_with_a_blank(
    chat: bool, lead: str, tmp_path: Path
) -> None:
    model = resolve(str(tiny_models.make("llama", tmp_path / "model", chat=True)))
    options = EngineOptions(ours("zero-shot"), chat=chat)
    assert Prompter(model, options).lead == lead
