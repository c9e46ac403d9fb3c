"""Keys and values of many rows side by side, for decoder-only models.

transformers' own cache copies everything it holds at each step, pads rows to one length, and
keeps a prefix that all rows share once per row. Here the shared prefix is kept once, each row has
a place of its own that a new row takes over when the old one has ended, and a forward pass may
score a whole tree of continuations. The model's code is untouched: it gets a cache object
(`cache`) and an attention function, both by the ways transformers has for them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .memory import cache_name

ATTENTION = "express_rows"

Layers = dict[int, tuple[Any, Any]]


@dataclass
class Pass:
    """One forward pass: new tokens of some rows, and what each may attend to."""

    prefix: Layers  # keys and values that all rows share, by layer; each (1, heads, tokens, size)
    stored: Layers  # keys and values of the rows' own earlier tokens; (rows, heads, tokens, size)
    # (rows or 1, 1, new, all keys), True where attention is allowed; the keys are those of the
    # prefix, then the stored, then the new ones. None: plain causal, no earlier key.
    mask: Any
    queries: Any  # positions of the new tokens, (rows or 1, new)
    keys: Any  # positions of all keys, (rows or 1, all keys)
    # keys and values of the new tokens, filled in by the pass
    fresh: Layers = field(default_factory=dict)
    _windows: dict[int, Any] = field(default_factory=dict)

    def update(self, key: Any, value: Any, layer_idx: int, *_: Any, **__: Any) -> tuple[Any, Any]:
        """Take the new keys and values of one layer; called by the model."""
        self.fresh[layer_idx] = key, value
        return key, value

    def get_seq_length(self, *_: Any) -> int:
        """Zero: positions are always given with the tokens."""
        return 0

    def attend(self, layer: int, query: Any, **how: Any) -> Any:
        """Attention of one layer; (rows, heads, new, size)."""
        import torch

        rows = query.shape[0]
        parts = [self.prefix[layer]] if self.prefix else []
        parts += [self.stored[layer]] if self.stored else []
        parts.append(self.fresh[layer])
        if len(parts) == 1:
            key, value = parts[0]
        else:
            key, value = (
                torch.cat([part[i].expand(rows, -1, -1, -1) for part in parts], 2) for i in (0, 1)
            )
        mask = self.allowed(how.pop("window"))
        # A model may be spread over devices, layer by layer.
        mask = mask if mask is None else mask.to(query.device)
        return attention(query, key, value, mask, **how)

    @cached_property
    def last_query(self) -> int:
        """The highest position of a new token; read once, since a GPU stops for it."""
        return int(self.queries.max())

    def allowed(self, window: int | None) -> Any:
        """The mask, narrowed to a sliding window where that cuts anything off."""
        if window is None or self.last_query < window:
            return self.mask
        if window not in self._windows:
            distance = self.queries[:, None, :, None] - self.keys[:, None, None, :]
            near = distance < window
            mask = self.mask if self.mask is not None else distance >= 0
            self._windows[window] = mask & near
        return self._windows[window]


@dataclass
class Step(Pass):
    """One new token in every row, written into the rows' places; no key is copied."""

    lengths: Any = None  # tokens each row has stored so far, which is where the new one goes
    longest: int = 0  # keys to look at, the new one included

    def update(self, key: Any, value: Any, layer_idx: int, *_: Any, **__: Any) -> tuple[Any, Any]:
        """Write the new token's key and value into the rows' places."""
        import torch

        rows = torch.arange(key.shape[0], device=key.device)
        lengths = self.lengths.to(key.device)
        for store, new in zip(self.stored[layer_idx], (key, value), strict=True):
            store[rows, :, lengths] = new[:, :, 0]
        return key, value

    def attend(self, layer: int, query: Any, **how: Any) -> Any:
        """Attention to the prefix, with one product for all rows, and to each row's own keys."""
        import torch

        rows, heads, _, size = query.shape
        keys, values = (store[:, :, : self.longest] for store in self.stored[layer])
        groups = heads // keys.shape[1]
        query = query.reshape(rows, keys.shape[1], groups, size)
        scores = query @ keys.transpose(2, 3)
        if self.prefix:
            before = self.prefix[layer]
            shared = _by_head(query) @ before[0][0].transpose(1, 2)
            scores = torch.cat([_by_row(shared, rows), scores], -1)
        mask = self.allowed(how["window"]).to(scores.device)
        weights = _weights(scores, mask, how["scaling"], how["softcap"]).to(values.dtype)
        cut = weights.shape[-1] - self.longest
        out = weights[..., cut:] @ values
        if self.prefix:
            out = out + _by_row(_by_head(weights[..., :cut]) @ before[1][0], rows)
        return out.reshape(rows, heads, 1, -1)


