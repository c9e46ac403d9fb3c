"""Free decoding by rows: the answers of `generate`, whatever stands beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import tiny_models

from express_dataset import Example, load_examples
from express_runners.engines import causal, load_engine, rows
from express_runners.engines.base import Answer, EngineOptions, Prompt
from express_runners.engines.batches import in_batches
from express_runners.engines.decoding import Decoder, groups, shared_beginning
from express_runners.engines.generation import generate
from express_runners.engines.stopping import Ends
from express_runners.errors import RunError
from express_runners.models import resolve
from express_runners.prompts.wording import ours

EXAMPLES = 6
CASES = [("llama", False), ("llama", True), ("gemma2", False)]


def engine_of(folder: Path) -> Any:
    return load_engine(resolve(str(folder)), EngineOptions(template=ours("zero-shot")))


def asked(engine: Any) -> list[Prompt]:
    examples = load_examples("sample", split="test").examples[:EXAMPLES]
    return [engine.prepare(example) for example in examples]


def written(answers: list[Answer]) -> list[tuple[str | None, str | None, int]]:
    return [(a.completion, a.finish, a.new_tokens) for a in answers]


def in_order(flow: Iterator[tuple[int, Answer]]) -> list[tuple[str | None, str | None, int]]:
    found = dict(flow)
    return written([found[i] for i in range(len(found))])


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{'chat' if case[1] else 'base'}")
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    name, chat = request.param
    return engine_of(tiny_models.make(name, tmp_path, chat=chat))


@pytest.fixture
def llama(tmp_path: Path) -> Any:
    return engine_of(tiny_models.make("llama", tmp_path))


def test_rows_write_what_generate_writes(engine: Any) -> None:
    prompts = asked(engine)
    assert engine._rows is not None
    mine = in_order(engine.flow(prompts))
    assert engine._rows.prefix_length >= 16
    engine._model.set_attn_implementation("eager")
    assert mine == written(generate(engine._model, engine._tokenizer, prompts))
    assert len({finish for _, finish, _ in mine} | {n for *_, n in mine}) > 1


@pytest.mark.parametrize("most", [1, 4])
def test_answers_do_not_depend_on_the_batch(engine: Any, most: int) -> None:
    prompts = asked(engine)
    together = in_order(engine.flow(prompts))
    assert in_order(engine.flow(prompts, most)) == together
    # Several prompts in one padded pass, too.
    decoder = Decoder(engine._rows, Ends(engine._model, engine._tokenizer), most)
    decoder.chunk = 100_000
    assert in_order(decoder.answers(prompts)) == together
    alone = [engine.answer([prompt])[0] for prompt in prompts]
    assert written(alone) == together
    backwards = in_order(engine.flow(prompts[::-1], most))
    assert backwards[::-1] == together


def test_unknown_attention_falls_back_to_generate(
    llama: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts = asked(llama)
    expected = in_order(llama.flow(prompts))
    monkeypatch.setattr(causal, "row_model", lambda _model: None)
    other = engine_of(tmp_path)
    assert other._rows is None
    assert in_order(other.flow(prompts)) == expected


def test_a_model_that_computes_otherwise_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = rows.attention

    def sharper(*tensors: Any, **how: Any) -> Any:
        return real(*tensors, **{**how, "scaling": how["scaling"] * 2})

    folder = tiny_models.make("llama", tmp_path)
    monkeypatch.setattr(rows, "attention", sharper)
    engine = engine_of(folder)
    assert engine._rows is None
    assert engine._model.config._attn_implementation == "sdpa"


def test_memory_that_runs_out_loses_no_answer(llama: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    prompts = asked(llama)
    expected = in_order(llama.flow(prompts))
    prefill, step = rows.RowModel.prefill, rows.Slots.step
    failures = {"prefill": 0, "step": 0}

    def short_prefill(self: Any, own: Any) -> Any:
        if len(own) > 1:
            failures["prefill"] += 1
            raise torch.OutOfMemoryError("out of memory")
        return prefill(self, own)

    def short_step(self: Any, tokens: Any) -> Any:
        if len(tokens) > 3:
            failures["step"] += 1
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return step(self, tokens)

    monkeypatch.setattr(rows.RowModel, "prefill", short_prefill)
    monkeypatch.setattr(rows.Slots, "step", short_step)
    decoder = Decoder(llama._rows, Ends(llama._model, llama._tokenizer), 16)
    decoder.chunk = 100_000
    assert in_order(decoder.answers(prompts)) == expected
    assert failures["prefill"] > 0
    assert failures["step"] > 0


def test_one_example_too_large_ends_with_one_sentence(
    llama: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    def never(self: Any, own: Any) -> Any:
        raise torch.OutOfMemoryError("out of memory")

    prompts = asked(llama)[:1]
    monkeypatch.setattr(rows.RowModel, "prefill", never)
    with pytest.raises(RunError, match=r"memory ran out on one example of \d+ tokens"):
        list(llama.flow(prompts))


def test_another_error_is_not_taken_for_memory(llama: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Any, own: Any) -> Any:
        raise RuntimeError("shape mismatch")

    prompts = asked(llama)[:1]
    monkeypatch.setattr(rows.RowModel, "prefill", broken)
    with pytest.raises(RuntimeError, match="shape mismatch"):
        list(llama.flow(prompts))


def prompt(ids: list[int], shots: tuple[str, ...] = (), budget: int = 5) -> Prompt:
    example = Example("a", "a", "I was <mask>.", ("sad",), 0)
    return Prompt(example, "", tuple(ids), budget, shots=shots)


@given(st.lists(st.lists(st.integers(0, 1), min_size=1, max_size=30), min_size=2, max_size=5))
def test_shared_beginning_is_shared_and_leaves_a_token(rest: list[list[int]]) -> None:
    prompts = [prompt([7] * 20 + own) for own in rest]
    shared = shared_beginning(prompts)
    assert len(shared) >= 20
    assert all(p.ids[: len(shared)] == shared and len(p.ids) > len(shared) for p in prompts)
    following = {p.ids[len(shared)] for p in prompts}
    assert len(following) > 1 or min(len(p.ids) for p in prompts) == len(shared) + 1


def test_short_or_lonely_beginnings_are_not_shared() -> None:
    assert shared_beginning([prompt([1] * 15 + [2]), prompt([1] * 15 + [3])]) == ()
    assert shared_beginning([prompt([1] * 40)]) == ()


def test_rows_with_the_same_shots_go_together() -> None:
    many = [prompt([1], ("x", "y")) for _ in range(4)]
    few = [prompt([1], ("y",)), prompt([1], ("z",))]
    assert sorted(groups([*many, *few])) == [[0, 1, 2, 3], [4, 5]]


class Limited:
    """An engine whose memory holds so many prompts."""

    context = 100
    batch_tokens = 1000

    def __init__(self, room: int) -> None:
        self.room = room

    def prepare(self, example: Example, shots: Any = ()) -> Prompt:
        return prompt([1])

    def answer(self, prompts: Any) -> list[Answer]:
        if len(prompts) > self.room:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return [Answer(str(p.ids[0]), "eos", 1) for p in prompts]


@pytest.mark.parametrize("room", [1, 3, 100])
def test_batches_halve_until_they_fit(room: int) -> None:
    prompts = [prompt([i] * (i + 1)) for i in range(9)]
    found = dict(in_batches(Limited(room), prompts))
    assert {i: answer.completion for i, answer in found.items()} == {i: str(i) for i in range(9)}


def test_a_batch_of_one_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(RunError, match="memory ran out on one example of 1 tokens"):
        list(in_batches(Limited(0), [prompt([1])]))


def test_an_answer_ends_once(llama: Any) -> None:
    ends, tokenizer = Ends(llama._model, llama._tokenizer), llama._tokenizer

    def tokens(text: str) -> list[int]:
        ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    ask = prompt([1], budget=40)
    listed, after = tokens('Yes: ["sad"]'), tokens(" and so on")
    assert not ends.reached(listed[:-1], ask)
    assert ends.reached(listed, ask)
    assert ends.answer([*listed, *after], ask) == Answer('Yes: ["sad"]', "list", len(listed))
    stopped = [*after, tokenizer.eos_token_id]
    assert ends.answer([*stopped, *after], ask) == Answer("and so on", "eos", len(after))
    short = prompt([1], budget=2)
    assert ends.answer(listed, short).finish == "length"
    assert ends.answer(listed, short).new_tokens == 2
