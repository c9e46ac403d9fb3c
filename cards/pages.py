"""What pages that open from disk share: templates, and a policy that admits no network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from express_dataset.errors import require
from express_dataset.files import write_whole
from express_runners.errors import RunError
from express_runners.runs.store import cannot_write

from .drawings.svg import Drawn

TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, style: str | Sequence[str], scripts: Sequence[str], **values: Any) -> str:
    """Fill a page's template; text from data is escaped."""
    styles = [style] if isinstance(style, str) else style
    css = Drawn("\n".join(map(content, styles)))
    codes = [content(name) for name in scripts]
    return fragment(template, policy=policy(css, codes), style=css, scripts=codes, **values)


def fragment(template: str, **values: Any) -> Drawn:
    """Fill a template, be it of a part of a page; text from data is escaped."""
    return Drawn(_environment().get_template(template).render(**values))


def write_page(out: Path, page: str) -> Path:
    """Write a page, whole or not at all, and the folders above it."""
    if out.is_dir():
        raise RunError(f"--out {out} is a folder: give the name of a file, such as page.html")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        # A text may hold NUL, which no page may.
        write_whole(out, page.replace("\0", "\ufffd"))
    except OSError as error:
        raise RunError(cannot_write(out, error)) from error
    return out


@cache
def _environment() -> Any:
    """Made once: a server fills the same template for every request."""
    jinja2 = require("jinja2", "report")
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


@cache
def content(name: str) -> Drawn:
    """A style or script as it will stand in the page."""
    # With other line ends the browser would find another hash.
    return Drawn((TEMPLATES / name).read_text("utf-8").replace("\r\n", "\n"))


def policy(style: str, scripts: Sequence[str]) -> str:
    """A content security policy: only these scripts and this style, and no request anywhere."""

    def source(text: str) -> str:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        return f"'sha256-{digest}'"

    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {' '.join(map(source, scripts)) or chr(39) + 'none' + chr(39)}",
            f"style-src {source(style)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
        ]
    )
