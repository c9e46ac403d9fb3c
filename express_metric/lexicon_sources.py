"""Where the two named lexicons come from: a package, and a file at a pinned commit."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from pathlib import Path

from .errors import MetricError
from .headwords import HEADWORDS
from .plutchik import DIMENSIONS
from .terms import british

EXPRESS_SHA256 = "c1d86ec2e0e429d0d2294ff665c2cc04f90013a2343be9e12d33b3026d98524c"
EXPRESS_URL = (
    "https://raw.githubusercontent.com/bangzhaojo/express/"
    "fa554cecfa45c0eaa2bfd57efeb0d046315a3264/data/lexicon-decomposition.csv"
)
_NRC_SHA256 = "437a177fdb118b330516de72fe4bb6919c53a6d5f772a6ee3bb835c0912066b0"
_TIMEOUT_SECONDS = 30
# An entry of EmoLex with the wrong polarity (negative), and the one that stands instead.
_CORRECTED = {"serene": "serenity"}


def nrc_table() -> dict[str, bytes]:
    """Return EmoLex with our headwords: term to its ten bytes of 0 and 1.

    The data file is read without importing ``nrclex``, which would import a tagger with it. Its
    hash is pinned, because a release with other data would change every figure silently.

    >>> table = nrc_table()
    >>> table["scared"] == table["scare"]
    True
    """
    spec = importlib.util.find_spec("nrclex")
    if spec is None or spec.origin is None:
        raise MetricError("the lexicon nrc needs the package nrclex: pip install nrclex")
    path = Path(spec.origin).parent / "data" / "nrc_en.json"
    try:
        content = path.read_bytes()
    except OSError:
        raise MetricError(f"{path}: missing; the lexicon nrc needs nrclex 4.1.0") from None
    _check(content, _NRC_SHA256, path, "install nrclex 4.1.0")
    emotions: dict[str, list[str]] = json.loads(content)
    table = {
        word: bytes(dimension in marks for dimension in DIMENSIONS)
        for word, marks in emotions.items()
    }
    table |= {word: table[other] for word, other in _CORRECTED.items()}
    # Else EmoLex's own entries stand: the table of headwords only adds the words that it lacks.
    added = {word: table[headword] for word, headword in HEADWORDS.items()}
    spelt = {british(word): vector for word, vector in (added | table).items()}
    return added | spelt | table


def express_cache() -> Path:
    """Return the file in which the paper's lexicon is kept once downloaded.

    It lies in ``$EXPRESS_CACHE``, else in ``express`` under ``$HF_HOME``, else under
    ``~/.cache/huggingface``.
    """
    own = os.environ.get("EXPRESS_CACHE")
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("HF_HOME") or f"{cache}/huggingface"
    folder = Path(own) if own else Path(home, "express")
    return folder.expanduser() / "lexicon-decomposition.csv"


def read_express() -> tuple[bytes, Path]:
    """Return the paper's lexicon from the cache, downloading it first where it is not there."""
    path = express_cache()
    if path.is_file():
        content = path.read_bytes()
        _check(content, EXPRESS_SHA256, path, "delete the file to download it again")
        return content, path
    by_hand = f"download {EXPRESS_URL} by hand and give it as --lexicon FILE"
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
        raise MetricError(
            f"the lexicon express is not in the cache ({path}) and HF_HUB_OFFLINE is set: {by_hand}"
        )
    content = _download(EXPRESS_URL, by_hand)
    _check(content, EXPRESS_SHA256, EXPRESS_URL, by_hand)
    _write(path, content)
    return content, path


def _check(content: bytes, expected: str, origin: object, remedy: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise MetricError(f"{origin}: the sha256 is {found}, expected {expected}: {remedy}")


def _download(url: str, by_hand: str) -> bytes:
    # Imported here: the network is needed once in the life of a cache.
    import http.client
    import urllib.request

    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as answer:
            content: bytes = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise MetricError(
            f"the lexicon express cannot be downloaded ({error}): {by_hand}"
        ) from None
    return content


def _write(path: Path, content: bytes) -> None:
    """Write a file in one step, so that no reader ever sees half of it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # One name, so that what a kill leaves is written over.
        unfinished = path.with_name(f"{path.name}.part")
        unfinished.write_bytes(content)
        unfinished.replace(path)
    except OSError as error:
        raise MetricError(f"{path}: the lexicon cannot be kept: {error.strerror}") from error
