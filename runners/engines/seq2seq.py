"""Encoder-decoder models: the prompt goes to the encoder, the answer comes from the decoder."""

from __future__ import annotations

from collections.abc import Sequence

from express_dataset import Example

from ..models import ResolvedModel
from .base import (
    Answer,
    EngineOptions,
    Prompt,
    budget,
    context_length,
    load_pretrained,
    load_tokenizer,
)
from .generation import generate


class Seq2SeqEngine:
    """T5, Flan-T5, BART and their kin."""

    def __init__(self, model: ResolvedModel, options: EngineOptions) -> None:
        from transformers import AutoModelForSeq2SeqLM

        self._template = options.template
        self._tokenizer = load_tokenizer(model, options, "right")
        self._model = load_pretrained(AutoModelForSeq2SeqLM, model, options)
        # T5's tokenizer says 512, but relative positions have no limit of their own.
        limited = getattr(self._model.config, "max_position_embeddings", None)
        self.context = context_length(self._model.config, self._tokenizer) if limited else 1_000_000

    def prepare(self, example: Example) -> Prompt:
        """The rendered template as encoder input."""
        n_masks = len(example.labels)
        text = self._template.render(example.text, n_masks)
        ids = self._tokenizer(text, verbose=False)["input_ids"]
        return Prompt(example, text, tuple(ids), budget(n_masks))

    def answer(self, prompts: Sequence[Prompt]) -> list[Answer]:
        """Answer one batch greedily."""
        return generate(self._model, self._tokenizer, prompts)
