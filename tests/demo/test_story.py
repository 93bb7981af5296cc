"""The story that the demo tells is whole: fixed, legal by every rule of the hub, and nobody sees too much of it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from decimal import Decimal

import orjson
import pytest

from scmhub.database.address import Address
from scmhub.database.tables import HUB_PARTNER
from scmhub.database.unit import Database
from scmhub.demo.fill import NotTheDemo, fill
from scmhub.partners import identifiers, order_states
from scmhub.partners.registry import register_partner
from scmhub.partners.tables import RelationshipTable
from scmhub.records.forecasts import rules as forecast_rules
from scmhub.records.orders import rules
from scmhub.sharing.expansion import Standing, expand
from scmhub.sharing.tables import SharingRuleTable
from tests.demo.telling import TODAY, Told, clock

TABLES = (
    "partner", "site", "item", "item_alias", "relationship", "purchase_order", "order_line", "schedule_line",
    "schedule_revision", "schedule_slice", "shipment", "shipment_line", "shipment_event", "receipt", "sharing_rule",
    "scope", "change_outbox", "time_series", "series_version", "series_point", "series_comment", "inventory_position",
    "inventory_statement", "item_link", "relationship_profile", "objective", "risk", "disruption", "disruption_item",
    "disruption_site", "disruption_update", "case_file", "case_entry", "case_reference",
)  # fmt: skip
RIVALS = {
    "TORQ": ("KINE", "Kineta", "KM-", "DL-3", "OP-9", "OBJ-", "PO-72", "Brno", "Olomouc", "DRV-01", "VP-2", "CLANEK", "CL-0", "OD-0"),
    "KINE": ("TORQ", "Torq", "TQ-", "LS-5", "AB-2", "4500", "PO-71", "Stuttgart", "Ulm", "DRV-00", "VP-1", '"1004', '"1005'),
}
"""What must not turn up in any answer to a rival: names, item numbers and the ranges of document numbers."""
EVERYTHING = """
query Everything {
  viewer { code name }
  partners(first: 250) { totalCount nodes { code name gln } }
  relationships(first: 250) { totalCount nodes { kind provider { code } recipient { code } } }
  sites(first: 250) { totalCount nodes { code name gln partner { code } } }
  items(first: 250) { totalCount nodes { number description gtin owner { code } aliases { nodes { number } } } }
  sharingRules(first: 250) { totalCount nodes { note grantee { code } } }
  itemLinks(first: 250) { totalCount nodes { parent { number } item { number description } } }
  relationshipProfiles(first: 250) { totalCount nodes { note segment } }
  objectives(first: 250) { totalCount nodes { measure owner { code } counterparty { code } } }
  risks(first: 250) { totalCount nodes { title note mitigation item { number } site { name } } }
  disruptions(first: 50) {
    totalCount
    nodes { sender { code } recipient { code } origin { code } text measure source { text }
      items { nodes { item { number } } } sites { nodes { site { name } } } updates { nodes { text } } }
  }
  cases(first: 50) { totalCount nodes { opener { code } counterparty { code } title entries { nodes { text } } } }
}
"""
PLANS = """
query Plans {
  forecasts(first: 250) { totalCount nodes { ...F } }
  commits(first: 250) { totalCount nodes { publisher { code } counterparty { code } item { number } site { name } } }
  sellOuts(first: 250) { totalCount nodes { item { number } site { name } } }
  capacities(first: 250) { totalCount nodes { publisher { code } counterparty { code } item { number } } }
  productionPlans(first: 250) { totalCount nodes { publisher { code } counterparty { code } item { number } } }
  inventoryPositions(first: 250) {
    totalCount nodes { owner { code } holder { code } statedBy { code } item { number } site { name } }
  }
}
fragment F on Forecast { publisher { code } counterparty { code } item { number } site { name } reason
  comments(first: 20) { nodes { text author { code } } } }
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
    assert (counts["partner"], counts["item"], counts["purchase_order"]) == (1 + 6, 60 + 49, 2520)  # one is the operator
    assert (counts["relationship"], counts["sharing_rule"]) == (13, 18)


