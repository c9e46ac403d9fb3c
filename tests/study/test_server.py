"""The study's page: whose link it is, what is kept, what is refused, and that nothing tells."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from support.studies import key_of, load, made_study, serving

from express_cards.study import server as serving_code
from express_cards.study.folder import close_study, judged_of, read_links, read_study
from express_cards.study.server import build_app, serve
from express_cards.study.store import Answer, Overtaken, Store
from express_dataset.errors import DataError


class Desk:
    """A study with its page in this process, and a browser for each coder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.study, self.links = folder, read_study(folder), read_links(folder)
        self.store = Store.open(folder, self.study.id)
        self.app = build_app(self.study, self.links, self.store)
        self.browsers: dict[str, TestClient] = {}

    def browser(self, coder: str) -> TestClient:
        return self.browsers.setdefault(coder, TestClient(self.app, follow_redirects=False))

    def get(self, coder: str, number: int | str = "") -> Any:
        return self.browser(coder).get(f"/c/{self.links[coder]}/{number}".rstrip("/"))

    def post(self, coder: str, number: int, **form: Any) -> Any:
        given = {"revision": "0", "go": "next", **form}
        return self.browser(coder).post(f"/c/{self.links[coder]}/{number}", data=given)

    def item(self, coder: str, number: int) -> str:
        return self.study.orders[coder][number - 1].item


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(made_study(tmp_path / "s", 6, 2, ask="confidence,reason,codes"))
    yield made
    made.store.close_connection()


def test_an_answer_is_on_disk_before_the_next_item(desk: Desk) -> None:
    said = desk.post("coder1", 1, choice="second", confidence="4", reason=" why ", codes=["3", "5"])
    assert (said.status_code, said.headers["location"]) == (303, f"/c/{desk.links['coder1']}/2")
    other = sqlite3.connect(desk.store.file)
    assert other.execute(
        "SELECT coder, item, place, confidence, reason FROM answers"
    ).fetchall() == [("coder1", desk.item("coder1", 1), "second", 4, "why")]
    assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    other.close()
    page = desk.get("coder1", 1).text
    assert re.search(r'value="second" required checked', page)
    assert re.search(r'value="4" checked', page)
    assert page.count("checked>") == 4
    assert ">why</textarea>" in page
    assert "1 answered" in page
    assert 'value="1"' in page


def test_back_and_forward_keep_what_is_chosen(desk: Desk) -> None:
    home = f"/c/{desk.links['coder1']}"
    assert desk.post("coder1", 3, choice="both", go="back").headers["location"] == f"{home}/2"
    assert desk.post("coder1", 2, go="skip").headers["location"] == f"{home}/3"
    assert desk.store.answered("coder1") == {desk.item("coder1", 3)}
    # After the last the first that is open, and at the very end the first page.
    assert desk.post("coder1", 6, choice="first").headers["location"] == f"{home}/1"
    for number in (1, 2, 4):
        desk.post("coder1", number, choice="first")
    assert desk.post("coder1", 5, choice="first").headers["location"] == f"{home}/6"
    assert desk.post("coder1", 6, choice="first").headers["location"] == home
    assert "Every text is answered" in desk.get("coder1").text


def test_the_same_answer_again_is_one_answer_and_an_old_tab_is_told(desk: Desk) -> None:
    for _ in range(3):
        assert desk.post("coder1", 1, choice="first").status_code == 303
    late = desk.post("coder1", 1, choice="second")
    assert late.status_code == 409
    assert "You have given another answer to this text since" in late.text
    assert desk.store.answers()[0].place == "first"
    assert desk.post("coder1", 1, choice="second", revision="1").status_code == 303
    (kept,) = desk.store.answers()
    assert (kept.place, kept.revision) == ("second", 2)
    rows = sqlite3.connect(desk.store.file).execute("SELECT revision, place FROM history")
    assert rows.fetchall() == [(1, "first"), (2, "second")]
    with pytest.raises(Overtaken):
        desk.store.save(Answer("coder1", desk.item("coder1", 1), "both", revision=1))


def test_a_foreign_link_fails_and_is_logged_without_the_token(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.get("coder1", 1)
    theirs = desk.browser("coder1").get(f"/c/{desk.links['coder2']}/1")
    assert theirs.status_code == 403
    assert "another coder" in theirs.text
    wrong = f"{desk.links['coder1'][:-1]}~"
    for address in (f"/c/{wrong}", f"/c/{wrong}/1", "/c/coder1", "/", "/study.json", "/c/../key"):
        assert desk.browser("nobody").get(address).status_code == 404
    taken = desk.browser("nobody").post(f"/c/{wrong}/1", data={"choice": "first"})
    assert taken.status_code == 404
    assert desk.store.answers() == []
    logged = desk.store.attempts()
    assert logged.count("coder2's link, from a browser that had opened another") == 1
    assert logged.count("a link that is nobody's") == 4
    assert len(caplog.messages) == 5
    odd = [(b"cookie", f"express-study-{desk.study.id}=\u00e9".encode("latin-1"))]
    mine = f"/c/{desk.links['coder1']}"
    assert TestClient(desk.app).get(mine, headers=odd).status_code == 403
    kept = caplog.text + "".join(logged)
    assert not any(token in kept for token in (*desk.links.values(), wrong))
    assert desk.get("coder1", 2).status_code == 200


def test_the_log_of_attempts_is_bounded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving_code, "MOST_ATTEMPTS", 3)
    for _ in range(9):
        desk.browser("nobody").get("/c/x")
    assert len(desk.store.attempts()) == 3


