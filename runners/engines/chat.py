"""A prompt inside a model's chat template: whole, or refused."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import RunError
from ..models import ResolvedModel
from .damaged import in_a_sentence

SECONDS = 10
"""What a chat template may take for one prompt."""
GROWTH = 1 << 30
"""Bytes that it may take for that."""
_TRIED: set[str] = set()


def in_chat(model: ResolvedModel, tokenizer: Any, text: str) -> str:
    """The prompt as a user's turn, with the beginning of the answer's.

    Templates of models that also see images take content as a list of parts, and given a string
    some write nothing for it: the first of the two forms that keeps every word is taken.

    Raises:
        RunError: no form keeps the whole text, or the template cannot be used.
    """
    name = f"--model {model.name}"
    template = tokenizer.chat_template
    if isinstance(template, dict) and "default" not in template:
        raise RunError(
            f"{name}: its tokenizer has several chat templates ({', '.join(template)}) and none "
            f"named default: name one of them so in {model.path}, or add --no-chat-template."
        )
    _try_once(model, tokenizer, text)
    contents: tuple[Any, ...] = (text, [{"type": "text", "text": text}])
    fault = None
    for content in contents:
        chat = _rendered(tokenizer, [{"role": "user", "content": content}])
        if isinstance(chat, str) and text.strip() in chat:
            return chat
        fault = fault or (chat if isinstance(chat, Exception) else None)
    for content in contents:
        system = [{"role": "system", "content": ""}, {"role": "user", "content": content}]
        if text.strip() in str(_rendered(tokenizer, system)):
            raise RunError(
                f"{name}: its chat template insists on a system message, and a prompt here is the "
                f"user's alone: give {model.path} a template that does without, or add "
                "--no-chat-template."
            )
    if fault:
        with in_a_sentence(model, "chat template"):
            raise ValueError(str(fault)) from fault
    raise RunError(
        f"{name}: its chat template leaves out part of the prompt, so the model would not read the "
        f"whole story: mend the template in {model.path}, or add --no-chat-template."
    )


def _try_once(model: ResolvedModel, tokenizer: Any, text: str) -> None:
    """Fill in a template that is new here in a process of its own, which may be ended.

    It is a program that came with the model: its loops may be nested, its texts may double.
    """
    template = str(tokenizer.chat_template)
    if template in _TRIED or not hasattr(os, "fork"):
        return
    child = os.fork()
    if child == 0:
        code = 0
        try:
            _limit()
            _rendered(tokenizer, [{"role": "user", "content": text}])
        except MemoryError:
            code = 1
        finally:
            os._exit(code)
    late = threading.Timer(3 * SECONDS, _kill, (child,))
    late.start()
    _, status = os.waitpid(child, 0)
    late.cancel()
    if status:
        raise RunError(
            f"--model {model.name}: its chat template goes on for more than {SECONDS} s or "
            f"{GROWTH >> 30} GiB: mend the template in {model.path}, or add --no-chat-template"
        )
    _TRIED.add(template)


def _limit() -> None:
    """Bound what this process may still take."""
    import resource

    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    statm = Path("/proc/self/statm")
    if statm.exists():
        held = int(statm.read_text().split()[5]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_DATA, (held + GROWTH, held + GROWTH))


def _kill(process: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def _rendered(tokenizer: Any, messages: list[dict[str, Any]]) -> str | Exception:
    """The conversation as the template writes it, or what the template raised."""
    from jinja2 import TemplateError

    try:
        return str(
            tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        )
    except (TemplateError, ImportError, RuntimeError, TypeError, ValueError, LookupError) as error:
        return error
