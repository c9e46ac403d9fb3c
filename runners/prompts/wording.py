"""What a model is shown: a wording (a Jinja template) for each prompt setting.

A template may use these variables:

`text`     the story, with `<mask>` for every hidden word;
`count`    how many masks it has;
`example`  the shape of the answer, such as `["word1", "word2"]`;
`shots`    solved examples, each with `text`, `count`, `labels` and `answer` (the list as JSON).

A template that begins with `{% set cue = "Final list:" %}` lets the model reason first: only what
follows the cue in a completion is its answer. Without a cue a `cot` template's answer is the last
list of the whole completion.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from express_dataset import MASK, Example
from express_dataset.errors import require
from express_dataset.files import read_text

from ..errors import RunError
from .bounds import read_tree

VARIABLES = ("text", "count", "example", "shots")
# What a wrong expression in a template can raise besides Jinja's own errors.
_WRONG = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError)


@dataclass(frozen=True, slots=True)
class Template:
    """A wording under a name.

    >>> ours("zero-shot").render("I was <mask>.", 1).splitlines()[-1][-15:]
    'like ["word1"]:'
    >>> Template("mine", "{{ text }}").hash != ours("zero-shot").hash
    True
    """

    name: str  # the prompt setting it belongs to
    source: str  # Jinja source
    # what a model writes between its reasoning and its answer; empty without reasoning
    cue: str = ""

    @property
    def hash(self) -> str:
        """First four hex digits of the wording's SHA-256; part of every signature."""
        return self.sha256[:4]

    @property
    def sha256(self) -> str:
        """SHA-256 of the wording."""
        return hashlib.sha256(self.source.encode()).hexdigest()

    @property
    def reasoning(self) -> bool:
        """Whether the model reasons before it answers."""
        return bool(self.cue) or self.name == "cot"

    @property
    def last(self) -> bool:
        """Whether no cue ends the reasoning, so that the last list is the answer."""
        return self.reasoning and not self.cue

    def render(self, text: str, n_masks: int, shots: Sequence[Example] = ()) -> str:
        """The prompt for one example."""
        jinja = require("jinja2", "run")
        try:
            rendered: str = _compiled(self.source).render(
                text=text.strip(),
                count=n_masks,
                example=answer_shape(n_masks),
                shots=[
                    {
                        "text": shot.text.strip(),
                        "count": len(shot.labels),
                        "labels": list(shot.labels),
                        "answer": answer(shot.labels),
                    }
                    for shot in shots
                ],
            )
        except (jinja.TemplateError, *_WRONG) as error:
            raise RunError(
                f"--template {self.name}{_line_of(error)} cannot be filled in ({error}): "
                f"a template may use {', '.join(VARIABLES)}"
            ) from error
        if text.strip() not in rendered:
            raise RunError(
                f"--template {self.name} must show the story whole, whatever it holds: write "
                "{{ text }} where it goes"
            )
        return rendered


def answer(labels: Sequence[str]) -> str:
    """The answer asked for, as a model should write it.

    >>> answer(["sad", "let down"])
    '["sad", "let down"]'
    >>> answer([])
    '[]'
    """
    return json.dumps(list(labels), ensure_ascii=False)


def answer_shape(n_masks: int) -> str:
    """The shape of an answer; after three words only that it goes on.

    >>> answer_shape(2)
    '["word1", "word2"]'
    >>> answer_shape(9)
    '["word1", "word2", "word3", ...]'
    """
    shown = ", ".join(f'"word{i}"' for i in range(1, min(n_masks, 3) + 1))
    return f"[{shown}]" if n_masks <= 3 else f"[{shown}, ...]"


def final_answer(completion: str | None, cue: str) -> str | None:
    """The part of a completion that is the answer: what follows the last cue, else all of it.

    Upper and lower case are one, and a cue may be in bold ("**Final list:**").

    >>> final_answer('She lost ["it"]. Final list: ["sad"]', "Final list:")
    '["sad"]'
    >>> final_answer('["sad"]', "Final list:")
    '["sad"]'
    """
    if completion is None:
        return None
    cues = list(_pattern(cue).finditer(completion)) if cue else []
    return completion[cues[-1].end() :].lstrip("*_ \t\r\n") if cues else completion


