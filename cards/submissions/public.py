"""What of a run's record is for everybody: no paths, no names of people or machines, no stories."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

from express_metric.signature import safe_value
from express_runners.server import HF_HOSTS, OPENAI_HOST

FORMAT = 2
OWN_SERVER = "a server of one's own"
BY_CHANCE = "free-default-temperature"
"""The decoding of a server that takes no temperature but its own."""
_SESSION = (
    *("started", "processes", "device", "versions", "code", "hardware"),
    "token_parameter",
)
_LINE = (
    *(
        "id",
        "post_id",
        "references",
        "clean",
        "prompt_sha256",
        "shots",
        "shots_dropped",
        "completion",
    ),
    *("terms", "reason", "finish", "prompt_tokens", "new_tokens", "seconds"),
)
_ALSO = ("served_model", "process", "rank")
LINE_KEYS = frozenset(_LINE)
OPTIONAL_KEYS = frozenset(_ALSO)
_PATH = re.compile(r"[./~\\]|[A-Za-z]:")
_HUB_ID = re.compile(r"[\w.-]+(?:/[\w.-]+)?")


def public_record(
    record: Mapping[str, Any], submission: Mapping[str, Any], source: str, template: str | None
) -> dict[str, Any]:
    """The `run.json` of a submission.

    Args:
        record: the `run.json` of a run.
        submission: what is told of the submission itself.
        source: what `express run --dataset` takes to get the same data.
        template: the wording of a prompt of one's own, else None.

    >>> asked = {"model": {"name": "/home/me/tiny", "revision": "1", "family": "causal"},
    ...          "dataset": {"name": "mine"}, "prompt": {"name": "cot"}, "decoding": {},
    ...          "lexicon": {"name": "nrc", "label": "nrc-1@0"}, "dtype": "float32"}
    >>> session = {"dataset": "/home/me/mine.csv", "started": "2026-11-21", "user": "me"}
    >>> found = public_record({"asked": asked, "sessions": [session]}, {}, "org/mine", None)
    >>> found["asked"]["model"]["name"], found["sessions"]
    ('tiny', [{'dataset': 'org/mine', 'started': '2026-11-21'}])
    >>> "first_prompt" in public_record({"asked": asked, "sessions": [], "first_prompt": 1},
    ...                                 {}, "x", None)
    False
    """
    found: dict[str, Any] = {
        "format": FORMAT,
        "submission": submission,
        "asked": _asked(record["asked"]),
        "sessions": [
            {"dataset": source, **_picked(session, _SESSION)} for session in record["sessions"]
        ],
        **_picked(record, ("shots", "vocabulary")),
    }
    found["submission"] = {key: one for key, one in submission.items() if one is not None}
    if template is not None:
        found["template"] = template
    return found


def public_line(line: Mapping[str, Any]) -> dict[str, Any]:
    """A line of `predictions.jsonl` without what does not belong there.

    >>> public_line({"id": "a", "host": "me"})
    {'id': 'a'}
    >>> public_line({"rank": None})
    {'rank': None}
    """
    return _picked(line, (*_LINE, *_ALSO))


def shots_shown(lines: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many solved examples were shown, and left out for want of room, as the answers tell it.

    A server may have had room for fewer than the run had planned, as its `run.json` has it.

    >>> shots_shown([{"shots": ["a", "b"], "shots_dropped": 1}])
    {'shown': 2, 'dropped': 1, 'examples_with_dropped': 1}
    >>> shots_shown([])["shown"]
    0
    """
    found = [(len(line["shots"]), line["shots_dropped"]) for line in lines]
    return {
        "shown": sum(shown for shown, _ in found),
        "dropped": sum(dropped for _, dropped in found),
        "examples_with_dropped": sum(dropped > 0 for _, dropped in found),
    }


def public_server(url: str) -> str:
    """The address of a server that everybody can ask; of any other only that it is one's own.

    >>> public_server("https://router.huggingface.co/v1")
    'https://router.huggingface.co/v1'
    >>> public_server("http://me:secret@10.0.0.7:8000/v1"), public_server("http://localhost/v1")
    ("a server of one's own", "a server of one's own")
    """
    try:
        parts = urlsplit(url)
        plain = parts.scheme == "https" and not (parts.username or parts.password or parts.query)
        port = parts.port
    except ValueError:
        return OWN_SERVER
    host = parts.hostname or ""
    known = host == OPENAI_HOST or any(host == one or host.endswith(f".{one}") for one in HF_HOSTS)
    return url if plain and known and port is None else OWN_SERVER


def public_name(name: str) -> str:
    """A name or a Hub id as it is; of a path only its last part.

    >>> public_name("org/name"), public_name("/home/me/model/"), public_name("C:\\\\me\\\\encoder")
    ('org/name', 'model', 'encoder')
    >>> public_name("~/models/tiny"), public_name("a b")
    ('tiny', 'a b')
    """
    if _HUB_ID.fullmatch(name) and not name.startswith("."):
        return name
    return PurePath(name.replace("\\", "/").rstrip("/")).name or safe_value(name)


def _asked(asked: Mapping[str, Any]) -> dict[str, Any]:
    model, prompt, decoding = (dict(asked[part]) for part in ("model", "prompt", "decoding"))
    # A server's name for a model may have several parts; one that is a path has not.
    if model["family"] != "api" or _PATH.match(model["name"]):
        model["name"] = public_name(model["name"])
    if "server" in model:
        model["server"] = public_server(model["server"])
    shots = prompt.get("shots")
    if shots and shots.get("encoder"):
        prompt["shots"] = {**shots, "encoder": public_name(shots["encoder"])}
    if "vocabulary" in decoding:
        decoding["vocabulary"] = public_name(decoding["vocabulary"])
    dataset = {**asked["dataset"], "name": public_name(asked["dataset"]["name"])}
    lexicon = _picked(asked["lexicon"], ("name", "label", "sha256"))
    return {
        "model": model,
        "dataset": dataset,
        "prompt": prompt,
        "decoding": decoding,
        "lexicon": {**lexicon, "name": public_name(lexicon["name"])},
        **_picked(asked, ("dtype", "quantize")),
    }


def _picked(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}
