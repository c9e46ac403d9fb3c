"""What `express study new` draws: which posts, which order, which side first, and what is apart."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from pathlib import Path
from random import Random

import openpyxl
import pytest
from support.studies import key_of, made_run, made_study

from express_cards.reports.sheet import read_sheet as read_runs
from express_cards.study.design import plan
from express_cards.study.folder import read_links, read_study
from express_cards.study.items import draw
from express_cards.study.new import new_study
from express_cards.study.options import NewOptions
from express_cards.study.sheets import read_sheet, safe, write_csv, write_xlsx
from express_dataset.errors import DataError
from express_metric import load_lexicon

FILES = {"study.json", "codebook.json", "definitions.json", "instructions.txt", "links.json"}


def test_posts_differ_in_vector_at_every_mask(reference: Path) -> None:
    sheet = read_runs([reference / "gpt4o_predictions.csv"])
    drawn = draw(sheet, 150, "vector", False, Random(1))
    lexicon = sheet.runs[0].lexicon
    for item in drawn.items:
        for person, model in zip(item.person, item.model, strict=True):
            assert (lexicon.vector(person) != lexicon.vector(model)).any()
    posts = [post for _, post in drawn.examples.values()]
    assert len(set(posts)) == len(posts) == 150
    alone = draw(sheet, 50, "word", True, Random(1))
    assert {len(item.person) for item in alone.items} == {1}


def test_strata_keep_their_shares(reference: Path) -> None:
    sheet = read_runs([reference / "gpt4o_predictions.csv"])
    every = draw(sheet, draw(sheet, 2, "vector", False, Random(0)).fit, "vector", False, Random(0))
    half = draw(sheet, len(every.items) // 2, "vector", False, Random(0))

    def count(items: object) -> Counter[tuple[str, str]]:
        return Counter((i.strata["family"], i.strata["error"]) for i in items)  # type: ignore[attr-defined]

    whole, part = count(every.items), count(half.items)
    assert all(abs(part[name] - n / 2) <= 1.01 for name, n in whole.items())


def test_the_key_is_apart_and_the_folder_does_not_tell(tmp_path: Path) -> None:
    folder = made_study(tmp_path / "s", 40, 3)
    assert {path.name for path in folder.iterdir()} == {*FILES, "sheets"}
    assert (folder / "links.json").stat().st_mode & 0o077 == 0
    assert Path(f"{folder}-key.json").stat().st_mode & 0o077 == 0
    key = key_of(folder)
    content = json.loads((folder / "study.json").read_text())
    assert set(content) == {"format", "study", "per_item", "ask", "items", "orders"}
    assert {name for item in content["items"] for name in item} == {"id", "text", "a", "b"}
    told = "".join(path.read_text() for path in folder.iterdir() if path.is_file())
    secrets = {f'"{item[name]}"' for item in key["items"].values() for name in ("example", "post")}
    assert not any(secret in told for secret in {*secrets, '"person"', '"model"', "seed"})
    person_is_a = sum(item["a"] == key["items"][item["id"]]["person"] for item in content["items"])
    assert person_is_a == 20


def test_each_coder_has_a_drawn_order_and_half_the_sides(tmp_path: Path) -> None:
    key = key_of(made_study(tmp_path / "s", 40, 3))
    orders = [tuple(first.items()) for first in key["first"].values()]
    assert [Counter(first.values())["person"] for first in key["first"].values()] == [20] * 3
    assert len({tuple(item for item, _ in order) for order in orders}) == 3
    assert len({tuple(sorted(order)) for order in orders}) == 3


def test_a_seed_draws_the_same_and_none_another(tmp_path: Path) -> None:
    made_run(tmp_path / "run.jsonl", 60)
    keys = []
    for name, seed in (("a", 5), ("b", 5), ("c", None), ("d", None)):
        new_study(NewOptions(tmp_path / "run.jsonl", tmp_path / name, 20, 2, seed=seed))
        keys.append(key_of(tmp_path / name))
    a, b, c, d = ((key["first"], key["items"]) for key in keys)
    assert a == b
    assert len({str(a), str(c), str(d)}) == 3
    links = [read_links(tmp_path / name) for name in "ab"]
    assert not set(links[0].values()) & set(links[1].values())


@pytest.mark.parametrize(("items", "coders", "each"), [(120, 10, 3), (30, 4, 2), (7, 3, 1)])
def test_an_incomplete_design_is_balanced(items: int, coders: int, each: int) -> None:
    made = plan([f"p{n}" for n in range(items)], coders, each, Random(3))
    judges: dict[str, list[str]] = {}
    for coder, order in made.orders.items():
        for item, _ in order:
            judges.setdefault(item, []).append(coder)
    assert {len(set(names)) for names in judges.values()} == {each}
    loads = [len(order) for order in made.orders.values()]
    assert max(loads) - min(loads) <= 1
    met = Counter(pair for names in judges.values() for pair in itertools.combinations(names, 2))
    if each > 1:
        assert len(met) == coders * (coders - 1) // 2
        assert max(met.values()) - min(met.values()) <= 2


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    rows = [
        ["=1+1", "@SUM(A1)", "-2", "+3", "\t=4", "\uff1d5", "#N/A", "'=6", "a\x00b", "x" * 40_000]
    ]
    header = list("abcdefghij")
    write_csv(tmp_path / "a.csv", header, rows)
    write_xlsx(tmp_path / "a.xlsx", header, rows, {"a": ["first", "second"]})
    cells = list(openpyxl.load_workbook(tmp_path / "a.xlsx").active[2])
    assert [cell.data_type for cell in cells] == ["s"] * 10
    for file in ("a.csv", "a.xlsx"):
        back = list(read_sheet(tmp_path / file)[0].cells.values())
        assert back[:4] == rows[0][:4]
        assert back[5:8] == ["\uff1d5", "#N/A", "=6"]
        assert back[8] == "ab"
        assert len(back[9]) == 32_000
    raw = (tmp_path / "a.csv").read_text("utf-8-sig")
    assert not any(f'"{mark}' in raw for mark in "=@+-\t\uff1d")
    assert safe("sad") == "sad"


def test_bad_requests_are_one_sentence_and_change_nothing(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run.jsonl", 12)
    lines = run.read_text().splitlines()
    silent = tmp_path / "silent.jsonl"
    silent.write_text("".join(json.dumps(json.loads(s) | {"completion": ""}) + "\n" for s in lines))
    bare = tmp_path / "bare.jsonl"
    bare.write_text(
        "".join(
            json.dumps({k: v for k, v in json.loads(s).items() if k != "text"}) + "\n"
            for s in lines
        )
    )
    old = tmp_path / "old"
    old.mkdir()
    out = tmp_path / "s"
    for options, says in [
        (NewOptions(run, out, 200), "posts have sides that differ in vector at every mask"),
        (NewOptions(silent, out, 2), "the model gave no answer that can be read"),
        (NewOptions(bare, out, 2), "texts of the posts cannot be shown"),
        (NewOptions(run, old, 2), "is there already"),
        (NewOptions(run, out, 2, key=out / "key.json"), "lies in the study's folder"),
        (NewOptions(run, out, 2, ask="mood"), "choose any of confidence, reason, codes"),
        (NewOptions(run, out, 2, differ="length"), "choose vector or word"),
        (NewOptions(run, out, 2, coders=0), "needs at least one"),
        (NewOptions(run, out, 2, coders=10**25), "1000 at most"),
        (NewOptions(run, out, 2, per_item=4), "must lie between 1 and --coders"),
        (NewOptions(run, out, 2, definitions=silent), "is not JSON"),
    ]:
        with pytest.raises(DataError, match=says) as told:
            new_study(options)
        assert "\n" not in str(told.value)
        assert not out.exists()


def test_definitions_are_ones_own_where_given(tmp_path: Path) -> None:
    own = tmp_path / "own.json"
    own.write_text(json.dumps({"Scared": "afraid of something near"}))
    made_study(tmp_path / "s", 12, 1, definitions=own, ask="codes")
    study = read_study(tmp_path / "s")
    assert study.definitions["scared"] == "afraid of something near"
    assert study.definitions["anxious"].startswith("carries ")
    words = {w for shown in study.orders["coder1"] for w in (*shown.first, *shown.second)}
    assert words == study.definitions.keys()
    assert all(word in load_lexicon("nrc") for word in words)
    assert study.ask == ("codes",)
