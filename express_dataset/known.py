"""What was published as EXPRESS: files by their hash, topics by their names."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

UNKNOWN_FILE = "not a version of EXPRESS that this release knows"
"""What is said of the authors' columns in a file of another hash."""


class KnownFile(NamedTuple):
    """A file as somebody published it."""

    name: str
    rows: int


# From a public audit of the file on the Hub, August 2026.
FILES = {
    "81e8e997fb783f772a8fc3de10091a21acb43883bcf550a8506df464a72984b7": KnownFile(
        "EXPRESS as published in bangzhao/express-emotion-recognition", 33_640
    ),
}
"""Known files by the SHA-256 of their content."""


@cache
def topics() -> dict[str, str]:
    """The paper's topics (Table A.5): the model's name for each, and the paper's short one."""
    found = json.loads(Path(__file__).with_name("topics.json").read_text(encoding="utf-8"))
    return dict(found["topics"])


def topic(name: str | None) -> str | None:
    """The short name that the paper (Table A.5) gives a topic; the name itself where it has none.

    >>> topic("2_job_work_year_like"), topic("my own topic")
    ('career', 'my own topic')
    """
    return name and topics().get(name, name)
