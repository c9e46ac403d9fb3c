"""Cards in Markdown: one way to fill their templates."""

from __future__ import annotations

import re
import shlex
from typing import Any

from express_dataset.errors import require
from express_metric.errors import one_line

from .pages import TEMPLATES
from .words import percent


def fill(template: str, extra: str, **values: Any) -> str:
    """Fill a card's template; what comes from data goes through `plain` or `code`."""
    jinja2 = require("jinja2", extra)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=False,  # it is Markdown: `plain` and `code` escape what comes from data
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"plain": plain, "code": code, "percent": percent}
    card: str = environment.get_template(template).render(**values)
    return card


def plain(text: str) -> str:
    """Text from data as Markdown shows it: no markup of its own, and masks that can be seen.

    >>> plain("not <mask> | <b>")
    'not `<mask>` \\\\| &lt;b>'
    """
    safe = " ".join(str(text).split()).replace("<", "&lt;").replace("|", "\\|")
    return safe.replace("&lt;mask>", "`<mask>`")


def code(text: object, *, cell: bool = False) -> str:
    """A text as code, in which Markdown and HTML mean nothing.

    >>> code("not <mask> *"), code("a`b")
    ('`not <mask> *`', '`` a`b ``')
    """
    plain = one_line(text)
    if not plain:
        return "(empty)"
    ticks = "`" * (_longest_run(plain) + 1)
    # A space, which Markdown takes away again, where a tick would touch the fence.
    room = " " if len(ticks) > 1 else ""
    shown = f"{ticks}{room}{plain}{room}{ticks}"
    return shown.replace("|", "\\|") if cell else shown


def block(text: str, language: str) -> str:
    """Lines as a block of code, whose fence is longer than any in it.

    >>> print(block("echo", "bash"))
    ```bash
    echo
    ```
    """
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def command(words: list[str]) -> str:
    """Words as one line that a shell takes as they are.

    >>> command(["express", "run", "--model", "a b"])
    "express run --model 'a b'"
    """
    return shlex.join(one_line(word) for word in words)


def _longest_run(text: str) -> int:
    return max((len(found) for found in re.findall("`+", text)), default=0)
