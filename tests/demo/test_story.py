"""The story that the demo tells is whole: fixed, legal by every rule of the hub, and nobody sees too much of it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from decimal import Decimal

import pytest

from scmhub.database.address import Address
from scmhub.database.tables import HUB_PARTNER
from scmhub.database.unit import Database
from scmhub.demo.fill import NotTheDemo, fill
from scmhub.partners import identifiers
from scmhub.partners.registry import register_partner
from scmhub.partners.tables import RelationshipTable
from scmhub.records.orders import rules
from scmhub.sharing.expansion import expand
from scmhub.sharing.tables import SharingRuleTable
from tests.demo.telling import TODAY, Told, clock

TABLES = (
    "partner", "site", "item", "item_alias", "relationship", "purchase_order", "order_line", "schedule_line",
    "schedule_revision", "schedule_slice", "shipment", "shipment_line", "shipment_event", "receipt", "sharing_rule",
    "scope", "change_outbox",
)  # fmt: skip
RIVALS = {
    "TORQ": ("KINE", "Kineta", "KM-", "DL-3", "OP-9", "OBJ-", "PO-72", "Brno", "Olomouc"),
    "KINE": ("TORQ", "Torq", "TQ-", "LS-5", "AB-2", "4500", "PO-71", "Stuttgart", "Ulm"),
}
"""What must not turn up in any answer to a rival: names, item numbers and the ranges of document numbers."""
EVERYTHING = """
query Everything($after: String) {
  viewer { code name }
  partners(first: 250) { totalCount nodes { code name gln } }
  relationships(first: 250) { totalCount nodes { kind provider { code } recipient { code } } }
  sites(first: 250) { totalCount nodes { code name gln partner { code } } }
  items(first: 250) { totalCount nodes { number description gtin owner { code } aliases { nodes { number } } } }
  sharingRules(first: 250) { totalCount nodes { note grantee { code } } }
}
"""
ORDERS = """
query Orders($after: String) {
  orders(first: 250, after: $after) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes {
      buyerNumber sellerNumber buyer { code name } seller { code name } consignee { code } shipTo { code name }
      lines(first: 10) { nodes { item { number description } note } }
    }
  }
}
"""
SHIPMENTS = """
query Shipments($after: String) {
  shipments(first: 250, after: $after) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes {
      number buyer { code name } seller { code name } consignee { code } carrier { code } shipTo { code name }
      lines(first: 10) { nodes { item { number } orderLine { order { buyerNumber } } } }
    }
  }
}
"""


async def digest(address: Address) -> dict[str, str]:
    """A fingerprint of every table; what the database counts itself (``change_outbox.id``) included."""
    connection = await address.connect()
    try:
        text = "select md5(string_agg(t::text, ',' order by t::text)) from {} t"
        return {table: await connection.fetchval(text.format(table)) for table in TABLES}
    finally:
        await connection.close()


async def test_of_two_replicas_one_fills_and_equal_days_give_equal_bytes(
    told: Told, database: Database, admin: Address
) -> None:
    filled = await asyncio.gather(fill(database, clock), fill(database, clock))
    assert sorted(each.fresh for each in filled) == [False, True]
    assert [each.partners for each in filled] == [told.partners, told.partners]
    assert await digest(admin) == await digest(told.address)


async def test_a_second_start_keeps_the_data(told: Told) -> None:
    before = await digest(told.address)
    filled = await fill(told.hub.database, clock)
    assert (filled.fresh, filled.partners) == (False, told.partners)
    assert await digest(told.address) == before


async def test_a_hub_with_partners_of_its_own_is_left_alone(database: Database) -> None:
    async with database.unit(HUB_PARTNER, "operator", clock) as unit:
        await register_partner(unit, "ACME", "Acme")
    with pytest.raises(NotTheDemo):
        await fill(database, clock)
    assert [row["code"] for row in await database.read.rows("select code from partner where code <> 'HUB'")] == ["ACME"]


async def test_the_size_is_what_the_welcome_promises(told: Told) -> None:
    counts = {table: (await told.rows(f"select count(*) n from {table}"))[0]["n"] for table in TABLES}
    assert (counts["partner"], counts["item"], counts["purchase_order"]) == (1 + 6, 60, 2520)  # one is the operator
    assert (counts["relationship"], counts["sharing_rule"]) == (13, 11)


async def test_nothing_lies_in_the_future(told: Told) -> None:
    midnight = TODAY.replace(hour=0, minute=0)
    instants = {
        "purchase_order": "placed_at", "schedule_revision": "recorded_at", "shipment": "created_at",
        "shipment_event": "recorded_at", "receipt": "received_at", "change_outbox": "at", "sharing_rule": "created_at",
    }  # fmt: skip
    for table, column in instants.items():
        [row] = await told.rows(f"select max({column}) latest from {table}")
        assert row["latest"] < midnight, table


async def test_ids_sort_by_birth(told: Told) -> None:
    for table, column in (("purchase_order", "placed_at"), ("shipment", "created_at")):
        rows = await told.rows(f"select date_trunc('milliseconds', {column}) at from {table} order by id")
        instants = [row["at"] for row in rows]
        assert instants == sorted(instants)


async def test_every_identifier_has_its_check_digit(told: Told) -> None:
    for row in await told.rows("select gtin from item"):
        assert identifiers.gtin(row["gtin"]) == row["gtin"]
    for row in await told.rows("select gln from partner where code <> 'HUB' union all select gln from site"):
        assert identifiers.gln(row["gln"]) == row["gln"]
    for row in await told.rows("select sscc from shipment"):
        assert identifiers.sscc(row["sscc"]) == row["sscc"]
    [row] = await told.rows("select count(*) n, count(distinct sscc) d from shipment")
    assert row["n"] == row["d"]


async def test_what_moved_is_what_the_shipments_say(told: Told) -> None:
    wrong = await told.rows(
        """
        with moved as (
          select l.schedule_line_id id,
                 coalesce(sum(l.quantity) filter (where s.state in ('DEPARTED', 'ARRIVED', 'RECEIVED')), 0) shipped,
                 coalesce(sum(r.good), 0) good, coalesce(sum(r.damaged), 0) damaged,
                 coalesce(sum(l.quantity) filter (where s.state <> 'REFUSED'), 0) - coalesce(sum(r.short), 0) claimed
          from shipment_line l join shipment s on s.id = l.shipment_id left join receipt r on r.shipment_line_id = l.id
          group by 1)
        select e.id from schedule_line e left join moved m using (id)
        where (e.shipped, e.received_good, e.received_damaged)
              <> (coalesce(m.shipped, 0), coalesce(m.good, 0), coalesce(m.damaged, 0))
           or coalesce(m.claimed, 0) > coalesce(e.last_promise_quantity, 0)
        """
    )
    assert wrong == []


async def test_states_follow_from_the_rules(told: Told) -> None:
    lines, orders = defaultdict(list), defaultdict(list)
    for row in await told.rows("select * from schedule_line"):
        lines[row["line_id"]].append(row["state"])
        received = row["received_good"] + row["received_damaged"]
        if row["state"] in rules.AGREED and row["state"] != "CHANGE_REQUESTED":
            assert row["state"] == rules.moved_state(row["last_promise_quantity"], row["shipped"], received)
    for row in await told.rows("select id, order_id, status, quantity, unit_price, line_amount from order_line"):
        orders[row["order_id"]].append(row)
        assert row["status"] == rules.derived_status(lines[row["id"]])
        assert row["line_amount"] == rules.line_amount(row["quantity"], row["unit_price"])
    for row in await told.rows("select id, status, total_amount from purchase_order"):
        assert row["status"] == rules.derived_status(line["status"] for line in orders[row["id"]])
        assert row["total_amount"] == sum((line["line_amount"] for line in orders[row["id"]]), Decimal(0))


async def test_a_newcomer_finds_every_situation(told: Told) -> None:
    found = {row["state"] for row in await told.rows("select distinct state from schedule_line")}
    assert found == {*rules.STEPS} - {"DRAFT"}
    assert {row["state"] for row in await told.rows("select distinct state from shipment")} == {
        "PLANNED", "DEPARTED", "ARRIVED", "RECEIVED", "REFUSED",
    }  # fmt: skip
    [row] = await told.rows(
        "select count(*) filter (where damaged > 0) d, count(*) filter (where short > 0) s from receipt"
    )
    assert row["d"] > 0
    assert row["s"] > 0
    [row] = await told.rows("select count(*) n from schedule_line where first_promise_on <> last_promise_on")
    assert row["n"] > 0


async def test_scopes_are_the_expansion_of_the_rules(told: Told) -> None:
    standing = [RelationshipTable(**row) for row in await told.rows("select * from relationship")]
    wanted = set()
    for row in await told.rows("select * from sharing_rule"):
        rule = SharingRuleTable(**row)
        wanted |= {(rule.id, *opening) for opening in expand(rule, standing)}
    found = {
        (row["rule_id"], row["grantee"], row["item"], row["site"]) for row in await told.rows("select * from scope")
    }
    assert found == wanted
    assert len(found) == 14


@pytest.mark.parametrize("code", RIVALS)
async def test_rivals_find_no_trace_of_each_other(told: Told, code: str) -> None:
    answers = [await told.bytes(code, EVERYTHING)]
    for query, field in ((ORDERS, "orders"), (SHIPMENTS, "shipments")):
        after, more = None, True
        while more:
            body = await told.bytes(code, query, after=after)
            answers.append(body)
            page = (await told.ask(code, query, after=after))[field]["pageInfo"]
            after, more = page["endCursor"], page["hasNextPage"]
    text = b"".join(answers).decode()
    assert [trace for trace in RIVALS[code] if trace in text] == []


async def test_each_firm_sees_beyond_its_own_business(told: Told) -> None:
    """Rows that only a sharing rule opens: neither the firm's own nor such that it is a party to."""
    counts = {}
    for code, key in told.partners.items():
        own = "$1 in (buyer_id, seller_id, coalesce(consignee_id, buyer_id))"
        [orders] = await told.rows(f"select count(*) n from purchase_order where {own}", key)
        seen = await told.ask(code, "{ orders(first: 1) { totalCount } }")
        [moved] = await told.rows(
            "select count(*) n from shipment where $1 in (buyer_id, seller_id, consignee_id, carrier_id)", key
        )
        ships = await told.ask(code, "{ shipments(first: 1) { totalCount } }")
        [items] = await told.rows("select count(*) n from item where owner_id = $1", key)
        shared = await told.ask(code, "{ items(first: 1) { totalCount } }")
        counts[code] = (
            seen["orders"]["totalCount"] - orders["n"], ships["shipments"]["totalCount"] - moved["n"],
            shared["items"]["totalCount"] - items["n"],
        )  # fmt: skip
    assert counts == {
        "VELO": (57, 0, 0), "TORQ": (0, 0, 12), "KINE": (0, 0, 12), "CELL": (0, 42, 12), "CAST": (0, 0, 12),
        "HAUL": (27, 0, 0),
    }  # fmt: skip
