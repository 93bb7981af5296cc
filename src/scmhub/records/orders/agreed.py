"""What an agreement in force says about an order: changes inside the frozen fence, and the day an answer is due.

acme and bolt agreed that nothing within 14 days is changed, from 1 April on. On 31 March acme may still ask for a week
less of what is promised for 8 April; on 1 April it is refused. What had been asked before may be accepted afterwards:
the day of asking counts. What is overdue lies outside the fence: a new day for it is wanted, not forbidden.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlmodel import col, select

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.ids import public_id
from scmhub.partners.clauses import Clause, Fences, ResponseTime, clause_in_force
from scmhub.records.orders import rules
from scmhub.records.orders.model import OrderTable, RevisionTable, ScheduleLineTable, SliceTable
from scmhub.records.orders.rules import Slice
from scmhub.records.orders.whole import Whole

_SUBJECTS = {"SENT": "ORDER", "SELLER_PROPOSED": "ORDER", "BUYER_PROPOSED": "ORDER", "CHANGE_REQUESTED": "CHANGE"}
"""State that waits for an answer -> what the answer is about."""


async def answer_due(unit: Unit, order: OrderTable, state: str) -> date | None:
    """The day by which an answer is agreed for a schedule line that now comes to ``state``; None if for none."""
    if state not in _SUBJECTS:
        return None
    today = unit.now.date()
    found = await clause_in_force(
        unit.rows, ResponseTime, order.buyer_id, order.seller_id, today, about=_SUBJECTS[state], seller=order.seller_id
    )
    return today + timedelta(days=found.terms.days) if found else None


async def inside_frozen(unit: Unit, opened: Whole, stored: ScheduleLineTable, asked: Sequence[Slice]) -> bool:
    """Whether a change of what was agreed lies inside the frozen fence; a refusal if such changes are to be refused."""
    order, today = opened.order, unit.now.date()
    line = next(each for each in opened.lines if each.id == stored.line_id)
    found = await clause_in_force(
        unit.rows, Fences, order.buyer_id, order.seller_id, today, seller=order.seller_id, item=line.item_id
    )
    if found is None:
        return False
    touched = rules.touched_days(await _agreed(unit, stored), asked)
    frozen = [day for day in touched if rules.inside_frozen(day, today, found.terms.frozen_days)]
    if frozen and found.terms.inside_frozen == "REFUSED":
        raise _refusal(found, frozen[0], today, stored)
    return bool(frozen)


def _refusal(clause: Clause[Fences], day: date, today: date, stored: ScheduleLineTable) -> Refusal:
    """Names the clause, the fence and what may be done instead. Nothing is written: who asked has said nothing."""
    days = clause.terms.frozen_days
    answers = "scheduleLineAccept, scheduleLineDeclineChange, " if stored.state == "CHANGE_REQUESTED" else ""
    return Refusal(
        "ILLEGAL_TRANSITION", f"{day} lies inside the frozen fence of {days} days; both sides signed in version"
        f" {clause.version_no} of {public_id('agr', clause.agreement_id)} (clause {public_id('clf', clause.id)}) that"
        f" changes in it are refused. Allowed: {answers}changes of days from {today + timedelta(days=days + 1)} on,"
        " caseOpen (an INQUIRY about that day), agreementRevise (other fences).", ["input"],
    )  # fmt: skip


async def _agreed(unit: Unit, stored: ScheduleLineTable) -> list[Slice]:
    """The slices both sides agreed last; for goods that were promised without a word, the promise."""
    newest = (
        select(RevisionTable.id).where(RevisionTable.schedule_line_id == stored.id, RevisionTable.act == "ACCEPT")
        .order_by(col(RevisionTable.revision_no).desc()).limit(1)
    )  # fmt: skip
    rows = await unit.session.exec(select(SliceTable).where(col(SliceTable.revision_id).in_(newest)))
    slices = [Slice(each.quantity, each.due_on) for each in rows.all()]
    if slices or stored.last_promise_on is None or stored.last_promise_quantity is None:
        return slices
    return [Slice(stored.last_promise_quantity, stored.last_promise_on)]
