"""Models behind an OpenAI-compatible server: hosted ones, `vllm serve`, `transformers serve`.

Many requests are under way at once and answers come back in any order. A fault that may pass
(429, 5xx, a broken connection, a time-out, an answer that is none) is tried again later; any
other refusal ends the run with one sentence, after the requests under way have come back.
"""

from __future__ import annotations

import asyncio
import math
import sys
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from express_dataset import Example
from express_metric.terms import Reason

from ...errors import RunError
from ...models import ResolvedModel
from ...server import GONE, Server, api_key
from ..base import Answer, EngineOptions, Prompt, closed_list
from .addresses import Addresses
from .faults import PassingFault, Refused, read_refusal, unknown_parameter, wait_before
from .replies import ErrorReply, read_reply
from .transport import BoundedTransport, httpx, quoted, secrets, without

T = TypeVar("T")
# English has about four characters to a token; three keeps a guess on the safe side.
CHARACTERS_PER_TOKEN = 3
# What helps where a server does not know a parameter.
INSTEAD = {
    "max_tokens": "add --token-parameter max_completion_tokens, and --reasoning-tokens 4000 or so "
    "if the model reasons before it answers",
    "max_completion_tokens": "leave out --token-parameter max_completion_tokens",
    "temperature": "add --no-temperature",
}
# A server that asks for a longer pause than this is not worth waiting for.
LONGEST_PAUSE = 600.0


