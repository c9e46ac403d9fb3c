"""From a model's completion to terms, under both protocols, with reasoning set apart."""

from __future__ import annotations

from express_dataset import Example
from express_metric.parsing import PROTOCOLS, Reading, read
from express_metric.terms import Reason

from ..prompts.wording import cue_end, final_answer


def read_completion(
    completion: str | None, finish: str | None, cue: str, masks: int | None = None
) -> dict[str, Reading]:
    """The terms of one completion, or the reason why there are none, for each protocol.

    Where the prompt asks for reasoning (`cue`), only what follows the cue is the answer, under
    both protocols: the authors, too, read what stands after theirs. Reasoning that used up its
    tokens before the cue is truncated, whatever lists it holds.

    >>> text = 'Perhaps ["hurt"]. Final list: ["sad"]'
    >>> read_completion(text, "list", "Final list:")["revised"].terms
    ('sad',)
    >>> read_completion('Perhaps ["hurt"] or', "length", "Final list:")["paper"].reason
    <Reason.TRUNCATED: 'truncated'>
    """
    text = final_answer(completion, cue)
    if cue and finish == "length" and (cue_end(completion or "", cue) is None or not text):
        return dict.fromkeys(PROTOCOLS, Reading(None, Reason.TRUNCATED))
    return {protocol: read(text, protocol, masks) for protocol in PROTOCOLS}


def clean(example: Example) -> list[bool]:
    """Of each mask, whether its word neither stands in the text nor is denied there."""
    pairs = zip(example.leaked, example.negated, strict=True)
    return [not (leaked or negated) for leaked, negated in pairs]
