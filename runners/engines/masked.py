"""Masked language models: each mask is filled with the likeliest token."""

from __future__ import annotations

import json
from collections.abc import Sequence

from express_dataset import Example

from ..models import ResolvedModel
from ..vocabulary import Vocabulary
from .base import Answer, EngineOptions, Prompt
from .loading import load_pretrained
from .memory import batch_tokens
from .packed import packed
from .prompter import Prompter
from .rank.masked import MaskedRanker, logits_at, one_token


class MaskedEngine:
    """RoBERTa, Longformer and their kin; top-1 for every mask, all masks at once."""

    def __init__(self, model: ResolvedModel, options: EngineOptions) -> None:
        from transformers import AutoModelForMaskedLM

        self._prompter = Prompter(model, options)
        self._tokenizer = self._prompter.tokenizer
        self._model = packed(load_pretrained(AutoModelForMaskedLM, model, options), options)
        self.context = self._prompter.context
        self._others = options.others
        self._ranker: MaskedRanker | None = None
        if options.vocabulary is not None:
            self.rank(options.vocabulary)
        self.batch_tokens = batch_tokens(self._model)

    def rank(self, vocabulary: Vocabulary) -> None:
        """Rank these terms from now on, but for those of several tokens."""
        self.vocabulary = one_token(self._tokenizer, vocabulary)
        terms = self.vocabulary.terms
        self._ranker = MaskedRanker(self._model, self._tokenizer, terms, self._others)

    def prepare(self, example: Example, shots: Sequence[Example] = ()) -> Prompt:
        """The example's text with the model's own mask token."""
        return self._prompter.prepare(example, shots)

    def answer(self, prompts: Sequence[Prompt]) -> list[Answer]:
        """Fill the masks of one batch; the completion is a JSON list of the words."""
        if self._ranker is not None:
            return self._ranker.answer(prompts)
        rows = [{"input_ids": list(p.ids)} for p in prompts]
        batch = self._tokenizer.pad(rows, return_tensors="pt").to(self._model.device)
        masks = batch["input_ids"] == self._tokenizer.mask_token_id
        best = logits_at(self._model, batch, masks).argmax(-1)
        answers = []
        for tokens in best.split(masks.sum(1).tolist()):
            words = [self._tokenizer.decode([token]).strip() for token in tokens.tolist()]
            answers.append(Answer(json.dumps(words, ensure_ascii=False), "filled", len(words)))
        return answers
