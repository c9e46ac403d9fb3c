"""The demo Space with what a training added to its model."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from support.tiny_models import make

from express_cards.spaces.demo.answering import Answerer
from express_cards.spaces.demo.settings import Settings, from_file
from express_cards.spaces.demo.site import stage
from express_cards.spaces.options import SpaceOptions
from express_dataset import Example
from express_runners.engines import load_engine
from express_runners.engines.base import EngineOptions
from express_runners.models import resolve
from express_runners.prompts.wording import ours


def test_a_model_answers_with_its_adapter(tmp_path: Path) -> None:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    out, base = tmp_path / "trained", str(make("llama", tmp_path / "llama"))
    model = AutoModelForCausalLM.from_pretrained(base)
    torch.manual_seed(0)
    # Not as a training begins, where an adapter changes nothing.
    kind = LoraConfig(target_modules="all-linear", init_lora_weights=False)
    get_peft_model(model, kind).save_pretrained(str(out))
    asked = Example("a", "a", "I was <mask>", ("sad",), 0)
    answerer = Answerer(Settings(model=base, adapter=str(out)))
    found = answerer.ask(base, asked)
    assert found.model == "llama + trained"
    options = EngineOptions(ours("zero-shot"), vocabulary=answerer.vocabulary(asked))
    engine = load_engine(resolve(base, adapter=str(out)), options)
    (answer,) = engine.answer([engine.prepare(asked)])
    assert answer.scores is not None
    shares = [found.probability(0, term) for term in found.terms]
    assert shares == pytest.approx([math.exp(score) for score in answer.scores[0]], abs=1e-3)
    plain = Answerer(Settings(model=base)).ask(base, asked)
    assert [plain.probability(0, term) for term in plain.terms] != pytest.approx(shares, abs=1e-2)


def test_a_pushed_demo_brings_its_adapter(tmp_path: Path) -> None:
    stage(tmp_path, SpaceOptions("demo", adapter="org/trained"))
    assert from_file(tmp_path / "settings.json").adapter == "org/trained"
    assert "[spaces,train]" in (tmp_path / "requirements.txt").read_text("utf-8")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (Settings("org/a,org/b", "org/c"), "belongs to one model with weights here"),
        (Settings("api:x", "org/c"), "belongs to one model with weights here"),
        (Settings("dummy:oracle", "org/c"), "--adapter needs a model with weights here"),
    ],
)
def test_an_adapter_of_no_one_model_is_refused(settings: Settings, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        settings.check()
