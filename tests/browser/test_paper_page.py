"""*Beside the paper* in Chromium: nothing fetched, nothing cut off, figures and numbers saved."""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from support.in_chromium import listen
from typer.testing import CliRunner

from express_cards.comparison.paper import beside_the_paper
from express_cards.comparison.published import tables
from express_cards.comparison.runs import load_runs
from express_cards.reports.paper import paper_page
from express_runners.cli import app
from express_runners.planning import sweep_file as sweep

EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def page_file(reference: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page on the reference file, as GPT-4o with similar shots and under an evil name."""
    out = tmp_path_factory.mktemp("paper") / "page.html"
    (run,) = load_runs([reference / "gpt4o_predictions.csv"])
    similar = dataclasses.replace(
        run, model="api:gpt-4o", setting="few-shot similar", name="similar"
    )
    zero = dataclasses.replace(run, model=EVIL, setting="zero-shot", name=EVIL)
    return paper_page(beside_the_paper([similar, zero]), out)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_page_shows_every_table_and_asks_for_nothing(
    chromium: Any, page_file: Path, width: int, scheme: str
) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    requests, said = listen(page)
    page.goto(page_file.as_uri())
    assert requests == [page_file.as_uri()]
    assert said == []
    assert page.locator("img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = page.eval_on_selector_all("figure", "all => all.map(one => one.id)")
    assert found == ["figure-2", "figure-3", "figure-a3", "table-a6"]
    outside = page.evaluate(
        """() => [...document.querySelectorAll("figure svg text")].filter(text => {
            const a = text.getBoundingClientRect(), b = text.closest("svg").getBoundingClientRect();
            return a.left < b.left - 1 || a.right > b.right + 1 || a.bottom > b.bottom + 1;
        }).map(text => text.textContent)"""
    )
    assert outside == []
    rows = page.eval_on_selector_all(
        "section[aria-labelledby=t3] table:first-of-type tbody tr",
        "all => all.map(r => r.innerText)",
    )
    own, twin = rows[0].split("\t"), rows[1].split("\t")
    assert (own[0], own[1], twin[0], twin[1]) == ("yours", "api:gpt-4o", "published", "gpt-4o")
    assert twin[4:7] == ["0.364", "0.436", "0.738"]
    # .3528 against .364: 1.1 points below.
    assert own[7].startswith("AccL -1.1 (")
    page.close()


def test_every_published_figure_of_table_3_is_shown(chromium: Any, page_file: Path) -> None:
    page = chromium.new_page()
    page.goto(page_file.as_uri())
    text = page.locator("section[aria-labelledby=t3] .scroll").first.inner_text()
    shown = [line.split("\t") for line in text.splitlines() if line.startswith("published")]
    for row in tables()["table_3"]["rows"]:
        for key in ("zero_shot", "few_shot_random", "few_shot_nearest", "cot"):
            if row[key] is not None:
                cells = [f"{value:.3f}" for value in row[key].values()]
                assert any(line[1] == row["model"] and line[4:7] == cells for line in shown)
    page.close()


def test_the_numbers_of_a_figure_are_saved_as_csv(
    chromium: Any, page_file: Path, tmp_path: Path
) -> None:
    page = chromium.new_page()
    page.goto(page_file.as_uri())
    with page.expect_download() as download:
        page.click("#figure-a3 [data-export=csv]")
    download.value.save_as(tmp_path / "a3.csv")
    rows = list(csv.reader((tmp_path / "a3.csv").read_text("utf-8").splitlines()))
    assert rows[0] == ["line", "word", "value"]
    assert len(rows) == 1 + 3 * 75
    assert rows[1][0] == "people"
    page.close()


def test_reproduce_runs_what_is_missing_and_writes_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipes = tmp_path / "recipes"
    recipes.mkdir()
    (recipes / "paper.yaml").write_text(
        "out: runs\noptions: {dataset: sample, split: test, limit: 4, lexicon: nrc}\n"
        "settings:\n  - {name: zero-shot, prompt: zero-shot}\n"
        "models: ['dummy:oracle', 'dummy:uniform']\n"
    )
    monkeypatch.setattr(sweep, "RECIPES", recipes)
    out = tmp_path / "out"
    words = ["reproduce", "--out", str(out), "--models", "dummy:oracle", "--format", "json"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["failed"] == 0
    (own,) = [row for row in found["table_3"]["rows"] if not row["published"]]
    assert (own["model"], own["figures"]["lexical_accuracy"]["value"]) == ("dummy:oracle", 1.0)
    assert Path(found["page"]).is_file()
    wrong = CliRunner().invoke(app, ["reproduce", "--out", str(out), "--models", "org/x"])
    assert "not a model of the recipe" in str(wrong.exception)
    # What was done before is on the page, whichever models are asked for now; failures leave it.
    again = CliRunner().invoke(app, [*words[:3], "--models", "dummy:uniform", "--format", "json"])
    assert [row["model"] for row in _own(again.stdout)] == ["dummy:oracle", "dummy:uniform"]
    state = json.loads((out / "sweep.json").read_text())
    assert [run["status"] for run in state["runs"]] == ["done", "done"]
    page = CliRunner().invoke(app, [*words[:3], "--page-only", "--format", "json"])
    assert len(_own(page.stdout)) == 2
    assert _own((out / "beside-the-paper.json").read_text()) == _own(page.stdout)


def _own(text: str) -> list[dict[str, Any]]:
    return [row for row in json.loads(text)["table_3"]["rows"] if not row["published"]]


def test_reproduce_takes_files_of_the_authors_form(reference: Path, tmp_path: Path) -> None:
    file = reference / "gpt4o_predictions.csv"
    done = CliRunner().invoke(
        app, ["reproduce", "--out", str(tmp_path), "--from", str(file), "--format", "json"]
    )
    assert done.exit_code == 0, done.output
    (own,) = _own(done.stdout)
    assert own["figures"]["vector_accuracy"]["value"] == pytest.approx(0.4217289719626168)
    assert own["difference"] is None
    told = f"{file}=gpt-4o,few-shot-similar"
    done = CliRunner().invoke(
        app, ["reproduce", "--out", str(tmp_path), "--from", told, "--format", "json"]
    )
    (own,) = _own(done.stdout)
    assert own["difference"]["lexical_accuracy"]["value"] == pytest.approx(0.3528 - 0.364, abs=1e-4)
    wrong = CliRunner().invoke(
        app, ["reproduce", "--out", str(tmp_path), "--from", f"{file}=gpt-4o"]
    )
    assert "give the model, a comma and one of zero-shot" in str(wrong.exception)
