"""A word is one word however its letters are written, in completions and in lists of terms."""

from __future__ import annotations

import unicodedata

import pytest

from express_metric import load_lexicon, read, read_terms, score

NRC = load_lexicon("nrc")


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("d\u00e9sol\u00e9", unicodedata.normalize("NFD", "d\u00e9sol\u00e9")),
        (unicodedata.normalize("NFD", "d\u00e9sol\u00e9"), "D\u00c9SOL\u00c9"),
        ("sad", "\uff53\uff41\uff44"),
        ("\u0926\u0941\u0916\u0940", "\u0926\u0941\u0916\u0940"),
        ("sad", "sad \U0001f622"),
        ("sad", "sad\ud83d"),
    ],
    ids=["decomposed", "composed", "full width", "Hindi", "emoji", "half an emoji"],
)
def test_it_is_the_persons_word(label: str, said: str) -> None:
    for reading in (
        read(said, "revised", 1),
        read(f'["{said}"]', "revised", 1),
        read(f"1. {said}", "revised", 1),
        read_terms([said], "revised"),
    ):
        found = score([[label]], [reading], NRC, "revised").to_dict()
        assert found["lexical_accuracy"] == 1, (said, reading)
