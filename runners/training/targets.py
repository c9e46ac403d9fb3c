"""From an example to what is learned: the prompt of a run, and the answer after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from express_dataset import Example
from express_metric.lexicon import normal
from express_metric.parsing import read

from ..engines.base import Prompt
from ..engines.prompter import Prompter
from ..prompts.wording import answer
from .options import LEAVE_OUT, WIDEN

IGNORED = -100  # what PyTorch's cross entropy leaves out


@dataclass(frozen=True, slots=True)
class Row:
    """One example as token ids; `labels` are -100 where nothing is learned.

    For masked and causal models both have the same length; for encoder-decoders `labels` are what
    the decoder writes. `unlearned` counts masks that are left out of the loss.
    """

    example: Example
    ids: tuple[int, ...]
    labels: tuple[int, ...]
    unlearned: int = 0
    shots: tuple[Example, ...] = ()

    @property
    def tokens(self) -> int:
        """What computing this row takes at its widest."""
        return max(len(self.ids), len(self.labels))


class Targets:
    """Makes the rows of one model, with the prompts that `express run` would show.

    `several` tells what becomes of a masked model's labels of several tokens.
    """

    def __init__(self, prompter: Prompter, family: str, several: str = WIDEN) -> None:
        self._prompter = prompter
        self._tokenizer = prompter.tokenizer
        self._family = family
        self._several = several
        self._lead = prompter.lead if family == "causal" else ""

    def row(self, example: Example, shots: tuple[Example, ...] = ()) -> Row | str:
        """The row, or the reason why there is none: "too-long", "no-target" or "no-term"."""
        prompt = self._prompter.prepare(example, shots)
        if self._family == "masked":
            found = self._filled(prompt)
        elif not readable(example.labels):
            return "no-term"
        else:
            written = [*self._encode(self._lead + answer(example.labels)), self._end()]
            ids, labels = list(prompt.ids), written
            if self._family == "causal":
                ids, labels = [*ids, *written], [IGNORED] * len(ids) + written
            found = Row(example, tuple(ids), tuple(labels))
        if len(found.ids) > self._prompter.context:
            return "too-long"
        if all(label == IGNORED for label in found.labels):
            return "no-target"
        return replace(found, shots=shots[prompt.shots_dropped :])

    def _filled(self, prompt: Prompt) -> Row:
        """A masked model's row: each label's token at its mask, or its tokens at as many."""
        mask = self._tokenizer.mask_token_id
        before = iter(prompt.text.split(self._tokenizer.mask_token))
        terms = iter(prompt.example.labels)
        ids: list[int] = []
        labels: list[int] = []
        unlearned = 0
        for token in prompt.ids:
            if token != mask:
                ids.append(token)
                labels.append(IGNORED)
                continue
            space = " " if next(before)[-1:].isspace() else ""
            tokens = self._encode(space + (term := next(terms)))
            if (len(tokens) != 1 and self._several == LEAVE_OUT) or not readable((term,)):
                tokens, unlearned = [IGNORED], unlearned + 1
            ids += [mask] * len(tokens)
            labels += tokens
        return Row(prompt.example, tuple(ids), tuple(labels), unlearned)

    def _encode(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def _end(self) -> int:
        end: int = self._tokenizer.eos_token_id
        return end


def readable(labels: Sequence[str]) -> bool:
    """Whether a run reads an answer of these labels as these: if not, it would be no answer.

    >>> readable(["Let down"]), readable(["\\\\back"])
    (True, False)
    """
    found = read(answer(labels), "revised", len(labels)).terms or ()
    return [*map(normal, found)] == [*map(normal, labels)]


class Collator:
    """Pads rows on the right to tensors; what is padded is neither attended to nor learned."""

    def __init__(self, pad: int | None) -> None:
        self._pad = pad or 0

    def __call__(self, rows: list[Row]) -> dict[str, Any]:
        import torch

        def padded(parts: list[tuple[int, ...]], with_: int) -> Any:
            longest = max(map(len, parts))
            return torch.tensor([[*p, *[with_] * (longest - len(p))] for p in parts])

        return {
            "input_ids": padded([row.ids for row in rows], self._pad),
            "attention_mask": padded([(1,) * len(row.ids) for row in rows], 0),
            "labels": padded([row.labels for row in rows], IGNORED),
        }
