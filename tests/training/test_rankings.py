"""Who has seen the answers stands in no ranking: leaderboard, findings, push."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from training.conftest import TERMS

from express_cards.comparison.compare import compare
from express_cards.comparison.runs import of_folder
from express_cards.comparison.tables import as_latex, as_markdown, as_text
from express_cards.drawings.lines import learning_curves
from express_cards.reports.report import report
from express_cards.spaces.leaderboard.rows import entry_of, group
from express_cards.submissions.options import PushOptions
from express_cards.submissions.push import push_results
from express_metric.analysis.intensity import scales
from express_metric.analysis.resampling import Resampling
from express_runners.config import RunConfig
from express_runners.errors import RunError
from express_runners.runs.finished import FinishedRun
from express_runners.runs.run import run
from express_runners.training.options import TrainConfig
from express_runners.training.train import train

Tiny = Callable[[str], Path]
FEW = Resampling(draws=100)


@pytest.fixture(scope="module")
def runs(
    tiny: Tiny, data: Path, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """The base, and an adapter that has learned all that is asked, on the train split."""
    root = tmp_path_factory.mktemp("runs")
    base = str(tiny("llama"))
    learned = TrainConfig(
        base,
        root / "adapter",
        dataset=str(data),
        template=template,
        epochs=1,
        batch_size=8,
        validation=0,
    )
    assert train(learned)
    asked = RunConfig(base, root / "base", dataset=str(data), split="train", template=template)
    assert run(asked)
    told = replace(asked, adapter=str(learned.out), seen="allow", out=root / "told")
    assert run(told)
    return {"base": root / "base", "told": root / "told"}


def test_the_leaderboard_shows_it_without_a_rank(runs: dict[str, Path]) -> None:
    entries = [entry_of(of_folder(FinishedRun.read(path)), FEW) for path in runs.values()]
    assert [one.ranked for one in entries] == [True, False]
    assert entries[1].notes == ("not ranked: the model was trained on 8 of these 8 examples",)
    (table,) = group(entries, "revised")
    ranked = {row.entry.model: row.ranks["lexical_accuracy"] for row in table.rows}
    assert ranked["llama"] == (1, 1)
    assert ranked["llama+adapter"] is None


def test_no_finding_speaks_of_it(runs: dict[str, Path]) -> None:
    found = compare(list(runs.values()), lexicon="nrc", how=FEW)
    assert "was trained on 8 of these examples" in found["note"]
    assert not any("adapter" in str(finding) for finding in found["findings"])


def test_it_is_not_pushed(runs: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(RunError, match="trained on 8 of the examples asked"):
        push_results(PushOptions(runs["told"], out=tmp_path / "out"))


@pytest.fixture(scope="module")
def compared(
    tiny: Tiny,
    pairs: Path,
    by_heart: Callable[[Path], Path],
    template: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> list[Path]:
    """Base and model that knows the train rows, both asked everything."""
    root = tmp_path_factory.mktemp("compared")
    asked = RunConfig(
        str(tiny("llama")), root / "base", dataset=str(pairs), split="all", template=template
    )
    assert run(asked)
    assert run(replace(asked, model=str(by_heart(pairs)), seen="allow", out=root / "after"))
    return [root / "base", root / "after"]


def test_a_comparison_tells_what_training_did(compared: list[Path]) -> None:
    found = compare(compared, lexicon="nrc", how=FEW)
    (told,) = found["training"]
    assert told["examples"] == 12
    rows = {row["group"]: row for row in told["rows"]}
    learned, test = rows["learned"], rows["test"]
    assert (learned["masks"], test["masks"]) == (12, 12)
    assert learned["after"]["value"] > 0.9 > test["after"]["value"]
    assert learned["difference"]["value"] == learned["after"]["value"] - learned["before"]["value"]
    # Twelve rows of four labels: each was learned three times.
    assert rows["1-4 times in training"]["masks"] == 24
    whole = told["figures"]["lexical_accuracy"]
    assert whole["second"] - whole["first"] == whole["difference"]["value"]
    assert set(TERMS[:4]) <= set(dict(told["words"]["gained"]))
    assert told["softening"]["scale"] == scales()[0].name
    text = as_text(found, 100)
    assert re.search(r"is better: \+\d+\.\d points \(.+ to .+\)", text.replace("\n", " "))
    assert "What training did: " in text
    assert "lexical, learned" in text
    for other in (as_markdown(found), as_latex(found)):
        assert "What training did" in other


def test_without_its_base_it_says_what_to_add(compared: list[Path], runs: dict[str, Path]) -> None:
    found = compare([compared[1], compared[1]], lexicon="nrc", how=FEW)
    assert found["training"] == []
    assert "was trained from llama: add a run of that" in found["note"]


def test_the_page_shows_it(compared: list[Path], tmp_path: Path) -> None:
    page = report(compared, tmp_path / "page.html").read_text("utf-8")
    assert '<h3 id="training">What training did</h3>' in page
    assert "lexical, learned" in page
    assert 'id="learning-1"' not in page


def test_a_learning_curve_needs_two_sizes() -> None:
    def taught(examples: int, share: float) -> dict[str, Any]:
        names = ("valid_rate", "lexical_accuracy", "vector_f1")
        figures = {name: {"first": 0.1, "second": share} for name in names}
        return {"base": "b", "examples": examples, "figures": figures}

    assert learning_curves([taught(50, 0.5)]) == []
    (figure,) = learning_curves([taught(100, 0.5), taught(50, 0.3)])
    same = [(x, y) for name, x, y in figure.rows if name == "same word"]
    assert same == [("0", "10.0%"), ("50", "30.0%"), ("100", "50.0%")]
