"""The rows of a leaderboard: runs in groups that may be compared, with ranks that admit ties.

Two runs share a table only where `check_comparable` of `express_metric` lets them stand
side by side, their examples are the same ones, and both answer freely or both rank one list of
words; the prompt, and the details of the decoding, are what rows differ in.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from express_dataset.sources import AUTHORS
from express_metric.analysis.clean import clean_figures
from express_metric.analysis.intervals import Interval
from express_metric.analysis.resampling import Resampling
from express_metric.analysis.significance import SHARED_PARTS, intervals
from express_metric.parsing import PROTOCOLS, Protocol
from express_metric.scoring import count
from express_metric.signature import Signature
from express_runners.runs.finished import FinishedRun
from express_runners.runs.store import SCORES_FILE

from ...comparison.runs import Run

RANKED_BY = "lexical_accuracy"
"""The figure that rows are in order of, until a reader chooses another."""

FLOOR = "dummy"
"""The family of what answers without reading: shown, but not ranked."""

ANY = "any"
"""Stands in a table's signature for what its rows differ in."""

FREE, RANKS = "free", "rank-"
"""The kinds of decoding: words of the model's own, or a given list in order."""

_HOW = Resampling()
_ON_DISK = ("masked", "seq2seq", "causal")
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9.]+")
_LONGEST_NAME = 60

Rank = tuple[int, int]


@dataclass(frozen=True)
class Entry:
    """One run, without its examples."""

    # as in `express_cards.comparison.runs.Run`
    model: str
    family: str | None
    parameters: float | None
    setting: str
    revision: str  # commit or hash of the model; empty where it is not known
    address: str | None  # the model's page on the Hub; None for any other model
    date: str  # the day on which the run was last started, such as 2026-11-21; empty if not known
    examples: str  # a hash of the examples' ids and labels, whatever their order
    # of the examples
    n_masks: int
    n_posts: int
    figures: Mapping[Protocol, Mapping[str, Interval]]  # for each protocol and figure its interval
    signatures: Mapping[Protocol, Signature]  # for each protocol the line of the score
    notes: tuple[str, ...] = ()  # what a reader should know of the data
    report: str = ""  # the run's own page, relative to the leaderboard's; empty if there is none
    # what the run itself calls the model, where only its submitter's word says that it has the
    # weights of `model`; else empty
    ran_as: str = ""
    # a hash of how the model was asked and of what it answered, whatever their order
    answers: str = ""
    # for each protocol the figures without leaked and negated masks; empty where the run does not
    # tell which these are
    clean: Mapping[Protocol, Mapping[str, float | None]] = field(default_factory=dict)
    of_express: bool = False  # whether the data is EXPRESS itself

    @property
    def ranked(self) -> bool:
        """Whether a model answered that is not known or feared to have learned the answers."""
        return self.family != FLOOR and all(one.fair for one in self.signatures.values())

    def same_run(self, other: Entry) -> bool:
        """Whether the other is this run once more: the same model, asked and answering alike."""
        return (self.model, self.answers) == (other.model, other.answers)


@dataclass(frozen=True)
class Row:
    """An entry in a table."""

    entry: Entry  # the run
    figures: Mapping[str, Interval]  # its intervals under the table's protocol
    # for each figure the best and the worst rank that the intervals allow; None where it has none
    ranks: Mapping[str, Rank | None]


@dataclass(frozen=True)
class Group:
    """A table: runs whose figures may stand in one column."""

    protocol: Protocol  # `paper` or `revised`
    # what the rows share; the prompt is `ANY`, and the decoding what `kind` tells
    signature: Signature
    rows: Sequence[Row]  # best first by `RANKED_BY`

    @property
    def words(self) -> str:
        """How many words its runs put in order; empty where they answer freely."""
        name = self.signature.decode
        return name.removeprefix(RANKS).partition("@")[0] if name.startswith(RANKS) else ""


@dataclass(frozen=True)
class Refused:
    """A submission that is not ranked, and why."""

    name: str
    reason: str


