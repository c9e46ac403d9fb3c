"""Cards in Markdown: one way to fill their templates."""

from __future__ import annotations

from typing import Any

from express_dataset.errors import require

from .pages import TEMPLATES
from .results_markdown import code
from .words import percent


def fill(template: str, extra: str, **values: Any) -> str:
    """Fill a card's template; what comes from data goes through `plain` or `code`.

    Args:
        template: name of a file in `templates/`.
        extra: the extra of this package that brings jinja2.
        values: what the template shows.

    Raises:
        MissingExtra: jinja2 is not installed.
    """
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
    >>> plain("two\\nlines")
    'two lines'
    """
    safe = " ".join(str(text).split()).replace("<", "&lt;").replace("|", "\\|")
    return safe.replace("&lt;mask>", "`<mask>`")
