"""Who answers: models, from options to scores. Start reading with `runs/run.py`.

From Python the package is `import express_runners as express`, and does what the command does:
`run`, `score`, `compare`, `report` (see `python`), and `prompts` for a pipeline of one's own.

>>> import express_runners as express
>>> example = express.prompts.examples("sample")[0]
>>> express.prompts.read('["sad"]', example).terms
('sad',)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import prompts
    from .python import compare, report, run, score

__all__ = ["compare", "prompts", "report", "run", "score"]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        # Found when it is asked for: a part of the package needs few of the others.
        if name == "prompts":
            return import_module(".prompts", __name__)
        if name in __all__:
            return getattr(import_module(".python", __name__), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
