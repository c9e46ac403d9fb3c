"""Whether `rows.py` can compute a model's attention: asked of its config, then tried."""

from __future__ import annotations

from typing import Any

from .rows import RowModel, Slots

LAYER_KINDS = {"full_attention", "sliding_attention"}
# Any tokens do; those that a vocabulary lacks are taken modulo its size.
PROBE = [3, 141, 592, 65, 35, 89, 79, 323, 84, 626, 433, 83]
# How far two ways to compute the same logits may differ, as a share of their size.
AGREEMENT = {"torch.float32": 1e-3, "torch.bfloat16": 0.1, "torch.float16": 0.03}


def row_model(model: Any) -> RowModel | None:
    """A `RowModel`, or None where a model's attention is of another kind.

    Some models do more than attend to keys within a window, and not all tell. So the logits of a
    few tokens, computed both ways, must agree.
    """
    if getattr(model.config.get_text_config(), "attn_logit_softcapping", None):
        # Transformers before 5.2 or so take an attention that leaves the cap out.
        model.set_attn_implementation("eager")
    if not _attends_plainly(model):
        return None
    usual = model.config._attn_implementation
    wanted = _probe_usual(model)
    rows = RowModel(model)
    got = _probe_rows(rows)
    error = float((got - wanted).norm() / wanted.norm())
    if error <= AGREEMENT[str(model.dtype)]:
        return rows
    model.set_attn_implementation(usual)
    return None


def _attends_plainly(model: Any) -> bool:
    config = model.config.get_text_config()
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    return bool(
        getattr(model, "_supports_attention_backend", False)
        and not getattr(model, "_is_stateful", False)
        and kinds <= LAYER_KINDS
        and not getattr(config, "num_kv_shared_layers", 0)
        and str(model.dtype) in AGREEMENT
    )


def _probe_usual(model: Any) -> Any:
    import torch

    with torch.inference_mode():
        ids = torch.tensor([PROBE], device=model.device) % model.config.get_text_config().vocab_size
        return model(input_ids=ids).logits[0, -3:].float()


def _probe_rows(rows: RowModel) -> Any:
    """The last three logits of the probe: of a prompt, of a step, of a tree."""
    import torch

    vocabulary = rows.model.config.get_text_config().vocab_size
    ids = [token % vocabulary for token in PROBE]
    rows.share(ids[:5])
    block = rows.prefill([ids[5:-2], ids[5:8]])
    slots = Slots(rows, 2, len(ids))
    slots.put(1, block, 0)
    step = slots.step([0, ids[-2]])[1]
    tree = torch.tensor([ids[-2:]] * 2, device=rows.device)
    depths = torch.tensor([[0, 1]] * 2, device=rows.device)
    path = torch.ones(2, 2, 2, dtype=torch.bool, device=rows.device).tril()
    leaf = rows.branch(block, tree, depths, path)[0, -1]
    rows.share(())
    return torch.stack([block.logits[0], step, leaf]).float()
