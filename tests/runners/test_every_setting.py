"""Every family under every setting, free and by rank, from `--model` to scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support import tiny_models

from express_runners.config import RunConfig
from express_runners.errors import RunError
from express_runners.runs.run import run

SHOTS, EXAMPLES = 2, 2
FEW: dict[str, Any] = {"prompt": "few-shot", "shots": SHOTS}
SETTINGS: dict[str, dict[str, Any]] = {
    "zero-shot": {},
    "few-shot-2-random": FEW,
    "few-shot-2-random-per-example": FEW | {"shot_choice": "random-per-example"},
    "few-shot-2-similar-tfidf": FEW | {"shot_choice": "similar", "encoder": "tfidf"},
    "cot": {"prompt": "cot"},
}
# A masked model is asked in one way: the text itself is the prompt.
ASKED = [
    (name, setting, decode)
    for name, family in tiny_models.FAMILIES.items()
    for setting in SETTINGS
    for decode in ("free", "rank")
    if (family != "masked" or setting == "zero-shot") and (setting, decode) != ("cot", "rank")
]
REFUSED = [
    (name, setting)
    for name, family in tiny_models.FAMILIES.items()
    for setting in SETTINGS
    if family == "masked" and setting != "zero-shot"
]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    root = tmp_path_factory.mktemp("models")
    return {name: str(tiny_models.make(name, root / name)) for name in tiny_models.NAMES}


def config(model: str, setting: str, decode: str, out: Path) -> RunConfig:
    options: dict[str, Any] = {"dataset": "sample", "limit": EXAMPLES, "device": "cpu"}
    return RunConfig(model=model, out=out, **(options | SETTINGS[setting] | {"decode": decode}))


@pytest.mark.parametrize(("name", "setting", "decode"), ASKED)
def test_it_goes_the_whole_way(
    name: str, setting: str, decode: str, models: dict[str, str], tmp_path: Path
) -> None:
    result = run(config(models[name], setting, decode, tmp_path))
    assert result is not None
    assert len(result.lines) == EXAMPLES
    masked = tiny_models.FAMILIES[name] == "masked"
    signature = str(result.scores["revised"]["signature"])
    assert f"|prompt:{'fill-mask' if masked else setting}@" in signature
    assert f"|decode:{decode}" in signature
    for line in result.lines:
        assert len(line.get("shots") or ()) == (SHOTS if "shots" in SETTINGS[setting] else 0)
        ranked = [len(mask["logprobs"]) for mask in line.get("rank") or ()]
        assert len(ranked) == (len(line["references"]) if decode == "rank" else 0)
        assert line["completion"] is not None
        assert line["reason"]["revised"] != "too-long"
    if decode == "rank":
        assert result.scores["revised"]["valid_rate"] == 1.0


@pytest.mark.parametrize(("name", "setting"), REFUSED)
def test_a_masked_model_has_one_setting(
    name: str, setting: str, models: dict[str, str], tmp_path: Path
) -> None:
    with pytest.raises(RunError, match="masked"):
        run(config(models[name], setting, "free", tmp_path))
