"""What a run needs before it asks: examples, pool, engine options."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from express_dataset import Example
from express_dataset.schema import fingerprint
from express_dataset.sources import Loaded, filled, how_to_divide

from ..config import RunConfig
from ..engines.base import BUDGET_THINKING, EngineOptions
from ..engines.rank.masked import rankable
from ..errors import RunError
from ..models import ResolvedModel
from ..prompts.pool import Pool
from ..prompts.setting import Setting
from ..server import HF_ROUTER, Server
from ..vocabulary import EMPTY, PICKS, TRAIN, Vocabulary, from_file, from_labels
from .record import BY_CHANCE, DUMMY, FREE, RANK, Budget, Data, Decoding, Model, Prompt, Shots
from .store import RunFolder

# More would hardly move a term's mean, and cost a run as many answers.
PRIOR_CONTEXTS = 64
# Together some ten minutes of waiting.
SERVE_RETRIES = 14

Splits = Mapping[str, Loaded]
"""The whole of a run's data, read once."""


def select(config: RunConfig, data: Splits) -> tuple[Example, ...]:
    """The examples that a run is about."""
    return filled(data[config.split], config.dataset).examples[: config.limit]


def pool_of(config: RunConfig, setting: Setting, data: Splits) -> Pool:
    """The examples that may be shown as shots: the few_shot split of the same data, or all."""
    part = "few_shot" if setting.pool == "few_shot" else "all"
    shown = filled(data[part], config.dataset).examples if setting.shots else ()
    return Pool(shown, config.dataset, setting.masks == "same", setting.pool)


def data_asked(loaded: Loaded, examples: Sequence[Example]) -> Data:
    """The data as `run.json` keeps it, with the `examples` of it that are asked."""
    return Data(
        name=loaded.name,
        revision=loaded.revision,
        split=loaded.split,
        examples=len(examples),
        fingerprint=fingerprint(examples),
        signature=loaded.data,
        kind=loaded.kind,
        left_out=len(loaded.left_out) or None,
    )


def prompt_asked(setting: Setting, pool: Pool) -> Prompt:
    """The setting as `run.json` keeps it, with the `pool` that shots come from."""
    template, similar = setting.template, setting.choice == "similar"
    shots = Shots(
        choice=setting.choice,
        per_prompt=setting.shots,
        pool=len(pool.examples),
        pool_fingerprint=pool.fingerprint,
        source=None if setting.pool == "few_shot" else setting.pool,
        masks=None if setting.masks == "any" else setting.masks,
        distance=None if setting.distance == "cosine" else setting.distance,
        encoder=setting.encoder if similar else None,
        seed=None if similar else setting.seed,
    )
    return Prompt(
        name=setting.name,
        base=template.name,
        hash=template.hash,
        sha256=template.sha256,
        cue=template.cue,
        shots=shots if setting.shots else None,
        chat=None if setting.chat else False,
    )


def decoding(options: EngineOptions, model: Model) -> Decoding:
    """How words are chosen."""
    vocabulary, server = options.vocabulary, options.server
    if model.family == "dummy":
        # So that no signature of a dummy can pass for a model's.
        return Decoding(name=model.name.replace(":", "-"), kind=DUMMY, seed=model.revision)
    if vocabulary is not None:
        return Decoding(
            name=f"rank-{vocabulary.label}-{options.others}",
            kind=RANK,
            vocabulary=vocabulary.source,
            terms=len(vocabulary.terms),
            sha256=vocabulary.sha256,
            others=options.others,
        )
    # Other answers at every start: no figure of these may pass for one of greedy decoding.
    by_chance = server is not None and server.temperature is None
    name = BY_CHANCE if by_chance else FREE
    if options.max_new_tokens is not None:
        name += f"-{options.max_new_tokens}"
    base = options.budget(0) - options.reasoning_tokens
    return Decoding(
        name=f"{name}-whole" if options.whole else name,
        kind=FREE,
        greedy=not by_chance,
        max_new_tokens=Budget(
            base=base,
            per_mask=options.budget(1) - options.budget(0),
            unseen=options.reasoning_tokens,
        ),
        stop=None if options.whole or options.template.last else "list closed",
        temperature=server.temperature if server else None,
    )


def engine_options(
    config: RunConfig, model: ResolvedModel, setting: Setting, device: Any, data: Splits
) -> EngineOptions:
    """How the engine is to load and prompt the model."""
    dtype = config.dtype
    if model.family in ("api", "dummy"):
        dtype = "served" if model.family == "api" else "none"
    elif dtype == "auto":
        dtype = "bfloat16" if device.type == "cuda" else "float32"
    others = EMPTY if model.family == "masked" else PICKS
    options = EngineOptions(
        template=setting.template,
        device=str(device),
        dtype=dtype,
        trust_remote_code=config.trust_remote_code,
        server=_server(config) if model.family == "api" else None,
        labels=_train_labels(config, data) if model.family == "dummy" else (),
        others=config.other_masks or others,
        quantize=config.quantize,
        spread=config.spread,
        max_new_tokens=config.max_new_tokens,
        reasoning_tokens=_reasoning_tokens(config, model, setting),
        whole=config.whole_answers,
        chat=setting.chat,
    )
    asked = _vocabulary(config, data)
    return replace(options, vocabulary=asked and rankable(model, options, asked))


def prior_contexts(options: EngineOptions, data: Splits, asked: int) -> tuple[Example, ...]:
    """The stories that tell what a ranking's terms get whatever the story; as many as are asked.

    They are drawn from the train split by their ids, so that the order of a file changes nothing.
    """
    rows = data["train"].examples if options.vocabulary else ()
    drawn = sorted(rows, key=lambda row: hashlib.sha256(row.id.encode()).digest())
    return tuple(drawn[: min(asked, PRIOR_CONTEXTS)])


def _reasoning_tokens(config: RunConfig, model: ResolvedModel, setting: Setting) -> int:
    if config.reasoning_tokens is not None:
        return config.reasoning_tokens
    return BUDGET_THINKING if setting.chat and model.thinks else 0


def _vocabulary(config: RunConfig, data: Splits) -> Vocabulary | None:
    """The terms to rank, or None where the model writes freely."""
    if config.decode != "rank":
        return None
    if config.vocabulary in (None, TRAIN):
        return from_labels(_train_labels(config, data))
    return from_file(Path(config.vocabulary or ""))


def _server(config: RunConfig) -> Server:
    answered = RunFolder(config.out).answered().values()
    return Server(
        url=config.base_url or HF_ROUTER,
        concurrency=config.concurrency,
        # A server of our own may be starting again, which takes as long as its start did.
        retries=max(config.retries, SERVE_RETRIES) if config.serve else config.retries,
        timeout=config.request_timeout,
        max_total_tokens=config.max_total_tokens,
        spent=sum(
            line.get(f"{side}_tokens") or 0 for line in answered for side in ("prompt", "new")
        ),
        token_parameter=config.token_parameter,
        temperature=None if config.no_temperature else 0.0,
        started=config.serve or "",
    )


def _train_labels(config: RunConfig, data: Splits) -> tuple[str, ...]:
    """Every label of the train split, as often as it occurs.

    Without one, a dummy draws from what is asked itself, and a little too well; a ranking needs
    terms from elsewhere.
    """
    train = data["train"].examples
    if not train and config.decode == RANK:
        raise RunError(
            f"--decode rank: {config.dataset} has no train split to take the terms from: give "
            "--vocabulary FILE, a term per line, or divide the data: "
            f"{how_to_divide(config.dataset)}"
        )
    return tuple(label for example in train or data["all"].examples for label in example.labels)
