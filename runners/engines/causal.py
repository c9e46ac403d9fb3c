"""Decoder-only models, with their chat template where they have one."""

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


class CausalEngine:
    """Llama, Gemma, Qwen and their kin, base or instruct."""

    def __init__(self, model: ResolvedModel, options: EngineOptions) -> None:
        from transformers import AutoModelForCausalLM

        self._template = options.template
        self._tokenizer = load_tokenizer(model, options, "left")
        self._model = load_pretrained(AutoModelForCausalLM, model, options)
        self.context = context_length(self._model.config, self._tokenizer)

    def prepare(self, example: Example) -> Prompt:
        """The rendered template, inside the chat template iff the tokenizer has one."""
        n_masks = len(example.labels)
        text = self._template.render(example.text, n_masks)
        plain = self._tokenizer(text, verbose=False)["input_ids"]
        bos = self._tokenizer.bos_token_id
        adds_bos = bos is not None and plain[:1] == [bos]
        if self._tokenizer.chat_template is None:
            return Prompt(example, text, one_bos(plain, bos, adds_bos), budget(n_masks))
        chat = self._tokenizer.apply_chat_template(
            [{"role": "user", "content": text}], add_generation_prompt=True, tokenize=False
        )
        # The chat template writes its own special tokens; the tokenizer must not add them again.
        ids = self._tokenizer(chat, add_special_tokens=False, verbose=False)["input_ids"]
        return Prompt(example, chat, one_bos(ids, bos, adds_bos), budget(n_masks))

    def answer(self, prompts: Sequence[Prompt]) -> list[Answer]:
        """Answer one batch greedily."""
        return generate(self._model, self._tokenizer, prompts)


def one_bos(ids: Sequence[int], bos: int | None, required: bool) -> tuple[int, ...]:
    """Token ids that begin with exactly one BOS, or with none where the model uses none.

    >>> one_bos([1, 1, 5], bos=1, required=True)
    (1, 5)
    >>> one_bos([5], bos=1, required=True)
    (1, 5)
    """
    rest = list(ids)
    had = bool(rest) and rest[0] == bos
    while rest and rest[0] == bos:
        rest.pop(0)
    return (bos, *rest) if bos is not None and (had or required) else tuple(rest)
