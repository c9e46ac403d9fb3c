"""What posts are grouped by: number of masks, emotion of the person's word, kind of error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from express_metric.lexicon import Lexicon
from express_metric.plutchik import DIMENSIONS, EMOTIONS

from .judged import Judged

POSITIVE, NEGATIVE = DIMENSIONS.index("positive"), DIMENSIONS.index("negative")


def strata_of(person: Sequence[str], model: Sequence[str], lexicon: Lexicon) -> dict[str, str]:
    """The groups of one post.

    `family` is the first of Plutchik's eight emotions that the person's first word carries;
    `error` tells whether the model's words differ in sign from the person's at any mask.

    >>> from express_metric import load_lexicon
    >>> strata_of(["scared"], ["happy"], load_lexicon("nrc"))["masks"]
    '1'
    """
    first = lexicon.vector(person[0])
    family = next((name for name, bit in zip(EMOTIONS, first, strict=False) if bit), "none")
    signs = [(_sign(a, lexicon), _sign(b, lexicon)) for a, b in zip(person, model, strict=True)]
    if any(a * b < 0 for a, b in signs):
        error = "opposite sign"
    elif all(a == b != 0 for a, b in signs):
        error = "same sign"
    else:
        error = "no clear sign"
    return {"masks": str(len(person)), "family": family, "error": error}


def with_strata(judged: Judged, lexicon: Lexicon) -> Judged:
    """The same answers with every post's groups by a lexicon."""
    items = {
        key: replace(item, strata=strata_of(item.person, item.model, lexicon))
        for key, item in judged.items.items()
        if len(item.person) == len(item.model)
    }
    return replace(judged, items={**judged.items, **items})


def _sign(word: str, lexicon: Lexicon) -> int:
    vector = lexicon.vector(word).astype(int)
    return int(vector[POSITIVE] - vector[NEGATIVE])
