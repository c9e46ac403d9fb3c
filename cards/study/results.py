"""A study's figures with what they say and the paper's own beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from express_metric import load_lexicon
from express_metric.analysis.resampling import Resampling

from .agreement import agreement
from .gather import gather
from .strata import with_strata
from .told import beside, verdict


def results(
    paths: Sequence[Path], key: Path | None, lexicon: str, how: Resampling
) -> dict[str, Any]:
    """Everything that `express study agreement` shows, ready for JSON.

    Args:
        paths: see `gather.gather`.
        key: of the study.
        lexicon: for the groups of posts whose study did not store them.
        how: draws, seed and level.
    """
    judged = gather(paths, key)
    if not any("family" in item.strata for item in judged.items.values()):
        judged = with_strata(judged, load_lexicon(lexicon))
    found = agreement(judged, how)
    return {**found, "says": verdict(found), "paper": beside(found)}
