"""Time the masking against a literal implementation of the authors' procedure.

    python tests/benchmarks/bench_masking.py [FOLDER]

FOLDER holds the reference data (default: EXPRESS_REFERENCE, else ../shared/express). Each contender
runs in a process of its own, on the same posts, and its clock starts once spaCy is loaded. Then the
gate is timed on a dump where one post in a hundred can match.
"""

from __future__ import annotations

import ast
import csv
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from express_dataset.construct.masking import MODELS, mask_texts, pipeline
from express_dataset.construct.patterns import may_match
from express_dataset.construct.terms import EXPRESS_2025, felt_terms, terms

ROOT = Path(__file__).resolve().parents[2]
Offsets = list[list[int]]

FEEL = r"\bI(?:\s+\w+){0,3}?\s+(?:feel|felt|feeling)\b((?:\s+\w+){1,4})"
BE = r"\b(?:I'm|Im|I am|I was|I have been|I had been)((?:\s+(?!feeling\b)\w+){1,3})"
FEELING = r"\bfeeling\b((?:\s+\w+){1,4})"
BARRIERS = {"PRON", "VERB", "AUX", "PROPN"}
SUBJECTS = {"NOUN", "PROPN", "PRON"}
HINDERING = {"when", "where", "how", "what", "why", "which", "this", "that", "these", "those"}


def published(folder: Path) -> tuple[list[str], Offsets]:
    """The reference posts with the labels back in their masks, and where those labels begin."""
    texts, places = [], []
    csv.field_size_limit(2**30)
    with (folder / "gpt4o_predictions.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            text, starts = "", []
            labels = ast.literal_eval(row["labels"])
            for part, label in zip(row["segment"].split("<mask>"), [*labels, ""], strict=True):
                text += part
                starts.append(len(text))
                text += label
            texts.append(text)
            places.append(starts[:-1])
    return texts, places


def agreement(found: Offsets, expected: Offsets) -> dict[str, float]:
    """Precision, recall and F1 of mask positions, over all posts together."""
    pairs = [(set(some), set(right)) for some, right in zip(found, expected, strict=True)]
    hits = sum(len(some & right) for some, right in pairs)
    some, right = sum(len(one) for one, _ in pairs), sum(len(one) for _, one in pairs)
    return {"precision": hits / some, "recall": hits / right, "f1": 2 * hits / (some + right)}


def literal(texts: list[str], frugal: bool = False) -> Offsets:
    """The procedure word for word: spaCy on the post, then anew on every candidate phrase.

    With `frugal`, phrases without an emotion word are skipped, which the procedure does not ask.
    """
    import spacy

    nlp = spacy.load(next(name for name in MODELS if spacy.util.is_package(name)))
    known, felt = terms(EXPRESS_2025), felt_terms(EXPRESS_2025)

    def phrases(text: str) -> list[tuple[str, re.Match[str]]]:
        found = [("feel", match) for match in re.finditer(FEEL, text, re.IGNORECASE)]
        spans = [match.span() for _, match in found]
        found += [("be", match) for match in re.finditer(BE, text, re.IGNORECASE)]
        for sentence in nlp(text).sents:
            for match in re.finditer(FEELING, text, re.IGNORECASE):
                if not sentence.start_char <= match.start() < sentence.end_char:
                    continue
                before = [word for word in sentence if word.idx <= match.start()]
                inside = any(start <= match.start() < end for start, end in spans)
                if not inside and not any(word.pos_ in SUBJECTS for word in before):
                    found.append(("feeling", match))
        return found

    def masked(kind: str, match: re.Match[str]) -> int | None:
        tail = match.start(1) - match.start()
        words = [word for word in nlp(match[0]) if word.idx >= tail and not word.is_space]
        if words[0].lower_ == "like":
            return None
        for place, word in enumerate(words):
            before = words[:place]
            noun = any(one.pos_ == "NOUN" for one in before) and word.dep_ == "acomp"
            if (
                word.lower_ in known
                and not any(one.pos_ in BARRIERS or one.lower_ in HINDERING for one in before)
                and not (noun and word.head.lower_ not in {"feel", "felt", "feeling"})
                and (kind != "be" or (word.pos_ == "ADJ" and word.lower_ not in felt))
            ):
                return match.start() + int(word.idx)
        return None

    found = []
    for text in texts:
        some = [
            masked(kind, match)
            for kind, match in phrases(text)
            if not frugal or not known.isdisjoint(match[1].lower().split())
        ]
        found.append(sorted({place for place in some if place is not None}))
    return found


def ours(texts: list[str]) -> Offsets:
    """This project's `express-2025`."""
    return [list(found.offsets) for found in mask_texts(texts, EXPRESS_2025)]


CONTENDERS: dict[str, Callable[[list[str]], Offsets]] = {
    "literal": literal,
    "literal, frugal": lambda texts: literal(texts, frugal=True),
    "ours": ours,
}


def sparse_dump(texts: list[str], times: int) -> list[str]:
    """The posts again and again, with emotion words only in every hundredth."""
    emotion = re.compile(rf"\b(?:{'|'.join(sorted(terms()))})\b", re.IGNORECASE)
    plain = [emotion.sub("busy", text) for text in texts]
    posts = plain * times
    for place in range(0, len(posts), 100):
        posts[place] = texts[place % len(texts)]
    return posts


def time_one(name: str, folder: Path) -> None:
    texts, places = published(folder)
    pipeline()("warm up")
    start = time.perf_counter()
    found = CONTENDERS[name](texts)
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "posts": len(texts), **agreement(found, places)}))


def time_gate(folder: Path) -> None:
    posts = sparse_dump(published(folder)[0], times=20)
    size = sum(len(post.encode()) for post in posts) / 1e6
    start = time.perf_counter()
    passed = sum(may_match(post, EXPRESS_2025) for post in posts)
    gate = time.perf_counter() - start
    pipeline()("warm up")
    start = time.perf_counter()
    masks = sum(len(found.labels) for found in mask_texts(posts, EXPRESS_2025))
    whole = time.perf_counter() - start
    print(f"dump of {size:.0f} MB, {len(posts)} posts, {passed} pass the gate, {masks} masks:")
    print(f"  gate alone {size / gate:.0f} MB/s, masking {size / whole:.0f} MB/s")


def main(arguments: list[str]) -> None:
    """Run every contender in a process of its own and print a table."""
    default = os.environ.get("EXPRESS_REFERENCE", str(ROOT.parent / "shared" / "express"))
    folder = Path(arguments[0] if arguments else default).resolve()
    if len(arguments) == 2:
        time_one(arguments[1], folder)
        return
    print(f"{'':16} {'posts/s':>8} {'seconds':>8} {'precision':>9} {'recall':>7} {'F1':>7}")
    speeds = {}
    for name in CONTENDERS:
        command = [sys.executable, __file__, str(folder), name]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
        row = json.loads(done.stdout)
        speeds[name] = row["posts"] / row["seconds"]
        print(
            f"{name:16} {speeds[name]:8.1f} {row['seconds']:8.2f} {row['precision']:9.4f} "
            f"{row['recall']:7.4f} {row['f1']:7.4f}"
        )
    for name in ("literal", "literal, frugal"):
        print(f"ours is {speeds['ours'] / speeds[name]:.1f} times as fast as {name}")
    time_gate(folder)


if __name__ == "__main__":
    main(sys.argv[1:])
