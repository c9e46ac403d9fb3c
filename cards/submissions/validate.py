"""Check many submissions: those of a folder, or of a results dataset on the Hub."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from rich.console import Console

from express_dataset.hub_errors import in_a_sentence
from express_dataset.reading.typed import as_json
from express_metric.errors import ExpressError
from express_runners.bounded import within
from express_runners.errors import RunError
from express_runners.runs.record import parse_record

from .. import words
from ..terminal import table, table_width
from .check import check, opened
from .sources import Sources
from .strict import LIMITS, Refusal, check_sizes, shown
from .submission import SUBMISSIONS, Submission

if TYPE_CHECKING:
    from huggingface_hub import HfApi

SECONDS = 120
"""Of computing that the check of one submission may take."""
GROWTH = 2 << 30
"""Bytes that it may take for that."""
_HUB_ID = re.compile(r"([\w.-]+/[\w.-]+?)(?:@([\w./-]+))?")
_PLACE = re.compile(rf"{SUBMISSIONS}(?:/[A-Za-z0-9][A-Za-z0-9._-]*){{2}}")
_SHOWN = ("lexical_accuracy", "vector_accuracy", "vector_f1")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one submission."""

    name: str  # its path below the results dataset, or its folder's name
    passed: Submission | None = None  # the submission, if it passed
    reason: str | None = None  # why it is refused

    @property
    def ok(self) -> bool:
        """Whether it passed."""
        return self.passed is not None

    def told(self) -> dict[str, Any]:
        """The verdict, ready for JSON."""
        found: dict[str, Any] = {"name": self.name, "passed": self.ok, "reason": self.reason}
        if self.passed is not None:
            found |= {"model": self.passed.model, "setting": self.passed.setting}
            found["scores"] = self.passed.scores
        return found


def validate(where: str, sources: Sources) -> list[Verdict]:
    """Check every submission of a folder or of a results dataset: a verdict for each, by name.

    `where` is a submission's folder, one that holds ``submissions/MODEL/SETTING``, or a results
    dataset ``ORG/NAME`` or ``ORG/NAME@REVISION``, which is downloaded.
    """
    with ExitStack() as stack:
        if Path(where).is_dir():
            verdicts = _of_folder(Path(where), sources)
        else:
            root, refused = stack.enter_context(_downloaded(where))
            verdicts = [*_of_root(root, sources), *refused]
    if not verdicts:
        raise RunError(
            f"{where} holds no submission: it must have {SUBMISSIONS}/MODEL/SETTING/, or be such a "
            "folder itself, as `express results push` writes it."
        )
    return sorted(verdicts, key=lambda verdict: verdict.name)


def print_verdicts(verdicts: Sequence[Verdict]) -> None:
    """Print a table of all, then a sentence for each refusal; the figures are the paper's."""
    rows = []
    for one in verdicts:
        scores: Mapping[str, Any] = one.passed.scores["paper"] if one.passed else {}
        figures = [words.percent(scores[name]) if scores else "-" for name in _SHOWN]
        rows.append(["passed" if one.ok else "REFUSED", one.name, *figures])
    header = ("", "submission", *(name.replace("_", " ") for name in _SHOWN))
    Console(highlight=False, width=table_width()).print(table(header, rows, left=2))
    refused = [verdict for verdict in verdicts if not verdict.ok]
    told = [f"{verdict.name}: {verdict.reason}" for verdict in refused]
    print("\n".join(["", *told, ""] if told else [""]))
    print(f"{len(verdicts) - len(refused)} passed, {len(refused)} refused")


def _of_folder(folder: Path, sources: Sources) -> list[Verdict]:
    if any((folder / name).is_file() for name in LIMITS if name != "README.md"):
        parts = folder.resolve().parts[-3:]
        place = "/".join(parts) if len(parts) == 3 and parts[0] == SUBMISSIONS else None
        return [_judge(folder, place or folder.resolve().name, sources, place)]
    if folder.resolve().name == SUBMISSIONS:
        return _of_root(folder.resolve().parent, sources)
    return _of_root(folder, sources)


def _of_root(root: Path, sources: Sources) -> list[Verdict]:
    verdicts = []
    for place, folder in _folders(root / SUBMISSIONS, SUBMISSIONS, 2):
        reason = None
        if folder.is_symlink() or not folder.is_dir():
            reason = f"{place} is a link or no folder; put the submission's own folder there"
        elif place.count("/") < 2:
            reason = f"{place} holds no submission; remove it"
        elif not _PLACE.fullmatch(place):
            reason = f"{shown(place)} is no place for a submission; use the path that push gives it"
        if reason:
            verdicts.append(Verdict(_printable(place), reason=reason))
        else:
            verdicts.append(_judge(folder, place, sources, place))
    return verdicts


