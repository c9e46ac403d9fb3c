"""A server of one's own for a run: it starts, is waited for, comes back, and never stays behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import tiny_models
from support.launching import model_server_command as command
from typer.testing import CliRunner

from express_runners import server
from express_runners.cli import app
from express_runners.config import RunConfig
from express_runners.errors import RunError
from express_runners.runs import serve
from express_runners.runs.serve import Serving, served


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        # A zombie of another parent has ended.
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def until(true: Callable[[], bool]) -> None:
    """Wait for something that must come."""
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def health(url: str) -> bool:
    with contextlib.suppress(OSError):
        return bool(urllib.request.urlopen(url.replace("/v1", "/health"), timeout=5).status == 200)
    return False


def test_it_is_waited_for_and_ended_with_what_it_started(tmp_path: Path) -> None:
    child = tmp_path / "pid"
    with served(Serving(command("--after", 1, "--child", child), "org/m", replicas=2)) as urls:
        assert len(set(urls)) == 2
        assert all(map(health, urls))
    assert not any(map(health, urls))
    until(lambda: not alive(int(child.read_text())))


def test_a_server_that_ends_is_started_again_at_its_port(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    child = tmp_path / "pid"
    with served(Serving(command("--child", child), "org/m")) as (url,):
        first = int(child.read_text())
        group = os.getpgid(first)
        os.killpg(group, signal.SIGKILL)
        until(lambda: health(url) and int(child.read_text()) != first)
    assert "the server ended (exit status 137); it is started again" in capsys.readouterr().err
    assert not health(url)


def test_one_that_ends_at_its_start_is_told_with_its_last_words() -> None:
    with (
        pytest.raises(
            RunError, match=r"ended at its start \(exit status 1\); .*CUDA error: no k"
        ) as said,
        served(Serving(command("--exit"), "org/m")),
    ):
        pass
    assert "\x1b" not in str(said.value)


def test_one_that_never_answers_is_given_up_and_ended(tmp_path: Path) -> None:
    child = tmp_path / "pid"
    serving = Serving(command("--after", 600, "--child", child), "org/m", timeout=1.5)
    with pytest.raises(RunError, match=r"did not answer within 1\.5 s"), served(serving):
        pass
    # On a busy machine it may be ended before it has begun.
    until(lambda: not child.exists() or not alive(int(child.read_text())))


def test_a_port_that_is_taken_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind((serve.HOST, 0))
        monkeypatch.setattr(serve, "_free_port", lambda: taken.getsockname()[1])
        with (
            pytest.raises(RunError, match=r"ended at its start .*Address already in use"),
            served(Serving(command(), "org/m")),
        ):
            pass


def test_the_server_of_another_is_not_taken_for_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers at the port before ours has found it taken."""
    sleeping = (sys.executable, "-c", "import time; time.sleep(600)")
    monkeypatch.setitem(serve.COMMANDS, "vllm", sleeping)
    with served(Serving(command(), "org/m")) as (url,):
        port = int(url.split(":")[2].split("/")[0])
        monkeypatch.setattr(serve, "_free_port", lambda: port)
        with (
            pytest.raises(RunError, match=f"another program answers at port {port}"),
            served(Serving("vllm", "org/m")),
        ):
            pass


def test_nothing_stays_where_the_guard_is_killed(tmp_path: Path) -> None:
    """`pkill -9 -f "vllm serve"` meets it too: the command stands among its own words."""
    child = tmp_path / "pid"
    with served(Serving(command("--child", child), "org/m")) as (url,):
        first = int(child.read_text())
        os.kill(os.getsid(first), signal.SIGKILL)
        until(lambda: not alive(first) and health(url) and int(child.read_text()) != first)
        second = int(child.read_text())
        os.kill(os.getsid(second), signal.SIGKILL)
    until(lambda: not alive(second))
    assert not health(url)


def test_one_that_is_given_up_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serve, "RESTARTS", 0)
    child, told = tmp_path / "pid", ""
    with served(Serving(command("--child", child), "org/m")):
        os.killpg(os.getpgid(int(child.read_text())), signal.SIGKILL)
        end = time.monotonic() + 60
        while "it wrote no log" not in told and time.monotonic() < end:
            told += capsys.readouterr().err
    assert "the server ended (exit status 137) and is not started again; it wrote no log" in told


def test_a_command_that_is_none_is_told_without_our_own_lines() -> None:
    with (
        pytest.raises(RunError, match=r"last of its log: nosuch cannot be started: No such file"),
        served(Serving("nosuch {model} {port}", "org/m")),
    ):
        pass


