"""From dumps to a folder that loads, the same bytes every time, and nobody's name in it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from datatrove.data import Document
from support import dumps
from support.dumps import KEY, asked
from typer.testing import CliRunner

from express_dataset.construct.config import WORK, BuildConfig
from express_dataset.construct.masking import mask_texts, unmask
from express_dataset.construct.pipeline import build, build_sample, write_sample
from express_dataset.construct.reddit import REASONS
from express_dataset.construct.report import BuildReport
from express_dataset.construct.scrub import Pseudonyms, scrub
from express_dataset.construct.steps import Posts
from express_dataset.errors import DataError
from express_dataset.identity import mask_identities
from express_dataset.schema import COLUMNS, Example, check
from express_dataset.sources import load, load_all
from express_runners.cli.dataset import app


@pytest.fixture(scope="module")
def made() -> Path:
    return dumps.make()


@pytest.fixture(scope="module")
def built() -> BuildReport:
    return dumps.build_once()


def hashes(out: Path) -> dict[str, str]:
    files = sorted(path for path in out.rglob("*") if path.is_file())
    return {
        str(one.relative_to(out)): hashlib.sha256(one.read_bytes()).hexdigest() for one in files
    }


def rows(out: Path) -> list[tuple[str, Example]]:
    found = []
    for path in sorted((out / "data").glob("*.parquet")):
        for row in pyarrow.parquet.read_table(path).to_pylist():
            flags = ("labels", "negated", "leaked", "leaked_form")
            listed = {name: tuple(row[name]) for name in flags}
            found.append((path.name.split("-")[0], Example(**{**row, **listed})))
    return found


def load_dataset(folder: Path, home: Path) -> str:
    """Load a folder as anybody would: the rows of each split, and the columns."""
    program = (
        "import sys, datasets\n"
        "found = datasets.load_dataset(sys.argv[1])\n"
        "columns = next(iter(found.values())).column_names\n"
        "print({name: len(part) for name, part in found.items()}, columns)"
    )
    environment = {**os.environ, "HF_HOME": str(home), "HF_HUB_OFFLINE": "1"}
    return subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        capture_output=True, text=True, check=True, env=environment, cwd=home,
    ).stdout.strip()  # fmt: skip


def test_it_loads_with_plain_load_dataset(built: BuildReport, tmp_path: Path) -> None:
    assert load_dataset(built.out, tmp_path) == f"{built.splits} {list(COLUMNS)}"


def test_it_loads_where_a_split_is_empty(made: Path, tmp_path: Path) -> None:
    few = dumps.write(tmp_path / "few.jsonl", dumps.ndjson(dumps.posts(2, every=1)))
    report = build(asked(made, tmp_path / "o", dumps=(few,)))
    filled = {split: count for split, count in report.splits.items() if count}
    assert 0 < len(filled) < len(report.splits) == 3
    assert load_dataset(report.out, tmp_path) == f"{filled} {list(COLUMNS)}"
    loaded = load_all(str(report.out))
    assert {split: len(loaded[split].examples) for split in report.splits} == report.splits
    assert len(load(str(report.out), split="all").examples) == sum(filled.values())
    assert {path.name.split("-")[0] for path in (report.out / "data").iterdir()} == set(filled)


def test_every_row_keeps_the_rules(built: BuildReport) -> None:
    found = rows(built.out)
    assert Counter(split for split, _ in found) == built.splits
    assert set(built.splits) == {"train", "test", "few_shot"}
    assert min(built.splits.values()) > 0
    for _, row in found:
        check(row, row.id)
    assert len({row.id for _, row in found}) == len(found)
    assert len({row.text for _, row in found}) == len(found)
    by_post: dict[str, set[str]] = {}
    for split, row in found:
        by_post.setdefault(row.post_id, set()).add(split)
    assert {len(splits) for splits in by_post.values()} == {1}
    assert Counter(row.segment for _, row in found)[1] > 0


def test_unmasking_gives_the_scrubbed_posts_back(made: Path, built: BuildReport) -> None:
    names = Pseudonyms(bytes.fromhex(KEY))
    posts = {
        names.of("post", one["id"]): scrub(f"{one['title']} {one['selftext']}")
        for one in [*dumps.posts(300), *dumps.posts(200, first=300, seed=1)][::4]
        if one["id"] != f"p{304:x}"  # This one was given names and links.
    }
    seen = 0
    for _, row in rows(built.out):
        whole = posts.get(row.post_id)
        if whole is not None:
            seen += 1
            assert unmask(row.text, row.labels).lower() == whole.lower()
    assert seen > 100
    for text, masked in zip(posts.values(), mask_texts(posts.values()), strict=True):
        assert unmask(masked.text, masked.surfaces) == text


def test_counts_are_right_and_every_line_is_accounted_for(built: BuildReport) -> None:
    expected = {"not-json": 1, "too-short": 1, "not-self": 1}
    counted = {name: count for name, count in built.dropped.items() if count}
    # Three of four posts hold no feeling, nor do those removed, of masks alone and not in UTF-8.
    assert counted == {**expected, "no-feeling": 225 + 150 + 3}
    assert list(built.dropped) == list(REASONS)
    content = built.content
    assert content["steps"]["lines"] == 300 + 9 + 200 + 6
    assert content["duplicates"]["duplicate-text"] == 1
    assert content["duplicates"]["duplicate-id"] == 1
    assert content["duplicates"]["near-duplicate-posts"] == 2 + 2 + 2
    assert content["checks"]
    assert all(content["checks"].values())
    labels = Counter(label for _, row in rows(built.out) for label in row.labels)
    assert content["labels"] == dict(labels)
    assert content["masks"] == labels.total()
    assert content["negated"] == sum(sum(row.negated) for _, row in rows(built.out)) > 0
    assert content["words_per_segment"]["max"] == max(
        len(r.text.split()) for _, r in rows(built.out)
    )
    assert built.problems == ()


def test_whole_posts_are_the_same_posts_with_the_same_masks(
    made: Path, built: BuildReport, tmp_path: Path
) -> None:
    report = build(asked(made, tmp_path / "o", whole_posts=True))
    whole, parts = rows(report.out), rows(built.out)
    assert len({row.post_id for _, row in whole}) == len(whole) < len(parts)
    assert {(split, row.post_id) for split, row in whole} == {(s, r.post_id) for s, r in parts}
    assert not {row.id for _, row in whole} & {row.id for _, row in parts}
    labels = {row.post_id: row.labels for _, row in whole}
    found = mask_identities([row for _, row in parts], [row for _, row in whole])
    for _, row in parts:
        assert row.labels == tuple(labels[post][number] for post, number in found[row.id])
    # Every mask of every post stands in a segment.
    asked_for = {identity for identities in found.values() for identity in identities}
    assert asked_for == {(p, number) for p, some in labels.items() for number in range(len(some))}
    assert max(number for _, number in asked_for) > 1
    assert "--whole-posts" in report.content["rebuild"]
    other = [row for _, row in rows(report.out) if row.post_id != parts[0][1].post_id]
    assert parts[0][1].id not in mask_identities([row for _, row in parts], other)
    wrong = replace(other[0], post_id=parts[0][1].post_id)
    with pytest.raises(DataError, match="is no part of that post"):
        mask_identities([parts[0][1]], [wrong])


def test_a_post_is_its_title_then_its_body(made: Path, tmp_path: Path) -> None:
    first, second, third, fourth = dumps.posts(4, every=1)
    first["title"] = " I felt guilty all week "
    second["title"] = "Am I wrong?"
    third["title"] = None
    short_body = "It rained all day in the old town and nobody came. I was so sad then."
    short = {**fourth, "title": "Five words and no more", "selftext": short_body}
    file = dumps.write(tmp_path / "a.jsonl", dumps.ndjson([first, second, third, short]))

    def texts(name: str, **changes: Any) -> list[str]:
        report = build(asked(made, tmp_path / name, dumps=(file,), **changes))
        return sorted(unmask(row.text, row.labels).lower() for _, row in rows(report.out))

    bodies = [str(one["selftext"]).lower() for one in (first, second, third)]
    titled = [f"i felt guilty all week. {bodies[0]}", f"am i wrong? {bodies[1]}", bodies[2]]
    assert texts("titled") == sorted(titled)
    assert texts("bodies", title=False) == sorted(bodies)
    # The faithful protocol keeps posts from 20 words on, the title's among them.
    assert len(short_body.split()) == 16
    assert len(texts("faithful", protocol="express-2025")) == 4
    assert len(texts("faithful-body", protocol="express-2025", title=False)) == 3


def test_the_command_line_asks_for_bodies_and_whole_posts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_for = []

    def build_none(config: BuildConfig) -> BuildReport:
        asked_for.append((config.title, config.whole_posts, config.least_words))
        return BuildReport(config.out, {}, finished=False)

    monkeypatch.setattr("express_dataset.construct.pipeline.build", build_none)
    for options in ([], ["--no-title", "--whole-posts", "--protocol", "express-2025"]):
        command = ["build", "a.zst", "--out", str(tmp_path), *options]
        assert CliRunner().invoke(app, command).exit_code == 0
    assert asked_for == [(True, False, 50), (False, True, 20)]


def test_a_writer_that_fails_after_something_else_has_says_nothing(tmp_path: Path) -> None:
    def writing() -> Generator[Document]:
        posts = Posts(str(tmp_path), "a.jsonl", compression=None)
        posts.output_mg.close = full
        found: Generator[Document] = posts.run(iter([Document(text="a", id="a")]))
        return found

    def full() -> None:
        raise OSError("No space left on device")

    given_up = writing()
    next(given_up)
    given_up.close()
    with pytest.raises(OSError, match="No space left"):
        list(writing())


def test_masks_that_authors_typed_are_counted(made: Path, tmp_path: Path) -> None:
    first, second, third = dumps.posts(3, every=1)
    first["selftext"] += " Then <mask> and [MASK]."
    second["selftext"] += " Then &lt;mask&gt;."
    file = dumps.write(tmp_path / "typed.jsonl", dumps.ndjson([first, second, third]))
    report = build(asked(made, tmp_path / "o", dumps=(file,)))
    assert report.content["steps"]["typed-masks"] == 2
    assert report.content["steps"]["masked-posts"] == 3


def test_it_names_nobody(made: Path, built: BuildReport) -> None:
    raw = b"".join(path.read_bytes() for path in built.out.rglob("*") if path.is_file())
    texts = "\n".join(str(row) for _, row in rows(built.out))
    for secret in ("some_body", "me@example", "555-123", "x.org", "writer_", "thief", "'p4'", KEY):
        assert secret not in texts
        assert secret.encode() not in raw
    assert "[user] at [email] or [phone], [link]" in texts
    assert str(made).encode() not in raw


def test_the_key_is_in_no_file_of_a_build_under_way(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    only = dumps.write(tmp_path / "a.jsonl", [b'{"id": "a", "selftext": "too short"}\n'])
    with pytest.raises(DataError, match="nothing was left to write: of 1 lines all"):
        build(asked(made, out, dumps=(only,)))
    files = [path for path in (out / WORK).rglob("*") if path.is_file()]
    assert any(path.name == "executor.json" for path in files)
    for path in files:
        assert KEY not in path.read_text(errors="replace")
        assert bytes.fromhex(KEY) not in path.read_bytes()


@pytest.mark.parametrize("workers", [2, 5])
def test_any_number_of_workers_gives_the_same_bytes(
    made: Path, built: BuildReport, tmp_path: Path, workers: int
) -> None:
    dumps_backwards = (made / "b.jsonl.gz", made / "a.zst")
    again = build(asked(made, tmp_path / "o", workers=workers, dumps=dumps_backwards))
    assert hashes(again.out) == hashes(built.out)
    assert set(hashes(built.out)) == {
        "README.md",
        "build.json",
        *(f"data/{split}-00000-of-00001.parquet" for split in built.splits),
    }


def test_another_key_gives_other_names_and_the_same_texts(
    made: Path, built: BuildReport, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text("11" * 32)
    other = build(asked(made, tmp_path / "o", key=tmp_path / "key"))
    mine, theirs = rows(built.out), rows(other.out)
    assert not {row.post_id for _, row in mine} & {row.post_id for _, row in theirs}
    assert sorted(row.text for _, row in mine) == sorted(row.text for _, row in theirs)


def test_near_duplicates_can_be_dropped(made: Path, built: BuildReport, tmp_path: Path) -> None:
    fewer = build(asked(made, tmp_path / "o", near_duplicates="drop"))
    gone = {row.text for _, row in rows(built.out)} - {row.text for _, row in rows(fewer.out)}
    assert len(gone) == 1
    assert next(iter(gone)).endswith(" Yes!")


def test_a_finished_build_is_not_built_again(
    made: Path, built: BuildReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path: path.stat().st_mtime_ns for path in built.out.rglob("*")}
    again = build(asked(made, built.out, workers=2))
    assert again.content == built.content
    assert {path: path.stat().st_mtime_ns for path in built.out.rglob("*.parquet")}.items() <= (
        before.items()
    )


def test_slurm_gets_every_stage_and_the_result_is_the_same(
    made: Path, built: BuildReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The two commands of Slurm that datatrove calls, run at once on this machine.
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "sbatch").write_text(
        "#!/bin/bash\n"
        'script="${@: -1}"\n'
        'last=$(grep -oP "(?<=--array=0-)[0-9]+" "$script")\n'
        "for n in $(seq 0 ${last:-0}); do\n"
        "  export SLURM_ARRAY_TASK_ID=$n SLURM_NODELIST=here\n"
        '  bash "$script" >> "$SBATCH_LOG" 2>&1 || exit 1\n'
        "done\necho Submitted batch job 1\n"
    )
    (tools / "scontrol").write_text("#!/bin/bash\necho here\n")
    (tools / "srun").write_text(
        '#!/bin/bash\nwhile [ "$1" != launch_pickled_pipeline ]; do shift; done\n"$@"\n'
    )
    for tool in tools.iterdir():
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{Path(sys.executable).parent}:{os.environ['PATH']}")
    monkeypatch.setenv("SBATCH_LOG", str(tmp_path / "log"))
    monkeypatch.setenv("PYTHONPATH", str(dumps.ROOT))
    options = {"partition": "cpu", "time": "1:00:00"}
    report = build(asked(made, tmp_path / "o", executor="slurm", executor_options=options))
    assert report.finished, (tmp_path / "log").read_text()[-3000:]
    assert hashes(report.out) == hashes(built.out)


def test_the_embedded_sample_is_what_this_pipeline_builds(tmp_path: Path) -> None:
    path = tmp_path / "examples.jsonl"
    assert write_sample(path) == len(build_sample())
    stored = dumps.SAMPLE.with_name("examples.jsonl")
    assert path.read_bytes() == stored.read_bytes()
    loaded = load("sample", split="all")
    assert {row.id for row in loaded.examples} == {row.id for row in build_sample()}
