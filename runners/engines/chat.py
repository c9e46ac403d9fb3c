"""A prompt inside a model's chat template: whole, or refused."""

from __future__ import annotations

from typing import Any

from ..bounded import within
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
    """Fill in a template that is new here within bounds, before it is trusted.

    It is a program that came with the model: its loops may be nested, its texts may double.
    """
    template = str(tokenizer.chat_template)
    if template in _TRIED:
        return
    chat = [{"role": "user", "content": text}]
    try:
        within(lambda: _rendered(tokenizer, chat), SECONDS, GROWTH)
    except TimeoutError:
        raise RunError(
            f"--model {model.name}: its chat template goes on for more than {SECONDS} s or "
            f"{GROWTH >> 30} GiB: mend the template in {model.path}, or add --no-chat-template"
        ) from None
    _TRIED.add(template)


def _rendered(tokenizer: Any, messages: list[dict[str, Any]]) -> str | Exception:
    """The conversation as the template writes it, or what the template raised."""
    from jinja2 import TemplateError

    try:
        return str(
            tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        )
    except (TemplateError, ImportError, RuntimeError, TypeError, ValueError, LookupError) as error:
        return error
