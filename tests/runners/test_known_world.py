"""Rankings against a world whose probabilities are known, by models taught until they know it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from express_dataset import MASK, Example
from express_runners.engines import load_engine
from express_runners.engines.base import EngineOptions
from express_runners.models import resolve
from express_runners.prompts.wording import Template
from express_runners.vocabulary import EMPTY, OTHER_MASKS, Vocabulary

TERMS = ("sad", "happy", "tired", "let down")
WEATHER = ("rain", "sun", "snow")
# Of the first word by the weather, and of the second by the first.
FIRST = np.array([[0.50, 0.27, 0.20, 0.03], [0.15, 0.60, 0.05, 0.20], [0.25, 0.10, 0.55, 0.10]])
SECOND = np.array(
    [[0.10, 0.25, 0.35, 0.30], [0.45, 0.15, 0.35, 0.05], [0.20, 0.30, 0.10, 0.40], [0.25] * 4]
)
JOINT = FIRST[:, :, None] * SECOND
WITHIN = 0.02
# For each text its weight, its tokens, and the places of those that are to be guessed.
Rows = list[tuple[float, list[int], list[int]]]


def story(weather: str, words: Sequence[str] = (MASK, MASK)) -> str:
    return f"{weather} : i felt {words[0]} then {words[1]} ."


def example(weather: str) -> Example:
    return Example("a", "a", story(weather), TERMS[:2], 0, (False,) * 2, (False,) * 2)


def tokenizer_of(texts: Sequence[str]) -> Any:
    """Whole words and runs of signs, all that stand in the texts."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    cut = pre_tokenizers.Whitespace()
    words = sorted({word for text in texts for word, _ in cut.pre_tokenize_str(text)})
    every = {word: i for i, word in enumerate(["[PAD]", "[UNK]", "[MASK]", *words])}
    backend = Tokenizer(models.WordLevel(every, unk_token="[UNK]"))
    backend.pre_tokenizer = cut
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        pad_token="[PAD]",
        unk_token="[UNK]",
        mask_token="[MASK]",
        model_input_names=["input_ids", "attention_mask"],
        model_max_length=64,
    )


def teach(model: Any, rows: Rows, shown: Any, steps: int) -> None:
    """Learn all rows at once, each by its weight; `shown` makes the input of a row's tokens."""
    import torch

    size = max(len(ids) for _, ids, _ in rows)
    inputs, labels = torch.zeros(len(rows), size, dtype=torch.long), []
    for i, (_, ids, places) in enumerate(rows):
        inputs[i, : len(ids)] = torch.tensor(shown(ids, places))
        labels += [(i, place, ids[place]) for place in places]
    row, place, token = map(torch.tensor, zip(*labels, strict=True))
    weight = torch.tensor([rows[i][0] for i in row.tolist()])
    before = int(model.config.model_type == "llama")
    optimizer = torch.optim.Adam(model.parameters(), 5e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        logits = model(input_ids=inputs, attention_mask=(inputs != 0).long()).logits
        lost = torch.nn.functional.cross_entropy(
            logits[row, place - before], token, reduction="none"
        )
        optimizer.zero_grad()
        (lost @ weight / weight.sum()).backward()
        optimizer.step()
        schedule.step()
    model.eval()


SMALL = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
}


