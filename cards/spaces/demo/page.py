"""The page: pick or write a post, mark its emotion words, ask a model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from express_dataset.errors import require
from express_metric.errors import ExpressError

from ...drawings.svg import Drawn, tag
from ...pages import content, fragment
from . import marks
from .answering import Answerer
from .explain import judge
from .guard import Guard
from .settings import Settings
from .view import result, sentence

__all__ = ["Settings", "build", "launch_options"]

HERE = Path(__file__).parent
OWN = "Write your own"
FAILED = "Something went wrong on our side, and nothing was kept. Try again, or reload the page."

Panel = dict[str, Any]


def build(settings: Settings | None = None) -> Any:
    """Make the page, a `gradio.Blocks`; no model is loaded before the first question."""
    # Gradio reads it while it is imported: it would tell its makers of every start.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    gr = require("gradio", "spaces")
    settings = settings or Settings()
    page = _Page(Answerer(settings))
    plain: dict[str, Any] = {"apply_default_css": False}
    models = [(settings.label(model), model) for model in settings.models]
    with gr.Blocks(title="EXPRESS: your word and a model's", delete_cache=(600, 600)) as blocks:
        gr.HTML(_top(settings), **plain)
        gr.HTML(_step(1, "Write or pick a post"), **plain)
        post = gr.Dropdown([OWN, *marks.posts()], value=OWN, label="Post", filterable=False)
        text = gr.Textbox(
            label="Text",
            lines=6,
            max_lines=14,
            placeholder="I felt so \u2026 when \u2026",
            elem_classes="express-type",
        )
        panel, find, clear = _marking(gr, plain)
        gr.HTML(_step(3, "Ask the model"), **plain)
        model = gr.Radio(
            models, value=models[0][1], label="Model", visible=len(models) > 1 or "hidden"
        )
        ask = gr.Button(_ask_label(models), variant="primary")
        status = gr.HTML(sentence(""), **plain)
        answer = gr.HTML(**plain)
        quick: dict[str, Any] = {
            "queue": False,
            "show_progress": "hidden",
            "api_visibility": "private",
        }
        post.input(page.pick, [post], [text, panel, answer, status], **quick)
        # Not `input`, which Gradio keeps to itself when a text is pasted by mouse or dictated.
        text.change(page.edit, [text, panel], [panel, status], trigger_mode="always_last", **quick)
        looking: dict[str, Any] = quick | {"queue": True}
        find.click(None, js=BEGIN).then(page.find, [text, panel], [panel, status], **looking).then(
            None, js=END
        )
        clear.click(page.clear, [text], [panel, status], **quick)
        asked = ask.click(
            page.ask,
            [text, panel, model],
            [status, answer],
            js=AFTER_FINDING,
            show_progress="hidden",
            api_visibility="private",
            concurrency_limit=8,
        )
        asked.success(None, js=TO_RESULT)
        asked.failure(page.failed, outputs=[status, answer], **quick)
        blocks.queue(max_size=32)
    # By it Gradio puts the Hub's own bar above the page, which asks the Hub and a host of fonts.
    blocks.space_id = None
    return blocks


def launch_options() -> dict[str, Any]:
    """What `Blocks.launch` must be told: the look, and to keep nothing.

    By default Gradio keeps every call with what was typed in the visitor's browser
    (`run_history`), and counts them on the server (`enable_monitoring`).

    >>> options = launch_options()
    >>> options["run_history"], options["enable_monitoring"], options["share"]
    (False, False, False)
    """
    gr = require("gradio", "spaces")
    from starlette import middleware

    fonts = ["system-ui", "Segoe UI", "Roboto", "Arial", "sans-serif"]
    return {
        "theme": gr.themes.Default(primary_hue="blue", font=fonts),
        "head": f"<style>{_style()}</style>",
        "footer_links": [],
        "run_history": False,
        "enable_monitoring": False,
        "show_error": False,
        "share": False,  # it would lead what is typed through a host of Gradio's makers
        # The Hub can turn both on by itself: the page must be the same there as here.
        "ssr_mode": False,
        "pwa": False,
        "max_file_size": 1,
        "app_kwargs": {"middleware": [middleware.Middleware(Guard)]},
    }


def _marking(gr: Any, plain: dict[str, Any]) -> tuple[Any, Any, Any]:
    """The second step: the list of words and its two buttons."""
    gr.HTML(_step(2, "Mark the words for what you felt", _how_to_mark()), **plain)
    panel = gr.HTML(
        marks.panel(""),
        html_template=_panel_template(),
        js_on_load=(HERE / "words.js").read_text("utf-8"),
        **plain,
    )
    with gr.Row():
        find = gr.Button("Find them for me", size="sm")
        clear = gr.Button("Take all marks off", size="sm")
    return panel, find, clear


class _Page:
    """What the buttons do."""

    def __init__(self, answerer: Answerer) -> None:
        self._answerer = answerer

    def pick(self, title: str) -> tuple[str, Panel, str, str]:
        """Show a post of the sample, its masked words marked."""
        text, marked = marks.posts().get(title, ("", []))
        return text, marks.panel(text, marked), "", sentence("")

    def edit(self, text: str, panel: object) -> tuple[Panel, str]:
        """Show the words of the text as it is now; marks stay with their words."""
        if len(text) > marks.MOST_CHARACTERS:
            return marks.panel(""), sentence(marks.too_long(text), "wrong")
        return marks.panel(text, marks.edited(panel, text)), sentence("")

    def find(self, text: str, panel: object) -> Iterator[tuple[Panel, str]]:
        """Mark what the dataset's own masking takes out, or without spaCy the likely words."""
        if len(text) > marks.MOST_CHARACTERS:
            yield marks.panel(""), sentence(marks.too_long(text), "wrong")
            return
        kept = marks.panel(text, marks.panel_marks(panel, text))
        yield kept, sentence("Looking for the words\u2026", "busy")
        if not marks.can_find():
            found, how = marks.hints(text), "by a list of emotion words, whoever feels them"
        else:
            found, how = marks.find(text), "as the dataset does: words for what you say you feel"
        if found:
            yield marks.panel(text, found), sentence(f"Marked {how}. Change it as you like.")
        else:
            none = "No emotion word was found: mark the words yourself."
            yield kept, sentence(none, "wrong")

    def clear(self, text: str) -> tuple[Panel, str]:
        """Take all marks off."""
        return marks.panel(text if len(text) <= marks.MOST_CHARACTERS else ""), sentence("")

    def ask(self, text: str, panel: object, model: str) -> Iterator[tuple[str, str]]:
        """Ask the model; tells first what is being waited for."""
        answerer = self._answerer
        try:
            asked = marks.marked(text, marks.panel_marks(panel, text))
            name = answerer.settings.label(model)
            waiting = {
                "busy": "Another question is being answered; yours is next\u2026",
                "cold": f"Loading {name}; this takes longer than the answer\u2026",
                "ready": f"{name} is reading your post\u2026",
            }
            yield sentence(waiting[answerer.state(model)], "busy"), ""
            found = answerer.ask(model, asked.example)
            judged = judge(asked.example, found.readings, answerer.lexicon)
            shown = result(asked, found, judged)
        except ExpressError as error:
            yield sentence(f"{error}.", "wrong"), ""
            return
        yield sentence("The answer is below."), shown

    def failed(self) -> tuple[str, str]:
        """What a visitor reads where the page itself has a fault."""
        return sentence(FAILED, "wrong"), ""