def _folders(folder: Path, name: str, depth: int) -> Iterator[tuple[str, Path]]:
    """What stands `depth` levels below, and what is in the way above that; no link is followed."""
    inner = sorted(folder.iterdir()) if folder.is_dir() and not folder.is_symlink() else []
    if not inner and (folder.is_symlink() or folder.exists()):
        yield name, folder
    for one in inner:
        if depth > 1 and one.is_dir() and not one.is_symlink():
            yield from _folders(one, f"{name}/{one.name}", depth - 1)
        else:
            yield f"{name}/{one.name}", one


def _judge(folder: Path, name: str, sources: Sources, place: str | None) -> Verdict:
    try:
        # Data and lexicon are loaded here, once for all submissions that name them.
        asked = opened(folder)[1].asked
        sources.rows_of(asked.dataset)
        lexicon = sources.lexicon_of(asked.lexicon)

        def checked() -> dict[str, Any]:
            one = check(folder, sources, place)
            return {"record": as_json(one.record), "lines": one.lines, "scores": one.scores}

        told = within(checked, SECONDS, GROWTH)
        if told is None:
            passed = check(folder, sources, place)
        else:
            record = parse_record(told["record"])
            passed = Submission(record, told["lines"], told["scores"], lexicon)
        return Verdict(_printable(name), passed)
    except TimeoutError:
        reason = f"its check takes more than {SECONDS} s or {GROWTH >> 30} GiB"
        return Verdict(_printable(name), reason=reason)
    except Refusal as refusal:
        return Verdict(_printable(name), reason=str(refusal))
    except OSError as error:
        reason = f"{Path(error.filename or folder).name} cannot be read ({error.strerror})"
        return Verdict(_printable(name), reason=reason)
    except ExpressError:
        # The user's own data or lexicon: mended once, for all submissions.
        raise
    except Exception as error:  # noqa: BLE001 (one submission must not end the others' check)
        reason = f"it cannot be checked ({shown(f'{type(error).__name__}: {error}')})"
        return Verdict(_printable(name), reason=reason)


def _printable(name: str) -> str:
    """A path as a terminal may show it."""
    return name if name.isprintable() else shown(name)


@contextmanager
def _downloaded(where: str) -> Iterator[tuple[Path, list[Verdict]]]:
    """The submissions of a results dataset; huge or surplus files are refused, not fetched."""
    match = _HUB_ID.fullmatch(where)
    if match is None:
        raise RunError(f"{where} is no folder, and no results dataset ORG/NAME")
    repo, revision = match.groups()
    with TemporaryDirectory() as folder:
        with in_a_sentence(repo, "the results dataset", "dataset"):
            refused = _download(repo, revision, Path(folder))
        yield Path(folder), refused


def _download(repo: str, revision: str | None, folder: Path) -> list[Verdict]:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

    api = HfApi()
    try:
        commit = str(api.dataset_info(repo, revision=revision).sha)
    except (RepositoryNotFoundError, RevisionNotFoundError):
        what = f"{repo} at {revision}" if revision else repo
        raise RunError(
            f"{what} is no folder, and no results dataset that the Hub shows you: mend the name, "
            "or run `hf auth login` if it is private."
        ) from None
    refused, patterns = [], []
    for place, sizes in _sizes(api, repo, commit).items():
        reason = _reason(place, sizes)
        if reason:
            refused.append(Verdict(_printable(place), reason=reason))
        else:
            patterns += [f"{place}/{name}" for name in sizes]
    if patterns:
        # Into a folder of its own, because the cache is made of links.
        api.snapshot_download(
            repo, repo_type="dataset", revision=commit, allow_patterns=patterns, local_dir=folder
        )
    return refused


def _sizes(api: HfApi, repo: str, revision: str) -> dict[str, dict[str, int]]:
    """For each submission its files and their bytes."""
    from huggingface_hub.hf_api import RepoFile

    found: dict[str, dict[str, int]] = {}
    tree = api.list_repo_tree(repo, recursive=True, revision=revision, repo_type="dataset")
    for entry in tree:
        if isinstance(entry, RepoFile) and entry.path.startswith(f"{SUBMISSIONS}/"):
            parts = entry.path.split("/", 3)
            found.setdefault("/".join(parts[:3]), {})["/".join(parts[3:])] = entry.size
    return found


def _reason(place: str, sizes: Mapping[str, int]) -> str | None:
    if not _PLACE.fullmatch(place) or "" in sizes:
        return f"{shown(place)} is no place for a submission; use the path that push gives it"
    try:
        check_sizes(sizes)
    except Refusal as refusal:
        return str(refusal)
    return None
