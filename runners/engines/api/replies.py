"""A server's reply as what it is: an answer, a refusal of the model, an error under status 200."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .faults import PASSING_STATUS, PassingFault


@dataclass(frozen=True, slots=True)
class Reply:
    """What a chat completion holds."""

    text: str  # what the model wrote; its words of refusal where it refuses
    refused: bool  # the server says that the model refuses, or holds its answer back
    cut: bool  # the answer ended at the limit of its tokens
    usage: tuple[int, int] | None  # tokens of prompt and answer as the server counts them, or None
    served: str | None  # what answered, as the server names it


class ErrorReply(Exception):  # noqa: N818 - told by what it holds
    """An error under status 200 that will not pass."""


def read_reply(body: bytes) -> Reply:
    """Read a completion.

    Raises:
        PassingFault: it is none, or tells of a fault that may pass.
        ErrorReply: it tells of another fault.
    """
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise PassingFault("what came is no chat completion")
    _no_error(found.get("error"))
    choices = found.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise PassingFault("its answer holds no choice")
    message = choices[0].get("message")
    if not isinstance(message, dict):
        raise PassingFault("its answer holds no message")
    text, said_no = _text(message.get("content")), message.get("refusal")
    finish = choices[0].get("finish_reason")
    refused = finish == "content_filter" or (isinstance(said_no, str) and bool(said_no.strip()))
    if not text and isinstance(said_no, str):
        text = said_no
    names = [found.get(name) for name in ("model", "system_fingerprint")]
    served = " ".join(name for name in names if isinstance(name, str) and name)
    return Reply(text, refused, finish == "length", read_usage(found.get("usage")), served or None)


def _no_error(error: Any) -> None:
    """Stop where a reply is an error in the clothes of an answer."""
    if not error:
        return
    told = error if isinstance(error, dict) else {"message": error}
    message, code = str(told.get("message") or error), str(told.get("code"))
    status = int(code) if code.isdecimal() and len(code) == 3 else 0
    if status in PASSING_STATUS or status >= 500:
        raise PassingFault(f"status {status}: {message}")
    raise ErrorReply(message)


def _text(content: Any) -> str:
    """The content: a text, or the texts of its parts; parts of other kinds are passed over."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = [part.get("text") if isinstance(part, dict) else part for part in content]
        return "".join(part for part in parts if isinstance(part, str))
    raise PassingFault("its answer's content is no text")


def read_usage(usage: Any) -> tuple[int, int] | None:
    """Tokens of prompt and answer; None where one is no count."""
    held = usage if isinstance(usage, dict) else {}
    prompt, new = held.get("prompt_tokens"), held.get("completion_tokens")
    counts = [c for c in (prompt, new) if type(c) is int and c >= 0]
    return (counts[0], counts[1]) if len(counts) == 2 else None
