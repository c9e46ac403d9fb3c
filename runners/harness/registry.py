"""What Inspect finds by the entry point `express_runners`."""

from __future__ import annotations

from .inspect_task import answer_list, express, express_scorer, figures, invalid

__all__ = ["answer_list", "express", "express_scorer", "figures", "invalid"]
