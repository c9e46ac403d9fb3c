"""Decoder-only models, with their chat template where they have one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from express_dataset import Example

from ..models import ResolvedModel
from ..vocabulary import Vocabulary
from .base import Answer, EngineOptions, Prompt
from .batches import in_batches
from .decoding import Decoder
from .generation import generate
from .loading import load_pretrained
from .memory import batch_tokens
from .packed import packed
from .probing import row_model
from .prompter import Prompter
from .rank.causal import CausalRanker, check
from .rank.terms import ListTerms
from .stopping import Ends


class CausalEngine:
    """Llama, Gemma, Qwen and their kin, base or instruct."""

    def __init__(self, model: ResolvedModel, options: EngineOptions) -> None:
        from transformers import AutoModelForCausalLM

        self._prompter = Prompter(model, options)
        self._tokenizer = self._prompter.tokenizer
        self._model = packed(load_pretrained(AutoModelForCausalLM, model, options), options)
        self.batch_tokens = batch_tokens(self._model)
        self._rows = row_model(self._model)
        self._name = model.name
        self._others = options.others
        self._ranker: CausalRanker | None = None
        if options.vocabulary is not None:
            self.rank(options.vocabulary)
        self.context = self._prompter.context

    def rank(self, vocabulary: Vocabulary) -> None:
        """Rank these terms from now on."""
        self.vocabulary = vocabulary
        terms = ListTerms(self._tokenizer, vocabulary.terms, self._prompter.lead, self._others)
        self._ranker = CausalRanker(check(self._rows, self._name), terms)

    def prepare(self, example: Example, shots: Sequence[Example] = ()) -> Prompt:
        """The rendered template, inside the chat template iff the tokenizer has one."""
        return self._prompter.prepare(example, shots)

    def answer(self, prompts: Sequence[Prompt]) -> list[Answer]:
        """Answer one batch greedily, in its order."""
        if self._rows is None:
            return generate(self._model, self._tokenizer, prompts)
        return [answer for _, answer in sorted(self.flow(prompts), key=lambda pair: pair[0])]

    def flow(
        self, prompts: Sequence[Prompt], most: int | None = None
    ) -> Iterator[tuple[int, Answer]]:
        """Answer any number of prompts, greedily or by rank; each answer comes when finished.

        At most `most` rows are computed side by side; chosen by memory where not given.
        """
        if self._ranker is not None:
            yield from self._ranker.answers(prompts, most)
        elif self._rows is None:
            yield from in_batches(self, prompts, most)
        else:
            ends = Ends(self._model, self._tokenizer)
            yield from Decoder(self._rows, ends, most).answers(prompts)