def test_transformers_is_not_asked_for_what_it_would_answer_in_its_own_way(tmp_path: Path) -> None:
    """It obeys a model's penalties, which greedy answers here do not."""
    file = tmp_path / "generation_config.json"
    for given in ("{}", '{"repetition_penalty": 1.0, "eos_token_id": 2}', "[]", "{"):
        file.write_text(given)
        Serving("transformers", "m").check(tmp_path, file=False)
    file.write_text('{"repetition_penalty": 1.1}')
    Serving("vllm", "m").check(tmp_path, file=False)
    with pytest.raises(RunError, match="obeys the repetition_penalty"):
        Serving("transformers", "m").check(tmp_path, file=False)
    with pytest.raises(RunError, match=f"takes no GGUF file: write --model {tmp_path}"):
        Serving("transformers", "m").check(tmp_path, file=True)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"serve": "vllm", "quantize": "8bit"}, "--quantize is of a model in this process"),
        ({"model": "api:m", "dtype": "bfloat16"}, "--dtype is of a model in this process"),
        ({"serve": "vllm", "family": "masked"}, "--family is of a model in this process"),
        ({"replicas": 3}, "--replicas belongs to --serve"),
        ({"serve": " "}, "--serve is empty"),
        ({"serve": "vllm", "serve_timeout": float("nan")}, "--serve-timeout must be seconds above"),
        ({"serve": "vllm", "base_url": "http://a/v1"}, "--base-url is of a server that is there"),
        ({"serve": "vllm", "no_chat_template": True}, "--no-chat-template: the server of org/m"),
        ({"serve": "x {model} {port} --api-key sk-1"}, "--serve holds --api-key"),
        ({"serve": "env HF_TOKEN=x y {model} {port}"}, "--serve holds HF_TOKEN"),
        ({"serve": f"x {{model}} {{port}} hf_{'a' * 30}"}, "--serve holds hf_: it"),
    ],
)
def test_options_that_would_change_nothing_are_refused(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(RunError, match=said):
        RunConfig(**{"model": "org/m", "out": Path("run"), **asked})


def test_what_a_served_model_may_be_asked() -> None:
    own = (
        "vllm serve {model} --port {port} --tokenizer hf_transformers --max-num-batched-tokens 4096"
    )
    for asked in ({"no_temperature": True}, {"as_published": True}, {"replicas": 2}):
        assert RunConfig(model="org/m", out=Path("run"), serve=own, **asked).serve == own


def test_each_of_several_servers_has_gpus_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each server would begin with the first GPU, and find no room there."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,5,7")
    assert serve.shares(1) == [None]
    assert serve.shares(3) == ["2", "5", "7"]
    assert serve.shares(4) == [None] * 4
    with served(Serving(command(), "org/m", replicas=2)) as urls:
        seen = [json.load(urllib.request.urlopen(url.replace("/v1", "/gpus"))) for url in urls]
    assert seen == ["2", "5"]
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    tool = tmp_path / "nvidia-smi"
    tool.write_text('#!/bin/sh\nfor i in 0 1 2 3; do echo "GPU $i: NVIDIA"; done\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert serve.shares(2) == ["0,1", "2,3"]


def test_a_flood_of_log_stops_nobody() -> None:
    with served(Serving(command("--noise"), "org/m")) as (url,):
        assert health(url)


def test_it_ends_where_its_starter_is_killed(tmp_path: Path) -> None:
    child = tmp_path / "pid"
    code = (
        "import sys, time\n"
        "from express_runners.runs.serve import Serving, served\n"
        "with served(Serving(sys.argv[1], 'org/m')) as urls:\n"
        "    print(urls[0], flush=True)\n"
        "    time.sleep(600)\n"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", code, command("--child", child)], stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout is not None
    url = starter.stdout.readline().strip()
    assert health(url)
    starter.kill()
    starter.wait()
    until(lambda: not health(url) and not alive(int(child.read_text())))


@pytest.mark.parametrize(
    ("serving", "said"),
    [
        (Serving("vllm", "org/m"), r"--serve vllm: it is not installed here; pip install vllm$"),
        (Serving("vlm", "org/m"), r"choose vllm, sglang, transformers, llama\.cpp, or give a"),
        (Serving("x '{model} {port}", "org/m"), "is no command line"),
        (Serving("run {model} {port}", "org/m", adapter="a"), "takes no adapter here: merge it"),
    ],
)
def test_what_cannot_be_served_is_one_sentence(serving: Serving, said: str) -> None:
    with pytest.raises(RunError, match=said):
        serving.command(8000)


def test_known_servers_are_started_on_the_loopback_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "vllm"
    program.touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    serving = Serving("vllm", "org/m", adapter="./tuned")
    assert serving.command(8000) == [
        str(program), "serve", "org/m", "--host", "127.0.0.1", "--port", "8000",
        "--generation-config", "vllm",
        "--enable-lora", "--lora-modules", "org/m+tuned=./tuned",
    ]  # fmt: skip
    assert serving.asked == "org/m+tuned"


def run_words(tmp_path: Path, *more: object) -> list[str]:
    """`express run` on the sample with a server of its own, asked for a tiny model's folder."""
    model = tmp_path / "model"
    if not model.is_dir():
        tiny_models.make("llama", model, chat=True)
    asked = ["run", "--model", model, "--dataset", "sample", "--limit", 6, "--lexicon", "nrc"]
    return [*map(str, asked), "--out", str(tmp_path / "run"), *map(str, more)]


def test_a_run_goes_on_when_its_server_ends_in_the_middle(tmp_path: Path) -> None:
    dying = command("--die", 3, "--once", tmp_path / "died", "--child", tmp_path / "pid")
    done = CliRunner().invoke(app, run_words(tmp_path, "--serve", dying, "--format", "json"))
    assert done.exit_code == 0, done.output
    assert (tmp_path / "died").exists()
    lines = [json.loads(line) for line in (tmp_path / "run" / "predictions.jsonl").open()]
    assert len({line["id"] for line in lines}) == len(lines) == 6
    assert all(line["completion"].startswith('["sad"') for line in lines)
    record = json.loads((tmp_path / "run" / "run.json").read_text())["asked"]["model"]
    assert (record["family"], record["name"]) == ("api", str(tmp_path / "model"))
    assert record["server"].endswith(" here")
    assert record["revision"] == "served"
    until(lambda: not alive(int((tmp_path / "pid").read_text())))


def test_a_server_that_ends_for_good_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifteen attempts would take seven minutes."""
    monkeypatch.setattr(serve, "RESTARTS", 0)
    dying = command("--die", 3, "--once", tmp_path / "died", "--slow", 0.1)
    words = run_words(tmp_path, "--serve", dying, "--concurrency", 1)
    done = CliRunner().invoke(app, words)
    assert isinstance(done.exception, RunError), done.output
    assert "here ended for good: what is answered is kept" in str(done.exception)
    assert "attempt 5" not in done.output
    assert CliRunner().invoke(app, words).exit_code == 0
    assert not server.GONE


def test_the_same_command_goes_on_with_a_server_at_another_port(tmp_path: Path) -> None:
    # A kill takes the run and its server; the next start finds another port and the same record.
    words = run_words(tmp_path, "--serve", command("--slow", 0.5), "--concurrency", 1)
    first = subprocess.Popen([sys.executable, "-m", "express_runners.cli", *words])

    def answered() -> int:
        shards = (tmp_path / "run").glob("predictions-*.jsonl")
        return sum(shard.read_text().count("\n") for shard in shards)

    until(lambda: answered() >= 2)
    first.kill()
    first.wait()
    before = json.loads((tmp_path / "run" / "run.json").read_text())["asked"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    lines = [json.loads(line) for line in (tmp_path / "run" / "predictions.jsonl").open()]
    assert len({line["id"] for line in lines}) == len(lines) == 6
    assert json.loads((tmp_path / "run" / "run.json").read_text())["asked"] == before


@pytest.mark.parametrize("repeated", [True, False], ids=["repeated", "commas"])
def test_requests_are_dealt_to_all_servers(repeated: bool, tmp_path: Path) -> None:
    # Slow, so that no answer comes before all is asked.
    with served(Serving(command("--slow", 1), "m", replicas=2)) as urls:
        words = ["run", "--model", "api:m", "--dataset", "sample"]
        for url in urls if repeated else [",".join(urls)]:
            words += ["--base-url", url]
        words += ["--limit", "6", "--lexicon", "nrc", "--out", str(tmp_path / "run")]
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, done.output
        asked = [json.load(urllib.request.urlopen(url.replace("/v1", "/asked"))) for url in urls]
    assert sum(asked) == 6
    assert min(asked) >= 1


@pytest.mark.parametrize(
    ("release", "option"),
    [("5.0.0", True), ("5.4.3", True), ("5.5.0.dev0", False), ("5.10.1", False), ("odd", False)],
)
def test_transformers_takes_its_model_by_an_option_before_5_5(
    release: str, option: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "version", lambda _: release)
    words = Serving("transformers", "org/m").command(8000)[1:]
    assert words[:-4] == ["serve", *(["--force-model"] if option else []), "org/m"]
