"""What people come for, each from its own beginning to its end."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

from support.made_runs import answers, labels, write_run

import express_runners as runners
from express_dataset import load_all_examples


def express(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command as a person does."""
    command = [sys.executable, "-m", "express_runners.cli", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True)


def test_a_csv_with_columns_id_gold_answer(tmp_path: Path) -> None:
    file = tmp_path / "answers.csv"
    file.write_text('id,gold,answer\n1,furious,angry\n2,sad,sad\n3,"sad, lonely","[sad, tired]"\n')
    done = express(
        *("score", file, "--references", "gold", "--predictions", "answer", "--id", "id"),
        *("--format", "json"),
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)["revised"]
    assert (figures["valid_rate"], figures["lexical_accuracy"]) == (1, 0.5)


def test_three_runs_become_a_table_of_latex_that_compiles(tmp_path: Path) -> None:
    rows = labels()
    runs = [
        write_run(tmp_path / name, f"org/we_{name}", "causal", "cot", answers(rows, share))
        for name, share in (("a#1", 0.2), ("b & ~c^2", 0.5), ("\\d{é}%$", 0.9))
    ]
    done = express("compare", *runs, "--draws", "100", "--published", "--format", "latex")
    assert done.returncode == 0, done.stderr
    paper = tmp_path / "paper.tex"
    paper.write_text(
        "\\documentclass{article}\n\\usepackage{booktabs,graphicx}\n\\begin{document}\n"
        f"{done.stdout}\n\\end{{document}}\n",
        "utf-8",
    )
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", paper.name]
    made = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert made.returncode == 0, made.stdout[-2000:]
    assert "Overfull" not in made.stdout
    assert paper.with_suffix(".pdf").stat().st_size > 10_000


def test_a_pipeline_of_one_s_own_is_scored_in_its_loop(tmp_path: Path) -> None:
    examples = runners.prompts.examples("sample")
    file, shares = tmp_path / "step.jsonl", []
    for known in (0, len(examples) // 2, len(examples)):
        lines = []
        for place, example in enumerate(examples):
            assert example.text in runners.prompts.build(example)
            said = json.dumps(
                [*example.labels] if place < known else ["purple"] * len(example.labels)
            )
            read = runners.prompts.read(f"The answer: {said}", example)
            lines.append({"references": [*example.labels], "predictions": [*(read.terms or ())]})
        file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        shares.append(runners.score(file)["revised"]["lexical_accuracy"])
    assert shares[0] < shares[1] < shares[2] == 1


def test_thirty_posts_become_a_folder_and_come_back(tmp_path: Path) -> None:
    file, out = tmp_path / "posts.csv", tmp_path / "published"
    with file.open("w", encoding="utf-8", newline="") as written:
        table = csv.writer(written)
        table.writerow(("id", "text", "labels", "split"))
        for post in range(30):
            text = f"{'abcdefghijklmnopqrstuvwxyzABCD'[post] * 9} on day {post}: I felt <mask>."
            table.writerow((post, text, '["sad"]', "train" if post % 3 else "test"))
    done = express("dataset", "publish", file, "--out", out)
    assert done.returncode == 0, done.stderr
    before, after = load_all_examples(str(file)), load_all_examples(str(out))
    for name in ("train", "test"):
        assert [o.text for o in after[name].examples] == [o.text for o in before[name].examples]
    assert len(after["all"].examples) == 30
