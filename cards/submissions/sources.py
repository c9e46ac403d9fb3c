"""The data and the lexicons that submissions are checked against, each loaded once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from express_dataset.errors import DataError, MissingExtra
from express_dataset.reading.hub import OTHERWISE
from express_dataset.schema import Example, fingerprint
from express_dataset.sources import Loaded, load_all
from express_metric.errors import MetricError
from express_metric.lexicon import Lexicon, load_lexicon
from express_runners.config import SPLITS
from express_runners.runs.scores import NAMED, pick_lexicon

from .strict import Refusal, shown, take

FILE = "run.json"
# What may be loaded because a submission says so: anything else could be a trap, or huge.
_KNOWN = {"express": "express", "express-sample": "sample"}
_COMMIT = re.compile(r"[0-9a-f]{40}")

T = TypeVar("T")


def known_source(name: str, revision: str | None) -> str | None:
    """From where data may be loaded because a stranger's run names it.

    >>> known_source("express-sample", None), known_source("express", "0" * 40)[:10]
    ('sample', 'express@00')
    >>> known_source("somebody/posts", None)
    """
    known = _KNOWN.get(name)
    if known == "express" and revision and _COMMIT.fullmatch(revision):
        return f"express@{revision}"
    return known


@dataclass(frozen=True)
class Asked:
    """The data that a submission says it answered, as it stands in its `run.json`.

    >>> Asked("mine", "mine@0123abcd", None, "test", 2, "0" * 64).split
    'test'
    >>> Asked("mine", "mine@0123abcd", None, "test", 2, "0" * 64).hash
    '0123abcd'
    """

    name: str
    signature: str
    revision: str | None
    split: str
    examples: int
    fingerprint: str

    @property
    def hash(self) -> str:
        """The revision or fingerprint in the signature."""
        return self.signature.rpartition("@")[2]


def read_asked(run: Mapping[str, Any]) -> Asked:
    """Read `asked.dataset` of a submission's `run.json`.

    Raises:
        Refusal: a part is missing or makes no sense.
    """
    kinds: dict[str, type | tuple[type, ...]] = {
        "name": str,
        "signature": str,
        "revision": (str, type(None)),
        "split": str,
        "examples": int,
        "fingerprint": str,
    }
    found = {key: take(run, f"asked.dataset.{key}", kind, FILE) for key, kind in kinds.items()}
    if found["split"] not in SPLITS:
        raise Refusal(f"{FILE}: asked.dataset.split is {shown(found['split'])}, which is no split")
    return Asked(**found)


class Sources:
    """Where the rows come from that a submission's answers are held against.

    Args:
        data: what the user names, as for `express_dataset.load_examples`; without it the sample
            and the authors' data are known by their names.
        lexicon: the table for submissions that were scored with that one; the others have nrc or
            express, whichever they name.
        limit: hold submissions against the first rows only, as ``express run --limit`` does.

    >>> Sources(["sample"]).lexicon_of({"name": "nrc", "label": "x"})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    express_cards.submissions.strict.Refusal: run.json: the lexicon is 'x', but here it is nrc-...
    >>> asked = Asked("elsewhere", "elsewhere@0", None, "test", 1, "0")
    >>> Sources().rows_of(asked)
    Traceback (most recent call last):
    ...
    express_cards.submissions.strict.Refusal: run.json: it is not known where to get the data \
