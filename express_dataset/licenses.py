"""Licences: their names on the Hub, and their addresses."""

from __future__ import annotations

UNKNOWN = "unknown"
"""What the Hub calls a licence that nobody has told."""

_CREATIVE = "https://creativecommons.org/licenses"
ADDRESSES = {
    "apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0",
    "mit": "https://opensource.org/license/mit",
    "cc0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "cc-by-4.0": f"{_CREATIVE}/by/4.0/",
    "cc-by-sa-4.0": f"{_CREATIVE}/by-sa/4.0/",
    "cc-by-nc-4.0": f"{_CREATIVE}/by-nc/4.0/",
    "cc-by-nc-sa-4.0": f"{_CREATIVE}/by-nc-sa/4.0/",
    "cc-by-nd-4.0": f"{_CREATIVE}/by-nd/4.0/",
    "cc-by-nc-nd-4.0": f"{_CREATIVE}/by-nc-nd/4.0/",
    "odc-by": "https://opendatacommons.org/licenses/by/1-0/",
    "odbl": "https://opendatacommons.org/licenses/odbl/1-0/",
    "cdla-permissive-2.0": "https://cdla.dev/permissive-2-0/",
}
"""Where the licences that data commonly has can be read."""

_NAMES = {address: name for name, address in ADDRESSES.items()}


def license_address(name: str) -> str:
    """Where a licence can be read.

    >>> license_address("cc-by-4.0")
    'https://creativecommons.org/licenses/by/4.0/'
    """
    return ADDRESSES.get(name, name)


def license_name(address: str) -> str:
    """The inverse of ``license_address``; empty where the licence is not known.

    >>> license_name(license_address("cc-by-4.0"))
    'cc-by-4.0'
    """
    name = _NAMES.get(address, address)
    return "" if name == UNKNOWN else name
