"""The demonstration of a study, and a study as a section of a report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.in_chromium import listen
from support.studies import key_of, made_run, made_study

from express_cards.reports.report import report
from express_cards.spaces.options import SpaceOptions
from express_cards.spaces.study.site import stage
from express_cards.study.folder import read_study
from express_cards.study.page import section
from express_cards.study.results import results
from express_cards.study.store import Answer, Store
from express_dataset.errors import DataError
from express_dataset.sources import load_all
from express_metric.analysis.resampling import Resampling


def test_the_demonstration_counts_in_the_page(chromium: Any, tmp_path: Path) -> None:
    stage(tmp_path, SpaceOptions("study"))
    page = chromium.new_page(viewport={"width": 390, "height": 800})
    asked, said = listen(page)
    page.goto((tmp_path / "index.html").as_uri())
    texts = page.locator("fieldset.choices")
    count = texts.count()
    assert count >= 6
    whose = {"person": 0, "model": 0}
    for number in range(count - 1):
        texts.nth(number).locator("label").first.click()
        whose[texts.nth(number).get_attribute("data-first")] += 1
    page.get_by_role("button", name="Show whose").click()
    told = page.locator("#counts").inner_text()
    assert told.startswith(
        f"Of {count - 1} texts you chose the writer's word in {whose['person']}, the program's in "
        f"{whose['model']}, both in 0"
    )
    assert page.locator(".told:visible").count() == count - 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert said == []
    assert len(asked) == 1
    page.close()


def test_the_demonstration_shows_the_sample_only(tmp_path: Path) -> None:
    private = made_run(tmp_path / "mine.jsonl", 30)
    with pytest.raises(DataError, match="may show the sample only"):
        stage(tmp_path, SpaceOptions("study", runs=[private]))
    lines = [
        {"text": one.text, "references": one.labels, "completion": str(["calm"] * len(one.labels))}
        for one in load_all("sample")["test"].examples
    ]
    public = tmp_path / "public.jsonl"
    public.write_text("".join(json.dumps(line) + "\n" for line in lines))
    stage(tmp_path / "space", SpaceOptions("study", runs=[public], lexicon="nrc"))
    assert "</b> calm<" in (tmp_path / "space" / "index.html").read_text()
    with pytest.raises(DataError, match="shows one run"):
        stage(tmp_path, SpaceOptions("study", runs=[public, public]))


def test_a_report_has_the_study_as_a_section(tmp_path: Path) -> None:
    folder = made_study(tmp_path / "s", 12, 2)
    study = read_study(folder)
    store = Store.open(folder, study.id)
    for coder, order in study.orders.items():
        for shown in order:
            store.save(Answer(coder, shown.item, "second" if coder == "coder1" else "both"))
    store.close_connection()
    found = results([folder], None, "nrc", Resampling(draws=200))
    run = tmp_path / "s-run.jsonl"
    page = report([run], tmp_path / "page.html", "nrc", section(found)).read_text()
    assert "What experts chose" in page
    assert "more than half of the coders chose" in page
    assert 'id="contextual-accuracy"' in page
    assert str(key_of(folder)["signature"]) in page
    plain = report([run], tmp_path / "plain.html", "nrc").read_text()
    assert "What experts chose" not in plain
