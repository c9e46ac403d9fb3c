"""The steps of a build as datatrove blocks: each takes posts and gives posts."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from hashlib import sha1
from itertools import accumulate
from pathlib import Path

import numpy
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.dedup.minhash import (
    MinhashConfig,
    MinhashDedupBuckets,
    MinhashDedupSignature,
)
from datatrove.pipeline.writers.jsonl import JsonlWriter
from datatrove.utils.text import simplify_text
from datatrove.utils.word_tokenizers import WordTokenizer
from loguru import logger

from .config import load_key
from .forms import PROBLEMS
from .masking import Masked, mask_texts
from .orphans import claim, end_with
from .reddit import Dump
from .report import finish
from .scrub import Pseudonyms, scrub_counting
from .segment import segment
from .tokens import load_tokenizer

# datatrove logs the values of variables where a task fails: texts, and the key of the pseudonyms.
logger.disable("datatrove")

_PRIME = numpy.uint64((1 << 61) - 1)  # by which datatrove's hashes are taken


class Words(WordTokenizer):  # type: ignore[misc]
    """Words between spaces, for MinHash: datatrove has taken out all else by then."""

    def word_tokenize(self, text: str) -> list[str]:
        """Split a text at white space."""
        return text.split()

    def sent_tokenize(self, text: str) -> list[str]:
        """MinHash looks at no sentences: the whole text is one."""
        return [text]

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        """Where the words of a text begin and end."""
        spans, place = [], 0
        for word in text.split():
            place = text.index(word, place)
            spans.append((place, place + len(word)))
            place += len(word)
        return spans


class Signatures(MinhashDedupSignature):  # type: ignore[misc]
    """datatrove's own signatures, to the bit, with less work for each run of words."""

    def __init__(self, folder: str, config: MinhashConfig) -> None:
        super().__init__(folder, config, language=Words())
        self.plain = replace(config.norm_config, norm_unicode_diacritics=False)

    def get_shingles(self, text: str) -> numpy.ndarray:
        """Hash each run of words of a text; an array of one column."""
        # Plain text has no diacritics, which are looked for character by character.
        norm = self.plain if text.isascii() else self.config.norm_config
        words = [word.encode() for word in simplify_text(text, norm).split()]
        joined = b" ".join(words)
        ends = [end - 1 for end in accumulate(len(word) + 1 for word in words)]
        starts = [0, *(end + 1 for end in ends[:-1])]
        hashes = [
            sha1(joined[start:end]).digest()[:8]
            for start, end in zip(starts, ends[self.config.n_grams - 1 :], strict=False)
        ]
        return numpy.frombuffer(b"".join(hashes), "<u8").reshape(-1, 1)

    def get_signature(self, shingles: numpy.ndarray) -> list[list[int]]:
        """For each bucket the least of each of its hashes."""
        factors, summands = self.parameters
        found = shingles * factors + summands
        # The remainder by 2**61 - 1, which as a division takes most of the time.
        found = (found & _PRIME) + (found >> numpy.uint64(61))
        numpy.subtract(found, _PRIME, out=found, where=found >= _PRIME)
        form = self.config.hash_config
        if form.precision == 32:
            found &= numpy.uint64(form.max)
        least = found.min(axis=0).astype(form.np_dtype)
        buckets: list[list[int]] = least.reshape(self.config.num_buckets, -1).tolist()
        return buckets


class Pairs(MinhashDedupBuckets):  # type: ignore[misc]
    """datatrove's own block; being ours, it brings this module, which keeps the log silent."""


class Posts(JsonlWriter):  # type: ignore[misc]
    """datatrove's writer, which after a failure elsewhere says nothing of its own."""

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        """Close the files; one that cannot be closed is told of only if nothing went before."""
        with suppress(*([OSError] if kind else [])):
            self.close()


