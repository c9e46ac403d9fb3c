"""A run's results on the Hub: in the model's repository, and in a results dataset."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from express_dataset.errors import DataError, require
from express_dataset.files import read_text, write_whole
from express_dataset.hub_errors import ORG_NAME, in_a_sentence, require_login
from express_dataset.schema import fingerprint
from express_dataset.sources import AUTHORS_REPO, load
from express_runners.config import PROMPTS
from express_runners.errors import RunError
from express_runners.prompts.wording import from_file
from express_runners.runs.record import Model, Prompt, Record
from express_runners.runs.store import cannot_write

from ..hub_files import commit
from .card import result_card
from .entries import entries, entries_yaml, entry_file
from .public import public_name
from .submission import SAMPLE, Submission, finished, read_run, wording, write_submission

if TYPE_CHECKING:
    from collections.abc import Mapping

    from huggingface_hub import EvalResultEntry, HfApi

    from express_cards.submissions.options import PushOptions

_NO_ENTRIES = "No figures for a model's page: "
_SHA = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class _Data:
    """The run's data on the Hub."""

    repo: str | None  # its id, if it has one
    revision: str | None  # its commit, if that is known
    source: str  # what `express run --dataset` takes to get it


def push_results(options: PushOptions) -> dict[str, Any]:
    """Propose a run's figures to the model's page, and the run itself to a results dataset.

    With ``--out`` both are written as files and nobody is asked.

    Returns:
        `setting`, `submission` (its path in a results dataset), `entries` (the file in the model's
        repository, else None), `folder` (of ``--out``, else None), and `model` and `results`, each
        None or `repo`, `url`, `commit`, and whether anything is `changed` by it.
    """
    _check_options(options)
    record = finished(options.run).record
    _check_fair(options.run, record.asked.seen)
    _check_model(options, record.asked.model)
    data = _data(options, record)
    if options.out is None:
        _check_whole(options.run, record)
    submission = read_run(
        options.run,
        data.source,
        model=options.model,
        same_weights=options.same_weights,
        template=_template(options, record.asked.prompt),
        lexicon=options.lexicon,
    )
    # A file with the sample's figures could be put on a model's page by hand.
    sample = record.asked.dataset.name == SAMPLE
    lacks = "those of the sample are for trying." if sample else "that takes --model."
    told: dict[str, Any] = {
        "setting": submission.setting,
        "submission": submission.path,
        "entries": entry_file(submission) if options.model and not sample else None,
        "folder": str(options.out) if options.out else None,
        "note": None if options.model and not sample else f"{_NO_ENTRIES}{lacks}",
        "model": None,
        "results": None,
    }
    if options.out is not None:
        _write(submission, data, options.out, with_entries=told["entries"] is not None)
        return told
    return told | _push(options, submission, data)


def as_text(told: Mapping[str, Any]) -> str:
    """What `push_results` did, for a terminal.

    >>> model = {"url": "https://hub/pr/1", "changed": True}
    >>> print(as_text({"setting": "cot", "folder": None, "model": model, "results": None}))
    Setting cot.
      model    https://hub/pr/1
    """
    first = f"Setting {told['setting']}."
    if told["folder"]:
        written = [told["submission"], *([told["entries"]] if told["entries"] else [])]
        lines = [f"{first} Written to {told['folder']}:", *(f"  {w}" for w in written)]
        return "\n".join([*lines, told["note"]] if told["note"] else lines)
    places = ((name, told[name]) for name in ("model", "results") if told[name])
    return "\n".join(
        [first]
        + [
            f"  {name:<8} {place['url']}{'' if place['changed'] else '  (it is there already)'}"
            for name, place in places
        ]
    )


def _check_options(options: PushOptions) -> None:
    if not (options.model or options.results or options.out):
        raise RunError(
            "say where the results go: --model ORG/MODEL, --results ORG/NAME, or --out FOLDER."
        )
    for name in ("model", "results", "dataset"):
        value = getattr(options, name)
        if value is not None and not ORG_NAME.fullmatch(value):
            raise RunError(f"--{name} {value}: write it as ORG/NAME.")
    if options.dataset_revision and not _SHA.fullmatch(options.dataset_revision):
        raise RunError(
            f"--dataset-revision {options.dataset_revision}: give the whole commit, 40 digits."
        )