def entry_of(run: Run, how: Resampling = _HOW) -> Entry:
    """What a leaderboard keeps of a run that has a folder."""
    folder = run.folder
    assert folder is not None
    record, revision = folder.record, run.revision or ""
    # A submission may tell where on the Hub the weights are that it calls otherwise.
    home, ran_as = (record.submission and record.submission.model) or "", ""
    if _HUB_ID.fullmatch(home) and home != run.model:
        run, ran_as = replace(run, model=home), run.model
    version = _version(folder)
    figures, signatures, clean = {}, {}, {}
    for protocol in PROTOCOLS:
        counts = count(run.references, run.readings[protocol], run.lexicon, protocol)
        figures[protocol] = intervals(counts, protocol, run.posts, how)
        if run.clean:
            answers = run.readings[protocol]
            clean[protocol] = clean_figures(
                run.references, answers, run.clean, run.lexicon, protocol
            )
        signature = run.signatures[protocol]
        signatures[protocol] = replace(signature, version=version or signature.version)
    return Entry(
        model=run.model,
        family=run.family,
        parameters=run.parameters,
        setting=run.setting,
        revision=revision,
        address=hub_address(run.model, run.family),
        date=(record.last.started or "")[:10],
        examples=_digest(run),
        n_masks=sum(map(len, run.references)),
        n_posts=len(set(run.posts)) if run.posts else len(run),
        figures=figures,
        signatures=signatures,
        notes=unfair(run.signatures["revised"]),
        ran_as=ran_as,
        answers=_answers(run),
        clean=clean,
        of_express=record.asked.dataset.kind == AUTHORS,
    )


def unfair(signature: Signature) -> tuple[str, ...]:
    """Why a run cannot be ranked: what its model learned.

    >>> unfair(Signature("d", "test", 9, "paper", "nrc-1@0", seen="3"))
    ('not ranked: the model was trained on 3 of these 9 examples',)
    """
    if signature.fair:
        return ()
    seen = f"{signature.seen} of these {signature.n} examples" if signature.seen else "nobody knows"
    return (f"not ranked: the model was trained on {seen}",)


def kind(decode: str) -> str:
    """What a decoding is for a table: `FREE`, or the list of words that is put in order.

    To choose from a list, and from which, makes a task of its own. How a server chooses words, or
    how the words of a list are scored, does not.

    >>> kind("free-default-temperature"), kind("rank-36@1a2b"), kind("rank-36@1a2b-pll")
    ('free', 'rank-36@1a2b', 'rank-36@1a2b')
    >>> kind("dummy-uniform")
    'free'
    """
    return "-".join(decode.split("-")[:2]) if decode.startswith(RANKS) else FREE


def hub_address(model: str, family: str | None) -> str | None:
    """The page of a model on the Hub, if the name is a Hub id.

    A model in a folder is called by the folder's own name, which holds no slash; the name of a
    served model is its server's.

    >>> hub_address("google/gemma-2-9b-it", "causal")
    'https://huggingface.co/google/gemma-2-9b-it'
    >>> hub_address("my-folder", "causal"), hub_address("openai/gpt-4o", "api")
    (None, None)
    """
    if family not in _ON_DISK or not _HUB_ID.fullmatch(model):
        return None
    return f"https://huggingface.co/{model}"


def group(entries: Sequence[Entry], protocol: Protocol) -> list[Group]:
    """Divide runs into tables: free answers before rankings, then the largest first.

    Floors stand in the tables of every kind, since they need no way of decoding.
    """
    data: dict[tuple[object, ...], list[Entry]] = {}
    for entry in entries:
        signature = entry.signatures[protocol]
        shared = tuple(getattr(signature, part) for part in SHARED_PARTS)
        # The same name for other examples is a mistake that no signature shows.
        data.setdefault((*shared, entry.examples), []).append(entry)
    found = [table for members in data.values() for table in _by_kind(members, protocol)]
    # Where two are as large, the one on more examples is the one to look at first.
    return sorted(found, key=lambda t: (t.words, -len(t.rows), -t.signature.n, str(t.signature)))


def _by_kind(members: Sequence[Entry], protocol: Protocol) -> list[Group]:
    kinds = [kind(one.signatures[protocol].decode) if one.ranked else None for one in members]
    tables = []
    for name in sorted({each for each in kinds if each} or {FREE}):
        chosen = [one for one, each in zip(members, kinds, strict=True) if each in (name, None)]
        tables.append(_table(chosen, protocol, name))
    return tables


def _table(members: Sequence[Entry], protocol: Protocol, decode: str) -> Group:
    ranks = {
        name: rank_ranges([one.figures[protocol][name] if one.ranked else None for one in members])
        for name in members[0].figures[protocol]
    }
    rows = [
        Row(one, one.figures[protocol], {name: found[place] for name, found in ranks.items()})
        for place, one in enumerate(members)
    ]
    signature = replace(members[0].signatures[protocol], prompt=ANY, decode=decode)
    return Group(protocol, signature, sorted(rows, key=_order))


