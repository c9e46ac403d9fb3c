"""Who has seen the answers stands in no ranking: leaderboard, findings, push."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from express_cards.comparison.compare import compare
from express_cards.comparison.runs import of_folder
from express_cards.spaces.leaderboard.rows import entry_of, group
from express_cards.submissions.options import PushOptions
from express_cards.submissions.push import push_results
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
