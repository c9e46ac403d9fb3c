"""Learning rows with transformers' Trainer: checkpoints, the best, resuming, what goes wrong."""

from __future__ import annotations

import json
import math
import os
import shutil
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

from ..errors import RunError
from ..gguf import readable
from ..runs.progress import progress
from ..runs.store import cannot_write
from .options import Recipe, TrainConfig
from .targets import IGNORED, Collator, Row

CHECKPOINTS = "checkpoints"
CHECKPOINTS_PER_EPOCH = 2


@dataclass(frozen=True, slots=True)
class Steps:
    """How rows make steps: `batch` to a step over all processes, `rows` at once on each."""

    batch: int
    rows: int
    per_epoch: int
    total: int
    between_checkpoints: int


def steps_of(rows: Sequence[Row], config: TrainConfig, epochs: float, processes: int = 1) -> Steps:
    """Plan the steps.

    A step holds the same rows whatever the number of processes and whatever fits at once. The rows
    that would make an incomplete last step wait for the next epoch's draw.
    """
    batch = min(config.batch_size, len(rows))
    if batch % processes:
        batch = batch // processes * processes
        if config.batch_size % processes or not batch:
            raise RunError(
                f"--batch-size {config.batch_size} cannot be shared by {processes} processes for "
                f"{len(rows)} examples: give a multiple of {processes}, or start fewer processes."
            )
    fit = max(1, config.batch_tokens // max(row.tokens for row in rows))
    own = batch // processes
    at_once = max(n for n in range(1, own + 1) if own % n == 0 and n <= fit)
    per_epoch = len(rows) // batch
    total = max(1, math.ceil(per_epoch * epochs))
    between = config.save_steps or math.ceil(per_epoch / CHECKPOINTS_PER_EPOCH)
    return Steps(batch, at_once, per_epoch, total, between)


def arguments(config: TrainConfig, dtype: str, recipe: Recipe) -> Any:
    """The Trainer's arguments but for the steps; making them joins the other processes."""
    import torch
    from transformers import TrainingArguments

    on_cpu = config.device == "cpu" or not torch.cuda.is_available()
    made = TrainingArguments(
        output_dir=str(config.out / CHECKPOINTS),
        learning_rate=recipe.learning_rate,
        lr_scheduler_type=recipe.scheduler,
        max_steps=1,
        weight_decay=0.0,
        seed=config.seed,
        data_seed=config.seed,
        use_cpu=on_cpu,
        ddp_backend="gloo" if on_cpu and int(os.environ.get("WORLD_SIZE", "1")) > 1 else None,
        ddp_timeout=7 * 24 * 3600,
        bf16=dtype == "bfloat16",
        **({"gradient_checkpointing": True} if config.gradient_checkpointing else {}),
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_strategy="steps",
        save_total_limit=2,
        restore_callback_states_from_checkpoint=True,
        remove_unused_columns=False,
        label_names=["labels"],
        prediction_loss_only=True,
        disable_tqdm=True,
        report_to="none",
        log_level="error",
    )
    # One process drives one device; more are started by torchrun or accelerate.
    made._n_gpu = min(made.n_gpu, 1)
    return made


def learn(
    model: Any,
    args: Any,
    parts: tuple[Sequence[Row], Sequence[Row]],
    steps: Steps,
    config: TrainConfig,
    pad: int | None,
) -> Any:
    """Train on the first rows, choose by the loss on the second; the Trainer with its history.

    Goes on from the last whole checkpoint in the folder.
    """
    from transformers import EarlyStoppingCallback, PrinterCallback

    rows, validation = parts
    _set_steps(args, steps, chosen=bool(validation))
    last = _last_checkpoint(Path(args.output_dir), clean=args.process_index == 0)
    args.distributed_state.wait_for_everyone()
    shown = args.process_index == 0
    with progress("training", steps.total, shown=shown) as bar:
        callbacks: list[Any] = [_watch(bar)]
        if validation and config.patience:
            callbacks.append(EarlyStoppingCallback(config.patience))
        trainer = _trainer_class()(
            model=model,
            args=args,
            train_dataset=list(rows),
            eval_dataset=list(validation) or None,
            data_collator=_collate(model, pad),
            compute_loss_func=_loss(shift=not _encodes(model) and _is_causal(model)),
            callbacks=callbacks,
        )
        trainer.remove_callback(PrinterCallback)
        trainer.rows_per_epoch = steps.per_epoch * steps.batch
        trainer.masked = not _encodes(model) and not _is_causal(model)
        _train(trainer, last)
    return trainer


def _train(trainer: Any, last: Path | None) -> None:
    from safetensors import SafetensorError

    folder = Path(trainer.args.output_dir)
    try:
        with warnings.catch_warnings():
            # The Trainer warns of names that it uses itself.
            warnings.simplefilter("ignore", FutureWarning)
            trainer.train(resume_from_checkpoint=str(last) if last else None)
    except (OSError, SafetensorError, RuntimeError) as error:
        if isinstance(error, OSError):
            raise RunError(cannot_write(folder, error)) from error
        told = str(error)
        # What safetensors and PyTorch's writer say where a disk is full.
        if isinstance(error, SafetensorError) or "PytorchStreamWriter" in told:
            raise RunError(
                f"a checkpoint in {folder} cannot be written ({told.splitlines()[0][:120]}): free "
                "some space and run the same command again; it goes on from the one before."
            ) from error
        raise


def _set_steps(args: Any, steps: Steps, chosen: bool) -> None:
    processes = args.distributed_state.num_processes
    args.per_device_train_batch_size = args.per_device_eval_batch_size = steps.rows
    args.gradient_accumulation_steps = steps.batch // processes // steps.rows
    args.max_steps = steps.total
    args.save_steps = args.eval_steps = steps.between_checkpoints
    if chosen:
        from transformers.trainer_utils import IntervalStrategy

        args.eval_strategy = IntervalStrategy.STEPS
        args.load_best_model_at_end = True
        args.metric_for_best_model, args.greater_is_better = "eval_loss", False


def _last_checkpoint(folder: Path, clean: bool) -> Path | None:
    """The last checkpoint that was written to its end; halves of others are removed."""
    whole = []
    for path in folder.glob("checkpoint-*"):
        if _is_whole(path):
            whole.append(path)
        elif clean:
            shutil.rmtree(path, ignore_errors=True)
    return max(whole, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


def _is_whole(checkpoint: Path) -> bool:
    """Whether every file in it can be read: a kill or a full disk may leave halves."""
    try:
        # The Trainer writes this file last.
        state = json.loads((checkpoint / "trainer_state.json").read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    if not isinstance(state, dict) or not readable(checkpoint.rglob("*.safetensors")):
        return False
    return all(is_zipfile(file) for file in checkpoint.rglob("*.pt*"))


def _trainer_class() -> Any:
    from torch.utils.data import RandomSampler
    from transformers import Trainer

    class WholeSteps(Trainer):  # type: ignore[misc]
        """Draws as many rows for an epoch as make whole steps."""

        rows_per_epoch = 0
        masked = False

        def compute_loss(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
            """Of a masked model compute words only at masks: a vocabulary is its widest part."""
            if not self.masked:
                return super().compute_loss(model, inputs, *args, **kwargs)
            learned = inputs["labels"] != IGNORED
            inputs["labels"] = inputs["labels"][learned]
            head = _inner(self.accelerator.unwrap_model(model)).get_output_embeddings()
            hook = head.register_forward_pre_hook(lambda _, given: (given[0][learned],))
            try:
                return super().compute_loss(model, inputs, *args, **kwargs)
            finally:
                hook.remove()

        def _get_train_sampler(self, train_dataset: Any = None) -> Any:
            return RandomSampler(
                self.train_dataset if train_dataset is None else train_dataset,
                num_samples=self.rows_per_epoch,
            )

    return WholeSteps


def _watch(bar: Any) -> Any:
    """Moves the bar on, and stops where the loss is no number."""
    from transformers import TrainerCallback

    class Watch(TrainerCallback):  # type: ignore[misc]
        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            bar.advance(state.global_step)

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            bar.advance(1)

        def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.global_step < state.max_steps:
                bar.tell("training, ended early")

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            values = {name: (logs or {}).get(name) for name in ("loss", "grad_norm", "eval_loss")}
            for name, value in values.items():
                if value is not None and not math.isfinite(value):
                    raise RunError(
                        f"step {state.global_step}: the {name.replace('_', ' ')} is {value}, so "
                        "nothing can be learned any more; the last checkpoint is kept: begin anew "
                        "in another --out with a smaller --learning-rate."
                    )
            if values["loss"] is not None:
                bar.tell(f"training, loss {values['loss']:.3f}")

    return Watch()


def _inner(model: Any) -> Any:
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def _encodes(model: Any) -> bool:
    return bool(_inner(model).config.is_encoder_decoder)


def _is_causal(model: Any) -> bool:
    return not type(_inner(model)).__name__.endswith("ForMaskedLM")


def _collate(model: Any, pad: int | None) -> Any:
    """A collator; for an encoder-decoder it shifts the answer for the decoder as well.

    A causal model is asked for logits where some row learns only: a vocabulary can be very large.
    """
    plain, inner = Collator(pad), _inner(model)
    if not _encodes(model):
        if not _is_causal(model) or "logits_to_keep" not in signature(inner.forward).parameters:
            return plain

        def few(rows: list[Row]) -> dict[str, Any]:
            batch = plain(rows)
            return {**batch, "logits_to_keep": _before_learned(batch["labels"])}

        return few

    def both(rows: list[Row]) -> dict[str, Any]:
        batch = plain(rows)
        shifted = inner.prepare_decoder_input_ids_from_labels(labels=batch["labels"])
        return {**batch, "decoder_input_ids": shifted}

    return both


def _before_learned(labels: Any) -> Any:
    """The places from which some row's next token is learned."""
    return (labels[:, 1:] != IGNORED).any(0).nonzero().flatten()


def _loss(shift: bool) -> Any:
    """Cross entropy over what is learned, divided by all of it in the step, on every process."""
    import torch

    def loss(outputs: Any, labels: Any, num_items_in_batch: Any = None) -> Any:
        logits = outputs.logits
        if shift:
            places = _before_learned(labels)
            if logits.shape[1] == labels.shape[1]:
                logits = logits[:, places]
            labels = labels[:, 1:][:, places]
        # Only these positions are widened to float32.
        learned = labels != IGNORED
        total = torch.nn.functional.cross_entropy(
            logits[learned].float(), labels[learned], reduction="sum"
        )
        return total / (learned.sum() if num_items_in_batch is None else num_items_in_batch)

    return loss