def _check_fair(run: Path, seen: str | None) -> None:
    """What a model learned must not stand beside what others did not."""
    if seen:
        what = "nobody knows what" if seen == "unknown" else f"{seen} of the examples asked"
        raise RunError(
            f"{run}: its model was trained on {what}, so its figures belong in no ranking: push a "
            "run on examples that it has not seen, of a model that `express train` taught."
        )


def _check_model(options: PushOptions, model: Model) -> None:
    """The figures of one model must not stand on the page of another."""
    name = model.name
    if options.model in (None, name):
        return
    if "/" in name and model.family != "api":
        raise RunError(
            f"--model {options.model}: {options.run} is a run of {name}; give --model {name}."
        )
    if not options.same_weights:
        raise RunError(
            f"--model {options.model}: {options.run} is a run of {name}; if that has the weights "
            "of this repository, say so with --same-weights."
        )


def _data(options: PushOptions, record: Record) -> _Data:
    """Where the Hub has the data: where the run got it, or where the user says."""
    asked, source = record.asked.dataset, _source(record)
    own = revision = None
    if asked.revision is not None:
        name = source.partition("@")[0]
        own = AUTHORS_REPO if name == "express" else name
    if options.dataset in (None, own):
        revision = asked.revision
    revision = options.dataset_revision or revision
    repo = options.dataset or own
    if repo is None and (options.model or options.dataset_revision):
        raise RunError(
            f"{options.run} is a run on {public_name(source)}, and a model's page names the data "
            "by its place on the Hub: give it with --dataset ORG/NAME."
        )
    if own is not None and repo == own and revision == asked.revision:
        return _Data(repo, revision, source)
    if repo is None:
        return _Data(None, None, public_name(source))
    return _Data(repo, revision, f"{repo}@{revision}" if revision else repo)


def _source(record: Record) -> str:
    """What `express run --dataset` takes to get just these data again."""
    asked, source = record.asked.dataset, record.last.dataset
    return source if asked.revision is None else f"{source.partition('@')[0]}@{asked.revision}"


def _check_whole(run: Path, record: Record) -> None:
    """Figures of the sample, or of a part of the data, say nothing of the benchmark."""
    asked, source = record.asked.dataset, _source(record)
    if asked.name == SAMPLE:
        raise RunError(
            f"{run} is a run on the sample, which is invented test data: its results are not "
            "published; --out FOLDER writes the files only."
        )
    examples = load(source, split=asked.split).examples
    if (asked.examples or 0) < len(examples):
        raise RunError(
            f"{run} is on {asked.examples} of {len(examples)} examples: run it without --limit "
            "to publish it; --out FOLDER writes the files only."
        )
    if asked.fingerprint != fingerprint(examples):
        raise RunError(
            f"{run} is on other data than {source} holds now: run it again on that, or bring back "
            "the file as it was."
        )


def _template(options: PushOptions, prompt: Prompt) -> str | None:
    """The wording of a prompt of the user's own, without which nobody can check the run."""
    if wording(prompt.sha256) is not None:
        if options.template is not None:
            raise RunError(
                f"--template {options.template}: the prompt of {options.run} is one of our own; "
                "leave the option out."
            )
        return None
    if prompt.base not in PROMPTS:
        raise RunError(
            f"{options.run} was made by another version of express, with another wording of "
            f"{prompt.name}: run it again, or push it with that version."
        )
    if options.template is None:
        raise RunError(
            f"{options.run} had a prompt of your own: give its file with --template FILE, so that "
            "others can repeat the run."
        )
    if from_file(prompt.base, options.template).sha256 != prompt.sha256:
        raise RunError(
            f"--template {options.template}: the prompt of {options.run} was another text; give "
            "the file as it was."
        )
    return read_text(options.template)


def _write(submission: Submission, data: _Data, out: Path, *, with_entries: bool) -> None:
    """Write the submission, and the model's file beside it."""
    write_submission(submission, out, result_card(submission))
    if not with_entries:
        return
    file = out / entry_file(submission)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, entries_yaml(_entries(submission, data, None)))
    except OSError as error:
        raise RunError(cannot_write(file, error)) from error


