"""The ranking of a closed vocabulary by masked models.

Each mask is scored by itself, with the other masks left as they are. A term of one token gets its
log-probability at the mask. For a term of several tokens there are two ways:

*pll*, the pseudo-log-likelihood (Salazar et al. 2020, Masked Language Model Scoring): the term
stands in the text, each of its tokens is masked in turn, and the log-probabilities are summed;
*first*, the log-probability of its first token at the single mask: one pass for all terms, but
terms with the same first token are equal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..base import Answer, Prompt
from .terms import likeliest, normalise, ranked

# A text with a term in it, one token of which is masked: mask, term, tokens, place, the token.
Variant = tuple[int, int, list[int], int, int]


@dataclass(frozen=True, slots=True)
class _Forms:
    """Tokens of every term after a space and without one."""

    spaced: tuple[tuple[int, ...], ...]
    bare: tuple[tuple[int, ...], ...]


class MaskedRanker:
    """Ranks the vocabulary at every mask of one example after the other."""

    def __init__(self, model: Any, tokenizer: Any, terms: Sequence[str], several: str) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._terms = tuple(terms)
        self._several = several
        self._batch_tokens = 32_768 if model.device.type == "cuda" else 2_048

        def tokens(text: str) -> tuple[int, ...]:
            return tuple(tokenizer(text, add_special_tokens=False)["input_ids"])

        self._forms = _Forms(
            tuple(tokens(f" {term}") for term in terms), tuple(tokens(term) for term in terms)
        )

    def answer(self, prompts: Sequence[Prompt]) -> list[Answer]:
        """Rank for each prompt, in order."""
        return [self._rank(prompt) for prompt in prompts]

    def _rank(self, prompt: Prompt) -> Answer:
        mask = self._tokenizer.mask_token_id
        places = [i for i, token in enumerate(prompt.ids) if token == mask]
        at_masks = self._logprobs([list(prompt.ids)], [places])[0]
        forms = [self._form(before) for before in prompt.text.split(self._tokenizer.mask_token)]
        scores = [
            [float(at_masks[m, tokens[0]]) for tokens in forms[m]] for m in range(len(places))
        ]
        if self._several == "pll":
            self._add_several(prompt, places, forms, scores)
        values = [normalise(row) for row in scores]
        return ranked(prompt, [likeliest(self._terms, row) for row in values], values)

    def _form(self, before: str) -> tuple[tuple[int, ...], ...]:
        """The terms' tokens at a mask with this text before it."""
        return self._forms.spaced if before[-1:].isspace() else self._forms.bare

    def _add_several(
        self,
        prompt: Prompt,
        places: list[int],
        forms: list[tuple[tuple[int, ...], ...]],
        scores: list[list[float]],
    ) -> None:
        """Replace the scores of terms of several tokens by their pseudo-log-likelihoods."""
        variants = list(self._variants(prompt, places, forms))
        for m, term, *_ in variants:
            scores[m][term] = 0.0
        step = max(1, self._batch_tokens // (len(prompt.ids) + 8))
        # Like lengths together: a batch is then hardly padded.
        variants.sort(key=lambda variant: len(variant[2]))
        for at in range(0, len(variants), step):
            some = variants[at : at + step]
            found = self._logprobs([v[2] for v in some], [[v[3]] for v in some])
            for (m, term, _, _, token), row in zip(some, found, strict=True):
                scores[m][term] += float(row[0, token])

    def _variants(
        self,
        prompt: Prompt,
        places: list[int],
        forms: list[tuple[tuple[int, ...], ...]],
    ) -> Iterator[Variant]:
        mask = self._tokenizer.mask_token_id
        for m, place in enumerate(places):
            for term, tokens in enumerate(forms[m]):
                if len(tokens) == 1:
                    continue
                for i, token in enumerate(tokens):
                    shown = [*tokens[:i], mask, *tokens[i + 1 :]]
                    text = [*prompt.ids[:place], *shown, *prompt.ids[place + 1 :]]
                    yield m, term, text, place + i, token

    def _logprobs(self, texts: list[list[int]], places: list[list[int]]) -> list[Any]:
        """Log-probabilities at the places of each text, (places, vocabulary of the model)."""
        import torch

        rows = [{"input_ids": text} for text in texts]
        batch = self._tokenizer.pad(rows, return_tensors="pt").to(self._model.device)
        where = torch.zeros_like(batch["input_ids"], dtype=torch.bool)
        for row, some in enumerate(places):
            where[row, some] = True
        logits = logits_at(self._model, batch, where).float().log_softmax(-1).cpu()
        return list(logits.split([len(some) for some in places]))


def logits_at(model: Any, batch: Any, where: Any) -> Any:
    """Logits where `where` is True, (places, vocabulary); the wide last layer skips all others."""
    import torch

    head = model.get_output_embeddings()
    hook = head.register_forward_pre_hook(lambda _module, inputs: (inputs[0][where],))
    try:
        with torch.inference_mode():
            return model(**batch).logits
    finally:
        hook.remove()
