"""Drawings: the rings of the wheel, and where numbers stand."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from express_cards.drawings.emotions import points, wheel
from express_cards.drawings.svg import WIDTH
from express_cards.drawings.words import overuse_bars
from express_metric import Reading, load_lexicon
from express_metric.analysis.masks import mask_table

NRC = load_lexicon("nrc")


def drawn(
    labels: list[str], answers: list[str], name: str = "m"
) -> tuple[ElementTree.Element, str]:
    """The wheel of posts with one word each, and its caption."""
    said = [Reading((word,)) for word in answers]
    found = wheel("wheel", name, mask_table([[word] for word in labels], said, NRC, "revised"))
    return ElementTree.fromstring(found.svg), found.caption


@pytest.mark.parametrize(
    ("joyful", "of", "rings"),
    [
        (20, 20, [20, 40, 60, 80, 100]),
        (17, 20, [20, 40, 60, 80, 100]),
        (9, 20, [10, 20, 30, 40, 50]),
        (3, 20, [5, 10, 15]),
        (0, 20, [5, 10]),
    ],
)
def test_rings_run_evenly_from_the_centre(joyful: int, of: int, rings: list[int]) -> None:
    """Words without any emotion fill the rest."""
    words = ["glad"] * joyful + ["zzz"] * (of - joyful)
    drawing, caption = drawn(words, words)
    radii = [float(ring.get("r", "0")) for ring in drawing.iter("circle")]
    assert radii == pytest.approx([max(radii) * ring / rings[-1] for ring in rings])
    texts = [text.text for text in drawing.iter("text")]
    assert [text for text in texts if text and text.endswith("%")] == [f"{r}%" for r in rings]
    assert f"rings are {rings[0]} points apart" in caption
    assert "Compare lengths, not areas." in caption


def test_values_stand_in_a_column_of_their_own() -> None:
    rows = [("a", [(0.02, 0.0, 0.3)]), ("b", [(0.5, 0.1, 0.99)]), ("c", [(1.0, 0.9, 1.0)])]
    for masks in ([], [7, 8, 9_000]):
        drawing = ElementTree.fromstring(points("p", ("", ""), ["s"], rows, "", masks).svg)
        texts = {text.text: text for text in drawing.iter("text") if text.text}
        places = [float(texts[said].get("x", "0")) for said in ("2.0%", "50.0%", "100.0%")]
        assert len(set(places)) == 1
        ends = [float(line.get("x2", "0")) for line in drawing.iter("line")]
        # Right-aligned; the widest number takes less than forty units.
        assert max(ends) < places[0] - 40 <= WIDTH - 40


def test_counts_of_overused_words_stand_in_a_column() -> None:
    use = {"people": 3, "model": 45, "excess": 0.4, "verdict": "over"}
    uses = [
        {**use, "term": f"w{n}", "low": 0.4 - n / 10, "high": 0.4 + n / 10} for n in range(1, 4)
    ]
    found = overuse_bars("o", "m", uses)
    assert found is not None
    drawing = ElementTree.fromstring(found.svg)
    numbers = [text for text in drawing.iter("text") if text.text == "3 \u2192 45"]
    assert {text.get("x") for text in numbers} == {str(WIDTH - 3)}
    ends = [float(line.get("x2", "0")) for line in drawing.iter("line")]
    assert max(ends) <= WIDTH - 70
