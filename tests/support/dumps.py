"""Invented Reddit dumps, as large as a test wants them and the same every time."""

from __future__ import annotations

import atexit
import gzip
import json
import random
import shutil
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import zstandard
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from express_dataset.construct.config import BuildConfig
from express_dataset.construct.pipeline import build
from express_dataset.construct.report import BuildReport

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "express_dataset" / "sample" / "posts.jsonl"
KEY = "7f" * 32

_WHO = ["my sister", "the neighbour", "our landlord", "a colleague", "the bus driver", "her uncle"]
_DID = ["painted", "forgot", "sold", "carried", "repaired", "dropped", "borrowed", "described"]
_WHAT = ["the blue kettle", "a heavy door", "nine letters", "the old piano", "two suitcases"]
_WHEN = ["before lunch", "last winter", "on a Tuesday", "again", "without a word", "at the station"]
_FELT = ["I felt {}", "I was so {}", "I am {}", "I've been really {}", "I don't feel {}"]
_WORDS = [
    "sad",
    "happy",
    "angry",
    "anxious",
    "proud",
    "lonely",
    "guilty",
    "nervous",
    "relieved",
    "ashamed",
    "tired",
]


def sentence(rng: random.Random) -> str:
    """A sentence in which nobody feels anything."""
    who, did, what, when = (rng.choice(part) for part in (_WHO, _DID, _WHAT, _WHEN))
    return f"{who.capitalize()} {did} {what} {when} and {rng.choice(_DID)} {rng.choice(_WHAT)}."


def post(number: int, rng: random.Random, *, matches: bool, sentences: int = 12) -> dict[str, Any]:
    """A post with the fields of a dump; it says what its author felt if `matches`."""
    text = [sentence(rng) for _ in range(rng.randint(sentences // 2, sentences * 2))]
    for _ in range(rng.randint(1, 3) if matches else 0):
        felt = rng.choice(_FELT).format(rng.choice(_WORDS))
        text.insert(rng.randint(0, len(text)), f"{felt} about {rng.choice(_WHAT)}.")
    return {
        "id": f"p{number:x}",
        "name": f"t3_p{number:x}",
        "author": f"writer_{rng.randint(0, 10**6)}",
        "subreddit": rng.choice(["advice", "diary", "work", "family"]),
        "created_utc": 1_500_000_000 + number * 61,
        "title": sentence(rng),
        "selftext": " ".join(text),
        "is_self": True,
        "over_18": False,
        "removed_by_category": None,
        "score": rng.randint(0, 900),
        "permalink": f"/r/advice/comments/p{number:x}/a_title/",
        "link_flair_richtext": [],
        "all_awardings": [],
        "author_flair_text": None,
        "domain": "self.advice",
        "url": f"https://www.reddit.com/r/advice/comments/p{number:x}/a_title/",
        **{f"field_{n}": [None, False, 0, "", 1.0][n % 5] for n in range(40)},
    }


def posts(count: int, *, every: int = 4, seed: int = 0, first: int = 0) -> Iterator[dict[str, Any]]:
    """Posts of which one in `every` matches."""
    rng = random.Random(seed)
    for number in range(first, first + count):
        yield post(number, rng, matches=number % every == 0)


def long_post(number: int, seed: int = 0, sentences: int = 200) -> dict[str, Any]:
    """A post that does not fit into one segment."""
    return post(number, random.Random(seed), matches=True, sentences=sentences)


def ndjson(records: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """The lines of a dump."""
    for record in records:
        yield json.dumps(record, ensure_ascii=False).encode() + b"\n"


def write(path: Path, lines: Iterable[bytes], *, window_log: int = 31, frames: int = 1) -> Path:
    """Write lines as the suffix of the path says; zstd with a window as large as in real dumps."""
    if path.suffix == ".gz":
        with gzip.GzipFile(path, "wb", mtime=0) as packed:
            packed.writelines(lines)
    elif path.suffix == ".zst":
        level = zstandard.ZstdCompressionParameters.from_level(
            1, window_log=window_log, hash_log=17, chain_log=17
        )
        parts = [lines] if frames == 1 else _dealt(list(lines), frames)
        with path.open("wb") as file:
            for part in parts:
                # Without a content size in the header, the window alone says what is needed.
                packer = zstandard.ZstdCompressor(compression_params=level)
                with packer.stream_writer(file, closefd=False) as packed:
                    for line in part:
                        packed.write(line)
    else:
        with path.open("wb") as file:
            file.writelines(lines)
    return path


def _dealt(lines: list[bytes], parts: int) -> list[list[bytes]]:
    size = -(-len(lines) // parts)
    return [lines[start : start + size] for start in range(0, len(lines), size)]


def train_tokenizer(folder: Path) -> Path:
    """Train a small byte-level BPE, the kind RoBERTa has, on the embedded sample."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=3000,
        special_tokens=["<s>", "</s>", "<pad>", "<unk>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    with SAMPLE.open(encoding="utf-8") as file:
        texts = [json.loads(line)["selftext"] for line in file]
    tokenizer.train_from_iterator(texts, trainer)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def asked(made: Path, out: Path, **changes: Any) -> BuildConfig:
    """A build of the two dumps that `make` makes."""
    settings: dict[str, Any] = {
        "dumps": (made / "a.zst", made / "b.jsonl.gz"),
        "out": out,
        "key": made / "key",
        "tokenizer": str(made / "tokenizer"),
    }
    return BuildConfig(**{**settings, **changes})


@lru_cache
def make() -> Path:
    """Two dumps with all that can go wrong in them, a tokenizer and a key; made once a session."""
    folder = Path(mkdtemp(prefix="made-"))
    first = list(posts(300))
    bad = [
        b"not JSON\n",
        b'{"id": "\xff"}\n',
        json.dumps({**first[0], "id": "r", "selftext": "[removed]"}).encode() + b"\n",
        json.dumps({**first[0], "id": "s", "selftext": "I was sad."}).encode() + b"\n",
        json.dumps({**first[0], "id": "n", "is_self": False}).encode() + b"\n",
        json.dumps({**first[0], "id": "m", "selftext": "<mask> [MASK] " * 60}).encode() + b"\n",
        # A copy by somebody else, a near copy by a third, and the same post once more.
        json.dumps({**first[4], "id": "copy", "author": "thief"}).encode() + b"\n",
        json.dumps(
            {**first[8], "id": "near", "author": "x", "selftext": first[8]["selftext"] + " Yes!"}
        ).encode()
        + b"\n",
        json.dumps(first[12]).encode() + b"\n",
    ]
    write(folder / "a.zst", [*ndjson(first), *bad], frames=2)
    second = [
        *posts(200, first=300, seed=1),
        *(long_post(900 + n, n) for n in range(6)),
    ]
    second[4]["selftext"] += " Ask u/some_body at me@example.org or 555-123-4567, https://x.org/y"
    write(folder / "b.jsonl.gz", ndjson(second))
    train_tokenizer(folder / "tokenizer")
    (folder / "key").write_text(KEY)
    atexit.register(shutil.rmtree, folder)
    return folder


@lru_cache
def build_once() -> BuildReport:
    """What is built of them, likewise."""
    folder = Path(mkdtemp(prefix="built-"))
    atexit.register(shutil.rmtree, folder)
    return build(asked(make(), folder / "out"))
