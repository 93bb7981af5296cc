"""A chain whose every value is a marker: whatever its neighbours ask, no byte of any answer shows one.

The operations come from the schema: a new type, field, argument or command is asked without anybody writing a test.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from scmhub.database.tables import metadata
from scmhub.graph.request import GraphQLRequest

from ..support.hub import Bench, viewer_of
from ..support.rows import insert
from ..support.world import World
from .markers import Markers
from .surface import Question, commands, questions, reachable, streams


class Marked(NamedTuple):
    """A marked chain and three who stand outside: cargo trades with its partner bolt, dead rules name the expired."""

    world: World
    markers: Markers
    cargo: UUID
    stranger: UUID
    expired: UUID
    bolt: UUID


@pytest.fixture(scope="module")
def marked() -> Marked:
    world = World(77)
    insiders = list(world.partners)
    outsiders = [world._partner(name) for name in ("CARGO2", "STRANGER", "EXPIRED")]
    cargo, stranger, expired = outsiders
    bolt = insiders[1]
    world.add("relationship", provider_id=bolt, recipient_id=cargo, kind="SUPPLY", state="ACTIVE", proposed_by=cargo)
    for partner in insiders[:2]:
        world.add("relationship", provider_id=partner, recipient_id=expired, kind="SUPPLY", state="ACTIVE", proposed_by=expired)
    _dead_rules(world, expired, insiders[:2])
    site = world.add("site", partner_id=cargo, code="C1", name="ours", kind="STORE", time_zone="UTC")
    item = world.add("item", owner_id=cargo, number="C1", description="ours", unit="C62", lifecycle="SERIES")
    world.tables["order_line"][0]["item_id"] = item["id"]  # an insider buys cargo's item: cargo is no party to that
    order = world.add(
        "purchase_order", kind="PURCHASE", buyer_id=cargo, seller_id=bolt, buyer_number="C1", ship_to_id=site["id"],
        currency="EUR", status="SENT", placed_at=world.now,
    )  # fmt: skip
    world.rng.shuffle(world.tables["sharing_rule"])
    world.expand()
    _silence(world, outsiders)
    known = {*outsiders, bolt, insiders[0], site["id"], item["id"], order["id"]}
    known |= {row["id"] for row in world.tables["relationship"] if set(outsiders) & {row["provider_id"], row["recipient_id"]}}
    return Marked(world, Markers(world.tables, besides=known), cargo, stranger, expired, bolt)


def _silence(world: World, outsiders: list[UUID]) -> None:
    """No scope that is open now names an outsider: what a role opens to them would be no leak."""
    live = [row for row in world.tables["scope"] if row["grantee"] in outsiders]
    dead = [row for row in live if row["valid_from"] > world.now or (row["valid_until"] or world.now) < world.now]
    world.tables["scope"] = [row for row in world.tables["scope"] if row not in live or row in dead]


def _dead_rules(world: World, grantee: UUID, owners: list[UUID]) -> None:
    """Rules that would open everything, were they not over, not yet begun, drafts, or suspended."""
    day = timedelta(days=1)
    lives = (
        (world.now - 9 * day, world.now - day, "ACTIVE"), (world.now + day, None, "ACTIVE"),
        (world.now - day, None, "DRAFT"), (world.now - day, None, "SUSPENDED"), (world.now - day, None, "REVOKED"),
    )  # fmt: skip
    for owner in owners:
        for kind in ("ORDER", "SHIPMENT", "ITEM", "SITE", "FORECAST", "INVENTORY"):
            for begin, end, state in lives:
                world.add(
                    "sharing_rule", owner_id=owner, grantee_id=grantee, kind=kind, field_groups=["price", "numbers"],
                    valid_from=begin, valid_until=end, state=state,
                )  # fmt: skip


@pytest.fixture(scope="module")
def asked(marked: Marked) -> list[Question]:
    return questions(marked.world.tables, seed=3)


def test_the_questions_cover_the_whole_schema(asked: list[Question]) -> None:
    covered = set().union(*(each.covers for each in asked))
    assert reachable() - covered == set()


async def test_no_answer_shows_a_marker(alone: Bench, marked: Marked, asked: list[Question]) -> None:
    await insert(alone.superuser, marked.world.tables)
    alone.clock.set(marked.world.now)
    answered = 0
    async with alone.hub.following():
        for number, each in enumerate(asked):
            for caller in (marked.cargo, *((), (marked.stranger,), (), (marked.expired,))[number % 4]):
                body = await alone.ask(caller, each.text, each.variables)
                assert marked.markers.trace(body) is None, f"{each.text} with {each.variables}: {body!r}"
                assert b"INTERNAL_SERVER_ERROR" not in body, f"{each.text} with {each.variables}"
                answered += b'"errors"' not in body
    assert answered > 1.2 * len(asked), "most questions must be valid, or nothing is proved"


async def test_owners_do_see_the_markers(alone: Bench, marked: Marked, asked: list[Question]) -> None:
    """The alarm works: the same questions show markers to those whose rows they are."""
    await insert(alone.superuser, marked.world.tables)
    alone.clock.set(marked.world.now)
    bodies = [await alone.ask(marked.bolt, each.text, each.variables) for each in asked[::4]]
    assert sum(marked.markers.trace(body) is not None for body in bodies) > len(bodies) / 5


async def test_no_command_shows_or_touches_a_marked_row(alone: Bench, marked: Marked) -> None:
    await insert(alone.superuser, marked.world.tables)
    alone.clock.set(marked.world.now)
    before = await _fingerprints(alone, marked)
    refused = 0
    for each in commands(marked.world.tables, seed=4, times=12):
        for caller in (marked.cargo, marked.stranger, marked.expired):
            body = await alone.ask(caller, each.text, each.variables)
            trace = marked.markers.trace(body)
            echoed = trace is not None and trace.decode() in json.dumps(each.variables)
            assert trace is None or echoed, f"{each.text} with {each.variables}: {body!r}"
            assert b"INTERNAL_SERVER_ERROR" not in body, f"{each.text} with {each.variables}: {body!r}"
            refused += b"NOT_FOUND" in body
    assert refused > 100, "commands must get as far as looking for the foreign record"
    assert await _fingerprints(alone, marked) == before


async def test_the_feed_tells_outsiders_of_nothing(alone: Bench, marked: Marked) -> None:
    """Insiders are busy; those outside pull all changes and hear of none."""
    await insert(alone.superuser, marked.world.tables)
    alone.clock.set(marked.world.now)
    outsiders = (marked.cargo, marked.stranger, marked.expired)
    async with alone.hub.following():
        for each in commands(marked.world.tables, seed=7, times=8):
            for caller in marked.world.partners[:3]:
                await alone.ask(caller, each.text, each.variables)
        assert alone.hub.feed is not None
        assert alone.hub.feed.pump is not None
        await alone.hub.feed.pump.once()
        hidden = await alone.superuser.fetch(
            "select record_id from change_log where not owner_id = any($1) and not parties && $1"
            " and not coalesce(only_for, '{}') && $1 and kind <> 'ACCESS'", list(outsiders),
        )  # fmt: skip
        assert len(hidden) > 20
        for caller in outsiders:
            body = await alone.ask(caller, "{changes(first: 250){nodes{__typename ... on Changed{recordId kind actor}}}}")
            assert json.loads(body)["data"] is not None, body
            assert not [row[0] for row in hidden if str(row[0]).encode() in body]
            assert marked.markers.trace(body) is None, body


@dataclass
class Sink:
    """Takes a stream to the end of its snapshot."""

    got: list[bytes] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def push(self, payload: bytes, cursor: str) -> bool:
        self.got.append(payload)
        if b'"SnapshotEnd"' in payload:
            self.ended.set()
        return True

    def push_all(self, frames: Any) -> tuple[int, bool]:
        return len([self.push(each.payload, each.cursor) for each in frames]), True

    async def writable(self) -> None:
        return


async def _snapshot(bench: Bench, text: str, caller: UUID) -> list[bytes]:
    """What a caller gets of a stream until all its records were sent."""
    bench.hub.costs._levels.clear()
    assert bench.hub.feed is not None
    sink = Sink()
    follow = await bench.hub.feed.follow(GraphQLRequest(text, {}), viewer_of(caller), sink)
    work = asyncio.ensure_future(follow())
    async with asyncio.timeout(20):
        await sink.ended.wait()
    work.cancel()
    await asyncio.wait([work])
    return sink.got


async def test_no_stream_shows_a_marker(alone: Bench, marked: Marked) -> None:
    """Streams of one kind, records first: outsiders get none of a marker, and the alarm works for an insider."""
    await insert(alone.superuser, marked.world.tables)
    alone.clock.set(marked.world.now)
    alarms = set()
    async with alone.hub.following():
        for name, text in streams().items():
            for caller in (marked.cargo, marked.stranger, marked.expired):
                for each in await _snapshot(alone, text, caller):
                    assert marked.markers.trace(each) is None, f"{name}: {each!r}"
            if any(marked.markers.trace(each) for each in await _snapshot(alone, text, marked.bolt)):
                alarms.add(name)
    assert len(alarms) > 8, alarms


async def _fingerprints(bench: Bench, marked: Marked) -> dict[str, str]:
    """A hash of the marked rows of each table, but rules for ``expired``: it is a party of its relationship, may end it,
    and so ends what bolt's rules gave it."""
    found = {}
    for table in marked.world.tables:
        ids = [row["id"] for row in marked.world.tables[table] if str(row["id"]).encode() in marked.markers.ids]
        theirs = {"sharing_rule": "grantee_id", "scope": "grantee"}.get(table)
        others = f"and {theirs} is distinct from $2" if theirs else "and $2::uuid is not null"
        rows = await bench.superuser.fetch(
            f'select t::text from "{table}" t where id = any($1) {others} order by id', ids, marked.expired
        )
        found[table] = hashlib.sha256("\n".join(row[0] for row in rows).encode()).hexdigest()
    assert found.keys() <= metadata.tables.keys()
    return found
