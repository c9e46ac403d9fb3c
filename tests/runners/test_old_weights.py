"""Models whose weights are a `pytorch_model.bin`: read as weights alone, and nothing is run."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from support import tiny_models

from express_runners.config import RunConfig
from express_runners.errors import RunError
from express_runners.models import resolve
from express_runners.runs.run import run


def pickled(name: str, folder: Path, **save: Any) -> Path:
    """A tiny model with `pytorch_model.bin` as its only weights."""
    tiny_models.make(name, folder)
    weights = folder / "model.safetensors"
    torch.save(load_file(weights), folder / "pytorch_model.bin", **save)
    weights.unlink()
    return folder


@pytest.mark.parametrize(
    ("name", "save"),
    [("roberta", {"_use_new_zipfile_serialization": False}), ("longformer", {})],
)
def test_a_model_with_old_weights_runs_whole(
    name: str, save: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = pickled(name, tmp_path / "old" / "mine", **save)
    new = tiny_models.make(name, tmp_path / "new" / "mine")
    done = [
        run(RunConfig(model=str(model), out=tmp_path / which, dataset="sample", limit=6))
        for which, model in (("a", old), ("b", new))
    ]
    told = capsys.readouterr().err
    assert told.count("its pytorch_model.bin is read by torch's weights-only unpickler") == 1
    first, second = (one for one in done if one is not None)
    assert first.record.asked.model.pickled is True
    assert second.record.asked.model.pickled is None
    answers = [[line["completion"] for line in one.lines] for one in (first, second)]
    assert answers[0] == answers[1]
    assert len(set(answers[0])) > 1


def test_other_weights_are_another_revision(tmp_path: Path) -> None:
    folder = pickled("roberta", tmp_path / "mine")
    before = resolve(str(folder))
    assert before.pickled
    weights = torch.load(folder / "pytorch_model.bin", weights_only=True)
    torch.save({k: v + 1 for k, v in weights.items()}, folder / "pytorch_model.bin")
    assert resolve(str(folder)).revision != before.revision


class Harm:
    """What, unpickled by the general unpickler, leaves a file behind."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.mkdir, (str(self.file),)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_file_that_runs_code_is_refused_and_runs_nothing(zipped: bool, tmp_path: Path) -> None:
    folder, trace = tiny_models.make("roberta", tmp_path / "mine"), tmp_path / "trace"
    weights = folder / "model.safetensors"
    content = {**load_file(weights), "harm": Harm(trace)}
    weights.unlink()
    file = folder / "pytorch_model.bin"
    torch.save(content, file, _use_new_zipfile_serialization=zipped)
    with pytest.raises(RunError, match=r"holds more than weights, .* and it is not run: convert"):
        run(RunConfig(model=str(folder), out=tmp_path / "run", dataset="sample", limit=2))
    assert not trace.exists()
    # The file does harm where it is read as pickles used to be.
    torch.load(file, weights_only=False)
    assert trace.is_dir()


def test_a_pickle_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    folder = pickled("roberta", tmp_path / "mine")
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Harm(tmp_path / "trace")))
    with pytest.raises(RunError, match="holds more than weights, or is damaged"):
        run(RunConfig(model=str(folder), out=tmp_path / "run", dataset="sample", limit=2))
    assert not (tmp_path / "trace").exists()