def _by_head(rows: Any) -> Any:
    """(rows, heads, groups, size) to (heads, rows * groups, size)."""
    return rows.transpose(0, 1).flatten(1, 2)


def _by_row(heads: Any, rows: int) -> Any:
    """The way back of `_by_head`."""
    return heads.unflatten(1, (rows, -1)).transpose(0, 1)


def _weights(scores: Any, mask: Any, scaling: float, softcap: float | None) -> Any:
    import torch

    scores = scores.float() * scaling
    if softcap is not None:
        scores = softcap * torch.tanh(scores / softcap)
    return scores.masked_fill(~mask, -math.inf).softmax(-1)


def attention(
    query: Any, key: Any, value: Any, mask: Any, scaling: float, softcap: float | None
) -> Any:
    """Scaled dot-product attention with grouped heads and, for Gemma 2, capped scores."""
    import torch

    groups = query.shape[1] // key.shape[1]
    key, value = (t.repeat_interleave(groups, 1) if groups > 1 else t for t in (key, value))
    if softcap is None:
        return torch.nn.functional.scaled_dot_product_attention(
            query, key, value, attn_mask=mask, is_causal=mask is None, scale=scaling
        )
    if mask is None:
        mask = torch.ones(query.shape[2], key.shape[2], dtype=torch.bool, device=query.device)
        mask = mask.tril()
    return _weights(query @ key.transpose(2, 3), mask, scaling, softcap).to(value.dtype) @ value


def _attend(
    module: Any, query: Any, key: Any, _value: Any, _mask: Any, **how: Any
) -> tuple[Any, None]:
    """What transformers calls for each layer; `rows` is the `Pass` given to the model."""
    scaling = how.get("scaling")
    out = how["rows"].attend(
        module.layer_idx,
        query,
        scaling=scaling if scaling is not None else query.shape[-1] ** -0.5,
        softcap=how.get("softcap"),
        window=how.get("sliding_window"),
    )
    return out.transpose(1, 2).contiguous(), None


@dataclass
class Block:
    """Some rows after their prompts: keys and values, own tokens of each, logits after the last."""

    layers: Layers
    lengths: list[int]
    logits: Any

    def select(self, rows: list[int]) -> Block:
        """Some of the rows."""
        if rows == list(range(len(self.lengths))):
            return self
        lengths = [self.lengths[i] for i in rows]
        # The longest row may be gone, and with it the last places.
        size = max(lengths)
        layers = {
            layer: (key[rows, :, :size], value[rows, :, :size])
            for layer, (key, value) in self.layers.items()
        }
        return Block(layers, lengths, self.logits[rows])


