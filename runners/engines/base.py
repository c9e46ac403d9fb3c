"""The protocol of an engine, and what all engines share."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from express_dataset import Example
from express_metric.brackets import answer_end

from ..models import ResolvedModel
from ..prompts.wording import Template, cue_end
from ..server import Server
from ..vocabulary import PICKS, Vocabulary
from .damaged import check_objects, in_a_sentence, unheard

# Tokens an answer may take: some words of preamble, then each term with quotes and comma.
BUDGET_BASE = 32
BUDGET_PER_MASK = 16
# A few sentences of reasoning in front of the answer.
BUDGET_REASONING = 512
AFTER_PADDING = {
    *("roberta", "longformer", "xlm-roberta", "xlm-roberta-xl", "camembert", "mpnet"),
    *("roberta-prelayernorm", "data2vec-text", "ibert", "xmod", "luke", "esm"),
}
# What a model trained to reason writes between its own marks before it answers.
BUDGET_THINKING = 4096


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How to load and prompt a model. `dtype` is "float32" or "bfloat16".

    `server` is for the API engine, `labels` (of the train split, each as often as it occurs) for
    the dummy. With a `vocabulary` the engine ranks its terms instead of writing freely, with
    `others`, one of `OTHER_MASKS`, at the other masks. `quantize` is "8bit" or "4bit"; `spread`
    puts one model on several devices, by "layers" or by "tensor". `max_new_tokens` is the budget of
    every answer, `reasoning_tokens` what a reasoning model gets beside the usual one; a `whole`
    answer goes on after its list. Without `chat` no chat template is applied.
    """

    template: Template
    device: str = "cpu"
    dtype: str = "float32"
    trust_remote_code: bool = False
    server: Server | None = None
    labels: tuple[str, ...] = ()
    vocabulary: Vocabulary | None = None
    others: str = PICKS
    quantize: str | None = None
    spread: str | None = None
    max_new_tokens: int | None = None
    reasoning_tokens: int = 0
    whole: bool = False
    chat: bool = True

    def budget(self, n_masks: int) -> int:
        """New tokens that an answer may take."""
        usual = self.max_new_tokens or budget(n_masks, self.template.reasoning)
        return usual + self.reasoning_tokens


@dataclass(frozen=True, slots=True)
class Prompt:
    """One example made ready for a model: rendered text, token ids, tokens the answer may take.

    `cue` ends the reasoning, empty without; `shots` are the ids of the solved examples shown, and
    `shots_dropped` tells how many did not fit. A `whole` answer goes on after its list; of several
    lists the `last` is read, where reasoning ends without a cue. `opened` is what the prompt began
    of the answer: the mark of a reasoning model.
    """

    example: Example
    text: str
    ids: tuple[int, ...]
    budget: int
    cue: str = ""
    shots: tuple[str, ...] = ()
    shots_dropped: int = 0
    whole: bool = False
    last: bool = False
    opened: str = ""

    @property
    def hash(self) -> str:
        """SHA-256 of the rendered text, 16 hex digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model wrote, or `reason` why it was not asked.

    `finish` is "list" (the list was closed), "eos", "length" (budget used up) or "filled".
    `prompt_tokens` and `seconds` are for engines that learn them only with the answer. `scores`
    are those of a ranking ("ranked"): for each mask the log-probability of every term among them
    all, and `shares` what they have together of the model's own probability. `prompt` is what was
    answered, where that is not what was asked: a server had no room for some shots; `served` is the
    model's name as the server gives it, with its version.
    """

    completion: str | None
    finish: str | None
    new_tokens: int
    reason: str | None = None
    prompt_tokens: int | None = None
    seconds: float | None = None
    scores: tuple[tuple[float, ...], ...] | None = None
    shares: tuple[float, ...] | None = None
    prompt: Prompt | None = None
    served: str | None = None


class Engine(Protocol):
    """A loaded model that answers prompts."""

    context: int

    def prepare(self, example: Example, shots: Sequence[Example] = ()) -> Prompt:
        """Render and tokenise the prompt of one example, with as many `shots` as fit."""
        ...

    def answer(self, prompts: Sequence[Prompt]) -> list[Answer]:
        """Answer one batch, in its order."""
        ...


@runtime_checkable
class FlowingEngine(Engine, Protocol):
    """An engine that makes its own batches, or none: it takes all of a process's prompts."""

    def flow(
        self, prompts: Sequence[Prompt], most: int | None = None
    ) -> Iterator[tuple[int, Answer]]:
        """Yield position and answer in any order; `most` rows at most side by side."""
        ...


@runtime_checkable
class RankingEngine(Engine, Protocol):
    """An engine whose vocabulary can be changed while its model stays loaded.

    `vocabulary` is what it ranks: a masked model leaves terms of several tokens out.
    """

    vocabulary: Vocabulary

    def rank(self, vocabulary: Vocabulary) -> None:
        """Rank these terms from now on."""
        ...


def closed_list(text: str, cue: str = "", masks: int | None = None) -> str | None:
    """The text up to the end of its first list of `masks` emotion terms; None while there is none.

    Lists inside a model's own marks of reasoning do not count, nor those before the `cue`.

    >>> closed_list('To [user]: ["sad", "tired"] because', masks=2)
    'To [user]: ["sad", "tired"]'
    >>> closed_list('<think>["sad"]</think>') is None and closed_list('["sad"]', "So:") is None
    True
    """
    start = cue_end(text, cue)
    end = None if start is None else answer_end(text, masks, start=start)
    return None if end is None else text[:end]


def budget(n_masks: int, reasoning: bool = False) -> int:
    """New tokens allowed for an answer with `n_masks` terms.

    >>> budget(1)
    48
    >>> budget(1, reasoning=True) - budget(1)
    512
    """
    return BUDGET_BASE + BUDGET_PER_MASK * n_masks + BUDGET_REASONING * reasoning


def load_tokenizer(model: ResolvedModel, options: EngineOptions, side: str) -> Any:
    """Load the tokenizer; `side` is where padding goes, "left" or "right"."""
    from transformers import AutoTokenizer

    with in_a_sentence(model, "tokenizer"), unheard():
        check_objects(model)
        tokenizer = AutoTokenizer.from_pretrained(
            model.path, padding_side=side, trust_remote_code=options.trust_remote_code
        )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def context_length(config: Any, tokenizer: Any) -> int:
    """Tokens a model can read: the smaller of what its config and its tokenizer tell."""
    limits = [tokenizer.model_max_length]
    positions = getattr(config, "max_position_embeddings", None)
    if positions:
        # Their positions begin after the padding's index, and the first ones are never used.
        offset = config.pad_token_id + 1 if config.model_type in AFTER_PADDING else 0
        limits.append(positions - offset)
    return int(min(limits))
