"""The argument about one schedule line: each command is one word of one side, kept for ever."""

from __future__ import annotations

from uuid import UUID

from scmhub.database.unit import Unit
from scmhub.graph import given as take
from scmhub.graph.declare import command
from scmhub.records.orders import agreed, rules, whole
from scmhub.records.orders.inputs import ScheduleLineProposeInput, ScheduleLineStepInput
from scmhub.records.orders.rules import Slice


async def _say(
    unit: Unit, given: ScheduleLineProposeInput | ScheduleLineStepInput, step: str, action: str,
    slices: tuple[Slice, ...] = (),
) -> UUID:  # fmt: skip
    """Take a step for the acting side, keep its word, and store what follows."""
    opened, stored = await whole.open_schedule_line(unit, given.schedule_line, given.expected_version)
    with take.about(opened.order.id):
        reason = take.some_text(given.reason, take.NOTE, ["input", "reason"], lines=True)
        revision_no, word = (await whole.last_words(unit, [stored.id]))[stored.id]
        side = whole.side_of(opened.order, unit.partner_id)
        before = whole.standing_of(stored, word)
        standing, _ = rules.take_step(before, side, step, slices)
        changes = before.first is not None and step in ("PROPOSE", "CANCEL")
        inside = changes and await agreed.inside_frozen(unit, opened, stored, slices)
        due = await agreed.answer_due(unit, opened.order, standing.state)
    whole.speak(opened, stored, standing, revision_no + 1, reason, inside, due)
    await whole.store(unit, opened, action)
    return opened.order.id


@command(
    "scheduleLinePropose", payload="Order",
    description="Proposes other quantities or days, as the side whose turn it is; a smaller quantity confirms in part. "
    "After the first agreement it asks for a change, which either side may do; the promise stands until accepted. "
    "ILLEGAL_TRANSITION: the change lies inside a frozen fence, and the agreement has such changes refused.",
)  # fmt: skip
async def schedule_line_propose(unit: Unit, given: ScheduleLineProposeInput) -> UUID:
    take.count(len(given.slices), rules.MOST_SLICES, "slices", ["input", "slices"])
    slices = tuple(
        Slice(take.positive(each.quantity, ["input", "slices", str(place), "quantity"]), each.due_on)
        for place, each in enumerate(given.slices)
    )
    return await _say(unit, given, "PROPOSE", "PROPOSED", slices)


@command(
    "scheduleLineAccept", payload="Order",
    description="Agrees to what the other side last asked for or proposed, a cancellation included.",
)  # fmt: skip
async def schedule_line_accept(unit: Unit, given: ScheduleLineStepInput) -> UUID:
    return await _say(unit, given, "ACCEPT", "ACCEPTED")


@command("scheduleLineReject", payload="Order", description="The seller declines altogether, before any agreement.")
async def schedule_line_reject(unit: Unit, given: ScheduleLineStepInput) -> UUID:
    return await _say(unit, given, "REJECT", "REJECTED")


@command(
    "scheduleLineDeclineChange", payload="Order",
    description="Refuses a change the other side asked for: the last promise stands.",
)  # fmt: skip
async def schedule_line_decline_change(unit: Unit, given: ScheduleLineStepInput) -> UUID:
    return await _say(unit, given, "DECLINE_CHANGE", "CHANGE_DECLINED")


@command(
    "scheduleLineCancel", payload="Order",
    description="Before any agreement the buyer takes its wish back. Afterwards either side asks the other to call off "
    "what has not been shipped; it takes effect when the other accepts. ILLEGAL_TRANSITION: a promise lies inside a "
    "frozen fence, and the agreement has changes of it refused.",
)  # fmt: skip
async def schedule_line_cancel(unit: Unit, given: ScheduleLineStepInput) -> UUID:
    return await _say(unit, given, "CANCEL", "CANCELLED")