class ApiEngine:
    """Chat completions, at temperature 0 wherever the server takes it, with bounded concurrency."""

    # The server knows the model's limit, and says so where a prompt is too long.
    context = 1 << 60

    def __init__(self, model: ResolvedModel, options: EngineOptions) -> None:
        self._name = model.name
        self._options = options
        self._template = options.template
        self._server = options.server or Server()
        self._addresses = Addresses(self._server.urls)
        self._keys = {url: api_key(url) for url in self._server.urls}
        self._secrets = tuple(form for key in self._keys.values() for form in secrets(key))
        self._spent = self._server.spent
        self._shots: dict[str, tuple[Example, ...]] = {}
        self._stopping = False
        # Answers that came in, and the most attempts that were told of since the last one.
        self._came = 0
        self._told = 0
        # No request before this time: a server that is overrun is left in peace by all.
        self._not_before = 0.0

    def prepare(self, example: Example, shots: Sequence[Example] = ()) -> Prompt:
        """The rendered template; the server wraps it into its chat template and counts tokens."""
        self._shots[example.id] = tuple(shots)
        return self._prompt(example, 0)

    def _prompt(self, example: Example, dropped: int) -> Prompt:
        n_masks = len(example.labels)
        shots = self._shots[example.id][dropped:]
        return Prompt(
            example,
            self._template.render(example.text, n_masks, shots),
            (),
            self._options.budget(n_masks),
            cue=self._template.cue,
            shots=tuple(shot.id for shot in shots),
            shots_dropped=dropped,
            whole=self._options.whole or self._template.last,
            last=self._template.last,
        )

    def answer(self, prompts: Sequence[Prompt]) -> list[Answer]:
        """Answer all prompts, in their order."""
        answers = dict(self.flow(prompts))
        return [answers[i] for i in range(len(prompts))]

    def flow(
        self, prompts: Sequence[Prompt], most: int | None = None
    ) -> Iterator[tuple[int, Answer]]:
        """Answer all prompts, each with its position, as the answers come in.

        `most` is for engines with batches; `--concurrency` bounds this one.

        Raises:
            RunError: the server refuses, does not recover, or the cap on tokens is reached;
                every answer that came in has been handed out before.
        """
        with asyncio.Runner() as runner:
            arriving = self._arriving(prompts)

            async def next_one() -> tuple[int, Answer] | None:
                return await anext(arriving, None)

            try:
                while (item := runner.run(next_one())) is not None:
                    yield item
            finally:
                runner.run(arriving.aclose())

    async def _arriving(
        self, prompts: Sequence[Prompt]
    ) -> AsyncGenerator[tuple[int, Answer], None]:
        waiting = deque(range(len(prompts)))
        running: dict[asyncio.Task[Answer], int] = {}
        failure: RunError | None = None
        most = self._server.concurrency * len(self._addresses)
        async with self._client() as client:
            try:
                while running or (waiting and failure is None):
                    while waiting and failure is None and len(running) < most:
                        under_way = [prompts[i] for i in running.values()]
                        if not self._affordable([*under_way, prompts[waiting[0]]]):
                            break
                        task = asyncio.create_task(self._ask(client, prompts[waiting[0]]))
                        running[task] = waiting.popleft()
                    if not running:
                        failure = self._cap_reached(len(waiting))
                        break
                    done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        position = running.pop(task)
                        try:
                            answer = task.result()
                        except RunError as error:
                            failure = failure or error
                            self._stopping = True
                        else:
                            yield position, answer
            finally:
                for task in running:
                    task.cancel()
                await asyncio.gather(*running, return_exceptions=True)
        if failure is not None:
            raise failure

    def _client(self) -> httpx.AsyncClient:
        # What is under way is bounded by us; a request waiting for a connection would time out.
        limits = httpx.Limits(max_connections=None)
        # Redirects are not followed: they could carry a prompt, and the key, elsewhere.
        return httpx.AsyncClient(timeout=None, transport=BoundedTransport(limits))

    async def _ask(self, client: httpx.AsyncClient, prompt: Prompt) -> Answer:
        """Ask with all shots, then with one less each time the server finds it too long."""
        answer = await self._ask_patiently(client, prompt)
        while answer.reason == Reason.TOO_LONG and prompt.shots:
            prompt = self._prompt(prompt.example, prompt.shots_dropped + 1)
            answer = await self._ask_patiently(client, prompt)
        return replace(answer, prompt=prompt)

    async def _ask_patiently(self, client: httpx.AsyncClient, prompt: Prompt) -> Answer:
        return await self._patiently(lambda url: self._ask_once(client, prompt, url))

    async def _patiently(self, once: Callable[[str], Awaitable[T]]) -> T:
        """Ask `once`, and again after a fault that may pass."""
        came = self._came
        for attempt in range(self._server.retries + 1):
            await self._pause()
            try:
                with self._addresses.one() as url:
                    return await once(url)
            except PassingFault as error:
                fault = error
            wait = wait_before(attempt, fault.retry_after)
            if GONE.issuperset(self._server.urls):
                raise RunError(
                    f"{self._server.name} ended for good: what is answered is kept; see why above, "
                    "and run the same command again"
                )
            if self._stopping or attempt == self._server.retries or wait > LONGEST_PAUSE:
                break
            if fault.retry_after is not None:
                self._not_before = max(self._not_before, time.monotonic() + fault.retry_after)
            if self._came == came and attempt + 1 > self._told:
                self._told = attempt + 1
                self._tell(fault, wait)
            await asyncio.sleep(wait)
        asked = f", which asks to wait {fault.retry_after:.0f} s," if fault.retry_after else ""
        raise RunError(
            f"{self._server.name}{asked} gave no answer in {attempt + 1} "
            f"{'attempt' if attempt == 0 else 'attempts'} ({self._clean(str(fault))}): what is "
            "answered is kept; run the same command again when the server is well"
        )

    def _tell(self, fault: PassingFault, wait: float) -> None:
        """One line for all requests that wait: without it a dead server looks like a slow one."""
        print(
            f"{self._server.name}: no answer yet ({self._clean(str(fault))}), trying again in "
            f"{math.ceil(wait)} s (attempt {self._told + 1} of {self._server.retries + 1})",
            file=sys.stderr,
        )

    async def _pause(self) -> None:
        while (left := self._not_before - time.monotonic()) > 0:
            await asyncio.sleep(left)

    async def _ask_once(self, client: httpx.AsyncClient, prompt: Prompt, url: str) -> Answer:
        started = time.perf_counter()
        response = await self._post(client, url, "/chat/completions", self._sent(prompt))
        if response.status_code >= 400:
            refused = read_refusal(response)
            if refused.reason is None:
                raise self._final(refused)
            return Answer(None, None, 0, reason=refused.reason)
        answer = self._read(prompt, response.content, time.perf_counter() - started)
        self._came, self._told = self._came + 1, 0
        return answer

    async def _post(
        self, client: httpx.AsyncClient, url: str, path: str, sent: dict[str, Any]
    ) -> httpx.Response:
        """Ask once; a connection that fails may be well at the next attempt."""
        try:
            # Of the whole request: a server that sends a byte now and then is lost too.
            async with asyncio.timeout(self._server.timeout):
                return await client.post(
                    f"{url.rstrip('/')}{path}",
                    json=sent,
                    headers={"Authorization": f"Bearer {key}"} if (key := self._keys[url]) else {},
                )
        except TimeoutError as error:
            raise PassingFault(f"no whole answer within {self._server.timeout:g} s") from error
        except httpx.ProtocolError as error:
            # Its words may hold our own headers, and so the key.
            raise PassingFault(f"the connection failed: {type(error).__name__}") from error
        except httpx.RequestError as error:
            what = str(error) or type(error).__name__
            raise PassingFault(f"the connection failed: {what}") from error

    def _sent(self, prompt: Prompt) -> dict[str, Any]:
        """What a request holds."""
        sent: dict[str, Any] = {
            "model": self._name,
            "messages": [{"role": "user", "content": prompt.text}],
            "stream": False,
            self._server.token_parameter: prompt.budget,
        }
        if self._server.temperature is not None:
            sent["temperature"] = self._server.temperature
        return sent

    def _final(self, refused: Refused) -> RunError:
        named = unknown_parameter(refused.message, (self._server.token_parameter, "temperature"))
        if named is not None:
            return RunError(
                f"{self._server.name} does not take {named} ({self._clean(refused.message)}): "
                f"{INSTEAD[named]}, and run the same command again"
            )
        return RunError(
            f"{self._server.name} refuses the request with status {refused.status} "
            f"({self._clean(refused.message)}): what is answered is kept; mend that and run the "
            "same command again"
        )

    def _clean(self, text: str) -> str:
        """One line that never shows the key, which a server may echo."""
        return quoted(without(_whole(text), self._secrets))

    def _read(self, prompt: Prompt, reply: bytes, seconds: float) -> Answer:
        """The whole answer, and whether it ended at a list, by the rule of the local engines."""
        try:
            read = read_reply(reply)
        except ErrorReply as error:
            raise RunError(
                f"{self._server.name} answers with an error ({self._clean(str(error))}): what is "
                "answered is kept; mend that and run the same command again."
            ) from None
        prompt_tokens, new_tokens = self._spend(read.usage)
        text = without(_whole(read.text), self._secrets)
        served = read.served and self._clean(read.served)
        answer = Answer(None, None, new_tokens, None, prompt_tokens, seconds, served=served)
        if read.refused:
            return replace(answer, completion=text.strip() or None, reason=Reason.REFUSAL)
        finish = "length" if read.cut else "eos"
        masks = len(prompt.example.labels)
        if not prompt.whole and closed_list(text, prompt.cue, masks) is not None:
            finish = "list"
        return replace(answer, completion=text.strip(), finish=finish)

    def _spend(self, usage: tuple[int, int] | None) -> tuple[int | None, int]:
        """Count the tokens of a request: of its prompt, if the server tells, and of its answer."""
        if usage is None and self._server.max_total_tokens is not None:
            raise RunError(
                f"{self._server.name} does not say how many tokens a request used, so the cap "
                "cannot be kept: leave out --max-total-tokens."
            )
        self._spent += sum(usage or ())
        return usage or (None, 0)

    def _affordable(self, prompts: Sequence[Prompt]) -> bool:
        """Whether the requests under way and one more stay under the cap, at their dearest."""
        cap = self._server.max_total_tokens
        return cap is None or self._spent + sum(map(self._dearest, prompts)) <= cap

    def _cap_reached(self, left: int) -> RunError:
        return RunError(
            f"the cap of {self._server.max_total_tokens} tokens is reached ({self._spent} used, "
            f"{left} examples left): what is answered is kept; give a higher --max-total-tokens "
            "and run the same command again"
        )

    def _dearest(self, prompt: Prompt) -> int:
        return len(prompt.text) // CHARACTERS_PER_TOKEN + prompt.budget


def _whole(text: str) -> str:
    """Text that can be written: JSON may hold half an emoji, which UTF-8 has no form for.

    >>> _whole("sad \\ud83d")
    'sad ?'
    """
    return text.encode("utf-8", "replace").decode()
