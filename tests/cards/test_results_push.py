"""`express results push` against a Hub on this machine, by the command and the real client."""

from __future__ import annotations

import getpass
import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import EvalResultEntry, parse_eval_result_entries
from support.hub_client import environment, express
from support.loopback_hub import Account, LoopbackHub
from support.pushed_runs import make_runs

from express_cards.submissions.check import check
from express_cards.submissions.options import PushOptions
from express_cards.submissions.push import push_results
from express_cards.submissions.sources import Sources
from express_runners.errors import RunError

ROOT = Path(__file__).resolve().parents[2]
TOKEN, VISITOR = "hf_owner", "hf_visitor"
MODEL, RESULTS, DATASET, SHA = "org/tiny", "org/express-results", "org/mine", "0123456789" * 4
HOME = ("--model", MODEL, "--same-weights", "--dataset", DATASET)
BOTH = (*HOME, "--results", RESULTS, "--dataset-revision", SHA)
DOWNLOAD = """
import sys
from huggingface_hub import hf_hub_download, snapshot_download
results, model, file, folder = sys.argv[1:]
snapshot_download(results, repo_type="dataset", revision="refs/pr/1", local_dir=folder)
print(open(hf_hub_download(model, file, revision="refs/pr/1")).read())
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_runs(tmp_path_factory.mktemp("runs"))


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    with LoopbackHub() as server:
        server.accounts[TOKEN] = Account("maker", ("org",))
        server.accounts[VISITOR] = Account("visitor")
        server.model(MODEL).commit({"config.json": b"{}"})
        server.dataset(RESULTS).commit({"README.md": b"results"})
        yield server


def push(
    hub: LoopbackHub, home: Path, run: Path, *words: str, token: str | None = VISITOR
) -> subprocess.CompletedProcess[str]:
    """Push a run."""
    return express(hub, home, "results", "push", run, *words, "--format", "json", token=token)


def pushed(hub: LoopbackHub, home: Path, run: Path, *words: str, token: str = VISITOR) -> Any:
    """Push a run, which must do."""
    done = push(hub, home, run, *words, token=token)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence of a command that must not do."""
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    return done.stderr.removeprefix("error: ").strip()


def read_entries(text: str | bytes) -> dict[str, EvalResultEntry]:
    """The entries by task."""
    return {entry.task_id: entry for entry in parse_eval_result_entries(yaml.safe_load(text))}


