"""Dumps of every form are read to their end, and whatever is wrong with them is counted."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import dumps

from express_dataset.construct.forms import LINE_LIMIT, PROBLEMS, lines
from express_dataset.construct.gate import Gate
from express_dataset.construct.masking import mask_texts
from express_dataset.construct.reddit import REASONS, Dump, why_not
from express_dataset.construct.scrub import scrub
from express_dataset.construct.terms import terms

GOOD = {"id": "a", "selftext": "I was so sad that day. " + "It rained all day long. " * 12}


def read(
    path: Path, min_words: int = 50, *, skim: bool = True
) -> tuple[list[str], Counter[str], str | None]:
    dump = Dump(path, min_words, skim=skim)
    return [post.id for post in dump.posts()], +dump.counts, dump.problem


def write(path: Path, *records: Any) -> Path:
    """Objects as JSON, bytes as they are."""
    raw = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in records]
    return dumps.write(path, [line + b"\n" for line in raw])


FORMS = ["a.zst", "a.jsonl", "a.ndjson", "a.jsonl.gz", "a.ndjson.gz"]


@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_same_posts(tmp_path: Path, name: str) -> None:
    records = list(dumps.posts(40))
    path = dumps.write(tmp_path / name, dumps.ndjson(records))
    found = list(Dump(path).posts())
    assert [post.id for post in found] == [one["id"] for one in records[::4]]
    assert found[0].text == f"{records[0]['title']} {records[0]['selftext']}"
    assert found[0].author == records[0]["author"]
    assert found[0].created_utc == records[0]["created_utc"]
    assert found[0].over_18 is False


def test_parquet_gives_the_same_posts_with_the_columns_it_has(tmp_path: Path) -> None:
    records = [
        {"id": one["id"], "selftext": one["selftext"], "other": 1} for one in dumps.posts(40)
    ]
    path = tmp_path / "a.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(records), path)
    found = list(Dump(path).posts())
    assert [post.id for post in found] == [one["id"] for one in records[::4]]
    assert found[0].author is None
    assert found[0].created_utc is None


def test_a_window_of_two_gigabytes_and_several_frames(tmp_path: Path) -> None:
    records = list(dumps.posts(40))
    whole = dumps.write(tmp_path / "a.zst", dumps.ndjson(records), window_log=31)
    parts = dumps.write(tmp_path / "b.zst", dumps.ndjson(records), window_log=31, frames=3)
    import zstandard

    assert zstandard.get_frame_parameters(whole.read_bytes()).window_size == 2**31
    assert read(whole) == read(parts)


LINES = [
    (b"this is not JSON", "not-json"),
    (b'{"id": "b", "selftext": "cut', "not-json"),
    (b'{"id": "b", "selftext": "\xff\xfe I was sad"}', "not-utf8"),
    (b"[1, 2]", "not-an-object"),
    (b"null", "not-an-object"),
    (b'{"id": "b", "selftext": "' + b"x" * LINE_LIMIT + b'"}', "line-too-long"),
    ({}, "missing-field"),
    ({"id": "b"}, "missing-field"),
    ({"id": "b", "selftext": None}, "missing-field"),
    ({"id": "b", "selftext": ["I was sad"]}, "missing-field"),
    ({"selftext": "I was sad"}, "missing-field"),
    ({"id": None, "selftext": "I was sad"}, "missing-field"),
    ({"id": "", "selftext": "I was sad"}, "missing-field"),
    ({**GOOD, "is_self": False}, "not-self"),
    ({**GOOD, "removed_by_category": "moderator"}, "removed"),
    ({**GOOD, "selftext": "[removed]"}, "removed"),
    ({**GOOD, "selftext": "[ Removed by Reddit ]"}, "removed"),
    ({**GOOD, "selftext": "[deleted]"}, "deleted"),
    ({**GOOD, "removed_by_category": "deleted"}, "deleted"),
    ({**GOOD, "author": "[deleted]"}, "deleted"),
    ({**GOOD, "selftext": ""}, "empty"),
    ({**GOOD, "selftext": " \n "}, "empty"),
    ({**GOOD, "selftext": "I was sad"}, "too-short"),
    ({**GOOD, "selftext": "It rained all day long. " * 12}, "nothing-to-mask"),
    ({**GOOD, "selftext": "\U0001f62d\u0627\u0644 " * 60}, "nothing-to-mask"),
    ({**GOOD, "selftext": "I was here all day. " * 12}, "nothing-to-mask"),
]


@pytest.mark.parametrize(("line", "reason"), LINES)
def test_a_bad_line_is_counted_and_the_others_are_kept(
    tmp_path: Path, line: object, reason: str
) -> None:
    path = write(tmp_path / "a.zst", GOOD, line, {**GOOD, "id": "c"})
    for skim in (False, True):
        found, counts, problem = read(path, skim=skim)
        assert found == ["a", "c"]
        told = {name: counts[name] for name in REASONS if counts[name]}
        assert told == {reason: 1} or (skim and told == {"no-feeling": 1})
        assert counts["lines"] == 3
        assert problem is None


def test_odd_values_that_do_no_harm(tmp_path: Path) -> None:
    odd = {**GOOD, "id": 7, "created_utc": "1551903292", "over_18": None, "author": 3}
    path = write(tmp_path / "a.jsonl", b"\xef\xbb\xbf" + json.dumps(odd).encode(), b"", b"  ", GOOD)
    first, second = Dump(path).posts()
    assert (first.id, first.created_utc, first.over_18, first.author) == (
        "7",
        1551903292,
        None,
        None,
    )
    assert second.id == "a"


@pytest.mark.parametrize("time", [True, "soon", "inf", -1, [], 1e30, None])
def test_a_time_that_is_none(tmp_path: Path, time: object) -> None:
    (post,) = Dump(write(tmp_path / "a.jsonl", {**GOOD, "created_utc": time})).posts()
    assert post.created_utc is None


def test_the_first_reason_of_the_table_counts() -> None:
    worst: dict[str, Any] = {"is_self": False, "removed_by_category": "moderator"}
    told = [
        why_not(worst, 50),
        why_not({**worst, "is_self": True}, 50),
        why_not({**worst, "is_self": True, "id": "a", "selftext": "[deleted]"}, 50),
        why_not({"id": "a", "selftext": "", "author": "[deleted]"}, 50),
        why_not({"id": "a", "selftext": ""}, 50),
        why_not({"id": "a", "selftext": "I was sad"}, 50),
        why_not({"id": "a", "selftext": "I was sad"}, 3),
    ]
    names = [name for name in REASONS if name in told]
    assert told == [*names, None]
    assert names == ["not-self", "missing-field", "removed", "deleted", "empty", "too-short"]


def damaged(path: Path, kind: str) -> None:
    raw = path.read_bytes()
    middle = len(raw) // 2
    broken = {
        "cut-off": raw[:middle],
        "corrupt": raw + b"no frame begins like this" * 99,
        "not-compressed": b"no frame begins like this" * 99,
        "empty-file": b"",
    }
    path.write_bytes(broken[kind])


@pytest.mark.parametrize("name", ["a.zst", "a.jsonl.gz"])
@pytest.mark.parametrize("kind", ["cut-off", "corrupt", "not-compressed", "empty-file"])
def test_what_comes_before_a_break_is_kept(tmp_path: Path, name: str, kind: str) -> None:
    records = [
        {**one, "selftext": one["selftext"] + str(n)}
        for n, one in enumerate(dumps.posts(4000, every=1))
    ]
    path = dumps.write(tmp_path / name, dumps.ndjson(records))
    whole, _, _ = read(path)
    damaged(path, kind)
    found, counts, problem = read(path)
    assert problem == kind
    assert kind in PROBLEMS
    assert found == whole[: len(found)]
    if kind == "cut-off":
        assert 100 < len(found) < len(whole)
        assert counts["not-json"] <= 1
    else:
        assert len(found) == (len(whole) if kind == "corrupt" else 0)


def test_a_file_that_is_no_parquet(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 but nothing more")
    assert read(path) == ([], Counter(), "not-parquet")
    path.write_bytes(b"")
    assert read(path)[2] == "empty-file"


@given(st.lists(st.binary(max_size=30), max_size=12), st.integers(1, 40))
def test_lines_do_not_hang_on_the_pieces(parts: list[bytes], size: int) -> None:
    whole = b"\n".join(part.replace(b"\n", b"").strip() for part in parts)
    pieces = [whole[start : start + size] for start in range(0, len(whole), size)]
    expected = [line for line in whole.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip()]
    if size >= 3 or not whole.startswith(b"\xef"):
        assert list(lines(pieces)) == [line.rstrip(b"\r") for line in expected]


def test_a_long_line_over_many_pieces_is_one_long_line() -> None:
    long = b"y" * (LINE_LIMIT - 1)
    assert list(lines([long, b"z", b"z", b"\n", b"{}\n"])) == [None, b"{}"]
    assert list(lines([long, b"\n", b"{}"])) == [long, b"{}"]
    assert list(lines([b"{}\n", long, b"zz"])) == [b"{}", None]


# What people, and their keyboards, put between the parts of a phrase.
GLUE = st.sampled_from(
    [" ", "  ", "\n", "\u200b", "\u200d", "\xad", "&nbsp;", "&amp;#x200B;", "", "\xa0", "\r\n"]
)
PARTS = st.sampled_from(
    [
        "I",
        "i",
        "I'm",
        "Im",
        "I\u2019m",
        "I&#39;m",
        "am",
        "was",
        "AM",
        "ain't",
        "wasn't",
        "wasnt",
        "I've",
        "ive",
        "I'd",
        "I'll",
        "been",
        "have",
        "had",
        "haven't",
        "hadn't",
        "feel",
        "felt",
        "FEELING",
        "feeling",
        "fe",
        "el",
        "don't",
        "really",
        "so",
        "not",
        "the",
        "f&#101;el",
        "u/",
        "u/me",
        "https://a.b/c",
        "<mask>",
        ".",
        ",",
        "!",
        "😭",
    ]
)
PHRASES = st.lists(
    st.one_of(PARTS, GLUE, st.sampled_from(sorted(terms())), st.text(max_size=2)), max_size=14
).map(lambda parts: "".join(part if re.fullmatch(r"\W*", part) else f"{part} " for part in parts))


@settings(max_examples=300, deadline=None)
@given(st.lists(PHRASES, min_size=1, max_size=12), st.sampled_from(["express", "express-2025"]))
def test_the_gate_never_loses_a_mask(raw: list[str], protocol: str) -> None:
    flags = Gate(protocol).may_match(raw)
    for text, flag, masked in zip(
        raw, flags, mask_texts([scrub(text) for text in raw], protocol), strict=True
    ):
        assert flag or not masked.labels, text


HIDDEN = [
    "I&#39;m so sad",
    "I f&#101;lt sad",
    "I felt s&amp;#97;d",
    "I fe\u200blt sad",
    "I fe\u200dlt sad",
    "I felt s\u00adad",
    "I w\ufeffas so sad",
]


@pytest.mark.parametrize("raw", HIDDEN)
def test_the_gate_lets_through_what_scrubbing_will_show(raw: str) -> None:
    (masked,) = mask_texts([scrub(raw)])
    assert masked.labels == ("sad",)
    assert Gate("express").may_match([raw]) == [True]


def test_the_gate_on_real_posts(reference: Path) -> None:
    import csv

    csv.field_size_limit(10**9)
    with (reference / "gpt4o_predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    texts = []
    for row in rows:
        labels = re.findall(r"'([^']*)'", row["labels"])
        parts = row["segment"].split("<mask>")
        labels += ["sad"] * len(parts)
        texts.append(
            "".join(a + b for a, b in zip(parts, [*labels[: len(parts) - 1], ""], strict=True))
        )
    flags = Gate("express").may_match(texts)
    lost = [
        text
        for text, flag, masked in zip(
            texts, flags, mask_texts([scrub(text) for text in texts]), strict=True
        )
        if masked.labels and not flag
    ]
    assert not lost
    # It does tell texts apart: few pass once nobody in them speaks of themselves.
    told = [re.sub("(?i)feel|felt|\\b(?:i|im|ive)\\b|&", "it", text) for text in texts]
    assert sum(Gate("express").may_match(told)) < len(texts) / 50
