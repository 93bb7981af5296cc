"""Operation (c): twenty items with 52 weeks of forecast, their newest visible stock and its site. Everything of it that
is not a server: who asks, the documents, and one canonical form of the answers.

Groups: ``own`` asks for its own twenty forecasts; ``party`` for those of a partner that names it; ``grantee`` sees some
through scopes, items, sites, weeks and numbers missing here and there; ``hidden`` sees none. Half of the load are
grantees whose scope has no limits: they see as much as the owner.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from benchmarks.answers import ITEM_FIELDS, decimal, instant, key
from benchmarks.servers.contract import Call, Json, Order

ITEMS, WEEKS = 20, 52
LIVE = "s.valid_from <= now() and (s.valid_until is null or s.valid_until > now())"
OWN = "select p.id::text as viewer, p.code, p.id::text as publisher from partner p where p.code ~ '^P' order by md5(p.code || 'c')"
PARTY = """
select v.id::text as viewer, v.code, f.publisher_id::text as publisher from partner v
join lateral (select publisher_id from time_series where counterparty_id = v.id order by md5(id::text) limit 1) f on true
order by md5(v.code || 'd')
"""
GRANTEE = f"""
select distinct g.id::text as viewer, g.code, s.owner::text as publisher, md5(g.code || s.owner) as place
from scope s join partner g on g.id = s.grantee where s.kind = 'FORECAST' and {LIVE} order by 4
"""
UNLIMITED = f"""
select distinct g.id::text as viewer, g.code, s.owner::text as publisher, md5(g.code || s.owner) as place
from scope s join partner g on g.id = s.grantee
join scope i on i.grantee = s.grantee and i.owner = s.owner and i.kind = 'INVENTORY' and num_nonnulls(i.item, i.site) = 0
where s.kind = 'FORECAST' and num_nonnulls(s.item, s.site, s.days_back, s.days_ahead) = 0 and 'quantity' = any(s.tokens)
and {LIVE} order by 4
"""
HIDDEN = """
select v.id::text as viewer, v.code, o.id::text as publisher from partner v
join lateral (select * from partner o where o.id <> v.id and not exists (
  select from scope s where s.grantee = v.id and s.owner = o.id and s.kind = 'FORECAST') and not exists (
  select from time_series f where f.publisher_id = o.id and f.counterparty_id = v.id) order by md5(o.code || v.code) limit 1
) o on true order by md5(v.code || 'e')
"""
START = "select date_trunc('week', (now() at time zone 'UTC')::date)::date::text"


async def choose(connection: asyncpg.Connection) -> tuple[list[Call], list[Call]]:
    """(checked, loaded) calls; the same for every server."""
    start = await connection.fetchval(START)
    found = {}
    for group, query in {"own": OWN, "party": PARTY, "grantee": GRANTEE, "unlimited": UNLIMITED, "hidden": HIDDEN}.items():
        rows = await connection.fetch(query)
        found[group] = [
            Call("c", row["viewer"], row["code"], group, publisher_id=row["publisher"], start=start) for row in rows
        ]
    checked = [*found["own"][:12], *found["party"][:16], *found["grantee"][:36], *found["unlimited"][:8], *found["hidden"][:6]]
    half = found["unlimited"][:120]
    mixed = [call for pair in zip(half, found["own"][: len(half)], strict=True) for call in pair]
    return checked, mixed


HUB_DOCUMENT = f"""
query C($publisher: ID!, $start: Date!) {{ forecasts(first: {ITEMS}, where: {{publisher: {{eq: $publisher}}}}) {{ nodes {{
  id bucket unit
  item {{ id number description unit latestInventory {{ asOf available {{ value unit }} site {{ id code name }} }} }}
  points(first: {WEEKS}, start: $start) {{ nodes {{ startsOn quantity }} }}
}} }} }}"""
POSTGRAPHILE_DOCUMENT = f"""
query C($publisher: UUID!) {{
  allForecasts(first: {ITEMS}, condition: {{publisherId: $publisher}}, orderBy: [ROW_ID_DESC]) {{ nodes {{
    rowId bucket unit item {{ rowId number description unit }}
    stock(first: 1, orderBy: [AS_OF_DESC, ROW_ID_DESC]) {{ nodes {{
      asOf available availableUnit site {{ rowId code name }} }} }}
    points(first: {WEEKS}, orderBy: [STARTS_ON_ASC]) {{ nodes {{ startsOn quantity }} }}
  }} }} }}"""
"""Its views hold the weeks from the running one on: it has no filter by date, and needs none here."""


def variables(prefix: bool) -> Callable[[Call], Mapping[str, Json]]:
    """What a call asks with; the hub's ids have a prefix."""
    return lambda call: {"publisher": f"{'ptr_' if prefix else ''}{call.publisher_id}", "start": call.start}


def _site(node: Json) -> Json:
    return node and {"id": key(node.get("id") or node["rowId"]), "code": node["code"], "name": node["name"]}


def _item(node: Json) -> Json:
    return {"id": key(node.get("id") or node["rowId"]), **{name: node[name] for name in ITEM_FIELDS}}


def _points(nodes: Sequence[Json]) -> list[list[Json]]:
    return [[each["startsOn"], None if each["quantity"] is None else decimal(each["quantity"])] for each in nodes]


def hub_forecasts(data: Json) -> list[Order]:
    """From the shape of scmhub's schema, which the hand-written peers share."""
    return [_hub(node) for node in data["forecasts"]["nodes"]]


def _hub(node: Json) -> Order:
    stock = node["item"]["latestInventory"]
    amount = stock and stock["available"]
    return _canonical(
        node, node["item"], stock and stock["asOf"], amount and [decimal(amount["value"]), amount["unit"]],
        stock and stock["site"],
    )  # fmt: skip


def postgraphile_forecasts(data: Json) -> list[Order]:
    """From the shape PostGraphile gives the views."""
    return [_postgraphile(node) for node in data["allForecasts"]["nodes"]]


def _postgraphile(node: Json) -> Order:
    stock = next(iter(node["stock"]["nodes"]), None)
    amount = stock and stock["available"] is not None and [decimal(stock["available"]), stock["availableUnit"]]
    return _canonical(node, node["item"], stock and stock["asOf"], amount or None, stock and stock["site"])


def _canonical(node: Json, item: Json, as_of: Json, available: Json, site: Json) -> dict[str, Any]:
    return {
        "id": key(node.get("id") or node["rowId"]), "bucket": node["bucket"], "unit": node["unit"], "item": _item(item),
        "asOf": as_of and instant(as_of), "available": available, "site": _site(site),
        "points": _points(node["points"]["nodes"]),
    }  # fmt: skip
