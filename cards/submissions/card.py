"""The card of a run in a results dataset: figures with intervals, setting, and how to repeat it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from express_dataset.errors import require
from express_dataset.hub_errors import ORG_NAME
from express_dataset.sources import PAPER_CITATION
from express_metric.analysis.intervals import Interval
from express_metric.analysis.resampling import Resampling
from express_metric.analysis.significance import intervals
from express_metric.parsing import PROTOCOLS
from express_metric.scoring import FIGURES, count
from express_runners.runs.scores import reading_of
from express_runners.server import API, TOKEN_PARAMETERS

from .. import words
from ..markdown import block, code, command, fill
from .public import BY_CHANCE, OWN_SERVER
from .strict import Refusal, shown
from .submission import Submission, wording

NAME = "result_card.md"
HEADER_LIMIT = 2**16

_RANK = {"top1": "first", "top3": "among the first three", "top5": "among the first five"}
_DEFAULT = Resampling()


def result_card(submission: Submission, how: Resampling = _DEFAULT) -> str:
    """Render the card: a YAML header for machines, and Markdown for people.

    Args:
        submission: the run.
        how: draws, seed and level of the intervals.

    Returns:
        The text of `README.md`; the same for the same submission.

    Raises:
        MissingExtra: jinja2 or PyYAML is not installed.
        MetricError: SciPy is not installed.
    """
    scores = submission.scores
    return fill(
        NAME,
        "publish",
        header=header(submission),
        model=model_link(submission),
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


def header(submission: Submission) -> str:
    """The YAML between the card's two lines of dashes.

    Args:
        submission: the run.
    """
    yaml = require("yaml", "publish")
    text: str = yaml.safe_dump(
        card_facts(submission), sort_keys=False, allow_unicode=True, width=1000
    )
    return text


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
        "model_revision": asked["model"]["revision"],
        "dataset": asked["dataset"]["signature"],
        "split": asked["dataset"]["split"],
        "setting": submission.setting,
        "date": str(submission.run["sessions"][-1]["started"])[:10],
        "signatures": {protocol: scores[protocol]["signature"] for protocol in PROTOCOLS},
        "figures": figures,
    }


def read_card_facts(file: Path) -> Any:
    """The YAML header of a card that anybody may have written.

    Raises:
        Refusal: there is none, or it cannot be read.
    """
    yaml = require("yaml", "publish")
    try:
        text = file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refusal(f"{file.name} is not UTF-8 (byte {error.start})") from None
    start, middle, _ = text.replace("\r\n", "\n").partition("\n---\n")
    if not start.startswith("---\n") or not middle or len(start) > HEADER_LIMIT:
        raise Refusal(f"{file.name} has no YAML header between two lines of ---, or a huge one")
    try:
        # An alias can make a few lines stand for more than memory holds.
        events = yaml.parse(start[4:], Loader=yaml.SafeLoader)
        if any(isinstance(event, yaml.AliasEvent) for event in events):
            raise Refusal(f"{file.name}: the header holds a YAML alias; write each value out")
        _check_once(yaml.compose(start[4:], Loader=yaml.SafeLoader), file.name)
        return yaml.safe_load(start[4:])
    except yaml.YAMLError as error:
        reason = " ".join(str(getattr(error, "problem", None) or error).split())
        raise Refusal(f"{file.name}: the header is not YAML ({reason[:80]})") from None
    except Refusal:
        raise
    except (RecursionError, ValueError):
        raise Refusal(f"{file.name}: the header is no YAML that can be read") from None


def _check_once(node: Any, name: str) -> None:
    """Every key stands once: of two, another reader could take the other."""
    pairs = node.value if node is not None and node.id == "mapping" else []
    times = Counter(str(key.value) for key, _ in pairs)
    twice = next((key for key, count in times.items() if count > 1), None)
    if twice is not None:
        raise Refusal(f"{name}: in the header the key {shown(twice)} stands twice")
    inner = [value for _, value in pairs]
    if node is not None and node.id == "sequence":
        inner = node.value
    for one in inner:
        _check_once(one, name)


def model_link(submission: Submission) -> str:
    """The model's name, with its page where it has one."""
    home = submission.run["submission"].get("model")
    text = code(submission.model)
    # What is no plain name could end the address and begin something else.
    return f"[{text}](https://huggingface.co/{home})" if home and ORG_NAME.fullmatch(home) else text


