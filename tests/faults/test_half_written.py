"""A full disk, a kill or a removed file leaves nothing half-written under its final name."""

from __future__ import annotations

import errno
import gzip
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from express_cards.pages import write_page
from express_cards.spaces.files import write as write_space_file
from express_cards.study.sheets import write_csv, write_xlsx
from express_dataset.construct.config import find_dumps
from express_dataset.errors import DataError
from express_dataset.files import whole
from express_metric import MetricError, load_lexicon
from express_metric.errors import ExpressError
from express_metric.plutchik import DIMENSIONS
from express_runners.errors import RunError
from express_runners.runs.store import Shard


def test_a_full_disk_leaves_the_page_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = write_page(tmp_path / "new" / "page.html", "<p>old</p>")

    def full(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(RunError, match=r"page\.html cannot be written \(No space left on device\)"):
        write_page(page, "<p>new</p>")
    assert [(file.name, file.read_text()) for file in page.parent.iterdir()] == [
        ("page.html", "<p>old</p>")
    ]


@pytest.mark.parametrize(
    "write",
    [
        lambda file: write_page(file, "new"),
        lambda file: write_space_file(file.parent, file.name, "new"),
        lambda file: write_csv(file, ["a"], [["new"]]),
        lambda file: write_xlsx(file, ["a"], [["new"]], {}),
    ],
    ids=["page", "space", "csv", "xlsx"],
)
def test_a_file_that_cannot_take_its_place_leaves_the_old_one(
    write: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text("old")

    def full(path: Path, target: Path) -> Path:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises((OSError, ExpressError)):
        write(file)
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("file", "old")]


def test_what_a_kill_left_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "page.html.part").write_text("half")
    write_page(tmp_path / "page.html", "whole")
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]


def test_a_pipe_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "page.html")
    with pytest.raises(DataError, match=r"page\.html is no plain file"):
        write_page(tmp_path / "page.html", "x")
    with pytest.raises(DataError, match="is no plain file"), whole(tmp_path / "page.html"):
        pass
    assert not (tmp_path / "page.html").is_file()


def test_answers_that_were_removed_are_noticed_at_the_next_write(tmp_path: Path) -> None:
    shard = Shard(tmp_path, 0)
    shard.append([{"id": "a"}])
    shard.path.unlink()
    with pytest.raises(RunError, match=r"predictions-00000\.jsonl was removed while the run"):
        shard.append([{"id": "b"}])


HEAD = ",".join(("word", *DIMENSIONS))
TABLE = f"{HEAD}\nsad,0,0,0,0,0,1,0,0,0,1\n"


@pytest.mark.parametrize(
    "content",
    [TABLE.encode("utf-16"), gzip.compress(TABLE.encode(), mtime=0), TABLE.encode("utf-8-sig")],
    ids=["utf-16", "gzip", "utf-8"],
)
def test_a_lexicon_in_other_clothes_is_read(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_bytes(content)
    assert load_lexicon(tmp_path / "mine.csv").vocabulary == ("sad",)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (gzip.compress(b"a" * (1 << 27), mtime=0), "longer than 64 MiB"),
        (gzip.compress(TABLE.encode(), mtime=0)[:-9], "cannot be read: Compressed file ended"),
        (b"\x1f\x8bnot gzip at all, though it begins so", "cannot be read"),
    ],
    ids=["bomb", "cut", "damaged"],
)
def test_a_lexicon_that_unpacks_to_much_or_not_at_all_is_refused(
    content: bytes, told: str, tmp_path: Path
) -> None:
    (tmp_path / "mine.csv").write_bytes(content)
    with pytest.raises(MetricError, match=told):
        load_lexicon(tmp_path / "mine.csv")


def test_a_folder_that_cannot_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "a.jsonl").write_text('{"id": "a"}\n')
    real = os.scandir

    def refusing(path: Any) -> Iterator[os.DirEntry[str]]:
        # A superuser, as in many containers, reads what its rights forbid.
        if Path(path).name == "closed":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found = find_dumps([tmp_path])
    assert list(found.dumps) == ["a.jsonl"]
    assert found.passed_over == {"closed": "the folder cannot be read (Permission denied)"}
