"""Every pattern and every exclusion, on sentences written by hand.

In each sentence the words in braces are those that must be masked.
"""

# ruff: noqa: RUF001 (curly apostrophes are what is tested)

from __future__ import annotations

import re

import pytest

from express_dataset.construct.masking import mask
from express_dataset.construct.terms import DEFAULT_PROTOCOL, EXPRESS_2025

BOTH = [
    # Pattern 1: "I", up to three words, feel, up to four words.
    "I feel {sad} today.",
    "I felt {lonely}.",
    "i felt {guilty} all week",
    "I FELT {ANGRY} AND LOUD",
    "I just feel {numb}",
    "I still sometimes feel {guilty}.",
    "I have been really feeling {hopeless}.",
    "I am feeling {overwhelmed} at work",
    "I was feeling {hopeful} this morning",
    "I have felt {miserable} since March",
    "I had felt {calm} until then",
    "I felt a kind of {relief}",
    "I felt a strange kind of relief",  # the fifth word
    "I felt nothing of the dread he described",  # a pronoun before it, and five words away
    "I honestly did not feel {afraid}.",
    "I  felt\n{sad}",
    "I felt so very deeply {ashamed}",
    "I felt so very deeply and utterly ashamed",  # the fifth word and beyond
    "I who had never before felt sad",  # four words between
    "I felt, sad",  # only white space may stand between the words
    "He felt sad.",
    "We feel happy.",
    "Ibis feel sad",
    "I feels sad",
    "I felt {strong} and ready",
    "I feel {alone}",
    # Pattern 2: "I am" and the like, up to three words, an adjective.
    "I'm {scared}.",
    "Im {scared} of him",
    "I am {happy} now",
    "I was so {angry}",
    "I have been {anxious} for days",
    "I had been {nervous} before it",
    "i was {jealous}",
    "I am not {afraid}.",
    "I was really very {sad}",
    "I was just so very very sad",  # the fifth word
    "I am the one who was sad",
    "You are sad",
    "I will be sad",
    "I am in love",  # a noun
    "I was in shock",
    "I was alone in the house",  # tells of a place, not of a feeling
    "I am a strong person",
    "I am friendly",
    "I am lost and feeling {sad}",
    # Pattern 3: a bare "feeling", with no noun or pronoun before it in its sentence.
    "Feeling {lonely} again",
    "Scared and feeling {hopeless}. Please help",
    "Still feeling {guilty}, honestly.",
    "What a day! Feeling {proud}.",
    "My brother kept feeling sad",
    "She left feeling angry",
    "The feeling of sadness went away",
    # The phrase starts with "like".
    "I feel like happy people lie",
    "I felt like sadness itself",
    # A pronoun before it.
    "I felt her anger",
    "I felt he was sad",
    # A verb or an auxiliary before it.
    "I felt and knew anger",
    "I feel going home is sad",
    "Im left very confused",
    "I am getting upset",
    "I felt was sad",
    # A proper noun before it.
    "I feel Susan was sad",
    "I felt London anger",
    # A noun before it, and it complements something other than feel.
    "I am the dog sad",
    "I felt a bit {uneasy}",
    # A question word before it.
    "I feel {sad} when",
    "I feel when sad",
    "I felt how happy",
    # "mask + preposition": only the first is masked.
    "I was {afraid} of anger",
    "I felt {ashamed} of anger",
    # Emotion words outside of the patterns stay.
    "Sadness is not anger, he was furious.",
    "It was frustrating and my mother felt sad for me.",
]