def cue_end(completion: str, cue: str) -> int | None:
    """Where the first cue ends, or None where there is none (yet); 0 where none is needed.

    >>> cue_end("so. FINAL LIST: [", "Final list:")
    15
    >>> cue_end("so", "Final list:") is None
    True
    """
    if not cue:
        return 0
    found = _pattern(cue).search(completion)
    return found.end() if found else None


@cache
def _pattern(cue: str) -> re.Pattern[str]:
    return re.compile(re.escape(cue), re.IGNORECASE)


@cache
def ours(name: str) -> Template:
    """One of this project's own wordings: zero-shot, few-shot, cot or fill-mask.

    >>> ours("cot").cue
    'Final list:'
    >>> ours("fill-mask").render(" I was <mask>. ", 1)
    'I was <mask>.'
    """
    file = Path(__file__).parent / "templates" / f"{name}.jinja"
    return parse(name, file.read_text("utf-8"))


def from_file(name: str, file: Path) -> Template:
    """A user's own wording for the prompt setting `name`."""
    try:
        source = read_text(file)
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(
            f"--template {file} cannot be read ({error}): give a text file in UTF-8"
        ) from error
    template = parse(name, source, file)
    _check(template, file)
    return template


def parse(name: str, source: str, file: Path | None = None) -> Template:
    """Read a template's source: its syntax, its variables, its cue.

    >>> parse("mine", '{% set cue = "So:" %}{{ text }}').cue
    'So:'
    >>> parse("mine", "{{ story }}")
    Traceback (most recent call last):
    ...
    express_runners.errors.RunError: --template mine, line 1: 'story' is no variable; a template \
may use text, count, example, shots
    """
    nodes = require("jinja2.nodes", "run")
    where = f"--template {file or name}"
    tree = read_tree(_environment(), source, where)
    for node in _unknown(tree):
        raise RunError(
            f"{where}, line {node.lineno}: '{node.name}' is no variable; a template may use "
            f"{', '.join(VARIABLES)}"
        )
    cue = ""
    for node in tree.find_all(nodes.Assign):
        if isinstance(node.target, nodes.Name) and node.target.name == "cue":
            value = getattr(node.node, "value", None)
            if not isinstance(value, str) or not value.strip():
                raise RunError(
                    f"{where}, line {node.lineno}: cue must be a text, as in "
                    '{% set cue = "Final list:" %}'
                )
            cue = value.strip()
    return Template(name, source, cue)


def _names(tree: Any, ctx: str) -> list[Any]:
    nodes = require("jinja2.nodes", "run")
    return [node for node in tree.find_all(nodes.Name) if node.ctx == ctx]


def _unknown(tree: Any) -> list[Any]:
    """Names that are read and nowhere set; Jinja's own search would compute constants."""
    known = {*VARIABLES, "loop", "range", *(node.name for node in _names(tree, "store"))}
    return [node for node in _names(tree, "load") if node.name not in known]


def _check(template: Template, file: Path) -> None:
    """Fill a user's template in once, so that a mistake shows before a model is loaded."""
    used = {node.name for node in _names(_environment().parse(template.source), "load")}
    shot = Example("a", "a", f"I was {MASK}.", ("sad",), 0)
    story = f"I felt {MASK} & <b>then {MASK}</b>."
    template.render(story, 2, [shot] if "shots" in used else [])
    if template.name == "few-shot" and "shots" not in used:
        raise RunError(
            f"--template {file} shows no solved examples: loop over `shots`, or use --prompt "
            "zero-shot"
        )
    if template.name != "few-shot" and "shots" in used:
        raise RunError(f"--template {file} shows `shots`: use --prompt few-shot with it")
    if template.name != "cot" and template.cue:
        raise RunError(f"--template {file} sets a cue for reasoning: use --prompt cot with it")


@cache
def _environment() -> Any:
    jinja = require("jinja2", "run")
    sandbox = require("jinja2.sandbox", "run")
    # Prompts are plain text: escaping would turn <mask> into &lt;mask&gt;.
    return sandbox.ImmutableSandboxedEnvironment(
        undefined=jinja.StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
    )


@cache
def _compiled(source: str) -> Any:
    return _environment().from_string(source)


def _line_of(error: BaseException) -> str:
    """Where in the template it failed: Jinja writes its lines into the traceback."""
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return f", line {line}" if line else ""
