"""Terms and their ten-dimensional vectors, from a package, a pinned file or one's own."""

from __future__ import annotations

import codecs
import csv
import dataclasses
import functools
import gzip
import hashlib
import importlib.util
import io
import json
import os
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import MetricError, wide_cells
from .headwords import HEADWORDS
from .plutchik import DIMENSIONS
from .signature import safe_value
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
_MOST_BYTES = 1 << 26
_CELLS = {"0": 0, "1": 1, "0.0": 0, "1.0": 1}


def normal(term: str) -> str:
    """Return the form in which terms are compared: NFKC, lower case, single inner spaces.

    >>> normal("  Fed   Up ")
    'fed up'
    """
    if not term.isascii():
        term = unicodedata.normalize("NFKC", term)
    return " ".join(term.lower().split())


def caution(label: str, protocol: str) -> str:
    """What to know of figures under a protocol with the lexicon of this label; mostly nothing.

    >>> caution("nrc-8246@d206b198", "paper")[:44]
    "The lexicon nrc is not the authors' table: 5"
    >>> caution("nrc-8246@d206b198", "revised")
    ''
    """
    if protocol != "paper" or not label.startswith("nrc-"):
        return ""
    return (
        "The lexicon nrc is not the authors' table: 54% of the labels have the same vector in "
        "both, so under paper vector_accuracy comes out about 0.6 points lower and vector_f1 "
        "about 1.0 higher than with theirs (lexicon express)."
    )


@dataclasses.dataclass(frozen=True, eq=False)
class Lexicon:
    """A vocabulary and one matrix of 0 and 1."""

    name: str  # `nrc`, `express` or the stem of a file's name
    sha256: str  # hash of the table's content, 64 hexadecimal digits
    vocabulary: tuple[str, ...]  # the terms, in `normal` form, each once; length n
    # uint8 of shape (n, 10), read-only; columns in the order of `DIMENSIONS`
    matrix: NDArray[np.uint8]

    def __post_init__(self) -> None:
        if self.matrix.shape != (len(self.vocabulary), len(DIMENSIONS)):
            raise MetricError(
                f"lexicon {self.name}: the matrix has the shape {self.matrix.shape}, expected "
                f"({len(self.vocabulary)}, {len(DIMENSIONS)})"
            )
        self.matrix.setflags(write=False)

    @functools.cached_property
    def _index(self) -> dict[str, int]:
        return {term: row for row, term in enumerate(self.vocabulary)}

    @property
    def label(self) -> str:
        """Name, size and first eight digits of the hash, as a signature shows them."""
        return f"{safe_value(self.name)}-{len(self.vocabulary)}@{self.sha256[:8]}"

    def __len__(self) -> int:
        return len(self.vocabulary)

    def __contains__(self, term: object) -> bool:
        return isinstance(term, str) and normal(term) in self._index

    def ids(self, terms: Iterable[str], *, exact: bool = False) -> NDArray[np.int64]:
        """Return the row of each term, -1 for one that the lexicon lacks; shape (len(terms),).

        If `exact`, terms are looked up as they stand.
        """
        get = self._index.get
        found = [get(term if exact else normal(term), -1) for term in terms]
        return np.array(found, dtype=np.int64)

    def vector(self, term: str) -> NDArray[np.uint8]:
        """Return the term's vector, shape (10,); all zero for a term that the lexicon lacks."""
        row = self._index.get(normal(term))
        return np.zeros(len(DIMENSIONS), np.uint8) if row is None else self.matrix[row]

    def covers(self, term: str) -> bool:
        """Tell whether the lexicon has the term with a vector that is not all zero."""
        return bool(self.vector(term).any())


def load_lexicon(spec: str | Path) -> Lexicon:
    """Load a lexicon by name or from a file.

    ``nrc`` is EmoLex v0.92 (Mohammad and Turney 2013) from the package ``nrclex``, completed by our
    table of headwords. ``express`` is the table of the paper, downloaded once at a pinned commit
    and checked at every load. Anything else is a CSV file, gzipped or not, with a column ``word``
    and the ten dimensions, in any order, each cell 0 or 1; further columns are ignored. A word that
    stands twice with one vector counts once; with two vectors it is an error.

    Returns:
        The lexicon. A file with the content of the paper's table is named ``express``.

    Raises:
        MetricError: where the file is missing, malformed or has another hash than expected, or
            where the table can neither be found in the cache nor downloaded.

    >>> load_lexicon("nrc").covers("scared")
    True
    """
    if str(spec) == "nrc":
        return _nrc()
    if str(spec) == "express":
        content, origin = read_express()
        return parse_lexicon(content, "express", str(origin))
    path = Path(spec)
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            # Gzip without its bound unpacks a thousandfold; a device has no end.
            content = (gzip.GzipFile(fileobj=file) if packed else file).read(_MOST_BYTES + 1)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise MetricError(
            f"{path}: no such lexicon: give nrc, express or the path of a CSV file"
        ) from None
    except (OSError, EOFError, zlib.error) as error:
        why = getattr(error, "strerror", None) or error
        raise MetricError(f"{path}: the lexicon cannot be read: {why}") from error
    if len(content) > _MOST_BYTES:
        raise MetricError(f"{path}: the lexicon is longer than {_MOST_BYTES >> 20} MiB")
    return parse_lexicon(content, path.stem, str(path))


