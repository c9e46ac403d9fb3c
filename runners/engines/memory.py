"""How much fits: free memory, and what running out of it looks like."""

from __future__ import annotations

import gc
import inspect
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

# Of what is free; the rest is for what cannot be foreseen: fragments, other processes.
USABLE = 0.6


def free_bytes(device: Any) -> int:
    """Memory that this process may count on: the device's, or its share of the machine's."""
    import torch

    if device.type == "cuda":
        free, _total = torch.cuda.mem_get_info(device)
        return int(free * USABLE)
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return int(_available() * USABLE) // processes


def _available() -> int:
    info = Path("/proc/meminfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("MemAvailable"):
                return min([int(line.split()[1]) * 1024, *_left_to_container()])
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


# Where Linux keeps a container's limit, what it uses, and how much of that is files' (v2, then v1).
_LIMITS = (
    ("memory.max", "memory.current", "memory.stat", "file"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat", "cache"),
)


def _left_to_container(groups: Path = Path("/sys/fs/cgroup")) -> list[int]:
    """What the container that this process runs in may still take; nothing without a limit."""
    left = []
    for limit, usage, stat, files in _LIMITS:
        # "max" stands for none.
        with suppress(OSError, ValueError):
            told = dict(line.split() for line in (groups / stat).read_text().splitlines())
            used = int((groups / usage).read_text()) - int(told.get(files, 0))
            left.append(int((groups / limit).read_text()) - used)
    return left


def ran_out(error: RuntimeError) -> bool:
    """Whether an error says that memory ran out, on a device or on this machine.

    >>> ran_out(RuntimeError("DefaultCPUAllocator: can't allocate memory"))
    True
    >>> ran_out(RuntimeError("shape mismatch"))
    False
    """
    import torch

    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def too_large(tokens: int) -> str:
    """What to tell where not even one example fits."""
    return (
        f"memory ran out on one example of {tokens} tokens: use a smaller model, "
        "--dtype bfloat16, or a larger device; what is answered is kept."
    )


def give_back() -> None:
    """Free what a failed attempt left behind; call it outside the `except` block."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def chunk_tokens(model: Any) -> int:
    """Prompt tokens to compute at once for a model that keeps rows in places of their own.

    The widest moment of a layer is its feed-forward part: about four vectors of its width and
    eight of the model's are alive at once.
    """
    if model.device.type != "cuda":
        # One long prompt fills a processor; a second one would only add padding.
        return 768
    return max(512, min(32_768, free_bytes(model.device) // 2 // _token_bytes(model, stored=0)))


def batch_tokens(model: Any) -> int:
    """Tokens of a padded batch that is computed from beginning to end."""
    if model.device.type != "cuda":
        return 8_192
    config = model.config.get_text_config()
    layers = getattr(config, "num_hidden_layers", 24)
    return max(512, min(65_536, free_bytes(model.device) // _token_bytes(model, stored=2 * layers)))


def _token_bytes(model: Any, stored: int) -> int:
    """Memory of one token in flight, and `stored` vectors kept of it."""
    config = model.config.get_text_config()
    hidden = config.hidden_size
    wide = getattr(config, "intermediate_size", None) or getattr(config, "d_ff", 4 * hidden)
    return int((4 * wide + (8 + stored) * hidden) * model.dtype.itemsize)


def cache_name(model: Any) -> str:
    """What a forward calls the keys and values that it keeps: `cache` from transformers 5.24 on."""
    known = inspect.signature(model.forward).parameters
    return "cache" if "cache" in known else "past_key_values"
