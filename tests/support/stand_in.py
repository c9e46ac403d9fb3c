"""A file of the shape of the published EXPRESS, with its defects and none of its texts.

`python tests/support/stand_in.py OUT.csv [--seed N]`. The figures below are those that a public
audit found in the file on the Hub; the texts are made of the sentences of this project's sample,
and the labels are drawn from its list of terms. The same seed gives the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
import re
from collections import Counter
from importlib.resources import files
from pathlib import Path

from express_dataset.construct.terms import terms

ROWS, POSTS, MOST_OF_A_POST = 33_640, 27_370, 12
ROWS_OF_REPEATING_POSTS = 10_018
LABELS, DISTINCT, RARE, OF_TEN_COMMONEST = 52_547, 404, 99, 18_843  # 35.86%
COPIES = 407  # rows that have an exact copy
MISFITS = 16  # rows whose number of labels is not what the column says
COLUMNS = (
    "index",
    "original_index",
    "original_ids",
    "segment",
    "number_of_labels",
    "labels",
    "original_labels",
    "word_count",
    "topic_id",
    "topic_name",
)
MASK = "<mask>"


def sizes(rng: random.Random) -> list[int]:
    """Rows of each post, in random order."""
    single = ROWS - ROWS_OF_REPEATING_POSTS
    repeating = [2] * (POSTS - single)
    repeating[0] = MOST_OF_A_POST
    for _ in range(ROWS_OF_REPEATING_POSTS - sum(repeating)):
        place = rng.randrange(1, len(repeating))
        while repeating[place] == MOST_OF_A_POST - 1:
            place = rng.randrange(1, len(repeating))
        repeating[place] += 1
    found = [1] * single + repeating
    rng.shuffle(found)
    return found


def label_counts(rng: random.Random) -> list[int]:
    """How often each label occurs, in falling order."""
    top = [2_400 - 115 * place for place in range(10)]
    top[0] += OF_TEN_COMMONEST - sum(top)
    rare = sorted((rng.randint(1, 4) for _ in range(RARE)), reverse=True)
    weights = [1 / (place + 12) for place in range(DISTINCT - 10 - RARE)]
    spare = LABELS - OF_TEN_COMMONEST - sum(rare) - 5 * len(weights)
    middle = [5 + int(spare * weight / sum(weights)) for weight in weights]
    middle[0] += LABELS - OF_TEN_COMMONEST - sum(rare) - sum(middle)
    return top + middle + rare


def labels_of_rows(rng: random.Random) -> list[list[str]]:
    """The labels of each row: one to five, each label as often as it must be."""
    words = sorted(terms())[:DISTINCT]
    rng.shuffle(words)
    all_labels = [w for w, n in zip(words, label_counts(rng), strict=True) for _ in range(n)]
    rng.shuffle(all_labels)
    numbers = [1] * ROWS
    for _ in range(LABELS - ROWS):
        place = rng.randrange(ROWS)
        while numbers[place] == 5:
            place = rng.randrange(ROWS)
        numbers[place] += 1
    labels = iter(all_labels)
    return [[next(labels) for _ in range(number)] for number in numbers]


class Writer:
    """Texts out of the sample's sentences."""

    def __init__(self, rng: random.Random) -> None:
        sample = files("express_dataset.sample").joinpath("examples.jsonl").read_text("utf-8")
        texts = [json.loads(line)["text"] for line in sample.splitlines()]
        found = [s for text in texts for s in re.split(r"(?<=[.!?])\s+", text)]
        self._plain = sorted({s for s in found if MASK not in s})
        self._masked = sorted({s for s in found if s.count(MASK) == 1})
        self._rng = rng

    def text(self, masks: int) -> str:
        """A text of about 20 to 490 words with so many masks."""
        sentences = self._rng.choices(self._plain, k=self._rng.randint(3, 32))
        for sentence in self._rng.choices(self._masked, k=masks):
            sentences.insert(self._rng.randint(0, len(sentences)), sentence)
        return " ".join(sentences)


def rows(seed: int = 0) -> list[dict[str, object]]:
    """The whole file's rows."""
    rng = random.Random(seed)
    labels, writer, posts = labels_of_rows(rng), Writer(rng), sizes(rng)
    topics = list(
        json.loads(files("express_dataset").joinpath("topics.json").read_text())["topics"]
    )
    spans, start = [], 0
    for size in posts:
        spans.append(range(start, start + size))
        start += size
    alone = [span[0] for span in spans if len(span) == 1]
    rng.shuffle(alone)
    misfits, copied = set(alone[:MISFITS]), alone[MISFITS:]
    masks = [len(own) + (row in misfits) for row, own in enumerate(labels)]
    texts = [writer.text(number) for number in masks]
    _copy(texts, masks, copied)
    found: list[dict[str, object]] = []
    for number, span in enumerate(spans):
        topic = rng.choice(topics)
        whole = [label for row in span for label in labels[row]]
        for row in span:
            cells = (
                row,
                number,
                f"t3x{number:05d}",
                texts[row],
                masks[row],
                labels[row],
                whole,
                len(texts[row].split()),
                topic.partition("_")[0],
                topic,
            )
            found.append(dict(zip(COLUMNS, cells, strict=True)))
    return found


def _copy(texts: list[str], masks: list[int], rows: list[int]) -> None:
    """Give `COPIES` rows the text of another: pairs, and one set of three."""
    by_masks: dict[int, list[int]] = {}
    for row in rows:
        by_masks.setdefault(masks[row], []).append(row)
    ones, left = by_masks[1], COPIES
    while left:
        number = 3 if left == 3 else 2
        first, *others = (ones.pop() for _ in range(number))
        for row in others:
            texts[row] = texts[first]
        left -= number


def stand_in(seed: int = 0) -> bytes:
    """The file."""
    lines = io.StringIO()
    table = csv.DictWriter(lines, COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(rows(seed))
    return lines.getvalue().encode()


def audit(found: list[dict[str, object]]) -> dict[str, int]:
    """The figures of such rows, counted from the rows alone."""
    posts = Counter(row["original_ids"] for row in found)
    labels: Counter[str] = Counter()
    for row in found:
        labels.update(row["labels"])  # type: ignore[call-overload]
    texts = Counter(row["segment"] for row in found)
    return {
        "rows": len(found),
        "posts": len(posts),
        "most of a post": max(posts.values()),
        "rows of repeating posts": sum(n for n in posts.values() if n > 1),
        "labels": labels.total(),
        "distinct": len(labels),
        "rare": sum(n < 5 for n in labels.values()),
        "of ten commonest": sum(n for _, n in labels.most_common(10)),
        "copies": sum(n for n in texts.values() if n > 1),
        "misfits": sum(row["number_of_labels"] != len(row["labels"]) for row in found),  # type: ignore[arg-type]
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    given.out.write_bytes(stand_in(given.seed))