@pytest.fixture(scope="module")
def masked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT that knows the world: both words hidden, the second, or one token of two."""
    import transformers as hf

    cases = list(itertools.product(range(3), range(4), range(4)))
    tokenizer = tokenizer_of([story(WEATHER[w], (TERMS[a], TERMS[b])) for w, a, b in cases])
    rows: Rows = []
    for w, a, b in cases:
        ids = tokenizer(story(WEATHER[w], (TERMS[a], TERMS[b])))["input_ids"]
        then = ids.index(tokenizer.convert_tokens_to_ids("then"))
        one, other = list(range(4, then)), list(range(then + 1, len(ids) - 1))
        pieces = [[place] for word in (one, other) if len(word) > 1 for place in word]
        rows += [(float(JOINT[w, a, b]), ids, hidden) for hidden in ([*one, *other], other)]
        rows += [(float(JOINT[w, a, b]), ids, hidden) for hidden in pieces]
    hf.set_seed(0)
    plain = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    model = hf.BertForMaskedLM(hf.BertConfig(vocab_size=len(tokenizer), **SMALL, **plain))
    mask = tokenizer.mask_token_id
    teach(model, rows, lambda ids, at: [mask if i in at else t for i, t in enumerate(ids)], 600)
    return saved(model, tokenizer, tmp_path_factory.mktemp("masked"))


PROMPT = "{{ text }} answer:"


@pytest.fixture(scope="module")
def causal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama that writes the world's lists, the first word told or left as a mask."""
    import transformers as hf

    lists = {
        (w, a, b, told): f'{story(WEATHER[w])} answer: ["{told}", "{TERMS[b]}"]'
        for w, a, b in itertools.product(range(3), range(4), range(4))
        for told in (TERMS[a], MASK)
    }
    tokenizer = tokenizer_of(list(lists.values()))
    rows: Rows = []
    for (w, a, b, _), text in lists.items():
        ids = tokenizer(text)["input_ids"]
        begin = ids.index(tokenizer.convert_tokens_to_ids("answer")) + 2
        rows.append((float(JOINT[w, a, b]), ids, list(range(begin, len(ids)))))
    hf.set_seed(0)
    config = hf.LlamaConfig(vocab_size=len(tokenizer), num_key_value_heads=4, **SMALL)
    model = hf.LlamaForCausalLM(config)
    teach(model, rows, lambda ids, _: ids, 600)
    return saved(model, tokenizer, tmp_path_factory.mktemp("causal"))


def saved(model: Any, tokenizer: Any, folder: Path) -> Path:
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def ranked(folder: Path, others: str, terms: Sequence[str] = TERMS) -> tuple[Any, list[Any]]:
    """The engine, and its answer in each weather."""
    model = resolve(str(folder))
    template = Template("zero-shot", "{{ text }}" if model.family == "masked" else PROMPT)
    vocabulary = Vocabulary("world", tuple(terms))
    engine = load_engine(model, EngineOptions(template, vocabulary=vocabulary, others=others))
    return engine, engine.answer([engine.prepare(example(weather)) for weather in WEATHER])


def expected(joint: NDArray[np.float64], others: str) -> list[NDArray[np.float64]]:
    """The shares of each term at both masks of a story, by what stands at the other mask."""
    joint = joint / joint.sum()
    first = joint.sum(1)
    given = joint[int(first.argmax())]
    return [first, joint.sum(0) if others == EMPTY else given / given.sum()]


@pytest.mark.parametrize("others", OTHER_MASKS)
def test_a_masked_model_ranks_terms_of_one_token(masked: Path, others: str) -> None:
    engine, answers = ranked(masked, others)
    assert engine.vocabulary.terms == TERMS[:3]
    assert engine.vocabulary.left_out == TERMS[3:]
    for joint, answer in zip(JOINT[:, :3, :3], answers, strict=True):
        for wanted, scores in zip(expected(joint, others), answer.scores, strict=True):
            assert np.abs(np.exp(scores) - wanted).max() < WITHIN
        assert min(answer.shares) > 1 - WITHIN


@pytest.mark.parametrize("others", OTHER_MASKS)
def test_a_causal_model_ranks_terms_of_several_tokens_too(causal: Path, others: str) -> None:
    engine, answers = ranked(causal, others)
    assert engine.vocabulary.terms == TERMS
    for joint, answer in zip(JOINT, answers, strict=True):
        for wanted, scores in zip(expected(joint, others), answer.scores, strict=True):
            assert np.abs(np.exp(scores) - wanted).max() < WITHIN
        assert min(answer.shares) > 1 - WITHIN


def test_the_share_of_a_vocabulary_is_that_of_its_terms(causal: Path) -> None:
    _, answers = ranked(causal, EMPTY, TERMS[1:])
    for joint, answer in zip(JOINT, answers, strict=True):
        second = joint.sum(0)
        assert answer.shares[1] == pytest.approx(second[1:].sum(), abs=WITHIN)
