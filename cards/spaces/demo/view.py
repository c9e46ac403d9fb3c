"""The answer as HTML; everything from visitors and models is escaped by `tag`."""

from __future__ import annotations

import html
from collections.abc import Sequence

from express_metric.lexicon import normal
from express_metric.parsing import PROTOCOLS
from express_metric.scoring import FIGURES

from ...drawings.emotions import wheel
from ...drawings.svg import Drawn, tag
from ...words import FIGURE_NAMES, LADDER, percent
from ...words import FIGURES as MEANINGS
from .answering import Answered
from .explain import Judged, difference, explain, summary, unread
from .marks import Marked


def result(marked: Marked, answered: Answered, judged: Judged) -> Drawn:
    """Everything below the button."""
    parts = [
        tag("h2", f"What {answered.model} would have said", id="express-result", tabindex="-1"),
        tag("p", f"{summary(judged)} Answered in {answered.seconds:.1f}\u00a0s."),
        *(tag("p", sentence, cls="note") for sentence in unread(judged)),
        _in_place(marked, judged),
        tag("h3", "Word by word"),
        *(_mask(answered, judged, mask) for mask in range(len(marked.spans))),
    ]
    if answered.ranks is None:
        parts += [
            tag("h3", "The answer as it was written"),
            tag("pre", answered.completion or "(nothing)", dir="auto"),
        ]
    return tag("section", *parts, *_wheel(answered, judged), *_scores(judged), cls="express")


def sentence(text: str, kind: str = "") -> Drawn:
    """The line that tells what goes on; `kind` is busy, wrong or nothing.

    >>> sentence("<b>")
    '<p role="status" class="express express-status">&lt;b&gt;</p>'
    """
    return tag("p", text, role="status", cls=f"express express-status {kind}".strip())


def _in_place(marked: Marked, judged: Judged) -> Drawn:
    parts: list[str] = []
    at = 0
    for mask, (begin, end) in enumerate(marked.spans):
        kind, answer = judged.kind(mask), judged.answer(mask)
        parts += [
            marked.text[at:begin],
            tag(
                "span",
                tag("span", "you: ", cls="said"),
                marked.text[begin:end],
                f" {LADDER[kind].sign} ",
                tag("span", "model: ", cls="said"),
                tag("b", answer or "no answer"),
                cls=f"pair rung-{kind}",
            ),
        ]
        at = end
    return tag("p", *parts, marked.text[at:], cls="express-post", dir="auto")


def _mask(answered: Answered, judged: Judged, mask: int) -> Drawn:
    first, *rest = explain(judged, mask)
    parts = [tag("p", f"{mask + 1}. {first}", cls="first"), *(tag("p", one) for one in rest)]
    if answered.ranks is not None:
        parts.append(_bars(answered, judged, mask))
    return tag("article", *parts)


def _bars(answered: Answered, judged: Judged, mask: int) -> Drawn:
    """The five likeliest words, and the person's own with its place."""
    assert answered.ranks is not None
    rank = answered.ranks[mask]
    own = normal(judged.example.labels[mask])
    words = list(enumerate(rank["top"], 1))
    if own not in rank["top"] and rank["reference"] is not None:
        words.append((rank["reference"], own))
    rows = []
    for place, word in words:
        share = answered.probability(mask, word) or 0.0
        bar = tag("span", cls="bar", style=f"width: {max(share * 100, 0.4):.1f}%")
        name = [tag("b", word), " (your word)"] if word == own else [word]
        rows.append(
            tag(
                "tr",
                tag("td", f"{place}.", cls="number"),
                tag("th", *name, scope="row"),
                tag("td", bar, cls="wide", aria_hidden="true"),
                tag("td", percent(share), cls="number"),
                cls="own" if word == own else None,
            )
        )
    caption = (
        f"The likeliest of {len(answered.terms)} words; your word has place "
        f"{rank['reference'] or 'none: this model ranks words of one token only'}. Shares are "
        f"within these words, which have {rank['share']:.2%} of the model's own probability."
    )
    return tag("table", tag("caption", caption), tag("tbody", *rows), cls="bars")


def _wheel(answered: Answered, judged: Judged) -> list[Drawn]:
    figure = wheel("wheel", answered.model, judged.masks)
    return [
        tag("h3", "The wheel of emotions"),
        tag(
            "p",
            "Plutchik's eight emotions, by the lexicon. Of each pair of slices the first, "
            "clockwise, is of your words, the second of the model's: the longer, the more of the "
            "words carry the emotion. A word that the lexicon lacks draws nothing.",
        ),
        tag("figure", figure.svg),
        tag("details", tag("summary", "The same as a table"), _table(figure.header, figure.rows)),
    ]


def _scores(judged: Judged) -> list[Drawn]:
    figures = [judged.scores[name].figures for name in PROTOCOLS]
    rows = [
        (
            Drawn(html.escape(FIGURE_NAMES[name]) + tag("small", MEANINGS[name])),
            *(percent(one[name]) for one in figures),
        )
        for name in FIGURES
    ]
    return [
        tag("h3", "The score, counted in two ways"),
        tag("p", difference(judged)),
        _table(("figure", "paper", "revised"), rows),
        tag(
            "p",
            "\u201cpaper\u201d counts as the authors of EXPRESS did, \u201crevised\u201d is "
            "stricter with words that the lexicon does not know and milder with the form of the "
            "answer. One post says little about a model: the benchmark asks thousands.",
            cls="quiet",
        ),
    ]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Drawn:
    head = tag("tr", *(tag("th", name, scope="col") for name in header))
    body = [
        tag("tr", tag("th", first, scope="row"), *(tag("td", cell) for cell in rest))
        for first, *rest in rows
    ]
    return tag(
        "div", tag("table", tag("thead", head), tag("tbody", *body)), cls="scroll", tabindex="0"
    )
