"""What every harness shares: the questions of `express run`, and its scoring of the answers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from express_dataset import Example
from express_dataset.sources import filled, load_all
from express_metric.analysis.clean import kept
from express_metric.lexicon import Lexicon
from express_metric.parsing import PROTOCOLS, Protocol, Reading
from express_metric.scoring import FIGURES, Scores, count, merge, total
from express_metric.terms import Reason

from ..config import RunConfig
from ..engines.base import BUDGET_THINKING, EngineOptions, closed_list
from ..engines.prompter import Prompter
from ..errors import RunError
from ..models import resolve
from ..prompts.setting import setting_of
from ..prompts.shots import choose
from ..prompts.wording import Template
from ..runs.reading import read_completion
from ..runs.scores import pick_lexicon
from ..runs.seen import UNKNOWN, tell
from ..runs.setup import pool_of
from .options import OPTIONS

SUMS = ("examples", "masks", "valid", "valid_masks", "lexical", "vector", "f1", "dimension")
"""The counts of an example that the figures are made of; see `express_metric.scoring.total`."""

METRICS: dict[str, tuple[str, Protocol, str]] = {
    f"{table}_{figure}": (table, protocol, figure)
    for protocol in PROTOCOLS
    for table in (protocol, f"{protocol}_clean")
    for figure in FIGURES
}
"""Name of a metric in a harness -> its counts, protocol and figure; *clean* ones leave out masks
whose word stands in the text or is denied there."""

# A text cut off at its last token may come back from the tokenizer as some tokens fewer.
NEARLY = 0.98


@dataclass(frozen=True, slots=True, eq=False)
class Questions:
    """The examples to ask, and all that their prompts and scores depend on."""

    examples: dict[str, Example]  # by id, in the order of the data
    shots: dict[str, tuple[Example, ...]]  # the solved examples shown with each, by the same ids
    template: Template  # the wording
    lexicon: Lexicon  # where vectors come from
    about: dict[str, str]  # data, split, lexicon and prompt as a signature names them
    max_new_tokens: int | None = None

    def prompt(self, example: Example, shots: Sequence[Example]) -> str:
        """The rendered prompt, without a chat template."""
        return self.template.render(example.text, len(example.labels), shots)

    def budget(self, n_masks: int) -> int:
        """Tokens that an answer may take."""
        return EngineOptions(self.template, max_new_tokens=self.max_new_tokens).budget(n_masks)


def config(**options: Any) -> RunConfig:
    """A harness's options (`OPTIONS`) as those of `express run`, checked like them.

    >>> config(prompt="few-shot", source="sample", shots=3).shots
    3
    >>> config(prompt="cot", shots=3)
    Traceback (most recent call last):
    ...
    express_runners.errors.RunError: --shots belongs to --prompt few-shot, but this is --prompt \
cot: leave it out or ask for few-shot
    """
    names = {"source": "dataset", "shot_seed": "seed"}
    given = {names.get(k, k): _typed(k, v) for k, v in options.items() if v is not None}
    # The harness chooses the model and keeps the answers.
    return RunConfig(model="harness", out=Path("harness"), **given)


def _typed(name: str, value: Any) -> Any:
    """A value as it is, if it is of its option's type: harnesses read options as YAML or Python."""
    kind = OPTIONS[name]
    wanted = "a whole number" if kind is int else "a text"
    # To Python, True is a whole number.
    if not isinstance(value, kind) or isinstance(value, bool):
        raise RunError(f"{name}={value}: expected {wanted}, got {value!r}")
    return value


@cache
def questions(asked: RunConfig) -> Questions:
    """Load the examples, draw the shots and find the lexicon, as `express run` does.

    >>> asked = questions(config(prompt="few-shot", source="sample", shots=2))
    >>> {len(shots) for shots in asked.shots.values()}
    {2}
    >>> asked.about["prompt"].startswith("few-shot-2-random@")
    True
    """
    data = load_all(asked.dataset)
    loaded = filled(data[asked.split], asked.dataset)
    lexicon = _lexicon(asked.lexicon, loaded.lexicon, asked.dataset)
    setting = setting_of(asked, "causal")
    chosen = choose(setting, pool_of(asked, setting, data), loaded.examples)
    return Questions(
        {example.id: example for example in loaded.examples},
        {one.id: shots for one, shots in zip(loaded.examples, chosen, strict=True)},
        setting.template,
        lexicon,
        {
            "data": loaded.data,
            "split": asked.split,
            "lexicon": lexicon.label,
            "prompt": f"{setting.name}@{setting.template.hash}",
        },
        asked.max_new_tokens,
    )


@cache
def lexicon_of(source: str, asked: str | None) -> Lexicon:
    """The lexicon that `questions` takes for a source.

    >>> lexicon_of("sample", None).name
    'nrc'
    >>> lexicon_of("sample", "nrc") is lexicon_of("sample", "nrc")
    True
    """
    default = "nrc" if asked else load_all(source)["all"].lexicon
    return _lexicon(asked, default, source)