class RowModel:
    """A causal model that computes rows side by side after a prefix that all share.

    Attributes:
        prefix_length: tokens of the prefix.
        like: a block of one token; tells the shapes of keys and values.
    """

    def __init__(self, model: Any) -> None:
        from transformers import AttentionInterface

        AttentionInterface.register(ATTENTION, _attend)
        self.model = model
        self._cache = cache_name(model)
        self.device = model.device
        self.prefix_length = 0
        self._prefix: Layers = {}
        model.set_attn_implementation(ATTENTION)
        self.like = self.prefill([[0]])

    @property
    def token_bytes(self) -> int:
        """Memory that the keys and values of one token take."""
        return sum(t.numel() * t.itemsize for pair in self.like.layers.values() for t in pair)

    def share(self, ids: Sequence[int]) -> None:
        """Compute the prefix of all rows to come; an empty one is none."""
        self._prefix, self.prefix_length = {}, 0
        if ids:
            block = self.prefill([list(ids)])
            self._prefix, self.prefix_length = block.layers, len(ids)

    def prefill(self, rows: Sequence[Sequence[int]]) -> Block:
        """Compute rows of own tokens (those after the prefix), padded on the right."""
        import torch

        lengths = [len(row) for row in rows]
        size, before = max(lengths), self.prefix_length
        ids = torch.zeros(len(rows), size, dtype=torch.long)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = torch.tensor(row)
        ids = ids.to(self.device)
        positions = torch.arange(before + size, device=self.device)[None]
        mask = None
        if before:
            # Padding is on the right, where no real token can see it.
            mask = (positions[:, :, None] >= positions[:, None, :])[:, None, before:]
        this = Pass(self._prefix, {}, mask, positions[:, before:], positions)
        # The last token of each row: the vocabulary is far too wide for all positions.
        last = sorted({n - 1 for n in lengths})
        logits = self._forward(this, ids, this.queries, torch.tensor(last, device=self.device))
        own = [last.index(n - 1) for n in lengths]
        return Block(this.fresh, lengths, logits[torch.arange(len(rows)), own])

    def branch(self, block: Block, ids: Any, depths: Any, ancestors: Any, keep: int = 0) -> Any:
        """Logits after every token of a tree that grows from the end of each row.

        Args:
            block: the rows.
            ids: tokens of the tree, (rows, nodes).
            depths: how deep each stands, 0 for the first after the row, (rows, nodes).
            ancestors: (rows, nodes, nodes), True where a node is on another's path, or itself.
            keep: logits of the last so many nodes only; 0 for all.
        """
        import torch

        lengths = torch.tensor(block.lengths, device=self.device)
        size, before = max(block.lengths), self.prefix_length
        stored = torch.arange(size, device=self.device)
        queries = before + lengths[:, None] + depths
        there = (torch.arange(before + size, device=self.device) - before) < lengths[:, None]
        mask = torch.cat([there[:, None].expand(-1, ids.shape[1], -1), ancestors], 2)[:, None]
        keys = torch.cat([torch.arange(before, device=self.device), before + stored]).expand(
            len(lengths), -1
        )
        this = Pass(self._prefix, block.layers, mask, queries, torch.cat([keys, queries], 1))
        return self._forward(this, ids, queries, keep)

    def _forward(self, this: Pass, ids: Any, positions: Any, keep: Any) -> Any:
        import torch

        with torch.inference_mode():
            return self.model(
                input_ids=ids,
                position_ids=positions.expand(len(ids), -1),
                **{self._cache: this},
                use_cache=True,
                logits_to_keep=keep,
                rows=this,
            ).logits


class Slots:
    """Places for `count` rows of up to `size` own tokens, each refilled when its row has ended."""

    def __init__(self, rows: RowModel, count: int, size: int) -> None:
        import torch

        self._rows = rows
        self._layers = {
            layer: tuple(
                torch.zeros(count, t.shape[1], size, t.shape[3], dtype=t.dtype, device=t.device)
                for t in pair
            )
            for layer, pair in rows.like.layers.items()
        }
        self.size = size
        self.lengths = [0] * count

    def put(self, place: int, block: Block, row: int) -> None:
        """Move a row of a block into a place."""
        length = block.lengths[row]
        for layer, pair in block.layers.items():
            for store, new in zip(self._layers[layer], pair, strict=True):
                store[place, :, :length] = new[row, :, :length]
        self.lengths[place] = length

    def keep(self, places: Sequence[int]) -> None:
        """Keep only these places, in this order; the memory of the others is given back."""
        import torch

        chosen = torch.tensor(list(places), device=self._rows.device)
        for layer, pair in self._layers.items():
            self._layers[layer] = tuple(store.index_select(0, chosen) for store in pair)
        self.lengths = [self.lengths[place] for place in places]

    def step(self, tokens: Sequence[int]) -> Any:
        """Add one token to every row; the logits after it, (rows, vocabulary)."""
        import torch

        device, before = self._rows.device, self._rows.prefix_length
        lengths = torch.tensor(self.lengths, device=device)
        longest = max(self.lengths) + 1
        positions = torch.arange(before + longest, device=device)[None]
        queries = before + lengths[:, None]
        this = Step(
            self._rows._prefix,
            self._layers,
            (positions <= queries)[:, None, None],
            queries,
            positions,
            lengths=lengths,
            longest=longest,
        )
        ids = torch.tensor(list(tokens), device=device)[:, None]
        logits = self._rows._forward(this, ids, queries, 1)[:, -1]
        self.lengths = [n + 1 for n in self.lengths]
        return logits
