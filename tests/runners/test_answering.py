"""What is written for each example, and what is not asked at all."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from support import tiny_models
from support.fault_server import FaultServer, serving

from express_cards.terminal import print_scores
from express_runners.config import RunConfig
from express_runners.runs.run import run
from express_runners.runs.store import Shard

EXAMPLES = 8


@pytest.mark.parametrize("name", ["llama", "roberta"])
def test_prompt_longer_than_the_context_is_counted_not_cut(name: str, tmp_path: Path) -> None:
    model = tiny_models.make(name, tmp_path / "model")
    whole = run(
        RunConfig(model=str(model), dataset="sample", limit=EXAMPLES, out=tmp_path / "whole")
    )
    assert whole is not None
    assert {line["reason"]["revised"] for line in whole.lines}.isdisjoint({"too-long"})
    lengths = sorted(line["prompt_tokens"] for line in whole.lines)
    config = json.loads((model / "tokenizer_config.json").read_text())
    budget = 0 if name == "roberta" else 80
    config["model_max_length"] = lengths[EXAMPLES // 2] + budget
    (model / "tokenizer_config.json").write_text(json.dumps(config))
    cut = run(RunConfig(model=str(model), dataset="sample", limit=EXAMPLES, out=tmp_path / "cut"))
    assert cut is not None
    too_long = [line for line in cut.lines if line["reason"]["revised"] == "too-long"]
    assert 0 < len(too_long) < EXAMPLES
    for line in too_long:
        assert line["completion"] is None
        assert line["reason"]["paper"] == "too-long"
        assert line["new_tokens"] == 0
    # What still fits is answered as before.
    before = {line["id"]: line["completion"] for line in whole.lines}
    for line in cut.lines:
        assert line["completion"] in (None, before[line["id"]])


def test_positions_after_the_padding_are_no_room(tmp_path: Path) -> None:
    import transformers as hf

    model = tiny_models.make("roberta", tmp_path / "model")
    size = json.loads((model / "config.json").read_text())
    sizes = {key: size[key] for key in ("vocab_size", "hidden_size", "pad_token_id")}
    few = {"num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}

    def asked(positions: int) -> Any:
        config = hf.XLMRobertaConfig(max_position_embeddings=positions, **few, **sizes)
        hf.XLMRobertaForMaskedLM(config).save_pretrained(model)
        out = tmp_path / str(positions)
        found = run(RunConfig(model=str(model), dataset="sample", limit=EXAMPLES, out=out))
        assert found is not None
        return found.lines

    lengths = sorted(line["prompt_tokens"] for line in asked(2048))
    # A place for each token of the longest prompt, but the first ones are never used.
    lines = asked(lengths[-1] + size["pad_token_id"])
    for line in lines:
        too_long = line["reason"]["revised"] == "too-long"
        assert too_long is (line["prompt_tokens"] == lengths[-1])


def test_the_same_command_answers_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = str(tiny_models.make("llama", tmp_path / "model"))
    out = tmp_path / "run"
    run(RunConfig(model=model, dataset="sample", limit=EXAMPLES, out=out))
    first = (out / "predictions.jsonl").read_text()
    # Half of a run, as a kill would leave it: a cut line, and no merged file.
    rows = first.splitlines(keepends=True)
    (out / "predictions.jsonl").unlink()
    (out / "predictions-00000.jsonl").write_text("".join(rows[:3]) + rows[3][:20])
    written: list[str] = []
    append = Shard.append

    def counting(self: Shard, lines: Iterable[dict[str, Any]]) -> None:
        lines = list(lines)
        written.extend(line["id"] for line in lines)
        append(self, lines)

    monkeypatch.setattr(Shard, "append", counting)
    result = run(RunConfig(model=model, dataset="sample", limit=EXAMPLES, out=out))
    assert result is not None
    assert sorted(written) == sorted(json.loads(row)["id"] for row in rows[3:])
    again = (out / "predictions.jsonl").read_text().splitlines(keepends=True)
    assert again[:3] == rows[:3]
    drop = ("seconds", "process")
    without = [
        [{k: v for k, v in json.loads(row).items() if k not in drop} for row in text]
        for text in (rows, again)
    ]
    assert without[0] == without[1]


def test_more_tokens_are_written_where_more_are_allowed(tmp_path: Path) -> None:
    model = str(tiny_models.make("llama", tmp_path / "model"))
    longest = {}
    for allowed in (3, 90):
        asked: dict[str, Any] = {"out": tmp_path / str(allowed), "max_new_tokens": allowed}
        found = run(RunConfig(model=model, dataset="sample", limit=EXAMPLES, **asked))
        assert found is not None
        longest[allowed] = max(line["new_tokens"] for line in found.lines)
        cut = [line for line in found.lines if line["finish"] == "length"]
        assert all(line["new_tokens"] == allowed for line in cut)
        assert f"|decode:free-{allowed}|" in found.scores["paper"]["signature"]
    # By default 32 tokens, and 16 for each mask of at most three.
    assert longest[3] == 3
    assert longest[90] > 32 + 3 * 16


def test_an_answer_that_was_cut_off_names_the_option(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(FaultServer(says="<think>It may be")) as server:
        found = run(
            RunConfig("api:org/m", tmp_path / "run", dataset="sample", limit=2, base_url=server.url)
        )
    assert found is not None
    assert found.scores["revised"]["invalid"] == {"truncated": 2}
    print_scores(found.scores)
    told = " ".join(capsys.readouterr().out.split())
    assert "2 of 2 answers were cut off before they ended (truncated)" in told
    assert "--max-new-tokens" in told
    assert "--reasoning-tokens" in told