'elsewhere'; name its source with --data
    """

    def __init__(
        self, data: Sequence[str] = (), lexicon: str | None = None, limit: int | None = None
    ) -> None:
        self._data = tuple(data)
        self._lexicon = lexicon
        self._limit = limit
        self._loaded: dict[str, dict[str, Loaded] | Refusal] = {}
        self._tables: dict[str, Lexicon | Refusal] = {}

    def parts(self, source: str) -> dict[str, Loaded]:
        """Every split of a source, which is loaded, or given up, only once.

        Raises:
            Refusal: it cannot be loaded, and it is only a submission that names it.
            DataError: it cannot be loaded, and the user names it.
        """
        if source not in self._loaded:
            try:
                self._loaded[source] = load_all(source)
            except MissingExtra:
                raise
            except DataError as error:
                if source in self._data:
                    raise
                # The way out that it names is none for one who checks.
                reason = str(error).partition(f", or {OTHERWISE}")[0].partition(";")[0]
                self._loaded[source] = Refusal(f"{FILE}: its data cannot be loaded ({reason})")
        return _or_raise(self._loaded[source])

    def rows_of(self, asked: Asked) -> dict[str, Loaded]:
        """The data that a submission answered, split by split.

        The examples must be the same to the letter. So must be the data's name and revision; but a
        copy under another name will do where the signature carries the fingerprint of the whole.

        Raises:
            Refusal: it is other data, or not known, or cannot be loaded.
            DataError: data that the user names cannot be loaded.
        """
        known = known_source(asked.name, asked.revision)
        sources = self._data or ((known,) if known else ())
        if not sources:
            raise Refusal(
                f"{FILE}: it is not known where to get the data {shown(asked.name)}; name its "
                "source with --data"
            )
        reasons = []
        for source in sources:
            parts = self.parts(source)
            reason = self._differs(asked, parts[asked.split], source)
            if reason is None:
                return parts
            reasons.append(reason)
        raise Refusal(f"{FILE}: {reasons[0]}")

    def examples(self, loaded: Loaded) -> tuple[Example, ...]:
        """The rows that must be answered."""
        return loaded.examples[: self._limit]

    def _differs(self, asked: Asked, loaded: Loaded, source: str) -> str | None:
        examples = self.examples(loaded)
        if asked.examples != len(examples):
            wanted = "answer all of them, without --limit"
            if self._limit is not None:
                wanted = f"check it without --limit {self._limit}"
            return (
                f"the run is on {asked.examples} examples, but split {asked.split} of {source} has "
                f"{len(examples)}; {wanted}"
            )
        if asked.fingerprint != fingerprint(examples):
            return (
                f"the run is on other data than split {asked.split} of {source} (the fingerprint "
                f"is {shown(asked.fingerprint[:16])}, not {fingerprint(examples)[:16]!r})"
            )
        if asked.signature.rpartition("@")[0] != asked.name:
            return (
                f"the data is {shown(asked.name)}, but the signature says {shown(asked.signature)}"
            )
        own = asked.name == loaded.name and loaded.revision and asked.signature == loaded.data
        if not own and asked.hash != loaded.fingerprint[:8]:
            return (
                f"the data's signature is {shown(asked.signature)}, but that of {source} is "
                f"{loaded.data} (fingerprint {loaded.fingerprint[:8]})"
            )
        if asked.revision != (loaded.revision if own else None):
            return (
                f"the data's revision is {shown(asked.revision)}, which does not go with its "
                f"signature {shown(asked.signature)}"
            )
        return None

    def lexicon_of(self, told: Mapping[str, Any]) -> Lexicon:
        """The lexicon of a submission.

        Raises:
            Refusal: it is another one than the submission says, or not known, or cannot be loaded.
            MetricError: the user's own cannot be loaded.
        """
        name, label = (take(told, key, str, f"{FILE}, asked.lexicon") for key in ("name", "label"))
        spec = self.lexicon_for(label) or name
        if spec == name and name not in NAMED:
            own = f", and that of --lexicon is {self._given().label}" if self._lexicon else ""
            raise Refusal(
                f"{FILE}: the lexicon {shown(label)} is the submitter's own{own}; give it with "
                "--lexicon"
            )
        table = self._table(spec)
        if table.label != label:
            raise Refusal(f"{FILE}: the lexicon is {shown(label)}, but here it is {table.label}")
        return table

    def lexicon_for(self, label: str) -> str | None:
        """The user's own lexicon, where it is the one of this label; None where it is another.

        >>> own = Sources(lexicon="nrc")
        >>> own.lexicon_for(load_lexicon("nrc").label), own.lexicon_for("mine-1@0")
        ('nrc', None)
        >>> Sources().lexicon_for("mine-1@0") is None
        True
        """
        return self._lexicon if self._lexicon and self._given().label == label else None

    def _given(self) -> Lexicon:
        assert self._lexicon is not None
        return self._table(self._lexicon)

    def _table(self, spec: str) -> Lexicon:
        if spec not in self._tables:
            near = Path(self._data[0]) if self._data else Path()
            try:
                self._tables[spec] = (
                    load_lexicon(spec) if spec == self._lexicon else pick_lexicon(None, spec, near)
                )
            except MetricError as error:
                if spec == self._lexicon:
                    raise
                self._tables[spec] = Refusal(f"{FILE}: its lexicon cannot be loaded ({error})")
        return _or_raise(self._tables[spec])


def _or_raise(found: T | Refusal) -> T:
    if isinstance(found, Refusal):
        raise found
    return found
