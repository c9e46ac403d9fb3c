"""The protocol of an engine, and what all engines share."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from express_dataset import Example

from ..models import ResolvedModel
from ..prompts import Template

# Tokens an answer may take: some words of preamble, then each term with quotes and comma.
BUDGET_BASE = 32
BUDGET_PER_MASK = 16

# "[MASK]" and "[mask 1]" echo the question; they are not an answer's list.
_CLOSED_LIST = re.compile(r"\[(?!\s*mask\b)[^\[\]]*\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How to load and prompt a model. `dtype` is "float32" or "bfloat16"."""

    template: Template
    device: str = "cpu"
    dtype: str = "float32"
    trust_remote_code: bool = False


@dataclass(frozen=True, slots=True)
class Prompt:
    """One example made ready for a model: rendered text, token ids, tokens the answer may take."""

    example: Example
    text: str
    ids: tuple[int, ...]
    budget: int

    @property
    def hash(self) -> str:
        """SHA-256 of the rendered text, 16 hex digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model wrote, or `reason` why it was not asked.

    `finish` is "list" (the list was closed), "eos", "length" (budget used up) or "filled".
    """

    completion: str | None
    finish: str | None
    new_tokens: int
    reason: str | None = None


class Engine(Protocol):
    """A loaded model that answers prompts."""

    context: int

    def prepare(self, example: Example) -> Prompt:
        """Render and tokenise the prompt of one example."""
        ...

    def answer(self, prompts: Sequence[Prompt]) -> list[Answer]:
        """Answer one batch, in its order."""
        ...


def closed_list(text: str) -> str | None:
    """The text up to the end of its first closed list, or None while there is none.

    >>> closed_list('Sure: ["sad", "tired"] because')
    'Sure: ["sad", "tired"]'
    >>> closed_list("The [MASK] is") is None
    True
    """
    found = _CLOSED_LIST.search(text)
    return text[: found.end()] if found else None


def budget(n_masks: int) -> int:
    """New tokens allowed for an answer with `n_masks` terms.

    >>> budget(1)
    48
    >>> budget(4) - budget(3)
    16
    """
    return BUDGET_BASE + BUDGET_PER_MASK * n_masks


def load_pretrained(auto: Any, model: ResolvedModel, options: EngineOptions) -> Any:
    """Load weights in inference mode on the device asked for."""
    import torch

    loaded = auto.from_pretrained(
        model.path,
        dtype=getattr(torch, options.dtype),
        use_safetensors=True,
        trust_remote_code=options.trust_remote_code,
    )
    return loaded.eval().to(options.device)


def load_tokenizer(model: ResolvedModel, options: EngineOptions, side: str) -> Any:
    """Load the tokenizer; `side` is where padding goes, "left" or "right"."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(
        model.path, padding_side=side, trust_remote_code=options.trust_remote_code
    )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def context_length(config: Any, tokenizer: Any) -> int:
    """Tokens a model can read: the smaller of what its config and its tokenizer tell."""
    limits = [tokenizer.model_max_length]
    positions = getattr(config, "max_position_embeddings", None)
    if positions:
        # RoBERTa and Longformer keep the first `pad + 1` positions for themselves.
        offset = config.pad_token_id + 1 if config.model_type in {"roberta", "longformer"} else 0
        limits.append(positions - offset)
    return int(min(limits))
