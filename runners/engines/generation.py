"""Greedy generation that stops each row at its own end; for seq2seq and causal models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .base import Answer, Prompt, closed_list


def generate(model: Any, tokenizer: Any, prompts: Sequence[Prompt]) -> list[Answer]:
    """Answer one batch greedily.

    A row ends at an end-of-sequence token, when its list is closed, or when its own budget is
    used up, so an answer does not depend on the rows it was batched with.
    """
    import torch
    from transformers import GenerationConfig, StoppingCriteriaList

    rows = [{"input_ids": list(p.ids)} for p in prompts]
    batch = tokenizer.pad(rows, return_tensors="pt").to(model.device)
    start = 1 if model.config.is_encoder_decoder else batch["input_ids"].shape[1]
    ends = _end_tokens(model, tokenizer)
    stop = _RowEnds(tokenizer, [p.budget for p in prompts], start)
    # Built anew: a model's own file may ask for sampling or a repetition penalty.
    config = GenerationConfig(
        do_sample=False,
        num_beams=1,
        max_new_tokens=max(p.budget for p in prompts),
        eos_token_id=ends,
        pad_token_id=tokenizer.pad_token_id,
        decoder_start_token_id=model.generation_config.decoder_start_token_id,
        bos_token_id=model.generation_config.bos_token_id,
    )
    with torch.inference_mode():
        out = model.generate(
            **batch, generation_config=config, stopping_criteria=StoppingCriteriaList([stop])
        )
    return [
        _answer(tokenizer, row, prompt.budget, ends)
        for row, prompt in zip(out[:, start:].tolist(), prompts, strict=True)
    ]


def _answer(tokenizer: Any, tokens: list[int], budget: int, ends: list[int]) -> Answer:
    tokens = tokens[:budget]
    stopped = next((i for i, token in enumerate(tokens) if token in ends), None)
    if stopped is not None:
        tokens = tokens[:stopped]
    text = tokenizer.decode(tokens, skip_special_tokens=True)
    cut = closed_list(text)
    if cut is not None:
        return Answer(cut.strip(), "list", _tokens_until_list(tokenizer, tokens))
    finish = "eos" if stopped is not None else "length"
    return Answer(text.strip(), finish, len(tokens))


def _tokens_until_list(tokenizer: Any, tokens: list[int]) -> int:
    """How many tokens it took to close the list; the rest of the row is padding."""
    for n, token in enumerate(tokens, 1):
        if "]" in tokenizer.decode([token]) and closed_list(
            tokenizer.decode(tokens[:n], skip_special_tokens=True)
        ):
            return n
    return len(tokens)


def _end_tokens(model: Any, tokenizer: Any) -> list[int]:
    """Every end token the model or the tokenizer names (Llama 3 names two)."""
    ids = model.generation_config.eos_token_id
    named = ids if isinstance(ids, list) else [ids]
    return sorted({i for i in (*named, tokenizer.eos_token_id) if i is not None})


class _RowEnds:
    """Stopping criterion: True for the rows whose list is closed or whose budget is used up."""

    def __init__(self, tokenizer: Any, budgets: list[int], start: int) -> None:
        self._tokenizer = tokenizer
        self._budgets = budgets
        self._start = start
        self._done = [False] * len(budgets)

    def __call__(self, input_ids: Any, _scores: Any, **_: Any) -> Any:
        import torch

        new = input_ids[:, self._start :]
        for i, token in enumerate(new[:, -1].tolist()):
            if self._done[i]:
                continue
            full = new.shape[1] >= self._budgets[i]
            self._done[i] = full or (
                "]" in self._tokenizer.decode([token])
                and closed_list(self._tokenizer.decode(new[i], skip_special_tokens=True))
                is not None
            )
        return torch.tensor(self._done, device=input_ids.device)
