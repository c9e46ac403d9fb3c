"""From a model's completion to terms, under both protocols, with reasoning set apart."""

from __future__ import annotations

from typing import Any

from express_dataset import Example
from express_metric.brackets import answer_end
from express_metric.parsing import PROTOCOLS, Reading, read
from express_metric.terms import Reason

from ..engines.base import closed_list
from ..prompts.wording import cue_end, final_answer


def read_completion(
    completion: str | None,
    finish: str | None,
    cue: str,
    masks: int | None = None,
    last: bool = False,
) -> dict[str, Reading]:
    """The terms of one completion, or the reason why there are none, for each protocol.

    A completion is stored whole; one that ended at its list (`finish` is "list") is read up to
    there. Where the prompt asks for reasoning (`cue`), only what follows the cue is the answer,
    under both protocols: the authors, too, read what stands after theirs. Reasoning that used up
    its tokens before the cue is truncated, whatever lists it holds. Where reasoning has no cue, the
    `last` list of `masks` terms is the answer.

    >>> text = 'Perhaps ["hurt"]. Final list: ["sad"], not ["mad"]'
    >>> read_completion(text, "list", "Final list:")["revised"].terms
    ('sad',)
    >>> read_completion('Perhaps ["hurt"] or', "length", "Final list:")["paper"].reason
    <Reason.TRUNCATED: 'truncated'>
    """
    if finish == "list" and completion is not None:
        completion = closed_list(completion, cue, masks) or completion
    text = _last_list(completion, masks) if last else final_answer(completion, cue)
    if cue and finish == "length" and (cue_end(completion or "", cue) is None or not text):
        return dict.fromkeys(PROTOCOLS, Reading(None, Reason.TRUNCATED))
    return {protocol: read(text, protocol, masks) for protocol in PROTOCOLS}


def read_line(
    example: Example,
    completion: str | None,
    finish: str | None,
    cue: str = "",
    last: bool = False,
    reason: str | None = None,
) -> dict[str, Any]:
    """What a line of `predictions.jsonl` has from the data, and from the completion.

    A `reason` why the model gave no answer stands above all reading: a refusal is kept as it was
    written, and never read for words.
    """
    read = read_completion(completion, finish, cue, len(example.labels), last).items()
    return {
        "id": example.id,
        "post_id": example.post_id,
        "references": list(example.labels),
        "clean": clean(example),
        "completion": completion,
        "terms": {name: list(r.terms) if r.terms and not reason else None for name, r in read},
        "reason": {name: str(why) if (why := reason or r.reason) else None for name, r in read},
        "finish": finish,
    }


def clean(example: Example) -> list[bool]:
    """Of each mask, whether its word neither stands in the text nor is denied there."""
    pairs = zip(example.leaked, example.negated, strict=True)
    return [not (leaked or negated) for leaked, negated in pairs]


def _last_list(text: str | None, masks: int | None) -> str | None:
    """The last list of terms; the whole text where it holds none."""
    end = None
    while text and (found := answer_end(text, masks, start=end or 0)) is not None:
        end = found
    if not text or end is None:
        return text
    # From the innermost bracket outwards: the first that closes at the end opens the list.
    opening = (i for i in reversed(range(end)) if text[i] in "[{")
    begin = next(i for i in opening if answer_end(text[i:end], masks) == end - i)
    return text[begin:end]