# A question that is asked while the words are looked for waits for them, and is asked with them.
# The marks are those that the page shows: Gradio hears of a click a little later.
BEGIN = "() => { window.expressLooking = true; }"
END = "() => setTimeout(() => { window.expressLooking = false; }, 50)"
AFTER_FINDING = """async (text, panel, model) => {
  while (window.expressLooking) await new Promise((done) => setTimeout(done, 50));
  return [text, window.expressPanel ?? panel, model];
}"""

# For those who listen or use the keyboard: on to the answer.
TO_RESULT = """() => setTimeout(() => {
  const head = document.getElementById("express-result");
  head?.focus({ preventScroll: true });
  head?.scrollIntoView();
}, 100)"""


def _top(settings: Settings) -> Drawn:
    hosts = {settings.label(model): settings.provider(model) for model in settings.models}
    return fragment("demo_top.html", hosts={name: host for name, host in hosts.items() if host})


def _step(number: int, title: str, more: str = "") -> Drawn:
    parts = [tag("h2", f"{number}. {title}")]
    if more:
        parts.append(tag("p", more, cls="quiet"))
    return tag("div", *parts, cls="express")


def _how_to_mark() -> str:
    return (
        "Click or tap a word to mark it, and again to take the mark off. Dotted words stand in "
        "our list of emotion words. Words side by side count as one, such as \u201clet "
        "down\u201d. By keyboard: the arrow keys move from word to word, up and down to the next "
        "dotted one, and the space bar marks."
    )


def _panel_template() -> str:
    named = {"role": "group", "aria_label": "Words of the post", "dir": "auto"}
    words = tag("div", cls="express-words", **named)
    return tag("div", words, tag("p", cls="express-count quiet", role="status"), cls="express")


def _ask_label(models: list[tuple[str, str]]) -> str:
    return f"Ask {models[0][0]}" if len(models) == 1 else "Ask the model"


def _style() -> str:
    """Colours and drawings as in a report, and the page's own; Gradio marks dark by a class."""
    report = content("report.css")
    palette = report[report.index("{") + 1 : report.index("}")]
    drawings = "\n".join(line for line in report.splitlines() if line.startswith("svg "))
    own = (HERE / "style.css").read_text("utf-8")
    return (
        f".express {{{palette} color-scheme: light; {drawings}}}\n"
        f".dark .express {{ color-scheme: dark; }}\n{own}"
    )
