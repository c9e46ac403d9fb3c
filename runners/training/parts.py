"""Which rows of the train split are learned, which choose the checkpoint, which are left out."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from express_dataset import Example
from express_dataset.splits import normalised

from ..prompts.pool import NEAR_DUPLICATE, same_story

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Parts:
    """The train split in its parts; `left_out` counts rows by the reason."""

    learned: tuple[Example, ...]
    validation: tuple[Example, ...]
    left_out: dict[str, int]


def divide(
    train: Sequence[Example], kept_apart: Sequence[Example], share: float, seed: int
) -> Parts:
    """Leave out what stands in the other splits, then hold back a share of the posts.

    No row of the posts of `kept_apart`, with their text or nearly their text (see `same_story`), is
    learned. A post's place does not depend on the other posts.
    """
    posts = {row.post_id for row in kept_apart}
    texts = {normalised(row.text) for row in kept_apart}
    near = NearTexts(row.text for row in kept_apart)
    left: Counter[str] = Counter()
    kept = []
    for row in train:
        if row.post_id in posts:
            left["post in test or few_shot"] += 1
        elif normalised(row.text) in texts:
            left["text in test or few_shot"] += 1
        elif near.holds(row.text):
            left["near text in test or few_shot"] += 1
        else:
            kept.append(row)
    learned = [row for row in kept if _place(row.post_id, seed) >= share]
    known = {normalised(row.text) for row in learned}
    held = [row for row in kept if _place(row.post_id, seed) < share]
    # A text that is learned elsewhere would choose the checkpoint that knows it best.
    validation = [row for row in held if normalised(row.text) not in known]
    if len(held) > len(validation):
        left["text both learned and held back"] = len(held) - len(validation)
    return Parts(tuple(learned), tuple(validation), dict(left))


def _place(post_id: str, seed: int) -> float:
    digest = hashlib.sha256(f"express/validation/{seed}\n{post_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


class NearTexts:
    """Finds whether nearly the same text is among many, without comparing each with each.

    Two sets of words with a Jaccard index of at least t share one of the rarest
    n - ceil(t n) + 1 words of either (prefix filtering, Bayardo et al. 2007, All-pairs similarity
    search); only texts that share one are compared.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._sets = [_words(text) for text in texts]
        self._counts = Counter(word for words in self._sets for word in words)
        self._by_word: defaultdict[str, list[int]] = defaultdict(list)
        for i, words in enumerate(self._sets):
            for word in self._rarest(words):
                self._by_word[word].append(i)

    def holds(self, text: str) -> bool:
        """Whether one of the texts tells the same story."""
        words = _words(text)
        candidates = {i for word in self._rarest(words) for i in self._by_word.get(word, ())}
        return any(same_story(words, self._sets[i]) for i in candidates)

    def _rarest(self, words: frozenset[str]) -> list[str]:
        order = sorted(words, key=lambda word: (self._counts[word], word))
        return order[: len(words) - ceil(NEAR_DUPLICATE * len(words) - 1e-9) + 1]


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower()))
