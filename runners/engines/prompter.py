"""From an example to a prompt: rendered, tokenised, cut to fit. Needs a tokenizer, no weights."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from express_dataset import MASK, Example

from ..errors import RunError
from ..models import ResolvedModel
from .base import EngineOptions, Prompt, context_length, load_tokenizer
from .chat import in_chat
from .damaged import in_a_sentence

UNLIMITED = 1_000_000


class Prompter:
    """Makes the prompts of one model under one template; `context` is room for answers too."""

    def __init__(self, model: ResolvedModel, options: EngineOptions) -> None:
        from transformers import AutoConfig

        self._family = model.family
        self._options = options
        self._template = options.template
        causal = model.family == "causal"
        with in_a_sentence(model, "configuration"):
            config = AutoConfig.from_pretrained(
                model.path, trust_remote_code=options.trust_remote_code
            )
        self._model = model
        self.tokenizer: Any = load_tokenizer(model, options, "left" if causal else "right")
        if model.family == "masked" and self.tokenizer.mask_token is None:
            raise RunError(
                f"--model {model.name}: its tokenizer has no mask token, so it cannot fill masks: "
                f"give a masked model such as roberta-base, or mend {model.path}"
            )
        # T5's tokenizer says 512, but relative positions have no limit of their own.
        limited = model.family != "seq2seq" or getattr(config, "max_position_embeddings", None)
        with in_a_sentence(model, "tokenizer"):
            self.context = context_length(config, self.tokenizer) if limited else UNLIMITED

    def prepare(self, example: Example, shots: Sequence[Example] = ()) -> Prompt:
        """The prompt of one example, with as many of its `shots` as fit.

        The story is never cut. Whole shots are left out, the first shown first (of similar ones
        the least similar), until prompt and answer fit into the model's context.
        """
        n_masks = len(example.labels)
        allowed = 0
        if self._family != "masked":
            allowed = self._options.budget(n_masks)
        shown = list(shots)
        text, ids = self._encode(example, shown)
        while shown and len(ids) + allowed > self.context:
            del shown[0]
            text, ids = self._encode(example, shown)
        return Prompt(
            example,
            text,
            ids,
            allowed,
            cue=self._template.cue,
            shots=tuple(shot.id for shot in shown),
            shots_dropped=len(shots) - len(shown),
            whole=self._options.whole or self._template.last,
            last=self._template.last,
            opened=_opened(text),
        )

    @property
    def _chat(self) -> str | None:
        return self.tokenizer.chat_template if self._options.chat else None

    @property
    def lead(self) -> str:
        """What stands before an answer: it begins a chat's turn, or follows the prompt's colon."""
        return " " if self._chat is None else ""

    def _encode(self, example: Example, shots: Sequence[Example]) -> tuple[str, tuple[int, ...]]:
        """Rendered text and token ids, inside the chat template iff the tokenizer has one."""
        tokenizer = self.tokenizer
        text = self._template.render(example.text, len(example.labels), shots)
        if self._family == "masked":
            text = text.replace(MASK, tokenizer.mask_token)
        plain = tokenizer(text, verbose=False)["input_ids"]
        if self._family != "causal":
            return text, tuple(plain)
        bos = tokenizer.bos_token_id
        adds_bos = bos is not None and plain[:1] == [bos]
        if self._chat is None:
            return text, one_bos(plain, bos, adds_bos)
        chat = in_chat(self._model, tokenizer, text)
        # The chat template writes its own special tokens; the tokenizer must not add them again.
        ids = tokenizer(chat, add_special_tokens=False, verbose=False)["input_ids"]
        return chat, one_bos(ids, bos, adds_bos)


def _opened(prompt: str) -> str:
    """The mark of reasoning that a chat template has opened at the end of a prompt."""
    found = re.search(r"<think>\s*\Z", prompt)
    return found.group() if found else ""


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
