"""The API engine against a real server that goes wrong: complete, or one sentence and resumable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.api_runs import EXAMPLES, config, lines
from support.fault_server import NEW_TOKENS, PROMPT_TOKENS, Fault, FaultServer, serving
from support.launching import kill, start, wait_until

from express_runners.engines.api import faults
from express_runners.errors import RunError
from express_runners.runs.run import run

LIMITED = Fault("status", 429, b'{"error": {"message": "too many"}}', (("Retry-After", "1"),))
PASSING = {
    "429 with Retry-After": LIMITED,
    "429 without": Fault("status", 429),
    "408": Fault("status", 408),
    "500": Fault("status", 500),
    "503 with a page": Fault("status", 503, b"<html>try later</html>"),
    "cut": Fault("cut"),
    "cut within the body": Fault("half"),
    "malformed": Fault("malformed"),
    "no choice": Fault("no_choice"),
    "no message": Fault("no_message"),
    "hang": Fault("hang"),
}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "FIRST_WAIT", 0.01)
    for name in ("EXPRESS_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def written(out: Path) -> list[str]:
    """Ids of the answers in an unfinished run."""
    shards = sorted(out.glob("predictions-*.jsonl"))
    return [json.loads(row)["id"] for shard in shards for row in shard.read_text().splitlines()]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The run's lines where nothing goes wrong."""
    out = tmp_path_factory.mktemp("undisturbed")
    with serving(FaultServer()) as server:
        assert run(config(server, out)) is not None
        assert len(server.seen) == EXAMPLES
    return lines(out)


def test_a_request_is_what_it_should_be(tmp_path: Path) -> None:
    with serving(FaultServer()) as server:
        result = run(config(server, tmp_path))
    assert result is not None
    body = server.seen[0].body
    assert body["model"] == "org/name"
    assert body["temperature"] == 0.0
    assert [message["role"] for message in body["messages"]] == ["user"]
    assert sorted({seen.body["max_tokens"] for seen in server.seen}) == sorted(
        {32 + 16 * len(example.labels) for example in result.examples}
    )
    asked = json.loads((tmp_path / "run.json").read_text())["asked"]
    assert asked["model"]["server"] == server.url
    assert asked["decoding"]["temperature"] == 0.0
    assert asked["dtype"] == "served"
    for line in lines(tmp_path):
        assert line["completion"].startswith('Sure: ["')
        assert line["completion"].endswith('"].'), "the whole text is stored"
        if len(line["references"]) == 1:
            assert line["finish"] == "list"
            first = line["completion"].split('"')[1]
            assert line["terms"]["revised"] == [first], "text after the first list must not count"
        assert line["served_model"] == "org/name"
        assert (line["prompt_tokens"], line["new_tokens"]) == (PROMPT_TOKENS, NEW_TOKENS)


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_a_fault_that_passes_leaves_no_trace(
    fault: Fault, tmp_path: Path, undisturbed: list[dict[str, Any]]
) -> None:
    wait = 3.0 if fault.kind == "hang" else 20.0
    with serving(FaultServer(faults=[fault, fault])) as server:
        assert run(config(server, tmp_path, request_timeout=wait)) is not None
        assert len(server.seen) == EXAMPLES + 2
    assert lines(tmp_path) == undisturbed


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_a_fault_that_stays_ends_with_one_sentence_and_the_run_goes_on_later(
    fault: Fault, tmp_path: Path, undisturbed: list[dict[str, Any]]
) -> None:
    wait = 0.3 if fault.kind == "hang" else 20.0
    retries = 0 if fault is LIMITED else 1
    settings = {"concurrency": 1, "retries": retries, "request_timeout": wait}
    with serving(FaultServer()) as server:
        # Two answers, then nothing but faults.
        server.faults = [Fault("none"), Fault("none")]
        server.always = fault
        with pytest.raises(RunError) as error:
            run(config(server, tmp_path / "run", **settings))
        sentence = str(error.value)
        assert "\n" not in sentence
        assert server.url in sentence
        assert "run the same command again" in sentence
        assert len(written(tmp_path / "run")) == 2
        assert len(server.seen) == 2 + 1 + retries
        server.seen.clear()
        server.always = None
        assert run(config(server, tmp_path / "run", **settings)) is not None
        assert len(server.seen) == EXAMPLES - 2, "an answered example was paid for twice"
    assert lines(tmp_path / "run") == undisturbed


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 422])
def test_another_4xx_is_not_tried_again(status: int, tmp_path: Path) -> None:
    fault = Fault("status", status, b'{"error": {"message": "not\\nlike this"}}')
    with serving(FaultServer(always=fault)) as server:
        with pytest.raises(RunError, match=f"status {status} .not like this.") as error:
            run(config(server, tmp_path, concurrency=1))
        assert len(server.seen) == 1
    assert "\n" not in str(error.value)