def _lexicon(asked: str | None, default: str, source: str) -> Lexicon:
    return pick_lexicon(asked, default, near=Path(source))


class Fitter:
    """Knows how many tokens a model reads, and leaves out shots for which there is no room."""

    def __init__(
        self,
        model: str,
        asked: Questions,
        trust_remote_code: bool = False,
        adapter: str | None = None,
    ) -> None:
        found = resolve(model, weights=False, adapter=adapter)
        # A harness has no mark for figures of a model that knows the answers.
        manifest, rows = found.manifest, list(asked.examples.values())
        if manifest is not None and (seen := len(manifest.seen(rows))):
            raise RunError(
                f"{found.label} was trained on {seen} of the {len(rows)} examples asked: ask "
                "another split, or `express run --seen allow`, which marks its figures."
            )
        tell(found, asked.about["prompt"], UNKNOWN if adapter and manifest is None else "")
        self._options = EngineOptions(
            template=asked.template,
            trust_remote_code=trust_remote_code,
            max_new_tokens=asked.max_new_tokens,
            reasoning_tokens=BUDGET_THINKING if found.thinks and not asked.max_new_tokens else 0,
        )
        self._prompter = Prompter(found, self._options)
        self.context = self._prompter.context

    def budget(self, n_masks: int) -> int:
        """Tokens that an answer may take; more for a model that reasons first."""
        return self._options.budget(n_masks)

    def opened(self, example: Example) -> str:
        """The mark of reasoning that the chat template has opened, which no answer repeats."""
        return self._prompter.prepare(example).opened

    @property
    def chats(self) -> bool:
        """Whether the model has a chat template, which `express run` then applies."""
        return self._prompter.tokenizer.chat_template is not None

    def ids(self, example: Example, shots: Sequence[Example]) -> tuple[int, ...]:
        """The tokens that `express run` gives to the model."""
        return self._prompter.prepare(example, shots).ids

    def fit(self, example: Example, shots: Sequence[Example]) -> tuple[Example, ...] | None:
        """The shots that fit, the last ones; None where the story alone does not fit."""
        prompt = self._prompter.prepare(example, shots)
        if len(prompt.ids) + prompt.budget > self.context:
            return None
        return tuple(shots[prompt.shots_dropped :])

    def cut_off(self, text: str, allowed: int) -> bool:
        """Whether a text of at most `allowed` tokens used them all up."""
        ids = self._prompter.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        return len(ids) >= NEARLY * allowed


def completed(text: str, cue: str, cut_off: bool, masks: int | None = None) -> tuple[str, str]:
    """A completion as our engines end it, and why it ended; its list has `masks` places.

    Harnesses stop at strings, and no string tells a closed list from "[MASK]". So they are asked
    for the whole budget, and what comes after the list is dropped here.

    >>> completed(' ["sad"] because', "", cut_off=False)
    ('["sad"]', 'list')
    >>> completed("sad ", "", cut_off=True)
    ('sad', 'length')
    """
    closed = closed_list(text, cue, masks)
    if closed is not None:
        return closed.strip(), "list"
    return text.strip(), "length" if cut_off else "eos"


def unanswered(reason: Reason) -> dict[str, Reading]:
    """What is counted, for each protocol, where a model gave no answer."""
    return dict.fromkeys(PROTOCOLS, Reading(None, reason))


def read(text: str, cue: str, cut_off: bool, masks: int | None = None) -> dict[str, Reading]:
    """The terms of what a model wrote, or why there are none; the arguments are `completed`'s.

    >>> read('Well: ["Sad"] or', "", cut_off=False)["revised"].terms
    ('sad',)
    >>> read("", "", cut_off=False)["paper"].reason
    <Reason.EMPTY: 'empty'>
    """
    completion, finish = completed(text, cue, cut_off, masks)
    return read_completion(completion, finish, cue, masks)


def sums(
    labels: Sequence[str],
    readings: Mapping[str, Reading],
    lexicon: Lexicon,
    flags: Sequence[bool],
) -> dict[str, dict[str, Any]]:
    """Count one example under each protocol, in whole numbers; `flags` tell of each mask if clean.

    Returns:
        For each protocol, and for its clean masks, the counts named in `SUMS`, and `invalid` by
        reason.
    """
    result: dict[str, dict[str, Any]] = {}
    for protocol in PROTOCOLS:
        every = [labels], [readings[protocol]]
        for table, rows in {protocol: every, f"{protocol}_clean": kept(*every, [flags])}.items():
            found = total(count(*rows, lexicon, protocol))
            invalid = Scores(protocol, found).invalid
            result[table] = {**{name: found[name] for name in SUMS}, "invalid": invalid}
    return result


def figure(items: Iterable[Mapping[str, Any]], protocol: Protocol, name: str) -> float:
    """One figure of many examples: sums first, then the figure."""
    counts = [{name: item[name] for name in SUMS} for item in items]
    value = Scores(protocol, merge(counts)).figures[name] if counts else None
    return math.nan if value is None else value
