"""The EXPRESS metric: what counts as right.

A completion becomes terms (`read`), terms become scores (`score`), and a score carries a
`Signature`. Nothing here knows of datasets or models. Start reading with `scoring.py`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import ExpressError, MetricError
from .signature import VERSION

if TYPE_CHECKING:
    from .brackets import answer_end
    from .lexicon import Lexicon, load_lexicon
    from .parsing import PROTOCOLS, Protocol, Reading, read, read_terms
    from .plutchik import DIMENSIONS
    from .records import Results, read_results, score_results
    from .scoring import FIGURES, Scores, merge, score, total
    from .signature import Signature
    from .terms import Reason

__version__ = VERSION

__all__ = [
    "DIMENSIONS",
    "FIGURES",
    "PROTOCOLS",
    "ExpressError",
    "Lexicon",
    "MetricError",
    "Protocol",
    "Reading",
    "Reason",
    "Results",
    "Scores",
    "Signature",
    "answer_end",
    "load_lexicon",
    "merge",
    "read",
    "read_results",
    "read_terms",
    "score",
    "score_results",
    "total",
]


_HOMES = ("terms", "brackets", "plutchik", "lexicon", "parsing", "scoring", "signature", "records")

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        # Found when it is asked for: every package needs `errors`, and few need numpy.
        for module in (import_module(f".{home}", __name__) for home in _HOMES):
            if name in __all__ and name in vars(module):
                return vars(module)[name]
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
