"""Tables and pages say what the scores say, and show data as text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from express_cards.report import pieces, write_report
from express_cards.terminal import print_scores
from express_cards.words import advice
from express_runners.scores import score_run

from express_dataset import Example
from express_metric import load_lexicon

ASKED = {
    "model": {"name": "<b>model</b>", "revision": "0123456789abcdef", "family": "causal"},
    "dataset": {"name": "mine", "split": "test", "signature": "mine@00000000"},
    "prompt": {"name": "zero-shot", "hash": "0000"},
    "decoding": {"name": "free"},
}
NASTY = 'I was <mask>. <script>alert("1")</script> & \u05e9\u05dc\u05d5\u05dd'


def line(answer: str, *terms: str) -> dict[str, Any]:
    """A line of predictions with the same terms under both protocols."""
    both = {"paper": list(terms) or None, "revised": list(terms) or None}
    reason = dict.fromkeys(both, None if terms else "no-list")
    return {
        "id": answer[:3],
        "references": ["sad"],
        "completion": answer,
        "terms": both,
        "reason": reason,
    }


def example(text: str) -> Example:
    return Example("a", "p", text, ("sad",), 0, (False,), (False,))


def page(folder: Path, lines: list[dict[str, Any]], texts: list[str]) -> str:
    scores = score_run(lines, load_lexicon("nrc"), ASKED)
    examples = [example(text) for text in texts]
    return write_report(folder, ASKED, scores, lines, examples).read_text("utf-8")


def test_what_comes_from_data_is_never_active(tmp_path: Path) -> None:
    shown = page(tmp_path, [line("<img src=x onerror=alert(1)>", "sad")], [NASTY])
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "<img" not in shown
    assert "<b>model</b>" not in shown
    assert "http" not in shown


def test_both_words_stand_in_the_place_of_the_mask(tmp_path: Path) -> None:
    shown = page(tmp_path, [line('["tired"]', "tired")], ["I was <mask> then."])
    assert 'I was <span class="word"><span class="person">sad</span> / ' in shown
    assert '<span class="miss">tired</span></span> then.' in shown


def test_an_answer_of_the_wrong_length_is_not_put_in_place() -> None:
    shown = pieces("<mask> and <mask>", ["a", "b"], ["a"])
    assert [piece.answer for piece in shown] == [None, None, None]


@pytest.mark.parametrize(("answer", "note"), [('["sad"]', False), ("", True)])
def test_a_low_valid_rate_is_explained(
    answer: str, note: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [line(answer, "sad") if answer else line("no idea")]
    scores = score_run(lines, load_lexicon("nrc"), ASKED)
    assert bool(advice(scores)) is note
    print_scores(scores)
    assert ("could not be scored" in capsys.readouterr().out) is note
    assert ("could not be scored" in page(tmp_path, lines, ["<mask>"])) is note
