"""Lexicons: the file format, the named tables, the cache and its hash."""

from __future__ import annotations

import csv
import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest

from express_metric import DIMENSIONS, Lexicon, MetricError, load_lexicon
from express_metric.lexicon import EXPRESS_SHA256, express_cache, nrc_table, parse_lexicon

HEADER = "word," + ",".join(DIMENSIONS)
SAD = "sad,0,0,0,0,0,1,0,0,0,1"
GLAD = "glad,0.0,0.0,0.0,0.0,1.0,0.0,0.0,0.0,1.0,0.0"


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "mine.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_file_gives_its_words_and_vectors(tmp_path: Path) -> None:
    path = write(tmp_path, f"{HEADER}\n{SAD}\n{GLAD}\n")
    lexicon = load_lexicon(path)
    assert lexicon.vocabulary == ("sad", "glad")
    assert lexicon.matrix.dtype == np.uint8
    assert lexicon.vector("Sad ").tolist() == [0, 0, 0, 0, 0, 1, 0, 0, 0, 1]
    assert lexicon.vector("glad").tolist() == [0, 0, 0, 0, 1, 0, 0, 0, 1, 0]
    assert lexicon.vector("other").tolist() == [0] * 10
    assert lexicon.ids(["glad", "other", "sad"]).tolist() == [1, -1, 0]
    assert lexicon.label == f"mine-2@{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}"


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}\r\n{SAD}\r\n",
        f"\ufeff{HEADER}\n{SAD}",
        f"{HEADER}\n\n{SAD}\n\n",
        f"{HEADER}\n" + '"sad",0,0,0,0,0,"1",0,0,0,1\n',
        f"{HEADER}\n{SAD}\n{SAD}\n",
        f"{HEADER}\n{SAD.replace('sad', ' SAD ')}\n",
        ",".join(reversed(DIMENSIONS)) + ",word\n1,0,0,0,1,0,0,0,0,0,sad\n",
        f"note,{HEADER}\n" + f'"a, b",{SAD}\n',
        f"{HEADER},note\n{SAD},whatever\n",
    ],
    ids=["crlf", "bom", "blank", "quoted", "twice", "case", "order", "comma", "extra"],
)
def test_the_format_is_read_in_all_its_dress(text: str) -> None:
    lexicon = parse_lexicon(text.encode(), "mine", "mine.csv")
    assert lexicon.vocabulary == ("sad",)
    assert lexicon.vector("sad").tolist() == [0, 0, 0, 0, 0, 1, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "mine.csv: the lexicon is empty"),
        (f"{HEADER}\n", "mine.csv: the lexicon is empty"),
        (
            HEADER.replace(",fear", "") + f"\n{SAD}\n",
            "mine.csv: the lexicon lacks the columns fear",
        ),
        (HEADER.replace("word", "term") + f"\n{SAD}\n", "lacks the columns word"),
        (f"{HEADER}\n{GLAD}\n{SAD[:-1]}2\n", "mine.csv, line 3: '2' is no value; expected 0 or 1"),
        (f"{HEADER}\n{SAD[:-1]}\n", "line 2: '' is no value"),
        (f"{HEADER}\nsad,0,0,1\n", "line 2: the line has 4 cells, fewer than the header"),
        (f"{HEADER}\n{SAD[3:]}\n", "line 2: the word is empty"),
        (f"{HEADER}\n{SAD}\nSad{GLAD[4:]}\n", "line 3: 'sad' stands twice with two vectors"),
        (f"{HEADER}\n{SAD}\n".encode() + b"caf\xe9,0\n", "mine.csv: the lexicon is not UTF-8"),
        (f"{HEADER}{'x' * 140_000}\n{SAD}\n", "mine.csv: the lexicon lacks the columns"),
        (f"{HEADER}\n{SAD}\n".replace(",", ";"), "save it as CSV UTF-8, with commas between"),
    ],
)
def test_a_bad_file_is_told_in_one_sentence(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    csv.field_size_limit(131_072)  # Python's own, which some libraries raise
    with pytest.raises(MetricError) as caught:
        load_lexicon(write(tmp_path, text))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_word_may_be_as_long_as_it_likes(tmp_path: Path) -> None:
    csv.field_size_limit(131_072)
    word = "x" * 140_000
    assert load_lexicon(write(tmp_path, f'{HEADER}\n"{word}"{SAD[3:]}\n')).vocabulary == (word,)
    assert csv.field_size_limit() == 131_072


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_missing_file_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(MetricError, match="no such lexicon: give nrc, express or the path"):
        load_lexicon(tmp_path / name)


def test_a_matrix_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(MetricError, match=r"expected \(1, 10\)"):
        Lexicon("x", "0" * 64, ("sad",), np.zeros((1, 9), np.uint8))


def test_the_matrix_cannot_be_changed() -> None:
    lexicon = Lexicon("x", "0" * 64, ("sad",), np.zeros((1, 10), np.uint8))
    with pytest.raises(ValueError, match="read-only"):
        lexicon.matrix[0, 0] = 1


def test_nrc_is_pinned_with_its_headwords() -> None:
    lexicon = load_lexicon("nrc")
    assert lexicon.name == "nrc"
    assert len(lexicon) > 6468
    assert lexicon.matrix.any(axis=1).all()


def test_another_release_of_nrclex_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nrclex" / "data").mkdir(parents=True)
    (tmp_path / "nrclex" / "__init__.py").touch()
    (tmp_path / "nrclex" / "data" / "nrc_en.json").write_text('{"sad": ["sadness"]}')
    monkeypatch.delitem(sys.modules, "nrclex", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MetricError, match=r"the sha256 is .*, expected 437a177f.*nrclex 4\.1\.0"):
        nrc_table()


def test_express_is_taken_from_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reference: Path
) -> None:
    monkeypatch.setenv("EXPRESS_CACHE", str(tmp_path))
    express_cache().write_bytes((reference / "lexicon-decomposition.csv").read_bytes())
    assert load_lexicon("express").label == "express-16019@c1d86ec2"


