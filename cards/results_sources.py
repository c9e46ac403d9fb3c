"""The data and the lexicons that submissions are checked against, each loaded once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from express_dataset.schema import Example, fingerprint
from express_dataset.sources import Loaded, load_all
from express_metric.lexicon import Lexicon, load_lexicon
from express_runners.config import SPLITS
from express_runners.scores import pick_lexicon

from .results_read import Refusal, shown, take

FILE = "run.json"
# What may be loaded because a submission says so: anything else could be a trap, or huge.
_KNOWN = {"express": "express", "express-sample": "sample"}
_COMMIT = re.compile(r"[0-9a-f]{40}")
_LEXICONS = ("nrc", "express")


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
        lexicon: the table for submissions that were scored with one of the user's own.
        limit: hold submissions against the first rows only, as ``express run --limit`` does.

    >>> Sources(["sample"]).lexicon_of({"name": "nrc", "label": "x"})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    express_cards.results_read.Refusal: run.json: the lexicon is 'x', but here it is nrc-...
    >>> asked = Asked("elsewhere", "elsewhere@0", None, "test", 1, "0")
    >>> Sources().rows_of(asked)
    Traceback (most recent call last):
    ...
    express_cards.results_read.Refusal: run.json: it is not known where to get the data \
'elsewhere'; name its source with --data
    """

    def __init__(
        self, data: Sequence[str] = (), lexicon: str | None = None, limit: int | None = None
    ) -> None:
        self._data = tuple(data)
        self._lexicon = lexicon
        self._limit = limit
        self._loaded: dict[str, dict[str, Loaded]] = {}
        self._tables: dict[str, Lexicon] = {}

    def parts(self, source: str) -> dict[str, Loaded]:
        """Every split of a source.

        Raises:
            DataError: it cannot be loaded.
        """
        if source not in self._loaded:
            self._loaded[source] = load_all(source)
        return self._loaded[source]

    def rows_of(self, asked: Asked) -> dict[str, Loaded]:
        """The data that a submission answered, split by split.

        The examples must be the same to the letter. So must be the data's name and revision; but a
        copy under another name will do where the signature carries the fingerprint of the whole.

        Raises:
            Refusal: it is other data, or not known.
            DataError: the data cannot be loaded.
        """
        known = _KNOWN.get(asked.name)
        if known == "express" and asked.revision and _COMMIT.fullmatch(asked.revision):
            known = f"express@{asked.revision}"
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
            return (
                f"the run is on {asked.examples} examples, but split {asked.split} of {source} has "
                f"{len(examples)}; answer all of them, without --limit"
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
            Refusal: it is another one than the submission says, or not known.
            MetricError: the lexicon cannot be loaded.
        """
        name, label = (take(told, key, str, f"{FILE}, asked.lexicon") for key in ("name", "label"))
        if self._lexicon is None and name not in _LEXICONS:
            raise Refusal(
                f"{FILE}: the lexicon {shown(label)} is the submitter's own; give it with --lexicon"
            )
        table = self._table(self._lexicon or name)
        if table.label != label:
            raise Refusal(f"{FILE}: the lexicon is {shown(label)}, but here it is {table.label}")
        return table

    def _table(self, name: str) -> Lexicon:
        if name not in self._tables:
            near = Path(self._data[0]) if self._data else Path()
            own = self._lexicon
            self._tables[name] = load_lexicon(own) if own else pick_lexicon(None, name, near)
        return self._tables[name]
