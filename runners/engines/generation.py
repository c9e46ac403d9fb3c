"""Greedy generation by transformers' own `generate`, batch by batch.

For encoder-decoder models, and for decoder-only models whose attention `rows.py` does not know.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .base import Answer, Prompt
from .stopping import Ends


def generate(model: Any, tokenizer: Any, prompts: Sequence[Prompt]) -> list[Answer]:
    """Answer one batch greedily; each row ends at its own end."""
    import torch
    from transformers import GenerationConfig, StoppingCriteriaList

    rows = [{"input_ids": list(p.ids)} for p in prompts]
    batch = tokenizer.pad(rows, return_tensors="pt").to(model.device)
    start = 1 if model.config.is_encoder_decoder else batch["input_ids"].shape[1]
    ends = Ends(model, tokenizer)
    # Built anew: a model's own file may ask for sampling or a repetition penalty.
    config = GenerationConfig(
        do_sample=False,
        num_beams=1,
        max_new_tokens=max(p.budget for p in prompts),
        eos_token_id=ends.tokens,
        pad_token_id=tokenizer.pad_token_id,
        decoder_start_token_id=model.generation_config.decoder_start_token_id,
        bos_token_id=model.generation_config.bos_token_id,
    )
    stop = _RowEnds(ends, prompts, start)
    with torch.inference_mode():
        out = model.generate(
            **batch, generation_config=config, stopping_criteria=StoppingCriteriaList([stop])
        )
    return [
        ends.answer(row, prompt)
        for row, prompt in zip(out[:, start:].tolist(), prompts, strict=True)
    ]


class _RowEnds:
    """Stopping criterion: True for the rows whose answer has ended."""

    def __init__(self, ends: Ends, prompts: Sequence[Prompt], start: int) -> None:
        self._ends = ends
        self._prompts = prompts
        self._start = start
        self._done = [False] * len(prompts)

    def __call__(self, input_ids: Any, _scores: Any, **_: Any) -> Any:
        import torch

        for i, tokens in enumerate(input_ids[:, self._start :].tolist()):
            self._done[i] = self._done[i] or self._ends.reached(tokens, self._prompts[i])
        return torch.tensor(self._done, device=input_ids.device)
