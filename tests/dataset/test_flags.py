"""Flags on sentences written and judged by hand."""

from __future__ import annotations

import copy
import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from express_dataset import MASK, Example, leaked, leaked_form, load_examples, negated, schema

Find = Callable[[str, Sequence[str]], tuple[bool, ...]]

DENIED = [
    "I'm not <mask>.",
    "I am not <mask> about the move.",
    "Im not even that <mask>, just puzzled.",
    "I\u2019m not <mask> of thunder.",
    "I don't feel <mask> at all.",
    "i dont feel <mask>",
    "I don\u2019t even feel <mask> anymore.",
    "I didnt really feel <mask> until March.",
    "I never feel <mask> on Sundays.",
    "I was never <mask>.",
    "I'm no longer <mask> in chess.",
    "I felt no <mask> when the cast came off.",
    "I felt no real sense of <mask>.",
    "I walked out without feeling any <mask>.",
    "I was hardly <mask>.",
    "I wasn't exactly <mask> with the plumber.",
    "I can't feel <mask> about it.",
    "I cannot be <mask> with her.",
    "I won't be <mask>.",
    "I'm not a <mask> camper.",
    "I'm not at all <mask>.",
    "I haven't been <mask> since the spring.",
    "I'm neither <mask> nor surprised.",
    "I don't think I'm <mask>.",
    "I don't think that I was <mask>.",
    "I wouldn't say I'm <mask>.",
    "It's not that I'm <mask>, I need sleep.",
    "She left, nor did I feel <mask>.",
    "Not once did I feel <mask>.",
    "I'm not angry or <mask> with you.",
    "I am far from <mask>.",
    "I feel anything but <mask>.",
    "Instead of being <mask> I laughed.",
    "It doesn't make me <mask>.",
    "I'm not going to be <mask>.",
    "I am NOT <mask>!",
    "I feel 0 <mask> for what I said.",
]
AFFIRMED = [
    "I feel <mask>.",
    "I'm not only <mask> but broke.",
    "I am not just <mask>, I am done.",
    "I couldn't be more <mask>.",
    "I could not be more <mask> with my brother.",
    "I can't help feeling <mask>.",
    "I can't help but feel <mask>.",
    "Not gonna lie, I feel <mask>.",
    "I'm not gonna lie I'm <mask>.",
    "I can't sleep and I feel <mask>.",
    "I can't believe I was <mask> over a spoon.",
    "I didn't know I was <mask>.",
    "I have never felt so <mask>.",
    "Never have I ever felt so <mask>.",
    "I know I shouldn't feel <mask>.",
    "I tried not to feel <mask>.",
    "I feel nothing but <mask>.",
    "No, I feel <mask>.",
    "No. <mask> is the word.",
    "I'm not happy; I'm <mask>.",
    "I had no idea why I felt <mask>.",
    "He does not know that I'm <mask>.",
    "I can't not be <mask>.",
    "Damn if I'm not <mask>.",
    "I am tired, if not <mask>.",
    "The knot was tight and I was <mask>.",
    "I was now <mask>.",
]


@pytest.mark.parametrize("text", DENIED)
def test_denied(text: str) -> None:
    assert negated(text) == (True,)


@pytest.mark.parametrize("text", AFFIRMED)
def test_affirmed(text: str) -> None:
    assert negated(text) == (False,)


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("I'm not <mask>, I'm <mask>.", (True, False)),
        ("I'm not <mask> or <mask>.", (True, True)),
        ("I'm not <mask>, <mask> or <mask>.", (True, True, True)),
        ("I'm <mask>. I'm not <mask>.", (False, True)),
        ("no mask here", ()),
    ],
)
def test_each_mask_has_its_own_flag(text: str, flags: tuple[bool, ...]) -> None:
    assert negated(text) == flags


@pytest.mark.parametrize(
    ("text", "labels", "flags"),
    [
        ("I feel <mask>. So sad!", ["sad"], (True,)),
        ("I feel <mask>. SAD, I know.", ["sad"], (True,)),
        ("I feel <mask>. Sadly, no.", ["sad"], (False,)),
        ("I feel <mask>, I am unhappy.", ["happy"], (False,)),
        ("I feel <mask>. Let\n down by all.", ["let down"], (True,)),
        ("I feel <mask> and <mask>, mad.", ["sad", "mad"], (False, True)),
        ("I feel <mask>.", ["mask"], (False,)),
        ("I feel <mask>. C++ (a+b)", ["a+b"], (True,)),
        ("I feel <mask>. _sad_ *mad*", ["sad"], (True,)),
        ("I feel <mask>. Blase\u0301, yes.", ["blas\u00e9"], (True,)),
    ],
)
def test_leaked(text: str, labels: list[str], flags: tuple[bool, ...]) -> None:
    assert leaked(text, labels) == flags


