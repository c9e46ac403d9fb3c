"""What of a run's record is for everybody: no paths, no names of people or machines, no stories."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

from express_metric.signature import safe_value
from express_runners.runs.record import Asked, Record, Session, Submitted
from express_runners.server import HF_HOSTS, OPENAI_HOST

OWN_SERVER = "a server of one's own"
LINE_KEYS = (
    *("id", "post_id", "references", "clean", "prompt_sha256", "shots", "shots_dropped"),
    *("completion", "terms", "reason", "finish", "prompt_tokens", "new_tokens", "seconds"),
    *("served_model", "process", "rank"),
)
_OF_SESSION = (
    *("started", "processes", "device", "versions", "code", "hardware", "token_parameter"),
    "parameters",
)
_PATH = re.compile(r"[./~\\]|[A-Za-z]:")
_HUB_ID = re.compile(r"[\w.-]+(?:/[\w.-]+)?")


def public_record(
    record: Record, submission: Submitted | None, source: str, template: str | None
) -> Record:
    """The `run.json` of a submission; `source` is what `express run --dataset` takes."""
    kept = ({name: getattr(one, name) for name in _OF_SESSION} for one in record.sessions)
    return Record(
        asked=_public_asked(record.asked),
        sessions=tuple(Session(dataset=source, **facts) for facts in kept),
        shots=record.shots,
        vocabulary=record.vocabulary,
        left_out=record.left_out,
        prior=record.prior,
        submission=submission,
        template=template,
    )


def public_line(line: Mapping[str, Any]) -> dict[str, Any]:
    """A line of `predictions.jsonl` without what does not belong there.

    >>> public_line({"id": "a", "host": "me"})
    {'id': 'a'}
    """
    return {name: line[name] for name in LINE_KEYS if name in line}


def shots_shown(lines: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many solved examples were shown, and left out for want of room, as the answers tell it.

    A server may have had room for fewer than the run had planned, as its `run.json` has it.

    >>> shots_shown([{"shots": ["a", "b"], "shots_dropped": 1}])
    {'shown': 2, 'dropped': 1, 'examples_with_dropped': 1}
    """
    found = [(len(line.get("shots") or ()), line.get("shots_dropped") or 0) for line in lines]
    return {
        "shown": sum(shown for shown, _ in found),
        "dropped": sum(dropped for _, dropped in found),
        "examples_with_dropped": sum(dropped > 0 for _, dropped in found),
    }


def public_server(url: str) -> str:
    """The address of a server that everybody can ask; of any other only that it is one's own.

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
    """
    if _HUB_ID.fullmatch(name) and not name.startswith("."):
        return name
    return PurePath(name.replace("\\", "/").rstrip("/")).name or safe_value(name)


def _public_asked(asked: Asked) -> Asked:
    model, shots, data = asked.model, asked.prompt.shots, asked.dataset
    over, terms = model.adapter, asked.decoding.vocabulary
    # A server's name for a model may have several parts; one that is a path has not.
    plain = model.family == "api" and not _PATH.match(model.name)
    if shots and shots.encoder:
        shots = replace(shots, encoder=public_name(shots.encoder))
    return replace(
        asked,
        model=replace(
            model,
            name=model.name if plain else public_name(model.name),
            server=None if model.server is None else public_server(model.server),
            adapter=over and replace(over, name=public_name(over.name)),
        ),
        dataset=replace(data, name=data.name and public_name(data.name)),
        prompt=replace(asked.prompt, shots=shots),
        decoding=replace(asked.decoding, vocabulary=terms and public_name(terms)),
        lexicon=replace(asked.lexicon, name=public_name(asked.lexicon.name)),
        seen=None,
    )
