"""The same answers for `express run`, Inspect and lm-evaluation-harness, by a served model.

A `Teller` is a server that gives each example the answer told for it and refuses long prompts, as
servers do; `Told` is the same as a model of lm-evaluation-harness.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lm_eval.api.model import LM

from express_dataset import Example
from express_dataset.sources import load
from express_metric.parsing import PROTOCOLS
from express_metric.scoring import FIGURES
from express_runners.config import RunConfig
from express_runners.runs.finished import FinishedRun
from express_runners.runs.run import run
from support.fault_server import Fault, FaultServer, Seen, completion

NAMES = [f"{protocol}_{figure}" for protocol in PROTOCOLS for figure in FIGURES]
NO_ROOM = b'{"error": {"message": "maximum context length", "code": "context_length_exceeded"}}'
BLOCKED = b'{"error": {"message": "blocked by our policy", "code": "content_policy_violation"}}'
# What ends an answer, as chat completions name it; and a request that is refused for its content.
STOP, LENGTH, FILTERED, REFUSED = "stop", "length", "content_filter", "refused"

Answers = dict[str, tuple[str, str]]
"""By the id of an example what is answered, and what ends it."""


def asked_for(prompt: str) -> Example:
    """The example of the sample that a prompt asks for: its last story."""
    examples = load("sample", split="all").examples
    last = max(examples, key=lambda example: prompt.rfind(example.text.strip()))
    assert last.text.strip() in prompt
    return last


@dataclass
class Teller(FaultServer):
    """A server that answers what is told; prompts of more than `room` characters are refused."""

    told: Answers = field(default_factory=dict)
    room: int = 1_000_000

    def enter(self, seen: Seen) -> Fault | None:
        """Count a request in and give its answer."""
        super().enter(seen)
        if len(seen.prompt) > self.room:
            return Fault("status", 400, NO_ROOM)
        text, finish = self.told.get(asked_for(seen.prompt).id, ('["sad"]', STOP))
        if finish == REFUSED:
            return Fault("status", 400, BLOCKED)
        reply = completion(text, "name")
        reply["choices"][0]["finish_reason"] = finish
        return Fault("status", 200, json.dumps(reply).encode())


class Told(LM):  # type: ignore[misc]
    """The same for lm-evaluation-harness; keeps the prompts it was given, and their budgets."""

    def __init__(self, told: Answers) -> None:
        super().__init__()
        self.told = told
        self.prompts: list[str] = []
        self.budgets: list[int] = []

    def generate_until(self, requests: Sequence[Any], disable_tqdm: bool = False) -> list[str]:
        """Answer all."""
        prompts = [str(request.args[0]) for request in requests]
        self.prompts += prompts
        self.budgets += [request.args[1]["max_gen_toks"] for request in requests]
        return [self.told.get(asked_for(p).id, ('["sad"]', STOP))[0] for p in prompts]

    def loglikelihood(self, requests: Any, disable_tqdm: bool = False) -> Any:
        """Never asked for."""
        raise AssertionError("EXPRESS asks for text")

    loglikelihood_rolling = loglikelihood


def by_express(server: FaultServer, out: Path, limit: int, **options: Any) -> FinishedRun:
    """`express run` with a served model on the sample."""
    given: dict[str, Any] = {"dataset": "sample", "limit": limit, **options}
    result = run(RunConfig("api:name", out, base_url=server.url, retries=0, **given))
    assert result is not None
    return result


def by_inspect(server: FaultServer, folder: Path, limit: int, **options: Any) -> Any:
    """Inspect with the same served model; returns its log."""
    import inspect_ai
    from inspect_ai.model import get_model

    from express_runners.harness.registry import express

    served = get_model("openai-api/local/name", base_url=server.url, api_key="none")
    (log,) = inspect_ai.eval(
        express(source="sample", **options),
        model=served,
        limit=limit,
        log_dir=str(folder),
        display="none",
        max_retries=0,
    )
    assert log.status == "success", log.error
    return log


def by_lm_eval(
    model: Any, prompt: str, limit: int, chat: bool = False, **metadata: Any
) -> dict[str, Any]:
    """lm-evaluation-harness with any model; returns results, samples and metadata of the task."""
    import lm_eval
    from lm_eval.tasks import TaskManager

    from express_runners.cli.harness import TASKS

    given = {"source": "sample", **metadata}
    task = f"express_{prompt.replace('-', '_')}"
    done = lm_eval.simple_evaluate(
        model=model,
        tasks=[task],
        limit=limit,
        bootstrap_iters=0,
        log_samples=True,
        apply_chat_template=chat,
        task_manager=TaskManager(include_path=TASKS, include_defaults=False, metadata=given),
    )
    found = {name: done[name][task] for name in ("results", "samples")}
    return {**found, "metadata": done["configs"][task]["metadata"]}
