"""A model's folder that is damaged ends a run with one sentence, and leaves no folder behind."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support import tiny_models

from express_runners.config import RunConfig
from express_runners.errors import RunError
from express_runners.planning.dry_run import dry_run
from express_runners.runs.run import run

WEIGHTS, CONFIG, TOKENIZER = "model.safetensors", "config.json", "tokenizer_config.json"
CHAT = "{% for turn in messages %}{{ turn['content'] }}{% endfor %}"
Damage = Callable[[Path], object]


def cut(size: int) -> Damage:
    """Keep only the first bytes of the weights."""

    def damage(folder: Path) -> None:
        file = folder / WEIGHTS
        file.write_bytes(file.read_bytes()[:size])

    return damage


def says(name: str, text: str) -> Damage:
    """Replace what a file says."""
    return lambda folder: (folder / name).write_text(text)


def setting(name: str, key: str, value: object) -> Damage:
    """Change one entry of a JSON file."""

    def damage(folder: Path) -> None:
        content = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps(content | {key: value}))

    return damage


def without_tokenizer(folder: Path) -> None:
    """Remove all that a tokenizer is made of."""
    for file in folder.glob("*token*"):
        file.unlink()


DAMAGES: dict[str, tuple[str, Damage, str]] = {
    "no weights left": ("llama", cut(0), "its weights cannot be loaded (Error while des"),
    "weights cut in the header": ("t5", cut(1000), "its weights cannot be loaded (Error while des"),
    "weights cut at the end": ("roberta", cut(-9), "its weights cannot be loaded (Error while des"),
    "weights of another size": (
        "llama",
        setting(CONFIG, "hidden_size", 64),
        "its weights cannot be loaded (they do not fit its config.json)",
    ),
    "no tokenizer": ("llama", without_tokenizer, "its tokenizer cannot be loaded (there is no tok"),
    "broken tokenizer": (
        "llama",
        says("tokenizer.json", "{oops"),
        "its tokenizer cannot be loaded (Expecting property name enclosed",
    ),
    "empty tokenizer": (
        "llama",
        says("tokenizer.json", "{}"),
        "its tokenizer cannot be loaded ('added_tokens'",
    ),
    "a tokenizer that is no object": (
        "t5",
        says(TOKENIZER, "[]"),
        "its tokenizer cannot be loaded (tokenizer_config.json holds no JSON object)",
    ),
    "a tokenizer class that is a list": (
        "llama",
        setting(TOKENIZER, "tokenizer_class", [True, None]),
        "its tokenizer cannot be loaded (",
    ),
    "a length that is an object": (
        "llama",
        setting(TOKENIZER, "model_max_length", {}),
        "its tokenizer cannot be loaded (",
    ),
    "a tokenizer with a processor of no kind": (
        "llama",
        setting("tokenizer.json", "post_processor", [1]),
        "its tokenizer cannot be loaded (data did not match",
    ),
    "an end that is no number": (
        "llama",
        setting("generation_config.json", "eos_token_id", [[2]]),
        "its weights cannot be loaded (eos_token_id in generation_config.json is [[2]], no tok",
    ),
    "no mask token": (
        "roberta",
        setting(TOKENIZER, "mask_token", None),
        "its tokenizer has no mask token, so it cannot fill masks",
    ),
    "chat template": (
        "llama",
        says("chat_template.jinja", "{% if %}"),
        "its chat template cannot be used (Expected an expression",
    ),
    "a chat template that leaves out the story": (
        "llama",
        says("chat_template.jinja", "{{ messages[0]['content'][:9] }}"),
        "its chat template leaves out part of the prompt",
    ),
    "chat templates without a default": (
        "llama",
        setting(TOKENIZER, "chat_template", [{"name": "rag", "template": CHAT}]),
        "several chat templates (rag) and none named default",
    ),
    "a chat template that insists on a system message": (
        "llama",
        says(
            "chat_template.jinja",
            "{% if messages[0]['role'] != 'system' %}{{ raise_exception('No!') }}{% endif %}"
            + CHAT,
        ),
        "its chat template insists on a system message",
    ),
    "a size that is no number": (
        "llama",
        setting(CONFIG, "hidden_size", "x"),
        "cannot be loaded (",  # older transformers see it at the weights
    ),
    "an unknown architecture": (
        "llama",
        setting(CONFIG, "model_type", "nope"),
        "its configuration cannot be loaded (The checkpoint you are trying to load has model type",
    ),
    "a configuration that is no object": ("llama", says(CONFIG, "[]"), "holds no JSON object"),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with whole models, to be copied."""
    folder = tmp_path_factory.mktemp("whole")
    for name in ("llama", "t5", "roberta"):
        tiny_models.make(name, folder / name)
    return folder


@pytest.mark.parametrize(("name", "damage", "sentence"), DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_folder_is_one_sentence(
    whole: Path, tmp_path: Path, name: str, damage: Damage, sentence: str
) -> None:
    shutil.copytree(whole / name, tmp_path / "mine")
    damage(tmp_path / "mine")
    out = tmp_path / "runs" / "x"
    asked = RunConfig(str(tmp_path / "mine"), out, dataset="sample", limit=2, device="cpu")
    with pytest.raises(RunError) as caught:
        run(asked)
    told = str(caught.value)
    assert sentence in told
    assert told.startswith("--model ")
    assert str(tmp_path / "mine") in told
    assert "\n" not in told
    assert len(told) < 400 + len(str(tmp_path))
    assert not (tmp_path / "runs").exists()
    if "weights" not in told:
        with pytest.raises(RunError) as planned:
            dry_run(asked)
        assert str(planned.value) == told


def test_weights_that_are_not_there_are_spoken_of(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(whole / "llama", tmp_path / "mine")
    asked = {"model": str(tmp_path / "mine"), "dataset": "sample", "limit": 2, "device": "cpu"}
    assert run(RunConfig(**asked, out=tmp_path / "whole")) is not None  # type: ignore[arg-type]
    assert "at random" not in capsys.readouterr().err
    setting(CONFIG, "num_hidden_layers", 3)(tmp_path / "mine")
    assert run(RunConfig(**asked, out=tmp_path / "part")) is not None  # type: ignore[arg-type]
    assert (
        "note: 9 weights of mine are not in its files and stand at random (model.layers.2."
    ) in capsys.readouterr().err


def test_what_a_library_says_past_python_is_not_shown(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """tokenizers writes the names of keys that it does not know to standard output itself."""
    folder = tiny_models.make("llama", tmp_path / "model")
    content = json.loads((folder / "tokenizer.json").read_text())
    content["added_tokens"][0]["\x1b[31mred"] = True
    (folder / "tokenizer.json").write_text(json.dumps(content))
    run(RunConfig(model=str(folder), dataset="sample", limit=1, device="cpu", out=tmp_path / "out"))
    os.write(1, b"heard again")
    assert capfd.readouterr().out == "heard again"
