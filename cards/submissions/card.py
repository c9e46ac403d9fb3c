"""The card of a run in a results dataset: figures with intervals, setting, and how to repeat it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from express_dataset.errors import require
from express_dataset.hub_errors import ORG_NAME
from express_dataset.sources import PAPER_CITATION
from express_metric.analysis.intervals import Interval
from express_metric.analysis.resampling import Resampling
from express_metric.analysis.significance import intervals
from express_metric.parsing import PROTOCOLS
from express_metric.scoring import FIGURES, count
from express_runners.runs.record import BY_CHANCE, RANK, Asked
from express_runners.runs.scores import NAMED, reading_of
from express_runners.server import API, TOKEN_PARAMETERS
from express_runners.vocabulary import TRAIN

from .. import words
from ..markdown import block, code, command, fill
from .public import OWN_SERVER
from .submission import SAMPLE, Submission, wording

NAME = "result_card.md"
_RANK = {"top1": "first", "top3": "among the first three", "top5": "among the first five"}
_DEFAULT = Resampling()
# What `express run` takes where an option is left out.
_USUAL = {"split": "test", "prompt": "zero-shot", "token-parameter": TOKEN_PARAMETERS[0]}
_USUAL |= {"reasoning-tokens": "0"}


def result_card(submission: Submission, how: Resampling = _DEFAULT) -> str:
    """The text of the card: a YAML header for machines, and Markdown for people."""
    scores = submission.scores
    return fill(
        NAME,
        "publish",
        header=require("yaml", "publish").safe_dump(
            card_facts(submission), sort_keys=False, allow_unicode=True, width=1000
        ),
        model=_model_link(submission),
        figures=_figures(submission, how),
        how=how,
        level=f"{how.level:.0%}",
        posts=len({line["post_id"] for line in submission.lines}),
        scores=scores,
        advice=words.advice(scores),
        ranks=[(scores["rank"][name], what) for name, what in _RANK.items()]
        if "rank" in scores
        else [],
        told=_told(submission),
        signatures=block("\n".join(scores[name]["signature"] for name in PROTOCOLS), "text"),
        command=block(command(repeat(submission)), "bash"),
        repeats=_needs(submission),
        reasons=_reasons(scores),
        limits=_limits(submission),
        citation=block(PAPER_CITATION, "bibtex"),
    )


def card_facts(submission: Submission) -> dict[str, Any]:
    """What the card's header tells, which a check can hold against the other files."""
    asked, scores = submission.asked, submission.scores
    figures: dict[str, Any] = {
        protocol: {name: scores[protocol][name] for name in FIGURES} for protocol in PROTOCOLS
    }
    if "rank" in scores:
        figures["rank"] = scores["rank"]
    return {
        "model": submission.model,
        "model_revision": asked.model.revision,
        "dataset": asked.dataset.signature,
        "split": asked.dataset.split,
        "setting": submission.setting,
        "date": submission.date,
        "signatures": {protocol: scores[protocol]["signature"] for protocol in PROTOCOLS},
        "figures": figures,
    }


def _model_link(submission: Submission) -> str:
    """The model's name, with its page where it has one."""
    home, text = submission.home, code(submission.model)
    # What is no plain name could end the address and begin something else.
    return f"[{text}](https://huggingface.co/{home})" if home and ORG_NAME.fullmatch(home) else text


def repeat(submission: Submission) -> list[str]:
    """The words of the command that makes the run again."""
    asked, last = submission.asked, submission.record.last
    model, how, shots = asked.model, asked.decoding, asked.prompt.shots
    ranked, lexicon, budget = how.kind == RANK, asked.lexicon.name, how.max_new_tokens
    options: dict[str, Any] = {
        "model": _model(asked, submission.home),
        "adapter": model.adapter and model.adapter.name,
        "base-url": model.server if model.server != OWN_SERVER else None,
        "token-parameter": last.token_parameter,
        "reasoning-tokens": budget and budget.unseen,
        "max-new-tokens": budget.base if budget and not budget.per_mask else None,
        "dataset": last.dataset,
        "split": asked.dataset.split,
        "prompt": asked.prompt.base if asked.prompt.base != "fill-mask" else None,
        "template": None if wording(asked.prompt.sha256) else "FILE",
        "shots": shots and shots.per_prompt,
        "shot-choice": shots and shots.choice,
        "encoder": shots and shots.encoder,
        "seed": shots and shots.seed,
        "shot-masks": shots and shots.masks,
        "shot-pool": shots and shots.source,
        "distance": shots and shots.distance,
        "decode": RANK if ranked else None,
        "vocabulary": (TRAIN if how.vocabulary == TRAIN else "FILE") if ranked else None,
        "other-masks": how.others,
        "dtype": asked.dtype if asked.dtype not in ("served", "none") else None,
        "quantize": asked.quantize,
        "lexicon": lexicon if lexicon in NAMED else "FILE",
        "out": "runs/again",
    }
    told = {name: str(one) for name, one in options.items() if one is not None}
    words_of = ((f"--{name}", one) for name, one in told.items() if _USUAL.get(name) != one)
    flags = {
        "--whole-answers": how.name.endswith("-whole"),
        "--no-chat-template": asked.prompt.chat is False,
        "--no-temperature": how.name.startswith(BY_CHANCE),
    }
    found = ["express", "run", *(word for pair in words_of for word in pair)]
    return [*found, *(flag for flag, holds in flags.items() if holds)]


