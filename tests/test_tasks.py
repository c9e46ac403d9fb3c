"""What people come for, each from its own beginning to its end."""

from __future__ import annotations

import csv
import json
import re
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


def test_three_runs_become_a_table_of_latex(tmp_path: Path) -> None:
    rows = labels()
    runs = [
        write_run(tmp_path / name, f"org/we_{name}", "causal", "cot", answers(rows, share))
        for name, share in (("a", 0.2), ("b", 0.5), ("c", 0.9))
    ]
    done = express("compare", *runs, "--draws", "100", "--format", "latex")
    assert done.returncode == 0, done.stderr
    assert re.findall(r"\\(toprule|midrule|bottomrule)", done.stdout)
    assert not re.search(r"(?<!\\)[_#]", done.stdout)  # what LaTeX would stop at
    depth = 0
    for sign in re.findall(r"(?<!\\)[{}]", done.stdout):
        depth += 1 if sign == "{" else -1
        assert depth >= 0
    assert depth == 0
    assert len(re.findall(r"\\begin\{", done.stdout)) == len(re.findall(r"\\end\{", done.stdout))


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
