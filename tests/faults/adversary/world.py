"""A folder with one good thing of each kind that `express` takes, and words for each command."""

from __future__ import annotations

import json
from pathlib import Path

from support import dumps, studies, tiny_models

GOOD = {
    "run": "--model dummy:uniform --dataset sample --limit 2 --out new",
    "score": "answers.jsonl",
    "compare": "answers.jsonl answers.jsonl --draws 100",
    "report": "answers.jsonl --out page.html",
    "sweep": "sweep.yaml --dry-run",
    "agree": "a-run a-run",
    "install": "--source sample",
    "dataset mask": "posts.jsonl",
    "dataset build": "dump.jsonl --out built --tokenizer words",
    "dataset stats": "data.jsonl",
    "dataset publish": "data.jsonl --out published",
    "results push": "a-run --results org/results --out pushed",
    "results validate": "submitted",
    "study new": "study-run.jsonl --out new --posts 4",
    "study close": "study",
    "study agreement": "study --draws 100",
    "study codes": "study",
    "train": "--model model --dataset data.jsonl --out taught --dry-run",
    "train merge": "--model model --out merged",
    "check-contamination": "--model model --dataset data.jsonl",
    "space": "metric --out spaces",
    "harness": "lm-eval",
    "reproduce": "--from answers.jsonl --out again",
}
SWEEP = "out: runs\noptions: {dataset: sample, limit: 2}\nmodels: ['dummy:uniform']\n"
SWEEP += "settings: [{name: zero-shot, prompt: zero-shot}]\n"


def make(folder: Path) -> dict[str, list[str]]:
    """Make the folder, and return good words for each command by its name.

    Words are relative to the folder; what a command writes is named by its option `--out`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tiny_models.make("llama", folder / "model")
    dumps.train_tokenizer(folder / "tokenizer")
    dumps.write(folder / "dump.jsonl", dumps.ndjson(dumps.posts(40)))
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
    data = [
        {"id": f"d{n}", "text": f"{n} I was <mask>.", "labels": ["sad"], "split": split}
        for n, split in enumerate(["train"] * 4 + ["test"] * 4 + ["few_shot"] * 4)
    ]
    (folder / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in data))
    studies.made_study(folder / "study", posts=4)
    return words()


def words() -> dict[str, list[str]]:
    """Good words for each command by its name."""
    return {name: f"{name} {rest}".split() for name, rest in GOOD.items()}
