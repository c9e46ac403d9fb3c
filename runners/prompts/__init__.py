"""What a model is shown, and what is read from its answer.

For a pipeline of one's own: `examples` and `build` before the model, `read` after it.
"""

from __future__ import annotations

from collections.abc import Sequence

from express_dataset import Example
from express_dataset.sources import load
from express_metric.parsing import Reading
from express_metric.parsing import read as read_terms
from express_metric.terms import Reason

from .wording import final_answer, ours

__all__ = ["build", "examples", "read"]


def examples(dataset: str = "express", split: str = "test") -> tuple[Example, ...]:
    """The examples of a split, by whatever name or file `express run --dataset` takes.

    >>> examples("sample")[0].labels
    ('furious',)
    """
    return load(dataset, split=split).examples


def build(example: Example, prompt: str = "zero-shot", shots: Sequence[Example] = ()) -> str:
    """The text that `express run` shows: `prompt` is zero-shot, few-shot or cot.

    >>> story = examples("sample")[0]
    >>> story.text in build(story)
    True
    """
    return ours(prompt).render(example.text, len(example.labels), shots)


def read(completion: str, example: Example, prompt: str = "zero-shot") -> Reading:
    """The terms of an answer to `build`, or the reason why it does not count.

    >>> read("sad, angry", examples("sample")[0]).reason
    <Reason.WRONG_COUNT: 'wrong-count'>
    """
    masks = len(example.labels)
    found = read_terms(final_answer(completion, ours(prompt).cue), "revised", masks)
    counted = found.terms is None or len(found.terms) == masks
    return found if counted else Reading(None, Reason.WRONG_COUNT)
