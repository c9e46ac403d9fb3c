"""From predictions to scores: of a run's folder, or of any file of results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from express_metric.analysis.clean import clean_figures
from express_metric.lexicon import EXPRESS_SHA256, Lexicon, caution, load_lexicon
from express_metric.parsing import PROTOCOLS, Protocol, Reading
from express_metric.records import Results
from express_metric.scoring import score
from express_metric.signature import Signature
from express_metric.terms import Reason

from ..errors import RunError
from .ranks import rank_scores
from .record import RANK, Asked, LexiconFile, Record
from .seen import UNKNOWN
from .store import RUN_FILE

AUTHORS_LEXICON = "lexicon-decomposition.csv"
NAMED = ("nrc", "express")


def pick_lexicon(asked: str | None, default: str, near: Path) -> Lexicon:
    """The lexicon asked for, else the data's own.

    Where that is the authors', a copy beside the data (`near`) serves as well as a download:
    `Lexicon` checks its hash either way.
    """
    if asked is None and default == "express":
        beside = (near if near.is_dir() else near.parent) / AUTHORS_LEXICON
        if near.exists() and beside.is_file():
            lexicon = load_lexicon(beside)
            if lexicon.sha256 == EXPRESS_SHA256:
                return lexicon
    return load_lexicon(asked or default)


def lexicon_of(results: Results, asked: str | None, path: Path) -> Lexicon:
    """The lexicon asked for, else the authors' for a file in their columns and nrc for others."""
    default = "express" if "number_of_labels" in results.columns.values() else "nrc"
    return pick_lexicon(asked, default, near=path)


def lexicon_file(lexicon: Lexicon, asked: str | None) -> LexiconFile:
    """What a session of a run keeps of its lexicon, so that it can be found again."""
    file = None if asked in (None, *NAMED) else asked
    return LexiconFile(name=lexicon.name, sha256=lexicon.sha256, file=file)


def lexicon_of_run(folder: Path, record: Record, asked: str | None = None) -> Lexicon:
    """The lexicon asked for (nrc, express or a file), else the one that a run was scored with.

    A file is looked for where it was, then beside the predictions and beside the data; its hash
    tells whether it is the same.
    """
    named, near = record.asked.lexicon, Path(record.last.dataset)
    kept = record.last.lexicon
    if asked is None and kept and kept.file:
        return _found_again(folder, near, kept, named.label)
    if asked is None and named.name not in NAMED:
        # Written by a version that kept no more than the name.
        raise RunError(
            f"{folder} was scored with a lexicon of its own, {named.label}, and {RUN_FILE} does "
            "not tell where it is: give it as --lexicon FILE."
        )
    return pick_lexicon(asked, named.name, near)


def _found_again(folder: Path, near: Path, kept: LexiconFile, label: str) -> Lexicon:
    file = Path(kept.file or "")
    beside = near if near.is_dir() else near.parent
    other = ""
    for place in dict.fromkeys((file, folder / file.name, beside / file.name)):
        if place.is_file():
            lexicon = load_lexicon(place)
            if lexicon.sha256 == kept.sha256:
                return lexicon
            other = f" ({place} now holds {lexicon.label})"
    if kept.sha256 == EXPRESS_SHA256:
        return pick_lexicon(None, "express", near)
    raise RunError(
        f"{folder} was scored with the lexicon {label}, and no file {file} with that content is "
        f"there any more{other}: give it as --lexicon FILE."
    )


def score_run(
    lines: Sequence[Mapping[str, Any]], lexicon: Lexicon, record: Record
) -> dict[str, Any]:
    """Score the lines of `predictions.jsonl` under both protocols.

    Returns:
        For each protocol its figures, counts, coverage and signature, ready for JSON, and `clean`,
        the figures without leaked and negated masks, where the lines tell of them; of a ranking
        also `rank`, see `rank_scores`.
    """
    asked = record.asked
    references = [line["references"] for line in lines]
    flags = clean_of(lines)
    result: dict[str, Any] = {}
    for protocol in PROTOCOLS:
        readings = [reading_of(line, protocol) for line in lines]
        scores = score(references, readings, lexicon, protocol)
        signature = signature_of(asked, len(lines), protocol, lexicon)
        note = caution(lexicon.label, protocol)
        result[protocol] = {**scores.to_dict(), "signature": str(signature), "note": note}
        if flags is not None:
            result[protocol]["clean"] = clean_figures(
                references, readings, flags, lexicon, protocol
            )
    if asked.decoding.kind == RANK:
        result["rank"] = run_ranks(lines, record)
    return result


def run_ranks(lines: Sequence[Mapping[str, Any]], record: Record) -> dict[str, Any]:
    """`rank_scores` of a run."""
    return rank_scores(lines, record.vocabulary or (), record.prior, set(record.left_out or ()))


def clean_of(lines: Sequence[Mapping[str, Any]]) -> list[list[bool]] | None:
    """What the lines tell of each mask, or None where one of them tells nothing."""
    flags = [line.get("clean") for line in lines]
    known = [one for one in flags if one is not None]
    return known if flags and len(known) == len(flags) else None


def signature_of(asked: Asked, n: int, protocol: Protocol, lexicon: Lexicon) -> Signature:
    """The line that makes a run's figures comparable."""
    return Signature(
        data=asked.dataset.signature,
        split=asked.dataset.split,
        n=n,
        protocol=protocol,
        lexicon=lexicon.label,
        prompt=f"{asked.prompt.name}@{asked.prompt.hash}",
        decode=asked.decoding.name,
        seen="" if asked.seen == UNKNOWN else asked.seen or "",
        trained=UNKNOWN if asked.seen == UNKNOWN else "",
    )


def reading_of(line: Mapping[str, Any], protocol: str) -> Reading:
    """What a line of `predictions.jsonl` says was read, under one protocol."""
    terms, reason = line["terms"][protocol], line["reason"][protocol]
    return Reading(terms and tuple(terms), Reason(reason) if reason else None)
