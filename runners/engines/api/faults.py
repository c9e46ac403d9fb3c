"""What can go wrong with a server, and how long to wait before asking it again."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from express_metric.terms import Reason

# Seconds; the wait doubles with each attempt up to the longest.
FIRST_WAIT = 1.0
LONGEST_WAIT = 60.0

PASSING_STATUS = frozenset({408, 429})
# What servers call these two in the body of a status 4xx (OpenAI, Azure, vLLM).
TOO_LONG = ("context_length_exceeded", "maximum context length", "longer than the maximum model")
_UNKNOWN = re.compile(r"unsupported|not support|unknown|unrecogni[sz]ed|not permitted", re.I)
FILTERED = ("content_filter", "content_policy_violation", "content management policy")


class PassingFault(Exception):  # noqa: N818 - a fault that the engine itself mends
    """A fault that may be gone at the next attempt.

    Attributes:
        retry_after: seconds the server asks to wait, if it does.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal for good: of this one example for a `reason`, else of the whole run."""

    status: int
    message: str
    reason: Reason | None


def read_refusal(response: Any) -> Refused:
    """Sort a response of status 4xx or 5xx.

    Raises:
        PassingFault: it may be gone at the next attempt (408, 429 and 5xx).
    """
    status = int(response.status_code)
    message = server_message(response.content)
    if status in PASSING_STATUS or status >= 500:
        raise PassingFault(
            f"status {status}: {message}", retry_after(response.headers.get("retry-after"))
        )
    body = response.content.decode("utf-8", "replace")
    reason: Reason | None = None
    if status in {400, 413, 422}:
        if any(mark in body for mark in TOO_LONG):
            reason = Reason.TOO_LONG
        elif any(mark in body for mark in FILTERED):
            reason = Reason.REFUSAL
    return Refused(status, message, reason)


def server_message(body: bytes) -> str:
    """The sentence in an error's body, wherever the server puts it.

    >>> server_message(b'{"error": {"message": "no such model", "code": 404}}')
    'no such model'
    >>> server_message(b'{"detail": "Not Found"}')
    'Not Found'
    >>> server_message(b"")
    'it gives no reason'
    """
    text = body.decode("utf-8", "replace").strip()
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        return text or "it gives no reason"
    for _ in range(2):
        if isinstance(found, dict):
            found = next((found[k] for k in ("error", "message", "detail") if found.get(k)), text)
    return found if isinstance(found, str) else text


def unknown_parameter(message: str, sent: Sequence[str]) -> str | None:
    """The parameter that a server says it does not take, if it says that of one that was sent.

    >>> unknown_parameter("Unsupported parameter: 'max_tokens' is not supported", ["max_tokens"])
    'max_tokens'
    >>> unknown_parameter("max_tokens is too large: 5000", ["max_tokens"])
    """
    if not _UNKNOWN.search(message):
        return None
    return next((name for name in sent if re.search(rf"\b{name}\b", message)), None)


def retry_after(header: str | None) -> float | None:
    """Seconds that a Retry-After header asks to wait: a number, or a date (RFC 9110, 10.2.3).

    >>> retry_after("2")
    2.0
    >>> retry_after("Thu, 01 Jan 1970 00:00:00 GMT")
    0.0
    >>> retry_after("soon") is None
    True
    """
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def wait_before(attempt: int, asked: float | None) -> float:
    """Seconds to wait after the given attempt (from 0) has failed.

    Doubles from attempt to attempt; up to half of it is chance, so that requests that failed
    together do not come back together. Never shorter than the server `asked` for.

    >>> 0.5 <= wait_before(0, None) <= 1.0
    True
    >>> 30.0 <= wait_before(50, None) <= 60.0
    True
    >>> wait_before(0, 5.0) >= 5.0
    True
    """
    # Not for secrets: chance only spreads the requests.
    chance = random.uniform(0.5, 1.0)
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempt, 30)) * chance
    return wait if asked is None else max(wait, asked + FIRST_WAIT * (1.0 - chance))