def _model(asked: Asked, home: str | None) -> str:
    model = asked.model
    if model.family == "api":
        return f"{API}{model.name}"
    name = model.name.rpartition("+")[0] if model.adapter else model.name
    # A Hub id has an owner; of a folder only the name is known, and perhaps the same weights' home.
    return f"{name}@{model.revision}" if "/" in name else home or name


def _needs(submission: Submission) -> list[str]:
    """What must be at hand to repeat the run, where the command alone does not do."""
    asked, found = submission.asked, []
    if asked.model.family == "api":
        found.append(
            "A served model can change behind its name; the server's own name for what "
            "answered stands in each line of predictions.jsonl, where it gives one."
        )
        if asked.model.server == OWN_SERVER:
            found.append("The server was one's own: give its address with --base-url.")
    elif "/" not in asked.model.name:
        revision = code(asked.model.revision)
        found.append(f"The model was a local one; the SHA-256 of its files is {revision}.")
    if wording(asked.prompt.sha256) is None:
        found.append(
            "The prompt was worded by the submitter; its text stands in run.json under `template`."
        )
    return found


def _figures(submission: Submission, how: Resampling) -> list[tuple[str, str, list[str]]]:
    """For each figure its name, its meaning, and for each protocol value and interval."""
    posts = [line["post_id"] for line in submission.lines]
    references = [line["references"] for line in submission.lines]
    found = {}
    for protocol in PROTOCOLS:
        readings = [reading_of(line, protocol) for line in submission.lines]
        counts = count(references, readings, submission.lexicon, protocol)
        found[protocol] = intervals(counts, protocol, posts, how)
    return [
        (name, words.FIGURES[name], [cell for one in found.values() for cell in _cells(one[name])])
        for name in FIGURES
    ]


def _cells(found: Interval) -> list[str]:
    if found.low is None or found.high is None:
        return [words.percent(found.value), "-"]
    between = f"{words.percent(found.low)} to {words.percent(found.high)}"
    return [words.percent(found.value), f"~ {between}" if found.approximate else between]


def _told(submission: Submission) -> list[tuple[str, str]]:
    """What was measured: names and values as they stand in the table."""
    asked, last = submission.asked, submission.record.last
    served = sorted(
        {str(line["served_model"]) for line in submission.lines if "served_model" in line}
    )
    known = submission.scores["revised"]["coverage"]["labels"]["known"]
    rows = {
        "model": asked.model.name,
        "revision": asked.model.revision,
        "family": asked.model.family,
        "served by": asked.model.server,
        "served as": ", ".join(served[:5]) or None,
        "precision": asked.dtype,
        "weights": asked.quantize,
        "data": f"{asked.dataset.signature}, split {asked.dataset.split}",
        "prompt": f"{asked.prompt.name}@{asked.prompt.hash}",
        "decoding": asked.decoding.name,
        "lexicon": f"{asked.lexicon.label}, knows {words.percent(known)} of the labels",
        "answered": submission.date,
        "transformers": (last.versions or {}).get("transformers"),
    }
    return [(name, code(value, cell=True)) for name, value in rows.items() if value]


def _reasons(scores: Mapping[str, Any]) -> list[tuple[str, int, int]]:
    """Why answers could not be scored: what it was, and how often under each protocol."""
    counts = [scores[protocol]["invalid"] for protocol in PROTOCOLS]
    return [
        (meaning, counts[0].get(reason, 0), counts[1].get(reason, 0))
        for reason, meaning in words.REASONS.items()
        if any(reason in one for one in counts)
    ]


def _limits(submission: Submission) -> list[str]:
    asked, told = submission.asked, submission.record.submission
    limits = {
        "The sample is invented test data: these figures say nothing of EXPRESS.": (
            asked.dataset.name == SAMPLE
        ),
        "The figures are not of the test split.": asked.dataset.split != "test",
        f"The weights were quantized ({asked.quantize}), which can cost accuracy.": (
            asked.quantize is not None
        ),
        "The server took no temperature but its own: its answers vary by chance, and the same "
        "run again gives other figures.": asked.decoding.name.startswith(BY_CHANCE),
        "The run was on local files or on a server; that it had the weights of the model named "
        "above is the submitter's word.": told is not None and told.same_weights,
        "The model chose from a closed vocabulary: the figures are not to be compared "
        "with those of free answers.": "rank" in submission.scores,
    }
    return [line for line, holds in limits.items() if holds]
