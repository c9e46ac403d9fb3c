"""The last stage of a build: from masked posts to Parquet and a report."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from datatrove.pipeline.base import PipelineStep

from ..errors import DataError
from ..parquet import Shards
from ..splits import SPLITS
from .config import WORK
from .dedup import Decision, Survey, decide, read_clusters
from .report import REPORT, Tally, assemble, output_hashes, task_counts
from .writing import count_rows, examples, read_json, read_records, write_json, write_readme


class Finish(PipelineStep):  # type: ignore[misc]
    """Leave out copies, give each group its split, write.

    Args:
        out: the folder of the build.
    """

    type = "📦 - FINISH"
    name = "Parquet and report"

    def __init__(self, out: str) -> None:
        super().__init__()
        self.out = out

    def run(self, data: object, rank: int = 0, world_size: int = 1) -> None:
        """Write the finished dataset."""
        finish(Path(self.out))


def finish(out: Path) -> None:
    """Write the finished dataset; the report comes last, and tells that all else is there.

    Args:
        out: the folder of the build, in which the other stages are done.

    Raises:
        DataError: nothing was left to write.
    """
    work = out / WORK
    state = read_json(work / "state.json")
    tasks = len(state["inputs"])
    counts = task_counts(work / "logs" / "posts" / "stats", tasks)
    files = [work / "posts" / f"{rank:05d}.jsonl.zst" for rank in range(tasks)]
    survey = Survey.of(read_records(file) for file in files)
    clusters = read_clusters(work / "clusters", survey.starts)
    drop_near = state["settings"]["near_duplicates"] == "drop"
    decision = decide(survey, clusters, drop_near=drop_near)
    tally = _write(work / "data", files, survey, decision)
    report = assemble(state, counts, decision, tally)
    if not tally.splits.total():
        raise DataError(_nothing_left(report))
    report["outputs"] = output_hashes(work / "data")
    shutil.rmtree(out / "data", ignore_errors=True)
    (work / "data").replace(out / "data")
    write_readme(out / "README.md", [name for name in SPLITS if tally.splits[name]])
    write_json(out / REPORT, report)


def _write(folder: Path, files: list[Path], survey: Survey, decision: Decision) -> Tally:
    def records() -> Iterator[dict[str, Any]]:
        return chain.from_iterable(read_records(file) for file in files)

    shards = Shards(folder, count_rows(survey.sizes(), decision))
    tally = Tally()
    for split, row in examples(records(), decision):
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
