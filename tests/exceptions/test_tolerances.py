"""Defaults until a signed clause is in force, the clause from its first day on; and a clause is between its signers."""

from __future__ import annotations

from datetime import date

import pytest

from scmhub.exceptions.tolerances import FROZEN_DAYS, in_force

from ..records.agreements.acts import signed
from ..records.forecasts.firms import week
from ..records.risks.acts import refused
from .signed import agreed
from .test_criteria import said
from .test_visibility import seen
from .watched import Watched


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
        assert known.fence(firms.keys["acme"], None, firms.keys["bolt"]).days == wanted
        assert known.fence(firms.keys["cargo"], None, firms.keys["bolt"]).days == FROZEN_DAYS


async def test_a_forecast_changed_inside_the_signed_fence_names_it(watched: Watched) -> None:
    """Week 4 is outside the hub's fence of 14 days, and inside the 28 that were signed."""
    fences = {"frozen_days": 28, "firm_days": 40, "flexible_days": 60, "inside_frozen": "MARKED"}
    agreement = await agreed(watched, date(2026, 3, 1), "fence_clause", **fences)
    await watched.forecast("100", "100", first=4)
    watched.firms.clock.pass_by(days=6)
    await watched.forecast("100", "150", first=4)
    await watched.look()
    moved = await watched.breach("bolt", "FROZEN_CHANGE")
    assert (moved["bucket"], moved["evidence"]["nodes"][-1]) == (
        week(5), {"kind": "Agreement", "record": agreement, "field": "fences", "value": "28", "recordVersion": 3}
    )  # fmt: skip


async def test_a_signed_stock_policy_is_the_target_where_the_owner_has_set_none(watched: Watched) -> None:
    firms = watched.firms
    place = {"item_id": firms.keys["acme-casting"], "site_id": firms.keys["acme-plant"]}
    agreement = await agreed(
        watched, date(2026, 3, 6), "stock_policy_clause", until=date(2026, 3, 8), **place, unit="H87",
        stock_owner_id=firms.keys["acme"], minimum=100, target=400,
    )  # fmt: skip
    position = await watched.stock("300")
    await watched.look()
    assert await watched.breaches("acme") == []
    firms.clock.pass_by(days=2)
    await watched.look()
    below = await watched.breach("acme", "BELOW_TARGET")
    assert (said(below), below["basis"]) == (("25", "P1", "MEDIUM", True), "DEFAULT")
    assert below["evidence"]["nodes"][-1] == {
        "kind": "Agreement", "record": agreement, "field": "stockPolicies.target", "value": "400", "recordVersion": 3,
    }  # fmt: skip
    await firms.grant("acme", "dyna", "INVENTORY", "stock", "targets", "parties", days_back=90)
    await firms.grant("acme", "bolt", "INVENTORY", "stock", "targets", "parties", days_back=90)
    assert not await seen(watched, "dyna", below)  # what was signed is between the two
    assert await seen(watched, "bolt", below)
    firms.clock.pass_by(days=3)
    await watched.look()
    assert said(await watched.breach("acme", "BELOW_TARGET"))[3] is False  # its last day is over
    await watched.targets(position, target="320")
    await watched.look()
    assert said(await watched.breach("acme", "BELOW_TARGET"))[0] == "6.25"  # what the owner sets goes before


