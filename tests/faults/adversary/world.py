"""A folder with one good thing of each kind that `express` takes, and words for each command."""

from __future__ import annotations

import json
from pathlib import Path

from support import dumps, studies, tiny_models

from express_cards.study.folder import read_study
from express_cards.study.store import Answer, Store

from . import options
from .case import Forks

GOOD = {
    "run": "--model dummy:uniform --dataset sample --limit 2 --out new",
    "score": "answers.jsonl",
    "compare": "answers.jsonl answers.jsonl --draws 100",
    "report": "answers.jsonl --out page.html",
    "sweep": "sweep.yaml --dry-run",
    "agree": "a-run rank-run",
    "install": "--source sample",
    "dataset mask": "posts.jsonl",
    "dataset build": "dump.jsonl --out built --tokenizer words",
    "dataset stats": "data.jsonl",
    "dataset split": "data.jsonl --out divided.jsonl",
    "dataset publish": "data.jsonl --out published",
    "results push": "a-run --results org/results --out pushed",
    "results record": "a-run",
    "results validate": "submitted --data sample",
    "study new": "study-run.jsonl --out new --posts 4",
    "study close": "study",
    "study agreement": "study --draws 100",
    "study codes": "study",
    "train": "--model model --dataset data.jsonl --out taught --dry-run",
    "train merge": "--model model --adapter adapter --out merged",
    "check-contamination": "--model model --dataset data.jsonl",
    "space": "metric --out spaces",
    "harness": "lm-eval",
    "reproduce": "--from answers.jsonl --out again",
}
SWEEP = "out: runs\noptions: {dataset: sample, limit: 2}\nmodels: ['dummy:uniform']\n"
SWEEP += "settings: [{name: zero-shot, prompt: zero-shot}]\n"


# What only commands make; `--device cpu` also where there is a better one.
MADE = (
    "run --model model --dataset sample --device cpu --out a-run",
    "run --model model --dataset sample --device cpu --decode rank --out rank-run",
    "results push a-run --results org/results --out submitted",
    "train --model model --dataset sample --epochs 1 --limit 8 --device cpu --out adapter",
    "dataset build dump.jsonl --out a-build --tokenizer words --key key",
    "sweep sweep.yaml",
)


def make(forks: Forks, folder: Path) -> dict[str, list[str]]:
    """Make the folder, and return good words for each command by its name.

    Words are relative to the folder; what a command writes is named by its option `--out`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tiny_models.make("llama", folder / "model")
    dumps.train_tokenizer(folder / "tokenizer")
    dumps.write(folder / "dump.jsonl", dumps.ndjson(dumps.posts(40)))
    (folder / "key").write_text("7f" * 32)
    (folder / "posts.jsonl").write_text('{"id": "a", "text": "I was sad. I felt so happy."}\n')
    (folder / "sweep.yaml").write_text(SWEEP)
    (folder / "words.jinja").write_text("{{ text }} {{ example }}")
    (folder / "terms.txt").write_text("sad\nhappy\n")
    (folder / "lexicon.csv").write_text(
        "word,anger,anticipation,disgust,fear,joy,sadness,surprise,trust,positive,negative\n"
        "sad,0,0,0,0,0,1,0,0,0,1\nhappy,0,0,0,0,1,0,0,0,1,0\n"
    )
    answers = [
        {"id": f"e{n}", "references": [word], "completion": f'["{said}"]'}
        for n, (word, said) in enumerate([("sad", "sad"), ("happy", "angry")] * 6)
    ]
    (folder / "answers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in answers))
    splits = ["train"] * 12 + ["test"] * 10 + ["few_shot"] * 4
    data = [
        {"id": f"d{n}", "text": f"{n} I was <mask>. It is so.", "labels": [word], "split": split}
        for n, (word, split) in enumerate(zip(["sad", "happy"] * 13, splits, strict=True))
    ]
    (folder / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in data))
    _studied(folder / "study")
    for line in MADE:
        done = forks.run(line.split(), folder=folder, seconds=300)
        assert done.wrongs((0,)) == [], done.err[-2000:]
    (submission,) = folder.glob("submitted/*/*/*")
    (folder / "submission").symlink_to(submission.relative_to(folder))
    options.bad_files(folder)
    return words()


def _studied(folder: Path) -> None:
    """A study that two coders have answered."""
    studies.made_study(folder, posts=4)
    study = read_study(folder)
    store = Store.open(folder, study.id)
    for coder, order in study.orders.items():
        for shown in order:
            store.save(Answer(coder, shown.item, "first"))
    store.close_connection()


def words() -> dict[str, list[str]]:
    """Good words for each command by its name."""
    return {name: f"{name} {rest}".split() for name, rest in GOOD.items()}
