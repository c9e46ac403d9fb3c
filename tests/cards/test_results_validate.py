"""Submissions of real runs: checked, tampered with, and refused with the reason."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from support.loopback_hub import LoopbackHub
from support.submitted import SETTINGS, Lines, change, lines_of, read, reason, write_lines

from express_cards.submissions.sources import Sources
from express_cards.submissions.submission import Submission
from express_cards.submissions.validate import validate
from express_dataset.sources import load

ROOT = Path(__file__).resolve().parents[2]


def express(
    *words: str | Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The command as a user types it."""
    return subprocess.run(
        [sys.executable, "-m", "express_runners.cli", "results", "validate", *map(str, words)],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_all_settings_pass(clean: dict[str, Path], submissions: dict[str, Submission]) -> None:
    verdicts = validate(str(clean["free"].parents[2]), Sources())
    assert [one.reason for one in verdicts] == [None] * len(SETTINGS)
    assert {one.name for one in verdicts} == {one.path for one in submissions.values()}
    for verdict in verdicts:
        assert verdict.passed is not None
        wanted = next(one for one in submissions.values() if one.path == verdict.name)
        assert verdict.passed.scores == wanted.scores


def test_a_single_folder_passes_wherever_it_stands(clean: dict[str, Path], tmp_path: Path) -> None:
    moved = Path(shutil.copytree(clean["rank"], tmp_path / "mine"))
    (verdict,) = validate(str(moved), Sources())
    assert (verdict.name, verdict.ok) == ("mine", True)
    assert "rank" in verdict.told()["scores"]


def test_submissions_folder_itself(clean: dict[str, Path]) -> None:
    assert all(one.ok for one in validate(str(clean["free"].parents[1]), Sources()))


@pytest.mark.parametrize("protocol", ["paper", "revised"])
def test_one_term_changed(copy: Callable[[str], Path], protocol: str) -> None:
    # The likeliest terms of a ranking always read as a list, whatever the weights.
    folder = copy("rank")
    lines = lines_of(folder)
    lines[7]["terms"][protocol][0] = "cheated"
    write_lines(folder, lines)
    found = reason(folder)
    assert found.startswith(f"predictions.jsonl, line 8: terms.{protocol}.0 is 'cheated', not ")
    assert found.endswith(", as the data and the completion give")


def swapped(lines: Lines) -> None:
    first = lines[0]
    other = next(line for line in lines if line["terms"] != first["terms"])
    for key in ("completion", "finish"):
        first[key], other[key] = other[key], first[key]


def missing(lines: Lines) -> None:
    del lines[3]


def twice(lines: Lines) -> None:
    lines.insert(5, deepcopy(lines[1]))


def foreign(lines: Lines) -> None:
    lines.append({**deepcopy(lines[0]), "id": "elsewhere"})


def relabelled(lines: Lines) -> None:
    lines[2]["references"] = ["joyful"] * len(lines[2]["references"])


def other_post(lines: Lines) -> None:
    lines[2]["post_id"] = lines[3]["post_id"]


def other_reason(lines: Lines) -> None:
    lines[4]["reason"]["paper"] = "too-long"


def no_completion(lines: Lines) -> None:
    lines[4] |= {"completion": None, "terms": {"paper": [], "revised": []}}


def extra_key(lines: Lines) -> None:
    lines[0]["host"] = "mine"


def shot_too_many(lines: Lines) -> None:
    lines[0]["shots"] = ["x"]


def odd_finish(lines: Lines) -> None:
    lines[0]["finish"] = "because"


@pytest.mark.parametrize(
    ("tamper", "told"),
    [
        (swapped, ["line 1: ", ", as the data and the completion give"]),
        (missing, ["1 of the 26 examples", "have no answer"]),
        (twice, ["line 6: example ", "is answered in line 2 already"]),
        (foreign, ["line 27: 'elsewhere' is no example of split test of express-sample"]),
        (relabelled, ["line 3: references.0 is 'joyful', not "]),
        (other_post, ["line 3: post_id is ", ", not "]),
        (other_reason, ["line 5: reason.paper is 'too-long', not "]),
        (no_completion, ["line 5: there is no completion"]),
        (extra_key, ["line 1: host is too much"]),
        (shot_too_many, ["line 1: ['x'] were shown", "0 solved examples"]),
        (odd_finish, ["line 1: finish is 'because'"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_tampered_answers(
    copy: Callable[[str], Path], tamper: Callable[[Lines], None], told: list[str]
) -> None:
    folder = copy("free")
    lines = lines_of(folder)
    tamper(lines)
    write_lines(folder, lines)
    found = reason(folder)
    assert found.startswith("predictions.jsonl")
    assert [part for part in told if part not in found] == [], found


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("top", ["nonsense"] * 5, "top is"),
        ("reference", 999, "but its log-probability gives"),
        ("logprobs", [0.0], "logprobs must be "),
    ],
)
def test_tampered_ranking(copy: Callable[[str], Path], key: str, value: Any, told: str) -> None:
    folder = copy("rank")
    lines = lines_of(folder)
    # A mask whose term is in the vocabulary, so that it has a place.
    number, mask = next(
        (n, mask)
        for n, line in enumerate(lines, 1)
        for mask in line["rank"]
        if mask["reference"] is not None
    )
    mask[key] = value
    write_lines(folder, lines)
    found = reason(folder)
    assert found.startswith(f"predictions.jsonl, line {number}: mask ")
    assert told in found


def test_a_ranking_with_the_author_s_word_moved_up(copy: Callable[[str], Path]) -> None:
    """Logprobs and all that follows are forged alike; the completion gives it away."""
    folder = copy("rank")
    lines = lines_of(folder)
    for mask in lines[0]["rank"]:
        mask["top"][:2] = mask["top"][1::-1]
    write_lines(folder, lines)
    assert "are not the likeliest terms" in reason(folder)


SIGNATURE = ("paper", "signature")


@pytest.mark.parametrize(
    ("file", "names", "value", "told"),
    [
        ("scores.json", ("paper", "lexical_accuracy"), 0.5, "paper.lexical_accuracy is 0.5, not"),
        ("scores.json", ("revised", "vector_f1"), 0.987, "revised.vector_f1 is 0.987, not"),
        ("scores.json", ("revised", "more"), 1, "revised.more is too much"),
        ("scores.json", SIGNATURE, "x", "'x'"),
        ("scores.json", SIGNATURE, 7, "paper.signature is 7, not 'EXPRESS|"),
        ("run.json", ("asked", "dataset", "fingerprint"), "0" * 64, "on other data than split"),
        ("run.json", ("asked", "dataset", "examples"), 3, "the run is on 3 examples"),
        ("run.json", ("asked", "dataset", "split"), "train", "but split train of sample has"),
        (
            "run.json",
            ("asked", "dataset", "revision"),
            "a" * 40,
            "asked.dataset.revision is too much",
        ),
        (
            "run.json",
            ("asked", "dataset", "signature"),
            "express-sample@0",
            "dataset.signature is 'express-sample@0', not",
        ),
        ("run.json", ("asked", "dataset", "name"), "mine", "not known where to get the data"),
        ("run.json", ("asked", "prompt", "hash"), "0000", "asked.prompt.hash is '0000', not"),
        (
            "run.json",
            ("asked", "prompt", "name"),
            "cot",
            "asked.prompt.name is 'cot', not 'zero-shot'",
        ),
        ("run.json", ("asked", "prompt", "cue"), "So:", "asked.prompt.cue is 'So:', not ''"),
        ("run.json", ("asked", "lexicon", "label"), "nrc-9@0", "the lexicon is 'nrc-9@0'"),
        ("run.json", ("asked", "lexicon", "name"), "mine", "give it with --lexicon"),
        ("run.json", ("asked", "model", "family"), "dummy", "is no family of models"),
        ("run.json", ("asked", "decoding", "name"), "beam", "decoding.name is 'beam', not 'free'"),
        ("run.json", ("submission", "model"), "tiny", "which is no ORG/NAME of the Hub"),
        ("run.json", ("submission", "model"), "../x", "which is no ORG/NAME of the Hub"),
        ("run.json", ("submission", "model"), "org/[x](y)", "which is no ORG/NAME of the Hub"),
        ("run.json", ("submission", "model"), "org/other", "model is 'org/tiny', not 'org/other'"),
        ("run.json", ("submission", "same_weights"), False, "the word that these are the same"),
        ("run.json", ("format",), 99, "format is 99"),
        ("run.json", ("sessions",), [], "sessions is empty, and must tell"),
        ("run.json", ("host",), "me", "it holds 'host', which"),
        ("run.json", ("sessions", 0, "user"), "me", "sessions.0 holds 'user', which"),
        ("run.json", ("asked", "model", "name"), "/home/me/tiny", "not 'tiny'"),
        ("run.json", ("asked", "model", "revision"), "0" * 64, ""),
    ],
)
def test_one_value_changed(
    copy: Callable[[str], Path], file: str, names: tuple[str, ...], value: Any, told: str
) -> None:
    folder = copy("free")
    change(folder / file, *names, to=value)
    found = reason(folder)
    # What the card's header tells twice is found there first.
    assert found.startswith((file, "README.md"))
    assert told in found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("split:test", "split:train"),
        ("|n:26", "|n:2600"),
        ("zero-shot@", "few-shot-5@"),
        ("decode:free", "decode:rank"),
    ],
)
def test_edited_signature(copy: Callable[[str], Path], old: str, new: str) -> None:
    folder = copy("free")
    signature = read(folder / "scores.json")["paper"]["signature"]
    assert old in signature
    change(folder / "scores.json", *SIGNATURE, to=signature.replace(old, new))
    found = reason(folder)
    assert found.startswith("scores.json: paper.signature is '")
    assert all(text.strip("|") in found for text in (old, new))


def test_other_data(clean: dict[str, Path], tmp_path: Path) -> None:
    rows = load("sample", split="test").examples
    other = tmp_path / "other.jsonl"
    texts = [{"id": row.id, "text": row.text, "labels": list(row.labels)} for row in rows[:20]]
    other.write_text("".join(json.dumps(row) + "\n" for row in texts), "utf-8")
    done = express(clean["free"], "--data", other)
    assert done.returncode == 2
    assert "run.json: the run is on 26 examples, but split test of" in done.stdout
    assert "Traceback" not in done.stderr


def test_the_command(copy: Callable[[str], Path], clean: dict[str, Path], tmp_path: Path) -> None:
    good = express(clean["free"].parents[2])
    assert good.returncode == 0, good.stderr
    assert "4 passed, 0 refused" in good.stdout
    bad = copy("free")
    change(bad / "scores.json", "paper", "vector_f1", to=1.0)
    copy("rank")
    done = express(tmp_path / "results", "--format", "json")
    assert done.returncode == 2
    found = {one["setting"] if one["passed"] else one["reason"] for one in
             json.loads(done.stdout)["submissions"]}  # fmt: skip
    assert len(found) == 2
    assert any(str(one).startswith("scores.json: paper.vector_f1 is 1.0, not") for one in found)
    table = express(tmp_path / "results")
    assert table.returncode == 2
    heads = [line for line in table.stdout.splitlines() if "submissions/org--tiny/" in line][:2]
    assert {line.split()[0] for line in heads} == {"passed", "REFUSED"}
    assert len({line.index("submissions/") for line in heads}) == 1
    assert "1 passed, 1 refused" in table.stdout


@pytest.mark.parametrize("where", ["no such folder", "."])
def test_nothing_to_check(where: str, tmp_path: Path) -> None:
    done = express(tmp_path if where == "." else where)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


def test_a_results_dataset(clean: dict[str, Path], tmp_path: Path) -> None:
    root = clean["free"].parents[2]
    files = {
        file.relative_to(root).as_posix(): file.read_bytes()
        for file in root.rglob("*")
        if file.is_file()
    }
    bad = "submissions/evil/one"
    files |= {f"{bad}/run.json": b"{}", "README.md": b"# Results\n"}
    with LoopbackHub() as hub:
        hub.dataset("org/results").commit(files)
        env = {"PATH": os.environ["PATH"], "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
        env |= hub.environment(str(tmp_path / "home"))
        done = express("org/results", "--format", "json", env=env)
        asked = [request for request in hub.requests if bad in request]
        absent = express("org/absent", env=env)
    assert done.returncode == 2, done.stderr
    found = {one["name"]: one["reason"] for one in json.loads(done.stdout)["submissions"]}
    assert found.pop(bad) == "predictions.jsonl is missing; add it"
    assert len(found) == len(SETTINGS)
    assert set(found.values()) == {None}
    assert asked == []
    assert absent.returncode == 2
    assert absent.stderr.startswith("error: org/absent is no folder, and no results dataset")
