"""The figures of the authors' own evaluator on real data, to 1e-12."""

from __future__ import annotations

from pathlib import Path

import pytest

from express_metric import load_lexicon, read_results, score, score_results

GOLDEN = {
    "valid_rate": 1.0,
    "lexical_accuracy": 0.352803738317757,
    "vector_accuracy": 0.4217289719626168,
    "vector_f1": 0.713761867675419,
    "dimension_accuracy": 0.8491822429906541,
}


def test_the_paper_protocol_gives_the_golden_figures(reference: Path) -> None:
    results = read_results(reference / "gpt4o_predictions.csv")
    scores = score_results(results, load_lexicon(reference / "lexicon-decomposition.csv"))["paper"]
    assert (scores["n_examples"], scores["n_masks"]) == (544, 856)
    for name, value in GOLDEN.items():
        assert scores[name] == pytest.approx(value, rel=0, abs=1e-12), name


def test_the_cleaned_column_gives_them_too(reference: Path, tmp_path: Path) -> None:
    import csv

    path = tmp_path / "cleaned.csv"
    with (reference / "gpt4o_predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = [{k: row[k] for k in ("labels", "output_formatted")} for row in csv.DictReader(file)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["labels", "output_formatted"])
        writer.writeheader()
        writer.writerows(rows)
    results = read_results(path)
    assert results.columns["answers"] == "output_formatted"
    scores = score_results(results, load_lexicon(reference / "lexicon-decomposition.csv"))["paper"]
    assert {name: scores[name] for name in GOLDEN} == pytest.approx(GOLDEN, rel=0, abs=1e-12)


def test_people_agree_with_themselves(reference: Path) -> None:
    references = read_results(reference / "gpt4o_predictions.csv").references
    for spec in ("nrc", reference / "lexicon-decomposition.csv"):
        figures = score(references, references, load_lexicon(spec), "revised").figures
        assert set(figures.values()) == {1.0}