def test_answers_under_way_are_kept_when_another_request_is_refused(tmp_path: Path) -> None:
    slow = [Fault("slow")] * 3
    faulty = FaultServer(faults=[*slow, Fault("status", 400)], together=4)
    with serving(faulty) as server, pytest.raises(RunError, match="status 400"):
        run(config(server, tmp_path, concurrency=4, limit=4))
    assert len(written(tmp_path)) == 3


def test_a_prompt_too_long_or_filtered_is_a_named_reason_and_not_the_end(tmp_path: Path) -> None:
    too_long = b'{"error": {"code": "context_length_exceeded", "message": "too many tokens"}}'
    filtered = b'{"error": {"code": "content_filter", "message": "not allowed"}}'
    first = [Fault("status", 400, too_long), Fault("status", 400, filtered), Fault("filtered")]
    with serving(FaultServer(faults=first)) as server:
        result = run(config(server, tmp_path, concurrency=1))
        assert len(server.seen) == EXAMPLES
    assert result is not None
    # Requests went out by id, one at a time.
    asked = sorted(result.lines, key=lambda line: str(line["id"]))
    reasons = [line["reason"] for line in asked]
    assert reasons[0] == {"paper": "too-long", "revised": "too-long"}
    assert reasons[1] == reasons[2] == {"paper": "refusal", "revised": "refusal"}
    assert result.scores["revised"]["n_examples"] == EXAMPLES


def test_shots_are_dropped_where_the_server_has_no_room_for_them(tmp_path: Path) -> None:
    too_long = Fault("status", 400, b'{"error": {"code": "context_length_exceeded"}}')
    few_shot = {"prompt": "few-shot", "shots": 3, "concurrency": 1, "limit": 2}
    with serving(FaultServer(faults=[too_long, too_long])) as server:
        result = run(config(server, tmp_path, **few_shot))
    assert result is not None
    first, second = sorted(result.lines, key=lambda line: str(line["id"]))
    assert (len(first["shots"]), first["shots_dropped"]) == (1, 2)
    assert (len(second["shots"]), second["shots_dropped"]) == (3, 0)
    assert first["reason"]["revised"] != "too-long"
    # Shots go from the front, one by one, and the story stays whole.
    story = next(e.text.strip() for e in result.examples if e.id == first["id"])
    assert all(story in prompt for prompt in server.prompts[:3])
    lengths = [len(prompt) for prompt in server.prompts[:3]]
    assert lengths == sorted(set(lengths), reverse=True)


def test_only_the_list_after_the_reasoning_counts(tmp_path: Path) -> None:
    says = 'It may be ["sad"], yet she won. Final list: ["proud"] That is all.'
    with serving(FaultServer(says=says)) as server:
        result = run(config(server, tmp_path, prompt="cot"))
    assert result is not None
    assert min(seen.body["max_tokens"] for seen in server.seen) > 512
    for line in result.lines:
        assert line["completion"] == says
        if len(line["references"]) == 1:
            assert line["finish"] == "list"
            assert line["terms"] == {"paper": ["proud"], "revised": ["proud"]}


def test_retry_after_holds_back_every_request(tmp_path: Path) -> None:
    # The second request is answered while the first must wait; the third must wait as well.
    with serving(FaultServer(faults=[LIMITED, Fault("slow")])) as server:
        assert run(config(server, tmp_path, concurrency=2)) is not None
    times = [seen.at for seen in server.seen]
    assert times[2] - times[0] >= 1.0
    assert len(times) == EXAMPLES + 1


def test_a_server_that_asks_for_too_long_a_wait_is_not_waited_for(tmp_path: Path) -> None:
    tomorrow = Fault("status", 429, b"{}", (("Retry-After", "86400"),))
    with (
        serving(FaultServer(always=tomorrow)) as server,
        pytest.raises(RunError, match="/v1, which asks to wait 86400 s, gave no answer"),
    ):
        run(config(server, tmp_path, concurrency=1))


@pytest.mark.parametrize("concurrency", [1, 3])
def test_as_many_requests_at_a_time_as_asked_and_no_more(concurrency: int, tmp_path: Path) -> None:
    with serving(FaultServer(together=concurrency)) as server:
        assert run(config(server, tmp_path, concurrency=concurrency)) is not None
    assert server.most_under_way == concurrency


def test_answers_out_of_order_end_in_the_data_s_order(
    tmp_path: Path, undisturbed: list[dict[str, Any]]
) -> None:
    # The first is answered when the last has come; that is refused, so that the shard can be read.
    faults_of = [Fault("held"), *[Fault("none")] * (EXAMPLES - 2), Fault("status", 400)]
    with serving(FaultServer(faults=faults_of, held_until=EXAMPLES)) as server:
        with pytest.raises(RunError, match="status 400"):
            run(config(server, tmp_path, concurrency=2))
        arrived = written(tmp_path)
        assert run(config(server, tmp_path)) is not None
    assert len(arrived) == EXAMPLES - 1
    # Requests go out by id, the first two together, so that either may be the one held.
    assert arrived[-1] in sorted(arrived)[:2]
    assert lines(tmp_path) == undisturbed