def parse_lexicon(content: bytes, name: str, origin: str) -> Lexicon:
    """Read a lexicon from the bytes of a CSV file; see `load_lexicon` for the format."""
    digest = hashlib.sha256(content).hexdigest()
    try:
        marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = content.decode("utf-16" if marked else "utf-8-sig")
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise MetricError(
            f"{origin}: the lexicon is not UTF-8 (byte {error.start}); save it as CSV UTF-8"
        ) from error
    rows: dict[str, bytes] = {}
    with wide_cells():
        for line, word, vector in _entries(text, origin):
            if rows.setdefault(word, vector) != vector:
                raise MetricError(f"{origin}, line {line}: {word!r} stands twice with two vectors")
    if not rows:
        raise MetricError(f"{origin}: the lexicon is empty; expected a header and a line a word")
    return _build("express" if digest == EXPRESS_SHA256 else name, digest, rows)


def _build(name: str, digest: str, rows: dict[str, bytes]) -> Lexicon:
    matrix = np.frombuffer(b"".join(rows.values()), dtype=np.uint8)
    return Lexicon(name, digest, tuple(rows), matrix.reshape(-1, len(DIMENSIONS)))


def _entries(text: str, origin: str) -> Iterator[tuple[int, str, bytes]]:
    """Yield line number, word and vector; a vector's text is parsed once and then remembered."""
    header_line, _, body = text.partition("\n")
    header = [cell.strip().lower() for cell in next(csv.reader([header_line.rstrip("\r")]), [])]
    if not header:
        raise MetricError(f"{origin}: the lexicon is empty; expected a header and a line a word")
    missing = [name for name in ("word", *DIMENSIONS) if name not in header]
    if missing:
        raise MetricError(
            f"{origin}: the lexicon lacks the columns {', '.join(missing)}; "
            "save it as CSV UTF-8, with commas between the cells"
        )
    columns = [header.index(name) for name in DIMENSIONS]
    place = header.index("word")
    plain = place == 0 and '"' not in body
    split = _plain_rows(body) if plain else _quoted_rows(body, place)
    columns = [column - (column > place) for column in columns]
    known: dict[str, bytes] = {}
    for line, word, cells in split:
        vector = known.get(cells)
        if vector is None:
            vector = known[cells] = _vector(cells.split(","), columns, f"{origin}, line {line}")
        # Most words are in normal form already, and this loop is the cost of a start.
        key = word if word.isascii() and word.isalpha() and word.islower() else normal(word)
        if not key:
            raise MetricError(f"{origin}, line {line}: the word is empty")
        yield line, key, vector


def _plain_rows(body: str) -> Iterator[tuple[int, str, str]]:
    for line, row in enumerate(body.splitlines(), 2):
        if row:
            word, _, cells = row.partition(",")
            yield line, word, cells


def _quoted_rows(body: str, place: int) -> Iterator[tuple[int, str, str]]:
    reader = csv.reader(io.StringIO(body, newline=""))
    for row in reader:
        if row:
            word = row.pop(place) if place < len(row) else ""
            # A comma inside a cell can only be in a column that is ignored: take it out.
            yield reader.line_num + 1, word, ",".join(cell.replace(",", " ") for cell in row)


def _vector(cells: Sequence[str], columns: Sequence[int], where: str) -> bytes:
    try:
        return bytes(_CELLS[cells[column].strip()] for column in columns)
    except IndexError:
        raise MetricError(
            f"{where}: the line has {len(cells) + 1} cells, fewer than the header"
        ) from None
    except KeyError as error:
        raise MetricError(f"{where}: {error.args[0]!r} is no value; expected 0 or 1") from None


@functools.cache
def _nrc() -> Lexicon:
    rows = nrc_table()
    # The hash covers the headword table too: with it changed, figures are not comparable.
    lines = "".join(f"{word} {vector.hex()}\n" for word, vector in sorted(rows.items()))
    return _build("nrc", hashlib.sha256(lines.encode()).hexdigest(), rows)


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
    by_hand = (
        f"download {EXPRESS_URL} by hand and give it as --lexicon FILE, or give --lexicon nrc, "
        "which is at hand and has other figures"
    )
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
