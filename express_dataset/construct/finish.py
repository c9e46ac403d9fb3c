"""The last stage of a build: from masked posts to Parquet and a report."""

from __future__ import annotations

import io
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from datatrove.pipeline.base import PipelineStep

from ..errors import DataError
from ..files import write_json, write_whole
from ..flags import leaked, negated
from ..parquet import Shards
from ..schema import Example, check, example_id
from ..splits import SPLITS
from .config import WORK, read_state
from .dedup import Decision, Survey, decide, read_clusters
from .report import REPORT, Tally, assemble, output_hashes, task_counts


class Finish(PipelineStep):  # type: ignore[misc]
    """Leave out copies, give each group its split, write."""

    type = "📦 - FINISH"
    name = "Parquet and report"

    def __init__(self, out: str) -> None:
        super().__init__()
        self.out = out

    def run(self, data: object, rank: int = 0, world_size: int = 1) -> None:
        """Write the finished dataset."""
        finish(Path(self.out))


def finish(out: Path) -> None:
    """Write the finished dataset; the report comes last, and tells that all else is there."""
    work = out / WORK
    state = read_state(work / "state.json")
    tasks = len(state["inputs"])
    counts = task_counts(work / "logs" / "posts" / "stats", tasks)
    files = [work / "posts" / f"{rank:05d}.jsonl.zst" for rank in range(tasks)]
    survey = Survey.of(_read_records(file) for file in files)
    clusters = read_clusters(work / "clusters", survey.starts)
    drop_near = state["settings"]["near_duplicates"] == "drop"
    decision = decide(survey, clusters, drop_near=drop_near)
    whole = state["settings"]["whole_posts"]
    tally = _write(work / "data", files, survey, decision, whole=whole)
    report = assemble(state, counts, decision, tally)
    if not tally.splits.total():
        raise DataError(_nothing_left(report))
    report["outputs"] = output_hashes(work / "data")
    shutil.rmtree(out / "data", ignore_errors=True)
    (work / "data").replace(out / "data")
    _write_readme(out / "README.md", [name for name in SPLITS if tally.splits[name]])
    write_json(out / REPORT, report)


def _write(
    folder: Path, files: list[Path], survey: Survey, decision: Decision, *, whole: bool
) -> Tally:
    def records() -> Iterator[dict[str, Any]]:
        return chain.from_iterable(_read_records(file) for file in files)

    shards = Shards(folder, _count_rows(survey.sizes(), decision, whole))
    tally = Tally()
    for split, row in _examples(records(), decision, whole):
        shards.add(split, row)
        tally.add(split, row)
    shards.close()
    return tally


def _nothing_left(report: dict[str, Any]) -> str:
    lines = report["steps"]["lines"]
    reasons = sorted(report["dropped"].items(), key=lambda item: -item[1])
    told = ", ".join(f"{reason} {count:,}" for reason, count in reasons if count)
    why = f"of {lines:,} lines all were left out ({told})" if lines else "no line could be read"
    return f"nothing was left to write: {why}; check that the dumps are of Reddit posts"


def _read_records(path: Path) -> Iterator[dict[str, Any]]:
    """Read the posts that one task has written."""
    import orjson
    import zstandard

    if not path.exists():
        return
    with path.open("rb") as raw, zstandard.ZstdDecompressor().stream_reader(raw) as plain:
        for line in io.BufferedReader(plain, 1 << 20):
            yield orjson.loads(line)


def _examples(
    records: Iterable[dict[str, Any]], decision: Decision, whole: bool
) -> Iterator[tuple[str, Example]]:
    """Turn the posts into rows; `whole` makes one of each post that has any."""
    place = 0
    for number, record in enumerate(records):
        split = SPLITS[decision.splits[number]]
        rows = 0
        for position, window in enumerate(record["metadata"]["windows"]):
            if not (decision.dropped[number] or decision.dropped_segments[place]):
                rows += 1
                if not whole:
                    yield split, _example(record, record["id"], position, window)
            place += 1
        if whole and rows:
            yield split, _example(record, f"{record['id']}/whole", 0, record["metadata"]["whole"])


def _example(record: dict[str, Any], key: str, position: int, window: dict[str, Any]) -> Example:
    text, labels, source = window["text"], tuple(window["labels"]), record["metadata"]
    row = Example(
        id=example_id(key, position),
        post_id=record["id"],
        text=text,
        labels=labels,
        segment=position,
        negated=negated(text),
        leaked=leaked(text, labels),
        subreddit=source.get("subreddit"),
        created_utc=source.get("created_utc"),
        over_18=source.get("over_18"),
    )
    check(row, f"post {record['id']}, segment {position}")
    return row


def _count_rows(sizes: Iterable[int], decision: Decision, whole: bool) -> Counter[str]:
    """Count the rows of each split before they are written."""
    counts = Counter(dict.fromkeys(SPLITS, 0))
    place = 0
    for number, size in enumerate(sizes):
        kept = size - sum(decision.dropped_segments[place : place + size])
        rows = 0 if decision.dropped[number] else min(kept, 1) if whole else kept
        counts[SPLITS[decision.splits[number]]] += rows
        place += size
    return counts


def _write_readme(path: Path, splits: Iterable[str]) -> None:
    """Write the few lines by which `load_dataset` finds the splits."""
    files = "".join(f"  - {{split: {name}, path: data/{name}-*.parquet}}\n" for name in splits)
    write_whole(
        path,
        "---\n"
        "configs:\n"
        f"- config_name: default\n  data_files:\n{files}"
        "---\n\n"
        "Built by `express dataset build`; `build.json` tells of what and how.\n",
    )
