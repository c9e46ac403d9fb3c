"""A ranking through a server that gives log-probabilities is the ranking on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support import tiny_models
from support.launching import model_server_command
from support.submitted import lines_of, write_lines
from typer.testing import CliRunner

from express_cards.submissions.options import PushOptions
from express_cards.submissions.push import push_results
from express_cards.submissions.sources import Sources
from express_cards.submissions.validate import validate
from express_dataset import load_examples
from express_runners.cli import app
from express_runners.engines import load_engine
from express_runners.engines.base import Answer, EngineOptions
from express_runners.errors import RunError
from express_runners.models import resolve
from express_runners.prompts.wording import ours
from express_runners.runs.serve import Serving, served
from express_runners.server import Server
from express_runners.vocabulary import Vocabulary

VOCABULARY = Vocabulary("test", ("sad", "saddened", "let down", "angry", "ashamed", "at ease"))


def ranks(model: str, **options: Any) -> tuple[Any, dict[str, Answer]]:
    """The engine and its answers to some examples."""
    engine: Any = load_engine(
        resolve(model),
        EngineOptions(template=ours("zero-shot"), vocabulary=VOCABULARY, **options),
    )
    if hasattr(engine, "_model"):
        engine._model.double()  # as the server computes
    examples = load_examples("sample", split="test").examples[:4]
    assert len({len(example.labels) for example in examples}) > 1
    prompts = [engine.prepare(example) for example in examples]
    return engine, {prompts[i].example.id: answer for i, answer in engine.flow(prompts)}


@pytest.mark.parametrize(("way", "chat"), [("prompt_logprobs", True), ("echo", False)])
def test_a_served_ranking_is_the_local_one(way: str, chat: bool, tmp_path: Path) -> None:
    folder = str(tiny_models.make("llama", tmp_path, chat=chat))
    _, here = ranks(folder)
    command = model_server_command("--weights", folder, "--way", way)
    with served(Serving(command, folder, replicas=1 + chat, ranks=True)) as urls:
        server = Server(",".join(urls))
        engine, there = ranks(f"api:{folder}", server=server)
    assert engine._way == way
    assert there.keys() == here.keys()
    for name, mine in here.items():
        theirs = there[name]
        assert theirs.completion == mine.completion
        assert mine.scores is not None
        assert theirs.scores is not None
        for values, wanted in zip(theirs.scores, mine.scores, strict=True):
            assert values == pytest.approx(wanted, abs=1e-4)
    assert sum(answer.prompt_tokens or 0 for answer in there.values()) == engine._spent


def test_a_run_ranks_through_a_server_of_its_own(tmp_path: Path) -> None:
    folder = tiny_models.make("llama", tmp_path / "model", chat=True)
    terms = tmp_path / "terms.txt"
    terms.write_text("\n".join(VOCABULARY.terms))
    words = ["run", "--dataset", "sample", "--limit", 3, "--lexicon", "nrc", "--decode", "rank"]
    words += ["--vocabulary", terms, "--model", folder]
    lines = {}
    serve = ["--serve", model_server_command("--weights", folder), "--concurrency", 2]
    for name, more in {"here": [], "there": serve}.items():
        out = tmp_path / name
        done = CliRunner().invoke(app, list(map(str, [*words, "--out", out, *more])))
        assert done.exit_code == 0, done.output
        lines[name] = [json.loads(line) for line in (out / "predictions.jsonl").open()]
    for mine, theirs in zip(lines["here"], lines["there"], strict=True):
        assert theirs["prompt_sha256"] == mine["prompt_sha256"]
        assert theirs["terms"] == mine["terms"]
        for one, other in zip(mine["rank"], theirs["rank"], strict=True):
            # Rounded to four decimals, and in single precision here.
            assert other["logprobs"] == pytest.approx(one["logprobs"], abs=2e-3)
        assert theirs["prompt_tokens"] > len(VOCABULARY.terms) * mine["prompt_tokens"]
    # It can be submitted, and the check holds it to the likelihoods.
    paths: Any = {"run": tmp_path / "there", "out": tmp_path / "all"}
    told = push_results(PushOptions(**paths, model="org/m", same_weights=True, dataset="org/data"))
    folder = tmp_path / "all" / told["submission"]
    (passed,) = validate(str(folder), Sources(limit=3))
    assert passed.ok, passed.reason
    answers = lines_of(folder)
    answers[0]["rank"][0]["top"].reverse()
    write_lines(folder, answers)
    (refused,) = validate(str(folder), Sources(limit=3))
    assert "are not the likeliest terms" in (refused.reason or "")


def test_a_server_that_lists_few_tokens_is_told_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tiny_models.make("llama", tmp_path))
    command = model_server_command("--weights", folder, "--most", 20)
    with served(Serving(command, folder)) as urls:
        _, there = ranks(f"api:{folder}", server=Server(urls[0]))
    assert "lists the 20 likeliest tokens" in capsys.readouterr().err
    assert all(answer.scores for answer in there.values())


@pytest.mark.parametrize("more", [("--way", "neither"), ("--weights", "")])
def test_a_server_without_log_probabilities_is_refused_in_a_sentence(
    more: tuple[str, ...], tmp_path: Path
) -> None:
    folder = str(tiny_models.make("llama", tmp_path))
    words = ["--weights", folder, *more] if more[0] == "--way" else []
    with (
        served(Serving(model_server_command(*words), folder)) as urls,
        pytest.raises(RunError, match=r"gives no log-probabilities of a prompt, neither .* or use"),
    ):
        ranks(f"api:{folder}", server=Server(urls[0], retries=0))


def test_what_cannot_rank_is_refused_before_it_starts() -> None:
    with pytest.raises(RunError, match="transformers gives no log-probabilities of a prompt"):
        Serving("transformers", "org/m", ranks=True).command(8000)
    with pytest.raises(RunError, match=r"needs the tokenizer of ./none: serve the model under"):
        ranks("api:./none", server=Server("http://127.0.0.1:1/v1"))
