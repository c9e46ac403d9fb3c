"""Check one submission: files, data, prompt, answers, scores, signature, card."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from express_dataset.sources import Loaded
from express_metric.errors import MetricError
from express_metric.parsing import PROTOCOLS
from express_metric.signature import VERSION, Signature
from express_runners.errors import RunError
from express_runners.prompts.pool import Pool
from express_runners.prompts.setting import Setting
from express_runners.prompts.wording import Template, ours, parse
from express_runners.runs.record import WORDINGS, parse_record
from express_runners.runs.scores import score_run
from express_runners.runs.store import PREDICTIONS_FILE, RUN_FILE, SCORES_FILE
from express_runners.vocabulary import TRAIN, Vocabulary, from_labels, is_term

from .answers import Rules, read_answers
from .card import card_facts, read_card_facts
from .public import public_name, shots_shown
from .ranks import Ranked
from .record import check_record
from .sources import Sources, read_asked
from .strict import CARD_FILE, Refusal, check_files, read_object, shown, take, texts, unequal
from .submission import Submission, submission_path, wording

NEAR = 1e-12
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Passed:
    """A submission that passed every check, with its scores as they follow from its answers.

    >>> from express_metric import load_lexicon
    >>> run = {"submission": {"model": "org/tiny"}}
    >>> Passed(Submission(run, [], {}, load_lexicon("nrc")), Path("a")).submission.model
    'org/tiny'
    >>> Passed(Submission(run, [], {}, load_lexicon("nrc")), Path("a")).folder.name
    'a'
    """

    submission: Submission
    folder: Path


def check(folder: Path, sources: Sources, place: str | None = None) -> Passed:
    """Check a submission's folder.

    Every example of the data must be answered once; terms, scores and signatures must follow from
    the completions by the code that is installed here. That the model wrote them, no check can
    tell: who doubts it repeats the run by the command in the card. Of the card only the header is
    checked; its text is rendered by whoever submits it.

    Args:
        folder: the submission.
        sources: the data and lexicons to hold it against.
        place: its path in the results dataset, if that is to be checked.

    Raises:
        Refusal: telling file, line and reason.
        DataError, MetricError: data or a lexicon that the user names cannot be loaded.
    """
    check_files(folder)
    run = read_object(folder / RUN_FILE)
    check_record(run)
    asked = read_asked(run)
    parts = sources.rows_of(asked)
    rules = _rules(run, parts)
    lexicon = sources.lexicon_of(run["asked"]["lexicon"])
    if run["asked"]["lexicon"]["name"] != public_name(lexicon.name):
        raise Refusal(
            f"{RUN_FILE}: the lexicon is named {shown(run['asked']['lexicon']['name'])}, but its "
            f"name is {public_name(lexicon.name)!r}"
        )
    data = f"split {asked.split} of {asked.name}"
    examples = sources.examples(parts[asked.split])
    lines = read_answers(folder / PREDICTIONS_FILE, examples, rules, data)
    _check_shown(run, lines)
    try:
        scores = score_run(lines, lexicon, parse_record(run).asked)
    except MetricError as error:
        raise Refusal(f"{RUN_FILE}: {error}") from None
    stored = read_object(folder / SCORES_FILE)
    _check_signatures(stored, scores, run)
    version = run["submission"]["version"]
    difference = unequal(stored, scores, near=NEAR)
    if difference:
        older = "" if version == VERSION else f" (scored by {shown(version)}, checked by {VERSION})"
        raise Refusal(f"{SCORES_FILE}: {difference}, as the answers give{older}")
    submission = Submission(run, lines, scores, lexicon)
    _check_card(folder / CARD_FILE, submission)
    if place is not None and submission_path(run, scores) != place:
        raise Refusal(f"{RUN_FILE}: by its content it belongs to {submission_path(run, scores)}")
    return Passed(submission, folder)


def _rules(run: Mapping[str, Any], parts: Mapping[str, Loaded]) -> Rules:
    template, setting = _prompt(run)
    shots = run["asked"]["prompt"].get("shots")
    part = parts["few_shot" if setting.pool == "few_shot" else "all"]
    pool = {row.id: row.post_id for row in part.examples} if shots else {}
    if shots:
        whole = Pool(part.examples, part.name)
        wanted = {"pool": len(whole.examples), "pool_fingerprint": whole.fingerprint}
        difference = unequal({name: shots[name] for name in wanted}, wanted)
        if difference:
            raise Refusal(f"{RUN_FILE}: asked.prompt.shots.{difference}, as the data has them")
    return Rules(template.cue, setting.shots, pool, _ranked(run, parts["train"]), template.last)


def _prompt(run: Mapping[str, Any]) -> tuple[Template, Setting]:
    """The wording and the setting; both must be what the name and the hashes say."""
    prompt = take(run, "asked.prompt", dict, RUN_FILE)
    name, short, whole = (
        take(prompt, key, str, f"{RUN_FILE}, asked.prompt") for key in ("name", "hash", "sha256")
    )
    if not _HASH.fullmatch(whole) or short != whole[:4]:
        raise Refusal(f"{RUN_FILE}: the prompt's hash {shown(short)} is not that of its sha256")
    base = next((one for one in WORDINGS if name == one or name.startswith(f"{one}-")), "")
    if not base:
        raise Refusal(f"{RUN_FILE}: {shown(name)} is no setting of a prompt")
    template = _template(run, base, whole)
    if prompt.get("cue", "") != template.cue:
        raise Refusal(
            f"{RUN_FILE}: the cue is {shown(prompt.get('cue'))}, but the prompt's is "
            f"{template.cue!r}"
        )
    setting = _setting(prompt, template)
    if setting.name != name:
        raise Refusal(f"{RUN_FILE}: the prompt is named {shown(name)}, but is {setting.name!r}")
    if (run["asked"]["model"]["family"] == "masked") is not (base == "fill-mask"):
        raise Refusal(f"{RUN_FILE}: the prompt {shown(name)} does not fit the model's family")
    return template, setting


def _template(run: Mapping[str, Any], base: str, sha256: str) -> Template:
    known = wording(sha256)
    if known is not None:
        if known != base:
            raise Refusal(f"{RUN_FILE}: the prompt's wording is that of {known}, not of {base}")
        if "template" in run:
            raise Refusal(
                f"{RUN_FILE}: a template is told, but the wording is our own; leave it out"
            )
        return ours(known)
    if "template" not in run:
        raise Refusal(
            f"{RUN_FILE}: the prompt's wording is none of express {VERSION} and not told; include "
            "it with `express results push --template FILE`"
        )
    source = take(run, "template", str, RUN_FILE)
    try:
        template = parse(base, source)
    except (RunError, RecursionError) as error:
        raise Refusal(f"{RUN_FILE}: the prompt's wording cannot be read ({error})") from None
    if template.sha256 != sha256:
        raise Refusal(f"{RUN_FILE}: the prompt's wording has another hash than its sha256")
    if template.reasoning is not (base == "cot"):
        raise Refusal(f"{RUN_FILE}: the prompt's wording must name a cue for cot, and only then")
    return template


_OF_SHOTS = {"distance": "distance", "masks": "masks", "pool": "source"}
"""What a setting says of its shots -> its key in the record; each is left out where usual."""


def _setting(prompt: Mapping[str, Any], template: Template) -> Setting:
    if (template.name == "few-shot") is not ("shots" in prompt):
        raise Refusal(f"{RUN_FILE}: asked.prompt.shots must be there for few-shot, and only then")
    chat = prompt.get("chat") is not False
    if "shots" not in prompt:
        return Setting(template, chat=chat)
    where = f"{RUN_FILE}, asked.prompt"
    count = take(prompt, "shots.per_prompt", int, where)
    choice = take(prompt, "shots.choice", str, where)
    similar = choice == "similar"
    encoder = take(prompt, "shots.encoder", str, where) if similar else ""
    seed = 0 if similar else take(prompt, "shots.seed", int, where)
    if not 0 < count <= 1000:
        raise Refusal(f"{where}: {count} solved examples are no few shots")
    told = {name: prompt["shots"].get(key) for name, key in _OF_SHOTS.items()}
    further = {name: value for name, value in told.items() if value is not None}
    return Setting(template, count, choice, seed, encoder, chat=chat, **further)


def _ranked(run: Mapping[str, Any], train: Loaded) -> Ranked | None:
    """The vocabulary of a ranking, which the run must tell; None for free answers."""
    decoding = take(run, "asked.decoding", dict, RUN_FILE)
    name = take(decoding, "name", str, f"{RUN_FILE}, asked.decoding")
    if not name.startswith("rank-"):
        return None
    terms, source = run.get("vocabulary"), decoding.get("vocabulary")
    if not texts(terms) or not terms:
        raise Refusal(f"{RUN_FILE}: vocabulary must list the terms of the ranking")
    vocabulary = Vocabulary(shown(source), tuple(terms))
    label = f"rank-{vocabulary.label}"
    masked = run["asked"]["model"]["family"] == "masked"
    named = name in ((f"{label}-pll", f"{label}-first") if masked else (label,))
    if not named or (vocabulary.sha256, len(terms)) != (decoding["sha256"], decoding["terms"]):
        raise Refusal(f"{RUN_FILE}: the vocabulary is not that of {shown(name)} (it is {label})")
    if len(set(terms)) != len(terms):
        raise Refusal(f"{RUN_FILE}: a term stands in the vocabulary twice")
    if source == TRAIN:
        labels = from_labels(label for row in train.examples for label in row.labels)
        if labels.terms != vocabulary.terms:
            raise Refusal(f"{RUN_FILE}: the vocabulary is not that of the split train")
        return Ranked(vocabulary)
    odd = next((term for term in terms if not is_term(term)), None)
    if odd is not None:
        raise Refusal(
            f"{RUN_FILE}: {shown(odd)} in the vocabulary is no term of one to three words"
        )
    return Ranked(vocabulary)


def _check_shown(run: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> None:
    """How many solved examples were shown, as each line tells it."""
    difference = unequal(run["shots"], shots_shown(lines)) if "shots" in run else None
    if difference:
        raise Refusal(f"{RUN_FILE}: shots.{difference}, as the answers tell")


def _check_signatures(
    stored: dict[str, Any], scores: Mapping[str, Any], run: Mapping[str, Any]
) -> None:
    """Both signatures must say what `run.json` and the data say; the version may be another."""
    for protocol in PROTOCOLS:
        line = take(stored, f"{protocol}.signature", str, SCORES_FILE)
        try:
            found = Signature.parse(line)
            wanted = replace(
                Signature.parse(scores[protocol]["signature"]), version=run["submission"]["version"]
            )
        except MetricError as error:
            raise Refusal(f"{SCORES_FILE}: {error}") from None
        for part, (here, there) in found.differences(wanted).items():
            raise Refusal(
                f"{SCORES_FILE}: the signature of {protocol} says {part} {shown(here)}, but the "
                f"run's is {shown(there)}"
            )
        if line != str(wanted):
            raise Refusal(f"{SCORES_FILE}: the signature of {protocol} is not written as it must")
        # The present code gives its own version; all else is compared as it stands.
        scores[protocol]["signature"] = line


def _check_card(file: Path, submission: Submission) -> None:
    """The card's header must tell the same as the other files."""
    difference = unequal(read_card_facts(file), card_facts(submission), near=NEAR)
    if difference:
        raise Refusal(f"{file.name}: {difference}")
