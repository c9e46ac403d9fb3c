"""A run's folder: append, resume, refuse, never lose."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.made_runs import ANSWER, START, asked_of

from express_runners.errors import RunError
from express_runners.runs.finished import FinishedRun
from express_runners.runs.record import Data, Record
from express_runners.runs.store import (
    PREDICTIONS_FILE,
    RUN_FILE,
    RunFolder,
    Shard,
    cannot_write,
    differences,
    read_lines,
)

LINES: list[dict[str, Any]] = [
    {**ANSWER, "id": "a", "completion": "x\n<mask> \u2028 é"},
    {**ANSWER, "id": "b", "completion": None},
]
FIRST = json.dumps(LINES[0]) + "\n"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.dictionaries(st.text(min_size=1), inner),
)


def shard(folder: Path, rank: int, lines: list[dict[str, Any]]) -> None:
    writer = Shard(folder, rank)
    writer.append(lines)
    writer.close()


def test_lines_of_all_shards_come_back_once(tmp_path: Path) -> None:
    shard(tmp_path, 0, LINES[:1])
    shard(tmp_path, 7, [LINES[0] | {"completion": "later"}, LINES[1]])
    found = RunFolder(tmp_path).answered()
    assert found == {"a": LINES[0], "b": LINES[1]}


def test_finishing_puts_lines_in_the_order_of_the_data(tmp_path: Path) -> None:
    shard(tmp_path, 0, LINES)
    assert [line["id"] for line in RunFolder(tmp_path).finish(["b", "a"])] == ["b", "a"]
    assert [line["id"] for line in read_lines(tmp_path / PREDICTIONS_FILE)] == ["b", "a"]
    assert not list(tmp_path.glob("predictions-*"))


def test_a_run_that_lacks_answers_does_not_finish(tmp_path: Path) -> None:
    shard(tmp_path, 0, LINES)
    with pytest.raises(RunError, match="lacks 1 of 3 predictions"):
        RunFolder(tmp_path).finish(["a", "b", "c"])
    assert list(tmp_path.glob("predictions-*"))


@pytest.mark.parametrize("cut", range(2, 30, 4))
def test_a_half_written_last_line_is_dropped_and_written_anew(tmp_path: Path, cut: int) -> None:
    shard(tmp_path, 0, LINES)
    file = tmp_path / "predictions-00000.jsonl"
    file.write_bytes(file.read_bytes()[:-cut])
    assert set(RunFolder(tmp_path).answered()) == {"a"}
    shard(tmp_path, 0, LINES[1:])
    assert set(RunFolder(tmp_path).answered()) == {"a", "b"}


def test_a_bad_line_in_the_middle_is_named(tmp_path: Path) -> None:
    (tmp_path / "predictions-00000.jsonl").write_text(f'{FIRST}{{oops\n{{"id": "b"}}\n')
    with pytest.raises(RunError, match=r"predictions-00000\.jsonl, line 2 is not JSON"):
        RunFolder(tmp_path).answered()


def test_other_settings_are_refused_by_name(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.start(asked_of("a"), START)
    before = (tmp_path / RUN_FILE).read_bytes()
    with pytest.raises(RunError, match=r"\(model.name is 'a' there and 'b' here\): give another"):
        folder.start(asked_of("b"), START)
    asked = asked_of("a")
    fewer = replace(asked, dataset=replace(asked.dataset, examples=1, fingerprint="0" * 64))
    with pytest.raises(RunError, match=r"\(dataset.examples is None there and 1 here\): give"):
        folder.start(fewer, START)
    assert (tmp_path / RUN_FILE).read_bytes() == before
    folder.start(asked_of("a"), replace(START, device="cpu"))
    assert len(json.loads((tmp_path / RUN_FILE).read_text())["sessions"]) == 2


def test_predictions_of_nobody_are_not_adopted(tmp_path: Path) -> None:
    shard(tmp_path, 0, LINES)
    with pytest.raises(RunError, match=r"holds predictions but no run\.json"):
        RunFolder(tmp_path).start(asked_of(), START)


def test_two_commands_cannot_hold_one_folder(tmp_path: Path) -> None:
    with RunFolder(tmp_path), pytest.raises(RunError, match="is in use by another run"):
        RunFolder(tmp_path).__enter__()
    with RunFolder(tmp_path):
        pass


def test_a_full_disk_is_one_sentence_and_loses_nothing(tmp_path: Path) -> None:
    shard(tmp_path, 0, LINES[:1])
    (tmp_path / "predictions-00001.jsonl").symlink_to("/dev/full")
    with pytest.raises(
        RunError, match=r"No space left on device\): free some space.*, which goes on from"
    ):
        Shard(tmp_path, 1).append(LINES[1:])
    (tmp_path / "predictions-00001.jsonl").unlink()
    assert set(RunFolder(tmp_path).answered()) == {"a"}


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be written"):
        RunFolder(tmp_path / "file" / "run").__enter__()


@given(JSON)
def test_nothing_differs_from_itself(value: object) -> None:
    assert differences(value, value) == []


@given(st.dictionaries(st.text(min_size=1), JSON, min_size=1), st.data())
def test_a_changed_setting_is_always_named(value: dict[str, object], data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(value)))
    changed = value | {key: "something else entirely"}
    if value[key] != changed[key]:
        assert any(line.startswith(key) for line in differences(value, changed))


@pytest.mark.parametrize("name", [PREDICTIONS_FILE, "predictions-00000.jsonl"])
def test_a_last_line_that_is_whole_counts_without_its_line_end(tmp_path: Path, name: str) -> None:
    text = "".join(json.dumps(line) + "\n" for line in LINES)
    (tmp_path / name).write_text(text.removesuffix("\n"))
    assert read_lines(tmp_path / name) == LINES
    # Nor is it lost when the run goes on.
    shard(tmp_path, 0, [{**ANSWER, "id": "c"}])
    assert list(RunFolder(tmp_path).answered()) == ["a", "b", "c"]


@pytest.mark.parametrize("line", ["7", "[]", '{"post_id": "p"}', '{"id": 7}', "[" * 100_000])
@pytest.mark.parametrize("end", ["\n", '\n{"id": "b"}\n'])
def test_a_line_that_is_no_answer_is_named(tmp_path: Path, line: str, end: str) -> None:
    (tmp_path / PREDICTIONS_FILE).write_text(FIRST + line + end)
    with pytest.raises(RunError, match=r"predictions\.jsonl, line 2 is n"):
        RunFolder(tmp_path).answered()


@pytest.mark.parametrize("key", ["post_id", "references", "terms", "reason"])
def test_a_run_does_not_go_on_from_an_answer_that_nobody_can_score(
    tmp_path: Path, key: str
) -> None:
    shard(tmp_path, 0, [LINES[0], {k: v for k, v in LINES[1].items() if k != key}])
    with pytest.raises(RunError, match=rf"-00000\.jsonl, line 2: {key}.* is missing, .*: remove"):
        RunFolder(tmp_path).finish(["a", "b"])


@pytest.mark.parametrize(("asked", "told"), [(None, None), (10, None), (26, "10 of 26 answered")])
def test_a_run_tells_how_much_of_it_is_answered(asked: int | None, told: str | None) -> None:
    data = Data(signature="x", split="test", kind="other", examples=asked)
    record = Record(asked=asked_of(dataset=data), sessions=(START,))
    assert FinishedRun(Path("x"), record, [{}] * 10).part == told


def fail_in(path: Path, *steps: Callable[[RunFolder], object]) -> None:
    """Hold a run's folder, do the steps and fail."""

    def hold() -> None:
        with RunFolder(path) as folder:
            for step in steps:
                step(folder)
            raise RunError("no model")

    with pytest.raises(RunError, match=r"^no model$"):
        hold()


