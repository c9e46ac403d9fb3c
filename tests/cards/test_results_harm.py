"""Submissions that mean harm, or are broken in any way: each is refused in one sentence."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from support.submitted import change, lines_of, reason, write_lines

from express_cards.submissions.sources import Sources
from express_cards.submissions.validate import validate


def nan_score(folder: Path) -> None:
    change(folder / "scores.json", "paper", "vector_f1", to=float("nan"))


def huge_number(folder: Path) -> None:
    text = (folder / "scores.json").read_text("utf-8")
    (folder / "scores.json").write_text(text.replace("{", '{"a": 1e999,', 1), "utf-8")


def long_number(folder: Path) -> None:
    (folder / "scores.json").write_text('{"a": ' + "9" * 5000 + "}", "utf-8")


def deep(folder: Path) -> None:
    (folder / "run.json").write_text('{"a":' + "[" * 100_000, "utf-8")


def key_twice(folder: Path) -> None:
    text = (folder / "run.json").read_text("utf-8")
    (folder / "run.json").write_text(text.replace("{", '{"asked": {},', 1), "utf-8")


def no_object(folder: Path) -> None:
    (folder / "scores.json").write_text("[]", "utf-8")


def key_twice_within_a_line(folder: Path) -> None:
    file = folder / "predictions.jsonl"
    text = file.read_text("utf-8")
    file.write_text(text.replace('"terms": {', '"terms": {"paper": ["sad"], ', 1), "utf-8")


def key_twice_in_the_card(folder: Path) -> None:
    file = folder / "README.md"
    file.write_text(file.read_text("utf-8").replace("---\n", "---\nmodel: org/best\n", 1), "utf-8")


def run_not_utf8(folder: Path) -> None:
    (folder / "run.json").write_bytes((folder / "run.json").read_text("utf-8").encode("utf-16"))


def mark_of_byte_order(folder: Path) -> None:
    file = folder / "scores.json"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())


def half_a_character(folder: Path) -> None:
    change(folder / "run.json", "asked", "model", "name", to="\ud83d")


def half_a_character_in_an_answer(folder: Path) -> None:
    lines = lines_of(folder)
    lines[2]["served_model"] = "\ud83d"
    write_lines(folder, lines)


def endless_time(folder: Path) -> None:
    lines = lines_of(folder)
    lines[2]["seconds"] = 1e300
    write_lines(folder, lines)


def process_of_another_kind(folder: Path) -> None:
    lines = lines_of(folder)
    lines[2]["process"] = "<b>"
    write_lines(folder, lines)


def dangling_link(folder: Path) -> None:
    (folder / "scores.json").unlink()
    (folder / "scores.json").symlink_to("/nonexistent")


def link_to_itself(folder: Path) -> None:
    (folder / "scores.json").unlink()
    (folder / "scores.json").symlink_to("scores.json")


def not_utf8(folder: Path) -> None:
    with (folder / "predictions.jsonl").open("ab") as stream:
        stream.write(b'{"id": "\xff"}\n')


def card_not_utf8(folder: Path) -> None:
    (folder / "README.md").write_bytes(b"\xff")


def card_without_header(folder: Path) -> None:
    (folder / "README.md").write_text("# The best model\n", "utf-8")


def card_with_alias(folder: Path) -> None:
    (folder / "README.md").write_text("---\na: &a [1]\nb: [*a, *a]\n---\n", "utf-8")


def card_figure(folder: Path) -> None:
    file = folder / "README.md"
    text = file.read_text("utf-8")
    start = text.index("lexical_accuracy: ")
    file.write_text(
        text[:start] + "lexical_accuracy: 0.99" + text[text.index("\n", start) :], "utf-8"
    )


def cut_off(folder: Path) -> None:
    file = folder / "predictions.jsonl"
    file.write_bytes(file.read_bytes()[:-1])


def linked_file(folder: Path) -> None:
    (folder / "run.json").rename(folder.parents[3] / "elsewhere.json")
    (folder / "run.json").symlink_to(folder.parents[3] / "elsewhere.json")


def pipe(folder: Path) -> None:
    (folder / "scores.json").unlink()
    os.mkfifo(folder / "scores.json")


def absent(folder: Path) -> None:
    (folder / "scores.json").unlink()


def surplus(folder: Path) -> None:
    (folder / "evil\x1b[2J.py").write_text("", "utf-8")


def too_large(folder: Path) -> None:
    with (folder / "run.json").open("ab") as stream:
        stream.truncate(9 * 2**20)


def moved(folder: Path) -> None:
    folder.rename(folder.with_name("zero-shot-00000000"))


def linked_folder(folder: Path) -> None:
    folder.rename(folder.parents[3] / "elsewhere")
    folder.symlink_to(folder.parents[3] / "elsewhere")


def linked_model(folder: Path) -> None:
    folder.parent.rename(folder.parents[3] / "elsewhere")
    folder.parent.symlink_to(folder.parents[3] / "elsewhere")


def empty_model(folder: Path) -> None:
    shutil.rmtree(folder)


def odd_name(folder: Path) -> None:
    folder.rename(folder.with_name("a b\n"))


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (nan_score, "scores.json is not JSON (NaN is no number)"),
        (huge_number, "scores.json is not JSON (1e999 is too large a number)"),
        (long_number, "scores.json is not JSON (a number of 5000 digits is too large)"),
        (deep, "run.json is nested too deep"),
        (key_twice, "run.json is not JSON (the key 'asked' stands twice)"),
        (key_twice_within_a_line, "line 1 is not JSON (the key 'paper' stands twice)"),
        (key_twice_in_the_card, "README.md: in the header the key 'model' stands twice"),
        (run_not_utf8, "run.json is not UTF-8 (byte 0)"),
        (mark_of_byte_order, "scores.json is not JSON (Unexpected UTF-8 BOM"),
        (half_a_character, "run.json holds half of a character"),
        (half_a_character_in_an_answer, "predictions.jsonl, line 3 holds half of a character"),
        (endless_time, "line 3: seconds is 1e+300, which is no number from 0 to"),
        (process_of_another_kind, "line 3: process is '<b>', and must be a whole number"),
        (dangling_link, "scores.json is a link or no plain file"),
        (link_to_itself, "scores.json is a link or no plain file"),
        (no_object, "scores.json holds no JSON object"),
        (not_utf8, "predictions.jsonl, line 27 is not UTF-8"),
        (card_not_utf8, "README.md is not UTF-8"),
        (card_without_header, "README.md has no YAML header"),
        (card_with_alias, "README.md: the header holds a YAML alias"),
        (card_figure, "README.md: figures.paper.lexical_accuracy is 0.99, not"),
        (cut_off, "predictions.jsonl, line 26 is cut off"),
        (linked_file, "run.json is a link or no plain file"),
        (pipe, "scores.json is a link or no plain file"),
        (absent, "scores.json is missing"),
        (surplus, "'evil\\x1b[2J.py' is no part of a submission"),
        (too_large, "run.json has 9437184 bytes, more than"),
        (moved, "run.json: by its content it belongs to submissions/org--tiny/zero-shot-"),
        (linked_folder, "is a link or no folder"),
        (linked_model, "is a link or no folder"),
        (empty_model, "submissions/org--tiny holds no submission"),
        (odd_name, "is no place for a submission"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_harmful_folders(
    copy: Callable[[str], Path], harm: Callable[[Path], None], told: str
) -> None:
    folder = copy("free")
    harm(folder)
    assert told in reason(folder)


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a JSON value, of a list the first item only."""
    found = [path] if path else []
    inner: Iterable[tuple[Any, Any]] = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        inner = enumerate(value[:1])
    for key, one in inner:
        found += paths_of(one, (*path, key))
    return found


@pytest.mark.parametrize(
    ("setting", "name", "depth"),
    [
        ("rank", "run.json", 9),
        ("few-shot", "run.json", 9),
        ("rank", "predictions.jsonl", 9),
        ("few-shot", "predictions.jsonl", 2),
        ("rank", "scores.json", 1),
    ],
)
def test_no_value_of_any_kind_breaks_the_check(
    copy: Callable[[str], Path], setting: str, name: str, depth: int
) -> None:
    """Each value in turn becomes one of another kind: a verdict follows, never a traceback."""
    folder = copy(setting)
    file, sources = folder / name, Sources()
    before = file.read_bytes()
    first, _, rest = before.partition(b"\n") if name.endswith("l") else (before, b"", b"")
    whole = json.loads(first)
    for path in (path for path in paths_of(whole) if len(path) <= depth):
        for value in (None, 7, -0.5, True, "x", [], [None], {"x": 1}):
            changed = deepcopy(whole)
            inner = changed
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = value
            file.write_bytes(json.dumps(changed).encode() + b"\n" + rest)
            (verdict,) = validate(str(folder.parents[2]), sources)
            assert verdict.ok or "\n" not in str(verdict.reason)
