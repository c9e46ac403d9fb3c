"""The leaderboard for machines: the same tables, figures and ranks as on the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from express_metric.analysis.significance import SHARED_PARTS
from express_metric.parsing import PROTOCOLS, Protocol

from .references import published
from .rows import RANKED_BY, Entry, Refused, Row, group, tie_groups


def as_json(entries: Sequence[Entry], refused: Sequence[Refused]) -> dict[str, Any]:
    """The whole leaderboard for machines."""
    return {
        "ranked_by": RANKED_BY,
        "tables": [
            {
                "protocol": table.protocol,
                "signature": str(table.signature),
                **{part: getattr(table.signature, part) for part in SHARED_PARTS},
                "decoding": table.signature.decode,
                "n_masks": table.rows[0].entry.n_masks,
                "n_posts": table.rows[0].entry.n_posts,
                "rows": [
                    {**_row(row, table.protocol), "group": tied}
                    for row, tied in zip(table.rows, tie_groups(table.rows), strict=True)
                ],
                "published": [
                    {
                        "model": row.entry.model,
                        "setting": row.entry.setting,
                        "figures": {name: one.value for name, one in row.figures.items()},
                    }
                    for row in published(table)
                ],
            }
            for protocol in PROTOCOLS
            for table in group(entries, protocol)
        ],
        "refused": [{"name": one.name, "reason": one.reason} for one in refused],
    }


def _row(row: Row, protocol: Protocol) -> dict[str, Any]:
    entry, signature = row.entry, row.entry.signatures[protocol]
    return {
        "model": entry.model,
        "revision": entry.revision,
        "address": entry.address,
        "ran_as": entry.ran_as or None,
        "family": entry.family,
        "parameters": entry.parameters,
        "setting": entry.setting,
        "prompt": signature.prompt,
        "decoding": signature.decode,
        "date": entry.date,
        "figures": {name: found.to_dict() for name, found in row.figures.items()},
        "clean": entry.clean.get(protocol),
        "ranks": {name: rank and list(rank) for name, rank in row.ranks.items()},
        "signature": str(signature),
        "report": entry.report,
    }
