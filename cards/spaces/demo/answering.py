"""Asking a model: one model in memory, one question at a time."""

from __future__ import annotations

import gc
import math
import sys
import threading
import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from express_dataset import Example, load_examples
from express_dataset.errors import require
from express_dataset.splits import normalised
from express_metric.lexicon import Lexicon, load_lexicon
from express_metric.parsing import PROTOCOLS, Reading
from express_metric.terms import Reason
from express_runners.engines import load_engine
from express_runners.engines.base import Engine, EngineOptions, RankingEngine
from express_runners.errors import RunError
from express_runners.models import ResolvedModel, resolve
from express_runners.prompts.wording import ours
from express_runners.runs.ranks import rank_record
from express_runners.runs.reading import read_completion
from express_runners.server import Server
from express_runners.vocabulary import Vocabulary, from_labels

from .settings import DemoError, Settings

# A visitor waits: what does not come soon is given up.
SERVER_TIMEOUT, SERVER_RETRIES = 60.0, 1


@dataclass(frozen=True, slots=True)
class Answered:
    """What a model said of one post.

    >>> ranks = [{"top": ["sad"], "reference": 2, "logprobs": [0.0, -9.9]}]
    >>> Answered("m", '["sad"]', {}, ranks, ("sad", "mad")).probability(0, "sad")
    1.0
    """

    model: str  # its name
    completion: str | None  # what it wrote; a list made of the likeliest words where it ranked
    readings: dict[str, Reading]  # the words read from it under each protocol
    # for each mask `top`, `reference` and `logprobs` as in a run's predictions; None where the
    # model wrote freely
    ranks: list[dict[str, Any]] | None
    terms: tuple[str, ...]  # the words that it ranked
    seconds: float = 0.0  # how long it took, without loading

    def probability(self, mask: int, term: str) -> float | None:
        """How likely the model found a term at a mask, among all that it ranked."""
        if self.ranks is None or term not in self.terms:
            return None
        return math.exp(self.ranks[mask]["logprobs"][self.terms.index(term)])


class Answerer:
    """Answers questions with the models of the settings, of which one is loaded at a time.

    A local model ranks a closed list of words: the labels of the embedded sample and what the
    visitor marked. A served model or a dummy writes freely.
    """

    def __init__(self, settings: Settings) -> None:
        settings.check()
        self.settings = settings
        self.lexicon: Lexicon = load_lexicon(settings.lexicon)
        rows = load_examples("sample", split="all").examples
        self._labels = tuple(label for row in rows for label in row.labels)
        self._usual = from_labels(self._labels)
        self._lock = threading.Lock()
        self._loaded: str | None = None
        self._ranked: Vocabulary | None = None
        self._engine: Engine | None = None

    @cached_property
    def device(self) -> str:
        """Where local models run: the first GPU if there is one."""
        torch = require("torch", "run")
        return "cuda" if torch.cuda.is_available() else "cpu"

    def state(self, model: str) -> str:
        """What an asker waits for first: busy, cold (the model must be loaded) or ready."""
        if self._lock.locked():
            return "busy"
        return "ready" if self._loaded == model else "cold"

    def vocabulary(self, example: Example) -> Vocabulary:
        """The words that a local model ranks.

        What earlier visitors marked is not among them: nobody sees another's words.
        """
        own = dict.fromkeys(map(normalised, example.labels))
        new = [word for word in own if word not in self._usual.terms]
        return Vocabulary(self._usual.source, (*self._usual.terms, *new))

    def ask(self, model: str, example: Example) -> Answered:
        """Let a model fill the masks of an example; waits for the question before."""
        if model not in self.settings.models:
            raise DemoError("There is no such model: choose one in step 3.")
        with self._lock:
            engine = self._load(model, self.vocabulary(example))
            prompt = engine.prepare(example)
            if len(prompt.ids) + prompt.budget > engine.context:
                raise DemoError(
                    f"The post is too long for {self.settings.label(model)}, which reads up to "
                    f"{engine.context:,} tokens at once: shorten it."
                )
            started = time.perf_counter()
            try:
                answer = engine.answer([prompt])[0]
            except RunError as error:
                raise self._failed(model, error) from error
            seconds = time.perf_counter() - started
        readings: dict[str, Reading] = dict(
            read_completion(answer.completion, answer.finish, prompt.cue, len(example.labels))
        )
        if answer.reason is not None:
            readings = dict.fromkeys(PROTOCOLS, Reading(None, Reason(answer.reason)))
        ranks: list[dict[str, Any]] | None = None
        terms: tuple[str, ...] = ()
        if isinstance(engine, RankingEngine) and answer.scores is not None:
            terms = engine.vocabulary.terms
            ranks = rank_record(engine.vocabulary, example.labels, answer)
        name = self.settings.label(model)
        return Answered(name, answer.completion, readings, ranks, terms, seconds)

    def _load(self, model: str, vocabulary: Vocabulary) -> Engine:
        if self._engine is None or self._loaded != model:
            # The old model first: two might not fit.
            self._engine = self._loaded = None
            gc.collect()
            resolved = resolve(model, adapter=self.settings.adapter)
            self._engine = load_engine(resolved, self._options(resolved, vocabulary))
            self._loaded, self._ranked = model, vocabulary
        if self._ranked != vocabulary:
            if isinstance(self._engine, RankingEngine):
                self._engine.rank(vocabulary)
            self._ranked = vocabulary
        return self._engine

    def _options(self, model: ResolvedModel, vocabulary: Vocabulary) -> EngineOptions:
        template = ours("fill-mask" if model.family == "masked" else "zero-shot")
        if model.family in ("api", "dummy"):
            server = None
            if model.family == "api":
                default = Server()
                server = Server(
                    url=self.settings.base_url or default.url,
                    concurrency=1,
                    retries=SERVER_RETRIES,
                    timeout=SERVER_TIMEOUT,
                )
            return EngineOptions(template, server=server, labels=self._labels)
        dtype = "bfloat16" if self.device == "cuda" else "float32"
        return EngineOptions(template, device=self.device, dtype=dtype, vocabulary=vocabulary)

    def _failed(self, model: str, error: RunError) -> DemoError:
        """What the visitor reads; a server's own words could hold its address, or the post."""
        if self.settings.provider(model) is None:
            return DemoError(f"The model cannot answer this: {error}")
        print(
            f"the server of {model} failed; to see why, run `express run --model {model}` with "
            "the same --base-url, --dataset sample and --limit 1",
            file=sys.stderr,
        )
        return DemoError(
            f"{self.settings.label(model)} cannot be reached at the moment, or refuses to answer: "
            "try again in a few minutes."
        )
