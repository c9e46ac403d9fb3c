"""The study's page: one unguessable link for each coder, every answer on disk before the next item.

The server reads the study and never the key, so that nothing it sends can tell the sides apart.
Requests are answered one after the other in one thread: SQLite's commit is what takes the time.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import logging
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from express_dataset import MASK
from express_dataset.errors import DataError, require

from ..pages import content, policy, render
from .folder import Shown, Study, read_links, read_study
from .judged import PLACES
from .store import Answer, Closed, Overtaken, Store

LOG = logging.getLogger("express.study")
TITLE = "Which word fits?"
STYLES, SCRIPTS = ("report.css", "study.css"), ("study.js",)
SURE = [(1, "guessed"), (2, ""), (3, "fairly"), (4, ""), (5, "certain")]
MOST_BYTES, MOST_REASON, MOST_ATTEMPTS = 64_000, 4_000, 10_000
NO_LINK = "This link leads to no study: take it from the message that you were sent, as a whole."
OTHER_LINK = (
    "This browser has opened another coder's link. Each coder has a link of their own; to look at "
    "both, use a private window for the second."
)
CLOSED = "This study was closed. Everything that you had answered is kept; nothing more is taken."
OVERTAKEN = (
    "You have given another answer to this text since, in another window. It is shown below; save "
    "again if you want to change it."
)
NOT_KEPT = "Your answer could not be kept: the disk may be full. Please tell who sent you the link."
NOTHING = "Choose one of the four before going on, or press Forward."


class Refused(Exception):  # noqa: N818 (it is an answer, not a fault)
    """A request that gets a page with a sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


def headers() -> dict[str, str]:
    """What every response carries, whatever it holds."""
    styles = "\n".join(content(name) for name in STYLES)
    rules = policy(styles, [content(name) for name in SCRIPTS])
    rules = rules.replace("form-action 'none'", "form-action 'self'")
    return {
        "content-security-policy": f"{rules}; frame-ancestors 'none'",
        "x-robots-tag": "noindex, nofollow, noarchive",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "no-store",
    }


class Desk:
    """What the routes share: the study, its answers, and who a token is."""

    def __init__(self, study: Study, links: dict[str, str], store: Store) -> None:
        self.study, self.store = study, store
        self._coders = {hashlib.sha256(t.encode()).digest(): c for c, t in links.items()}
        self.cookie = f"express-study-{study.id}"
        self._headers = headers()

    def coder(self, request: Any) -> str:
        """Whose link a request came by.

        Raises:
            Refused: nobody's, or another coder's than the one this browser has opened before.
        """
        digest = hashlib.sha256(request.path_params["token"].encode()).digest()
        coder = self._coders.get(digest)
        if coder is None:
            self._attempt("a link that is nobody's")
            raise Refused(404, NO_LINK)
        before = request.cookies.get(self.cookie)
        if before is not None and not hmac.compare_digest(before.encode(), digest.hex().encode()):
            self._attempt(f"{coder}'s link, from a browser that had opened another")
            raise Refused(403, OTHER_LINK)
        return coder

    def _attempt(self, what: str) -> None:
        LOG.warning("refused: %s", what)
        self.store.attempt(what, MOST_ATTEMPTS)

    def page(self, status: int, request: Any, **values: Any) -> Any:
        """A page as a response; the browser is remembered by a hash of its token."""
        responses: Any = require("starlette.responses", "study")
        shown = {"title": TITLE, "item": None, "message": "", "paragraphs": (), "start": None}
        text = render("study.html", STYLES, SCRIPTS, **(shown | values))
        response = responses.HTMLResponse(
            text.encode("utf-8", "replace"), status, headers=self._headers
        )
        if status == 200:
            token = request.path_params["token"]
            response.set_cookie(
                self.cookie,
                hashlib.sha256(token.encode()).hexdigest(),
                httponly=True,
                samesite="strict",
                path="/",
                max_age=180 * 24 * 3600,
            )
        return response

    def go(self, address: str) -> Any:
        """Send the browser on by GET, so that a reload sends nothing again."""
        responses: Any = require("starlette.responses", "study")
        return responses.RedirectResponse(address, 303, headers=self._headers)

    def show(
        self,
        request: Any,
        coder: str,
        number: int,
        refused: tuple[int, str] = (200, ""),
        unsaved: Answer | None = None,
    ) -> Any:
        """One item as this coder sees it, with what was answered before, or could not be saved."""
        order, token = self.study.orders[coder], request.path_params["token"]
        shown, (status, message) = order[number - 1], refused
        given = unsaved or self.store.answer(coder, shown.item)
        options = [", ".join(shown.first), ", ".join(shown.second), "both fit", "neither fits"]
        words = sorted({*shown.first, *shown.second})
        return self.page(
            status,
            request,
            item=shown.item,
            number=number,
            total=len(order),
            answered=len(self.store.answered(coder)),
            home=f"/c/{token}",
            here=f"/c/{token}/{number}",
            message=message,
            parts=parts(shown),
            definitions=[(word, self.study.definitions.get(word, "")) for word in words],
            choices=list(zip(PLACES, "1234", options, strict=True)),
            ask=self.study.ask,
            sure=SURE,
            codebook=self.study.codebook,
            revision=given.revision if given else 0,
            given=given or {"place": "", "confidence": None, "codes": (), "reason": ""},
        )


