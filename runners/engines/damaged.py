"""A model's files that are damaged or missing: one sentence instead of a library's page."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError  # torch's weights-only unpickler raises it; nothing else is used
from threading import Lock
from typing import Literal

from express_metric.errors import ExpressError

from ..errors import RunError
from ..models import ResolvedModel
from .memory import ran_out

Part = Literal["configuration", "tokenizer", "weights", "chat template"]
MEND = "fetch or copy the model again, whole"
# What tokenizers of all kinds are read from.
VOCABULARIES = ("*.json", "*.model", "*.txt", "*.tiktoken")
_SHOWN = 160
_ONE_AT_A_TIME = Lock()


@contextmanager
def in_a_sentence(model: ResolvedModel, part: Part) -> Iterator[None]:
    """Turn what the libraries raise over a model's files into one sentence.

    Args:
        model: whose files are read.
        part: what is read of it.

    Raises:
        RunError: naming the model, its folder, the part and the reason.
    """
    try:
        yield
    except ExpressError:
        raise
    except Exception as error:
        # A value of a kind that the libraries did not think of ends in errors of any kind.
        raise RunError(_sentence(model, part, error)) from error


@contextmanager
def unheard() -> Iterator[None]:
    """Drop what libraries write to standard output past Python: it may quote a file's own codes."""
    with _ONE_AT_A_TIME:
        sys.stdout.flush()
        try:
            before = os.dup(1)
        except OSError:  # it is closed
            yield
            return
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 1)
        try:
            yield
        finally:
            sys.stdout.flush()
            os.dup2(before, 1)
            os.close(before)


def _sentence(model: ResolvedModel, part: Part, error: Exception) -> str:
    name = f"--model {model.name}"
    if isinstance(error, RuntimeError) and ran_out(error):
        return (
            f"{name}: memory ran out while its weights were loaded: use a smaller model, "
            "--dtype bfloat16, or a larger device."
        )
    if "trust_remote_code" in str(error):
        return f"{name} brings code of its own: read it, then add --trust-remote-code."
    if model.pickled and isinstance(error, UnpicklingError):
        return (
            f"{name}: its pytorch_model.bin holds more than weights, or is damaged; code in it is "
            f"for the general unpickler, and it is not run: convert {model.path} to safetensors "
            "where you trust it, or give a revision that has them (MODEL@refs/pr/N)"
        )
    done = "used" if part == "chat template" else "loaded"
    return f"{name}: its {part} cannot be {done} ({_reason(model, part, error)}): {_mend(model)}."


def _mend(model: ResolvedModel) -> str:
    return f"{MEND}, into {model.path}"


def _reason(model: ResolvedModel, part: Part, error: Exception) -> str:
    if part == "tokenizer":
        missing = _vocabulary_fault(model)
        if missing:
            return missing
    if "ignore_mismatched_sizes" in str(error):
        return "they do not fit its config.json"
    told = " ".join(str(error).split()) or type(error).__name__
    return told if len(told) <= _SHOWN else f"{told[:_SHOWN]}..."


def _vocabulary_fault(model: ResolvedModel) -> str | None:
    """What is wrong with the files of a tokenizer, as far as their form tells."""
    found = {file.name for pattern in VOCABULARIES for file in model.path.glob(pattern)}
    # These every model has; a tokenizer is made of others.
    if not {name for name in found if "config" not in name and "index" not in name}:
        return "there is no tokenizer.json, tokenizer.model or other vocabulary"
    return None


def check_objects(model: ResolvedModel) -> None:
    """Refuse a tokenizer without a vocabulary, of which older libraries make an empty one, or
    whose settings are JSON, but no object: the library fails on them.

    Raises:
        ValueError: naming the file.
    """
    if fault := _vocabulary_fault(model):
        raise ValueError(fault)
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        file = model.path / name
        if file.is_file() and not isinstance(json.loads(file.read_text("utf-8")), dict):
            raise ValueError(f"{name} holds no JSON object")
