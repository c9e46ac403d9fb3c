"""A closed vocabulary as the tokens of an answer in the form of a list."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from express_dataset import MASK

from ...vocabulary import EMPTY, PICKS
from ..base import Answer, Prompt
from .trie import Trie, build

QUOTE = '"'


class ListTerms:
    """The terms of a vocabulary as they stand in the list that a model is asked to write.

    A term's log-likelihood is that of its tokens and of what ends it: any token that begins with
    the closing quote. Without the end, "sad" would get what belongs to "saddened". The masks are
    taken in order, each after the likeliest terms of those before it, as when writing freely; or,
    with `others` "empty", after masks that nobody has filled.
    """

    def __init__(
        self, tokenizer: Any, terms: Sequence[str], lead: str, others: str = PICKS
    ) -> None:
        self._tokenizer = tokenizer
        self._lead = lead
        self._empty = others == EMPTY
        self.terms = tuple(terms)
        self.tokens = [self._tokens(term) for term in terms]
        self.trie: Trie = build(self.tokens)
        every = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
        self.closing = [i for i, token in enumerate(every) if token and token.startswith(QUOTE)]

    def trunk(self, chosen: Sequence[str]) -> list[int]:
        """Tokens of the answer up to the next term, whose opening quote is the last of them."""
        told = [MASK] * len(chosen) if self._empty else chosen
        before = "".join(f"{json.dumps(term, ensure_ascii=False)}, " for term in told)
        return self._encode(f"{self._lead}[{before}{QUOTE}")

    def _tokens(self, term: str) -> list[int]:
        opening = self._encode(f"[{QUOTE}")
        whole = self._encode(f"[{QUOTE}{term}")
        # Where the quote and the term share a token, the term is taken by itself.
        joined = whole[: len(opening)] == opening
        return whole[len(opening) :] if joined else self._encode(term)

    def _encode(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def scores(self, logits: Any) -> list[float]:
        """Log-probability of every term, as the model gives it.

        Args:
            logits: after the trunk, and after each node of the trie: (1 + nodes, vocabulary of the
                model).
        """
        import torch

        logits = logits.float()
        norm = logits.logsumexp(-1)
        # A node's token is read from the logits after its parent; the trunk is row 0.
        parents = torch.tensor(self.trie.parents, device=logits.device) + 1
        tokens = torch.tensor(self.trie.tokens, device=logits.device)
        nodes = logits[parents, tokens] - norm[parents]
        ends = torch.tensor(self.trie.ends, device=logits.device) + 1
        closing = torch.tensor(self.closing, device=logits.device)
        closed = logits[ends[:, None], closing].logsumexp(-1) - norm[ends]
        sums = self.trie.sums(nodes.tolist())
        return [a + b for a, b in zip(sums, closed.tolist(), strict=True)]

    def best(self, scores: Sequence[float]) -> str:
        """The likeliest term; of equals the first."""
        return likeliest(self.terms, scores)


def likeliest(terms: Sequence[str], scores: Sequence[float]) -> str:
    """The term with the highest score; of equals the first.

    >>> likeliest(["sad", "tired"], [-1.0, -1.0])
    'sad'
    >>> likeliest(["sad", "tired"], [-2.0, -1.0])
    'tired'
    """
    return terms[max(range(len(scores)), key=scores.__getitem__)]


def normalise(scores: Sequence[float]) -> list[float]:
    """Log-probabilities that sum to one, from those that sum to less.

    >>> [round(math.exp(x), 3) for x in normalise([0.0, math.log(3.0)])]
    [0.25, 0.75]
    """
    total = log_sum(scores)
    return [score - total for score in scores]


def log_sum(scores: Sequence[float]) -> float:
    """The logarithm of the sum of what these are the logarithms of."""
    top = max(scores)
    return top + math.log(sum(math.exp(score - top) for score in scores))


def ranked(prompt: Prompt, chosen: Sequence[str], scores: Sequence[Sequence[float]]) -> Answer:
    """The answer of a ranking: the likeliest term of each mask, from log-probabilities of all."""
    assert len(chosen) == len(prompt.example.labels)
    return Answer(
        json.dumps(list(chosen), ensure_ascii=False),
        "ranked",
        0,
        scores=tuple(tuple(normalise(values)) for values in scores),
        shares=tuple(math.exp(log_sum(values)) for values in scores),
    )
