"""Build a dataset from dumps: `express dataset build`.

datatrove runs the tasks and remembers which are finished; here it is only told what to do:

1. *posts*, a task for each dump: read, scrub, mask, segment, and the MinHash signatures;
2. *pairs*, a task for each MinHash bucket, and *clusters*: which posts are near copies;
3. *finish*, one task: leave out copies, give each group its split, write.

All of it is kept in ``OUT/.build`` until the build is finished. Started again, a build goes on
with what is missing; with other settings or dumps it refuses.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ..errors import DataError, require
from ..files import write_json
from ..schema import COLUMNS, Example
from ..splits import SPLITS
from .config import (
    WORK,
    BuildConfig,
    Found,
    differences,
    ensure_key,
    find_dumps,
    inputs,
    read_state,
    settings,
)
from .dedup import minhash_config
from .orphans import children_end_too
from .report import REPORT, BuildReport, load_report
from .tokens import WORDS

if TYPE_CHECKING:
    from datatrove.executor.base import PipelineExecutor

SAMPLE_KEY = "5a" * 32
"""The key of the embedded sample. It is public, because its posts and authors are invented."""

_OURS = {WORK, REPORT, "data", "README.md"}


def build(config: BuildConfig) -> BuildReport:
    """Build a dataset from Reddit dumps, or go on with a build that was stopped.

    `workers` and `executor` may differ from one start to the next; anything else may not. On
    Slurm the tasks are handed in and the report is not finished; the same command gives it when
    they are done.
    """
    # datatrove shows bars of work that takes no time.
    os.environ.setdefault("TQDM_DISABLE", "1")
    require("datatrove", "construct")
    if config.executor == "ray":
        require("ray", "construct")
    out = config.out.resolve()
    try:
        return _build(config, out)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DataError(
                f"the disk of {out} is full; free some space and run the same command again, "
                "what is finished is kept"
            ) from None
        if error.strerror is None:  # not of the file system
            raise
        raise DataError(
            f"{error.filename or out} cannot be read or written: {error.strerror}; "
            "mend that or give another path, and run the command again"
        ) from None


def _build(config: BuildConfig, out: Path) -> BuildReport:
    found = find_dumps(config.dumps, out)
    _refuse_strangers(out)
    key = ensure_key(config.key, out)
    now: dict[str, Any] = {"settings": settings(config, key)}
    if (out / REPORT).exists():
        return _finished(out, now, found)
    with _alone(out):
        state = out / WORK / "state.json"
        then = read_state(state) if state.exists() else None
        now["inputs"] = inputs(found.dumps, then["inputs"] if then else {})
        now["passed_over"] = found.passed_over
        if then:
            _refuse_changes(out, then, now)
        write_json(state, now)
        _run(config, out, tuple(found.dumps.values()))
        if not (out / REPORT).exists():
            return BuildReport(out, {}, finished=False)
        return _finished(out, now, found)


def _refuse_strangers(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise DataError(f"{out}: a file of that name is in the way; give another --out")
    if not out.exists() or (out / WORK).exists() or (out / REPORT).exists():
        return
    strange = sorted(path.name for path in out.iterdir())
    if strange:
        raise DataError(
            f"{out}: the folder holds '{strange[0]}', which is not of a build; "
            "give a new or empty folder"
        )


def _refuse_changes(out: Path, then: dict[str, Any], now: dict[str, Any]) -> None:
    changes = differences(then, now)
    if changes:
        raise DataError(
            f"{out} was begun with other settings: {'; '.join(changes)}; "
            "give another --out, or the same settings to go on"
        )


def _finished(out: Path, now: dict[str, Any], found: Found) -> BuildReport:
    report = load_report(out)
    then = {
        "settings": report.content["settings"],
        "inputs": {file["name"]: file for file in report.content["inputs"]},
    }
    _refuse_changes(out, then, {**now, "inputs": now.get("inputs") or inputs(found.dumps, {})})
    shutil.rmtree(out / WORK, ignore_errors=True)
    return report


@contextlib.contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Keep a second build out of the same folder, for as long as this process lives."""
    (out / WORK).mkdir(parents=True, exist_ok=True)
    # This kind of lock is not inherited: what a killed build leaves running does not hold it.
    with (out / WORK / "lock").open("w") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DataError(f"another process is building in {out}; wait for it to end") from None
        yield


