"""What masking promises for any text: nothing lost, nothing moved, nothing by chance."""

# ruff: noqa: RUF001 (curly apostrophes are what is tested)

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.growth import growth
from typer.testing import CliRunner

from express_dataset.construct import masking
from express_dataset.construct.mask_file import mask_file
from express_dataset.construct.masking import escape_masks, mask, mask_texts, pipeline, unmask
from express_dataset.construct.patterns import candidates, every_candidate, may_match
from express_dataset.construct.terms import DEFAULT_PROTOCOL, EXPRESS_2025, felt_terms, terms
from express_dataset.errors import DataError
from express_dataset.flags import MASK
from express_runners.cli.dataset import app

PROTOCOLS = [DEFAULT_PROTOCOL, EXPRESS_2025]

# Words, marks and odd characters of which posts are made up, so that most have candidates.
PIECES = """
    I|i|I'm|I’m|Im|him|I am|I was|I have been|I don't|he|\u0130|feel|felt|feeling|FEEL|like|so|not
    never|and|or|of|that|sad|Sad|SCARED|happy|terrified|relief|alone|curious|glad|love|when|her|dog
    a bit|London|going|.|!|...|,|😢|👩\u200d👩\u200d👧|\u200b|\ufeff|שלום|أنا
    e\u0301|ß|\ud83d|\x00|'|(mask)
"""
pieces = [piece.strip() for piece in re.split(r"[|\n]", PIECES.strip())] + ["\n\n", "\t", "  "]
posts = st.lists(st.sampled_from(pieces) | st.text(max_size=3), max_size=40).flatmap(
    lambda words: st.sampled_from([" ", " ", " ", ""]).map(
        lambda gap: escape_masks(gap.join(words))
    )
)
protocols = st.sampled_from(PROTOCOLS)


@settings(max_examples=150, deadline=None)
@given(post=posts, protocol=protocols)
def test_unmasking_gives_the_text_back_and_offsets_point_at_the_words(
    post: str, protocol: str
) -> None:
    found = mask(post, protocol)
    assert unmask(found.text, found.surfaces) == post
    assert found.text.count(MASK) == len(found.labels) == len(found.offsets) == len(found.negated)
    assert list(found.offsets) == sorted(set(found.offsets))
    for label, surface, offset in zip(found.labels, found.surfaces, found.offsets, strict=True):
        assert post[offset : offset + len(surface)] == surface
        assert label == surface.lower()
        assert label in terms(protocol)


@settings(max_examples=300, deadline=None)
@given(post=posts, protocol=protocols)
def test_the_gate_loses_no_candidate(post: str, protocol: str) -> None:
    assert candidates(post, protocol) == list(every_candidate(post, protocol))


@settings(max_examples=30, deadline=None)
@given(
    some=st.lists(posts, min_size=1, max_size=8),
    protocol=protocols,
    size=st.integers(1, 9),
    seed=st.randoms(use_true_random=False),
)
def test_masks_do_not_depend_on_batches_or_order(
    some: list[str], protocol: str, size: int, seed: Any
) -> None:
    alone = [mask(post, protocol) for post in some]
    masking._masker.cache_clear()  # so that spaCy reads the phrases anew, in other company
    order = list(range(len(some)))
    seed.shuffle(order)
    together = list(mask_texts([some[place] for place in order], protocol, batch_size=size))
    assert together == [alone[place] for place in order]


def test_posts_are_read_one_batch_at_a_time() -> None:
    taken = []

    def source() -> Any:
        for number in range(100):
            taken.append(number)
            yield "I felt sad"

    found = mask_texts(source(), batch_size=10)
    next(found)
    assert len(taken) == 10
    assert len(list(found)) == 99


