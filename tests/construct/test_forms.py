"""Every file of a folder is read or named, and none can cost more memory than it may."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import shutil
import tracemalloc
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from support import dumps
from support.dumps import asked

from express_dataset.construct import forms
from express_dataset.construct.config import find_dumps
from express_dataset.construct.forms import LINE_LIMIT, chunks, form, lines
from express_dataset.construct.pipeline import build
from express_dataset.construct.reddit import Dump, Post
from express_dataset.construct.terms import terms

GOOD = {"id": "a", "selftext": "I was so sad that day. " + "It rained all day long. " * 12}
LINE = json.dumps(GOOD).encode() + b"\n"
PACK: dict[str, Callable[[bytes], bytes]] = {
    "xz": lzma.compress,
    "bz2": bz2.compress,
    "gz": gzip.compress,
    "zst": zstandard.compress,
}


def mixed(folder: Path) -> Path:
    """A folder as people keep them: dumps under any name, and other things."""
    within = folder / "2020" / "spring"
    within.mkdir(parents=True)
    (folder / "a.jsonl").write_bytes(LINE)
    for number, (name, pack) in enumerate(PACK.items()):
        line = LINE.replace(b'"a"', f'"{number}"'.encode()).replace(b"long", name.encode())
        (folder / f"RS_2020-0{number}.{name}").write_bytes(pack(line))
    (within / "posts").write_bytes(LINE.replace(b"long", b"hard"))
    (within / "posts.json").write_bytes(b"\xef\xbb\xbf" + LINE.replace(b"long", b"again"))
    (folder / "list.json").write_text('[{"id": "a"}]')
    (folder / "README").write_text("About these dumps.")
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(99))
    (folder / "cut.xz").write_bytes(lzma.compress(LINE * 99)[:20])
    (within / "nothing").write_bytes(b"")
    (folder / "gone").symlink_to("nowhere")
    return folder


def test_every_file_of_a_folder_is_read_or_named(tmp_path: Path) -> None:
    folder = mixed(tmp_path / "dumps")
    made = dumps.make()
    out = folder / "built"  # what a build writes is no dump
    for _ in range(2):
        report = build(asked(made, out, dumps=(folder,)))
        shutil.rmtree(out / ".build", ignore_errors=True)
    assert [(one["name"], one["masked_posts"]) for one in report.content["inputs"]] == [
        ("2020/spring/posts", 1),
        ("2020/spring/posts.json", 1),
        *((f"RS_2020-0{number}.{name}", 1) for number, name in enumerate(PACK)),
        ("a.jsonl", 1),
    ]
    first = "its first line is not a JSON object"
    assert report.content["passed_over"] == {
        "2020/spring/nothing": "the file is empty",
        "README": first,
        "cut.xz": "the xz file breaks off in the middle, as if a copy had not been finished",
        "gone": "it is no file that can be read",
        "list.json": first,
        "picture.png": first,
    }
    assert f"README was passed over: {first}" in report.problems
    assert all(report.content["checks"].values())
    assert report.content["rebuild"].startswith("express dataset build FOLDER --out DIR ")


@pytest.mark.parametrize("asked_of", ["is_file", "resolve"])
def test_what_may_not_be_looked_at_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked_of: str
) -> None:
    usual = getattr(Path, asked_of)

    def closed(path: Path, *rest: object) -> object:
        if path.name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return usual(path, *rest)

    (tmp_path / "a.jsonl").write_bytes(LINE)
    (tmp_path / "closed").symlink_to(tmp_path if asked_of == "resolve" else "a.jsonl")
    monkeypatch.setattr(Path, asked_of, closed)
    assert set(find_dumps([tmp_path], tmp_path / "out").dumps) == {"a.jsonl"}


def test_names_do_not_hang_on_how_a_file_was_given(tmp_path: Path) -> None:
    folder = mixed(tmp_path)
    both = find_dumps([folder, folder / "2020", folder / "a.jsonl"])
    assert set(both.dumps) - {"spring/posts", "spring/posts.json"} == {
        name for name in find_dumps([folder]).dumps if "/" not in name
    }
    assert both == find_dumps([folder / "a.jsonl", folder / "2020", folder])


@pytest.mark.parametrize("kind", PACK)
def test_the_content_tells_the_form_whatever_the_name(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(PACK[kind](LINE) * 2 + PACK[kind](b""))
    assert form(path) == kind
    assert list(lines(chunks(path))) == [LINE.strip()] * 2
    path = tmp_path / f"plain.{kind}"
    path.write_bytes(LINE)
    assert form(path) == "plain"


@pytest.mark.parametrize("kind", PACK)
def test_what_unpacks_to_much_is_given_in_small_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    path = tmp_path / f"bomb.jsonl.{kind}"
    path.write_bytes(PACK[kind](LINE + b"\n" * 1_000_000 + b"0" * 60_000_000 + b"\n" + LINE))
    tracemalloc.start()
    try:
        assert list(lines(chunks(path))) == [LINE.strip(), None, LINE.strip()]
        assert tracemalloc.get_traced_memory()[1] < 140_000_000
    finally:
        tracemalloc.stop()
    assert max(map(len, chunks(path))) <= 1 << 20
    monkeypatch.setattr(forms, "FREE", 10_000_000)
    dump = Dump(path)
    assert [post.id for post in dump.posts()] == ["a"]
    assert dump.problem == "unpacks-too-much"


SHAPES: list[tuple[bytes, dict[str, Any], str | None]] = [
    (b'"score": NaN', {}, None),
    (b'"score": -Infinity', {}, None),
    (b'"title": "sad \\ud83d"', {"text": f"sad \ufffd. {GOOD['selftext']}"}, None),
    (b'"author": "\\ude00x"', {"author": "\ufffdx"}, None),
    (b'"subreddit": "\\ud83d\\ude00", "x": NaN', {"subreddit": "\U0001f600"}, None),
    (b'"removed_by_category": NaN', {}, None),
    (b'"created_utc": 1600000000', {"created_utc": 1600000000}, None),
    (b'"created_utc": "1600000000.0"', {"created_utc": 1600000000}, None),
    (b'"created_utc": 1600000000000', {"created_utc": 1600000000}, None),
    (b'"created_utc": 1600000000000000000', {"created_utc": 1600000000}, None),
    (b'"created_utc": "2020-09-13T12:26:40Z"', {"created_utc": 1600000000}, None),
    (b'"created_utc": "2020-09-13 12:26:40 UTC"', {"created_utc": 1600000000}, None),
    (b'"created_utc": "2020-09-13 14:26:40+02:00"', {"created_utc": 1600000000}, None),
    (b'"created_utc": "2020-09-13"', {"created_utc": 1599955200}, None),
    (b'"created_utc": -5', {}, "odd-created_utc"),
    (b'"created_utc": "1969-09-13"', {}, "odd-created_utc"),
    (b'"created_utc": ' + b"9" * 401, {}, "odd-created_utc"),
    (b'"created_utc": "' + b"9" * 5000 + b'"', {}, "odd-created_utc"),
    (b'"created_utc": Infinity', {}, "odd-created_utc"),
    (b'"created_utc": "soon"', {}, "odd-created_utc"),
    (b'"score": ' + b"9" * 5000, {}, None),
    (b'"over_18": 1', {"over_18": True}, None),
    (b'"over_18": 0.0', {"over_18": False}, None),
    (b'"over_18": "True"', {"over_18": True}, None),
    (b'"over_18": "false"', {"over_18": False}, None),
    (b'"over_18": "maybe"', {}, "odd-over_18"),
    (b'"over_18": [1]', {}, "odd-over_18"),
    (b'"is_self": "True"', {}, None),
]


@pytest.mark.parametrize(("more", "expected", "gap"), SHAPES)
def test_a_post_is_kept_whatever_its_other_fields_hold(
    tmp_path: Path, more: bytes, expected: dict[str, Any], gap: str | None
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(LINE.strip()[:-1] + b", " + more + b"}\n")
    dump = Dump(path)
    plain = Post("a", str(GOOD["selftext"]), None, None, None, None)
    assert list(dump.posts()) == [
        Post(**{**{name: getattr(plain, name) for name in Post.__slots__}, **expected})
    ]
    assert {name: n for name, n in dump.counts.items() if n and name.startswith("odd")} == (
        {gap: 1} if gap else {}
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"[" * 200_000, "not-json"),
        (b'{"feel": "sad", "a":' + b"[" * 200_000 + b"}", "not-json"),
        (b'{"id": ' + b"9" * 5000 + b', "selftext": "I feel sad"}', "missing-field"),
        (b'{"id": "a", "selftext": "I feel sad", "is_self": 0}', "not-self"),
        (b'{"id": "a", "selftext": "I feel sad", "x": 01}', "not-json"),
    ],
)
def test_what_cannot_be_read_is_counted(tmp_path: Path, line: bytes, reason: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(line + b"\n" + LINE)
    dump = Dump(path)
    assert [post.id for post in dump.posts()] == ["a"]
    assert dump.counts[reason] == 1


def parquet(path: Path, **columns: Any) -> Dump:
    table = {"id": ["a", "b"], "selftext": [GOOD["selftext"]] * 2, **columns}
    pyarrow.parquet.write_table(pyarrow.table(table), path)
    return Dump(path)


def test_gaps_of_parquet_are_gaps(tmp_path: Path) -> None:
    nan = float("nan")
    dump = parquet(
        tmp_path / "a.parquet",
        removed_by_category=[nan, nan],
        author=pyarrow.array(["x", None]).dictionary_encode(),
        created_utc=[nan, 1.6e9],
        over_18=[nan, 1.0],
        title=[nan, nan],
    )
    text = str(GOOD["selftext"])
    assert list(dump.posts()) == [
        Post("a", text, "x", None, None, None),
        Post("b", text, None, None, 1600000000, True),
    ]
    assert not dump.counts["odd-created_utc"] + dump.counts["odd-over_18"]


MOMENT = datetime(2020, 9, 13, 12, 26, 40, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("column", "seconds"),
    [
        (pyarrow.array([MOMENT] * 2, pyarrow.timestamp("ns", tz="UTC")), 1600000000),
        (pyarrow.array([MOMENT.replace(tzinfo=None)] * 2, pyarrow.timestamp("us")), 1600000000),
        (pyarrow.array([MOMENT] * 2, pyarrow.timestamp("ms", tz="Asia/Tokyo")), 1600000000),
        (pyarrow.array([date(2020, 9, 13)] * 2), 1599955200),
        (pyarrow.array([1600000000000] * 2), 1600000000),
        (pyarrow.array([date(1900, 9, 13)] * 2), None),
    ],
)
def test_times_of_parquet(tmp_path: Path, column: Any, seconds: int | None) -> None:
    dump = parquet(tmp_path / "a.parquet", created_utc=column)
    assert [post.created_utc for post in dump.posts()] == [seconds] * 2


def test_a_long_cell_many_times_over_costs_little(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    cells = ["x" * 3_000_000, str(GOOD["selftext"])]
    count = 4000
    column = pyarrow.DictionaryArray.from_arrays([0] * (count - 1) + [1], cells)
    table = pyarrow.table({"id": [str(n) for n in range(count)], "selftext": column})
    pyarrow.parquet.write_table(table, path)
    assert path.stat().st_size < 1_000_000
    dump = Dump(path)
    tracemalloc.start()
    try:
        assert [post.id for post in dump.posts()] == [str(count - 1)]
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()
    assert dump.counts["line-too-long"] == count - 1
    assert pyarrow.total_allocated_bytes() < 50_000_000


def escaped(text: str, choices: list[int]) -> str:
    """A JSON string in which each character is written in one of the ways there are."""
    told = []
    for place, character in enumerate(text):
        way = choices[place % len(choices)] if choices else 0
        if way == 1 and ord(character) < 0x10000:
            told.append(f"\\u{ord(character):04x}")
        elif way == 2 and ord(character) < 0x10000:
            told.append(f"\\u{ord(character):04X}")
        else:
            told.append(json.dumps(character, ensure_ascii=way == 3)[1:-1])
    return f'"{"".join(told)}"'


PIECES = """
    I|i|I'm|I\u2019m|Im|am|was|been|ive|had|feel|felt|wasn't|feeling|so|*|"|\\|/|\u200b|\xad
    &nbsp;|&#105;|&amp;#102;eel|&amp;|&AMP;lt;|&#38;#105;|&|amp;|shoc\u212aed|\u017fad|\xe9|u00e9
    [user]|\U0001f62d|https://a.b/?x&y=1
