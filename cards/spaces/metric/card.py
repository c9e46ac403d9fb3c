"""The metric's card and its page, rendered from the metric's own code."""

from __future__ import annotations

import json
from functools import lru_cache

from express_dataset.sources import PAPER_CITATION
from express_metric import PROTOCOLS, Signature, load_lexicon
from express_metric.signature import VERSION

from ...markdown import fill
from ...pages import render
from ...words import FIGURES, REASONS
from .examples import EXAMPLES, TO_TRY, Worked, tried, work

REPO = "ORG/express_alignment"
"""The name in a card that is not of a certain Space."""

FORMULAS = {
    "valid_rate": "valid rows / rows",
    "lexical_accuracy": "masks with the identical word / M",
    "vector_accuracy": "masks with the identical vector / M",
    "vector_f1": "sum of 2 |a and b| / (|a| + |b|) over the masks / N",
    "dimension_accuracy": "sum of (equal dimensions / 10) over the masks / N",
}
"""M: all masks. N: the masks of valid rows under `paper`, all masks under `revised`."""


def metric_card(repo: str = REPO) -> str:
    """The README.md of the metric's Space."""
    return fill("metric_card.md", "spaces", **_facts(repo))


def metric_page(repo: str = REPO) -> str:
    """The index.html of the metric's Space: the worked examples, with no network."""
    return render(
        "metric_page.html", "report.css", ["page.js", "metric.js"], **_facts(repo), **_to_try()
    )


def _facts(repo: str) -> dict[str, object]:
    lexicon = load_lexicon("nrc")
    examples, together = _worked()
    lines = {
        name: str(Signature("unnamed", "unknown", len(EXAMPLES), name, lexicon.label))
        for name in PROTOCOLS
    }
    return {
        "repo": repo,
        "figures": [(name, said, FORMULAS[name]) for name, said in FIGURES.items()],
        "reasons": [(str(reason), said) for reason, said in REASONS.items()],
        "examples": examples,
        "together": together,
        "signatures": lines,
        "lexicon": lexicon.label,
        "citation": PAPER_CITATION,
        "version": VERSION,
    }


@lru_cache(maxsize=1)
def _to_try() -> dict[str, object]:
    return {"words": TO_TRY, "tried": json.dumps(tried(load_lexicon("nrc")))}


@lru_cache(maxsize=1)
def _worked() -> tuple[tuple[Worked, ...], Worked]:
    lexicon = load_lexicon("nrc")
    return tuple(work([one], lexicon) for one in EXAMPLES), work(EXAMPLES, lexicon)
