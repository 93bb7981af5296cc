"""Streams of one kind: what ``changes`` says of it, with the same cursors and rules, and the record typed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from feed_chain import Chain, Screen
from graphql import GraphQLUnionType, get_named_type

from scmhub.database.pool import ReadPool
from scmhub.errors import RequestRefused
from scmhub.graph.checks import BadDeclaration, check_kind
from scmhub.graph.declare import Kind
from scmhub.schema import load_schema

SCHEMA = load_schema()
STREAMS: dict[str, Kind] = {kind.stream: kind for kind in SCHEMA.registry.kinds.values() if kind.stream}
ORDERS = """subscription ($after: String, $where: RecordChangeFilter, $snapshot: Boolean) {
  changes: orderChanges(after: $after, where: $where, snapshot: $snapshot) {
    __typename ... on FeedItem { cursor }
    ... on OrderChanged { id action actor recordId changedFields record { id status buyerNumber withheld } }
    ... on NoLongerVisible { kind recordId }
    ... on OrderSnapshotRecord { recordId record { id status buyerNumber } }
    ... on AccessChanged { owner kinds direction } ... on Reset { reason kinds } ... on Checkpoint { at } } }"""
FORECASTS = "subscription { changes: forecastChanges { __typename ... on FeedItem { cursor } } }"
KEYS = ("cursor", "id", "action", "recordId", "changedFields", "record")


def told(screen: Screen, name: str, kind: str = "ORDER") -> list[dict[str, Any]]:
    found = [each for each in screen.items if each["__typename"] == name and each.get("kind", kind) == kind]
    return [{key: each[key] for key in KEYS} for each in found]


def test_the_five_kinds_of_the_trade_can_be_followed_one_by_one() -> None:
    assert {
        "forecastChanges",
        "inventoryChanges",
        "orderChanges",
        "relationshipChanges",
        "riskChanges",
    } <= STREAMS.keys()
    assert SCHEMA.core.subscription_type
    assert SCHEMA.core.subscription_type.fields.keys() == {"changes", *STREAMS}


async def test_a_stream_says_of_its_kind_what_changes_says(chain: Chain) -> None:
    every, orders = await chain.follow("bolt"), await chain.follow("bolt", ORDERS)
    stranger, forecasts = await chain.follow("cargo", ORDERS), await chain.follow("bolt", FORECASTS)
    order = await chain.firms.placed()
    await chain.step()
    await order.confirm()
    await chain.step()
    assert {each["kind"] for each in every.items} > {"ORDER"}, "there is more than orders to tell"
    assert told(orders, "OrderChanged") == told(every, "Changed") != []
    assert orders.names() == ["OrderChanged"] * 2
    assert stranger.items == forecasts.items == []


async def test_one_goes_on_in_one_stream_where_another_stopped(chain: Chain) -> None:
    every, orders = await chain.follow("bolt"), await chain.follow("bolt", ORDERS)
    for number in range(3):
        await chain.firms.placed(buyer_number=f"PO-{number}")
        await chain.step()
    first = every.items[0]["cursor"]
    for after, missing in ((orders.items[0]["cursor"], 2), (first, 3 - (every.items[0]["kind"] == "ORDER"))):
        again = await chain.follow("bolt", ORDERS, after=after)
        assert again.items == orders.items[3 - missing :]
    assert len([group for group in chain.feed.groups.values() if len(group.members) == 3]) == 1, (
        "one group, whatever the place"
    )
    back = await chain.follow("bolt", after=orders.items[0]["cursor"])
    assert [each["kind"] for each in back.items].count("ORDER") == 2
    assert back.items == every.items[-len(back.items) :]


async def test_a_snapshot_holds_the_records_of_that_kind_alone(chain: Chain) -> None:
    order = await chain.firms.placed()
    await chain.step()
    screen = await chain.follow("bolt", ORDERS, snapshot=True)
    assert screen.names() == ["OrderSnapshotRecord", "SnapshotEnd"]
    assert screen.items[0]["record"] == {"id": order.id, "status": "SENT", "buyerNumber": "PO-1"}
    assert (await chain.follow("cargo", ORDERS, snapshot=True)).names() == ["SnapshotEnd"]


async def test_a_filter_narrows_a_stream_and_knows_no_kinds(chain: Chain) -> None:
    first, second = await chain.firms.placed(buyer_number="A"), await chain.firms.placed(buyer_number="B")
    await chain.step()
    screen = await chain.follow("bolt", ORDERS, where={"recordIds": [second.id], "actions": ["CONFIRMED"]})
    await first.confirm()
    await second.confirm()
    await chain.step()
    assert [each["recordId"] for each in screen.items] == [second.id]
    with pytest.raises(RequestRefused, match="kinds"):
        await chain.follow("bolt", "subscription { orderChanges(where: {kinds: [ORDER]}) { __typename } }", wait=False)


async def test_rules_hold_in_a_stream_and_only_those_of_its_kind_are_told(chain: Chain) -> None:
    order = await chain.firms.placed()
    await chain.step()
    east, forecasts = await chain.follow("east", ORDERS), await chain.follow("east", FORECASTS)
    rule = await chain.share("east")
    await order.confirm()
    await chain.step()
    [seen] = told(east, "OrderChanged")
    assert (seen["record"]["status"], seen["record"]["buyerNumber"], seen["changedFields"]) == (
        "CONFIRMED",
        None,
        ["status"],
    )
    await chain.revoke(rule)
    await chain.step()
    assert east.names() == ["AccessChanged", "Reset", "OrderChanged", "AccessChanged", "NoLongerVisible"]
    assert [each["kinds"] for each in east.items if "kinds" in each] == [["ORDER"]] * 3
    assert (east.items[-1]["kind"], east.items[-1]["recordId"]) == ("ORDER", order.id)
    assert forecasts.items == [], "nothing of forecasts has changed for it"


@pytest.mark.parametrize("name", sorted(STREAMS))
async def test_every_stream_gives_its_records_and_all_their_fields(chain: Chain, name: str) -> None:
    kind = STREAMS[name]
    union = get_named_type(SCHEMA.core.subscription_type.fields[name].type)  # type: ignore[union-attr]
    assert isinstance(union, GraphQLUnionType)
    assert [each.name for each in union.types] == [
        f"{kind.name}Changed", "NoLongerVisible", f"{kind.name}SnapshotRecord", "SnapshotEnd", "Checkpoint", "AccessChanged",
        "Reset",
    ]  # fmt: skip
    document = f"""subscription {{ changes: {name}(snapshot: true) {{ __typename ... on FeedItem {{ cursor }}
      ... on {kind.name}Changed {{ record {{ id __typename }} }} ... on {kind.name}SnapshotRecord {{ record {{ id }} }} }} }}"""
    screen = await chain.follow("acme", document)
    assert screen.names()[-1] == "SnapshotEnd"
    assert {each["__typename"] for each in screen.items[:-1]} <= {f"{kind.name}SnapshotRecord"}
    assert all(each["record"]["id"].startswith(f"{kind.prefix}_") for each in screen.items[:-1])


def test_a_kind_the_feed_does_not_speak_of_has_no_stream() -> None:
    part = SCHEMA.registry.kinds["ScheduleLine"]
    with pytest.raises(BadDeclaration, match="ScheduleLine"):
        check_kind(SCHEMA.registry, replace(part, stream="scheduleChanges"))


async def test_a_stream_of_one_kind_compiles_and_judges_that_kind_alone(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    await chain.follow("bolt", ORDERS)
    [group] = chain.feed.groups.values()
    assert group.asked.selection.plans.keys() == {"ORDER"}
    asked: list[str] = []
    rows = ReadPool.rows

    async def counted(pool: ReadPool, text: str, *given: Any) -> Any:
        asked.append(text)
        return await rows(pool, text, *given)

    monkeypatch.setattr(ReadPool, "rows", counted)
    await chain.firms.placed()
    await chain.step()
    assert len(asked) == 1