def test_the_cap_on_tokens_holds_over_restarts(
    tmp_path: Path, undisturbed: list[dict[str, Any]]
) -> None:
    each = PROMPT_TOKENS + NEW_TOKENS
    with serving(FaultServer()) as server:
        for cap in (700, 800):
            with pytest.raises(RunError, match=f"the cap of {cap} tokens is reached"):
                run(config(server, tmp_path, max_total_tokens=cap, limit=None))
            assert 0 < len(server.seen) * each <= cap
            assert len(written(tmp_path)) == len(server.seen)
    with serving(FaultServer()) as server:
        with pytest.raises(RunError, match=r"the cap of 50 tokens is reached \(0 used"):
            run(config(server, tmp_path / "tiny", max_total_tokens=50))
        assert server.seen == []
        capped = config(server, tmp_path / "enough", max_total_tokens=100_000)
        assert run(capped) is not None
    assert lines(tmp_path / "enough") == undisturbed


def test_a_cap_needs_a_server_that_counts(tmp_path: Path) -> None:
    with serving(FaultServer(always=Fault("no_usage"))) as server:
        assert run(config(server, tmp_path / "free")) is not None
        with pytest.raises(RunError, match="leave out --max-total-tokens"):
            run(config(server, tmp_path / "capped", max_total_tokens=100_000))


def test_another_server_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with serving(FaultServer()) as first, serving(FaultServer()) as second:
        assert run(config(first, tmp_path)) is not None
        with pytest.raises(RunError, match=r"model\.server is"):
            run(config(second, tmp_path))
        assert second.seen == []


def test_no_server_at_all(tmp_path: Path) -> None:
    with serving(FaultServer()) as server:
        gone = config(server, tmp_path, retries=1)
    with pytest.raises(RunError, match=r"/v1 gave no answer in 2 attempts \(the connection fail"):
        run(gone)


def test_the_hugging_face_login_is_not_sent_to_another_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_thisisasecret")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-thisisasecret")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with serving(FaultServer()) as server:
        assert run(config(server, tmp_path)) is not None
    for seen in server.seen:
        assert "thisisasecret" not in json.dumps(seen.headers)
        assert "thisisasecret" not in json.dumps(seen.body)


def test_the_key_is_sent_and_stands_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    key = "sk-a-very-secret-key"
    monkeypatch.setenv("EXPRESS_API_KEY", key)
    echo = Fault("status", 401, json.dumps({"error": f"wrong key {key}, sorry"}).encode())
    broken = Fault("status", 500, json.dumps({"error": f"{key} broke it"}).encode())
    with serving(FaultServer(faults=[Fault("slow"), broken, echo])) as server:
        with pytest.raises(RunError) as refused:
            run(config(server, tmp_path, concurrency=1))
        assert "wrong key ***, sorry" in str(refused.value)
        server.always = broken
        with pytest.raises(RunError) as lost:
            run(config(server, tmp_path, concurrency=1, retries=0))
        assert "*** broke it" in str(lost.value)
        server.always = None
        assert run(config(server, tmp_path)) is not None
    assert {seen.headers["authorization"] for seen in server.seen} == {f"Bearer {key}"}
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert {"run.json", "predictions.jsonl", "scores.json"} <= {file.name for file in files}
    for file in files:
        assert key not in file.read_text()
    out, err = capfd.readouterr()
    assert key not in out + err


def test_the_command_killed_then_refused_then_finished(
    tmp_path: Path, undisturbed: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "sk-a-very-secret-key"
    monkeypatch.setenv("EXPRESS_API_KEY", key)
    options: dict[str, object] = {"model": "api:org/name", "dataset": "sample", "out": tmp_path}
    options |= {"limit": EXAMPLES, "concurrency": 2}
    with serving(FaultServer(faults=[Fault("none")] * 3, always=Fault("hang"))) as server:
        options["base-url"] = server.url
        process = start(options)
        wait_until(lambda: len(written(tmp_path)) == 3, process)
        kill(process)
        assert len(written(tmp_path)) == 3

        echo = json.dumps({"error": f"{key} is not known here"}).encode()
        server.always = Fault("status", 401, echo)
        refused = start(options)
        out, err = refused.communicate(timeout=240)
        assert refused.returncode == 2
        assert out == ""
        *_, sentence = err.strip().splitlines()
        assert sentence.startswith(f"error: {server.url} refuses the request with status 401")
        assert "Traceback" not in err
        assert key not in err

        server.always = None
        server.seen.clear()
        assert run(config(server, tmp_path)) is not None
        assert len(server.seen) == EXAMPLES - 3
    assert lines(tmp_path) == undisturbed