def test_a_post_without_a_candidate_never_reaches_spacy(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise AssertionError("spaCy was asked")

    monkeypatch.setattr(masking, "pipeline", fail)
    found = mask("It was a sad day. " * 100)
    assert found.labels == ()
    assert found.candidates == 0


def test_a_very_long_post_without_a_sentence_end() -> None:
    post = "word " * 400_000 + "I felt sad " + "the dog and " * 10_000 + "still feeling lonely"
    assert len(post) > pipeline().max_length
    found = mask(post)
    assert found.labels == ("sad",)
    assert found.offsets == (2_000_007,)


def test_a_megabyte_without_a_space() -> None:
    assert mask("I felt " + "a" * 1_500_000 + " sad").labels == ()
    assert mask("a" * 1_500_000 + "\nI felt sad").labels == ("sad",)


@pytest.mark.parametrize(
    ("post", "labels"),
    [
        ("😢😢 I felt sad 😢 and I'm angry 👩\u200d👩\u200d👧", ("sad", "angry")),
        ("שלום I felt sad שלום. أنا I was happy", ("sad", "happy")),
        ("\u202bI felt sad\u202c", ("sad",)),
        ("I felt\u200b \u200bsad", ("sad",)),
        ("\ud83d I felt sad, still feeling lonely \ud83d", ("sad",)),
        ("\ud83d ! Feeling lonely", ("lonely",)),
        ("", ()),
        ("\x00", ()),
        ("(mask) (mask)", ()),
    ],
)
def test_odd_characters(post: str, labels: tuple[str, ...]) -> None:
    found = mask(post)
    assert found.labels == labels
    assert unmask(found.text, found.surfaces) == post


@pytest.mark.parametrize(
    "piece",
    ["I felt sad, ", "I was so, so ", "i* ", "feel* sad ", "*", "'", "\u200b", 'I\'m "sad", '],
)
def test_time_grows_with_the_text_and_no_faster(piece: str) -> None:
    def find(text: str) -> None:
        list(every_candidate(text, DEFAULT_PROTOCOL))

    assert growth(find, lambda size: "I felt " + piece * (size // len(piece)), 40_000) < 9


def test_escaped_masks_keep_every_place() -> None:
    post = "<mask> and [MASK] and <MASK>, I felt sad"
    safe = escape_masks(post)
    assert safe == "(mask) and (MASK) and (MASK), I felt sad"
    assert mask(safe).offsets == (post.index("sad"),)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((["fine", "I felt <mask>"],), "text 2 already holds <mask>"),
        ((["x"], "paper"), "there is no masking protocol 'paper'"),
        ((["x"], "express", 0), "the batch size is 0"),
    ],
)
def test_what_cannot_be_masked(arguments: tuple[Any, ...], sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        list(mask_texts(*arguments))


def test_unmask_wants_one_word_for_each_mask() -> None:
    with pytest.raises(DataError, match="has 2 masks but 1 words"):
        unmask("<mask> <mask>", ["sad"])


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_terms_are_plain_words_in_alphabetic_order(protocol: str) -> None:
    path = Path(sys.modules["express_dataset.construct.terms"].__file__ or "")
    lines = path.with_name("terms.txt").read_text(encoding="utf-8").splitlines()
    words = [line.split()[0] for line in lines if not line.startswith("#")]
    assert words == sorted(set(words))
    assert all(word.isalpha() and word.islower() and word.isascii() for word in words)
    marks = {mark for line in lines if not line.startswith("#") for mark in line.split()[1:]}
    assert marks == {"felt", "2025:felt", "2025:never"}
    assert felt_terms(protocol) < terms(protocol) <= set(words)


def write(path: Path, *lines: str | bytes) -> Path:
    path.write_bytes(b"\n".join(x if isinstance(x, bytes) else x.encode() for x in lines))
    return path


def test_a_file_is_masked_line_by_line(tmp_path: Path) -> None:
    path = write(
        tmp_path / "posts.jsonl",
        b"\xef\xbb\xbf" + b'{"id": "a", "text": "I felt Sad, not <mask>. I\'m not angry"}',
        "",
        '{"id": 2, "text": "Nothing here \\ud83d", "subreddit": "x"}',
    )
    out = tmp_path / "masked.jsonl"
    summary = mask_file(path, out)
    first, second = [json.loads(line) for line in out.read_text().splitlines()]
    assert first == {
        "id": "a",
        "text": "I felt <mask>, not (mask). I'm not <mask>",
        "labels": ["sad", "angry"],
        "offsets": [7, 32],
        "negated": [False, True],
    }
    assert second["subreddit"] == "x"
    assert (second["id"], second["text"], second["labels"]) == (2, "Nothing here \ufffd", [])
    counts = (summary.posts, summary.masked, summary.masks, summary.negated, summary.escaped)
    assert (counts, summary.replaced) == ((2, 1, 2, 1, 1), 1)


def test_a_file_longer_than_a_batch(tmp_path: Path) -> None:
    lines = [json.dumps({"id": n, "text": f"Day {n}: I felt sad"}) for n in range(600)]
    path = write(tmp_path / "posts.jsonl", *lines)
    assert mask_file(path, path).masks == 600
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row["id"] for row in rows] == list(range(600))
    assert rows[599]["text"] == "Day 599: I felt <mask>"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (b'{"id": "b", "text": "half', "line 2: not JSON"),
        (b"[" * 100_000, "line 2: not JSON"),
        (b'{"id": ' + b"9" * 5000 + b', "text": "I felt sad"}', "line 2: not JSON"),
        (b"\xff\xfe", "line 2: not UTF-8"),
        (b'["b", "text"]', "line 2: not an object"),
        (b'{"text": "I felt sad"}', "line 2: no id"),
        (b'{"id": true, "text": "I felt sad"}', "line 2: no id"),
        (b'{"id": "b"}', "line 2: no text"),
        (b'{"id": "b", "text": null}', "line 2: no text"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_written(
    tmp_path: Path, line: bytes, sentence: str
) -> None:
    path = write(tmp_path / "posts.jsonl", '{"id": "a", "text": "I felt sad"}', line)
    out = write(tmp_path / "out.jsonl", "as it was")
    with pytest.raises(DataError, match=sentence):
        mask_file(path, out)
    assert out.read_text() == "as it was"
    assert sorted(tmp_path.iterdir()) == sorted([path, out])


def test_a_line_without_an_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="/dev/zero, line 1: longer than 16 MiB"):
        mask_file("/dev/zero", tmp_path / "out.jsonl")


def test_a_file_that_is_not_there_or_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent\.jsonl cannot be read"):
        mask_file(tmp_path / "absent.jsonl", tmp_path / "out.jsonl")
    path = write(tmp_path / "posts.jsonl", '{"id": "a", "text": "I felt sad"}')
    with pytest.raises(DataError, match=r"out\.jsonl.* cannot be written"):
        mask_file(path, tmp_path / "no-folder" / "out.jsonl")
    with pytest.raises(DataError, match=r"out\.jsonl.* cannot be written"):
        mask_file(path, path / "out.jsonl")
    with pytest.raises(DataError, match="cannot be written"):
        mask_file(path, tmp_path)


def test_a_link_is_followed_and_stays(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.jsonl", '{"id": "a", "text": "I felt sad"}')
    link, real = tmp_path / "link.jsonl", tmp_path / "folder" / "real.jsonl"
    real.parent.mkdir()
    link.symlink_to(real)
    for _ in range(2):  # where the link leads nowhere yet, and where it leads to a file
        mask_file(path, link)
        assert link.is_symlink()
        assert json.loads(real.read_text())["text"] == "I felt <mask>"
    assert sorted(tmp_path.rglob("*.part")) == []


@pytest.mark.parametrize("linked", [False, True])
def test_what_is_not_a_file_is_written_to_and_not_replaced(tmp_path: Path, linked: bool) -> None:
    path = write(tmp_path / "posts.jsonl", '{"id": "a", "text": "I felt sad"}')
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        mask_file(path, link if linked else pipe)
        assert pipe.is_fifo()
        assert link.is_symlink()
        assert json.loads(os.read(reader, 1000))["text"] == "I felt <mask>"
    finally:
        os.close(reader)


def test_the_summary_tells_of_masks_that_were_typed(tmp_path: Path) -> None:
    typed = write(tmp_path / "typed.jsonl", '{"id": "a", "text": "I felt sad, <mask>, [MASK]"}')
    told = CliRunner().invoke(app, ["mask", str(typed), "--out", str(tmp_path / "out.jsonl")])
    assert "1 posts, 1 with masks, 1 masks" in told.output
    assert "1 with a mask that the author had typed" in told.output
    plain = write(tmp_path / "plain.jsonl", '{"id": "a", "text": "I felt sad"}')
    told = CliRunner().invoke(app, ["mask", str(plain), "--out", str(tmp_path / "out.jsonl")])
    assert told.output == "1 posts, 1 with masks, 1 masks, 0 of them negated (protocol express)\n"


@pytest.mark.parametrize(
    "post",
    [
        "She told him I said I was afraid",  # the "im" of "him" must not swallow what follows
        "They unfeel a b I feel so sad",
        "I feel \u0130yi sad",  # one letter whose lower case is two characters
        "I FEEL SAD",
    ],
)
def test_the_gate_opens(post: str) -> None:
    assert may_match(post, EXPRESS_2025)
    assert may_match(post, DEFAULT_PROTOCOL)


def test_a_phrase_is_read_for_one_pattern_only() -> None:
    assert [found.kind for found in candidates("I was feeling sad", DEFAULT_PROTOCOL)] == ["feel"]