def repeat(submission: Submission) -> list[str]:
    """The words of the command that makes the run again.

    >>> from express_metric import load_lexicon
    >>> asked = {"model": {"name": "org/tiny", "revision": "abc", "family": "causal"},
    ...          "dataset": {"name": "express", "split": "test"}, "dtype": "float32",
    ...          "prompt": {"name": "cot", "sha256": "0"}, "decoding": {"name": "free"},
    ...          "lexicon": {"name": "nrc"}}
    >>> run = {"asked": asked, "sessions": [{"dataset": "express"}]}
    >>> words = repeat(Submission(run, [], {}, load_lexicon("nrc")))
    >>> " ".join(words[:6])
    'express run --model org/tiny@abc --dataset express'
    >>> words[6:]
    ['--prompt', 'cot', '--template', 'FILE', '--dtype', 'float32', '--lexicon', 'nrc', '--out', \
'runs/again']
    """
    asked = submission.asked
    prompt, model, decoding = asked["prompt"], asked["model"], asked["decoding"]
    shots = prompt.get("shots") or {}
    base = next(
        one
        for one in ("zero-shot", "few-shot", "cot", "fill-mask")
        if prompt["name"].startswith(one)
    )
    own = wording(prompt.get("sha256")) is None
    ranked = decoding["name"].startswith("rank")
    several = decoding["name"].rpartition("-")[2]
    named = decoding.get("vocabulary")
    lexicon = asked["lexicon"]["name"]
    limit = submission.run["sessions"][-1].get("token_parameter", TOKEN_PARAMETERS[0])
    options: dict[str, Any] = {
        "model": _model(model, submission.run.get("submission", {}).get("model")),
        "base-url": model["server"] if model.get("server", OWN_SERVER) != OWN_SERVER else None,
        "token-parameter": limit if limit != TOKEN_PARAMETERS[0] else None,
        "reasoning-tokens": _unseen(asked) or None,
        "dataset": submission.run["sessions"][-1]["dataset"],
        "split": None if asked["dataset"]["split"] == "test" else asked["dataset"]["split"],
        "prompt": None if base in ("zero-shot", "fill-mask") else base,
        "template": "FILE" if own else None,
        "shots": shots.get("per_prompt"),
        "shot-choice": shots.get("choice"),
        "encoder": shots.get("encoder"),
        "seed": shots.get("seed"),
        "decode": "rank" if ranked else None,
        "vocabulary": named if ranked and named == "train" else ("FILE" if ranked else None),
        "several-tokens": several if several in ("pll", "first") else None,
        "dtype": asked["dtype"] if asked["dtype"] not in ("served", "none") else None,
        "quantize": asked.get("quantize"),
        "lexicon": lexicon if lexicon in ("nrc", "express") else "FILE",
        "out": "runs/again",
    }
    words_of = ((f"--{name}", str(value)) for name, value in options.items() if value is not None)
    found = ["express", "run", *(word for pair in words_of for word in pair)]
    return [*found, "--no-temperature"] if decoding["name"] == BY_CHANCE else found


def _unseen(asked: Mapping[str, Any]) -> int:
    """Tokens beyond those of every answer, for a served model that reasons unseen."""
    return int((asked["decoding"].get("max_new_tokens") or {}).get("unseen", 0))


def _model(model: Mapping[str, Any], home: str | None) -> str:
    if model["family"] == "api":
        return f"{API}{model['name']}"
    # A Hub id has an owner; of a folder only the name is known, and perhaps the same weights' home.
    return f"{model['name']}@{model['revision']}" if "/" in model["name"] else home or model["name"]


def _needs(submission: Submission) -> list[str]:
    """What must be at hand to repeat the run, where the command alone does not do."""
    asked, found = submission.asked, []
    model = asked["model"]
    if model["family"] == "api":
        found.append(
            "A served model can change behind its name; the server's own name for what "
            "answered stands in each line of predictions.jsonl, where it gives one."
        )
        if model.get("server") == OWN_SERVER:
            found.append("The server was one's own: give its address with --base-url.")
    elif "/" not in model["name"]:
        found.append(
            f"The model was a local one; the SHA-256 of its files is {code(model['revision'])}."
        )
    if wording(asked["prompt"].get("sha256")) is None:
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
        (
            name,
            words.FIGURES[name],
            [cell for one in found.values() for cell in _cells(one[name])],
        )
        for name in FIGURES
    ]


def _cells(found: Interval) -> list[str]:
    if found.low is None or found.high is None:
        return [words.percent(found.value), "-"]
    between = f"{words.percent(found.low)} to {words.percent(found.high)}"
    return [words.percent(found.value), f"~ {between}" if found.approximate else between]


def _told(submission: Submission) -> list[tuple[str, str]]:
    """What was measured: names and values as they stand in the table."""
    asked, scores = submission.asked, submission.scores["revised"]
    model, data = asked["model"], asked["dataset"]
    versions = submission.run["sessions"][-1].get("versions", {})
    served = sorted(
        {str(line["served_model"]) for line in submission.lines if "served_model" in line}
    )
    known = scores["coverage"]["labels"]["known"]
    rows = {
        "model": model["name"],
        "revision": model["revision"],
        "family": model["family"],
        "served by": model.get("server"),
        "served as": ", ".join(served[:5]) or None,
        "precision": asked["dtype"],
        "weights": asked.get("quantize"),
        "data": f"{data['signature']}, split {data['split']}",
        "prompt": f"{asked['prompt']['name']}@{asked['prompt']['hash']}",
        "decoding": asked["decoding"]["name"],
        "lexicon": f"{asked['lexicon']['label']}, knows {words.percent(known)} of the labels",
        "answered": str(submission.run["sessions"][-1]["started"])[:10],
        "transformers": versions.get("transformers"),
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
    asked, found = submission.asked, []
    if asked["dataset"]["name"] == "express-sample":
        found.append("The sample is invented test data: these figures say nothing of EXPRESS.")
    if asked["dataset"]["split"] != "test":
        found.append("The figures are not of the test split.")
    if asked.get("quantize"):
        found.append(f"The weights were quantized ({asked['quantize']}), which can cost accuracy.")
    if asked["decoding"]["name"] == BY_CHANCE:
        found.append(
            "The server took no temperature but its own: its answers vary by chance, and the same "
            "run again gives other figures."
        )
    if submission.run["submission"]["same_weights"]:
        found.append(
            "The run was on local files or on a server; that it had the weights of the model named "
            "above is the submitter's word."
        )
    if "rank" in submission.scores:
        found.append(
            "The model chose from a closed vocabulary: the figures are not to be compared "
            "with those of free answers."
        )
    return found
