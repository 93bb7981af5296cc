"""A partner's answers do not depend on what it may not see: not in data, totals, cursors, errors or extensions."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from uuid import UUID

from scmhub.clock import render
from scmhub.ids import public_id

from ..support.hub import Bench
from ..support.rows import replace
from ..support.world import World
from .documents import documents
from .hidden import Disturbance
from .oracle import Oracle
from .surface import questions

WORLDS, DOCUMENTS = 12, 40
MANY = 4
"""Items and relationships of each world whose views are compared."""
Asked = list[tuple[str, dict[str, object]]]


async def test_answers_do_not_depend_on_what_is_hidden(alone: Bench) -> None:
    made = list(documents(5, DOCUMENTS))
    compared = within = 0
    for seed in range(WORLDS):
        world = World(500 + seed)
        rng = Random(seed)
        viewer = rng.choice(world.tables["scope"])["grantee"]
        asked = [(each.text, each.values(world, rng)) for each in made] + _share(world, seed) + _views(world)
        number, moved = await _compare(alone, world, viewer, asked, seed)
        compared, within = compared + number, within + moved
    assert compared >= 1_000
    assert within >= 10, "too few amounts were moved within the band that is seen of them"


def _share(world: World, number: int) -> Asked:
    """Every root field with every argument of the schema, dealt out over the worlds."""
    return [(each.text, each.variables) for each in questions(world.tables, seed=7, roots_only=True)[number::WORLDS]]


FIGURE = "{ value low high reason statedAt statedBy evidence }"
CHANNEL = f"""query($item: ID!, $start: Date!, $end: Date!) {{ channel(item: $item, start: $start, end: $end, bucket: DAY) {{
  item number unit items complete uncounted {{ record reason }} partnersInView {{ partner code name beyond }}
  claims {{ fact site first {FIGURE} second {FIGURE} gap }}
  sites {{ site code name partner complete openingStock {FIGURE} buckets {{ startsOn
    {" ".join(f"{name} {FIGURE}" for name in (
        "demand", "commit", "ordered", "promised", "inTransit", "production", "projectedStock", "shortage", "excess"
    ))} daysOfSupply {{ days low high atLeast reason }} }} }} }} }}"""
COVERAGE = "query($p: [ID!]!) { channelCoverage(partners: $p) { partner kind state fieldGroups mayBeFiltered validUntil } }"
METERS = """query($id: ID!) { relationshipMeters(relationship: $id) { balance reciprocity { kind given received givenUntil
  receivedUntil } freshness { partner kind lastStatedAt ageDays periodDays agreed stale evidence } } }"""
WALK = """query($item: ID!) { supplyWalk(item: $item) { complete items { item number description level end
  supplies { supplier supplierCode recipient evidence } links { link kind item quantity { value unit } } } } }"""

CONCENTRATION = """query($start: Date!, $end: Date!, $currency: CurrencyCode, $unit: UnitCode) {
  supplyConcentration(start: $start, end: $end, currency: $currency, unit: $unit) {
    amount suppliers { supplier amount share } supplierCount hhi effectiveSuppliers lacking
    items { items amount hhi singleSource evidence suppliers { supplier amount } } itemCount singleSourceCount
    singleSourceItemShare singleSourceShare uncounted { record reason } uncountedCount } }"""

SHIFT = """query($rel: ID!, $item: ID!, $from: DateTime!, $to: DateTime!) {
  stockShift(relationship: $rel, item: $item, start: $from, end: $to) { items reduced saved moved lacking
  own { before after change unknown evidence } partner { before after change unknown evidence } } }"""

MATCH = """query($id: ID!, $start: Date!, $end: Date!) { capacityMatch(capacity: $id, start: $start, end: $end) {
  actual maximum forecasts uncounted { record reason }
  periods { startsOn demand actual maximum match deviation flexible short lacking evidence } } }"""


def _views(world: World) -> Asked:
    """What is computed from many records at once: channels of items, what may be missing from them, and walks."""
    start, end = (str(world.now.date() + timedelta(days=days)) for days in (-7, 28))
    items = [public_id("itm", row["id"]) for row in world.tables["item"][:MANY]]
    links = [public_id("rel", row["id"]) for row in world.tables["relationship"][:MANY]]
    able = [each for each in world.tables["time_series"] if each["basis"] in ("ACTUAL", "MAXIMUM")][:MANY]
    span = {"from": render(world.now - timedelta(days=30)), "to": render(world.now)}
    partners = [public_id("ptr", row["id"]) for row in world.tables["partner"]]
    return [
        *((CHANNEL, {"item": item, "start": start, "end": end}) for item in items),
        *((WALK, {"item": item}) for item in items), *((METERS, {"id": link}) for link in links),
        *((SHIFT, {"rel": link, "item": item, **span}) for link in links for item in items[:3]),
        *((MATCH, {"id": public_id("cps", each["id"]), "start": start, "end": end}) for each in able),
        (COVERAGE, {"p": partners}),
        *((CONCENTRATION, {"start": start, "end": end, **by}) for by in ({"currency": "EUR"}, {"unit": "C62"})),
    ]  # fmt: skip


async def _compare(bench: Bench, world: World, viewer: UUID, asked: Asked, seed: int) -> tuple[int, int]:
    bench.clock.set(world.now)
    await replace(bench.superuser, world.tables)
    before = [await bench.ask(viewer, text, variables) for text, variables in asked]

    disturbance = Disturbance(world, viewer, seed)
    tables = disturbance.tables()
    assert disturbance.changes > 200, "too little was hidden to prove anything"
    _check_unseen(world, viewer, tables)
    await replace(bench.superuser, tables)

    for (text, variables), earlier in zip(asked, before, strict=True):
        later = await bench.ask(viewer, text, variables)
        assert later == earlier, f"world {500 + seed}, {viewer} asked {text} with {variables}"
    return len(asked), disturbance.within


def _check_unseen(world: World, viewer: UUID, tables: dict[str, list[dict[str, object]]]) -> None:
    """The disturbance kept its word: the law shows the viewer the same rows as before."""
    before, after = (Oracle(each, viewer, world.now) for each in (world.tables, tables))
    for kind in before.rows:
        seen = [{key for key, row in each.rows[kind].items() if each.visible(kind, row)} for each in (before, after)]
        assert seen[0] == seen[1], kind