DEFAULT_ONLY = [
    "I don't feel {happy}.",
    "I don’t feel {happy}.",
    "I didn't really feel {sad}",
    "I can't feel {joy} now",
    "I'm feeling {sad}",
    "I’m {scared}",
    "I've been {anxious}",
    "Ive been {sad}",
    "I'd been {nervous}",
    "I wasn't {angry}",
    "I wasn’t {angry}",
    "I wasnt {angry}",
    "I haven't been {happy}",
    "I ain't {sad}",
    "I am {glad}",
    "I felt {heartbroken}",
    "I was {curious} about it",
    "I felt {sad} and {angry}",
    "I was {proud} and {happy}",
    "I feel so {sad} that's all",
    "I felt\u200b {sad}",
    "I was \ufeff{sad}",
    "I feel so bad because i was feeling {guilty}",
    "I felt this deep {sorrow}",
    "I was {devastated}",  # a past participle
    "I was {terrified}.",
    "I was a bit {sad}",  # a noun of degree
    "I am a bit {suspicious} of him",
    "I was rejected by the school",  # what happened, not what was felt
    # capitals
    "I WAS {ANGRY}",
    "I'M SO {SAD}",
    "I FELT {LONELY} AND {ASHAMED}",
    "I am {Proud}.",
    # emphasis and quotes
    "I was *{sad}*.",
    "I'm **{angry}** at him",
    "I felt _{lonely}_ then",
    'I feel "{sad}" today',
    "I feel “{sad}” today",
    "I felt '{sad}' again",
    "***I felt {sad}***",
    "I *was* {sad}",
    "I was *{afraid}* of anger",
    # a word said twice, and lists
    "I was so, so {sad}",
    "I am very, very, VERY {tired} of it",
    "I felt {sad}, {angry}, and {tired} all day",
    "I'm so {sad}, {angry} and {tired}.",
    "I am {happy}, {sad}, or {angry}?",
    "Feeling *{lonely}*, {anxious}, and very {scared}",
    "I was {sad}, angry people came",
    "I was {happy}, he was sad",
]

FAITHFUL_ONLY = [
    "I felt {sad} and angry",
    "I was {proud} and happy",
    "I dont feel {happy}",
    "I cant feel {joy} now",
    "I felt this deep sorrow",
    "I was terrified.",
    "I was a bit sad",
    "I was a bit tired",
    "I felt that happiness fade",
    "I was curious about it",
    "I am uncomfortable",
    "I am glad",
    "I felt heartbroken",
    "I don't feel happy.",
    "I'm feeling sad",
    "I wasn't angry",
    "I've been anxious",
    "I feel so bad because i was feeling guilty",
    "I was *sad*.",
    'I feel "sad" today',
    "I was so, so sad",
    "I felt {sad}, angry, and tired all day",
]


def check(sentence: str, protocol: str) -> None:
    expected = re.findall(r"\{(\w+)\}", sentence)
    found = mask(sentence.replace("{", "").replace("}", ""), protocol)
    assert list(found.surfaces) == expected
    assert found.text == re.sub(r"\{\w+\}", "<mask>", sentence)


@pytest.mark.parametrize("protocol", [DEFAULT_PROTOCOL, EXPRESS_2025])
@pytest.mark.parametrize("sentence", BOTH)
def test_both_protocols_mask_exactly_the_words_in_braces(sentence: str, protocol: str) -> None:
    check(sentence, protocol)


@pytest.mark.parametrize("sentence", DEFAULT_ONLY)
def test_the_default_protocol_finds_more(sentence: str) -> None:
    check(sentence, DEFAULT_PROTOCOL)


@pytest.mark.parametrize("sentence", FAITHFUL_ONLY)
def test_the_faithful_protocol_keeps_the_habits_of_the_published_masks(sentence: str) -> None:
    check(sentence, EXPRESS_2025)


@pytest.mark.parametrize(
    ("post", "flags"),
    [
        ("I'm not angry", (True,)),
        ("I don't feel lonely, I feel free and happy", (True, False)),
        ("I don’t feel lonely", (True,)),
        ("I dont feel lonely", (True,)),
        ("I wasn't sad. I was angry.", (True, False)),
        ("I was so happy", (False,)),
        ("I am not only sad", (False,)),
    ],
)
def test_a_denied_feeling_is_marked(post: str, flags: tuple[bool, ...]) -> None:
    found = mask(post)
    assert found.negated[-len(flags) :] == flags
    assert len(found.negated) == len(found.labels)