@given(st.lists(st.text(alphabet="not I'feel,.<mask>\n"), max_size=6))
def test_one_flag_per_mask_whatever_the_text(parts: list[str]) -> None:
    text = MASK.join(parts)
    assert len(negated(text)) == text.count(MASK)


def test_shares_on_real_segments(reference: Path) -> None:
    """Read by hand: 43 denied masks were found, three borderline ones were not."""
    path = reference / "gpt4o_predictions.csv"
    rows = load_examples(str(path), split="all").examples
    assert sum(sum(row.negated) for row in rows) == 43
    assert sum(sum(row.leaked) for row in rows) == 155
    with path.open(newline="", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == len(rows) == 544


@pytest.mark.parametrize(
    ("text", "label", "flag"),
    [
        ("I feel <mask>, in all this Sadness.", "sad", True),
        ("I feel <mask>. It still worries me.", "worried", True),
        ("I feel <mask>. What a boring day.", "bored", True),
        ("I feel <mask>. Bigger, sadder, older.", "sad", True),
        ("I was <mask>. Demoralised, I say.", "demoralized", True),
        ("I was <mask>. Honored, I say.", "honoured", True),
        ("I was <mask>. I am so fed\nup.", "frustrated", True),
        ("I was <mask>. I am so fed up.", "frustrated", True),
        ("I was <mask>. What a scary, creepy house.", "scared", True),
        ("I was <mask>. So sad!", "sad", False),  # as it stands: `leaked`
        ("I felt <mask>. A number of us did.", "numb", False),
        ("I felt <mask>. She took off her hat.", "hated", False),
        ("I felt <mask>. He made it, long ago.", "mad", False),
        ("I felt <mask>, and she unhappy.", "happy", False),
        ("I felt <mask>.", "mask", False),
        ("I felt <mask>. C++ (a+b)", "a+b", False),
        ("I felt <mask>.", "", False),
    ],
)
def test_other_forms_of_a_label_are_told(text: str, label: str, flag: bool) -> None:
    assert leaked_form(text, [label, "zorped"]) == (flag, False)


def test_the_form_is_of_an_example_of_every_source(reference: Path) -> None:
    """Read by hand: of 51 masks of the slice each has another form of its word in the text."""
    rows = load_examples(str(reference / "gpt4o_predictions.csv"), split="all").examples
    assert sum(sum(row.leaked_form) for row in rows) == 51
    given = Example("a", "p", "<mask> sadness", ("sad",), 0, (False,), (False,), (False,))
    assert given.leaked_form == (False,)


def test_flags_are_found_when_first_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A run loads all of the data, and needs the flags of a fifth of it."""
    asked: list[str] = []

    def counted(name: str, find: Find) -> Find:
        def found(text: str, labels: Sequence[str]) -> tuple[bool, ...]:
            asked.append(name)
            return find(text, labels)

        return found

    monkeypatch.setattr(schema, "_FLAGS", {n: counted(n, f) for n, f in schema._FLAGS.items()})
    file = tmp_path / "authors.csv"
    text = "I am not <mask>, in all this sadness."
    file.write_text(f"original_ids,segment,labels\nt1,\"{text}\",['sad']\n", encoding="utf-8")
    (row,) = load_examples(str(file), split="all").examples
    assert not asked
    for _ in range(2):
        assert (row.negated, row.leaked, row.leaked_form) == ((True,), (False,), (True,))
    assert asked == ["negated", "leaked", "leaked_form"]
    mine = tmp_path / "mine.jsonl"  # with a column of one's own
    row_of_mine = {"id": "a", "text": text, "labels": ["sad"], "leaked": [True], "mood": 3}
    mine.write_text(json.dumps(row_of_mine), encoding="utf-8")
    (row,) = load_examples(str(mine), split="all").examples
    assert len(asked) == 3
    assert (row.negated, row.leaked, row.further) == ((True,), (True,), (("mood", 3),))


def test_an_example_is_one_value_whether_or_not_its_flags_were_found() -> None:
    first, second = (Example("a", "p", "I am not <mask>.", ("sad",), 0) for _ in range(2))
    assert first.negated == (True,)
    assert first == second
    assert hash(first) == hash(second)
    assert repr(first) == repr(second)
    for copied in (copy.copy(second), copy.deepcopy(second), replace(second)):
        assert copied == first
    assert second.cells()["negated"] == (True,)
    with pytest.raises(AttributeError, match="an example has no label"):
        _ = second.label  # type: ignore[attr-defined]
