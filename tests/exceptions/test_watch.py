"""The watch itself: what is seen twice is written once, whoever dies in between; time and people have their part."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import pytest

from scmhub.database.tables import READ_ROLE
from scmhub.exceptions import books
from scmhub.exceptions.watch import LOCK
from tests.exceptions.test_criteria import said

from ..records.forecasts.firms import week
from ..records.risks.acts import do
from .watched import Watched

CASE = "case { id version state severity level entries { nodes { act author { code } } } }"


async def busy(watched: Watched) -> None:
    """Findings of every family, for both partners."""
    await watched.ordered("100", "2026-03-05")
    forecast = await watched.forecast("100", "120", "100", first=3)
    await watched.commit(forecast, "100", "90", "96", first=3)
    await watched.targets(await watched.stock("100"), target="400")
    watched.firms.clock.pass_by(days=16)
    await watched.forecast("100", first=6)


async def test_the_same_changes_read_again_write_nothing(watched: Watched) -> None:
    await busy(watched)
    await watched.look()
    assert len(await watched.breaches("acme")) >= 4
    await watched.pump.drain()
    once = await watched.written()
    for forget in ("delete from watch_place", "update watch_place set seq = 0, swept_at = '2000-01-01'"):
        await watched.firms.superuser.execute(forget)
        await watched.look()
        assert await watched.written() == once


async def test_one_that_dies_before_it_noted_its_place_is_followed_by_one_that_writes_nothing(watched: Watched) -> None:
    await busy(watched)
    await watched.pump.drain()
    superuser = watched.firms.superuser
    async with superuser.transaction():
        await superuser.execute("lock table watch_place in share mode")  # it can read its place and not note it
        work = asyncio.ensure_future(watched.watch.once())
        waiting = "select exists (select from pg_locks where not granted and relation = 'watch_place'::regclass)"
        while not await superuser.fetchval(waiting):
            await asyncio.sleep(0)
        assert await superuser.fetchval("select count(*) from breach") >= 4
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        await watched.watch.close()
    await watched.pump.drain()
    once = await watched.written()
    assert await superuser.fetchval("select count(*) from watch_place") == 0
    watched.watch = watched.another()
    await watched.look()
    assert await watched.written() == once
    assert await superuser.fetchval("select count(*) from watch_place") == 1


async def test_one_whose_connections_are_cut_leaves_whole_findings(watched: Watched) -> None:
    """Half of a page judged, its writes cut off: the next one does the rest, and every breach has its one case."""
    await busy(watched)
    await watched.pump.drain()
    superuser = watched.firms.superuser
    async with superuser.transaction():
        await superuser.execute("lock table case_entry in share mode")  # the first case cannot be finished
        work = asyncio.ensure_future(watched.watch.once())
        waiting = "select pid from pg_locks where not granted and relation = 'case_entry'::regclass"
        while (pid := await superuser.fetchval(waiting)) is None:
            await asyncio.sleep(0)
        await superuser.execute("select pg_terminate_backend($1)", pid)
        with pytest.raises(Exception, match=r"service|again|terminat"):
            await work
    assert await superuser.fetchval("select count(*) from breach") == 0
    await watched.look()
    pairs = await superuser.fetch(
        "select count(c.id) as cases, count(*) filter (where e.act = 'OPEN') as opened from breach b"
        " join case_file c on c.breach_id = b.id join case_entry e on e.case_id = c.id group by b.id"
    )
    assert len(pairs) >= 4
    assert {tuple(row) for row in pairs} == {(1, 1)}


async def test_of_two_replicas_one_works(watched: Watched) -> None:
    await busy(watched)
    await watched.pump.drain()
    other = watched.another()
    await watched.firms.superuser.execute("select pg_advisory_lock($1)", LOCK)
    assert await watched.watch.once() is False
    assert await watched.firms.superuser.fetchval("select count(*) from breach") == 0
    await watched.firms.superuser.execute("select pg_advisory_unlock($1)", LOCK)
    for _ in range(3):
        await asyncio.gather(watched.watch.once(), other.once())
    found = await watched.firms.superuser.fetch("select affected_id, criterion, subject, bucket from breach")
    assert len(found) == len({tuple(row) for row in found}) >= 4
    assert {each["version"] for each in await watched.breaches("acme")} == {1}
    await other.close()


async def test_what_left_the_log_unread_is_found_by_looking_at_everything(watched: Watched) -> None:
    await watched.look()
    order = await watched.ordered("200", "2026-03-10")
    shipment = await watched.shipped(order, "200", "2026-03-05T08:00:00Z", "2026-03-10T08:00:00Z")
    await watched.received(shipment, "100")
    await watched.targets(await watched.stock("100"), target="400")
    await watched.pump.drain()
    assert await watched.pump.trim(datetime(2100, 1, 1, tzinfo=UTC)) > 0
    await watched.look()
    assert {each["criterion"] for each in await watched.breaches("acme")} >= {"RECEIPT_VARIANCE", "BELOW_TARGET"}


async def test_the_hub_escalates_once_for_each_due_day(watched: Watched) -> None:
    await watched.targets(await watched.stock("320"), target="400")
    await watched.look()
    [case] = (await watched.breach("acme", "BELOW_TARGET"))["cases"]["nodes"]
    assert (case["dueOn"], case["severity"]) == ("2026-03-14", "LOW")
    for _ in range(2):
        watched.firms.clock.pass_by(days=11)
        await watched.stock("320")
        await watched.look()
    [case] = (await watched.breach("acme", "BELOW_TARGET"))["cases"]["nodes"]
    assert (case["level"], case["severity"]) == (1, "MEDIUM")
    case = await do(
        watched.firms, "acme", "caseRevise", CASE, case=case["id"], expectedVersion=case["version"], dueOn="2026-03-30"
    )
    watched.firms.clock.pass_by(days=5)
    await watched.look()
    [case] = (await watched.breach("acme", "BELOW_TARGET"))["cases"]["nodes"]
    assert (case["level"], case["severity"]) == (2, "HIGH")
    acts = [(each["act"], each["author"]) for each in case["entries"]["nodes"]]
    assert acts == [("OPEN", None), ("ESCALATE", None), ("REVISE", {"code": "ACME"}), ("ESCALATE", None)]


async def test_what_people_settled_stays_settled_until_it_happens_anew(watched: Watched) -> None:
    await watched.targets(await watched.stock("300"), target="400")
    await watched.look()
    [case] = (await watched.breach("acme", "BELOW_TARGET"))["cases"]["nodes"]
    step: dict[str, Any] = {"case": case["id"]}
    for version, act in enumerate(("Start", "Resolve", "Close"), 1):
        await do(watched.firms, "acme", f"case{act}", CASE, **step, expectedVersion=version)  # alone, it takes each step
    await watched.stock("200")
    await watched.look()
    worse = await watched.breach("acme", "BELOW_TARGET")
    assert (said(worse)[0], worse["cases"]["nodes"][0]["state"]) == ("50", "CLOSED")
    for available, state in (("400", "CLOSED"), ("300", "REOPENED")):
        await watched.stock(available)
        await watched.look()
        assert (await watched.breach("acme", "BELOW_TARGET"))["cases"]["nodes"][0]["state"] == state


async def test_what_is_back_in_tolerance_is_closed_by_whom_it_affects(watched: Watched) -> None:
    order = await watched.ordered("100", "2026-03-10")
    watched.firms.clock.pass_by(days=8)
    await watched.look()
    await watched.promise(order, "2026-03-20")
    await watched.look()
    [case] = (await watched.breach("acme", "LATE_ORDER"))["cases"]["nodes"]
    closed = await do(watched.firms, "acme", "caseClose", CASE, case=case["id"], expectedVersion=case["version"])
    assert closed["state"] == "CLOSED"


async def test_what_is_over_is_not_read_again_with_every_look(watched: Watched) -> None:
    """Two weeks were committed short and put right: the next look reads what stands, and what it has found now."""
    firms = watched.firms
    forecast = await watched.forecast("120", "100", "100", first=3)
    for commits in (("100", "60", "60"), ("100", "100", "60")):
        await watched.commit(forecast, *commits, first=3)
        await watched.look()
    assert len(await watched.breaches("acme", "FORECAST_MISMATCH")) == 3
    subject, criteria = [forecast["id"]], ("FORECAST_MISMATCH",)
    async with firms.hub.database.unit(firms.keys["acme"], "test", firms.clock) as unit:
        stands = await books._known(unit, subject, criteria, set())
        with_found = await books._known(unit, subject, criteria, {date.fromisoformat(week(4))})
    assert {str(bucket) for *_, bucket in stands} == {week(3), week(5)}
    assert {str(bucket) for *_, bucket in with_found} == {week(3), week(4), week(5)}


async def test_the_connection_of_the_watch_only_reads(watched: Watched) -> None:
    """What it writes, it writes as the partner it judges for, under that partner's row level security."""
    connection = await watched.watch._connected()
    assert await connection.fetchval("select current_user") == READ_ROLE
    for statement in ("update watch_place set seq = 0", "insert into breach default values"):
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError)):
            await connection.execute(statement)


async def test_a_subject_that_cannot_be_judged_holds_up_no_other(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    await watched.targets(await watched.stock("300"), target="400")
    entered = books.enter

    async def fails(unit: Any, judged: Any, criteria: Any, findings: Any) -> Any:
        if len(judged) > 1 or "LATE_ORDER" in criteria:
            raise ZeroDivisionError
        return await entered(unit, judged, criteria, findings)

    monkeypatch.setattr(books, "enter", fails)
    await watched.ordered("100", "2026-03-10")
    watched.firms.clock.pass_by(days=8)
    await watched.look()
    assert [each["criterion"] for each in await watched.breaches("acme", "BELOW_TARGET")] == ["BELOW_TARGET"]
    assert await watched.breaches("acme", "LATE_ORDER") == []