def test_both_pull_requests_as_a_reader_gets_them(
    hub: LoopbackHub, tmp_path: Path, runs: dict[str, Path]
) -> None:
    told = pushed(hub, tmp_path, runs["rank"], *BOTH)
    model, results = hub.repositories["models", MODEL], hub.repositories["datasets", RESULTS]
    assert told["model"] == {
        "repo": MODEL,
        "url": f"{hub.endpoint}/models/{MODEL}/discussions/1",
        "commit": model.names["refs/pr/1"],
        "changed": True,
    }
    assert told["results"]["commit"] == results.names["refs/pr/1"]
    assert set(model.commits[model.head or ""]) == {"config.json"}  # nothing but proposals
    assert set(results.commits[results.head or ""]) == {"README.md"}
    got = subprocess.run(
        [sys.executable, "-P", "-c", DOWNLOAD, RESULTS, MODEL, told["entries"], tmp_path / "got"],
        env=environment(hub, tmp_path / "reader", None),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    folder = tmp_path / "got" / told["submission"]
    assert {file.name for file in folder.iterdir()} == {
        *("run.json", "predictions.jsonl", "scores.json", "README.md")
    }
    passed = check(folder, Sources([str(runs["rank"].parent / "mine.jsonl")]), told["submission"])
    scores = json.loads((runs["rank"] / "scores.json").read_text())
    assert passed.scores == scores
    entries = read_entries(got.stdout)
    # Nothing under the tasks of free answers, with which a ranking is not to be compared.
    figures = {
        "rank_top1": scores["rank"]["top1"],
        "rank_mrr": scores["rank"]["mrr"],
        "rank_vector_accuracy": scores["revised"]["vector_accuracy"],
        "rank_vector_f1": scores["revised"]["vector_f1"],
    }
    assert scores["rank"]["top1"] > 0
    assert {task: entry.value for task, entry in entries.items()} == {
        task: pytest.approx(100 * value, abs=0.005) for task, value in figures.items()
    }
    record = json.loads((runs["rank"] / "run.json").read_text())
    for entry in entries.values():
        assert (entry.dataset_id, entry.dataset_revision) == (DATASET, SHA)
        assert entry.date == record["sessions"][-1]["started"][:10]
        assert entry.source_url == (
            f"{hub.endpoint}/datasets/{RESULTS}/tree/{told['results']['commit']}/"
            f"{told['submission']}"
        )
        assert (entry.notes or "").startswith("in percent, ")
        assert scores["revised"]["signature"] in (entry.notes or "")
        assert "ranking of a closed vocabulary" in (entry.notes or "")


def test_a_setting_has_its_own_file(runs: dict[str, Path], tmp_path: Path) -> None:
    options: dict[str, Any] = {"model": MODEL, "same_weights": True, "dataset": DATASET}
    options["out"] = tmp_path
    free = push_results(PushOptions(run=runs["free"], **options))
    rank = push_results(PushOptions(run=runs["rank"], **options))
    assert free["entries"] == ".eval_results/express.yaml"
    assert rank["entries"] == f".eval_results/express_{rank['setting']}.yaml"
    assert free["submission"] != rank["submission"]
    entries = read_entries((tmp_path / free["entries"]).read_bytes())
    names = ("lexical_accuracy", "vector_accuracy", "vector_f1")
    scores = json.loads((runs["free"] / "scores.json").read_text())
    assert {task: entry.value for task, entry in entries.items()} == {
        f"{'' if protocol == 'paper' else 'revised_'}{name}": pytest.approx(
            100 * scores[protocol][name], abs=0.005
        )
        for protocol in ("paper", "revised")
        for name in names
    }
    assert scores["revised"]["signature"] in (entries["revised_vector_f1"].notes or "")
    assert scores["paper"]["signature"] in (entries["vector_f1"].notes or "")
    assert "protocol paper" in (entries["vector_f1"].notes or "")


def test_out_asks_nobody_and_tells_nothing_of_this_machine(
    hub: LoopbackHub, tmp_path: Path, runs: dict[str, Path]
) -> None:
    told = pushed(hub, tmp_path, runs["sample"], *HOME, "--out", str(tmp_path / "out"))
    assert hub.requests == []
    assert (told["model"], told["results"]) == (None, None)
    files = [file for file in (tmp_path / "out").rglob("*") if file.is_file()]
    # Figures of the sample must not get onto a model's page.
    assert told["entries"] is None
    assert told["note"] == "No figures for a model's page: those of the sample are for trying."
    assert len(files) == 4
    for file in files:
        text = file.read_text("utf-8")
        for private in (str(runs["sample"].parent), str(ROOT), "first_prompt"):
            assert private not in text
    run = json.loads((tmp_path / "out" / told["submission"] / "run.json").read_text())
    words = {word for line in json.dumps(run).split('"') for word in line.split("/")}
    assert not words & {getpass.getuser(), platform.node()}


def test_no_pr_is_for_ones_own_repositories(
    hub: LoopbackHub, tmp_path: Path, runs: dict[str, Path]
) -> None:
    sentence = refused(push(hub, tmp_path, runs["free"], *HOME, "--no-pr"))
    assert sentence == (
        f"{MODEL}: you have no right to write there; use a token that may write, a name of your "
        "own, or leave out --no-pr"
    )
    told = pushed(hub, tmp_path, runs["free"], *HOME, "--no-pr", token=TOKEN)
    model = hub.repositories["models", MODEL]
    assert told["model"]["commit"] == model.head
    assert set(model.commits[model.head or ""]) == {"config.json", ".eval_results/express.yaml"}
    assert told["results"] is None


def test_entries_of_others_stay(hub: LoopbackHub, tmp_path: Path, runs: dict[str, Path]) -> None:
    other = {"dataset": {"id": DATASET, "task_id": "express_exact"}, "value": 7}
    old = {"dataset": {"id": DATASET, "task_id": "vector_f1"}, "value": -1}
    there = yaml.safe_dump([other, old]).encode()
    hub.repositories["models", MODEL].commit({".eval_results/express.yaml": there})
    told = pushed(hub, tmp_path, runs["free"], *HOME)
    files = hub.repositories["models", MODEL].commits[told["model"]["commit"]]
    entries = read_entries(files[told["entries"]])
    assert entries["express_exact"].value == 7
    assert entries["vector_f1"].value >= 0
    assert len(entries) == len(yaml.safe_load(files[told["entries"]])) == 7


def test_what_is_there_already_is_not_proposed_again(
    hub: LoopbackHub, tmp_path: Path, runs: dict[str, Path]
) -> None:
    more = (*HOME, "--results", RESULTS, "--no-pr")
    first = pushed(hub, tmp_path, runs["free"], *more, token=TOKEN)
    results, model = hub.repositories["datasets", RESULTS], hub.repositories["models", MODEL]
    before = len(results.commits)
    # The model's entry names the commit of the submission, which is a newer one only by name.
    told = pushed(hub, tmp_path, runs["free"], *HOME, "--results", RESULTS)
    assert told["results"] == first["results"] | {
        "changed": False,
        "url": f"{hub.endpoint}/datasets/{RESULTS}/tree/{results.head}",
    }
    assert len(results.commits) == before
    assert not told["model"]["changed"]
    assert not model.names
    done = push(hub, tmp_path, runs["free"], "--results", RESULTS)
    assert done.stderr == ""


def test_a_file_that_is_something_else_is_left_alone(
    hub: LoopbackHub, tmp_path: Path, runs: dict[str, Path]
) -> None:
    hub.repositories["models", MODEL].commit({".eval_results/express.yaml": b"{a: 1"})
    sentence = refused(push(hub, tmp_path, runs["free"], *BOTH))
    assert sentence == (
        f"{MODEL}: .eval_results/express.yaml is there and is no list of results; mend or remove "
        f"it first (the submission is there: {hub.endpoint}/datasets/{RESULTS}/discussions/1)"
    )
    assert not hub.repositories["models", MODEL].names


@pytest.mark.parametrize(
    ("token", "words", "sentence"),
    [
        (None, BOTH, f"{MODEL}: you are not logged in to the Hub; run `hf auth login` or set"),
        (None, ("--results", RESULTS), f"{RESULTS}: you are not logged in to the Hub"),
        ("hf_wrong", BOTH, f"{RESULTS}: the Hub does not accept your token"),
        (VISITOR, (*BOTH, "--model", "org/none"), "--model org/none: the Hub has no such model"),
        (VISITOR, (*BOTH, "--results", "org/no"), "--results org/no: the Hub has no such dataset"),
    ],
)
def test_refusals_of_the_hub(
    hub: LoopbackHub,
    tmp_path: Path,
    runs: dict[str, Path],
    token: str | None,
    words: tuple[str, ...],
    sentence: str,
) -> None:
    assert refused(push(hub, tmp_path, runs["free"], *words, token=token)).startswith(sentence)
    assert not any(repository.names for repository in hub.repositories.values())


def test_a_hub_out_of_reach(tmp_path: Path, runs: dict[str, Path]) -> None:
    with LoopbackHub() as gone:
        pass
    sentence = refused(push(gone, tmp_path, runs["free"], *HOME))
    assert sentence.startswith(f"{MODEL}: the Hub cannot be reached")


@pytest.mark.parametrize(
    ("run", "options", "sentence"),
    [
        ("free", {}, "say where the results go: --model ORG/MODEL, --results ORG/NAME, or --out"),
        ("free", {"model": "tiny"}, "--model tiny: write it as ORG/NAME"),
        ("free", {"model": "org/a)<b>"}, "--model org/a)<b>: write it as ORG/NAME"),
        ("free", {"results": "a/b/c"}, "--results a/b/c: write it as ORG/NAME"),
        ("free", {"dataset_revision": "main"}, "--dataset-revision main: give the whole commit"),
        ("free", {"model": MODEL}, "is a run of tiny; if that has the weights of this repository"),
        ("free", {"model": MODEL, "same_weights": True}, "give it with --dataset ORG/NAME"),
        ("free", {"template": Path("x")}, "--template x: the prompt of"),
        ("dummy", {}, "is a run of dummy:uniform, which is no model"),
        ("part", {}, "is on 2 of"),
        ("sample", {}, "is a run on the sample, which is invented test data"),
        ("none", {}, "is no finished run (run.json is missing)"),
    ],
)
def test_refusals(runs: dict[str, Path], run: str, options: dict[str, Any], sentence: str) -> None:
    given = options if run == "free" else {"results": RESULTS}
    where: dict[str, Any] = {"results": RESULTS} if given and "results" not in given else {}
    folder = runs.get(run, Path("nowhere"))
    with pytest.raises(RunError) as caught:
        push_results(PushOptions(run=folder, **where, **given))
    assert sentence in str(caught.value)
    assert str(caught.value).count("\n") == 0


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        ("shard", "is no finished run (answers wait to be merged)"),
        ("line", "answered: finish it with the `express run` command that began it"),
        ("scores", "is no finished run (scores.json is missing)"),
        ("record", "asked is missing, and must be an object"),
    ],
)
def test_an_unfinished_run_is_not_pushed(
    runs: dict[str, Path], tmp_path: Path, spoil: str, sentence: str
) -> None:
    run = Path(shutil.copytree(runs["free"], tmp_path / "run"))
    if spoil == "shard":
        (run / "predictions-00000.jsonl").write_text("")
    elif spoil == "line":
        lines = (run / "predictions.jsonl").read_text().splitlines(keepends=True)
        (run / "predictions.jsonl").write_text("".join(lines[1:]))
    elif spoil == "scores":
        (run / "scores.json").unlink()
    else:
        (run / "run.json").write_text("{}")
    with pytest.raises(RunError) as caught:
        push_results(PushOptions(run=run, out=tmp_path / "out"))
    assert sentence in str(caught.value)
    assert not (tmp_path / "out").exists()