def parts(shown: Shown) -> list[str | tuple[str, str]]:
    """A text in pieces, each gap with its two options.

    >>> parts(Shown("p1", "I am <mask>.", ("sad",), ("low",)))
    ['I am ', ('sad', 'low'), '.']
    """
    pieces = shown.text.strip().split(MASK)
    found: list[str | tuple[str, str]] = [pieces[0]]
    for piece, pair in zip(pieces[1:], zip(shown.first, shown.second, strict=True), strict=True):
        found += [pair, piece]
    return found


def build_app(study: Study, links: dict[str, str], store: Store) -> Any:
    """The page as an ASGI application."""
    applications: Any = require("starlette.applications", "study")
    routing: Any = require("starlette.routing", "study")
    desk = Desk(study, links, store)

    async def home(request: Any) -> Any:
        coder = desk.coder(request)
        order, answered = study.orders[coder], store.answered(coder)
        closed = store.closed() is not None
        done = len(answered) == len(order)
        thanks = "Every text is answered. Thank you; you can close this page." if done else ""
        return desk.page(
            200,
            request,
            message=CLOSED if closed else thanks,
            paragraphs=[text.strip() for text in study.instructions.split("\n\n")],
            start=f"/c/{request.path_params['token']}/{_next_open(order, answered, 0)}",
            total=len(order),
            answered=len(answered),
        )

    async def item(request: Any) -> Any:
        coder = desk.coder(request)
        number = request.path_params["number"]
        if not 1 <= number <= len(study.orders[coder]):
            raise Refused(404, f"There is no text {number}: go back to the one before.")
        if request.method == "POST":
            return await _take(desk, request, coder, number)
        return desk.show(request, coder, number)

    async def refuse(request: Any, error: Any) -> Any:
        return desk.page(error.status, request, message=error.message)

    async def lost(request: Any, _error: Any) -> Any:
        return desk.page(404, request, message=NO_LINK)

    async def robots(_request: Any) -> Any:
        responses: Any = require("starlette.responses", "study")
        return responses.PlainTextResponse("User-agent: *\nDisallow: /\n", headers=headers())

    return applications.Starlette(
        routes=[
            routing.Route("/robots.txt", robots),
            routing.Route("/c/{token}", home),
            routing.Route("/c/{token}/{number:int}", item, methods=["GET", "POST"]),
        ],
        exception_handlers={Refused: refuse, 404: lost, 405: lost},
    )


