"""The ranking of a closed vocabulary by decoder-only models: a tree of terms after each prompt."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ...errors import RunError
from .. import memory
from ..base import Answer, Prompt
from ..decoding import Row, groups, shared_beginning
from ..rows import Block, RowModel
from .terms import ListTerms, ranked


@dataclass(slots=True)
class _Ranking:
    """One row's terms and scores so far."""

    row: Row
    chosen: list[str] = field(default_factory=list)
    scores: list[list[float]] = field(default_factory=list)


class CausalRanker:
    """Ranks the vocabulary: one pass over a prompt, then one over the tree for each mask."""

    def __init__(self, rows: RowModel, terms: ListTerms) -> None:
        self._rows = rows
        self._terms = terms
        self._ancestors = terms.trie.ancestors().to(rows.device)
        self._chunk = memory.chunk_tokens(rows.model)
        # The logits of all nodes, and a copy in float32, stand side by side.
        width = rows.model.config.get_text_config().vocab_size
        tree = len(terms.trie.tokens) * width * 8
        self._trees = max(1, memory.free_bytes(rows.device) // 2 // tree)
        if rows.device.type != "cuda":
            self._trees = 1

    def answers(
        self, prompts: Sequence[Prompt], most: int | None = None
    ) -> Iterator[tuple[int, Answer]]:
        """Position and answer of each prompt, as each is finished; `most` rows at once."""
        for group in groups(prompts):
            prefix = shared_beginning([prompts[i] for i in group])
            self._rows.share(prefix)
            rows = [Row(i, prompts[i], prompts[i].ids[len(prefix) :]) for i in group]
            rows.sort(key=lambda row: (-len(row.own), row.index))
            while rows:
                fitting = self._chunk // len(rows[0].own)
                count = max(1, min(fitting, len(rows), most or len(rows)))
                started = time.perf_counter()
                done = self._attempt(rows[:count])
                if done is None:
                    memory.give_back()
                    continue
                del rows[:count]
                seconds = (time.perf_counter() - started) / count
                for this in done:
                    answer = ranked(this.row.prompt, this.chosen, this.scores)
                    yield this.row.index, replace(answer, seconds=seconds)

    def _attempt(self, rows: list[Row]) -> list[_Ranking] | None:
        """Rank for some rows; None where memory ran out, and the next attempt takes fewer."""
        try:
            return self._rank(rows)
        except RuntimeError as error:
            if not memory.ran_out(error):
                raise
            if len(rows) == 1 and self._trees == 1:
                raise RunError(memory.too_large(len(rows[0].prompt.ids))) from error
            self._chunk = max(1, len(rows) // 2) * len(rows[0].own)
            self._trees = max(1, self._trees // 2)
        return None

    def _rank(self, rows: list[Row]) -> list[_Ranking]:
        block = self._rows.prefill([row.own for row in rows])
        rankings = [_Ranking(row) for row in rows]
        for mask in range(max(len(row.prompt.example.labels) for row in rows)):
            open_rows = [i for i, row in enumerate(rows) if mask < len(row.prompt.example.labels)]
            for at in range(0, len(open_rows), self._trees):
                some = open_rows[at : at + self._trees]
                self._next_mask(block.select(some), [rankings[i] for i in some])
        return rankings

    def _next_mask(self, block: Block, rankings: list[_Ranking]) -> None:
        """Score the tree after each row's own trunk; trunks are padded on the left."""
        import torch

        trie, device = self._terms.trie, self._rows.device
        trunks = [self._terms.trunk(this.chosen) for this in rankings]
        longest = max(map(len, trunks))
        size, count = longest + len(trie.tokens), len(trunks)
        ids = torch.zeros(count, size, dtype=torch.long, device=device)
        depths = torch.zeros(count, size, dtype=torch.long, device=device)
        seen = torch.zeros(count, size, size, dtype=torch.bool, device=device)
        ids[:, longest:] = torch.tensor(trie.tokens, device=device)
        below = torch.tensor(trie.depths, device=device)
        seen[:, longest:, longest:] = self._ancestors
        for i, trunk in enumerate(trunks):
            pad, n = longest - len(trunk), len(trunk)
            ids[i, pad:longest] = torch.tensor(trunk, device=device)
            depths[i, pad:longest] = torch.arange(n, device=device)
            depths[i, longest:] = n + below
            seen[i, pad:longest, pad:longest] = torch.ones(
                n, n, dtype=torch.bool, device=device
            ).tril()
            seen[i, longest:, pad:longest] = True
        logits = self._rows.branch(block, ids, depths, seen, keep=size - longest + 1)
        for this, row in zip(rankings, logits, strict=True):
            scores = self._terms.scores(row)
            this.scores.append(scores)
            this.chosen.append(self._terms.best(scores))


def check(rows: Any, name: str) -> RowModel:
    """The `RowModel` of an engine, or a clear word where there is none."""
    if not isinstance(rows, RowModel):
        raise RunError(
            f"--decode rank cannot read {name}, whose attention is of its own kind: use --decode "
            "free"
        )
    return rows
