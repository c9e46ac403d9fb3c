"""The EXPRESS metric: what counts as right.

A completion becomes terms (`read`), terms become scores (`score`), and a score carries a
`Signature`. Nothing here knows of datasets or models.
"""

from .errors import MetricError
from .forms import answer_end
from .lexicon import Lexicon, load_lexicon
from .parsing import PROTOCOLS, Protocol, Reading, read, read_terms
from .plutchik import DIMENSIONS
from .records import Results, read_results, score_results
from .scoring import FIGURES, Scores, merge, score, total
from .signature import Signature
from .terms import Reason
from .version import VERSION

__version__ = VERSION

__all__ = [
    "DIMENSIONS",
    "FIGURES",
    "PROTOCOLS",
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
