"""Five similar shots for every segment of EXPRESS, from a pool of 3,000: seconds and memory.

    python tests/benchmarks/bench_shots.py [--asked 33679] [--pool 3000] [--encode 512]

Texts are the embedded sample's, with sentences mixed and words exchanged until there are enough.
The sentence encoder is measured on `--encode` of them (all of them with `--encode 0`), because on a
processor it takes hours for all and its time grows with their number alone; everything else runs
in full.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

from express_dataset import Example, load_examples
from express_runners.prompts import similarity as encoders
from express_runners.prompts.pool import Pool
from express_runners.prompts.setting import Setting
from express_runners.prompts.shots import choose
from express_runners.prompts.similarity import DEFAULT_ENCODER
from express_runners.prompts.wording import ours

SHOTS = 5
DIMENSIONS = 384


def stories(count: int, prefix: str) -> list[Example]:
    """As many different texts as asked for, each of a post of its own."""
    base = load_examples("sample", split="all").examples
    sentences = [s for e in base for s in re.split(r"(?<=[.!?])\s+", e.text) if "<mask>" not in s]
    words = sorted({w for s in sentences for w in s.split()})
    draw = random.Random(prefix)
    made = []
    for i in range(count):
        mixed = " ".join(draw.sample(sentences, 25)).split()
        for place in draw.sample(range(len(mixed)), len(mixed) // 8):
            mixed[place] = draw.choice(words)
        text = f"I felt <mask>. {' '.join(mixed)}"
        made.append(Example(f"{prefix}{i}", f"{prefix}p{i}", text, ("sad",), 0))
    return made


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    result = work()
    return result, time.perf_counter() - started


def peak_mib() -> int:
    """The most memory this process has held."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most // (1 if sys.platform != "darwin" else 1024) // 1024


def retrieval(pool: Pool, asked: Sequence[Example]) -> float:
    """Seconds of everything but the encoder, with vectors of the default's size from thin air."""
    import numpy as np

    draw = np.random.default_rng(0)

    def vectors(texts: Sequence[str], *_: Any) -> Any:
        found = draw.standard_normal((len(texts), DIMENSIONS), dtype=np.float32)
        return found / np.linalg.norm(found, axis=1, keepdims=True)

    setting = Setting(ours("few-shot"), SHOTS, "similar", encoder=DEFAULT_ENCODER)
    with patch.object(encoders, "embed", vectors):
        chosen, seconds = timed(lambda: choose(setting, pool, asked))
    assert all(len(shots) == SHOTS for shots in chosen)
    return float(seconds)


def encoding(texts: Sequence[str]) -> float:
    """Seconds of the default encoder, after the model is loaded."""
    folder = encoders.encoder_folder(DEFAULT_ENCODER)
    encoders.embed(texts[:2], folder, "warm")
    loading = timed(lambda: encoders.embed(texts[:2], folder, "again"))[1]
    return float(timed(lambda: encoders.embed(texts, folder, "bench"))[1] - loading)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--asked", type=int, default=33_679)
    parser.add_argument("--pool", type=int, default=3_000)
    parser.add_argument("--encode", type=int, default=512)
    options = parser.parse_args()
    asked = stories(options.asked, "a")
    pool, deduplicating = timed(lambda: Pool(stories(options.pool, "s"), "made up"))
    words = sum(len(e.text.split()) for e in asked) / len(asked)
    base = peak_mib()
    found: dict[str, Any] = {
        "asked": len(asked),
        "pool": len(pool.examples),
        "words_per_text": round(words),
        "making_texts_mib": base,
        "pool_seconds": round(deduplicating, 2),
        "retrieval_seconds": round(retrieval(pool, asked), 2),
        "retrieval_peak_mib": peak_mib(),
    }
    tfidf = Setting(ours("few-shot"), SHOTS, "similar", encoder="tfidf")
    found["tfidf_whole_seconds"] = round(timed(lambda: choose(tfidf, pool, asked))[1], 2)
    found["tfidf_peak_mib"] = peak_mib()
    random_draw = Setting(ours("few-shot"), SHOTS, "random-per-example")
    found["random_per_example_seconds"] = round(
        timed(lambda: choose(random_draw, pool, asked))[1], 2
    )
    some = [e.text for e in asked[: options.encode or None]]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["EXPRESS_CACHE"] = folder
        seconds = encoding(some)
        size = sum(f.stat().st_size for f in Path(folder).rglob("*.npy")) / len(some)
    total = len(asked) + len(pool.examples)
    found |= {
        "encoded": len(some),
        "encoder_seconds": round(seconds, 2),
        "encoder_texts_per_second": round(len(some) / seconds, 1),
        "encoder_seconds_for_all": round(total * seconds / len(some)),
        "cache_mib_for_all": round(total * size / 2**20, 1),
        "whole_peak_mib": peak_mib(),
    }
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
