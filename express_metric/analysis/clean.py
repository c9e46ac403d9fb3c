"""The figures without masks whose word stands in the text, or is denied in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..lexicon import Lexicon
from ..parsing import Protocol, Reading
from ..scoring import FIGURES, score

Rows = tuple[list[Sequence[str]], list[Reading]]


def kept(
    references: Sequence[Sequence[str]],
    readings: Sequence[Reading],
    clean: Sequence[Sequence[bool]],
) -> Rows:
    """References and readings with the clean masks alone; examples without any are left out.

    >>> kept([["sad", "mad"], ["glad"]], [Reading(("low", "mad")), Reading(None)],
    ...      [[True, False], [False]])
    ([['sad']], [Reading(terms=('low',), reason=None)])
    """
    rows: Rows = ([], [])
    for labels, reading, flags in zip(references, readings, clean, strict=True):
        if not any(flags):
            continue
        terms = reading.terms
        if terms is not None and len(terms) == len(labels):
            reading = Reading(_picked(terms, flags))
        elif terms is not None:
            # As many terms as there were masks is no more than what makes an answer valid.
            reading = Reading(None)
        rows[0].append(list(_picked(labels, flags)))
        rows[1].append(reading)
    return rows


def clean_figures(
    references: Sequence[Sequence[str]],
    readings: Sequence[Reading],
    clean: Sequence[Sequence[bool]],
    lexicon: Lexicon,
    protocol: Protocol,
) -> dict[str, Any]:
    """The five figures on the clean masks alone, and `n_masks`, their number.

    >>> from express_metric import load_lexicon
    >>> nrc, answers = load_lexicon("nrc"), [Reading(("sad", "mad"))]
    >>> clean_figures([["sad", "glad"]], answers, [[True, False]], nrc, "revised")["n_masks"]
    1
    """
    labels, answers = kept(references, readings, clean)
    found = score(labels, answers, lexicon, protocol).to_dict()
    return {**{name: found[name] for name in FIGURES}, "n_masks": sum(map(len, labels))}


def _picked(values: Sequence[str], flags: Sequence[bool]) -> tuple[str, ...]:
    return tuple(value for value, flag in zip(values, flags, strict=True) if flag)