def test_no_coder_sees_anything_of_another(desk: Desk) -> None:
    desk.post("coder1", 1, choice="second", reason="a secret of mine")
    item = desk.item("coder1", 1)
    place = 1 + [shown.item for shown in desk.study.orders["coder2"]].index(item)
    page = desk.get("coder2", place).text + desk.get("coder2").text
    assert "a secret of mine" not in page
    assert page.count("checked>") == 0
    assert "0 answered" in page


def test_a_closed_study_refuses_and_shows_what_was_typed(desk: Desk) -> None:
    desk.post("coder1", 1, choice="first")
    assert "answers kept on the page: 1" in close_study(desk.folder)
    late = desk.post("coder1", 2, choice="second", reason="late")
    assert late.status_code == 403
    assert "This study was closed" in late.text
    assert ">late</textarea>" in late.text
    assert "This study was closed" in desk.get("coder1").text
    assert len(desk.store.answers()) == 1
    close_study(desk.folder, reopen=True)
    assert desk.post("coder1", 2, choice="second").status_code == 303


def test_what_a_browser_should_not_send(desk: Desk) -> None:
    assert desk.post("coder1", 1).status_code == 422
    for form in (
        {"choice": "model"},
        {"choice": "first", "confidence": "9"},
        {"choice": "first", "codes": "99"},
        {"choice": "first", "revision": "-1"},
    ):
        assert desk.post("coder1", 1, **form).status_code == 400
    assert desk.post("coder1", 1, choice="first", reason="x" * 70_000).status_code == 413
    assert desk.get("coder1", 7).status_code == 404
    assert desk.get("coder1", 0).status_code == 404
    assert desk.store.answers() == []
    assert desk.post("coder1", 1, choice="first", reason="y" * 5_000).status_code == 303
    assert len(desk.store.answers()[0].reason) == 4_000


def test_a_full_disk_is_told_and_what_was_typed_stays(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.post("coder1", 1, choice="first")
    desk.store._db.execute("PRAGMA max_page_count = 1")
    long = "z" * 4_000
    answers = [desk.post("coder1", n, choice="both", reason=long) for n in range(2, 7)]
    refused = [answer for answer in answers if answer.status_code == 503]
    assert refused
    assert "could not be kept" in refused[0].text
    assert f">{long}</textarea>" in refused[0].text
    kept = 1 + sum(answer.status_code == 303 for answer in answers)
    assert len(desk.store.answers()) == kept


def test_every_response_has_the_same_headers(desk: Desk) -> None:
    def fixed(response: Any) -> dict[str, str]:
        varying = ("content-length", "set-cookie", "location")
        return {k: v for k, v in response.headers.items() if k not in varying}

    page = fixed(desk.get("coder1", 1))
    policy = page["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self'; " in policy
    assert "frame-ancestors 'none'" in policy
    assert "noindex" in page["x-robots-tag"]
    assert page["cache-control"] == "no-store"
    for response in (desk.get("coder2", 3), desk.get("coder1"), desk.get("coder1", 99)):
        assert fixed(response) == page
    sent = fixed(desk.post("coder1", 1, choice="first"))
    assert {**page, **sent} == page
    assert "Disallow: /" in desk.browser("coder1").get("/robots.txt").text
    assert 'content="noindex' in desk.get("coder1", 1).text


def test_text_from_data_is_never_markup(desk: Desk) -> None:
    desk.post("coder1", 1, choice="first", reason='</textarea><script>"&')
    page = desk.get("coder1", 1).text
    assert "<b>It</b>" not in page
    assert "&lt;b&gt;It&lt;/b&gt;" in page
    assert "&lt;/textarea&gt;&lt;script&gt;&#34;&amp;" in page


def test_the_page_is_served_on_loopback_and_says_so(tmp_path: Path) -> None:
    folder = made_study(tmp_path / "s", 4, 2)
    with serving(folder) as server:
        assert server.told["address"].startswith("http://127.0.0.1:")
        assert server.told["loopback"] is True
        assert set(server.told["links"]) == {"coder1", "coder2"}
        with pytest.raises(DataError, match="cannot be used"):
            serve(folder, "127.0.0.1", server.port, lambda _: None)
        said = server.end()
    assert not any(link.rpartition("/")[2] in said for link in server.told["links"].values())


def test_a_link_that_is_missing_and_a_port_that_cannot_be(tmp_path: Path) -> None:
    folder = made_study(tmp_path / "s", 4, 2)
    with pytest.raises(DataError, match="--port must be from 0 to 65535"):
        serve(folder, "127.0.0.1", 70_000, lambda _: None)
    with pytest.raises(DataError, match="cannot be used"):
        serve(folder, "no.such.host.invalid", 0, lambda _: None)
    links = read_links(folder)
    (folder / "links.json").write_text(json.dumps(links | {"zoe": "x"}))
    with pytest.raises(DataError, match="a link for zoe, who is no coder"):
        serve(folder, "127.0.0.1", 0, lambda _: None)
    (folder / "links.json").write_text("{}")
    with pytest.raises(DataError, match="no link for coder1, coder2"):
        serve(folder, "127.0.0.1", 0, lambda _: None)


def test_many_coders_at_once_lose_nothing(tmp_path: Path) -> None:
    folder = made_study(tmp_path / "s", 12, 5, ask="reason")
    with serving(folder) as server:
        told = load(folder, server.told["links"])
    assert (told["errors"], told["lost"], told["answers"]) == ([], 0, 60)
    judged = judged_of(folder)
    first = key_of(folder)["first"]
    assert all(one.first == first[one.coder][one.item] for one in judged.judgements)
