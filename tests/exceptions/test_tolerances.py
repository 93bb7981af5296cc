"""Defaults until a signed clause is in force, the clause from its first day on; and a clause is between its signers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from scmhub.exceptions.tolerances import FROZEN_DAYS, in_force
from scmhub.ids import new_id

from ..records.forecasts.firms import NOW
from .test_criteria import said
from .test_visibility import seen
from .watched import Watched


async def agreed(watched: Watched, since: date, table: str, **clause: Any) -> str:
    """acme and bolt signed a clause; the id of its agreement."""
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
            "in_force_from": since, "notice_days": 0, "digest": "d", "proposed_at": when, "signed_at": when,
        }),
        (table, {"id": new_id(NOW), "version_id": version, "clause_no": 1, **clause}),
    )  # fmt: skip
    for name, row in rows:
        places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
        await watched.firms.superuser.execute(f"insert into {name} ({', '.join(row)}) values ({places})", *row.values())
    return f"agr_{agreement}"


async def test_a_clause_counts_from_its_first_day_and_never_before(watched: Watched) -> None:
    clock = watched.firms.clock
    agreement = await agreed(
        watched, date(2026, 3, 12), "tolerance_clause", criterion="LATE_ORDER", allowed=3, grave=6, unit="DAY"
    )  # fmt: skip
    await watched.firms.grant("acme", "dyna", "ORDER", "promises", "fulfilment", days_back=90, days_ahead=90)
    await watched.ordered("100", "2026-03-10")
    clock.pass_by(days=7)
    await watched.look()
    late = await watched.breach("acme", "LATE_ORDER")
    assert (said(late), late["basis"], late["basisVersion"], late["allowed"]) == (("1", "DAY", "LOW", True), "DEFAULT", 1, "0")
    assert await seen(watched, "dyna", late)
    clock.pass_by(days=1)
    await watched.look()
    assert said(await watched.breach("acme", "LATE_ORDER"))[3] is False  # 2 days, and 3 are agreed now
    clock.pass_by(days=3)
    await watched.look()
    late = await watched.breach("bolt", "LATE_ORDER")
    assert (said(late), late["basis"], late["basisVersion"]) == (("5", "DAY", "MEDIUM", True), "CLAUSE", 3)
    signed = late["evidence"]["nodes"][-1]
    assert signed == {"kind": "Agreement", "record": agreement, "field": "tolerance", "value": "3", "recordVersion": 3}
    assert not await seen(watched, "dyna", late)


@pytest.mark.parametrize(("subject", "days", "found"), [("ORDER", 2, True), ("CHANGE", 2, False), ("ORDER", 9, False)])
async def test_an_answer_may_take_what_was_agreed(watched: Watched, subject: str, days: int, found: bool) -> None:
    await agreed(watched, date(2026, 3, 1), "response_clause", subject=subject, days=days)
    await watched.ordered("100", "2026-04-20", confirm=False)
    watched.firms.clock.pass_by(days=3)
    await watched.look()
    assert bool(await watched.breaches("bolt", "RESPONSE_REQUIRED")) is found


async def test_fences_are_as_long_as_agreed(watched: Watched) -> None:
    firms = watched.firms
    fences = {"frozen_days": 28, "firm_days": 40, "flexible_days": 60, "inside_frozen": "MARKED"}
    for since, wanted in ((date(2026, 3, 9), FROZEN_DAYS), (date(2026, 3, 4), 28)):
        await agreed(watched, since, "fence_clause", **fences)
        async with firms.hub.database.unit(firms.keys["bolt"], "test", firms.clock) as unit:
            known = await in_force(unit, [firms.keys["acme"], firms.keys["bolt"]], unit.now.date())
        assert known.frozen_days(firms.keys["acme"], None, firms.keys["bolt"]) == wanted
        assert known.frozen_days(firms.keys["cargo"], None, firms.keys["bolt"]) == FROZEN_DAYS
