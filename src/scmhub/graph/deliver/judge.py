"""Judging: pairs (event, partner) become items, by one statement per kind, at the moment of delivery.

The statement reads today's rules: what follows the place of a revoke in the log is judged after it. No row: the partner
may not see the record; then the same policy is asked over the old keys, and who could see it under those is told that
it left. Who could not is told nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import orjson

from scmhub.clock import Clock, render
from scmhub.database.pool import ReadPool
from scmhub.feed.log import ACCESS, NARROWED, WINDOW, Event
from scmhub.graph.declare import REGISTRY, Kind
from scmhub.graph.deliver.narrowed import Narrowed, shared_as
from scmhub.graph.deliver.selection import FeedInputs, FeedSelection, KindPlan, Where
from scmhub.graph.receipts import Receipts
from scmhub.ids import public_id
from scmhub.sharing.announce import concerns
from scmhub.sharing.lens import Lens
from scmhub.sharing.limits import Governed
from scmhub.sharing.receipts import without_marks

MOST_PAIRS = 200
"""Pairs of one statement."""
Pair = tuple[Event, Lens]


@dataclass(frozen=True, slots=True)
class Item:
    """One item for one lens, without its cursor. ``back``: it stands before its event, because more of it follows."""

    type_name: str
    values: dict[str, Any]
    records: dict[str, bytes]
    back: bool = False


class Judge:
    """Runs feed statements on connections set aside for delivery."""

    def __init__(self, reads: ReadPool, clock: Clock, receipts: Receipts) -> None:
        self._reads = reads
        self._receipts = receipts
        self._clock = clock
        self._narrowed = Narrowed(reads)
        self.statements = 0

    async def items(
        self, selection: FeedSelection, args: list[dict[str, Any]], pairs: Sequence[Pair], where: Where
    ) -> list[list[Item]]:
        """What each pair is told, aligned with ``pairs``; usually one item or none. ``where`` admits all events."""
        found: list[list[Item]] = [[] for _ in pairs]
        alike: defaultdict[tuple[str, Any, Any], list[int]] = defaultdict(list)
        for number, (event, lens) in enumerate(pairs):
            if event.kind == ACCESS:
                found[number] = await self._access_items(selection, pairs[number], where)
            elif event.kind in selection.plans and _holds(lens, selection.plans[event.kind].kind):
                alike[event.kind, lens.purposes, lens.kinds].append(number)
        for (code, *_), numbers in alike.items():
            for start in range(0, len(numbers), MOST_PAIRS):
                chunk = numbers[start : start + MOST_PAIRS]
                answers = await self._judge(selection, selection.plans[code], args, [pairs[n] for n in chunk])
                for number, item in zip(chunk, answers, strict=True):
                    found[number] = [item] if item else []
        return found

    async def _judge(
        self, selection: FeedSelection, plan: KindPlan, args: list[dict[str, Any]], pairs: list[Pair]
    ) -> list[Item | None]:
        """``pairs``: of one kind, and of lenses that differ in nothing but the partner."""
        now = self._clock()
        records, partners = [event.record_id for event, _ in pairs], [lens.partner_id for _, lens in pairs]
        inputs = FeedInputs(now, now.date(), args, records, partners, lens=pairs[0][1])
        self.statements += 1
        rows = await self._rows(plan.judge, inputs)
        asked = any(row["mark"] for row in rows)
        if asked:
            rows = await self._rows(plan.judge_marked, inputs)
        seen = {row["n"] - 1: row for row in rows}
        left = await self._left(plan, inputs, pairs, seen)
        items = [
            _changed(selection, plan, pair, seen[number])
            if number in seen
            else _no_longer(plan.code, plan.kind.prefix, pair[0].record_id, pair[0])
            if number in left
            else None
            for number, pair in enumerate(pairs)
        ]
        if asked:
            sent = [(pairs[n][1].partner_id, _with_marks(row)) for n, row in seen.items() if items[n]]
            await self._receipts.sent(sent, selection.document, selection.operation, now)
        return items

    async def _rows(self, statement: Governed, inputs: FeedInputs) -> list[Any]:
        return await self._reads.rows(*statement.asked(inputs))

    async def _left(self, plan: KindPlan, inputs: FeedInputs, pairs: list[Pair], seen: dict[int, Any]) -> set[int]:
        """Numbers of pairs whose partner could see the record under its old keys and cannot now."""
        gone: defaultdict[int, list[int]] = defaultdict(list)
        for number, (event, _) in enumerate(pairs):
            if event.was and number not in seen:
                gone[event.seq].append(number)
        left: set[int] = set()
        for numbers in gone.values():
            inputs.records = [pairs[number][0].record_id for number in numbers]
            inputs.lenses = [pairs[number][1].partner_id for number in numbers]
            inputs.was = orjson.dumps(pairs[numbers[0]][0].was).decode()
            rows = await self._rows(plan.was, inputs)
            left |= {numbers[row["n"] - 1] for row in rows}
        return left

    async def _access_items(self, selection: FeedSelection, pair: Pair, where: Where) -> list[Item]:
        """That access changed; then each record that was lost by it, or what to read again because of it."""
        event, lens = pair
        spoken_of = {code: plan.kind for code, plan in selection.plans.items() if shared_as(plan.kind) in event.changed}
        kinds = {code: kind for code, kind in spoken_of.items() if _holds(lens, kind)}
        if not kinds or not concerns(event, lens):
            return []
        owner = public_id("ptr", event.owner_id)
        changed = {"at": render(event.at), "owner": owner, "kinds": list(kinds), "direction": event.action}
        items = [Item("AccessChanged", changed, {})]
        if event.action == NARROWED:
            # Not before the event, by the clock of whoever closed it: a window that has ended there has ended here.
            now = max(self._clock(), event.at)
            lost, whole = await self._narrowed.lost(kinds, event, lens, now)
            items += [
                _no_longer(code, kinds[code].prefix, key, event)
                for code, key in lost
                if (where.kinds is None or code in where.kinds) and (where.records is None or key in where.records)
            ]
        else:
            whole = event.action == WINDOW
        if not whole:
            reset = {"reason": "ACCESS_CHANGED", "owners": [owner], "kinds": list(kinds)}
            items.append(Item("Reset", reset, {}))
        return [*(replace(each, back=True) for each in items[:-1]), items[-1]]

    async def snapshot(
        self, selection: FeedSelection, plan: KindPlan, args: list[dict[str, Any]], lens: Lens, after: UUID
    ) -> list[tuple[UUID, UUID, Item]]:
        """(id, owner, item) of the next visible records of a kind; empty: no more."""
        if not _holds(lens, plan.kind):
            return []
        now = self._clock()
        inputs = FeedInputs(now, now.date(), args, lens=lens, after=after)
        self.statements += 1
        rows = await self._rows(plan.snapshot, inputs)
        if any(row["mark"] for row in rows):
            rows = await self._rows(plan.snapshot_marked, inputs)
            sent = [(lens.partner_id, _with_marks(row)) for row in rows]
            await self._receipts.sent(sent, selection.document, selection.operation, now)
        wanted = _record_keys(selection, "SnapshotRecord")
        return [
            (
                row["id"], row["owner"],
                Item(
                    "SnapshotRecord", {"kind": plan.code, "recordId": public_id(plan.kind.prefix, row["id"])},
                    _records(wanted, row["record"]),
                ),
            )
            for row in rows
        ]  # fmt: skip


def _holds(lens: Lens, kind: Kind) -> bool:
    """Whether there can be records of the kind for the lens at all."""
    return lens.kinds is None or lens.holds(REGISTRY.families[kind.name])


def _changed(selection: FeedSelection, plan: KindPlan, pair: Pair, row: Any) -> Item | None:
    """The item of a visible record; None if every changed field is hidden: then nothing has happened."""
    event, lens = pair
    shown = plan.shown(event.changed, row["granted"])
    if event.changed and not shown:
        return None
    values = {
        "id": public_id("chg", event.event_id),
        "at": render(event.at),
        "kind": event.kind,
        "action": event.action,
        "actor": event.actor if event.acting_id == lens.partner_id else None,
        "recordId": public_id(plan.kind.prefix, event.record_id),
        "changedFields": shown,
    }
    return Item("Changed", values, _records(_record_keys(selection, "Changed"), row["record"]))


def _no_longer(code: str, prefix: str, key: UUID, event: Event) -> Item:
    return Item("NoLongerVisible", {"at": render(event.at), "kind": code, "recordId": public_id(prefix, key)}, {})


def _with_marks(row: Any) -> bytes:
    """What a marked statement says of a record: its own mark, and those of what was selected of it."""
    return (row["mark"] or "").encode() + (row["record"] or b"")


def _record_keys(selection: FeedSelection, type_name: str) -> list[str]:
    return [key for key, name in selection.members[type_name] if name == "record"]


def _records(keys: list[str], found: bytes | None) -> dict[str, bytes]:
    """Response key -> record; several keys come as one object."""
    if not keys or found is None:
        return {}
    found = without_marks(found)
    if len(keys) == 1:
        return {keys[0]: found}
    return {key: orjson.dumps(value) for key, value in orjson.loads(found).items()}
