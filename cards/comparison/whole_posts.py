"""A run on segments and one on the posts that they were cut from, mask by mask (Table 4)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from express_dataset.identity import mask_identities
from express_metric.errors import ExpressError
from express_metric.parsing import Reading
from express_runners.errors import RunError

from .data import mean_words
from .runs import Run

SIDES = ("segmented", "full")
"""What the paper calls the two."""


def on_same_masks(runs: Sequence[Run]) -> tuple[Run, Run]:
    """Two runs, one on segments and one on whole posts, brought to the masks that both answered.

    The second gets a row for each segment, with what was said of its masks in the whole post; so
    posts that one run lacks are left out, and a mask that stands in two segments counts in both.
    """
    if len(runs) != 2 or not all(run.folder for run in runs):
        raise RunError(
            f"--whole-posts pairs two runs' folders, one on segments and one on whole posts, and "
            f"{len(runs)} {'run is' if len(runs) == 1 else 'runs or files are'} given"
        )
    segments, whole = sorted(runs, key=lambda run: mean_words(run) or 0.0)
    if whole.posts and len(set(whole.posts)) < len(whole.posts):
        raise RunError(
            f"{whole.name} answered several texts of one post: --whole-posts needs a run on data "
            "built with `express dataset build --whole-posts`"
        )
    if segments.fingerprint is not None and segments.fingerprint == whole.fingerprint:
        raise RunError(f"{segments.name} and {whole.name} answered the same texts")
    if segments.lexicon.label != whole.lexicon.label:
        raise RunError(
            f"{segments.name} has vectors of {segments.lexicon.label} and {whole.name} of "
            f"{whole.lexicon.label}: give --lexicon, for both"
        )
    known = mask_identities(*(run.folder.examples for run in (segments, whole) if run.folder))
    place = {post: row for row, post in enumerate(whole.posts or [])}
    rows = [row for row, key in enumerate(segments.ids or []) if key in known]
    if not rows:
        raise RunError(f"{segments.name} and {whole.name} have no post in common")
    masks = [known[(segments.ids or [])[row]] for row in rows]
    places = [(place[own[0][0]], [number for _, number in own]) for own in masks]
    for row, (post, numbers) in zip(rows, places, strict=True):
        if segments.references[row] != tuple(whole.references[post][n] for n in numbers):
            raise RunError(
                f"{segments.name} and {whole.name} have other labels for the same masks: build "
                "both from the same dumps with the same settings"
            )
    return (
        _named(segments.picked(rows), "segments"),
        _named(_cut(segments.picked(rows), whole, places), "whole posts"),
    )


def found_pairs(runs: Sequence[Run]) -> list[tuple[Run, Run]]:
    """Every pair of one model under one setting that is on segments and on their whole posts."""
    found = []
    for place, first in enumerate(runs):
        for second in runs[place + 1 :]:
            alike = (first.model, first.setting) == (second.model, second.setting)
            if not alike or first.fingerprint == second.fingerprint:
                continue
            if set(first.posts or ()) & set(second.posts or ()):
                try:
                    found.append(on_same_masks([first, second]))
                except ExpressError:
                    continue
    return found


def _cut(like: Run, whole: Run, places: Sequence[tuple[int, list[int]]]) -> Run:
    """A run on whole posts with the rows of another on segments: post and masks of each."""

    def cut(reading: Reading, numbers: Sequence[int]) -> Reading:
        terms = reading.terms
        return reading if terms is None else Reading(tuple(terms[number] for number in numbers))

    return dataclasses.replace(
        whole,
        references=like.references,
        readings={
            protocol: [
                # The whole post's answer is read as a whole: without a term for each of its
                # masks there is none for these.
                cut(_whole_or_none(rows[post], len(whole.references[post])), numbers)
                for post, numbers in places
            ]
            for protocol, rows in whole.readings.items()
        },
        ids=like.ids,
        posts=like.posts,
        clean=like.clean,
        ranking=None,
        places=None,
        signatures={
            protocol: dataclasses.replace(signature, n=len(places))
            for protocol, signature in whole.signatures.items()
        },
    )


def _whole_or_none(reading: Reading, masks: int) -> Reading:
    fits = reading.terms is not None and len(reading.terms) == masks
    return reading if fits else Reading(None, reading.reason)


def _named(run: Run, text: str) -> Run:
    name = f"{run.model.rstrip('/').rpartition('/')[2]} {run.setting}, {text}"
    return dataclasses.replace(run, name=name)
