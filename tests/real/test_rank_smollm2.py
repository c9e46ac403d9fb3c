"""A real model ranks the train labels at every mask of real segments: nothing is invalid."""

from __future__ import annotations

from pathlib import Path

from express_dataset import load_examples
from express_runners.config import RunConfig
from express_runners.runs.agreement import agree
from express_runners.runs.run import run

SEGMENTS = 4


def test_a_ranking_of_real_segments_is_valid_at_every_mask(
    smollm2: Path, reference: Path, tmp_path: Path
) -> None:
    data = str(reference / "gpt4o_predictions.csv")
    terms = {label for e in load_examples(data, split="train").examples for label in e.labels}
    results = {}
    for decode in ("free", "rank"):
        out = tmp_path / decode
        config = RunConfig(str(smollm2), out, data, limit=SEGMENTS, decode=decode, device="cpu")
        results[decode] = run(config)
    ranked = results["rank"]
    assert ranked is not None
    assert len(ranked.lines) == SEGMENTS
    for protocol in ("paper", "revised"):
        assert ranked.scores[protocol]["valid_rate"] == 1.0
        assert ranked.scores[protocol]["invalid"] == {}
    for line in ranked.lines:
        assert len(line["rank"]) == len(line["references"]) == len(line["terms"]["revised"])
        for mask, term in zip(line["rank"], line["terms"]["revised"], strict=True):
            assert mask["top"][0] == term
            assert set(mask["top"]) <= terms
            assert len(mask["logprobs"]) == len(terms)
            assert max(mask["logprobs"]) < 0
    assert len({term for line in ranked.lines for term in line["terms"]["revised"]}) > 1
    found = agree(tmp_path / "free", tmp_path / "rank")
    assert found["masks"] == ranked.scores["rank"]["masks"]