class ReadReddit(PipelineStep):  # type: ignore[misc]
    """Read one dump a task."""

    type = "📖 - READER"
    name = "Reddit"

    def __init__(
        self,
        dumps: list[str],
        protocol: str,
        min_words: int,
        title: bool,
        *,
        locks: str,
        builder: int,
    ) -> None:
        super().__init__()
        self.builder = builder
        self.dumps = dumps
        self.min_words = min_words
        self.title = title
        self.protocol = protocol
        self.locks = locks

    def run(
        self, data: Iterator[Document] | None, rank: int = 0, world_size: int = 1
    ) -> Iterator[Document]:
        """Give the posts of dump number `rank`."""
        end_with(self.builder)
        claim(Path(self.locks) / f"{rank:05d}")
        dump = Dump(Path(self.dumps[rank]), self.min_words, self.protocol, self.title)
        for post in dump.posts():
            metadata = {
                "author": post.author,
                "subreddit": post.subreddit,
                "created_utc": post.created_utc,
                "over_18": post.over_18,
            }
            yield Document(text=post.text, id=post.id, metadata=metadata)
        for name, count in dump.counts.items():
            self.stat_update(name, value=count)
        if dump.problem:
            self.stat_update(dump.problem)
            assert dump.problem in PROBLEMS


class Scrub(PipelineStep):  # type: ignore[misc]
    """Take out what points to a person."""

    type = "🧽 - SCRUB"
    name = "names, links, numbers"

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key

    def run(
        self, data: Iterator[Document], rank: int = 0, world_size: int = 1
    ) -> Iterator[Document]:
        """Give the posts without names."""
        names = Pseudonyms(load_key(Path(self.key)))
        for post in data:
            text, typed = scrub_counting(post.text)
            self.stat_update("scrubbed", value=int(text != post.text.strip()))
            self.stat_update("typed-masks", value=int(typed > 0))
            author = post.metadata["author"]
            hidden = names.of("author", author) if author else None
            yield Document(
                text=text,
                id=names.of("post", post.id),
                metadata={**post.metadata, "author": hidden},
            )


class Mask(PipelineStep):  # type: ignore[misc]
    """Mask the self-disclosed feelings; posts with none go no further."""

    type = "🎭 - MASK"
    name = "feelings"

    def __init__(self, protocol: str) -> None:
        super().__init__()
        self.protocol = protocol

    def run(
        self, data: Iterator[Document], rank: int = 0, world_size: int = 1
    ) -> Iterator[Document]:
        """Give the posts that have a mask, with ``masked`` and ``labels`` in their metadata."""
        waiting: deque[Document] = deque()

        def texts() -> Iterator[str]:
            for post in data:
                waiting.append(post)
                yield post.text

        for masked in mask_texts(texts(), self.protocol):
            post = waiting.popleft()
            self.stat_update("read-by-spacy", value=int(masked.candidates > 0))
            if not masked.labels:
                self.stat_update("nothing-to-mask")
                continue
            self._count(masked)
            post.metadata |= {"masked": masked.text, "labels": list(masked.labels)}
            yield post

    def _count(self, masked: Masked) -> None:
        self.stat_update("masked-posts")
        self.stat_update("masks", value=len(masked.labels))


class Segment(PipelineStep):  # type: ignore[misc]
    """Cut masked posts into segments."""

    type = "✂️ - SEGMENT"
    name = "windows"

    def __init__(self, tokenizer: str, max_tokens: int, whole: bool) -> None:
        super().__init__()
        self.tokenizer = tokenizer
        self.max_tokens = max_tokens
        self.whole = whole

    def run(
        self, data: Iterator[Document], rank: int = 0, world_size: int = 1
    ) -> Iterator[Document]:
        """Give the posts with ``windows`` in their metadata, in place of the masked text."""
        tokenizer = load_tokenizer(self.tokenizer)
        for post in data:
            masked, labels = post.metadata.pop("masked"), post.metadata.pop("labels")
            windows = segment(masked, labels, tokenizer, self.max_tokens)
            self.stat_update("segments", value=len(windows))
            self.stat_update("cut-posts", value=int(windows[0].text != masked))
            post.metadata["windows"] = [
                {"text": window.text, "labels": list(window.labels)} for window in windows
            ]
            if self.whole:
                post.metadata["whole"] = {"text": masked, "labels": labels}
            yield post


class Finish(PipelineStep):  # type: ignore[misc]
    """Leave out copies, give each group its split, write."""

    type = "📦 - FINISH"
    name = "Parquet and report"

    def __init__(self, out: str) -> None:
        super().__init__()
        self.out = out

    def run(self, data: object, rank: int = 0, world_size: int = 1) -> None:
        """Write the finished dataset."""
        finish(Path(self.out))
