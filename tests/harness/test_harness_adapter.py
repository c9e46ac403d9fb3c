"""An adapter in lm-evaluation-harness: asked on what it has not seen, refused on what it has."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.harness_sides import by_lm_eval
from support.tiny_models import make

from express_runners.config import RunConfig
from express_runners.errors import RunError
from express_runners.harness.common import Fitter, config, questions
from express_runners.runs.run import run
from express_runners.training.options import TrainConfig
from express_runners.training.train import train

LIMIT = 3


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Llama's adapter that changes its answers, after two steps on the sample."""
    root = tmp_path_factory.mktemp("adapter")
    base = make("llama", root / "llama")
    learning = TrainConfig(
        str(base),
        root / "learned",
        dataset="sample",
        limit=4,
        epochs=2,
        batch_size=4,
        learning_rate=0.03,
        validation=0,
        device="cpu",
    )
    assert train(learning)
    return learning.out


def test_lm_eval_answers_as_express_run(adapter: Path, tmp_path: Path) -> None:
    from lm_eval.models.huggingface import HFLM

    base = str(adapter.parent / "llama")
    model = HFLM(pretrained=base, peft=str(adapter), dtype="float32", device="cpu", batch_size=1)
    found = by_lm_eval(model, "zero-shot", LIMIT, pretrained=base, peft=str(adapter))
    result = run(
        RunConfig(base, tmp_path / "run", adapter=str(adapter), dataset="sample", limit=LIMIT)
    )
    assert result is not None
    said = [sample["resps"][0][0] for sample in found["samples"]]
    assert said == [line["completion"] for line in result.lines]
    without = HFLM(pretrained=base, dtype="float32", device="cpu", batch_size=1)
    other = by_lm_eval(without, "zero-shot", LIMIT, pretrained=base)
    assert said != [sample["resps"][0][0] for sample in other["samples"]]


def test_what_was_learned_is_refused(adapter: Path) -> None:
    asked = questions(config(prompt="zero-shot", source="sample", split="train"))
    with pytest.raises(RunError, match=r"learned@\w+ was trained on 4 of the \d+ examples asked"):
        Fitter(str(adapter.parent / "llama"), asked, adapter=str(adapter))
    with pytest.raises(RunError, match="was trained on 4 of"):
        Fitter(str(adapter), asked)
