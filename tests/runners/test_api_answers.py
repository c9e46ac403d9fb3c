"""What a served model sends that is no whole text, and what its server does not take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.fault_server import Fault, FaultServer, serving

from express_runners.config import RunConfig
from express_runners.engines.api import faults
from express_runners.errors import RunError
from express_runners.runs.run import run


def config(server: FaultServer, out: Path, **changed: Any) -> RunConfig:
    """A run on the sample against the fault server."""
    settings: dict[str, Any] = {"dataset": "sample", "limit": 3, "retries": 0}
    return RunConfig("api:org/name", out, base_url=server.url, **(settings | changed))


@pytest.mark.parametrize("says", ['["sad \ud83d"]', "\udc00"])
def test_half_an_emoji_does_not_stop_a_run(tmp_path: Path, says: str) -> None:
    with serving(FaultServer(says=says)) as server:
        result = run(config(server, tmp_path))
    assert result is not None
    told = (tmp_path / "predictions.jsonl").read_text("utf-8")
    wanted = {'["sad \ud83d"]': '["sad ?"]', "\udc00": "?"}[says]
    assert [json.loads(line)["completion"] for line in told.splitlines()] == [wanted] * 3


def test_half_an_emoji_in_the_model_s_name_does_not_stop_a_run(tmp_path: Path) -> None:
    with serving(FaultServer(served="org/name-\ud83d")) as server:
        result = run(config(server, tmp_path))
    assert result is not None
    assert {line["served_model"] for line in result.lines} == {"org/name-?"}


@pytest.mark.parametrize(
    ("refused", "changed", "advice"),
    [
        ("max_tokens", {}, "add --token-parameter max_completion_tokens, and --reasoning-tokens"),
        (
            "max_completion_tokens",
            {"token_parameter": "max_completion_tokens"},
            "leave out --token-parameter max_completion_tokens",
        ),
        ("temperature", {}, "add --no-temperature"),
    ],
)
def test_a_parameter_that_the_server_refuses_is_named_with_what_helps(
    tmp_path: Path, refused: str, changed: dict[str, Any], advice: str
) -> None:
    with (
        serving(FaultServer(refuses=(refused,))) as server,
        pytest.raises(RunError, match=f"/v1 does not take {refused} .*'{refused}'.*: {advice}"),
    ):
        run(config(server, tmp_path, concurrency=1, **changed))
    assert len(server.seen) == 1


@pytest.mark.parametrize("message", ["max_tokens is too large: 48", "the temperature is rising"])
def test_a_parameter_that_is_only_named_brings_no_advice(tmp_path: Path, message: str) -> None:
    fault = Fault("status", 400, json.dumps({"error": {"message": message}}).encode())
    with (
        serving(FaultServer(always=fault)) as server,
        pytest.raises(RunError, match=f"with status 400 .{message}.: what is answered is kept"),
    ):
        run(config(server, tmp_path))


def test_a_reasoning_model_is_asked_as_it_wants(tmp_path: Path) -> None:
    out = tmp_path / "x"
    asked = {"token_parameter": "max_completion_tokens", "reasoning_tokens": 4000}
    with serving(FaultServer(refuses=("max_tokens", "temperature"))) as server:
        with pytest.raises(RunError, match="add --token-parameter"):
            run(config(server, out))
        with pytest.raises(RunError, match="add --no-temperature"):
            run(config(server, out, **asked))
        server.seen.clear()
        # Nothing was answered, so other settings are welcome in the same folder.
        result = run(config(server, out, **asked, no_temperature=True))
    assert result is not None
    assert len(server.seen) == 3
    assert not {"max_tokens", "temperature"} & {key for seen in server.seen for key in seen.body}
    assert sorted({seen.body["max_completion_tokens"] for seen in server.seen}) == sorted(
        {4000 + 32 + 16 * len(example.labels) for example in result.examples}
    )
    record = json.loads((out / "run.json").read_text())
    assert record["sessions"][-1]["token_parameter"] == "max_completion_tokens"
    assert record["asked"]["decoding"] == {
        "name": "free-default-temperature",
        "kind": "free",
        "greedy": False,
        "max_new_tokens": {"base": 32, "per_mask": 16, "unseen": 4000},
        "stop": "list closed",
    }
    assert "|decode:free-default-temperature|" in result.scores["paper"]["signature"]


def test_a_run_from_before_these_options_goes_on(tmp_path: Path) -> None:
    with serving(FaultServer()) as server:
        assert run(config(server, tmp_path)) is not None
        # The name of the limit changes no answer.
        again = config(server, tmp_path, token_parameter="max_completion_tokens")
        assert run(again) is not None
        assert len(server.seen) == 3
    decoding = json.loads((tmp_path / "run.json").read_text())["asked"]["decoding"]
    assert decoding == {
        "name": "free",
        "kind": "free",
        "greedy": True,
        "max_new_tokens": {"base": 32, "per_mask": 16, "unseen": 0},
        "stop": "list closed",
        "temperature": 0.0,
    }


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"token_parameter": "tokens"}, "--token-parameter must be one of max_tokens, max_compl"),
        ({"reasoning_tokens": -1}, "--reasoning-tokens must be at least 0, got -1"),
    ],
)
def test_a_wrong_option_is_refused(tmp_path: Path, wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(RunError, match=sentence):
        RunConfig("api:org/name", tmp_path, **wrong)


@pytest.mark.parametrize(
    "option",
    [{"token_parameter": "max_completion_tokens"}, {"no_temperature": 1}],
)
def test_an_option_of_servers_is_refused_for_other_models(
    tmp_path: Path, option: dict[str, Any]
) -> None:
    name = "--" + next(iter(option)).replace("_", "-")
    with pytest.raises(RunError, match=f"^{name} is for a served model: write --model api:org/n"):
        RunConfig("org/name", tmp_path, **option)


def test_a_server_that_is_down_is_spoken_of_once_for_each_wait(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "FIRST_WAIT", 0.01)
    down = Fault("status", 503, b'{"error": "asleep"}')
    # Three requests are under way, and each of them fails three times.
    with (
        serving(FaultServer(always=down)) as server,
        pytest.raises(RunError, match="gave no answer in 3 attempts"),
    ):
        run(config(server, tmp_path, retries=2))
    assert len(server.seen) == 9
    told = [line for line in capsys.readouterr().err.splitlines() if "no answer yet" in line]
    assert told == [
        f"{server.url}: no answer yet (status 503: asleep), trying again in 1 s (attempt {n} of 3)"
        for n in (2, 3)
    ]


def test_a_fault_among_answers_is_not_spoken_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "FIRST_WAIT", 0.01)
    # The first is held until the second was answered and the third has come; then it fails.
    held = Fault("held_then_down")
    with serving(FaultServer(faults=[held], held_until=3)) as server:
        assert run(config(server, tmp_path, retries=2, concurrency=2)) is not None
    assert len(server.seen) == 4
    assert "no answer yet" not in capsys.readouterr().err
