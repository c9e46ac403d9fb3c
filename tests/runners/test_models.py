"""From what `--model` says to a folder, a revision and a family."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import safetensors.torch
import torch
from support import tiny_models
from support.loopback_hub import LoopbackHub

from express_runners.errors import RunError
from express_runners.models import family_of, resolve


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.make("llama", tmp_path_factory.mktemp("models") / "tiny-llama")


@pytest.mark.parametrize(
    ("config", "family"),
    [
        ({"architectures": ["RobertaForMaskedLM"]}, "masked"),
        ({"architectures": ["LongformerForMaskedLM"]}, "masked"),
        ({"architectures": ["T5ForConditionalGeneration"], "is_encoder_decoder": True}, "seq2seq"),
        ({"architectures": ["BartModel"], "is_encoder_decoder": True}, "seq2seq"),
        ({"architectures": ["LlamaForCausalLM"]}, "causal"),
        ({"architectures": ["Gemma3ForConditionalGeneration"]}, "causal"),
        ({"architectures": ["GPT2LMHeadModel"]}, "causal"),
        ({"architectures": ["RobertaModel"]}, None),
        ({"architectures": [{}]}, None),
        ({"architectures": 5}, None),
        ({}, None),
    ],
)
def test_family_of_a_config(config: dict[str, object], family: str | None) -> None:
    assert family_of(config) == family


def test_a_folder_is_named_by_its_content(llama: Path, tmp_path: Path) -> None:
    found = resolve(str(llama))
    assert (found.name, found.family, found.path) == ("tiny-llama", "causal", llama)
    other = tiny_models.make("llama", tmp_path / "tiny-llama", seed=1)
    assert resolve(str(other)).revision != found.revision
    same = tiny_models.make("llama", tmp_path / "again")
    assert resolve(str(same)).revision == found.revision


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (None, "config.json is missing"),
        ("{", "is not valid JSON"),
        ("[" * 100_000, "is not valid JSON"),
        (
            '{"architectures": ["LlamaForCausalLM"]}',
            "has neither .safetensors weights nor a pytorch_model.bin",
        ),
    ],
)
def test_a_folder_that_is_no_model(config: str | None, sentence: str, tmp_path: Path) -> None:
    if config is not None:
        (tmp_path / "config.json").write_text(config)
    with pytest.raises(RunError, match=sentence):
        resolve(str(tmp_path))


def test_an_unknown_architecture_asks_for_the_family(llama: Path, tmp_path: Path) -> None:
    for file in llama.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"architectures": ["Odd"]}))
    with pytest.raises(RunError, match=r"add --family masked\|seq2seq\|causal"):
        resolve(str(tmp_path))
    assert resolve(str(tmp_path), "causal").family == "causal"


@pytest.mark.parametrize("name", ["./nowhere", "/nowhere", "nowhere.gguf"])
def test_a_path_that_is_not_there(name: str) -> None:
    with pytest.raises(RunError, match="no such"):
        resolve(name)


@pytest.mark.parametrize("name", ["model.gguf", "MODEL.GGUF"])
def test_a_file_that_is_no_gguf(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPRESS_CACHE", str(tmp_path / "cache"))
    file = tmp_path / name
    file.write_bytes(b"GGUF, but not really")
    with pytest.raises(RunError, match=rf"{name}: not a GGUF file that transformers can read"):
        resolve(str(file))


def on_the_hub(hub: LoopbackHub, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command with the real Hub client against the loopback Hub."""
    environment = os.environ | hub.environment(str(home))
    environment.pop("HF_TOKEN", None)
    return subprocess.run(
        [sys.executable, "-m", "express_runners.cli", "run", "--dataset", "sample", *words],
        env=environment,
        cwd=home,
        capture_output=True,
        text=True,
    )


def test_a_model_from_the_hub_is_pinned_to_its_commit(llama: Path, tmp_path: Path) -> None:
    with LoopbackHub() as hub:
        files = {file.name: file.read_bytes() for file in llama.iterdir()}
        sha = hub.model("org/tiny").commit(files | {"pytorch_model.bin": b"never fetched"})
        words = ("--model", "org/tiny@main", "--limit", "2", "--out", "run")
        done = on_the_hub(hub, tmp_path, *words)
        assert done.returncode == 0, done.stderr
        asked = json.loads((tmp_path / "run" / "run.json").read_text())["asked"]
        assert asked["model"] == {"name": "org/tiny", "revision": sha, "family": "causal"}
        assert not any(".bin" in request for request in hub.requests)


def test_old_weights_come_from_the_hub_where_there_are_no_others(
    llama: Path, tmp_path: Path
) -> None:
    files = {file.name: file.read_bytes() for file in llama.iterdir()}
    stream = io.BytesIO()
    torch.save(safetensors.torch.load(files["model.safetensors"]), stream)
    old = {k: v for k, v in files.items() if k != "model.safetensors"}
    with LoopbackHub() as hub:
        repository = hub.model("org/old")
        sha = repository.commit(old | {"pytorch_model.bin": stream.getvalue()})
        repository.commit(files, ref="refs/pr/7")
        for model, pickled in (("org/old", True), ("org/old@refs/pr/7", None)):
            out = tmp_path / str(pickled)
            done = on_the_hub(hub, tmp_path, "--model", model, "--limit", "2", "--out", str(out))
            assert done.returncode == 0, done.stderr
            assert ("is read by torch's weights-only unpickler" in done.stderr) is bool(pickled)
            asked = json.loads((out / "run.json").read_text())["asked"]["model"]
            assert asked.get("pickled") is pickled
            assert (asked["revision"] == sha) is bool(pickled)


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        ("org/gated", "org/gated is gated: accept its terms on https://huggingface.co/org/gated"),
        ("org/nowhere", "org/nowhere is not on the Hub, or is private"),
        ("org/tiny@nope", "org/tiny has no revision 'nope'"),
        ("a b", "is neither a folder here nor a Hub id"),
        ("org/bare", "has neither .safetensors weights nor a pytorch_model.bin"),
    ],
)
def test_a_model_that_cannot_be_had(model: str, sentence: str, llama: Path, tmp_path: Path) -> None:
    with LoopbackHub() as hub:
        files = {file.name: file.read_bytes() for file in llama.iterdir()}
        hub.model("org/tiny").commit(files)
        hub.model("org/gated", gated=True).commit(files)
        del files["model.safetensors"]
        hub.model("org/bare").commit(files | {"training_args.bin": b"never fetched"})
        done = on_the_hub(hub, tmp_path, "--model", model, "--out", "run")
        assert done.returncode == 2, done.stderr
        assert sentence in done.stderr
        assert "Traceback" not in done.stderr


def test_no_network_names_the_way_out(tmp_path: Path) -> None:
    hub = LoopbackHub()
    with hub:
        pass
    done = on_the_hub(hub, tmp_path, "--model", "org/tiny", "--out", "run")
    assert done.returncode == 2
    assert "the Hub cannot be reached: go online, or give a local folder" in done.stderr


def test_a_link_and_a_folder_of_the_cache_are_called_what_a_user_calls_them(tmp_path: Path) -> None:
    folder = tmp_path / "models--org--name" / "snapshots" / "0a1b2c"
    tiny_models.make("roberta", folder)
    assert resolve(str(folder)).name == "org/name"
    link = tmp_path / "mine"
    link.symlink_to(folder)
    assert resolve(str(link)).name == "mine"
