"""A GGUF file becomes a model of transformers with the same weights, and is read once."""

from __future__ import annotations

import resource
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from express_dataset import MissingExtra
from express_runners.errors import RunError
from express_runners.models import resolve

WIDTH, HEADS, INNER = 32, 2, 64
TOKENS = [chr(letter) for letter in range(33, 127)] + ["\u0120", "sa", "sad", "<s>", "</s>"]


Shapes = dict[str, tuple[int, ...]]
LLAMA: Shapes = {
    "token_embd": (len(TOKENS), WIDTH),
    "output_norm": (WIDTH,),
    **{f"blk.0.{name}_norm": (WIDTH,) for name in ("attn", "ffn")},
    **{f"blk.0.attn_{name}": (WIDTH, WIDTH) for name in ("q", "k", "v", "output")},
    **{f"blk.0.ffn_{name}": (INNER, WIDTH) for name in ("gate", "up")},
    "blk.0.ffn_down": (WIDTH, INNER),
}


def write(path: Path, shapes: Shapes = LLAMA, kind: str = "llama", seed: int = 0) -> Path:
    """A model of one layer with a tokenizer of letters."""
    writer = gguf.GGUFWriter(path, kind)
    writer.add_block_count(1)
    writer.add_context_length(64)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_layer_norm_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(TOKENS))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(TOKENS)
    writer.add_token_types([1] * (len(TOKENS) - 2) + [3, 3])
    writer.add_token_merges(["s a", "sa d"])
    writer.add_bos_token_id(len(TOKENS) - 2)
    writer.add_eos_token_id(len(TOKENS) - 1)
    writer.add_add_bos_token(False)
    draw = np.random.default_rng(seed)
    for name, shape in shapes.items():
        whole = name if "." in name.removeprefix("blk.0.") else f"{name}.weight"
        writer.add_tensor(whole, draw.normal(size=shape).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A whole file, and a cache of its own."""
    monkeypatch.setenv("EXPRESS_CACHE", str(tmp_path / "cache"))
    return write(tmp_path / "tiny.gguf")


def test_a_gguf_file_is_converted_once_and_read_once(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """transformers would read it three times: of a large vocabulary each takes seconds."""
    opened = []

    class Counted(gguf.GGUFReader):  # type: ignore[misc]  # untyped base
        def __init__(self, *given: object) -> None:
            opened.append(given)
            super().__init__(*given)

    weights = {t.name: np.array(t.data) for t in gguf.GGUFReader(file).tensors}
    names = gguf.get_tensor_name_map
    monkeypatch.setattr(gguf, "GGUFReader", Counted)
    found = resolve(str(file))
    assert len(opened) == 1
    assert (gguf.GGUFReader, gguf.get_tensor_name_map) == (Counted, names)
    assert (found.family, found.name) == ("causal", "tiny.gguf")
    model = AutoModelForCausalLM.from_pretrained(found.path)
    for ours, theirs in (
        (model.model.embed_tokens, "token_embd"),
        (model.lm_head, "token_embd"),
        (model.model.norm, "output_norm"),
        (model.model.layers[0].mlp.down_proj, "blk.0.ffn_down"),
        (model.model.layers[0].self_attn.v_proj, "blk.0.attn_v"),
    ):
        assert np.array_equal(ours.weight.detach().numpy(), weights[f"{theirs}.weight"])
    tokenizer = AutoTokenizer.from_pretrained(found.path)
    assert tokenizer.convert_ids_to_tokens(tokenizer("sad")["input_ids"]) == ["sad"]
    assert (tokenizer.bos_token, tokenizer.eos_token) == ("<s>", "</s>")
    with torch.inference_mode():
        assert torch.isfinite(model(torch.tensor([[0, 1, 2]])).logits).all()
    # Known by what it holds, wherever it lies.
    again = tmp_path / "elsewhere" / file.name
    again.parent.mkdir()
    shutil.copy(file, again)
    assert resolve(str(again)).path == found.path
    assert len(opened) == 1


def test_a_file_that_lacks_weights_is_refused(file: Path, tmp_path: Path) -> None:
    """transformers draws what is missing at random, and says so to nobody."""
    lacking = write(
        tmp_path / "lacking.gguf", {name: LLAMA[name] for name in LLAMA if name != "blk.0.ffn_norm"}
    )
    with pytest.raises(RunError, match=r"weights are missing \(model\.layers\.0.*, 1 in all\)"):
        resolve(str(lacking))
    assert not (tmp_path / "cache").exists()


def test_weights_of_another_shape_are_refused(file: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "other.gguf", LLAMA | {"blk.0.ffn_down": (WIDTH, INNER + 32)})
    with pytest.raises(
        RunError, match=r"other\.gguf: not a .* \(its weights do not fit its header\)"
    ):
        resolve(str(other))


def test_a_damaged_header_is_one_sentence(file: Path, tmp_path: Path) -> None:
    """The libraries under it raise anything: here OverflowError."""
    damaged = tmp_path / "damaged.gguf"
    data = bytearray(file.read_bytes())
    at = data.index(b"tokenizer.ggml.merges")
    data[at + 32 : at + 40] = b"\xff" * 8  # how many there are
    damaged.write_bytes(data)
    with pytest.raises(RunError, match=r"damaged\.gguf: not a GGUF file"):
        resolve(str(damaged))


@pytest.mark.parametrize("lost", ["config.json", "model.safetensors", "half"])
def test_a_thinned_conversion_is_made_anew(lost: str, file: Path) -> None:
    """Clusters remove from a cache what was not read for weeks."""
    folder = resolve(str(file)).path
    weights = (folder / "model.safetensors").read_bytes()
    if lost == "half":
        (folder / "model.safetensors").write_bytes(weights[:-40])
    else:
        (folder / lost).unlink()
    assert resolve(str(file)).path == folder
    assert (folder / "model.safetensors").read_bytes() == weights
    assert (folder / "config.json").is_file()


def test_an_output_of_its_own_stays_apart_from_the_input(file: Path, tmp_path: Path) -> None:
    """transformers calls every falcon tied, whatever its file holds."""
    shapes: Shapes = {
        "token_embd": (len(TOKENS), WIDTH),
        "output": (len(TOKENS), WIDTH),
        **{f"output_norm.{part}": (WIDTH,) for part in ("weight", "bias")},
        **{f"blk.0.attn_norm.{part}": (WIDTH,) for part in ("weight", "bias")},
        "blk.0.attn_qkv": (WIDTH + 2 * WIDTH // HEADS, WIDTH),
        "blk.0.attn_output": (WIDTH, WIDTH),
        "blk.0.ffn_up": (4 * WIDTH, WIDTH),
        "blk.0.ffn_down": (WIDTH, 4 * WIDTH),
    }
    falcon = write(tmp_path / "falcon.gguf", shapes, "falcon")
    weights = {tensor.name: np.array(tensor.data) for tensor in gguf.GGUFReader(falcon).tensors}
    model = AutoModelForCausalLM.from_pretrained(resolve(str(falcon)).path)
    for ours, theirs in (
        (model.get_input_embeddings(), "token_embd"),
        (model.get_output_embeddings(), "output"),
    ):
        assert np.array_equal(ours.weight.detach().numpy(), weights[f"{theirs}.weight"])


def test_a_disk_that_is_full_is_one_sentence(file: Path, tmp_path: Path) -> None:
    """safetensors raises an error of its own kind."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(RunError, match=r"cannot be written \(.*File too large"):
            resolve(str(file))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list((tmp_path / "cache" / "gguf-3").iterdir())
    assert (resolve(str(file)).path / "config.json").is_file()


def test_two_threads_convert_at_once(file: Path, tmp_path: Path) -> None:
    """The library is as it was, or a file would be taken for one of its name before it."""
    ours = [file, write(tmp_path / "other.gguf", seed=1)]
    names = gguf.GGUFReader, gguf.get_tensor_name_map
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(lambda one: resolve(str(one)), ours))
    assert names == (gguf.GGUFReader, gguf.get_tensor_name_map)
    assert len({model.path for model in found}) == 2


def test_a_missing_package_is_named(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gguf", None)
    with pytest.raises(MissingExtra, match="this needs the package 'gguf'"):
        resolve(str(file))
