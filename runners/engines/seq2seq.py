"""Encoder-decoder models: the prompt goes to the encoder, the answer comes from the decoder."""

from __future__ import annotations

from collections.abc import Sequence

from express_dataset import Example

from ..models import ResolvedModel
from ..vocabulary import Vocabulary
from .base import Answer, EngineOptions, Prompt
from .generation import generate
from .loading import load_pretrained
from .memory import batch_tokens
from .packed import packed
from .prompter import Prompter
from .rank.seq2seq import Seq2SeqRanker
from .rank.terms import ListTerms


class Seq2SeqEngine:
    """T5, Flan-T5, BART and their kin."""

    def __init__(self, model: ResolvedModel, options: EngineOptions) -> None:
        from transformers import AutoModelForSeq2SeqLM

        self._prompter = Prompter(model, options)
        self._tokenizer = self._prompter.tokenizer
        self._model = packed(load_pretrained(AutoModelForSeq2SeqLM, model, options), options)
        self.context = self._prompter.context
        self._others = options.others
        self._ranker: Seq2SeqRanker | None = None
        if options.vocabulary is not None:
            self.rank(options.vocabulary)
        self.batch_tokens = batch_tokens(self._model)

    def rank(self, vocabulary: Vocabulary) -> None:
        """Rank these terms from now on."""
        self.vocabulary = vocabulary
        terms = ListTerms(self._tokenizer, vocabulary.terms, "", self._others)
        self._ranker = Seq2SeqRanker(self._model, terms)

    def prepare(self, example: Example, shots: Sequence[Example] = ()) -> Prompt:
        """The rendered template as encoder input."""
        return self._prompter.prepare(example, shots)

    def answer(self, prompts: Sequence[Prompt]) -> list[Answer]:
        """Answer one batch greedily, or rank the vocabulary."""
        if self._ranker is not None:
            return self._ranker.answer(prompts)
        return generate(self._model, self._tokenizer, prompts)
