"""The tokenizer that measures how long a segment is."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DataError, require
from ..flags import MASK

if TYPE_CHECKING:
    from tokenizers import Tokenizer

DEFAULT_TOKENIZER = "FacebookAI/roberta-base@e2da8e2f811d1448a5b465c236feacd80ffbac7b"
"""The paper's, at a fixed revision: segments depend on it."""

WORDS = "words"
"""The built-in tokenizer: words and punctuation marks. It needs no download."""


def load_tokenizer(name: str) -> Tokenizer:
    """Load a tokenizer in which ``<mask>`` is one token.

    `name` is a Hub id with optional ``@revision``, a folder with ``tokenizer.json`` (or
    ``vocab.json`` and ``merges.txt``), or ``"words"``, which counts words and punctuation marks,
    fewer than a RoBERTa tokenizer counts.

    >>> load_tokenizer("words").encode("I feel <mask>, now.").tokens
    ['<unk>', '<unk>', '<mask>', '<unk>', '<unk>', '<unk>']
    """
    module = require("tokenizers", "construct")
    if name == WORDS:
        tokenizer = _words()
    elif Path(name).is_dir():
        tokenizer = _from_folder(Path(name))
    elif name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise DataError(
            f"there is no tokenizer folder '{name}'; give a folder with tokenizer.json, a Hub id "
            f"such as FacebookAI/roberta-base, or '{WORDS}'"
        )
    else:
        tokenizer = _from_hub(name)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    if tokenizer.token_to_id(MASK) is None:
        tokenizer.add_special_tokens([module.AddedToken(MASK, special=True)])
    return tokenizer


def fingerprint(tokenizer: Tokenizer) -> str:
    """A hash of everything that decides how a text is cut into tokens."""
    return hashlib.sha256(tokenizer.to_str().encode()).hexdigest()


def _words() -> Tokenizer:
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"<unk>": 0, MASK: 1}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens([MASK])
    return tokenizer


def _from_folder(folder: Path) -> Tokenizer:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    whole = folder / "tokenizer.json"
    if whole.is_file():
        if not _describes_tokenizer(whole):
            raise DataError(
                f"{whole} is not a tokenizer: expected the JSON object that `tokenizers` saves"
            )
        return Tokenizer.from_file(str(whole))
    vocab, merges = folder / "vocab.json", folder / "merges.txt"
    if not (vocab.is_file() and merges.is_file()):
        raise DataError(
            f"the folder {folder} holds no tokenizer; "
            "expected tokenizer.json, or vocab.json and merges.txt"
        )
    tokenizer = Tokenizer(models.BPE.from_file(str(vocab), str(merges)))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _describes_tokenizer(path: Path) -> bool:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        return False
    return isinstance(content, dict) and isinstance(content.get("model"), dict)


def _from_hub(name: str) -> Tokenizer:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )
    from tokenizers import Tokenizer

    repo, _, revision = name.partition("@")
    other = f"give --tokenizer FOLDER, or --tokenizer {WORDS} to count words"
    try:
        return Tokenizer.from_file(
            hf_hub_download(repo, "tokenizer.json", revision=revision or None)
        )
    except LocalEntryNotFoundError:
        raise DataError(
            f"the tokenizer '{name}' is not on this machine and the Hub cannot be reached; {other}"
        ) from None
    except GatedRepoError:
        raise DataError(
            f"the tokenizer '{name}' is gated; ask for access on its page and log in with "
            "`hf auth login`, or use FacebookAI/roberta-base"
        ) from None
    except (RepositoryNotFoundError, RevisionNotFoundError, HFValidationError):
        raise DataError(f"there is no tokenizer '{name}' on the Hub; {other}") from None
    except EntryNotFoundError:
        raise DataError(
            f"'{name}' has no tokenizer.json; use FacebookAI/roberta-base, or {other}"
        ) from None
