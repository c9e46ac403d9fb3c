"""A run's figures as the Hub shows them on a model's page: `.eval_results/*.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from express_dataset.errors import require
from express_runners.runs.record import WORDINGS

from .submission import Submission

if TYPE_CHECKING:
    from huggingface_hub import EvalResultEntry

FOLDER = ".eval_results"
TASKS = {
    "paper": ("lexical_accuracy", "vector_accuracy", "vector_f1"),
    "revised": ("lexical_accuracy", "vector_accuracy", "vector_f1"),
}
# For each task of a ranking, where its figure stands in the scores.
RANK_TASKS = {
    "rank_top1": ("rank", "top1"),
    "rank_mrr": ("rank", "mrr"),
    "rank_vector_accuracy": ("revised", "vector_accuracy"),
    "rank_vector_f1": ("revised", "vector_f1"),
}
_DECIMALS = 2


def tasks(scores: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """The tasks that a run's figures stand under, each with the protocol and the figure.

    The paper's protocol has the plain names. A ranking has names of its own: it takes its words
    from a closed list, so that its figures are not to be compared with those of free answers.

    >>> list(tasks({}))[:2], tasks({})["revised_vector_f1"]
    (['lexical_accuracy', 'vector_accuracy'], ('revised', 'vector_f1'))
    >>> list(tasks({"rank": {"top1": 0.5}}))[:2]
    ['rank_top1', 'rank_mrr']
    """
    if "rank" in scores:
        return RANK_TASKS
    return {
        figure if protocol == "paper" else f"{protocol}_{figure}": (protocol, figure)
        for protocol, figures in TASKS.items()
        for figure in figures
    }


def entry_file(submission: Submission) -> str:
    """The file in the model's repository: one for each setting, as the Hub's convention has it."""
    setting = submission.setting
    # A masked model is asked in one way only, which is its zero-shot.
    plain = setting in (WORDINGS[0], WORDINGS[3])
    return f"{FOLDER}/express.yaml" if plain else f"{FOLDER}/express_{setting}.yaml"


def entries(
    submission: Submission, dataset: str, revision: str | None, source: str | None
) -> list[EvalResultEntry]:
    """The figures of both protocols, or of a ranking, each under its own task.

    Values are percent, as those of most benchmarks on the Hub; its specification allows percent and
    shares, so the notes say which. A figure without a value has no entry. `source` is the address
    of the submission, if it is on the Hub.
    """
    from huggingface_hub import EvalResultEntry

    found = []
    for task, (protocol, figure) in tasks(submission.scores).items():
        value = submission.scores[protocol].get(figure)
        if value is None:
            continue
        found.append(
            EvalResultEntry(
                dataset_id=dataset,
                task_id=task,
                value=round(100 * value, _DECIMALS),
                dataset_revision=revision,
                date=submission.date,
                source_url=source,
                source_name="EXPRESS submission" if source else None,
                notes=_notes(submission, protocol),
            )
        )
    return found


def entries_yaml(found: list[EvalResultEntry]) -> str:
    """The entries as the text of a file."""
    from huggingface_hub import eval_result_entries_to_yaml

    yaml = require("yaml", "publish")
    text: str = yaml.safe_dump(
        eval_result_entries_to_yaml(found), sort_keys=False, allow_unicode=True, width=1000
    )
    return text


def _notes(submission: Submission, protocol: str) -> str:
    """The setting and the signature; a ranking has the signature of its likeliest terms."""
    asked, ranks = submission.asked, "rank" in submission.scores
    signed = "revised" if ranks else protocol
    told = [
        "in percent",
        "ranking of a closed vocabulary" if ranks else f"protocol {protocol}",
        f"prompt {asked.prompt.name}",
        f"decode {asked.decoding.name}",
        f"dtype {asked.dtype}",
    ]
    told += [f"weights {asked.quantize}"] if asked.quantize else []
    told += [f"model revision {str(asked.model.revision)[:8]}"]
    return f"{', '.join(told)}; {submission.scores[signed]['signature']}"
