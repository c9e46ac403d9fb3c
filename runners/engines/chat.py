"""A prompt inside a model's chat template: whole, or refused."""

from __future__ import annotations

from typing import Any

from ..errors import RunError
from ..models import ResolvedModel
from .damaged import in_a_sentence


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


def _rendered(tokenizer: Any, messages: list[dict[str, Any]]) -> str | Exception:
    """The conversation as the template writes it, or what the template raised."""
    from jinja2 import TemplateError

    try:
        return str(
            tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        )
    except (TemplateError, ImportError, RuntimeError, TypeError, ValueError, LookupError) as error:
        return error
