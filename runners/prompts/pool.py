"""The examples that may be shown as shots, and what makes two of them the same story."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from express_dataset import Example
from express_dataset.schema import fingerprint
from express_dataset.splits import normalised

from ..errors import RunError


class Pool:
    """The examples that may be shown as shots: each text once, in the order of their ids.

    A shot is never of the asked post, nor has it the same text or nearly the same (see
    `same_story`); with `same_masks` it has as many masks. No source of EXPRESS tells who wrote a
    post, so the post stands for its author.

    >>> row = Example("a", "p", "I was <mask>.", ("sad",), 0)
    >>> pool = Pool([row], "mine")
    >>> len(pool.examples)
    1
    >>> pool.take(row, iter([0]), 1)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    express_runners.errors.RunError: --shots 1: for example a only 0 of the 1 few_shot...
    """

    def __init__(
        self,
        examples: Sequence[Example],
        source: str,
        same_masks: bool = False,
        part: str = "few_shot",
    ) -> None:
        texts: dict[str, Example] = {}
        for example in sorted(examples, key=lambda row: row.id):
            texts.setdefault(normalised(example.text), example)
        self.source = source
        self.part = "few_shot" if part == "few_shot" else ""
        self._same_masks = same_masks
        self.examples = tuple(texts.values())
        self._words = [_words(example.text) for example in self.examples]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the pool; another pool gives other prompts."""
        return fingerprint(self.examples)

    def take(self, asked: Example, order: Iterator[int], count: int) -> list[Example]:
        """The first `count` examples of `order` that may be shown with `asked`."""
        words = _words(asked.text)
        taken: list[Example] = []
        for position in order:
            shot = self.examples[position]
            if self._same_masks and len(shot.labels) != len(asked.labels):
                continue
            if shot.post_id == asked.post_id or same_story(self._words[position], words):
                continue
            taken.append(shot)
            if len(taken) == count:
                return taken
        masks = len(asked.labels)
        as_many = f"have {masks} {'mask' if masks == 1 else 'masks'} as it has and "
        mend = f"use --shots {len(taken)} or fewer" if taken else "choose other shots"
        raise RunError(
            f"--shots {count}: for example {asked.id} only {len(taken)} of the "
            f"{len(self.examples)} {f'{self.part} examples'.strip()} of {self.source} "
            f"{as_many if self._same_masks else ''}are neither its own post nor nearly its text; "
            f"{mend}{', or --shot-masks any' if self._same_masks else ''}"
        )


def same_story(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two sets of words are nearly the same: Jaccard index of at least 0.8.

    >>> same_story(frozenset("abcd"), frozenset("abcde"))
    True
    >>> same_story(frozenset("abc"), frozenset("abcd"))
    False
    """
    shared = len(one & other)
    return shared >= NEAR_DUPLICATE * (len(one) + len(other) - shared)


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower()))


NEAR_DUPLICATE = 0.8
"""Two texts that share this part of their words are one story told twice."""


_WORD = re.compile(r"\w+")