def _entries(submission: Submission, data: _Data, source: str | None) -> list[EvalResultEntry]:
    assert data.repo is not None  # `_data` refuses a model's page without it
    return entries(submission, data.repo, data.revision, source)


def _push(options: PushOptions, submission: Submission, data: _Data) -> dict[str, Any]:
    """First the submission, whose address the model's file then names."""
    from huggingface_hub import HfApi

    api = HfApi()
    heads = {}
    for kind, repo in (("model", options.model), ("dataset", options.results)):
        if repo is not None:
            require_login(repo)
            heads[kind] = _head(api, repo, kind)
    title = f"EXPRESS results of {submission.model}, {submission.setting}"
    told: dict[str, Any] = {}
    source = None
    if options.results is not None:
        files = _files(submission)
        target = (options.results, "dataset", heads["dataset"])
        told["results"] = _commit(api, target, files, title, create_pr=not options.no_pr)
        # By its commit, the address holds before and after a pull request is merged.
        tree = f"datasets/{options.results}/tree/{told['results']['commit']}"
        source = f"{api.endpoint}/{tree}/{submission.path}"
    if options.model is not None:
        try:
            made = _entries(submission, data, source)
            file = entry_file(submission)
            text = _merged(api, (options.model, heads["model"]), file, made)
            target = (options.model, "model", heads["model"])
            told["model"] = _commit(
                api, target, {file: text.encode()}, title, create_pr=not options.no_pr
            )
        except DataError as error:
            done = f" (the submission is there: {told['results']['url']})" if told else ""
            raise DataError(f"{error}{done}") from None
    return told


def _head(api: HfApi, repo: str, kind: str) -> str | None:
    """The newest commit, upon which the change is made."""
    with in_a_sentence(repo, _option(kind), kind):
        if not api.repo_exists(repo, repo_type=kind):
            raise DataError(
                f"{_option(kind)} {repo}: the Hub has no such {kind}, or you may not see it; make "
                "it first, or check the spelling"
            )
        sha: str | None = api.repo_info(repo, repo_type=kind).sha
        return sha


def _option(kind: str) -> str:
    return "--model" if kind == "model" else "--results"


def _files(submission: Submission) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        folder = write_submission(submission, root, result_card(submission))
        return {
            file.relative_to(root).as_posix(): file.read_bytes()
            for file in sorted(folder.iterdir())
        }


def _merged(api: HfApi, place: tuple[str, str | None], file: str, made: list[Any]) -> str:
    """The file's text with what others wrote there; entries of the same task are replaced."""
    yaml = require("yaml", "publish")
    repo, head = place
    ours = yaml.safe_load(entries_yaml(made))
    with in_a_sentence(repo, "--model", "model"):
        if not api.file_exists(repo, file, revision=head):
            return entries_yaml(made)
        there = Path(api.hf_hub_download(repo, file, revision=head)).read_bytes()
    try:
        known = yaml.safe_load(there)
        keys = {_key(one) for one in ours}
        kept = [one for one in known or [] if _key(one) not in keys]
    except (yaml.YAMLError, UnicodeDecodeError, TypeError, KeyError):
        raise DataError(
            f"{repo}: {file} is there and is no list of results; mend or remove it first"
        ) from None
    text: str = yaml.safe_dump([*kept, *ours], sort_keys=False, allow_unicode=True, width=1000)
    return text


def _key(entry: Mapping[str, Any]) -> tuple[str, str]:
    return str(entry["dataset"]["id"]), str(entry["dataset"]["task_id"])


def _commit(
    api: HfApi,
    target: tuple[str, str, str | None],
    files: Mapping[str, bytes],
    title: str,
    *,
    create_pr: bool,
) -> dict[str, Any]:
    from huggingface_hub import CommitOperationAdd

    repo, kind, head = target
    changes = [CommitOperationAdd(name, content) for name, content in files.items()]
    with in_a_sentence(repo, _option(kind), kind, "leave out --no-pr" if not create_pr else ""):
        return commit(api, repo, kind, head, changes, title, create_pr=create_pr)
