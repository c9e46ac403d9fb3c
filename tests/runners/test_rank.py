"""Rankings give every term the probability that a plain forward pass gives it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import tiny_models

from express_dataset import Example, load_examples
from express_runners.config import RunConfig
from express_runners.engines import load_engine
from express_runners.engines.base import EngineOptions, Prompt
from express_runners.engines.batches import in_batches
from express_runners.engines.rank.terms import ListTerms, likeliest, normalise
from express_runners.engines.rank.trie import build
from express_runners.errors import RunError
from express_runners.models import resolve
from express_runners.prompts.wording import ours
from express_runners.runs.agreement import agree, agreement
from express_runners.runs.ranks import rank_scores
from express_runners.runs.run import run
from express_runners.vocabulary import EMPTY, OTHER_MASKS, PICKS, Vocabulary, from_file

TERMS = ("sad", "saddened", "let down", "angry", "anger", "ashamed", "joyful", "at ease")
VOCABULARY = Vocabulary("test", TERMS)


def engine_of(folder: Path, **options: Any) -> Any:
    model = resolve(str(folder))
    setting = "fill-mask" if model.family == "masked" else "zero-shot"
    return load_engine(
        model, EngineOptions(template=ours(setting), vocabulary=VOCABULARY, **options)
    )


def answers(engine: Any, prompts: list[Prompt]) -> list[Any]:
    flow = engine.flow(prompts) if hasattr(engine, "flow") else in_batches(engine, prompts)
    return [answer for _, answer in sorted(flow, key=lambda pair: pair[0])]


def by_hand(engine: Any, prompt: Prompt, lead: str, others: str) -> list[list[float]]:
    """The definition, term by term: a whole forward pass for each, nothing shared or cached."""
    import torch

    model, seq2seq = engine._model, engine._model.config.is_encoder_decoder
    if not seq2seq:
        model.set_attn_implementation("eager")
    terms = ListTerms(engine._tokenizer, TERMS, lead, others)
    chosen: list[str] = []
    found = []
    for _ in prompt.example.labels:
        trunk, scores = terms.trunk(chosen), []
        for term in TERMS:
            tokens = terms._tokens(term)
            with torch.inference_mode():
                if seq2seq:
                    start = model.config.decoder_start_token_id
                    written = [start, *trunk, *tokens]
                    out = model(
                        input_ids=torch.tensor([prompt.ids]),
                        decoder_input_ids=torch.tensor([written]),
                    )
                else:
                    written = [*prompt.ids, *trunk, *tokens]
                    out = model(input_ids=torch.tensor([written]))
            logprobs = out.logits[0].double().log_softmax(-1)
            first = len(written) - len(tokens) - 1
            sum_ = sum(float(logprobs[first + i, t]) for i, t in enumerate(tokens))
            scores.append(sum_ + float(logprobs[-1, terms.closing].logsumexp(-1)))
        found.append(scores)
        chosen.append(likeliest(TERMS, scores))
    return found


@pytest.mark.parametrize(
    ("name", "chat", "others"),
    [
        *(("llama", True, PICKS), ("llama", True, EMPTY), ("llama", False, PICKS)),
        *(("gemma2", True, PICKS), ("t5", False, PICKS), ("t5", False, EMPTY)),
    ],
)
def test_tree_gives_what_single_passes_give(
    name: str, chat: bool, others: str, tmp_path: Path
) -> None:
    engine = engine_of(tiny_models.make(name, tmp_path, chat=chat), others=others)
    engine._model.double()  # large random weights: in float32 rounding hides what differs
    examples = load_examples("sample", split="test").examples[:5]
    assert {len(e.labels) for e in examples} > {1, 2}
    prompts = [engine.prepare(example) for example in examples]
    got = answers(engine, prompts)
    for prompt, answer in zip(prompts, got, strict=True):
        wanted = by_hand(engine, prompt, "" if chat or name == "t5" else " ", others)
        for mine, theirs in zip(answer.scores, wanted, strict=True):
            assert mine == pytest.approx(normalise(theirs), abs=5e-5)
        shares = [sum(map(math.exp, scores)) for scores in wanted]
        assert answer.shares == pytest.approx(shares, rel=1e-3)
        top = [likeliest(TERMS, values) for values in answer.scores]
        assert json.loads(answer.completion) == top


@pytest.mark.parametrize("others", OTHER_MASKS)
@pytest.mark.parametrize("name", ["roberta", "longformer"])
def test_masked_ranking_is_its_definition(name: str, others: str, tmp_path: Path) -> None:
    import torch

    engine = engine_of(tiny_models.make(name, tmp_path), others=others)
    tokenizer, model, terms = engine._tokenizer, engine._model, engine.vocabulary.terms
    assert 1 < len(terms) < len(TERMS)
    assert set(terms) | set(engine.vocabulary.left_out) == set(TERMS)
    example = max(load_examples("sample", split="test").examples, key=lambda e: len(e.labels))
    (answer,) = answers(engine, [prompt := engine.prepare(example)])
    ids = list(prompt.ids)
    places = [i for i, token in enumerate(ids) if token == tokenizer.mask_token_id]
    for m, place in enumerate(places):
        with torch.inference_mode():
            told = model(input_ids=torch.tensor([ids])).logits[0, place].log_softmax(-1)
        tokens = [tokenizer(f" {t}", add_special_tokens=False)["input_ids"][0] for t in terms]
        scores = [float(told[token]) for token in tokens]
        assert list(answer.scores[m]) == pytest.approx(normalise(scores), abs=2e-4)
        assert answer.shares[m] == pytest.approx(sum(map(math.exp, scores)), rel=1e-3)
        if others == PICKS:
            ids[place] = tokens[terms.index(likeliest(terms, scores))]


@pytest.mark.parametrize("name", tiny_models.NAMES)
def test_ranking_is_valid_for_every_mask(name: str, tmp_path: Path) -> None:
    model = str(tiny_models.make(name, tmp_path / "model"))
    file = tmp_path / "terms.txt"
    file.write_text("\n".join(TERMS))
    ask: dict[str, Any] = {"model": model, "dataset": "sample", "limit": 3}
    result = run(RunConfig(**ask, decode="rank", vocabulary=str(file), out=tmp_path / "rank"))
    assert result is not None
    for protocol in ("paper", "revised"):
        assert result.scores[protocol]["valid_rate"] == 1.0
        label = Vocabulary("", result.record.vocabulary or ()).label
        others = "empty" if tiny_models.FAMILIES[name] == "masked" else "picks"
        assert f"|decode:rank-{label}-{others}|" in result.scores[protocol]["signature"]
    for line in result.lines:
        assert line["finish"] == "ranked"
        for mask in line["rank"]:
            assert len(mask["logprobs"]) == len(result.record.vocabulary or ())
            assert 0 < mask["share"] < 1
            assert sum(map(math.exp, mask["logprobs"])) == pytest.approx(1, abs=1e-3)
            assert (
                mask["top"][0]
                == (result.record.vocabulary or ())[mask["logprobs"].index(max(mask["logprobs"]))]
            )
    kept, told = result.record.vocabulary or (), result.scores["rank"]
    left_out = result.record.left_out or ()
    assert set(kept) | set(left_out) == set(TERMS)
    assert bool(left_out) is (tiny_models.FAMILIES[name] == "masked")
    assert result.record.prior
    assert result.record.prior.contexts == 3
    assert 0 < told["share"] < 1
    assert 0 <= told["without_prior"]["mrr"] <= 1
    hidden = [label for line in result.lines for label in line["references"]]
    assert told.get("left_out", 0) == sum(label in left_out for label in hidden)
    run(RunConfig(**ask, out=tmp_path / "free"))
    found = agree(tmp_path / "free", tmp_path / "rank")
    assert found["masks"] == sum(len(line["references"]) for line in result.lines)


BAD = [
    ({"vocabulary": "train"}, "--vocabulary belongs to --decode rank"),
    ({"other_masks": "empty"}, "--other-masks belongs to --decode rank"),
    ({"decode": "rank", "prompt": "cot"}, "cannot reason"),
    ({"decode": "beam"}, "--decode must be one of free, rank"),
]


@pytest.mark.parametrize(("options", "message"), BAD)
def test_options_that_do_not_fit_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(RunError, match=message):
        RunConfig(model="a/b", out=Path("x"), **options)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "holds no term"),
        ("sad\nSad\n", "line 2: 'sad' stands in line 1"),
        (f"sad\n{'a' * 101}\n", "line 2: .* is no term of one to three words"),
        ("a very long sad term", "line 1: 'a very long sad term' is no term"),
        ('["sad"]', "line 1: '\\[\"sad\"\\]' is no term"),
    ],
)
def test_bad_vocabulary_files(content: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "terms.txt"
    file.write_text(content)
    with pytest.raises(RunError, match=message):
        from_file(file)
    with pytest.raises(RunError, match="cannot be read"):
        from_file(tmp_path / "none.txt")


@given(st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=4), min_size=1, max_size=12))
def test_trie_sums_each_sequence(sequences: list[list[int]]) -> None:
    trie = build(sequences)
    weight = [
        0.5 + token + 10 * depth for token, depth in zip(trie.tokens, trie.depths, strict=True)
    ]
    wanted = [sum(0.5 + t + 10 * d for d, t in enumerate(s)) for s in sequences]
    assert trie.sums(weight) == pytest.approx(wanted)
    assert len(trie.tokens) == len({tuple(s[:n]) for s in sequences for n in range(1, len(s) + 1)})
    seen = trie.ancestors()
    assert seen.sum(1).tolist() == [depth + 1 for depth in trie.depths]


def test_rank_figures() -> None:
    lines: list[dict[str, Any]] = [
        {"references": ["a", "b"], "rank": [{"reference": 1, "share": 0.1}, {"reference": 4}]},
        {"references": ["c"], "rank": [{"reference": None, "share": 0.3}]},
        {"references": ["d"], "rank": None},
    ]
    assert rank_scores(lines, left_out={"c"}) == {
        "masks": 4,
        "in_vocabulary": 2,
        "top1": 0.25,
        "top3": 0.25,
        "top5": 0.5,
        "mrr": (1 + 1 / 4) / 4,
        "left_out": 1,
        "share": 0.2,
    }


def test_agreement_counts_every_mask_once() -> None:
    free = [
        {"id": "1", "references": ["a", "b"], "terms": {"revised": ["a", "x"]}},
        {"id": "2", "references": ["c"], "terms": {"revised": None}},
        {"id": "3", "references": ["d"], "terms": {"revised": ["e"]}},
    ]
    rank = [
        {"id": "1", "references": ["a", "b"], "rank": [{"top": ["a"]}, {"top": ["b"]}]},
        {"id": "2", "references": ["c"], "rank": [{"top": ["c"]}]},
        {"id": "3", "references": ["d"], "rank": [{"top": ["e"]}]},
    ]
    assert agreement(free, rank, ["a", "b", "c", "e"]) == {
        "masks": 4,
        "compared": 3,
        "same": 2,
        "both_right": 1,
        "only_free_right": 0,
        "only_rank_right": 1,
        "none_right": 1,
        "free_outside_vocabulary": 1,
    }
    with pytest.raises(RunError, match="not made with --decode rank"):
        agreement(free, free, [])
    with pytest.raises(RunError, match="no answered example in common"):
        agreement(free, [{**rank[0], "id": "9"}], [])


def test_the_longest_row_may_have_fewer_masks_than_another(tmp_path: Path) -> None:
    engine = engine_of(tiny_models.make("llama", tmp_path / "llama"))
    long = Example("a", "a", "I was <mask>. " + "It rained. " * 30, ("sad",), 0)
    two = ("sad", "angry")
    short = Example("b", "b", "I was <mask>, <mask>.", two, 0, (False,) * 2, (False,) * 2)
    prompts = [engine.prepare(example) for example in (long, short)]
    together = answers(engine, prompts)
    alone = [answers(engine, [prompt])[0] for prompt in prompts]
    assert [a.completion for a in together] == [a.completion for a in alone]


@pytest.mark.parametrize("name", ["llama", "t5", "roberta"])
@pytest.mark.parametrize("decode", ["free", "rank"])
def test_no_library_says_that_what_is_used_will_be_removed(
    name: str, decode: str, tmp_path: Path
) -> None:
    """Such a warning is an error in all tests."""
    model = resolve(str(tiny_models.make(name, tmp_path)))
    setting = "fill-mask" if name == "roberta" else "zero-shot"
    vocabulary = VOCABULARY if decode == "rank" else None
    options = EngineOptions(template=ours(setting), vocabulary=vocabulary)
    engine = load_engine(model, options)
    prompts = [engine.prepare(e) for e in load_examples("sample", split="test").examples[:3]]
    assert len(answers(engine, prompts)) == 3
