"""Models that are not on this disk: a server's address, key and limits, and the dummies' names."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .errors import RunError

API = "api:"
HF_ROUTER = "https://router.huggingface.co/v1"
KEY_VARIABLE = "EXPRESS_API_KEY"
# The Hugging Face login goes to Hugging Face and to nobody else.
HF_HOSTS = ("huggingface.co", "huggingface.cloud", "hf.space")
OPENAI_HOST = "api.openai.com"
TOKEN_PARAMETERS = ("max_tokens", "max_completion_tokens")
LISTED = (1000, 20, 5)
"""Likeliest tokens to ask for: what a server of ours lists, vLLM's default, OpenAI's most."""


def is_dummy(model: str) -> bool:
    """Whether `--model` names a dummy, which answers without a model.

    >>> is_dummy("dummy:uniform@7"), is_dummy("dummy")
    (True, True)
    >>> is_dummy("dummy-org/name")
    False
    """
    return model == "dummy" or model.startswith(("dummy:", "dummy@"))


@dataclass(frozen=True, slots=True)
class Server:
    """An OpenAI-compatible server, the limits of its use, and what its requests hold."""

    # the address that `/chat/completions` is appended to; several, with commas between
    url: str = HF_ROUTER
    concurrency: int = 8  # most requests at a time
    retries: int = 6  # further attempts after a fault that may pass
    timeout: float = 120.0  # seconds until a request counts as lost
    # tokens of prompts and answers that the whole run may use, as the server reports them; what a
    # lost answer cost, nobody knows
    max_total_tokens: int | None = None
    spent: int = 0  # tokens that the run has used at earlier starts
    # what a request calls the limit of an answer's tokens
    token_parameter: str = TOKEN_PARAMETERS[0]
    # 0, or None where the server's own is taken, because it refuses another
    temperature: float | None = 0.0
    # what this run started itself, such as vllm; empty for a server that was there
    started: str = ""

    @property
    def urls(self) -> list[str]:
        """All addresses.

        >>> Server("http://a/v1, http://b/v1").urls
        ['http://a/v1', 'http://b/v1']
        """
        return [url.strip() for url in self.url.split(",")]

    @property
    def name(self) -> str:
        """What a run's record calls it; a port of this machine's choice would differ each time."""
        return f"{self.started} here" if self.started else self.url


GONE: set[str] = set()
"""Addresses of servers that this process started, and that ended for good."""
SERVED = ("serve", "replicas", "serve_timeout", "base_url")
"""Options of servers, for `check_served`; then those of a model in this process, and defaults."""
LOCAL = {
    "family": None,
    "dtype": "auto",
    "quantize": None,
    "spread": None,
    "batch_size": None,
    "trust_remote_code": False,
}
_SECRET = re.compile(
    r"--?(api[-_]key|hf[-_]token|token|password|secret)([= ]|$)"
    r"|\b[A-Z0-9_]*(KEY|TOKEN|SECRET|PASSWORD)=|\b(hf_|sk-)(?=[\w-]{20})"  # never the key itself
)


def check_served(model: str, asked: Mapping[str, Any]) -> None:
    """Refuse options that would change nothing, by whether a server answers; see `SERVED`."""
    serve = asked["serve"]
    if serve is None:
        if asked["replicas"] > 1:
            raise RunError("--replicas belongs to --serve: leave it out, or say what to start")
    else:
        if not serve.strip():
            raise RunError("--serve is empty: name a server, such as vllm, or leave it out")
        if found := _SECRET.search(serve):
            raise RunError(
                f"--serve holds {found[0].strip('= ')}: it is written into run.json, so nothing "
                "secret may stand in it: set an environment variable before the command"
            )
        if asked["base_url"] is not None and not model.startswith(API):
            raise RunError("--base-url is of a server that is there: leave it out, or --serve")
        if not 0 < asked["serve_timeout"] < float("inf"):
            raise RunError(
                f"--serve-timeout must be seconds above 0, got {asked['serve_timeout']:g}"
            )
    if serve is None and not model.startswith(API):
        return
    for name, default in LOCAL.items():
        if asked[name] != default:
            raise RunError(
                f"--{name.replace('_', '-')} is of a model in this process, and a server has "
                "options of its own: leave it out, or write them into --serve 'COMMAND ...'"
            )


def check_server(
    model: str,
    base_url: str | None,
    retries: int,
    timeout: float,
    others: Mapping[str, bool] | None = None,
) -> None:
    """Check the options of an `api:` model before anything is sent."""
    if retries < 0:
        raise RunError(f"--retries must be at least 0, got {retries}")
    if not 0 < timeout < float("inf"):
        raise RunError(f"--request-timeout must be seconds above 0, got {timeout:g}")
    if model.startswith(API):
        if not model.removeprefix(API).strip():
            raise RunError("--model api: lacks the name that the server knows, as in api:gpt-4o")
    else:
        used = {"--base-url": base_url is not None, **(others or {})}
        for option in (name for name, is_used in used.items() if is_used):
            raise RunError(f"{option} is for a served model: write --model {API}{model}")
    if base_url is None:
        return
    # The address is written into run.json, so nothing secret may stand in it.
    if "@" in base_url or "?" in base_url or "#" in base_url:
        raise RunError(
            "--base-url must hold no user, password, query or fragment: put the key into the "
            f"environment variable {KEY_VARIABLE}"
        )
    for url in base_url.split(","):
        if not _is_address(url.strip()):
            raise RunError(
                f"--base-url must be an address like http://localhost:8000/v1, got {url!r}"
            )


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        # Reading the port checks it.
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def api_key(url: str) -> str | None:
    """The key to send to `url`, from the environment or the Hugging Face login.

    `EXPRESS_API_KEY` is sent anywhere, `OPENAI_API_KEY` to OpenAI only, and the Hugging Face
    login (`hf auth login` or `HF_TOKEN`) to Hugging Face only. None where there is none.
    """
    key = _from_environment(KEY_VARIABLE)
    if key:
        return key
    host = urlsplit(url).hostname or ""
    if host == OPENAI_HOST:
        return _from_environment("OPENAI_API_KEY") or None
    if any(host == known or host.endswith(f".{known}") for known in HF_HOSTS):
        from huggingface_hub import get_token

        key = get_token() or ""
        if not key and url == HF_ROUTER:
            raise RunError(
                "Hugging Face's router needs a login: run `hf auth login`, or set HF_TOKEN, or "
                "give the --base-url of another server"
            )
    return key or None


def _from_environment(variable: str) -> str:
    """A key that can stand in a header."""
    key = os.environ.get(variable, "").strip()
    if not (key.isascii() and key.isprintable()):
        raise RunError(
            f"the environment variable {variable} holds a line break or a mark that no key "
            "has: set it anew."
        )
    return key
