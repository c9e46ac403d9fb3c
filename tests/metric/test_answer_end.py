"""Where an answer ends: at a closed list of emotion terms, outside reasoning, with all places."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from express_metric import answer_end
from express_metric.reasoning import answer_span

ANALYSIS = '<|channel|>analysis<|message|>Not ["sad"].<|end|>'
FINAL = "<|start|>assistant<|channel|>final<|message|>"


def stopped(text: str, masks: int, **how: bool) -> str:
    """What a stream of characters has written when its answer ends."""
    for size in range(1, len(text) + 1):
        end = answer_end(text[:size], masks, **how)
        if end is not None:
            return text[:end]
    return text


@pytest.mark.parametrize(
    "text",
    [
        '<think>Could be ["sad"] at first sight, but no.</think>\n["angry"]',
        '<thought>["sad"]?</thought>["angry"]',
        '[THINK]["sad"]?[/THINK]["angry"]',
        f'{ANALYSIS}{FINAL}["angry"]',
        'analysisThe list ["sad"] is wrong.assistantfinal["angry"]',
        'The author writes to [user] and feels ["angry"]',
        'I [mask] said ["[redacted]"] or ["word1"], so ["angry"]',
        '{"emotion": ["angry"]}',
        '[["angry"]]',
        "[\u201cangry\u201d]",
        "[angry]\n",
    ],
)
def test_one_place(text: str) -> None:
    assert stopped(text + " because of [them] and ['more']", 1) == text.rstrip("\n")


def test_a_prompt_that_opens_the_reasoning() -> None:
    text = 'hmm ["sad"] no </think>\n["angry"]'
    assert stopped(text + " or", 1, thinking=True) == text
    assert answer_end('hmm ["sad"] no', 1, thinking=True) is None


@pytest.mark.parametrize(
    "text",
    [
        '{"mask1": ["sad"], "mask2": ["angry"]}',
        '[["sad"], ["angry"]]',
        '["sad"] is one. ["sad", "angry"]',
        '["sad", "angry", "tired"] are three. ["sad", "angry"]',
        '[{"mask": 1, "emotion": "sad"}, {"mask": 2, "emotion": "angry"}]',
    ],
)
def test_as_many_places_as_masks(text: str) -> None:
    assert stopped(text + " because", 2) == text


@pytest.mark.parametrize("text", ["[user]", "[sad] is", '["sad"', '{"a": ["sad"]', ""])
def test_no_end(text: str) -> None:
    assert answer_end(text, 1) is None


@given(st.text(alphabet="[]{}'\",:\n abc<>/think|"), st.integers(1, 3), st.booleans())
def test_the_end_lies_in_the_answer(text: str, masks: int, thinking: bool) -> None:
    end = answer_end(text, masks, thinking=thinking)
    span = answer_span(text, thinking)
    assert end is None or (span.start < end <= span.end and text[end - 1] in "]}")
