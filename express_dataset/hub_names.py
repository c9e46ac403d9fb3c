"""What a repository is called on the Hub."""

from __future__ import annotations

import re

ORG_NAME = re.compile(r"[\w.-]+/[\w.-]+")
"""``ORG/NAME``, as a user may write it; the Hub itself is stricter and says so."""
