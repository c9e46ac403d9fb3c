"""Masked language models: each mask is filled with the likeliest token."""

from __future__ import annotations

import json
from collections.abc import Sequence

from express_dataset import MASK, Example

from ..models import ResolvedModel
from .base import Answer, EngineOptions, Prompt, context_length, load_pretrained, load_tokenizer


class MaskedEngine:
    """RoBERTa, Longformer and their kin; top-1 for every mask, all masks at once."""

    def __init__(self, model: ResolvedModel, options: EngineOptions) -> None:
        from transformers import AutoModelForMaskedLM

        self._options = options
        self._tokenizer = load_tokenizer(model, options, "right")
        self._model = load_pretrained(AutoModelForMaskedLM, model, options)
        self.context = context_length(self._model.config, self._tokenizer)

    def prepare(self, example: Example) -> Prompt:
        """The example's text with the model's own mask token."""
        shown = self._options.template.render(example.text, len(example.labels))
        text = shown.replace(MASK, self._tokenizer.mask_token)
        return Prompt(example, text, tuple(self._tokenizer(text)["input_ids"]), 0)

    def answer(self, prompts: Sequence[Prompt]) -> list[Answer]:
        """Fill the masks of one batch; the completion is a JSON list of the words."""
        import torch

        rows = [{"input_ids": list(p.ids)} for p in prompts]
        batch = self._tokenizer.pad(rows, return_tensors="pt").to(self._options.device)
        with torch.inference_mode():
            logits = self._model(**batch).logits
        answers = []
        for i in range(len(prompts)):
            masks = batch["input_ids"][i] == self._tokenizer.mask_token_id
            best = logits[i][masks].argmax(-1).tolist()
            words = [self._tokenizer.decode([token]).strip() for token in best]
            answers.append(Answer(json.dumps(words, ensure_ascii=False), "filled", len(words)))
        return answers
