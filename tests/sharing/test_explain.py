"""Explanations agree with answers, over many rows, rules and partners nobody chose by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import orjson
import pytest

from scmhub.database.address import Address
from scmhub.graph.declare import REGISTRY, Kind
from scmhub.ids import public_id
from scmhub.schema import load_schema
from scmhub.settings import Settings
from scmhub.sharing import asking, explain, tried
from scmhub.sharing.access import OWNER_ONLY, PARTY, PUBLIC, Access
from scmhub.sharing.lens import Lens
from scmhub.sharing.policy import Owned

from ..conftest import clone
from ..support.hub import Bench, bench
from ..support.rows import Row, insert
from ..support.world import World

TABLES = {"purchase_order": "ord", "order_line": "orl", "shipment": "shp", "item": "itm", "site": "sit"}
FIELDS = {
    "ord": {"price": "total", "numbers": "buyerNumber", "parties": "seller"},
    "orl": {"price": "unitPrice", "fulfilment": "shipped", "parties": "seller"},
    "shp": {"costs": "freight", "times": "plannedArrival", "numbers": "sscc", "parties": "buyer"},
    "itm": {"lifecycle": "lifecycle", "identifiers": "gtin"},
    "sit": {"identifiers": "gln"},
}
NODE = (
    'n{0}: node(id: "{1}") {{ ... on Order {{ withheld }} ... on OrderLine {{ withheld banded }}'
    " ... on Shipment {{ withheld }} ... on Item {{ withheld }} ... on Site {{ withheld }} }}"
)
ALL = {"STATE", "VALIDITY", "KIND", "GRANTEE", "RELATIONSHIP", "ITEM", "SITE", "WINDOW", "FIELD", "COVERS"}
WHY = "basis scopes { rule } field { exact precision basis scopes { rule } } verdicts { rule verdict }"


@pytest.fixture(scope="module")
def world() -> World:
    """The first world in which rules fail in every way they can."""
    load_schema()
    worlds = (World(seed, orders=24, shipments=12, rules=80) for seed in range(100))
    return next(world for world in worlds if {each for *_, each in oracle(world)} == ALL)


@pytest.fixture(scope="module")
async def filled(world: World, server: Address, template: str, settings: Settings) -> AsyncIterator[Bench]:
    async with clone(server, template) as admin, bench(admin, settings) as made:
        await insert(made.superuser, world.tables)
        yield made


@pytest.fixture
def asked(filled: Bench, world: World) -> Bench:
    filled.clock.set(world.now)
    return filled


def rows_of(world: World) -> list[tuple[str, Row]]:
    return [(prefix, row) for table, prefix in TABLES.items() for row in world.tables.get(table, [])]


async def ask(bench: Bench, partner: UUID, fields: list[str]) -> list[Any]:
    """The answers to these root fields, twenty at a time."""
    found: list[Any] = []
    for start in range(0, len(fields), 20):
        data = orjson.loads(await bench.ask(partner, "{" + " ".join(fields[start : start + 20]) + "}"))
        assert "errors" not in data, data
        found += data["data"].values()
    return found


def why(number: int, id: str, field: str, as_: str = "") -> str:
    extra = f', as: "{as_}"' if as_ else ""
    return f'e{number}: explainVisibility(id: "{id}", field: "{field}"{extra}) {{ {WHY} }}'


async def test_a_reader_is_told_why_exactly_when_it_sees(asked: Bench, world: World) -> None:
    rows = rows_of(world)
    by_rule = by_band = 0
    for partner in world.partners:
        nodes = await ask(asked, partner, [NODE.format(n, public_id(p, row["id"])) for n, (p, row) in enumerate(rows)])
        fields = [
            (n, group, why(len(rows) * m + n, public_id(prefix, row["id"]), field))
            for n, (prefix, row) in enumerate(rows)
            for m, (group, field) in enumerate(FIELDS[prefix].items())
        ]
        for (n, group, _), told in zip(fields, await ask(asked, partner, [each[2] for each in fields]), strict=True):
            node = nodes[n]
            assert (told is None) == (node is None)
            if node is None:
                continue
            by_rule += told["basis"] == "RULE"
            assert told["verdicts"] == []
            assert told["scopes"] or told["basis"] != "RULE"
            banded = group in node.get("banded", ())
            assert told["field"]["exact"] == (group not in node["withheld"] and not banded)
            assert told["field"]["precision"] == ("BAND" if banded else "EXACT" if told["field"]["exact"] else None)
            assert (told["field"]["basis"] is not None) == (told["field"]["exact"] or banded)
            assert told["field"]["exact"] or banded or not told["field"]["scopes"]
            by_band += banded
            assert told["field"]["scopes"] or told["field"]["basis"] != "RULE"
    assert by_rule > 20 and by_band > 5, "the world must give this test something to test"


async def test_an_owner_is_told_of_others_what_they_see_themselves(asked: Bench, world: World) -> None:
    codes = {row["id"]: row["code"] for row in world.tables["partner"]}
    policies = {kind.prefix: kind.policy for kind in REGISTRY.kinds.values()}
    seen = 0
    for owner in world.partners:
        known = [other for other in world.partners if other != owner and await knows(asked, owner, other)]
        mine = [(p, row) for p, row in rows_of(world) if row[policies[p].owner] == owner][::3]  # type: ignore[attr-defined]
        for other in known:
            questions = [
                why(n, public_id(prefix, row["id"]), next(iter(FIELDS[prefix].values())))
                for n, (prefix, row) in enumerate(mine)
            ]
            asides = [text.replace(") {", f', as: "{codes[other]}") {{', 1) for text in questions]
            for told, own in zip(await ask(asked, owner, asides), await ask(asked, other, questions), strict=True):
                covers = {each["rule"] for each in told["verdicts"] if each["verdict"] in ("COVERS", "FIELD")}
                assert covers == {each["rule"] for each in told["scopes"]}
                told.pop("verdicts")
                if own is None:
                    assert told == {"basis": None, "scopes": [], "field": {"exact": False, "precision": None, "basis": None, "scopes": []}}
                else:
                    own.pop("verdicts")
                    assert told == own
                    seen += 1
    assert seen > 20


async def knows(bench: Bench, partner: UUID, other: UUID) -> bool:
    [found] = await ask(bench, partner, [f'partner(by: {{id: "{public_id("ptr", other)}"}}) {{ id }}'])
    return found is not None


async def test_the_owner_knows_everyone_who_sees(asked: Bench, world: World) -> None:
    codes = {row["id"]: row["code"] for row in world.tables["partner"]}
    policies = {kind.prefix: kind.policy for kind in REGISTRY.kinds.values()}
    rows = rows_of(world)
    seen: dict[UUID, set[str]] = {row["id"]: set() for _, row in rows}
    nodes = [f'n{n}: node(id: "{public_id(prefix, row["id"])}") {{ id }}' for n, (prefix, row) in enumerate(rows)]
    for partner in world.partners:
        for (_, row), node in zip(rows, await ask(asked, partner, nodes), strict=True):
            if node:
                seen[row["id"]].add(codes[partner])
    for prefix, row in rows:
        owner = row[policies[prefix].owner]  # type: ignore[attr-defined]
        [found] = await ask(asked, owner, [f'whoCanSee(id: "{public_id(prefix, row["id"])}") {{ partner {{ code }} }}'])
        assert {each["partner"]["code"] for each in found} == seen[row["id"]] - {codes[owner]}


async def test_verdicts_are_those_of_a_plain_reading_of_the_rules(asked: Bench, world: World) -> None:
    """The oracle knows the rules only; the product answers from policy's own conditions."""
    codes = {row["id"]: row["code"] for row in world.tables["partner"]}
    wanted: dict[tuple[UUID, UUID, UUID], dict[str, str]] = {}
    for line, other, rule, said in oracle(world):
        wanted.setdefault((line["buyer_id"], line["id"], other), {})[public_id("rul", rule["id"])] = said
    for (owner, line, other), verdicts in wanted.items():
        [told] = await ask(asked, owner, [why(0, public_id("orl", line), "unitPrice", codes[other])])
        assert {each["rule"]: each["verdict"] for each in told["verdicts"]} == verdicts


