"""The end of a build: its rows in Parquet, and what it tells of itself, `build.json`."""

from __future__ import annotations

import io
import json
import shlex
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from ..errors import DataError
from ..files import sha256, write_json, write_whole
from ..parquet import Shards
from ..schema import Example, check, example_id
from ..splits import SPLITS
from .config import WORK, read_state
from .dedup import Decision, Survey, decide, read_clusters
from .forms import KINDS, PROBLEMS
from .reddit import GAPS, REASONS

REPORT = "build.json"
"""The report's name in the built folder; the build is finished when it is there."""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """A build, finished or handed to a cluster."""

    out: Path  # the built folder
    content: dict[str, Any]  # what `build.json` holds; empty until the build is finished
    finished: bool  # false where a cluster is still at work

    @property
    def splits(self) -> dict[str, int]:
        """Rows for each split."""
        return dict(self.content.get("splits", {}))

    @property
    def dropped(self) -> dict[str, int]:
        """For each reason of `REASONS`, how many lines were left out."""
        return dict(self.content.get("dropped", {}))

    @property
    def problems(self) -> tuple[str, ...]:
        """One sentence for each file that was not read (to its end), gap and empty split."""
        files = self.content.get("inputs", [])
        others = self.content.get("passed_over") or {}
        gaps = self.content.get("gaps") or {}
        return (
            *(problem_sentence(file) for file in files if file["problem"]),
            *(f"{name} was passed over: {why}" for name, why in others.items()),
            *(
                f"{n:,} posts were kept without a value: {GAPS.get(g, g)}"
                for g, n in gaps.items()
                if n
            ),
            *(f"no row is in the split {name}" for name, n in self.splits.items() if not n),
        )


@dataclass(frozen=True, slots=True)
class _Dump:
    """What a report tells of a dump."""

    name: str
    bytes: int
    sha256: str
    lines: int
    masked_posts: int
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class _Told:
    """What is read of a report again."""

    settings: dict[str, Any]
    inputs: tuple[_Dump, ...]
    splits: dict[str, int]
    dropped: dict[str, int]
    passed_over: dict[str, str] | None = None
    gaps: dict[str, int] | None = None


def load_report(out: Path) -> BuildReport:
    """Read the report of a finished build."""
    return BuildReport(out, read_state(out / REPORT, _Told), finished=True)


def problem_sentence(file: Mapping[str, Any]) -> str:
    """Tell what is wrong with a dump and how to mend it.

    >>> problem_sentence({"name": "a.zst", "problem": "cut-off", "lines": 7})
    'a.zst: the zstd file breaks off in the middle, as if a copy had not been finished; the 7 \
lines before that were read; get the file again and build into a new folder'
    """
    kind = KINDS.get(file["name"].rpartition(".")[2], "packed")
    what = PROBLEMS.get(file["problem"], file["problem"]).format(kind=kind)
    read = f"; the {file['lines']:,} lines before that were read" if file["lines"] else ""
    return f"{file['name']}: {what}{read}; get the file again and build into a new folder"


class Tally:
    """Counts rows while they are written."""

    def __init__(self) -> None:
        self.labels: Counter[str] = Counter()
        self.words: Counter[int] = Counter()
        self.masks: Counter[int] = Counter()
        self.subreddits: Counter[str] = Counter()
        self.splits: Counter[str] = Counter(dict.fromkeys(SPLITS, 0))
        self.flags: Counter[str] = Counter()

    def add(self, split: str, row: Example) -> None:
        """Count a row."""
        self.labels.update(row.labels)
        self.words[len(row.text.split())] += 1
        self.masks[len(row.labels)] += 1
        self.subreddits[row.subreddit or "unknown"] += 1
        self.splits[split] += 1
        self.flags["negated"] += sum(row.negated)
        self.flags["leaked"] += sum(row.leaked)


