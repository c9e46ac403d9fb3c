"""The ranking of a closed vocabulary by masked models.

A term gets its log-probability at the mask, so that only terms of one token can be ranked. What
several tokens would get, a masked model does not say: it knows how likely a token is where one is
missing, not how many are missing. The pseudo-log-likelihood (Salazar et al. 2020) is no way out:
each token of a word gives the others away, and a rare word of two gets more than a common one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from ...errors import RunError
from ...models import ResolvedModel
from ...vocabulary import PICKS, Vocabulary
from ..base import Answer, EngineOptions, Prompt, load_tokenizer
from .terms import likeliest, ranked


def rankable(model: ResolvedModel, options: EngineOptions, asked: Vocabulary) -> Vocabulary:
    """What a model can rank of a vocabulary: all, or for a masked one `one_token`."""
    if model.family != "masked":
        return asked
    return one_token(load_tokenizer(model, options, "right"), asked)


def one_token(tokenizer: Any, asked: Vocabulary) -> Vocabulary:
    """The vocabulary without its terms of several tokens, which it names in `left_out`."""
    pairs = list(zip(asked.terms, _tokens(tokenizer, asked.terms), strict=True))
    kept = tuple(term for term, token in pairs if token is not None)
    if not kept:
        raise RunError(
            "a masked model ranks terms of one token, and this one has none for any term of the "
            "vocabulary: give another --vocabulary or --model"
        )
    new = tuple(term for term, token in pairs if token is None)
    return replace(asked, terms=kept, left_out=asked.left_out + new)


def _tokens(tokenizer: Any, shown: Iterable[str], before: str = " ") -> list[int | None]:
    """The token of each term after `before`; None where there is no single one."""
    found = [tokenizer(before + term, add_special_tokens=False)["input_ids"] for term in shown]
    odd = (tokenizer.unk_token_id,)
    return [ids[0] if len(ids) == 1 and ids[0] not in odd else None for ids in found]


class MaskedRanker:
    """Ranks the vocabulary at every mask of one example after the other."""

    def __init__(self, model: Any, tokenizer: Any, terms: Sequence[str], others: str) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._terms = tuple(terms)
        self._picks = others == PICKS
        self._spaced = [token for token in _tokens(tokenizer, terms) if token is not None]
        assert len(self._spaced) == len(terms), "terms must be `rankable`"
        # Without a space before it, as after a bracket, a word may have another token.
        bare = zip(_tokens(tokenizer, terms, ""), self._spaced, strict=True)
        self._bare = [spaced if token is None else token for token, spaced in bare]

    def answer(self, prompts: Sequence[Prompt]) -> list[Answer]:
        """Rank for each prompt, in order."""
        return [self._rank(prompt) for prompt in prompts]

    def _rank(self, prompt: Prompt) -> Answer:
        mask = self._tokenizer.mask_token_id
        ids = list(prompt.ids)
        places = [i for i, token in enumerate(ids) if token == mask]
        told = self._logprobs(ids, places)
        chosen: list[str] = []
        scores: list[list[float]] = []
        for m, before in enumerate(prompt.text.split(self._tokenizer.mask_token)[:-1]):
            tokens = self._spaced if before[-1:].isspace() else self._bare
            if self._picks and m:
                told = self._logprobs(ids, places)
            scores.append(told[m, tokens].tolist())
            chosen.append(likeliest(self._terms, scores[-1]))
            if self._picks:
                ids[places[m]] = tokens[self._terms.index(chosen[-1])]
        return ranked(prompt, chosen, scores)

    def _logprobs(self, ids: list[int], places: list[int]) -> Any:
        """Log-probabilities at the places of a text, (places, vocabulary of the model)."""
        import torch

        rows = [{"input_ids": ids}]
        batch = self._tokenizer.pad(rows, return_tensors="pt").to(self._model.device)
        where = torch.zeros_like(batch["input_ids"], dtype=torch.bool)
        where[0, places] = True
        return logits_at(self._model, batch, where).float().log_softmax(-1).cpu()


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