def oracle(world: World) -> Iterator[tuple[Row, UUID, Row, str]]:
    """(order line, partner its owner knows, rule of the owner, verdict on the unit price)."""
    links = [row for row in world.tables["relationship"] if row["state"] != "DECLINED"]
    known = {(row["provider_id"], row["recipient_id"]) for row in links}
    for pair in world.tables["block_pair"]:
        if pair["state"] == "ACTIVE" and not pair["own_records_only"]:
            known -= {(pair["one_id"], pair["other_id"]), (pair["other_id"], pair["one_id"])}
    for line in world.tables["order_line"][::4]:
        owner = line["buyer_id"]
        for other in world.partners:
            if (owner, other) in known or (other, owner) in known:
                for rule in world.tables["sharing_rule"]:
                    if rule["owner_id"] == owner:
                        yield line, other, rule, verdict(world, rule, line, other)


def verdict(world: World, rule: Row, line: Row, other: UUID) -> str:
    today = world.now.date()
    day = (line["requested_on"] - today).days
    opened = [scope for scope in world.tables["scope"] if scope["rule_id"] == rule["id"] and scope["grantee"] == other]
    tests = [
        ("STATE", rule["state"] == "ACTIVE"),
        ("VALIDITY", rule["valid_from"] <= world.now and (not rule["valid_until"] or rule["valid_until"] > world.now)),
        ("KIND", rule["kind"] == "ORDER"),
        ("GRANTEE", rule["grantee_id"] in (None, other)),
        ("RELATIONSHIP", bool(opened)),
        ("ITEM", rule["items"] is None or line["item_id"] in rule["items"]),
        ("SITE", rule["sites"] is None or line["ship_to_id"] in rule["sites"]),
        ("WINDOW", -(10**7 if rule["days_back"] is None else rule["days_back"]) <= day),
        ("WINDOW", day <= (10**7 if rule["days_ahead"] is None else rule["days_ahead"])),
        ("RELATIONSHIP", not apart(world, line["buyer_id"], other) & {line["seller_id"], line["consignee_id"]}),
        ("FIELD", bool({"price", "price~band"} & {*rule["field_groups"]})),
    ]
    return next((name for name, holds in tests if not holds), "COVERS")