def _run(config: BuildConfig, out: Path, dumps: tuple[Path, ...]) -> None:
    work = out / WORK
    last = None
    for name, pipeline, tasks in _stages(config, out, dumps):
        stage = _executor(config, pipeline, tasks, work / "logs" / name, last)
        if config.executor == "slurm":
            last = stage
        else:
            with children_end_too():
                stage.run()
    if last is not None:
        last.run()


def _stages(
    config: BuildConfig, out: Path, dumps: tuple[Path, ...]
) -> Iterator[tuple[str, list[Any], int]]:
    """The stages: name, blocks and number of tasks."""
    from datatrove.pipeline.dedup.minhash import MinhashDedupCluster

    from .steps import Finish, Mask, Pairs, Posts, ReadReddit, Scrub, Segment, Signatures

    work = out / WORK
    minhash = minhash_config()
    folders = {name: str(work / name) for name in ("posts", "signatures", "pairs", "clusters")}
    tokenizer = config.tokenizer
    if Path(tokenizer).is_dir():
        tokenizer = str(Path(tokenizer).resolve())
    posts = [
        ReadReddit(
            list(map(str, dumps)),
            config.protocol,
            config.least_words,
            config.title,
            locks=str(work / "locks"),
            builder=os.getpid() if config.executor == "local" else 0,
        ),
        Scrub(str(config.key.resolve())),
        Mask(config.protocol),
        Segment(tokenizer, config.max_tokens, config.whole_posts),
        Posts(folders["posts"], "${rank}.jsonl.zst", compression="zstd"),
        Signatures(folders["signatures"], minhash),
    ]
    yield "posts", posts, len(dumps)
    pairs = Pairs(folders["signatures"], folders["pairs"], config=minhash)
    yield "pairs", [pairs], minhash.num_buckets
    clusters = MinhashDedupCluster(
        folders["pairs"], folders["clusters"], config=minhash, save_cluster_id=True
    )
    yield "clusters", [clusters], 1
    yield "finish", [Finish(str(out))], 1


def _executor(
    config: BuildConfig, pipeline: list[Any], tasks: int, logs: Path, after: PipelineExecutor | None
) -> PipelineExecutor:
    options: dict[str, Any] = dict(config.executor_options)
    workers = min(config.workers, tasks)
    if config.executor == "slurm":
        from datatrove.executor import SlurmPipelineExecutor

        return SlurmPipelineExecutor(
            pipeline,
            tasks=tasks,
            workers=workers,
            logging_dir=str(logs),
            job_name=f"express-{logs.name}",
            depends=after,
            **options,
        )
    if config.executor == "ray":
        from datatrove.executor import RayPipelineExecutor

        return RayPipelineExecutor(
            pipeline, tasks=tasks, workers=workers, logging_dir=str(logs), **options
        )
    import multiprocess.forkserver  # type: ignore[import-untyped]
    from datatrove.executor import LocalPipelineExecutor

    # What takes long to import is imported once, by the process that workers are forked from.
    multiprocess.forkserver.set_forkserver_preload([f"{__package__}.lean", f"{__package__}.steps"])
    return LocalPipelineExecutor(
        pipeline, tasks=tasks, workers=workers, logging_dir=str(logs), **options
    )


def build_sample(posts: Path | None = None) -> list[Example]:
    """Build the embedded sample from its raw posts.

    Its posts are short, so each fits whole and no real tokenizer is needed; its key is public.
    It is made without titles.
    """
    import pyarrow.parquet

    posts = posts or Path(__file__).parent.parent / "sample" / "posts.jsonl"
    with TemporaryDirectory() as folder:
        key, out = Path(folder) / "key", Path(folder) / "out"
        key.write_text(SAMPLE_KEY, encoding="utf-8")
        build(BuildConfig(dumps=(posts,), out=out, key=key, tokenizer=WORDS, title=False))
        rows: list[dict[str, Any]] = []
        for split in SPLITS:
            for path in sorted((out / "data").glob(f"{split}-*.parquet")):
                rows += pyarrow.parquet.read_table(path, columns=list(COLUMNS)).to_pylist()
    listed = ("labels", "negated", "leaked", "leaked_form")
    return [Example(**{**row, **{name: tuple(row[name]) for name in listed}}) for row in rows]


def write_sample(path: Path) -> int:
    """Build the embedded sample and write it as JSON lines."""
    rows = build_sample()
    # Columns that no dump fills are left out.
    empty = ("topic_id", "topic_name", "further")
    whole = (asdict(row) for row in rows)
    kept = ({k: v for k, v in row.items() if v or k not in empty} for row in whole)
    lines = (json.dumps(row, ensure_ascii=False) for row in kept)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return len(rows)