async def test_nothing_lies_in_the_future(told: Told) -> None:
    midnight = TODAY.replace(hour=0, minute=0)
    instants = {
        "purchase_order": "placed_at", "schedule_revision": "recorded_at", "shipment": "created_at",
        "shipment_event": "recorded_at", "receipt": "received_at", "change_outbox": "at", "sharing_rule": "created_at",
        "series_version": "published_at", "series_point": "known_from", "series_comment": "recorded_at",
        "inventory_statement": "recorded_at", "objective": "updated_at", "relationship_profile": "updated_at",
        "disruption": "updated_at", "disruption_update": "recorded_at", "risk": "created_at", "case_entry": "recorded_at",
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
    for row in await told.rows("select gtin from item where gtin is not null"):
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
        if row["state"] in order_states.AGREED and row["state"] != "CHANGE_REQUESTED":
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
        wanted |= {(rule.id, *opening) for opening in expand(rule, Standing(standing, []))}
    found = {
        (row["rule_id"], row["grantee"], row["item"], row["site"], tuple(row["hidden_parties"] or ()))
        for row in await told.rows("select * from scope")
    }
    assert found == wanted
    assert len(found) == 95


@pytest.mark.parametrize("code", RIVALS)
async def test_rivals_find_no_trace_of_each_other(told: Told, code: str) -> None:
    answers = [await told.bytes(code, EVERYTHING), await told.bytes(code, PLANS)]
    assert [each for each in answers if b'"errors"' in each] == []
    for query, field in ((ORDERS, "orders"), (SHIPMENTS, "shipments")):
        after, more = None, True
        while more:
            body = await told.bytes(code, query, after=after)
            answers.append(body)
            page = (await told.ask(code, query, after=after))[field]["pageInfo"]
            after, more = page["endCursor"], page["hasNextPage"]
    # Without the budget that is left beside the data: a number that time makes.
    text = b"".join(orjson.dumps(orjson.loads(each)["data"]) for each in answers).decode()
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
        "VELO": (57, 0, 26), "TORQ": (0, 0, 31), "KINE": (0, 0, 31), "CELL": (0, 42, 12), "CAST": (0, 0, 12),
        "HAUL": (27, 0, 0),
    }  # fmt: skip


async def test_plans_are_what_publishing_makes_of_them(told: Told) -> None:
    """One current number a period, the history without gaps, versions in order, commits by the rule of commits."""
    assert await told.rows("select series_id, starts_on from series_point group by 1, 2, known_from having count(*) > 1") == []
    broken = await told.rows(
        """
        select id from (select id, known_until,
          lead(known_from) over (partition by series_id, starts_on order by known_from) as next from series_point) p
        where known_until is distinct from next
        """
    )
    assert broken == []
    wrong = await told.rows(
        """
        select s.id from time_series s join series_version v on v.series_id = s.id group by s.id
        having max(v.version_no) <> s.version_no or count(*) <> s.version_no or max(v.published_at) <> s.published_at
            or count(*) filter (where v.state = 'PUBLISHED') <> 1
        """
    )
    assert wrong == []
    answered = await told.rows(
        """
        select c.quantity, c.response, d.quantity as asked from series_point c
        join series_version v on v.series_id = c.series_id and v.version_no = c.version_no_from
        join time_series s on s.id = c.series_id join series_version a
          on a.series_id = s.answers_series_id and a.version_no = v.answers_version_no
        join series_point d on d.series_id = s.answers_series_id and d.starts_on = c.starts_on
          and d.known_from <= a.published_at and (d.known_until is null or d.known_until > a.published_at)
        where c.measure = 'COMMIT'
        """
    )
    assert len(answered) == (await told.rows("select count(*) n from series_point where measure = 'COMMIT'"))[0]["n"]
    assert {row["response"] for row in answered} == {"COMMITTED", "PARTIAL"}
    assert [row for row in answered if forecast_rules.response_to(row["asked"], row["quantity"]) != row["response"]] == []


async def test_the_planner_finds_a_year_ahead_told_several_times_and_answered(told: Told) -> None:
    asked = await told.ask(
        "VELO",
        """{
          forecasts(first: 1, where: {counterparty: {isNull: false}}) {
            totalCount nodes { versionNo points(first: 250) { totalCount } commits { nodes { versionNo } } }
          }
          sellOuts(first: 1) { totalCount }
        }""",
    )
    [newest] = asked["forecasts"]["nodes"]
    assert (asked["forecasts"]["totalCount"], asked["sellOuts"]["totalCount"]) == (26, 4)
    assert newest["points"]["totalCount"] > 52
    assert newest["versionNo"] == 5
    assert len(newest["commits"]["nodes"]) == 1
    shared = await told.ask("KINE", "{ sellOuts(first: 1) { totalCount } inventoryPositions(first: 250) { totalCount } }")
    assert shared["sellOuts"]["totalCount"] == 4


