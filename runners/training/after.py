"""What follows a training or stands in its place: a merged model, prompts for other trainers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from express_dataset.errors import require
from express_dataset.files import whole

from ..engines.base import EngineOptions, load_tokenizer
from ..engines.loading import load_pretrained, quiet
from ..errors import RunError
from ..models import resolve
from ..prompts.wording import answer, ours
from ..runs.store import cannot_write
from .options import TrainConfig
from .train import Material, base_of_training, manifest_of, prepare
from .trainable import AUTO


def merge(model: str, adapter: str | None, out: Path) -> Path:
    """Write base and adapter as one model that needs no PEFT; it keeps what the adapter has seen.

    `model` is the base, or the adapter, which brings its base; `out` is a new or empty folder.
    """
    transformers = require("transformers", "train")
    peft = require("peft", "train")
    quiet()
    found = resolve(model, adapter=adapter)
    if found.adapter is None:
        raise RunError(f"--model {model} is no adapter: give the base's --adapter to merge.")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise RunError(f"--out {out} is there already: give a new folder.")
    options = EngineOptions(ours("zero-shot"))
    auto = getattr(transformers, AUTO[found.family])
    base = load_pretrained(auto, replace(found, adapter=None), options)
    merged = peft.PeftModel.from_pretrained(base, found.adapter.path).merge_and_unload()
    try:
        out.mkdir(parents=True, exist_ok=True)
        merged.save_pretrained(out)
        load_tokenizer(found, options, "right").save_pretrained(out)
        if (manifest := found.manifest) is not None:
            replace(manifest, kind="merged").write(out)
    except OSError as error:
        raise RunError(cannot_write(out, error)) from error
    return out


def export(config: TrainConfig, file: Path) -> tuple[int, Path]:
    """Write what would be learned as a line of JSON each: messages, or a masked text with labels.

    Returns the number of lines, and the manifest's file: put into a folder that another trainer
    made of these lines, as `express.json`, it tells `express run` what was seen.
    """
    if file.is_dir():
        raise RunError(f"--export {file} is a folder: give the name of a file, such as lines.jsonl")
    found = prepare(config)
    beside = file.with_name(f"{file.stem}.express.json")
    try:
        with whole(file) as unfinished, unfinished.open("w", encoding="utf-8") as stream:
            for line in _lines(found):
                stream.write(json.dumps(line, ensure_ascii=False) + "\n")
        manifest_of(config, found, base_of_training(config, found)).write(file.parent)
        (file.parent / "express.json").replace(beside)
    except OSError as error:
        raise RunError(cannot_write(file, error)) from error
    return len(found.rows), beside


def _lines(found: Material) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    for row in found.rows:
        labels = row.example.labels
        text = found.setting.template.render(row.example.text, len(labels), row.shots)
        if found.model.family == "masked":
            lines.append({"text": text, "labels": list(labels)})
            continue
        said = (("user", text), ("assistant", answer(labels)))
        lines.append({"messages": [{"role": role, "content": what} for role, what in said]})
    return lines