def task_counts(stats: Path, tasks: int) -> list[Counter[str]]:
    """Read what each task has counted."""
    told = []
    for rank in range(tasks):
        blocks = json.loads((stats / f"{rank:05d}.json").read_text(encoding="utf-8"))
        counts: Counter[str] = Counter()
        for block in blocks:
            for name, value in block["stats"].items():
                counts[name] += int(value["total"] if isinstance(value, dict) else value)
        told.append(counts)
    return told


def assemble(
    state: Mapping[str, Any], tasks: list[Counter[str]], decision: Decision, tally: Tally
) -> dict[str, Any]:
    """Put the report together. It tells nothing of time, machine or workers."""
    total = sum(tasks, start=Counter[str]())
    dropped = {reason: total[reason] for reason in REASONS}
    kept = total["masked-posts"]
    steps = ("lines", "bytes", "scrubbed", "typed-masks", "read-by-spacy", "masked-posts", "masks")
    return {
        "rebuild": command(state),
        "splits": {name: tally.splits[name] for name in SPLITS},
        "dropped": dropped,
        "steps": {name: total[name] for name in (*steps, "cut-posts", "segments")},
        "gaps": {name: total[name] for name in GAPS},
        "duplicates": dict(sorted(decision.counts.items())),
        "checks": {
            "every line is accounted for": total["lines"] == sum(dropped.values()) + kept,
            **{f"no {kind} in two splits": good for kind, good in decision.disjoint.items()},
        },
        "labels": dict(sorted(tally.labels.items(), key=lambda item: (-item[1], item[0]))),
        "masks": sum(tally.labels.values()),
        "negated": tally.flags["negated"],
        "leaked": tally.flags["leaked"],
        "masks_per_segment": {str(size): tally.masks[size] for size in sorted(tally.masks)},
        "words_per_segment": summary(tally.words),
        "subreddits": dict(sorted(tally.subreddits.items(), key=lambda one: (-one[1], one[0]))),
        "settings": state["settings"],
        "passed_over": state["passed_over"],
        "inputs": [
            {
                "name": name,
                "bytes": file["bytes"],
                "sha256": file["sha256"],
                "lines": counts["lines"],
                "masked_posts": counts["masked-posts"],
                "problem": next((one for one in PROBLEMS if counts[one]), None),
            }
            for (name, file), counts in zip(state["inputs"].items(), tasks, strict=True)
        ],
    }


def summary(values: Counter[int]) -> dict[str, float]:
    """Describe how numbers are spread.

    >>> summary(Counter([1, 2, 3, 4]))
    {'min': 1, 'q1': 1, 'median': 2, 'q3': 3, 'max': 4, 'mean': 2.5}
    """
    count = values.total()
    if not count:
        return {}
    ordered = sorted(values)
    told: dict[str, float] = {"min": ordered[0]}
    for name, share in (("q1", 0.25), ("median", 0.5), ("q3", 0.75)):
        seen = 0
        for value in ordered:
            seen += values[value]
            if seen >= share * count:
                told[name] = value
                break
    told["max"] = ordered[-1]
    told["mean"] = round(sum(value * n for value, n in values.items()) / count, 2)
    return told


def command(state: Mapping[str, Any]) -> str:
    """The command that builds the same again, given the same dumps and key."""
    settings = state["settings"]
    options = [
        f"--{name.replace('_', '-')} {shlex.quote(str(settings[name]))}"
        for name in ("min_words", "protocol", "tokenizer", "max_tokens", "near_duplicates")
    ]
    options += [] if settings["title"] else ["--no-title"]
    options += ["--whole-posts"] if settings["whole_posts"] else []
    # Names of dumps in folders within hold for the folder that was given.
    nested = any("/" in name for name in state["inputs"])
    dumps = "FOLDER" if nested else " ".join(shlex.quote(name) for name in state["inputs"])
    return f"express dataset build {dumps} --out DIR --key FILE {' '.join(options)}"


def output_hashes(data: Path) -> dict[str, str]:
    """Hash the files of a finished build."""
    return {path.name: sha256(path) for path in sorted(data.glob("*.parquet"))}


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