def test_a_start_that_fails_leaves_no_folder(tmp_path: Path) -> None:
    fail_in(tmp_path / "runs" / "x")
    fail_in(tmp_path / "runs" / "y", lambda folder: folder.start(asked_of(), START))
    assert list(tmp_path.iterdir()) == []
    # Other processes may be about to write an answer.
    fail_in(tmp_path / "x", lambda folder: folder.start(asked_of(), replace(START, processes=2)))
    assert (tmp_path / "x" / RUN_FILE).is_file()


def test_a_start_that_fails_leaves_what_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    fail_in(tmp_path / "empty")
    assert list((tmp_path / "empty").iterdir()) == []
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "note.txt").write_text("mine")
    fail_in(tmp_path / "runs" / "x")
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["note.txt"]
    fail_in(tmp_path / "runs")
    assert "note.txt" in {path.name for path in (tmp_path / "runs").iterdir()}


def test_a_start_that_fails_later_loses_no_answer_and_no_record(tmp_path: Path) -> None:
    def begin(folder: RunFolder) -> None:
        folder.start(asked_of(), START)

    # One answer is there already when the first start fails ...
    fail_in(tmp_path, begin, lambda folder: shard(folder.path, 0, LINES))
    assert set(RunFolder(tmp_path).answered()) == {"a", "b"}
    # ... and a second start found the record.
    fail_in(tmp_path, begin)
    assert len(json.loads((tmp_path / RUN_FILE).read_text())["sessions"]) == 2
    (tmp_path / "predictions-00000.jsonl").unlink()
    fail_in(tmp_path, begin)
    assert (tmp_path / RUN_FILE).is_file()


def test_a_start_that_succeeds_keeps_its_folder(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "x") as folder:
        folder.start(asked_of(), START)
    assert (tmp_path / "x" / RUN_FILE).is_file()


def test_only_a_run_goes_on_from_what_is_there() -> None:
    told = cannot_write(Path("page.html"), OSError(errno.EACCES, "Permission denied"))
    assert told == (
        "page.html cannot be written (Permission denied): choose another place or mend that, and "
        "run the same command again"
    )
    full = cannot_write(Path("page.html"), OSError(errno.ENOSPC, "No space left on device"))
    assert full.endswith(
        "(No space left on device): free some space and run the same command again"
    )
