"""The tasks of lm-evaluation-harness; each YAML file beside this one names a prompt setting.

The class is needed because an answer's budget of tokens depends on its number of masks, and
because shots for which a model has no room are left out. Everything else is `express run`'s.
"""

from __future__ import annotations

import difflib
import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from lm_eval.api.task import ConfigurableTask

from express_dataset import Example

from ..config import RunConfig
from ..errors import RunError
from ..prompts.wording import answer
from ..runs.reading import clean
from .common import METRICS, Fitter, Questions, config, figure, questions, read, sums
from .options import OF_SHOTS, OPTIONS

logger = logging.getLogger(__name__)

# Other names for max_gen_toks, which a user may set for all examples by --gen_kwargs.
_BUDGETS = ("max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens")
_COLUMNS = ("id", "post_id", "text", "labels", "negated", "leaked", "leaked_form")


class ExpressTask(ConfigurableTask):  # type: ignore[misc]
    """One prompt setting of EXPRESS as a task.

    Args:
        config: the YAML file with its `prompt`; its `metadata` holds what `--metadata` and
            `--model_args` say, mixed by lm-evaluation-harness.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        given = dict(config.get("metadata") or {})
        self._asked = questions(_options(config["prompt"], given))
        self._fitter = _fitter(given, self._asked)
        self._shown: dict[str, tuple[Example, ...]] = {}
        super().__init__(config=_config(config["task"], given | {"express": self._asked.about}))

    def download(self, dataset_kwargs: dict[str, Any] | None = None, **_: Any) -> None:
        """Take the examples that are loaded already."""
        from datasets import Dataset

        rows = self._asked.examples.values()
        columns = {name: [_plain(getattr(row, name)) for row in rows] for name in _COLUMNS}
        self.dataset = {"test": Dataset.from_dict(columns)}

    def fewshot_docs(self) -> None:
        """None: shots are part of the prompt and are drawn as `express run` draws them."""

    def doc_to_text(self, doc: Mapping[str, Any], doc_to_text: Any = None) -> str:
        """The prompt, with the shots that fit."""
        example = self._asked.examples[doc["id"]]
        if example.id not in self._shown:
            self._shown[example.id] = self._fitting(example)
        return self._asked.prompt(example, self._shown[example.id])

    def doc_to_target(self, doc: Mapping[str, Any], doc_to_target: Any = None) -> str:
        """The answer asked for, for logs."""
        return answer(doc["labels"])

    def build_all_requests(self, **options: Any) -> None:
        """Make the requests; never of a cache, whose key does not know of the data."""
        if self._fitter and self._fitter.chats and not options.get("apply_chat_template"):
            logger.warning(
                "%s: the model has a chat template, which `express run` applies; add "
                "--apply_chat_template for the same figures.",
                self.config.task,
            )
        super().build_all_requests(**{**options, "cache_requests": False})

    def construct_requests(self, doc: Mapping[str, Any], ctx: str, **options: Any) -> Any:
        """A request with the budget of this example."""
        request = super().construct_requests(doc, ctx, **options)
        _, how = request.arguments
        if not any(name in how for name in _BUDGETS):
            how["max_gen_toks"] = self._budget(doc)
        return request

    def process_results(self, doc: Mapping[str, Any], results: Sequence[str]) -> dict[str, Any]:
        """The counts of one example; every metric sums them before it divides."""
        if "bypass" in self._metric_fn_list:  # --predict_only
            return {"bypass": None}
        text, allowed = results[0], self._budget(doc)
        # Only reasoning without an answer is read differently where it was cut off.
        cut_off = self._fitter is not None and self._fitter.cut_off(text, allowed)
        if self._fitter is not None:
            text = self._fitter.opened(self._asked.examples[doc["id"]]) + text
        readings = read(text, self._asked.template.cue, cut_off, len(doc["labels"]))
        flags = clean(self._asked.examples[doc["id"]])
        counts = sums(doc["labels"], readings, self._asked.lexicon, flags)
        return {name: counts[table] for name, (table, _, _) in METRICS.items()}

    def _budget(self, doc: Mapping[str, Any]) -> int:
        given = self.config.generation_kwargs
        asked = next((given[name] for name in _BUDGETS if name in given), None)
        knows = self._fitter or self._asked
        return int(asked or knows.budget(len(doc["labels"])))

    def _fitting(self, example: Example) -> tuple[Example, ...]:
        shots = self._asked.shots[example.id]
        if self._fitter is None:
            return shots
        fitting = self._fitter.fit(example, shots)
        if fitting is None:
            raise RunError(
                f"example {example.id} and its answer need more than the {self._fitter.context} "
                "tokens that the model reads, and lm-evaluation-harness would cut the prompt's "
                "beginning off: use `express run`, which counts such examples as not answered, or "
                "a model that reads more"
            )
        return fitting


def _options(prompt: str, given: Mapping[str, Any]) -> RunConfig:
    """The options among `given`; the rest are the model's, but for a slip of the pen."""
    if "prompt" in given:
        raise RunError(
            "--metadata prompt: each prompt is a task of its own; leave it out and use --tasks "
            "express_zero_shot, express_few_shot or express_cot"
        )
    for name in given:
        meant = difflib.get_close_matches(name, OPTIONS, n=1, cutoff=0.8)
        if meant and meant[0] != name:
            raise RunError(f"--metadata {name}: there is no such option; did you mean {meant[0]}?")
    # All tasks of a run get the same options; those of shots are for the few-shot task.
    left = {"prompt"} if prompt == "few-shot" else {"prompt", *OF_SHOTS}
    names = [name for name in OPTIONS if name in given and name not in left]
    return config(prompt=prompt, **{name: given[name] for name in names})


def _fitter(given: Mapping[str, Any], asked: Questions) -> Fitter | None:
    model = given.get("tokenizer") or given.get("pretrained")
    if not isinstance(model, str):
        logger.warning(
            "The model's tokenizer is not known here: no shot is left out where a prompt is too "
            "long, and reasoning that was cut off passes for finished."
        )
        return None
    if given.get("revision") and not given.get("tokenizer"):
        model = f"{model}@{given['revision']}"
    fitter = Fitter(model, asked, bool(given.get("trust_remote_code")), given.get("peft"))
    fitter.context = min(fitter.context, int(given.get("max_length") or fitter.context))
    return fitter


def _config(task: str, metadata: dict[str, Any]) -> dict[str, Any]:
    """What lm-evaluation-harness must know of a task that does its work in a class."""
    return {
        "task": task,
        "test_split": "test",
        "output_type": "generate_until",
        "num_fewshot": 0,
        # No stop: it would be cut from the text, and "]" also ends "[MASK]".
        "generation_kwargs": {"until": [], "do_sample": False, "temperature": 0.0},
        "process_results": "ExpressTask.process_results",
        "metric_list": [
            {
                "metric": name,
                "aggregation": partial(figure, protocol=protocol, name=kind),
                "higher_is_better": True,
            }
            for name, (_, protocol, kind) in METRICS.items()
        ],
        "metadata": metadata,
    }


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
