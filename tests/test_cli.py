"""The command as a user meets it: output, exit codes, one sentence for a mistake."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

GOLDEN = {
    "valid_rate": 1.0,
    "lexical_accuracy": 0.352803738317757,
    "vector_accuracy": 0.4217289719626168,
    "vector_f1": 0.713761867675419,
    "dimension_accuracy": 0.8491822429906541,
}


def express(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "express_runners.cli", *map(str, words)],
        capture_output=True,
        text=True,
    )


def results(folder: Path) -> Path:
    """A small results file."""
    file = folder / "results.jsonl"
    rows = [
        {"references": ["sad"], "completion": '["sad"]'},
        {"references": ["angry", "tired"], "completion": "I cannot tell."},
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def test_golden_figures_by_the_command(reference: Path) -> None:
    done = express(
        *("score", reference / "gpt4o_predictions.csv", "--format", "json"),
        *("--lexicon", reference / "lexicon-decomposition.csv"),
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    scores = json.loads(done.stdout)
    for name, value in GOLDEN.items():
        assert scores["paper"][name] == pytest.approx(value, abs=1e-12)
    assert scores["paper"]["signature"].count("lex:express-16019@c1d86ec2") == 1
    assert scores["revised"]["vector_accuracy"] < scores["paper"]["vector_accuracy"]


def test_the_authors_lexicon_is_found_beside_their_file(reference: Path) -> None:
    done = express("score", reference / "gpt4o_predictions.csv", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert "lex:express-16019@c1d86ec2" in json.loads(done.stdout)["paper"]["signature"]


def test_a_table_names_both_protocols_and_what_was_not_scored(tmp_path: Path) -> None:
    done = express("score", results(tmp_path), "--lexicon", "nrc")
    assert done.returncode == 0, done.stderr
    assert "lexical_accuracy" in done.stdout
    assert "not scored under revised: refusal 1" in done.stdout
    assert done.stdout.count("EXPRESS|data:") == 2


def test_stdout_is_json_alone(tmp_path: Path) -> None:
    done = express("score", results(tmp_path), "--lexicon", "nrc", "--format", "json")
    assert json.loads(done.stdout)["revised"]["invalid"] == {"refusal": 1}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["score", "nowhere.jsonl"], "nowhere.jsonl: there is no such file"),
        (["score", "."], "is no finished run"),
        (["score", "x.jsonl", "--lexicon", "nowhere.csv"], "nowhere.csv"),
        # What stands between, a colon or quotes, is Typer's version's.
        (["score", "x.jsonl", "--nope"], "No such option"),
        (["score", "x.jsonl", "--nope"], "--nope"),
        (["score", "x.jsonl", "--format", "xml"], "'xml' is not one of 'text', 'json'"),
        (["run", "--out", "o"], "Missing option '--model'"),
        (["run", "--model", "m", "--out", "o", "--limit", "0"], "--limit must be at least 1"),
        (["run", "--model", "m", "--out", "o", "--limit", "x"], "Invalid value for '--limit'"),
        (["run", "--model", "m", "--out", "o", "--split", "dev"], "--split must be one of train"),
        (["run", "--model", "m", "--out", "o", "--dtype", "int3"], "--dtype must be one of auto"),
        (["install", "--source", "nowhere.csv"], "nowhere.csv"),
        (["install", "--source", "nonsense"], "there is no source 'nonsense'"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(
    words: list[str], sentence: str, tmp_path: Path
) -> None:
    (tmp_path / "x.jsonl").write_text('{"references": ["sad"], "completion": "sad"}\n')
    done = subprocess.run(
        [sys.executable, "-m", "express_runners.cli", *words],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 2, done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


MODELS = {"torch", "transformers", "accelerate", "datasets", "evaluate"}
OTHERS = {"pandas", "rich", "express_cards.study.options"}


@pytest.mark.parametrize(
    ("words", "heavy"),
    [
        ("--help", MODELS | {"pandas", "rich", "numpy"}),
        ("run --help", MODELS | OTHERS | {"numpy"}),
        ("score results.jsonl --lexicon nrc --format json", MODELS | OTHERS),
        ("run --model dummy --dataset sample --limit 3 --out out", MODELS),
        ("dataset mask posts.jsonl", {"torch"}),
        ("dataset build posts.jsonl --tokenizer words --min-words 1 --out out", {"torch"}),
    ],
)
def test_nothing_heavy_is_imported_in_vain(words: str, heavy: set[str], tmp_path: Path) -> None:
    results(tmp_path)
    post = {"id": "a", "selftext": "I was so sad.", "text": "I was so sad.", "is_self": True}
    (tmp_path / "posts.jsonl").write_text(json.dumps(post) + "\n")
    code = (
        f"import sys; sys.argv[1:] = {words.split()}\n"
        "from express_runners.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        f"print('HEAVY', sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path
    )
    assert "HEAVY []" in done.stdout, done.stdout + done.stderr


def test_a_full_output_is_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "express_runners.cli", "score", str(results(tmp_path))]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*command, "--lexicon", "nrc", "--format", "json"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 2
    assert done.stderr == "error: standard output cannot be written: No space left on device\n"


def test_a_file_of_ones_own_is_compared_by_the_lexicon_it_is_scored_by(tmp_path: Path) -> None:
    first = results(tmp_path)
    second = first.with_name("other.jsonl")
    second.write_bytes(first.read_bytes())
    scored = json.loads(express("score", first, "--format", "json").stdout)
    done = express("compare", first, second, "--draws", "100")
    assert done.returncode == 0, done.stderr
    label = scored["paper"]["signature"].split("|lex:")[1].split("|")[0]
    assert label.startswith("nrc-")
    assert label in done.stdout
