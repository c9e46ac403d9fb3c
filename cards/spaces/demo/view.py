"""The answer as HTML; the template escapes everything from visitors and models."""

from __future__ import annotations

import html
from typing import Any

from express_metric.lexicon import normal
from express_metric.parsing import PROTOCOLS
from express_metric.scoring import FIGURES

from ...drawings.emotions import wheel
from ...drawings.svg import Drawn, tag
from ...pages import fragment
from ...words import FIGURE_NAMES, LADDER, percent
from ...words import FIGURES as MEANINGS
from .answering import Answered
from .explain import Judged, difference, explain, summary, unread
from .marks import Marked


def result(marked: Marked, answered: Answered, judged: Judged) -> Drawn:
    """Everything below the button."""
    masks = range(len(marked.spans))
    ends = [0, *(end for _, end in marked.spans)]
    return fragment(
        "demo_answer.html",
        answered=answered,
        summary=summary(judged),
        unread=unread(judged),
        pairs=[
            {
                "before": marked.text[ends[mask] : begin],
                "typed": marked.text[begin:end],
                "kind": judged.kind(mask),
                "answer": judged.answer(mask),
            }
            for mask, (begin, end) in enumerate(marked.spans)
        ],
        rest=marked.text[ends[-1] :],
        ladder=LADDER,
        percent=percent,
        masks=[{"said": explain(judged, mask), **_bars(answered, judged, mask)} for mask in masks],
        wheel=wheel("wheel", answered.model, judged.masks),
        difference=difference(judged),
        scores=_scores(judged),
    )


def sentence(text: str, kind: str = "") -> Drawn:
    """The line that tells what goes on; `kind` is busy, wrong or nothing.

    >>> sentence("<b>")
    '<p role="status" class="express express-status">&lt;b&gt;</p>'
    """
    return tag("p", text, role="status", cls=f"express express-status {kind}".strip())


def _bars(answered: Answered, judged: Judged, mask: int) -> dict[str, Any]:
    """The five likeliest words, and the person's own with its place; nothing of a free answer."""
    if answered.ranks is None:
        return {"rows": ()}
    rank = answered.ranks[mask]
    own = normal(judged.example.labels[mask])
    words = list(enumerate(rank["top"], 1))
    if own not in rank["top"] and rank["reference"] is not None:
        words.append((rank["reference"], own))
    caption = (
        f"The likeliest of {len(answered.terms)} words; your word has place "
        f"{rank['reference'] or 'none: this model ranks words of one token only'}. Shares are "
        f"within these words, which have {rank['share']:.2%} of the model's own probability."
    )
    shares = [answered.probability(mask, word) or 0.0 for _, word in words]
    rows = [(*pair, pair[1] == own, share) for pair, share in zip(words, shares, strict=True)]
    return {"rows": rows, "caption": caption}


def _scores(judged: Judged) -> list[tuple[str, ...]]:
    figures = [judged.scores[name].figures for name in PROTOCOLS]
    return [
        (
            Drawn(html.escape(FIGURE_NAMES[name]) + tag("small", MEANINGS[name])),
            *(percent(one[name]) for one in figures),
        )
        for name in FIGURES
    ]
