"""A closed vocabulary ranked through a server that gives the log-probabilities of a prompt."""

from __future__ import annotations

import asyncio
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from express_dataset import Example
from express_metric.terms import Reason

from ...errors import RunError
from ...models import ResolvedModel, resolve
from ...server import LISTED
from ..base import Answer, EngineOptions, Prompt
from ..prompter import Prompter
from ..rank.terms import QUOTE, ListTerms, ranked
from .engine import ApiEngine
from .faults import PASSING_STATUS, PassingFault, read_refusal, server_message
from .replies import read_usage
from .transport import httpx

AT_ONCE = 16
"""Prompts in a request; an answer holds something for every token of each."""
_STARTING = frozenset({502, 503, 504})
_NO_LOGPROBS = {"prompt_logprobs": "vLLM's prompt_logprobs", "echo": "completions with echo"}


class ApiRanker(ApiEngine):
    """Ranks as `CausalRanker` does, with the prompts' token ids, at any number of servers.

    Each term is a prompt of its own: its tokens' log-probabilities come with the prompt's, and
    those of what ends it with the one token written after it. Two kinds of servers give them:
    vLLM (`prompt_logprobs`), and completions that `echo` the prompt.
    """

    def __init__(self, model: ResolvedModel, options: EngineOptions) -> None:
        super().__init__(model, options)
        assert options.vocabulary is not None
        self._prompter = Prompter(_local(model), options)
        self._terms = ListTerms(
            self._prompter.tokenizer, options.vocabulary.terms, self._prompter.lead, options.others
        )
        self.context = self._prompter.context
        self._way = ""
        self._listed = 0
        self._probing = asyncio.Lock()
        self._used: Counter[Any] = Counter()

    def prepare(self, example: Example, shots: Sequence[Example] = ()) -> Prompt:
        """As for a local model: what is sent are the tokens, chat template and all."""
        return self._prompter.prepare(example, shots)

    def _dearest(self, prompt: Prompt) -> int:
        rows = len(self._terms.terms) * len(prompt.example.labels)
        return (len(prompt.ids) + prompt.budget) * rows

    async def _ask(self, client: httpx.AsyncClient, prompt: Prompt) -> Answer:
        started, task = time.perf_counter(), asyncio.current_task()
        chosen: list[str] = []
        scores: list[list[float]] = []
        try:
            for _ in prompt.example.labels:
                scores.append(await self._scores(client, [*prompt.ids, *self._terms.trunk(chosen)]))
                chosen.append(self._terms.best(scores[-1]))
        except _TooLong:
            return Answer(None, None, 0, reason=Reason.TOO_LONG)
        answer = ranked(prompt, chosen, scores)
        seconds = time.perf_counter() - started
        return replace(answer, prompt_tokens=self._used.pop(task, None), seconds=seconds)

    async def _scores(self, client: httpx.AsyncClient, before: list[int]) -> list[float]:
        """Log-probability of every term after these tokens."""
        async with self._probing:
            if not self._way:
                await self._patiently(partial(self._probe, client, before))
        rows = [[*before, *tokens] for tokens in self._terms.tokens]
        found: list[float] = []
        for at in range(0, len(rows), AT_ONCE):
            once = partial(self._likelihoods, client, rows[at : at + AT_ONCE], len(before))
            found += await self._patiently(once)
        return found

    async def _probe(self, client: httpx.AsyncClient, row: list[int], url: str) -> None:
        """Find out how this server gives log-probabilities, and how many tokens it lists.

        Raises:
            RunError: it gives none.
        """
        said = "they are not in its answer"
        for way in _NO_LOGPROBS:
            for listed in LISTED:
                self._listed = listed
                try:
                    await self._likelihoods(client, [row], len(row) - 1, url, way)
                except _NotGiven as refusal:
                    said = str(refusal) or said
                    continue
                self._way = way
                if listed != LISTED[0]:
                    print(
                        f"note: {self._server.name} lists the {listed} likeliest tokens: what ends "
                        "a term counts as far as it is among them.",
                        file=sys.stderr,
                    )
                return
        raise RunError(
            f"--decode rank: {self._server.name} gives no log-probabilities of a prompt, neither "
            f"by {' nor by '.join(_NO_LOGPROBS.values())} ({self._clean(said)}): ask vLLM or "
            "SGLang, rank without a server, or use --decode free."
        )

    async def _likelihoods(
        self, client: httpx.AsyncClient, rows: list[list[int]], start: int, url: str, way: str = ""
    ) -> list[float]:
        """Log-likelihood of each row from `start` on, and of a closing quote after it."""
        try:
            if (way or self._way) == "prompt_logprobs":
                more = {"logprobs": self._listed, "prompt_logprobs": 0}
                choices = await self._complete(client, url, rows, more)
                given = [_of_prompt(choice, row) for choice, row in zip(choices, rows, strict=True)]
            else:
                echoed = await self._complete(client, url, rows, {"logprobs": 1, "echo": True})
                given = [_of_echo(choice, row) for choice, row in zip(echoed, rows, strict=True)]
                choices = await self._complete(client, url, rows, {"logprobs": self._listed})
            both = zip(given, choices, strict=True)
            found = [sum(values[start:]) + _closed(choice) for values, choice in both]
        except _NotGiven as error:
            if not self._way:
                raise
            raise PassingFault("its answer holds no log-probabilities") from error
        self._came, self._told = self._came + 1, 0
        return found

    async def _complete(
        self, client: httpx.AsyncClient, url: str, rows: list[list[int]], more: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """The choices of one request, a prompt each, in order.

        Raises:
            PassingFault: it may be well at the next attempt.
            RunError: the server refuses for good, once it has answered before.
            _NotGiven: it refuses what it was asked first.
            _TooLong: the prompt is longer than the server takes.
        """
        sent = {"model": self._name, "prompt": rows, "max_tokens": 1, "temperature": 0, **more}
        response = await self._post(client, url, "/completions", sent)
        status = response.status_code
        if status >= 400:
            if not self._way and status not in {401, 403} | PASSING_STATUS | _STARTING:
                raise _NotGiven(server_message(response.content))
            refused = read_refusal(response)
            if refused.reason == Reason.TOO_LONG:
                raise _TooLong
            raise self._final(refused)
        try:
            found = json.loads(response.content)
            choices = sorted(found["choices"], key=lambda choice: choice["index"])
            if len(choices) != len(rows):
                raise KeyError
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise PassingFault("what came are no completions") from error
        read, new = self._spend(read_usage(found.get("usage")))
        self._used[asyncio.current_task()] += (read or 0) + new
        return choices


class _NotGiven(Exception):  # noqa: N818 - told by what it holds
    """What was asked is not in what came."""


class _TooLong(Exception):  # noqa: N818 - no error of the run
    """A prompt is longer than the server takes."""


def _local(model: ResolvedModel) -> ResolvedModel:
    """Where the tokenizer of a served model lies."""
    if model.path != Path():
        return replace(model, family="causal")
    try:
        return resolve(model.name, "causal", weights=False)
    except RunError as error:
        raise RunError(
            f"--decode rank asks a server token by token, so it needs the tokenizer of "
            f"{model.name}: serve the model under its Hub id or folder ({error})."
        ) from error


def _of_prompt(choice: dict[str, Any], row: Sequence[int]) -> list[float]:
    """Log-probability of each token, as vLLM tells it: by place, and there by token."""
    places = choice.get("prompt_logprobs")
    if not isinstance(places, list) or len(places) != len(row):
        raise _NotGiven
    try:
        found = (p[str(t)]["logprob"] for p, t in zip(places[1:], row[1:], strict=True))
        return [0.0, *map(_number, found)]  # the first token follows nothing
    except (KeyError, TypeError) as error:
        raise _NotGiven from error


def _of_echo(choice: dict[str, Any], row: Sequence[int]) -> list[float]:
    """Log-probability of each token, as completions tell it of an echoed prompt."""
    values = (choice.get("logprobs") or {}).get("token_logprobs")
    if not isinstance(values, list) or len(values) <= len(row):
        raise _NotGiven
    return [0.0, *(_number(value) for value in values[1 : len(row)])]


def _closed(choice: dict[str, Any]) -> float:
    """Log-probability of a token that begins with the closing quote."""
    try:
        likeliest = choice["logprobs"]["top_logprobs"][-1]
        total = sum(math.exp(_number(v)) for t, v in likeliest.items() if t.startswith(QUOTE))
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise _NotGiven from error
    # None among the listed: less than any of them.
    return math.log(total) if total else min(map(_number, likeliest.values()))


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        raise _NotGiven
    return float(value)