def test_the_papers_table_is_known_by_its_content(reference: Path) -> None:
    lexicon = load_lexicon(reference / "lexicon-decomposition.csv")
    assert lexicon.name == "express"
    assert lexicon.sha256 == EXPRESS_SHA256
    assert int((~lexicon.matrix.any(axis=1)).sum()) == 8177


def test_a_changed_copy_in_the_cache_is_never_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPRESS_CACHE", str(tmp_path))
    express_cache().write_text(f"{HEADER}\n{SAD}\n")
    found = hashlib.sha256(express_cache().read_bytes()).hexdigest()
    with pytest.raises(MetricError) as caught:
        load_lexicon("express")
    for part in (str(express_cache()), found, EXPRESS_SHA256, "delete the file"):
        assert part in str(caught.value)


def test_offline_says_how_to_give_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPRESS_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(
        MetricError, match=r"HF_HUB_OFFLINE is set.*--lexicon FILE.*--lexicon nrc, which is at hand"
    ):
        load_lexicon("express")


def test_a_failed_download_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPRESS_CACHE", str(tmp_path))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(
        MetricError, match=r"cannot be downloaded .*--lexicon FILE.*--lexicon nrc, which is at hand"
    ):
        load_lexicon("express")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"EXPRESS_CACHE": "/a", "HF_HOME": "/b"}, "/a"),
        ({"HF_HOME": "/b"}, "/b/express"),
        ({"XDG_CACHE_HOME": "/c"}, "/c/huggingface/express"),
        ({"HOME": "/d"}, "/d/.cache/huggingface/express"),
    ],
)
def test_the_cache_follows_the_environment(
    monkeypatch: pytest.MonkeyPatch, names: dict[str, str], expected: str
) -> None:
    for name in ("EXPRESS_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    assert express_cache().parent == Path(expected)


def test_old_mac_line_ends_are_read(tmp_path: Path) -> None:
    header = "word," + ",".join(DIMENSIONS)
    (tmp_path / "mac.csv").write_text(f"{header}\rsad,0,0,0,0,0,1,0,0,0,1\rglad,{'0,' * 9}1\r")
    assert load_lexicon(tmp_path / "mac.csv").vocabulary == ("sad", "glad")


def test_a_word_is_the_same_however_its_letters_are_composed(tmp_path: Path) -> None:
    header = "word," + ",".join(DIMENSIONS)
    (tmp_path / "a.csv").write_text(f"{header}\nde\u0301sole\u0301,0,0,0,0,0,1,0,0,0,1\n", "utf-8")
    assert load_lexicon(tmp_path / "a.csv").covers("d\u00e9sol\u00e9")
    assert load_lexicon(tmp_path / "a.csv").covers("D\u00c9SOL\u00c9")
