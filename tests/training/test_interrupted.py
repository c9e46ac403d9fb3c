"""Killed, on several processes, on a full disk, with a loss that is none: as undisturbed."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from support.launching import Team, teach, teach_halfway

from express_runners.errors import RunError
from express_runners.training import learning
from express_runners.training.options import TrainConfig
from express_runners.training.train import train

Tiny = Callable[[str], Path]


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return dict(load_file(folder / "adapter_model.safetensors"))


def furthest(one: Path, other: Path) -> float:
    """The largest difference between two adapters' numbers."""
    first, second = weights(one), weights(other)
    assert first.keys() == second.keys()
    return max(float((first[name] - second[name]).abs().max()) for name in first)


@pytest.fixture(scope="module")
def config(
    tiny: Tiny, data: Path, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> TrainConfig:
    """Some twenty steps with validation, one checkpoint every four."""
    return TrainConfig(
        str(tiny("llama")),
        tmp_path_factory.mktemp("trained") / "whole",
        dataset=str(data),
        template=template,
        epochs=12,
        batch_size=4,
        learning_rate=1e-4,
        validation=0.2,
        save_steps=4,
        device="cpu",
    )


@pytest.fixture(scope="module")
def whole(config: TrainConfig) -> Path:
    """The undisturbed training."""
    assert train(config)
    return config.out


def options(config: TrainConfig, out: Path) -> dict[str, Any]:
    return {**{field.name: getattr(config, field.name) for field in fields(config)}, "out": out}


def test_killed_and_resumed_gives_the_same_adapter(
    config: TrainConfig, whole: Path, tmp_path: Path
) -> None:
    out = tmp_path / "killed"
    team = Team(options(config, out), 1, teach_halfway)
    deadline = time.monotonic() + 240
    while not any(out.glob("checkpoints/checkpoint-*/trainer_state.json")):
        assert team.running()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    team.kill([0])
    assert not (out / "express.json").exists()
    # Half a checkpoint, as a kill may leave it.
    (out / "checkpoints" / "checkpoint-999").mkdir()
    last = next(out.glob("checkpoints/checkpoint-*/trainer_state.json")).parent
    for number, damaged in enumerate(("optimizer.pt", "adapter_model.safetensors")):
        half = shutil.copytree(last, last.with_name(f"checkpoint-90{number}")) / damaged
        half.write_bytes(half.read_bytes()[:-40])
    foreign = shutil.copytree(last, last.with_name("checkpoint-902")) / "trainer_state.json"
    foreign.write_text("[]")
    done = train(replace(config, out=out))
    assert done is not None
    assert furthest(whole, out) == 0
    assert not (out / "checkpoints").exists()


def test_two_processes_give_the_adapter_of_one(
    config: TrainConfig, whole: Path, tmp_path: Path
) -> None:
    assert Team(options(config, tmp_path / "two"), 2, teach).finish() == [0, 0]
    # Rows that were dealt wrongly would move weights by another rate's worth, 1e-4 a step.
    assert furthest(whole, tmp_path / "two") < 1e-5


def test_a_finished_training_is_only_told_of(config: TrainConfig, whole: Path) -> None:
    before = (whole / "adapter_model.safetensors").stat().st_mtime_ns
    done = train(config)
    assert done is not None
    result = done.record["result"]
    assert result["steps"] == len(result["loss"])
    assert (whole / "adapter_model.safetensors").stat().st_mtime_ns == before
    with pytest.raises(RunError, match=r"other settings \(patience is 3 there and 5 here"):
        train(replace(config, patience=5))


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (3, "result is 3, and must be an object"),
        ({}, r"result\.examples is missing, and must be a whole number"),
        ({"loss": []}, r"result\.loss is empty"),
        ({"loss": [{"step": 1}]}, r"result\.loss\.0\.loss is missing, and must be a number"),
    ],
)
def test_a_damaged_record_of_a_finished_training_is_named(
    config: TrainConfig, whole: Path, tmp_path: Path, result: Any, told: str
) -> None:
    record = json.loads((whole / "training.json").read_text())
    good = record["result"]
    record["result"] = good | result if isinstance(result, dict) and result else result
    (tmp_path / "training.json").write_text(json.dumps(record))
    with pytest.raises(RunError, match=rf"training\.json: {told}: give another --out"):
        train(replace(config, out=tmp_path))


def test_a_folder_with_another_model_is_left_alone(config: TrainConfig) -> None:
    with pytest.raises(RunError, match="holds another model, which would be lost"):
        train(replace(config, out=Path(config.model), full=True))


def test_the_best_checkpoint_is_kept(config: TrainConfig, whole: Path) -> None:
    done = train(config)
    assert done is not None
    result = done.record["result"]
    losses = {point["step"]: point["loss"] for point in result["validation_loss"]}
    assert losses[result["chosen_step"]] == min(losses.values())


def test_a_loss_that_is_no_number_stops_and_keeps_the_checkpoint(
    config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, calls = learning._loss, []

    def failing(shift: bool) -> Any:
        loss = usual(shift)

        def late(*args: Any, **named: Any) -> Any:
            calls.append(1)
            value = loss(*args, **named)
            return value * float("nan") if len(calls) > 12 else value

        return late

    monkeypatch.setattr(learning, "_loss", failing)
    out = tmp_path / "nan"
    with pytest.raises(RunError, match=r"^step \d+: the .*loss is nan"):
        train(replace(config, out=out))
    assert any(out.glob("checkpoints/checkpoint-*/adapter_model.safetensors"))


def test_a_disk_that_fills_at_a_checkpoint(
    config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import Trainer

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Trainer, "_save_optimizer_and_scheduler", full)
    with pytest.raises(RunError, match="free some space and run the same command again"):
        train(replace(config, out=tmp_path / "full"))
