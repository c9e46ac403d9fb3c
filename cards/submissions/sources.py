"""The data and the lexicons that submissions are checked against, each loaded once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from express_dataset.errors import DataError, MissingExtra
from express_dataset.reading.hub import OTHERWISE
from express_dataset.reading.typed import as_json
from express_dataset.schema import Example
from express_dataset.sources import OTHER, Loaded, load_all
from express_metric.errors import MetricError
from express_metric.lexicon import Lexicon, load_lexicon
from express_runners.config import SPLITS
from express_runners.runs.record import Data, LexiconAsked
from express_runners.runs.scores import NAMED, pick_lexicon
from express_runners.runs.setup import data_asked
from express_runners.runs.store import RUN_FILE

from .public import public_name
from .strict import Refusal, shown, unequal

# What may be loaded because a submission says so: anything else could be a trap, or huge.
_KNOWN = {"express": "express", "express-sample": "sample"}
_COMMIT = re.compile(r"[0-9a-f]{40}")

T = TypeVar("T")


def known_source(name: str | None, revision: str | None) -> str | None:
    """From where data may be loaded because a stranger's run names it.

    >>> known_source("express", "0" * 40)[:10], known_source("somebody/posts", None)
    ('express@00', None)
    """
    known = _KNOWN.get(name or "")
    if known == "express" and revision and _COMMIT.fullmatch(revision):
        return f"express@{revision}"
    return known


class Sources:
    """Where the rows come from that a submission's answers are held against.

    Args:
        data: what the user names, as for `express_dataset.load_examples`; without it the sample
            and the authors' data are known by their names.
        lexicon: the table for submissions that were scored with that one; the others have nrc or
            express, whichever they name.
        limit: hold submissions against the first rows only, as ``express run --limit`` does.

    >>> asked = Data(name="elsewhere", signature="elsewhere@0", split="test", kind="other")
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
        """Every split of a source, which is loaded, or given up, only once."""
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
                self._loaded[source] = Refusal(f"{RUN_FILE}: its data cannot be loaded ({reason})")
        return _or_raise(self._loaded[source])

    def rows_of(self, asked: Data) -> dict[str, Loaded]:
        """The data that a submission answered, split by split.

        The examples must be the same to the letter. So must be the data's name and revision; but a
        copy under another name will do where the signature carries the fingerprint of the whole.
        """
        if asked.split not in SPLITS:
            raise Refusal(
                f"{RUN_FILE}: asked.dataset.split is {shown(asked.split)}, which is no split"
            )
        known = known_source(asked.name, asked.revision)
        sources = self._data or ((known,) if known else ())
        if not sources:
            raise Refusal(
                f"{RUN_FILE}: it is not known where to get the data {shown(asked.name)}; name its "
                "source with --data"
            )
        reasons = []
        for source in sources:
            parts = self.parts(source)
            reason = self._differs(asked, parts[asked.split], source)
            if reason is None:
                return parts
            reasons.append(reason)
        raise Refusal(f"{RUN_FILE}: {reasons[0]}")

    def examples(self, loaded: Loaded) -> tuple[Example, ...]:
        """The rows that must be answered."""
        return loaded.examples[: self._limit]

    def _differs(self, asked: Data, loaded: Loaded, source: str) -> str | None:
        examples, whose = self.examples(loaded), f"split {asked.split} of {source}"
        if asked.examples != len(examples):
            wanted = "answer all of them, without --limit"
            if self._limit is not None:
                wanted = f"check it without --limit {self._limit}"
            return (
                f"the run is on {shown(asked.examples)} examples, but {whose} has {len(examples)}; "
                f"{wanted}"
            )
        own = data_asked(loaded, examples)
        if asked.fingerprint != own.fingerprint:
            return f"the run is on other data than {whose} (its fingerprint is another)"
        own = replace(own, name=public_name(loaded.name))
        if asked.name != own.name or asked.signature.endswith(loaded.fingerprint[:8]):
            named = f"{asked.name}@{loaded.fingerprint[:8]}"
            kind = OTHER if asked.kind == OTHER else own.kind
            own = replace(own, name=asked.name, signature=named, revision=None, kind=kind)
        difference = unequal(as_json(asked), as_json(own), "asked.dataset")
        return difference and f"{difference}, as {whose} has it"

    def lexicon_of(self, told: LexiconAsked) -> Lexicon:
        """The lexicon of a submission."""
        spec = self.lexicon_for(told.label) or told.name
        if spec == told.name and spec not in NAMED:
            own = f", and that of --lexicon is {self._given().label}" if self._lexicon else ""
            raise Refusal(
                f"{RUN_FILE}: the lexicon {shown(told.label)} is the submitter's own{own}; give it "
                "with --lexicon"
            )
        table = self._table(spec)
        if table.label != told.label:
            raise Refusal(
                f"{RUN_FILE}: the lexicon is {shown(told.label)}, but here it is {table.label}"
            )
        return table

    def lexicon_for(self, label: str) -> str | None:
        """The user's own lexicon, where it is the one of this label; None where it is another.

        >>> own = Sources(lexicon="nrc")
        >>> own.lexicon_for(load_lexicon("nrc").label), own.lexicon_for("mine-1@0")
        ('nrc', None)
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
                self._tables[spec] = Refusal(f"{RUN_FILE}: its lexicon cannot be loaded ({error})")
        return _or_raise(self._tables[spec])


def _or_raise(found: T | Refusal) -> T:
    if isinstance(found, Refusal):
        raise found
    return found
