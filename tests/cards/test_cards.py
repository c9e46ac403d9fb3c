"""Tables say what the scores say."""

from __future__ import annotations

from typing import Any

import pytest
from support.made_runs import asked_of

from express_cards.terminal import print_scores
from express_cards.words import advice
from express_metric import load_lexicon
from express_runners.runs.record import Record
from express_runners.runs.scores import score_run


def line(answer: str, *terms: str) -> dict[str, Any]:
    """A line of predictions with the same terms under both protocols."""
    both = {"paper": list(terms) or None, "revised": list(terms) or None}
    return {
        "id": answer[:3],
        "references": ["sad"],
        "completion": answer,
        "terms": both,
        "reason": dict.fromkeys(both, None if terms else "no-list"),
    }


@pytest.mark.parametrize(("answer", "note"), [('["sad"]', False), ("", True)])
def test_a_low_valid_rate_is_explained(
    answer: str, note: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [line(answer, "sad") if answer else line("no idea")]
    scores = score_run(lines, load_lexicon("nrc"), Record(asked=asked_of(), sessions=()))
    assert bool(advice(scores)) is note
    print_scores(scores)
    assert ("could not be scored" in capsys.readouterr().out) is note
