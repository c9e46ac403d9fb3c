"""What answers prompts. `base.py` has the protocol that each engine follows."""

from __future__ import annotations

from ..models import ResolvedModel
from .base import Engine, EngineOptions


def load_engine(model: ResolvedModel, options: EngineOptions) -> Engine:
    """Load the engine for a model's family, weights and all."""
    if model.family == "api":
        from .api.engine import ApiEngine
        from .api.ranking import ApiRanker

        return (ApiRanker if options.vocabulary else ApiEngine)(model, options)
    if model.family == "dummy":
        from .dummy import DummyEngine

        return DummyEngine(model, options)
    if model.family == "masked":
        from .masked import MaskedEngine

        return MaskedEngine(model, options)
    if model.family == "seq2seq":
        from .seq2seq import Seq2SeqEngine

        return Seq2SeqEngine(model, options)
    from .causal import CausalEngine

    return CausalEngine(model, options)
