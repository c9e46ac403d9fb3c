"""The ranking of a closed vocabulary by encoder-decoder models: the trie, level by level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..base import Answer, Prompt
from ..memory import cache_name
from .terms import ListTerms, ranked


class Seq2SeqRanker:
    """Ranks the vocabulary at every mask of one example after the other.

    The encoder reads the prompt once. The decoder reads the answer so far once per mask, then each
    level of the trie as one batch: nodes take over the keys and values of their parents, and those
    of the encoder are shared by all without a copy.
    """

    def __init__(self, model: Any, terms: ListTerms) -> None:
        self._model = model
        self._terms = terms
        start = model.generation_config.decoder_start_token_id
        self._start = model.config.decoder_start_token_id if start is None else start
        self._cache = cache_name(model)
        self._levels: list[list[int]] = []
        for node, depth in enumerate(terms.trie.depths):
            if depth == len(self._levels):
                self._levels.append([])
            self._levels[depth].append(node)

    def answer(self, prompts: Sequence[Prompt]) -> list[Answer]:
        """Rank for each prompt, in order."""
        import torch

        with torch.inference_mode():
            return [self._rank(prompt) for prompt in prompts]

    def _rank(self, prompt: Prompt) -> Answer:
        import torch

        ids = torch.tensor([prompt.ids], device=self._model.device)
        read = self._model.get_encoder()(input_ids=ids)
        chosen: list[str] = []
        scores: list[list[float]] = []
        for _ in prompt.example.labels:
            scores.append(self._terms.scores(self._logits(read, self._terms.trunk(chosen))))
            chosen.append(self._terms.best(scores[-1]))
        return ranked(prompt, chosen, scores)

    def _logits(self, read: Any, trunk: list[int]) -> Any:
        """Logits after the trunk, then after every node of the trie."""
        import torch

        device, trie = self._model.device, self._terms.trie
        out = self._model(
            encoder_outputs=read,
            decoder_input_ids=torch.tensor([[self._start, *trunk]], device=device),
            use_cache=True,
        )
        levels = [out.logits[:, -1]]
        own, crossed = _layers(out[self._cache])
        # Nodes at the top have the trunk as their only parent.
        parents = torch.zeros(len(self._levels[0]), dtype=torch.long, device=device)
        for depth, nodes in enumerate(self._levels):
            cache = _cache(own, crossed, parents)
            out = self._model(
                encoder_outputs=type(read)(
                    last_hidden_state=read.last_hidden_state.expand(len(nodes), -1, -1)
                ),
                decoder_input_ids=torch.tensor([[trie.tokens[n]] for n in nodes], device=device),
                **{self._cache: cache},
                use_cache=True,
            )
            levels.append(out.logits[:, -1])
            own, _ = _layers(out[self._cache])
            if depth + 1 < len(self._levels):
                place = {node: i for i, node in enumerate(nodes)}
                chosen = [place[trie.parents[n]] for n in self._levels[depth + 1]]
                parents = torch.tensor(chosen, device=device)
        return torch.cat(levels)


def _layers(cache: Any) -> tuple[list[tuple[Any, Any]], list[tuple[Any, Any]]]:
    """Keys and values by layer: the decoder's own, and those of the encoder's tokens."""
    own = [(layer.keys, layer.values) for layer in cache.self_attention_cache.layers]
    crossed = [(layer.keys, layer.values) for layer in cache.cross_attention_cache.layers]
    return own, crossed


def _cache(own: Any, crossed: Any, parents: Any) -> Any:
    from transformers import DynamicCache, EncoderDecoderCache

    count = len(parents)
    mine = [(key[parents], value[parents]) for key, value in own]
    read = [
        (key[:1].expand(count, -1, -1, -1), value[:1].expand(count, -1, -1, -1))
        for key, value in crossed
    ]
    cache = EncoderDecoderCache(DynamicCache(mine), DynamicCache())
    for i, (key, value) in enumerate(read):
        cache.cross_attention_cache.update(key[:1], value[:1], i)
        # Set, not updated: an update would copy what all nodes share.
        layer = cache.cross_attention_cache.layers[i]
        layer.keys, layer.values = key, value
        cache.is_updated[i] = True
    return cache