def _asking(folder: Path, source: Path, **asked: Any) -> Path:
    """A copy of a run that says something else of what was asked."""
    run = Path(shutil.copytree(source, folder))
    record = json.loads((run / "run.json").read_text())
    for part, values in asked.items():
        record["asked"][part] |= values
    (run / "run.json").write_text(json.dumps(record))
    return run


def test_a_run_of_another_hub_model_is_refused_whatever_one_says(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    run = _asking(tmp_path / "run", runs["free"], model={"name": "org/other"})
    options: dict[str, Any] = {"same_weights": True, "dataset": DATASET, "out": tmp_path / "out"}
    with pytest.raises(RunError, match="is a run of org/other; give --model org/other"):
        push_results(PushOptions(run=run, model=MODEL, **options))
    assert push_results(PushOptions(run=run, model="org/other", **options))["entries"]


def test_data_that_changed_since_is_refused(runs: dict[str, Path], tmp_path: Path) -> None:
    run = _asking(tmp_path / "run", runs["free"], dataset={"fingerprint": "0" * 64})
    with pytest.raises(RunError, match=r"is on other data than .*mine\.jsonl holds now"):
        push_results(PushOptions(run=run, results=RESULTS))


def test_a_wording_of_another_version_is_told(runs: dict[str, Path], tmp_path: Path) -> None:
    prompt = {"name": "fill-mask", "hash": "0000", "sha256": "0" * 64}
    run = _asking(tmp_path / "run", runs["free"], prompt=prompt)
    with pytest.raises(RunError, match="another version of express, with another wording of fill"):
        push_results(PushOptions(run=run, out=tmp_path))


def test_a_prompt_of_ones_own_goes_with_the_run(runs: dict[str, Path], tmp_path: Path) -> None:
    from express_runners.prompts.wording import parse

    text = "Name {{ count }} emotions in: {{ text }}"
    own = parse("zero-shot", text)
    prompt = {"name": "zero-shot", "base": "zero-shot", "hash": own.hash, "sha256": own.sha256}
    run = _asking(tmp_path / "run", runs["free"], prompt=prompt)
    with pytest.raises(RunError, match="had a prompt of your own: give its file with --template"):
        push_results(PushOptions(run=run, out=tmp_path))
    file = tmp_path / "own.jinja"
    file.write_text(text + " Please.")
    with pytest.raises(RunError, match="was another text; give the file as it was"):
        push_results(PushOptions(run=run, out=tmp_path, template=file))
    file.write_text(text)
    told = push_results(PushOptions(run=run, out=tmp_path, template=file))
    assert told["setting"] == f"zero-shot-{own.hash}"
    assert json.loads((tmp_path / told["submission"] / "run.json").read_text())["template"] == text
