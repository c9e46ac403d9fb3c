"""GGUF files as models of transformers: each is converted once, and kept."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from express_dataset.errors import require
from express_metric.errors import one_line

from .errors import RunError

CHUNK = 1 << 20
_ONE_AT_A_TIME = Lock()


def file_hash(files: list[Path]) -> str:
    """SHA-256 over names and contents of files, in the order given."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0")
        with file.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
    return digest.hexdigest()


def cache_folder() -> Path:
    """Where converted models are kept: inside the Hugging Face cache."""
    from huggingface_hub.constants import HF_HOME

    return Path(os.environ.get("EXPRESS_CACHE") or Path(HF_HOME) / "express")


def from_gguf(file: Path) -> Path:
    """Convert a GGUF file once to safetensors, kept in the cache under the file's hash."""
    # In "gguf" are conversions in which an output of its own took a tied input's place, in "gguf-2"
    # some of transformers 5.0 with a first token too many.
    target = cache_folder() / "gguf-3" / file_hash([file])[:16]
    if _is_whole(target):
        return target
    shutil.rmtree(target, ignore_errors=True)  # thinned, as clusters do to what lies long unread
    model, tokenizer = _read(file)
    from safetensors import SafetensorError

    unfinished = target.with_name(f"{target.name}.{os.getpid()}")
    try:
        model.save_pretrained(unfinished)
        tokenizer.save_pretrained(unfinished)
        unfinished.rename(target)
    except (OSError, SafetensorError) as error:
        # Another process may have finished the same conversion first.
        if not _is_whole(target):
            raise RunError(
                f"{target} cannot be written ({one_line(str(error))}): free some space, or "
                "name another folder by EXPRESS_CACHE, and run the same command again"
            ) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return target


def _is_whole(folder: Path) -> bool:
    weights = list(folder.glob("*.safetensors"))
    return bool(weights) and (folder / "config.json").is_file() and readable(weights)


def readable(weights: Iterable[Path]) -> bool:
    """Whether files of safetensors have all that their headers tell."""
    safetensors = require("safetensors", "run")
    try:
        for file in weights:
            with safetensors.safe_open(file, "pt"):
                pass
    except (OSError, safetensors.SafetensorError):
        return False
    return True


def _read(file: Path) -> tuple[Any, Any]:
    """The model with plain weights, and its tokenizer."""
    transformers = require("transformers", "run")
    torch = require("torch", "run")
    gguf = require("gguf", "run")
    here, name = str(file.parent), file.name
    try:
        print(f"converting {name}, once ...", file=sys.stderr)
        # transformers draws a bar of its own, whatever it is told.
        with _read_once(gguf), redirect_stderr(io.StringIO()):
            loaded, found = transformers.AutoModelForCausalLM.from_pretrained(
                here, gguf_file=name, dtype=torch.float32, output_loading_info=True
            )
            tokenizer = transformers.AutoTokenizer.from_pretrained(here, gguf_file=name)
            _as_the_file_says(tokenizer, gguf.GGUFReader(str(file)).fields)
    except (ImportError, MemoryError):
        raise
    except Exception as error:  # of damaged files four libraries raise any kind
        told = one_line(str(error)) or type(error).__name__
        if "ignore_mismatched_sizes" in told:
            told = "its weights do not fit its header"
        raise RunError(
            f"--model {file}: not a GGUF file that transformers can read ({told})"
        ) from error
    missing = sorted(found["missing_keys"])
    if missing:
        raise RunError(
            f"--model {file}: weights are missing ({missing[0]}, {len(missing)} in all) and would "
            "stand at random: fetch or copy the model again, whole"
        )
    config = loaded.config
    # A model marked as quantised refuses to be saved, though its weights are plain by now.
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    with torch.device("meta"):  # no weights are drawn at random for nothing
        plain = type(loaded)(config)
    plain.load_state_dict(loaded.state_dict(), assign=True)
    plain.generation_config = loaded.generation_config
    return plain, tokenizer


def _as_the_file_says(tokenizer: Any, fields: Any) -> None:
    """Set what transformers 5.0 takes wrongly from files of GPT-2's kind.

    It begins every text with the first token, whether or not the file asks for that, and ends with
    the first one, too.
    """
    from tokenizers.processors import ByteLevel

    def told(name: str) -> Any:
        field = fields.get(f"tokenizer.ggml.{name}")
        return None if field is None else field.contents()

    if told("model") != "gpt2":
        return
    for mark in ("bos", "eos"):
        if (number := told(f"{mark}_token_id")) is not None:
            setattr(tokenizer, f"{mark}_token", tokenizer.convert_ids_to_tokens(number))
    if told("add_bos_token") is False:
        tokenizer.backend_tokenizer.post_processor = ByteLevel(trim_offsets=False)


@contextmanager
def _read_once(gguf: Any) -> Iterator[None]:
    """Half the time: transformers reads a file three times, and names tensors for each layer."""
    with _ONE_AT_A_TIME:
        kept = {name: getattr(gguf, name) for name in ("GGUFReader", "get_tensor_name_map")}
        for name, function in kept.items():
            setattr(gguf, name, lru_cache(function))
        try:
            yield
        finally:
            for name, function in kept.items():
                setattr(gguf, name, function)
