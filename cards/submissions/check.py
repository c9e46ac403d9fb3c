"""Check one submission: rebuild it from data and completions, and compare the two.

Of `run.json` everything that follows from the data, the wording and the options is made anew by the
code that makes it in a run. What nothing gives (whose answers they are, on what they were made) has
rules of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from express_dataset.reading.typed import Malformed, as_json
from express_dataset.sources import Loaded
from express_metric.errors import MetricError
from express_metric.lexicon import Lexicon
from express_metric.parsing import PROTOCOLS
from express_metric.signature import VERSION, Signature
from express_runners.config import (
    DISTANCES,
    DTYPES,
    FAMILIES,
    QUANTIZE,
    SHOT_CHOICES,
    SHOT_MASKS,
    SHOT_POOLS,
)
from express_runners.engines.base import EngineOptions
from express_runners.errors import RunError
from express_runners.prompts.pool import Pool
from express_runners.prompts.setting import Setting
from express_runners.prompts.wording import Template, ours, parse
from express_runners.runs.record import (
    FORMAT,
    RANK,
    WORDINGS,
    Budget,
    LexiconAsked,
    Record,
    Submitted,
    parse_record,
)
from express_runners.runs.scores import score_run
from express_runners.runs.setup import decoding, prompt_asked
from express_runners.runs.store import PREDICTIONS_FILE, RUN_FILE, SCORES_FILE
from express_runners.server import Server
from express_runners.vocabulary import OTHER_MASKS, PICKS, TRAIN, Vocabulary, from_labels, is_term

from .answers import Rules, read_answers
from .card import card_facts
from .public import public_name, public_record, shots_shown
from .sources import Sources
from .strict import CARD_FILE, Refusal, check_files, read_header, read_object, shown, unequal
from .submission import Submission, wording

NEAR = 1e-12
_API = "api"
_HUB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
_REVISION = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_VERSION = re.compile(r"(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?:\.?(?:dev|a|b|rc)\d{1,6})?")
_LONGEST = 200
_OF_ITS_OWN = ("template", "vocabulary", "left_out")
_MOST_SHOTS = 1000


def check(folder: Path, sources: Sources, place: str | None = None) -> Submission:
    """Check a submission's folder, and return it with its scores as they follow from its answers.

    Every example of the data must be answered once; terms, scores and signatures must follow from
    the completions by the code that is installed here. That the model wrote them, no check can
    tell: who doubts it repeats the run by the command in the card. Of the card only the header is
    checked; its text is rendered by whoever submits it.
    """
    run, told, submitted = opened(folder)
    parts = sources.rows_of(told.asked.dataset)
    lexicon = sources.lexicon_of(told.asked.lexicon)
    try:
        record, rules = _rebuilt(told, parts, lexicon)
    except RunError as error:
        raise Refusal(f"{RUN_FILE}: {error}") from None
    data = f"split {told.asked.dataset.split} of {told.asked.dataset.name}"
    examples = sources.examples(parts[told.asked.dataset.split])
    lines = read_answers(folder / PREDICTIONS_FILE, examples, rules, data)
    if told.shots is not None:
        record = replace(record, shots=shots_shown(lines))
    _compare(RUN_FILE, run, as_json(record), "; leave it as `express results push` writes it")
    try:
        scores = score_run(lines, lexicon, record)
        for name in PROTOCOLS:
            # The present code gives its own version; all else is compared as it stands.
            signature = Signature.parse(scores[name]["signature"])
            scores[name]["signature"] = str(replace(signature, version=submitted.version))
    except MetricError as error:
        raise Refusal(f"{RUN_FILE}: {error}") from None
    older = f" (scored by {submitted.version}, checked by {VERSION})"
    stored = read_object(folder / SCORES_FILE)
    note = "" if submitted.version == VERSION else older
    _compare(SCORES_FILE, stored, scores, f", as the answers give{note}")
    found = Submission(record, lines, scores, lexicon)
    _compare(CARD_FILE, read_header(folder / CARD_FILE), card_facts(found))
    if place is not None and found.path != place:
        raise Refusal(f"{RUN_FILE}: by its content it belongs to {found.path}")
    return found


def opened(folder: Path) -> tuple[dict[str, Any], Record, Submitted]:
    """What `run.json` tells, of which nothing is tried yet: as JSON, as a record, and by whom."""
    check_files(folder)
    run = read_object(folder / RUN_FILE)
    return run, *_told(run)


def _compare(file: str, found: object, wanted: object, why: str = "") -> None:
    difference = unequal(found, wanted, near=NEAR)
    if difference:
        raise Refusal(f"{file}: {difference}{why}")


def _told(run: Mapping[str, Any]) -> tuple[Record, Submitted]:
    """The record as it is told, each value of its kind and each text one that can be seen."""
    if run.get("format") != FORMAT:
        raise Refusal(
            f"{RUN_FILE}: format is {shown(run.get('format'))}, but this version of express reads "
            f"{FORMAT}"
        )
    try:
        told = parse_record(run)
    except Malformed as error:
        raise Refusal(f"{RUN_FILE}: {error}") from None
    # The wording of a prompt and the terms of a ranking have rules of their own.
    rest = {key: value for key, value in run.items() if key not in _OF_ITS_OWN}
    for name, text in _texts(rest, ""):
        if len(text) > _LONGEST or not text.isprintable():
            raise Refusal(
                f"{RUN_FILE}: {name} is {shown(text)}; write a text of at most {_LONGEST} "
                "characters that can be seen"
            )
    if told.submission is None:
        raise Refusal(f"{RUN_FILE}: submission is missing; `express results push` writes it")
    for wrong in (*_of_whom(told, told.submission), *_of_sessions(told)):
        raise Refusal(f"{RUN_FILE}: {wrong}")
    return told, told.submission


def _texts(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """Every text in a JSON value, keys too, with its place."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from _texts(one, f"{name}.{place}")
    elif isinstance(value, dict):
        for key, one in value.items():
            yield f"a key of {name or 'the record'}", key
            yield from _texts(one, f"{name}.{key}" if name else key)


