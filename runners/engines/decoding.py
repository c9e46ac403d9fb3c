"""Greedy decoding of many rows: a row that has ended makes room for the next one at once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from ..errors import RunError
from . import memory
from .base import Answer, Prompt
from .rows import RowModel, Slots
from .stopping import Ends

# Shared tokens below this are not worth a pass of their own.
SHORTEST_PREFIX = 16
# Rows with the same shots that make a group with a prefix of its own.
SMALLEST_GROUP = 4
MOST_ROWS = {"cpu": 32, "cuda": 256}


@dataclass(slots=True, eq=False)
class Row:
    """One prompt on its way: its place among all prompts, own tokens, what is written so far."""

    index: int
    prompt: Prompt
    own: tuple[int, ...]
    written: list[int] = field(default_factory=list)


def groups(prompts: Sequence[Prompt]) -> list[list[int]]:
    """Positions of prompts that share a long beginning: those with the same shots go together."""
    sizes = Counter(p.shots for p in prompts)
    found: dict[tuple[str, ...] | None, list[int]] = {}
    for i, prompt in enumerate(prompts):
        own_group = sizes[prompt.shots] >= SMALLEST_GROUP
        found.setdefault(prompt.shots if own_group else None, []).append(i)
    return list(found.values())


def shared_beginning(prompts: Sequence[Prompt]) -> tuple[int, ...]:
    """The tokens all prompts begin with, one less than the shortest has at most; often none."""
    if len(prompts) < 2:
        return ()
    # What the first and the last in order share, all between them share too.
    first, last = min(p.ids for p in prompts), max(p.ids for p in prompts)
    most, same = min(len(p.ids) for p in prompts) - 1, 0
    while same < most and first[same] == last[same]:
        same += 1
    return first[:same] if same >= SHORTEST_PREFIX else ()


class Decoder:
    """Answers prompts with a `RowModel`: `most` rows side by side, `chunk` prompt tokens at once.

    Memory that runs out halves what is computed at once; rows that lose their place begin anew, and
    no answer that was handed out is lost.
    """

    def __init__(self, rows: RowModel, ends: Ends, most: int | None) -> None:
        self._rows = rows
        self._ends = ends
        self.chunk = memory.chunk_tokens(rows.model)
        self.most = most or MOST_ROWS[rows.device.type]

    def answers(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, Answer]]:
        """Position and answer of each prompt, as each is finished."""
        for group in groups(prompts):
            prefix = shared_beginning([prompts[i] for i in group])
            self._rows.share(prefix)
            rows = [Row(i, prompts[i], prompts[i].ids[len(prefix) :]) for i in group]
            # The longest first: where memory does not suffice, it shows at once.
            rows.sort(key=lambda row: (-len(row.own), row.index))
            started = time.perf_counter()
            for done in _Batch(self, self._rows, self._ends, rows).run():
                now = time.perf_counter()
                for row in done:
                    answer = self._ends.answer(row.written, row.prompt)
                    yield row.index, replace(answer, seconds=(now - started) / len(done))
                started = now


class _Batch:
    """The rows of one group: those that wait, and those in their places."""

    def __init__(self, limits: Decoder, rows: RowModel, ends: Ends, waiting: list[Row]) -> None:
        self._limits = limits
        self._rows = rows
        self._ends = ends
        self._waiting = waiting
        size = max(len(row.own) + row.prompt.budget for row in waiting)
        self._slots = self._open(size, min(limits.most, len(waiting)))
        self._places: list[Row | None] = [None] * len(self._slots.lengths)

    def _open(self, size: int, count: int) -> Slots:
        """As many places as are asked for, or as fit."""
        room = memory.free_bytes(self._rows.device) // (size * self._rows.token_bytes)
        return Slots(self._rows, max(1, min(count, room)), size)

    def run(self) -> Iterator[list[Row]]:
        """The rows whose answers are complete, some at a time."""
        while self._waiting or any(self._places):
            chosen = self._next_chunk()
            done: list[Row] | None = None
            try:
                done = self._admit(chosen) if chosen else self._step()
            except RuntimeError as error:
                if not memory.ran_out(error):
                    raise
                self._shrink(chosen, error)
            if done is None:
                # Outside the handler, whose traceback would keep the failed tensors alive.
                memory.give_back()
            elif done:
                yield done

    def _next_chunk(self) -> list[Row]:
        """The rows to compute next; none while too few places are free to be worth it."""
        longest = len(self._waiting[0].own) if self._waiting else 1
        # At the start all places fill at once; later a quarter is worth a pass of its own.
        most = len(self._places) // 4 if any(self._places) else len(self._places)
        count = max(1, min(self._limits.chunk // longest, most))
        chosen = self._waiting[:count]
        return chosen if self._places.count(None) >= len(chosen) else []

    def _admit(self, chosen: list[Row]) -> list[Row]:
        """Compute prompts; each gets a place, unless its first token is its whole answer."""
        block = self._rows.prefill([row.own for row in chosen])
        del self._waiting[: len(chosen)]
        first = block.logits.argmax(-1).tolist()
        for i, row in enumerate(chosen):
            row.written = [first[i]]
            if not self._ends.reached(row.written, row.prompt):
                place = self._places.index(None)
                self._slots.put(place, block, i)
                self._places[place] = row
        return [row for row in chosen if row not in self._places]

    def _step(self) -> list[Row]:
        """Write one more token in every row; those that end leave their places."""
        busy = [place for place, row in enumerate(self._places) if row]
        if not self._waiting and len(busy) <= len(self._places) // 2:
            self._keep(busy)
        logits = self._slots.step([row.written[-1] if row else 0 for row in self._places])
        done = []
        for place, token in enumerate(logits.argmax(-1).tolist()):
            row = self._places[place]
            if row is None:
                self._slots.lengths[place] = 0
                continue
            row.written.append(token)
            if self._ends.reached(row.written, row.prompt):
                self._places[place] = None
                done.append(row)
        return done

    def _keep(self, places: list[int]) -> None:
        self._slots.keep(places)
        self._places = [self._places[place] for place in places]

    def _shrink(self, chosen: list[Row], error: RuntimeError) -> None:
        """Ask for less memory from now on: shorter chunks first, then fewer places."""
        if len(chosen) > 1:
            self._limits.chunk = len(chosen) * len(chosen[0].own) // 2
            return
        busy = [place for place, row in enumerate(self._places) if row]
        if len(self._places) == 1 or (not chosen and len(busy) == 1):
            row = chosen[0] if chosen else self._places[busy[0]]
            assert row is not None
            raise RunError(memory.too_large(len(row.prompt.ids))) from error
        half = max(1, len(self._places) // 2)
        # Rows that lose their places begin anew.
        evicted = [row for row in (self._places[i] for i in busy[half:]) if row]
        self._waiting = evicted + self._waiting
        self._limits.most = half
        self._keep((busy + [i for i, row in enumerate(self._places) if row is None])[:half])
