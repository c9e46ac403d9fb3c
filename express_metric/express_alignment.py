"""The `evaluate` module: `evaluate.load("express_alignment")`, thin over its siblings.

`evaluate` copies this file and the siblings that its top-level lines import, and only these: so
every sibling that any of them needs is imported here, one to a line and with nothing behind it.
"""
# ruff: noqa: F401 (what only the siblings use)

from typing import Any

import datasets
import evaluate

from .brackets import answer_end
from .errors import MetricError, without_halves
from .forms import find_terms
from .headwords import HEADWORDS
from .headwords_i_z import TABLE
from .lexicon import EXPRESS_URL, caution, load_lexicon
from .parsing import PROTOCOLS, Reading, check_protocol, list_of_words, read, read_terms
from .plutchik import DIMENSIONS
from .prose import spread_terms
from .reasoning import answer_span
from .scoring import score
from .signature import VERSION, Signature
from .terms import Reason

_DESCRIPTION = """
EXPRESS alignment: how well a language model names the emotion words that a person used.
Words are compared as they stand and as ten-dimensional vectors of Plutchik's eight emotions and
two sentiments, by two protocols: `revised` and `paper`, which scores as the paper's authors do.
"""

_INPUTS = """
Args:
    predictions: for each example the list of predicted words, or one text: the model's completion,
        which each protocol reads in its own way.
    references: for each example the list of the author's words, one per mask, or one word;
        a list may be written as text.
    lexicon: `nrc` (default), `express` (the paper's table, downloaded once) or the path of a CSV
        file with the column `word` and the ten dimensions.
    protocol: `revised` (default) or `paper`: whose figures are returned.
    detail: whether to return everything, of both protocols.
    data, split, prompt, decode: what the signature says of the data and the run.

Returns:
    valid_rate, lexical_accuracy, vector_accuracy, vector_f1, dimension_accuracy: numbers in 0..1 of
        the chosen protocol, None where there is nothing to divide by.
    protocol, n_examples, n_masks, signature, note (what to know of these figures; mostly empty).
    With `detail` also invalid (reason to number of rows), coverage; and under paper and revised all
        of these of each protocol, with a table by dimension.

Examples:
    >>> metric = evaluate.load("express_alignment")
    >>> result = metric.compute(predictions=[["sad"]], references=[["sad"]])
    >>> result["lexical_accuracy"], result["vector_accuracy"]
    (1.0, 1.0)
    >>> raw = {"predictions": ["1. Sad\\n2. Angry"], "references": [["sad", "furious"]]}
    >>> metric.compute(**raw)["valid_rate"]
    1.0
    >>> metric.compute(**raw, detail=True)["paper"]["invalid"]
    {'wrong-count': 1}
"""

_CITATION = """
@inproceedings{shu2026express,
    title = {Fluent but Unfeeling: The Emotional Blind Spots of Language Models},
    author = {Shu, Bangzhao and others},
    booktitle = {Proceedings of the International AAAI Conference on Web and Social Media},
    year = {2026},
    note = {arXiv:2509.09593}
}
"""


def _features() -> list[datasets.Features]:
    text, words = datasets.Value("string"), datasets.List(datasets.Value("string"))
    kinds = ((words, words), (text, words), (text, text))
    return [datasets.Features({"predictions": p, "references": r}) for p, r in kinds]


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _INPUTS)
class ExpressAlignment(evaluate.Metric):  # type: ignore[misc]
    """The scores of EXPRESS as a metric of `evaluate`."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_INPUTS,
            features=_features(),
            homepage="https://arxiv.org/abs/2509.09593",
            reference_urls=["https://arxiv.org/abs/2509.09593"],
        )

    def add_batch(self, *, predictions: Any = None, references: Any = None, **more: Any) -> None:
        """Take examples; half an emoji, which no file can hold, becomes U+FFFD."""
        fresh = getattr(self, "writer", None) is None
        try:
            super().add_batch(
                predictions=_whole(predictions), references=_whole(references), **more
            )
        except ValueError:
            if fresh:
                # Else the next call would be held to the form of the one that failed.
                self.writer = self.selected_feature_format = None
            raise

    # The keywords of `compute`, which a user of `evaluate` gives one by one.
    def _compute(  # noqa: PLR0913
        self,
        predictions: list[Any],
        references: list[Any],
        lexicon: str = "nrc",
        protocol: str = "revised",
        detail: bool = False,
        data: str = "unnamed",
        split: str = "unknown",
        prompt: str = "unknown",
        decode: str = "unknown",
    ) -> dict[str, Any]:
        chosen = check_protocol(protocol)
        table = load_lexicon(lexicon)
        if None in references:
            place = references.index(None) + 1
            raise MetricError(
                f"example {place} has no references: give the author's words as a list"
            )
        labels = [_words(row) for row in references]
        # A text is a completion; a list is words already, be it a list in a list.
        predictions = [row if isinstance(row, str | None) else _words(row) for row in predictions]
        report: dict[str, dict[str, Any]] = {}
        for name in PROTOCOLS:
            readings = [
                read(row, name, len(own)) if isinstance(row, str | None) else read_terms(row, name)
                for row, own in zip(predictions, labels, strict=True)
            ]
            scores = score(labels, readings, table, name)
            line = Signature(
                data, split, scores.n_examples, name, table.label, prompt, decode, VERSION
            )
            report[name] = {
                **scores.to_dict(),
                "signature": str(line),
                "note": caution(table.label, name),
            }
        top = {key: value for key, value in report[chosen].items() if key != "dimensions"}
        if detail:
            return {**top, **report}
        return {key: value for key, value in top.items() if not isinstance(value, dict)}


def _whole(value: Any) -> Any:
    """The same with every text as UTF-8 can hold it."""
    if isinstance(value, str):
        return without_halves(value)
    return [_whole(one) for one in value] if isinstance(value, list | tuple) else value


def _words(row: str | list[str]) -> list[str]:
    """A list; the list that a text is, alone or as the only item; or a list of the one word."""
    words = [row] if isinstance(row, str) else row
    # Texts alone: a gap among the words is told where they are scored.
    alone = words[0] if len(words) == 1 and isinstance(words[0], str) else ""
    return list_of_words(alone) or words