async def test_projected_stock_is_judged_by_what_was_signed_with_whoever_supplies_it(watched: Watched) -> None:
    firms = watched.firms
    for criterion, allowed, grave in (("SHORTAGE", 30, 40), ("EXCESS", 25, 40)):
        await agreed(
            watched, date(2026, 3, 5), "tolerance_clause", criterion=criterion, allowed=allowed, grave=grave, unit="P1"
        )  # fmt: skip
    position = await watched.stock("200")
    await watched.targets(position, maximum="130")
    await watched.forecast("70", "70", "70", "70", site=True)  # 150, 80, 10, -60
    await watched.look()
    short, full = await watched.breach("acme", "SHORTAGE"), await watched.breach("acme", "EXCESS")
    assert (said(short)[:3], short["basis"]) == (("85.7143", "P1", "HIGH"), "DEFAULT")
    assert (said(full)[:3], full["basis"]) == (("15.3846", "P1", "LOW"), "DEFAULT")
    firms.clock.pass_by(days=1)
    await watched.look()
    assert said(await watched.breach("acme", "EXCESS"))[3] is False
    short = await watched.breach("acme", "SHORTAGE")
    assert (said(short)[:3], short["basis"], short["allowed"]) == (("71.4286", "P1", "HIGH"), "CLAUSE", "30")
    assert [each["field"] for each in short["evidence"]["nodes"]][-1] == "tolerance"
    assert short["other"] is None  # bolt does not see the stock: it is the owner's own matter, until a rule opens it


async def test_the_first_and_the_last_day_of_a_clause_put_what_it_speaks_of_in_question(watched: Watched) -> None:
    """Six days early: tolerated until the 6th, and nothing else happens on the 7th."""
    await agreed(
        watched, date(2026, 3, 1), "tolerance_clause", until=date(2026, 3, 6), criterion="EARLY_ORDER", allowed=9,
        grave=20, unit="DAY",
    )  # fmt: skip
    order = await watched.ordered("100", "2026-03-20")
    await watched.shipped(order, "100", "2026-03-05T08:00:00Z", "2026-03-14T08:00:00Z")
    watched.firms.clock.pass_by(days=2)
    await watched.look()
    assert await watched.breaches("acme", "EARLY_ORDER") == []
    watched.firms.clock.pass_by(days=1)
    await watched.look()
    assert (await watched.breach("acme", "EARLY_ORDER"))["basis"] == "DEFAULT"


async def test_what_is_signed_on_its_first_day_counts_at_once(watched: Watched) -> None:
    order = await watched.ordered("100", "2026-03-18")
    await watched.shipped(order, "100", "2026-03-05T08:00:00Z", "2026-03-14T08:00:00Z")
    await watched.look()
    assert await watched.breaches("acme", "EARLY_ORDER") == []
    await signed(watched.firms, {"tolerance": {"criterion": "EARLY_ORDER", "allowed": "3", "grave": "9"}}, first=0)
    await watched.look()
    early = await watched.breach("acme", "EARLY_ORDER")
    assert (said(early)[0], early["allowed"], early["basis"]) == ("4", "3", "CLAUSE")


async def test_a_change_that_the_signed_fence_refuses_leaves_no_trace_and_opens_no_case(watched: Watched) -> None:
    """Who asked has said nothing: bolt learns of no wish, and the hub finds nothing. In words, a case may be opened."""
    firms = watched.firms
    fences = {"frozen_days": 28, "firm_days": 40, "flexible_days": 60, "inside_frozen": "REFUSED"}
    await agreed(watched, date(2026, 3, 1), "fence_clause", **fences)
    order = await watched.reread(await watched.ordered("100", "2026-03-20"))
    await watched.look()
    before, orders = await watched.written(), await watched.reread(order)
    line = order["lines"]["nodes"][0]["schedule"]["nodes"][0]
    given = {"scheduleLine": line["id"], "expectedVersion": line["version"]}
    wanted = [{"quantity": "90", "dueOn": "2026-03-20"}]
    for step, more in (("scheduleLinePropose", {"slices": wanted}), ("scheduleLineCancel", {})):
        code, path, message = await refused(firms, "acme", step, **given, **more)
        assert (code, path) == ("ILLEGAL_TRANSITION", "input")
        assert "Allowed: changes of days from 2026-04-02 on, caseOpen" in message
    await watched.look()
    assert (await watched.written(), await watched.reread(order)) == (before, orders)
    assert await watched.breaches("bolt") == []