def tie_groups(rows: Sequence[Row], name: str = RANKED_BY) -> list[int | None]:
    """The group of each row by a figure: with the best of a group stand those it is not above.

    >>> one = Entry("a", None, None, "cot", "", None, "", "", 1, 1, {}, {})
    >>> ends = [(0.7, 0.9), (0.6, 0.8), (0.5, 0.65)]
    >>> tie_groups([Row(one, {RANKED_BY: Interval((a + b) / 2, a, b, "bca")}, {RANKED_BY: (1, 1)})
    ...             for a, b in ends])
    [1, 1, 2]
    """
    found: list[int | None] = [None] * len(rows)
    number, least = 0, math.inf
    ranked = [place for place, row in enumerate(rows) if row.ranks[name]]
    for place in sorted(ranked, key=lambda place: -(rows[place].figures[name].value or 0.0)):
        ends = _ends(rows[place].figures[name])
        if ends and ends[1] < least:
            number, least = number + 1, ends[0]
        found[place] = number
    return found


def _order(row: Row) -> tuple[float, str, str]:
    value = row.figures[RANKED_BY].value
    return (math.inf if value is None else -value, row.entry.model, row.entry.setting)


def rank_ranges(found: Sequence[Interval | None]) -> list[Rank | None]:
    """The ranks that each of several runs may have, by their intervals; none for one that is None.

    A run stands behind those whose whole interval lies above its own, and before those whose whole
    interval lies below; where intervals overlap, no order is claimed. Without an interval nothing
    is known of a run, so that it may have any rank. A run without a value has no rank either, and
    changes no other's.

    >>> a, b, c = (Interval(v, v - 0.1, v + 0.1, "bca") for v in (0.8, 0.7, 0.2))
    >>> rank_ranges([c, b, a])
    [(3, 3), (1, 2), (1, 2)]
    >>> rank_ranges([None, a, Interval(None, None, None, "none")])
    [None, (1, 1), None]
    """
    ends = [_ends(one) for one in found]
    known = [each for each in ends if each is not None]
    return [
        each
        and (
            1 + sum(low > each[1] for low, _ in known),
            len(known) - sum(high < each[0] for _, high in known),
        )
        for each in ends
    ]


def _ends(one: Interval | None) -> tuple[float, float] | None:
    if one is None or one.value is None:
        return None
    if one.low is None or one.high is None:
        return -math.inf, math.inf
    return one.low, one.high


def file_name(entry: Entry) -> str:
    """A name for what belongs to a run: readable, safe everywhere, and different for others.

    >>> one = Signature("d", "test", 9, "revised", "nrc-1@0", "cot@1", "free")
    >>> entry = Entry("org/<b> x", None, None, "few-shot random", "", None, "", "", 1, 1, {},
    ...               {"revised": one})
    >>> file_name(entry)[:24]
    'org-b-x-few-shot-random-'
    >>> file_name(replace(entry, revision="1")) == file_name(entry)
    False
    """
    known = [entry.model, entry.revision, entry.date, str(entry.signatures["revised"])]
    digest = hashlib.sha256(json.dumps([*known, entry.examples]).encode()).hexdigest()[:8]
    name = _NOT_IN_NAMES.sub("-", f"{entry.model}-{entry.setting}").strip("-.")
    return f"{name[:_LONGEST_NAME].rstrip('-.').lower()}-{digest}"


def _version(run: FinishedRun) -> str | None:
    """The version that read the answers: another may read the same completion otherwise."""
    if not (run.folder / SCORES_FILE).is_file():
        return None
    return Signature.parse(run.scores["revised"]["signature"]).version


def _digest(run: Run) -> str:
    ids = run.ids or [""] * len(run)
    rows = sorted(zip(ids, map(list, run.references), strict=True))
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def _answers(run: Run) -> str:
    ids, signature = run.ids or [""] * len(run), str(run.signatures["revised"])
    rows = sorted(
        (one, *((run.readings[protocol][row].terms or (),) for protocol in PROTOCOLS))
        for row, one in enumerate(ids)
    )
    shots = run.asked.prompt.shots if run.asked else None
    seed = shots.seed if shots else None
    how = [signature, run.revision, *run.conditions[1:], seed]
    return hashlib.sha256(json.dumps([how, rows]).encode()).hexdigest()
