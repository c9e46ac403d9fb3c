"""One training, from options to a folder that `express run` can use."""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from express_dataset import Example
from express_dataset.errors import require
from express_dataset.files import own_path
from express_dataset.reading.typed import Malformed, as_json, read
from express_dataset.schema import fingerprint
from express_dataset.sources import Loaded, how_to_divide, load_all
from express_dataset.splits import normalised

from ..engines.base import EngineOptions
from ..engines.loading import quiet
from ..engines.prompter import Prompter
from ..errors import RunError
from ..manifest import Base, Manifest, Training, hashes
from ..models import ADAPTER_FILE, ResolvedModel, resolve
from ..prompts.setting import Setting, setting_of
from ..prompts.shots import choose
from ..runs.evidence import versions
from ..runs.guard import end_with_launcher, meeting
from ..runs.setup import pool_of
from ..runs.store import RunFolder, differences, read_json, write_json
from .learning import CHECKPOINTS, Steps, arguments, learn, steps_of
from .options import Recipe, TrainConfig
from .parts import divide
from .targets import Row, Targets
from .trainable import trainable

TRAINING_FILE = "training.json"


@dataclass(frozen=True, slots=True)
class Material:
    """All that a training is made of, before any weight is loaded."""

    loaded: Loaded
    model: ResolvedModel
    setting: Setting
    options: EngineOptions
    recipe: Recipe
    rows: tuple[Row, ...]
    validation: tuple[Row, ...]
    left_out: dict[str, int]
    tokenizer: Any

    @property
    def examples(self) -> tuple[Example, ...]:
        """What is learned."""
        return tuple(row.example for row in self.rows)

    @property
    def prompt(self) -> str:
        """The prompt as a signature names it."""
        return f"{self.setting.name}@{self.setting.template.hash}"


def prepare(config: TrainConfig, weights: bool = True) -> Material:
    """Read data and model's configuration, and make the rows."""
    data = load_all(config.dataset)
    loaded = data["train"]
    if not loaded.examples:
        raise RunError(
            f"--dataset {config.dataset} has no train split to learn from; divide it: "
            f"{how_to_divide(config.dataset)}"
        )
    asking = config.asking()
    model = resolve(config.model, config.family, weights, config.adapter)
    if config.full and model.adapter is not None:
        raise RunError(
            "--full trains all weights, and --model is an adapter: merge it first "
            f"(express merge --model {config.model} --out DIR)."
        )
    setting = setting_of(asking, model.family)
    options = EngineOptions(
        setting.template,
        dtype=_dtype(config),
        device=_device(config),
        trust_remote_code=config.trust_remote_code,
        quantize=config.quantize,
    )
    apart = [row for name in ("test", "few_shot") for row in data[name].examples]
    parts = divide(loaded.examples, apart, config.validation, config.seed)
    targets = Targets(prompter := Prompter(model, options), model.family, config.several_tokens)
    pool = pool_of(asking, setting, data)
    left = Counter(parts.left_out)

    def rows(examples: Sequence[Example], most: int | None = None) -> tuple[Row, ...]:
        found: list[Row] = []
        for example, shots in zip(examples, choose(setting, pool, examples), strict=True):
            if len(found) == most:
                break
            row = targets.row(example, shots)
            if isinstance(row, str):
                left[row] += 1
            else:
                found.append(row)
        return tuple(found)

    learned, validation = rows(parts.learned, config.limit), rows(parts.validation)
    if not learned:
        why = ", ".join(f"{reason}: {n}" for reason, n in sorted(left.items())) or "none was there"
        raise RunError(
            f"nothing is left to learn of the {len(loaded.examples)} examples in the train split "
            f"of {config.dataset} ({why}): give other data, or a smaller --validation."
        )
    return Material(
        loaded,
        model,
        setting,
        options,
        config.recipe(model.family),
        learned,
        validation,
        dict(left),
        prompter.tokenizer,
    )


def _device(config: TrainConfig) -> str:
    torch = require("torch", "run")
    there = torch.cuda.is_available()
    if config.device == "cuda" and not there:
        raise RunError("--device cuda: no CUDA device is visible here; use --device cpu.")
    return "cuda" if there and config.device != "cpu" else "cpu"


