"""Real runs of a tiny model on data of our own, which may be published."""

from __future__ import annotations

import json
from pathlib import Path

from express_dataset.splits import split_of
from express_runners.config import RunConfig
from express_runners.runs.run import run
from support.tiny_models import make

WORDS = ("sad", "happy", "angry", "proud", "afraid", "calm")
ROWS = 60


def write_data(file: Path) -> Path:
    """Invented rows of one or two masks."""
    with file.open("w", encoding="utf-8") as stream:
        for row in range(ROWS):
            labels = [WORDS[row % len(WORDS)], WORDS[row * 5 % len(WORDS)]][: 1 + row % 2]
            text = f"Day {row}. I was <mask>." + " Then I felt <mask> again." * (row % 2)
            post = f"p{row}"
            line = {"id": f"e{row}", "post_id": post, "text": text, "labels": labels}
            stream.write(json.dumps(line | {"split": split_of(post)}) + "\n")
    return file


def make_runs(root: Path) -> dict[str, Path]:
    """A free run of the whole test split, a ranking, a part of it, and one on the sample."""
    model, data = str(make("roberta", root / "tiny")), str(write_data(root / "mine.jsonl"))
    for name, dataset, more in (
        ("free", data, {}),
        ("rank", data, {"decode": "rank", "vocabulary": "train"}),
        ("part", data, {"limit": 2}),
        ("sample", "sample", {"limit": 2}),
    ):
        run(RunConfig(model=model, dataset=dataset, out=root / name, device="cpu", **more))
    run(RunConfig(model="dummy:uniform", dataset=data, out=root / "dummy", device="cpu"))
    names = ("free", "rank", "part", "sample", "dummy")
    return {name: root / name for name in names}