def apart(world: World, owner: UUID, partner: UUID) -> set[UUID]:
    """From whom the partner is kept apart in the owner's records."""
    pairs = [
        {pair["one_id"], pair["other_id"]} for pair in world.tables["block_pair"]
        if pair["state"] == "ACTIVE" and (not pair["own_records_only"] or pair["owner_id"] == owner)
    ]  # fmt: skip
    return set[UUID]().union(*(pair - {partner} for pair in pairs if partner in pair))


async def test_every_explanation_of_every_kind_can_be_answered(asked: Bench, world: World) -> None:
    nothing = asking.Asked(Lens(world.partners[0]), world.now, record=UUID(int=1), records=(UUID(int=1),))
    for kind in (each for each in REGISTRY.kinds.values() if not each.part_of):
        for statement in statements(kind):
            rows = await asked.hub.database.read.rows(*statement.asked(nothing))
            assert not any("sides" in row or "side" in row for row in rows)


def statements(kind: Kind) -> Iterator[Any]:
    table = kind.table.name
    classes: list[Access] = [PUBLIC, PARTY, OWNER_ONLY, *kind.tokens().values()]
    yield from (explain.reasons(kind.policy, table, access) for access in classes)
    yield explain.viewers(kind.policy, table)
    yield asking.unseen(kind.policy, table)
    yield tried.counts(kind.policy, table, tuple(kind.tokens().values()))
    if isinstance(kind.policy, Owned):
        yield tried.parties_of(kind.policy, table)
    rule_kind = getattr(kind.policy, "kind", None)
    if rule_kind:
        yield from (explain.verdicts(kind.policy, table, rule_kind, access) for access in classes)
        yield tried.opened_rows(kind.policy, table)
        yield explain.matrix(rule_kind)
        yield explain.opened((rule_kind,), by_me=False)
        yield explain.opened((rule_kind,), by_me=True)