def _dtype(config: TrainConfig) -> str:
    torch = require("torch", "run")
    if config.dtype == "float16":
        raise RunError("--dtype float16 is too coarse to train with: use bfloat16 or float32.")
    if config.dtype != "auto":
        return config.dtype
    good = _device(config) == "cuda" and torch.cuda.is_bf16_supported()
    return "bfloat16" if good else "float32"


@dataclass(frozen=True, slots=True)
class Trained:
    """A finished training: its folder and what `training.json` tells of it."""

    folder: Path
    record: dict[str, Any]


def train(config: TrainConfig) -> Trained | None:
    """Train, or go on where the same command stopped; None in all but the main process."""
    end_with_launcher()
    quiet()
    if not config.full:
        require("peft", "train")
    with ExitStack() as stack:
        with meeting():
            args = arguments(config, _dtype(config), Recipe(1, (), 1.0, 1.0))
            state = args.distributed_state
            state.wait_for_everyone()
        if state.is_main_process:
            stack.enter_context(RunFolder(config.out))
            stack.enter_context(_told_when_stopped(config.out))
        with state.main_process_first():
            found = prepare(config)
        steps = steps_of(found.rows, config, found.recipe.epochs, state.num_processes)
        asked = _asked(config, found, steps)
        record = _begin(config.out, asked, main=state.is_main_process)
        state.wait_for_everyone()
        if "result" not in record:
            _fit(args, config, found, steps, record)
        return Trained(config.out, record) if state.is_main_process else None


def _asked(config: TrainConfig, found: Material, steps: Steps) -> dict[str, Any]:
    """Every setting that makes the weights what they are; a resumed training must have the same."""
    adapter = found.model.adapter
    return {
        "model": {"name": found.model.name, "revision": found.model.revision},
        "adapter": {"name": adapter.name, "revision": adapter.revision} if adapter else None,
        "family": found.model.family,
        "data": found.loaded.data,
        "fingerprint": fingerprint(found.examples),
        "validation": fingerprint(row.example for row in found.validation),
        "prompt": found.prompt,
        "recipe": asdict(found.recipe),
        "full": config.full,
        "quantize": config.quantize,
        "several_tokens": config.several_tokens,
        "steps": {"batch": steps.batch, "total": steps.total, "save": steps.between_checkpoints},
        "patience": config.patience,
        "seed": config.seed,
        "dtype": found.options.dtype,
    }


def _begin(out: Path, asked: dict[str, Any], main: bool) -> dict[str, Any]:
    """The record of this training: what was begun before, or what is begun now."""
    file = out / TRAINING_FILE
    if file.is_file():
        record = read_json(file, "give another --out")
        differing = differences(record.get("asked"), json.loads(json.dumps(asked)))
        if differing:
            raise RunError(
                f"{out} was begun with other settings ({'; '.join(differing)}): give another --out."
            )
        _check_result(file, record)
        return record
    if any(out.glob("*.safetensors")) or (out / "config.json").is_file():
        raise RunError(f"--out {out} holds another model, which would be lost: give a new folder.")
    record = {"asked": asked}
    if main:
        write_json(file, record)
    return record


def _check_result(file: Path, record: Mapping[str, Any]) -> None:
    try:
        if "result" in record and not read(Result, record["result"], "result").loss:
            raise Malformed("result.loss is empty")
    except Malformed as error:
        raise RunError(f"{file}: {error}: give another --out.") from None