def _of_whom(told: Record, who: Submitted) -> Iterator[str]:
    """What is wrong with the model, and with the one for which it is submitted."""
    found, here = _VERSION.fullmatch(who.version), _VERSION.match(VERSION)
    if found is None or here is None:
        yield f"submission.version is {shown(who.version)}, which is no version"
    elif tuple(map(int, found.groups())) > tuple(map(int, here.groups())):
        # A version of its own would get a table of its own, where nobody else is ranked.
        yield (
            f"it was made by express {who.version}, and this is {VERSION}; check it with that "
            "version"
        )
    if who.model is not None and not _HUB_ID.fullmatch(who.model):
        yield f"submission.model is {shown(who.model)}, which is no ORG/NAME of the Hub"
    model, asked = told.asked.model, told.asked
    if model.family not in (*FAMILIES, _API):
        yield f"{shown(model.family)} is no family of models"
    if who.model not in (None, model.name) and not who.same_weights:
        yield (
            f"the run is of {shown(model.name)}, but it is submitted for {shown(who.model)} "
            "without the word that these are the same weights"
        )
    served, of = model.family == _API, f"(family {model.family})"
    known = model.revision == "served" if served else _REVISION.fullmatch(model.revision or "")
    if not known:
        yield f"{shown(model.revision)} is no revision of a model {of}"
    if (model.server is not None) is not served:
        yield "asked.model.server must be there for api, and only then"
    if asked.dtype not in (("served",) if served else DTYPES[1:]):
        yield f"{shown(asked.dtype)} is no number format of a model {of}"
    if asked.quantize is not None and (served or asked.quantize not in QUANTIZE):
        yield f"{shown(asked.quantize)} is no way to quantize {of}"


def _of_sessions(told: Record) -> Iterator[str]:
    """What is wrong with the starts: days stand on pages, the rest is for who looks closer."""
    for number, session in enumerate(told.sessions):
        where = f"sessions.{number}"
        if not _is_time(session.started or ""):
            yield f"{where}.started is {shown(session.started)}, which is no date and time"
        for name in ("versions", "code", "hardware"):
            for key, value in (getattr(session, name) or {}).items():
                items = value if key == "gpus" and isinstance(value, list) else [value]
                if not all(isinstance(one, str | int | float | None) for one in items):
                    told_as = f"{shown(key)}: {shown(value)}"
                    yield f"{where}.{name} holds {told_as}, which is no plain fact"


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).isoformat()[:10] == text[:10] and "T" in text
    except ValueError:
        return False


