"""What the Hub or its client refuses, in one sentence that never holds a token."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from .errors import DataError


def require_login(repo: str) -> None:
    """Refuse to go on without a token of ``hf auth login`` or ``HF_TOKEN``."""
    from huggingface_hub import get_token

    if get_token() is None:
        raise DataError(
            f"{repo}: you are not logged in to the Hub; run `hf auth login` "
            "or set HF_TOKEN to a token that may write"
        )


@contextmanager
def in_a_sentence(repo: str, option: str, kind: str, otherwise: str = "") -> Iterator[None]:
    """Turn what the client raises into one sentence.

    Raises:
        DataError: whatever the Hub, the transport or the disk refused.
    """
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    # What HfHubHTTPError is made of: any failure of the transport, and any of the disk.
    failures = cast(tuple[type[Exception], ...], HfHubHTTPError.__bases__)
    try:
        yield
    except HFValidationError:
        raise DataError(f"{option} {repo}: this is no name of a {kind} on the Hub") from None
    except HfHubHTTPError as error:
        raise DataError(f"{repo}: {reason(error.response.status_code, otherwise)}") from None
    except failures as error:
        raise DataError(
            f"{repo}: the Hub cannot be reached ({type(error).__name__}); try again later"
        ) from None


def reason(status: int, otherwise: str = "") -> str:
    """What a status of the Hub means to one who wanted to write, and what helps.

    >>> reason(403)
    'you have no right to write there; use a token that may write, or a name of your own'
    """
    ways = ["use a token that may write", "a name of your own", *([otherwise] if otherwise else [])]
    known = {
        401: "the Hub does not accept your token; run `hf auth login` again",
        402: "the Hub wants a paid plan for this; see https://huggingface.co/pricing",
        403: f"you have no right to write there; {', '.join(ways[:-1])}, or {ways[-1]}",
        404: "you have no right to see it; ask its owner",
        409: "someone else made or changed it at the same moment; look at it and try again",
        412: "someone else changed it at the same moment; look at it and try again",
    }
    return known.get(status, f"the Hub refused with status {status}; try again later")


ORG_NAME = re.compile(r"[\w.-]+/[\w.-]+")
"""``ORG/NAME``, as a user may write it; the Hub itself is stricter and says so."""
