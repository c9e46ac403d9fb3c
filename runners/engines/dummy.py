"""Answers without a model, for trying things out and for knowing what chance gets.

`dummy:uniform` draws terms from the train labels, `dummy:most-frequent` always gives the
commonest of them, `dummy:oracle` gives the labels themselves. `@SEED` picks another draw.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence

from express_dataset import Example

from ..models import ResolvedModel
from .base import Answer, EngineOptions, Prompt


class DummyEngine:
    """Deterministic: an answer depends on the example, the seed and the train labels alone."""

    context = 1 << 60

    def __init__(self, model: ResolvedModel, options: EngineOptions) -> None:
        self._kind = model.name.partition(":")[2]
        self._seed = model.revision
        self._template = options.template
        counts = Counter(options.labels)
        # Ties go to the alphabet, so that the answer does not depend on the order of the rows.
        self._terms = sorted(counts, key=lambda term: (-counts[term], term))

    def prepare(self, example: Example, shots: Sequence[Example] = ()) -> Prompt:
        """The example's text; nothing reads it."""
        text = self._template.render(example.text, len(example.labels), shots)
        return Prompt(example, text, (), 0, shots=tuple(shot.id for shot in shots))

    def answer(self, prompts: Sequence[Prompt]) -> list[Answer]:
        """A JSON list of terms for each prompt."""
        return [Answer(json.dumps(self._words(p.example)), "filled", 0) for p in prompts]

    def _words(self, example: Example) -> list[str]:
        if self._kind == "oracle":
            return list(example.labels)
        if self._kind == "most-frequent":
            return [self._terms[0]] * len(example.labels)
        # A draw per example: order, limit and number of processes do not matter.
        draw = random.Random(f"{self._seed}:{example.id}")
        return draw.choices(sorted(self._terms), k=len(example.labels))