def _rebuilt(told: Record, parts: Mapping[str, Loaded], lexicon: Lexicon) -> tuple[Record, Rules]:
    """The record that a run with these options on this data writes, and its answers' rules."""
    asked, template = told.asked, _template(told)
    served, setting = asked.model.family == _API, _setting(told, template)
    part = parts["few_shot" if setting.pool == "few_shot" else "all"]
    pool = Pool(part.examples if setting.shots else (), part.name, setting.masks == "same")
    vocabulary = _vocabulary(told, parts["train"])
    terms = vocabulary.terms if vocabulary else None
    budget = asked.decoding.max_new_tokens or Budget(base=0, per_mask=1)
    options = EngineOptions(
        template=template,
        server=Server(temperature=asked.decoding.temperature and 0.0) if served else None,
        vocabulary=vocabulary,
        others=asked.decoding.others or PICKS,
        max_new_tokens=budget.base if budget.per_mask == 0 else None,
        reasoning_tokens=budget.unseen,
        whole=asked.decoding.name.endswith("-whole"),
    )
    asked = replace(
        asked,
        prompt=prompt_asked(setting, pool),
        decoding=decoding(options, asked.model),
        lexicon=LexiconAsked(name=public_name(lexicon.name), label=lexicon.label),
    )
    record = replace(
        told,
        asked=asked,
        vocabulary=terms,
        left_out=(vocabulary and vocabulary.left_out) or None,
        prior=told.prior if vocabulary else None,
    )
    source = template.source if wording(template.sha256) is None else None
    rules = Rules(
        cue=template.cue,
        last=template.last,
        shots=setting.shots,
        pool={row.id: row.post_id for row in pool.examples},
        places=None if terms is None else {term: place for place, term in enumerate(terms)},
        served=served,
    )
    return public_record(record, told.submission, told.last.dataset, source), rules


def _template(told: Record) -> Template:
    prompt = told.asked.prompt
    if prompt.base not in WORDINGS:
        raise Refusal(f"{shown(prompt.base)} is no setting of a prompt")
    if (told.asked.model.family == "masked") is not (prompt.base == "fill-mask"):
        raise Refusal(f"the prompt {shown(prompt.base)} does not fit the model's family")
    if told.template is None:
        if prompt.sha256 != ours(prompt.base).sha256:
            raise Refusal(
                f"the prompt's wording is none of express {VERSION} and not told; include it with "
                "`express results push --template FILE`"
            )
        return ours(prompt.base)
    try:
        template = parse(prompt.base, told.template)
    except (RunError, RecursionError) as error:
        raise Refusal(f"the prompt's wording cannot be read ({error})") from None
    if template.reasoning is not (prompt.base == "cot"):
        raise Refusal("the prompt's wording must name a cue for cot, and only then")
    return template


def _setting(told: Record, template: Template) -> Setting:
    prompt, shots = told.asked.prompt, told.asked.prompt.shots
    if (template.name == "few-shot") is not (shots is not None):
        raise Refusal("asked.prompt.shots must be there for few-shot, and only then")
    chat = prompt.chat is not False
    if shots is None:
        return Setting(template, chat=chat)
    further: dict[str, Any] = {"pool": shots.source, "masks": shots.masks, "seed": shots.seed}
    further |= {"distance": shots.distance, "encoder": shots.encoder}
    given = {name: one for name, one in further.items() if one is not None}
    setting = Setting(template, shots.per_prompt or 0, shots.choice, chat=chat, **given)
    known = {"choice": SHOT_CHOICES, "pool": SHOT_POOLS, "masks": SHOT_MASKS, "distance": DISTANCES}
    for name, values in {**known, "shots": range(1, _MOST_SHOTS + 1)}.items():
        if getattr(setting, name) not in values:
            value = shown(getattr(setting, name))
            raise Refusal(f"asked.prompt.shots: {value} is no {name} that a run has")
    return setting


def _vocabulary(told: Record, train: Loaded) -> Vocabulary | None:
    """The terms of a ranking: of the train split, or the user's own, which the run must tell."""
    how = told.asked.decoding
    if how.kind != RANK:
        return None
    if how.others not in OTHER_MASKS:
        raise Refusal(f"{shown(how.name)} is no way of decoding for a model of this family")
    left_out = (told.left_out or ()) if told.asked.model.family == "masked" else ()
    terms = told.vocabulary or ()
    if told.prior and list(map(len, told.prior.logprobs)) != [len(terms)] * 2:
        raise Refusal(f"prior.logprobs must be 2 by {len(terms)} numbers")
    if how.vocabulary == TRAIN:
        labels = from_labels(label for row in train.examples for label in row.labels)
        left_out = tuple(term for term in labels.terms if term in left_out)
        kept = tuple(term for term in labels.terms if term not in left_out)
        return replace(labels, terms=kept, left_out=left_out)
    odd = next((term for term in (*terms, *left_out) if not is_term(term)), None)
    if odd is not None:
        raise Refusal(f"{shown(odd)} in the vocabulary is no term of one to three words")
    if not terms or len(set(terms)) != len(terms):
        raise Refusal("vocabulary must list the terms of the ranking, each once")
    return Vocabulary(public_name(how.vocabulary or ""), terms, left_out)