async def _take(desk: Desk, request: Any, coder: str, number: int) -> Any:
    """Save what a form says and go on; nothing is shown before it is on disk."""
    order, form = desk.study.orders[coder], await _form(request)
    go = form.get("go", ["next"])[-1]
    if "choice" in form:
        answer = _read(form, coder, order[number - 1].item, desk.study)
        try:
            desk.store.save(answer)
        except Overtaken:
            return desk.show(request, coder, number, (409, OVERTAKEN))
        except Closed:
            return desk.show(request, coder, number, (403, CLOSED), answer)
        except DataError as error:
            LOG.error("%s", error)
            return desk.show(request, coder, number, (503, NOT_KEPT), answer)
    elif go == "next":
        return desk.show(request, coder, number, (422, NOTHING))
    home = f"/c/{request.path_params['token']}"
    if go == "back":
        return desk.go(f"{home}/{max(1, number - 1)}")
    if go == "skip":
        return desk.go(f"{home}/{min(len(order), number + 1)}")
    answered = desk.store.answered(coder)
    if len(answered) == len(order):
        return desk.go(home if number == len(order) else f"{home}/{number + 1}")
    return desk.go(f"{home}/{_next_open(order, answered, number)}")


def _next_open(order: Sequence[Shown], answered: set[str], after: int) -> int:
    """The number of the next item without an answer, from the start again at the end."""
    numbers = [*range(after + 1, len(order) + 1), *range(1, after + 1)]
    return next((n for n in numbers if order[n - 1].item not in answered), 1)


async def _form(request: Any) -> dict[str, list[str]]:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise Refused(413, "That is too long: shorten the reason and save again.")
    try:
        return parse_qs(body.decode("utf-8"), strict_parsing=False, max_num_fields=100)
    except ValueError:
        raise Refused(400, "The browser sent no form: go back and save again.") from None


def _read(form: dict[str, list[str]], coder: str, item: str, study: Study) -> Answer:
    """An answer out of a form, in which only what the page offers may stand."""
    place, sure = form["choice"][-1], form.get("confidence", [""])[-1]
    revision = form.get("revision", ["0"])[-1]
    codes = form.get("codes", []) if "codes" in study.ask else []
    if (
        place not in PLACES
        or sure not in ("", "1", "2", "3", "4", "5")
        or not set(codes) <= study.codebook.keys()
        or not (revision.isascii() and revision.isdigit() and len(revision) < 10)
    ):
        raise Refused(400, "The browser sent an answer that the page does not offer: go back.")
    return Answer(
        coder,
        item,
        place,
        int(sure) if sure and "confidence" in study.ask else None,
        form.get("reason", [""])[-1].strip()[:MOST_REASON] if "reason" in study.ask else "",
        tuple(dict.fromkeys(codes)),
        int(revision),
    )


@dataclass(frozen=True, slots=True)
class Served:
    """Where a study is served: its address, and each coder's link."""

    address: str
    links: dict[str, str]
    loopback: bool
    closed: str | None


def serve(folder: Path, host: str, port: int, ready: Callable[[Served], None]) -> None:
    """Serve a study until Ctrl-C."""
    uvicorn: Any = require("uvicorn", "study")
    require("starlette", "study")
    study = read_study(folder)
    links = read_links(folder)
    if missing := study.orders.keys() - links.keys():
        raise DataError(f"{folder}: links.json has no link for {', '.join(sorted(missing))}")
    if strange := links.keys() - study.orders.keys():
        raise DataError(
            f"{folder}: links.json has a link for {', '.join(sorted(strange))}, who is no coder"
        )
    store = Store.open(folder, study.id)
    try:
        listening = _listen(host, port)
        address = _address(host, listening.getsockname()[1])
        served = Served(
            address,
            {coder: f"{address}/c/{links[coder]}" for coder in study.orders},
            _is_loopback(host),
            store.closed(),
        )
        config = uvicorn.Config(
            build_app(study, links, store),
            # An access log would hold the tokens; the two headers would tell of the machine.
            access_log=False,
            server_header=False,
            date_header=False,
            log_level="warning",
            lifespan="off",
        )
        server = uvicorn.Server(config)
        # The socket takes connections from now on; they wait for the loop.
        ready(served)
        server.run(sockets=[listening])
    except KeyboardInterrupt:
        pass
    finally:
        store.close_connection()


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= 65535:
        raise DataError(f"--port must be from 0 to 65535, got {port}")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(found[4][:2], family=found[0], backlog=512)
    except OSError as error:
        raise DataError(
            f"{host}, port {port} cannot be used ({error.strerror or error}): give another --host "
            "or --port, or --port 0 for any free one"
        ) from None


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