def _fit(
    args: Any, config: TrainConfig, found: Material, steps: Steps, record: dict[str, Any]
) -> None:
    """Train, then write weights, manifest and record; the checkpoints go."""
    from transformers import set_seed

    args.learning_rate, args.lr_scheduler_type = found.recipe.learning_rate, found.recipe.scheduler
    args.warmup_steps = round(found.recipe.warmup * steps.total)
    set_seed(config.seed)
    # Weights that are trained themselves stay in float32; bfloat16 is what they compute in.
    options = replace(found.options, dtype="float32") if config.full else found.options
    # The Trainer moves the model to the device of its own process.
    options = options if config.quantize else replace(options, device="cpu")
    model = trainable(found.model, options, config, found.recipe)
    weights = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    pad = found.tokenizer.pad_token_id
    trainer = learn(model, args, (found.rows, found.validation), steps, config, pad)
    if trainer.is_fsdp_enabled:
        # Checkpoints are in parts, what is kept is whole.
        trainer.accelerator.state.fsdp_plugin.set_state_dict_type("FULL_STATE_DICT")
    trainer.save_model(str(config.out))
    args.distributed_state.wait_for_everyone()
    if args.process_index != 0:
        return
    # The Trainer's own arguments, pickled: nothing here reads a pickle.
    (config.out / "training_args.bin").unlink(missing_ok=True)
    base = base_of_training(config, found)
    if config.full:
        found.tokenizer.save_pretrained(config.out)
    else:
        _name_base(config.out / ADAPTER_FILE, base)
    record["result"] = as_json(result_of(trainer.state, found, weights))
    manifest_of(config, found, base).write(config.out)
    write_json(config.out / TRAINING_FILE, record)
    shutil.rmtree(config.out / CHECKPOINTS, ignore_errors=True)


def base_of_training(config: TrainConfig, found: Material) -> Base:
    """The base as another machine, or the same one later, finds it again."""
    model, source = found.model, config.model
    if (parent := model.manifest) is not None and model.adapter is not None:
        return parent.last.base
    if own_path(source).exists():
        source = str(own_path(source).resolve())
    elif "@" not in source:
        source = f"{source}@{model.revision}"
    return Base(model.name, source, model.revision, model.family)


def _name_base(file: Path, base: Base) -> None:
    """PEFT keeps the folder that the base was loaded from; others need its name."""
    repo, _, revision = base.source.partition("@")
    named = {"base_model_name_or_path": repo, "revision": revision or None}
    write_json(file, {**read_json(file), **named})


def manifest_of(config: TrainConfig, found: Material, base: Base) -> Manifest:
    """What this training has seen, after what its parents had."""
    parent = found.model.manifest
    examples = found.examples
    training = Training(
        base=base,
        data=found.loaded.data,
        split="train",
        fingerprint=fingerprint(examples),
        prompt=found.prompt,
        seed=config.seed,
        examples=len(examples),
        left_out=found.left_out,
        versions={k: v for k, v in versions().items() if v},
        labels=dict(Counter(normalised(term) for row in examples for term in row.labels)),
        posts=hashes(row.post_id for row in examples),
        texts=hashes(normalised(row.text) for row in examples),
    )
    kind = "full" if config.full else "adapter"
    return Manifest(kind, (*(parent.trainings if parent else ()), training))


@dataclass(frozen=True, slots=True)
class Point:
    """The loss at a step."""

    step: int
    loss: float


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a training: loss by step, the chosen step, counts."""

    examples: int
    posts: int
    masks: int
    masks_not_learned: int
    validation_examples: int
    left_out: dict[str, int]
    trained_weights: int
    steps: int
    chosen_step: int
    loss: tuple[Point, ...]
    validation_loss: tuple[Point, ...]


def result_of(state: Any, found: Material, weights: int) -> Result:
    """What a training's log tells of it."""
    learned = [Point(e["step"], e["loss"]) for e in state.log_history if "loss" in e]
    chosen = [Point(e["step"], e["eval_loss"]) for e in state.log_history if "eval_loss" in e]
    return Result(
        examples=len(found.rows),
        posts=len({row.example.post_id for row in found.rows}),
        masks=sum(len(row.example.labels) for row in found.rows),
        masks_not_learned=sum(row.unlearned for row in found.rows),
        validation_examples=len(found.validation),
        left_out=found.left_out,
        trained_weights=weights,
        steps=state.global_step,
        chosen_step=min(chosen, key=lambda one: one.loss).step if chosen else state.global_step,
        loss=tuple(learned),
        validation_loss=tuple(chosen),
    )


@contextmanager
def _told_when_stopped(out: Path) -> Iterator[None]:
    """Say what is kept where the user stops the training (Ctrl-C)."""
    try:
        yield
    except KeyboardInterrupt:
        there = sorted((out / CHECKPOINTS).glob("checkpoint-*"))
        kept = f"{len(there)} checkpoints are kept" if there else "there was no checkpoint yet"
        print(f"stopped: {kept}, and the same command goes on.", file=sys.stderr)
        raise
