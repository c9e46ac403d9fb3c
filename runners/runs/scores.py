"""From predictions to scores: of a run's folder, or of any file of results."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from express_metric.lexicon import Lexicon, load_lexicon
from express_metric.lexicon_sources import EXPRESS_SHA256
from express_metric.parsing import PROTOCOLS, Reading
from express_metric.records import Results, read_results, score_results
from express_metric.scoring import score
from express_metric.signature import Signature
from express_metric.terms import Reason

from ..errors import RunError
from .ranks import rank_scores
from .store import PREDICTIONS_FILE, RUN_FILE, read_answers, read_run_record, unfinished

AUTHORS_LEXICON = "lexicon-decomposition.csv"
NAMED = ("nrc", "express")


def pick_lexicon(asked: str | None, default: str, near: Path) -> Lexicon:
    """The lexicon asked for, else the data's own.

    Where that is the authors', a copy beside the data serves as well as a download: `Lexicon`
    checks its hash either way.

    Args:
        asked: nrc, express, a file, or None.
        default: the lexicon that the data names.
        near: the data's file or folder.
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


def lexicon_record(lexicon: Lexicon, asked: str | None) -> dict[str, str | None]:
    """What a session of a run keeps of its lexicon, so that it can be found again.

    Args:
        lexicon: the one that the run is scored with.
        asked: nrc, express, a file, or None.
    """
    file = None if asked in (None, *NAMED) else asked
    return {"name": lexicon.name, "sha256": lexicon.sha256, "file": file}


def lexicon_of_run(folder: Path, record: Mapping[str, Any], asked: str | None = None) -> Lexicon:
    """The lexicon asked for, else the one that a run was scored with.

    A file is looked for where it was, then beside the predictions and beside the data; its hash
    tells whether it is the same.

    Args:
        folder: the run's folder.
        record: its `run.json`.
        asked: nrc, express, a file, or None for the run's own.

    Raises:
        RunError: the run's own lexicon is a file that cannot be found again.
        MetricError: the lexicon asked for cannot be read.
    """
    session, named = record["sessions"][-1], record["asked"]["lexicon"]
    near = Path(session["dataset"])
    kept = session.get("lexicon") or {}
    if asked is None and kept.get("file"):
        return _found_again(folder, near, kept, named["label"])
    if asked is None and named["name"] not in NAMED:
        # Written by a version that kept no more than the name.
        raise RunError(
            f"{folder} was scored with a lexicon of its own, {named['label']}, and {RUN_FILE} does "
            "not tell where it is: give it as --lexicon FILE."
        )
    return pick_lexicon(asked, named["name"], near)


def _found_again(folder: Path, near: Path, kept: Mapping[str, str], label: str) -> Lexicon:
    file = Path(kept["file"])
    beside = near if near.is_dir() else near.parent
    other = ""
    for place in dict.fromkeys((file, folder / file.name, beside / file.name)):
        if place.is_file():
            lexicon = load_lexicon(place)
            if lexicon.sha256 == kept["sha256"]:
                return lexicon
            other = f" ({place} now holds {lexicon.label})"
    if kept["sha256"] == EXPRESS_SHA256:
        return pick_lexicon(None, "express", near)
    raise RunError(
        f"{folder} was scored with the lexicon {label}, and no file {file} with that content is "
        f"there any more{other}: give it as --lexicon FILE."
    )


def score_run(
    lines: Sequence[dict[str, Any]], lexicon: Lexicon, asked: dict[str, Any]
) -> dict[str, Any]:
    """Score the lines of `predictions.jsonl` under both protocols.

    Args:
        lines: a line per example.
        lexicon: where vectors come from.
        asked: what `run.json` says was asked; the signature's parts.

    Returns:
        For each protocol its figures, counts, coverage and signature, ready for JSON; of a ranking
        also `rank`, see `rank_scores`.
    """
    references = [line["references"] for line in lines]
    result: dict[str, Any] = {}
    for protocol in PROTOCOLS:
        readings = [reading_of(line, protocol) for line in lines]
        scores = score(references, readings, lexicon, protocol)
        signature = Signature(
            data=asked["dataset"]["signature"],
            split=asked["dataset"]["split"],
            n=len(lines),
            protocol=protocol,
            lexicon=lexicon.label,
            prompt=f"{asked['prompt']['name']}@{asked['prompt']['hash']}",
            decode=asked["decoding"]["name"],
        )
        result[protocol] = {**scores.to_dict(), "signature": str(signature)}
    if lines and "rank" in lines[0]:
        result["rank"] = rank_scores(lines)
    return result


def reading_of(line: Mapping[str, Any], protocol: str) -> Reading:
    """What a line of `predictions.jsonl` says was read, under one protocol."""
    terms, reason = line["terms"][protocol], line["reason"][protocol]
    return Reading(terms and tuple(terms), Reason(reason) if reason else None)


def score_file(path: Path, lexicon: str | None) -> dict[str, Any]:
    """Score a results file or a run's folder under both protocols; for `express score`."""
    if path.is_dir():
        if not (path / RUN_FILE).is_file() or not (path / PREDICTIONS_FILE).is_file():
            raise RunError(
                f"{path} is no finished run ({RUN_FILE} and {PREDICTIONS_FILE} are needed): finish "
                "it with the `express run` command that began it, or give a results file."
            )
        record = read_run_record(path)
        lines = read_answers(path)
        chosen = lexicon_of_run(path, record, lexicon)
        _tell_part(path, unfinished(record, len(lines)))
        return score_run(lines, chosen, record["asked"])
    results = read_results(path)
    return score_results(results, lexicon_of(results, lexicon, path))


def _tell_part(folder: Path, part: str | None) -> None:
    if part:
        print(
            f"note: {folder}: {part}, so these figures are of a part of the data; finish it with "
            "the `express run` command that began it.",
            file=sys.stderr,
        )
