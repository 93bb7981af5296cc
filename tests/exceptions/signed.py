"""What acme and bolt have signed, in short."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from scmhub.ids import new_id

from ..records.forecasts.firms import NOW
from .watched import Watched


async def agreed(watched: Watched, since: date, table: str, until: date | None = None, **clause: Any) -> str:
    """acme and bolt signed a clause; the id of its agreement. Nothing tells of its first day or its last."""
    keys = watched.firms.keys
    agreement, version, when = new_id(NOW), new_id(NOW), NOW - timedelta(days=1)
    ends = {"relationship_id": keys["bolt-acme"], "provider_id": keys["bolt"], "recipient_id": keys["acme"]}
    rows = (
        ("agreement", {
            "id": agreement, **ends, "title": "Castings", "state": "SIGNED", "version_no": 3, "version": 1,
            "created_at": when,
        }),
        ("agreement_version", {
            "id": version, "agreement_id": agreement, **ends, "version_no": 3, "state": "SIGNED", "proposed_by": keys["acme"],
            "in_force_from": since, "in_force_until": until, "notice_days": 0, "digest": "d", "proposed_at": when, "signed_at": when,
        }),
        (table, {"id": new_id(NOW), "version_id": version, "clause_no": 1, **clause}),
    )  # fmt: skip
    for name, row in rows:
        places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
        await watched.firms.superuser.execute(f"insert into {name} ({', '.join(row)}) values ({places})", *row.values())
    return f"agr_{agreement}"
