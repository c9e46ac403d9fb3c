"""The blind is kept: nothing the browser gets tells which side is the model's.

Every response is taken apart but for what the coder must read: the text and the two options.
A classifier on all that is left must stay at chance; where a side is made to leak, it finds it.
"""

from __future__ import annotations

import re
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.preprocessing import StandardScaler
from starlette.testclient import TestClient
from support.studies import key_of

from express_cards.study.folder import Study, read_links, read_study
from express_cards.study.new import new_study
from express_cards.study.options import NewOptions
from express_cards.study.server import build_app
from express_cards.study.store import Store


@pytest.fixture(scope="module")
def folder(reference: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("blind") / "s"
    run = reference / "gpt4o_predictions.csv"
    new_study(NewOptions(run, made, 120, 4, ask="confidence,reason,codes", seed=3))
    return made


def hidden(text: str, study: Study, coder: str, number: int) -> str:
    """A response's page without the text, the two options and what the words mean."""
    shown = study.orders[coder][number - 1]
    text = re.sub(r"<article.*?</article>", "POST", text, flags=re.DOTALL)
    text = re.sub(r"<dl>.*?</dl>", "WORDS", text, flags=re.DOTALL)
    text = re.sub(r"<(style|script)>.*?</\1>", "", text, flags=re.DOTALL)
    for words in (shown.first, shown.second):
        text = text.replace(f"</b> {', '.join(words)}<", "</b> OPTION<")
    return text


@dataclass(frozen=True)
class Heard:
    """What every coder's browser got for every item: before, while and after an answer.

    `texts` are pages with their headers; `numbers` lengths, seconds and places.
    """

    texts: list[str]
    numbers: Any
    model_first: Any
    items: list[str]


@pytest.fixture(scope="module")
def heard(folder: Path) -> Heard:
    study, links, first = read_study(folder), read_links(folder), key_of(folder)["first"]
    store = Store.open(folder, study.id)
    app = build_app(study, links, store)
    texts, numbers, model_first, items = [], [], [], []
    for coder, order in study.orders.items():
        browser = TestClient(app, follow_redirects=False)
        for number, shown in enumerate(order, 1):
            address = f"/c/{links[coder]}/{number}"
            row: list[float] = [number, number % 2]
            told = ""
            for method in ("GET", "POST", "GET"):
                form = {"choice": "first", "revision": "0", "go": "next", "reason": "r"}
                began = time.perf_counter()
                response = browser.request(method, address, data=form if method == "POST" else None)
                body = hidden(response.text, study, coder, number)
                row += [time.perf_counter() - began, len(body)]
                row.append(float(response.headers["content-length"]) - len(response.content))
                raw = " ".join(f"{n.decode()}:{v.decode()}" for n, v in response.headers.raw)
                told += f" {raw} {response.status_code} {body}"
            texts.append(told)
            numbers.append(row)
            model_first.append(first[coder][shown.item] == "model")
            items.append(shown.item)
    store.close_connection()
    return Heard(texts, np.array(numbers), np.array(model_first), items)


def accuracy(heard: Heard) -> float:
    """How often a classifier that never saw an item tells which side stood first."""
    # What stands in nearly every response, or in one alone, such as a length or a token, goes.
    words = CountVectorizer(binary=True, token_pattern=r"[^\s\"<>=,]+", min_df=3, max_df=0.98)
    scaled = csr_matrix(StandardScaler().fit_transform(heard.numbers))
    features = hstack([words.fit_transform(heard.texts), scaled])
    model = LogisticRegression(max_iter=1_000)
    guess = cross_val_predict(
        model, features, heard.model_first, groups=heard.items, cv=GroupKFold(5)
    )
    return float((guess == heard.model_first).mean())


def test_a_classifier_on_every_response_stays_at_chance(heard: Heard) -> None:
    assert len(heard.texts) == 480
    # Sides are balanced, so that what is left out of a fold leans the other way: chance is a
    # little below one half, and only above it would be a leak. Four standard errors.
    assert accuracy(heard) < 0.5 + 4 * (0.25 / 480) ** 0.5


@pytest.mark.parametrize("leak", ["length", "header", "seconds"])
def test_it_would_find_a_leak(heard: Heard, leak: str) -> None:
    texts, numbers = list(heard.texts), heard.numbers.copy()
    for row, is_model in enumerate(heard.model_first):
        if leak == "header":
            texts[row] += f" x-cache:{'hit' if is_model else 'miss'}"
        else:
            numbers[row, 3 if leak == "length" else 2] += 1.0 if is_model else 0.0
    assert accuracy(replace(heard, texts=texts, numbers=numbers)) > 0.8


def test_the_same_item_with_its_sides_exchanged_is_as_long(folder: Path) -> None:
    study, links = read_study(folder), read_links(folder)
    store = Store.open(folder, study.id)
    browser = TestClient(build_app(study, links, store))
    lengths: dict[str, set[int]] = {}
    for coder, order in study.orders.items():
        browser.cookies.clear()
        for number, shown in enumerate(order[:60], 1):
            page = browser.get(f"/c/{links[coder]}/{number}").text
            body = re.sub(
                r"<header>.*?</header>|action=\"[^\"]*\"|<button.*?>", "", page, flags=re.S
            )
            body = re.sub(r"revision\" value=\"\d+\"|( checked| open)|>r</textarea|", "", body)
            lengths.setdefault(shown.item, set()).add(len(body.replace("></textarea", "")))
    store.close_connection()
    assert {len(found) for found in lengths.values()} == {1}


def test_the_server_never_opens_the_key(folder: Path) -> None:
    opened: set[str] = set()

    def hear(event: str, of: tuple[Any, ...]) -> None:
        if event == "open":
            opened.add(Path(str(of[0])).name)

    sys.addaudithook(hear)  # however a file is opened; it cannot be taken away again
    study = read_study(folder)
    store = Store.open(folder, study.id)
    app = build_app(study, read_links(folder), store)
    assert TestClient(app).get(f"/c/{read_links(folder)['coder1']}/1").status_code == 200
    store.close_connection()
    assert "study.json" in opened
    assert "s-key.json" not in opened