"""
WORDS = st.sampled_from(
    [*PIECES.strip().replace("\n", "|").replace("    ", "").split("|"), "\n", "\t"]
)
TEXTS = st.lists(WORDS | st.sampled_from(sorted(terms())) | st.text(max_size=2), max_size=9).map(
    lambda parts: "".join(f"{part} " if part.isalnum() else part for part in parts)
)
RECORDS = st.builds(
    lambda title, body, how: (
        f'{{"id": "a", "title": {escaped(title, how)}, "selftext": {escaped(body, how)}, '
        '"author": "b"}'
    ),
    TEXTS,
    TEXTS,
    st.lists(st.integers(0, 3), max_size=7),
)
OTHERS = st.sampled_from(
    [
        "",
        " ",
        "{}",
        "[]",
        "not JSON",
        '{"id": "a"',
        "\ufeff{}",
        '{"id": "a", "selftext": "I felt sad"} ',
    ]
)


@settings(max_examples=120, deadline=None)
@given(
    made=st.lists(RECORDS | OTHERS, max_size=12),
    end=st.sampled_from(["\n", "\r\n", "\n\n"]),
    protocol=st.sampled_from(["express", "express-2025"]),
)
def test_lines_that_are_not_decoded_change_no_post(
    tmp_path_factory: pytest.TempPathFactory, made: list[str], end: str, protocol: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "skimmed.jsonl"
    path.write_text(end.join(made), encoding="utf-8", errors="surrogatepass", newline="")
    if not path.stat().st_size:
        return
    plain, fast = (Dump(path, 1, protocol, skim=skim) for skim in (False, True))
    assert list(fast.posts()) == list(plain.posts())
    assert fast.counts["lines"] == plain.counts["lines"]
    assert all(
        fast.counts[name] <= plain.counts[name] for name in fast.counts.keys() - {"no-feeling"}
    )
    assert fast.counts["no-feeling"] == sum((plain.counts - fast.counts).values())


def test_a_line_over_several_pieces_keeps_its_place() -> None:
    long = b"y" * LINE_LIMIT
    assert list(lines([long, b"z" * 9, b"z\n{}", b"\n[", b"]"])) == [None, b"{}", b"[]"]