async def test_a_position_is_its_last_statement_and_two_staters_may_differ(told: Told) -> None:
    wrong = await told.rows(
        """
        select p.id from inventory_position p join lateral (
          select * from inventory_statement s where s.position_id = p.id order by as_of desc limit 1) s on true
        where (p.as_of, p.available, p.blocked, p.allocated, p.in_transit, p.on_order)
          is distinct from (s.as_of, s.available, s.blocked, s.allocated, s.in_transit, s.on_order)
        """
    )
    assert wrong == []
    both = await told.ask("HAUL", '{ inventoryPositions(first: 250) { nodes { item { number } statedBy { code } } } }')
    staters: dict[str, set[str]] = defaultdict(set)
    for node in both["inventoryPositions"]["nodes"]:
        staters[node["item"]["number"]].add(node["statedBy"]["code"])
    assert len(staters) == 6
    assert all(each == {"VELO", "HAUL"} for each in staters.values())
    [row] = await told.rows("select count(*) n from inventory_position where available < minimum")
    assert row["n"] > 0


async def test_trouble_travels_two_tiers_without_its_source(told: Told) -> None:
    """Velora was told of the foundry's furnace by both of its suppliers, and by neither whose furnace it was."""
    seen = await told.ask(
        "VELO", "{ disruptions(first: 50) { nodes { sender { code } origin { code } source { id } text sites { totalCount } } } }"
    )  # fmt: skip
    notices = seen["disruptions"]["nodes"]
    assert sorted(each["sender"]["code"] for each in notices) == ["HAUL", "KINE", "TORQ", "TORQ"]
    assert [each for each in notices if each["origin"] or each["source"]] == []
    assert [word for word in ("Alba", "CAST", "Bilbao", "furnace", "Voltcell") for each in notices if word in each["text"]] == []
    carried = await told.rows("select consent, state, count(*) n from disruption where forwarded group by 1, 2 order by 2")
    assert [tuple(row.values()) for row in carried] == [("MASKED", "OPEN", 1), ("MASKED", "RESOLVED", 2)]


async def test_cases_stand_where_their_steps_led(told: Told) -> None:
    rows = await told.rows(
        "select c.state, array_agg(e.act order by e.entry_no) acts from case_file c join case_entry e on e.case_id = c.id"
        " group by c.id, c.state order by 1"
    )
    assert {row["state"]: row["acts"][-1] for row in rows} == {
        "CLOSED": "CLOSE", "IN_PROGRESS": "START", "ACKNOWLEDGED": "ACKNOWLEDGE", "OPEN": "OPEN",
    }  # fmt: skip
    mine = await told.ask("VELO", "{ cases(first: 10) { nodes { references { nodes { record } } } } }")
    [record] = mine["cases"]["nodes"][0]["references"]["nodes"]
    found = await told.ask("VELO", "query N($id: ID!) { node(id: $id) { __typename } }", id=record["record"])
    assert found["node"] == {"__typename": "Shipment"}


async def test_what_one_side_thinks_is_its_own_and_what_it_wants_is_told(told: Told) -> None:
    for code, profiles, wanted in (("VELO", 2, 6), ("TORQ", 3, 5), ("CAST", 2, 3), ("HAUL", 0, 0)):
        seen = await told.ask(code, "{ relationshipProfiles { totalCount } objectives { totalCount } }")
        assert (seen["relationshipProfiles"]["totalCount"], seen["objectives"]["totalCount"]) == (profiles, wanted)


async def test_a_bike_is_made_of_parts_that_lead_to_their_supplier(told: Told) -> None:
    seen = await told.ask(
        "VELO", '{ itemLinks(first: 50, where: {kind: {eq: COMPONENT}}) { nodes { parent { number } item { number } } } }'
    )  # fmt: skip
    links = {(each["parent"]["number"], each["item"]["number"]) for each in seen["itemLinks"]["nodes"]}
    assert ("VB-TREK-M", "DRV-0001") in links
    alias = await told.ask("VELO", '{ itemAliases(first: 50) { nodes { number item { number } } } }')
    assert {"number": "DRV-0001", "item": {"number": "TQ-DU250"}} in alias["itemAliases"]["nodes"]
