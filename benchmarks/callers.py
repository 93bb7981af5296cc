"""Chooses who asks what: the same calls for every server, taken from the seeded rows by hashes, not by chance.

Groups of operation a (an order of ten lines by id): ``party`` buyer or seller; ``grantee`` sees it through a scope;
``consignee`` is a party that needs a scope for prices; ``hidden`` may not see it; ``unknown`` no such order; ``quiet``.
Groups of operation b (a page of 50): ``any`` newest page; ``deep`` a later page; ``quiet`` the partner with 3 orders.
"""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg  # type: ignore[import-untyped]

from benchmarks import forecasts
from benchmarks.servers.contract import Call

VIEWERS = 64
DEEPEST_PAGE = 3
QUIET = "QUIET"

LIVE_AND_COVERING = """
s.kind = 'ORDER' and s.valid_from <= now() and (s.valid_until is null or s.valid_until > now())
and s.owner = l.buyer_id and (s.item is null or s.item = l.item_id) and (s.site is null or s.site = l.ship_to_id)
and (s.days_back is null or l.requested_on >= (now() at time zone 'UTC')::date - s.days_back)
and (s.days_ahead is null or l.requested_on <= (now() at time zone 'UTC')::date + s.days_ahead)
"""
SETUP = """
create temp table viewer as
  select id, code from partner where code ~ '^P[0-9]{3}$' order by md5(code || 'viewer') limit $1;
create temp table ten as
  select o.* from purchase_order o join order_line l on l.order_id = o.id and l.line_no = 10;
create index on ten (buyer_id); create index on ten (seller_id); create index on ten (consignee_id); analyze ten;
"""
PARTY = """
select v.id::text, v.code, t.id::text as order_id from viewer v
cross join lateral (select id from ten where v.id in (buyer_id, seller_id)
                    order by md5(id::text || 'party') limit $1) t order by md5(v.code || t.id)
"""
CONSIGNEE = """
select v.id::text, v.code, t.id::text as order_id from viewer v
cross join lateral (select id from ten where consignee_id = v.id and v.id <> seller_id
                    order by md5(id::text || 'consignee') limit $1) t order by md5(v.code || t.id)
"""
GRANTEE = f"""
select v.id::text, v.code, t.order_id::text from viewer v
cross join lateral (
  select distinct l.order_id from scope s join order_line l on {LIVE_AND_COVERING}
  join ten on ten.id = l.order_id
  where s.grantee = v.id and v.id not in (l.buyer_id, l.seller_id) and v.id is distinct from l.consignee_id) t
where md5(t.order_id::text || v.code) < $1 order by md5(v.code || t.order_id)
"""
HIDDEN = f"""
select v.id::text, v.code, t.id::text as order_id from viewer v
cross join lateral (select * from ten order by md5(id::text || v.code) limit 12) t
where v.id not in (t.buyer_id, t.seller_id) and v.id is distinct from t.consignee_id
and not exists (select from order_line l join scope s on {LIVE_AND_COVERING}
                where l.order_id = t.id and s.grantee = v.id) order by md5(v.code || t.id)
"""
QUIET_ORDERS = """
select p.id::text, p.code, o.id::text as order_id from partner p
join purchase_order o on p.id in (o.buyer_id, o.seller_id, o.consignee_id) where p.code = $1 order by o.id
"""


@dataclass(frozen=True, slots=True)
class Callers:
    """Calls by use: ``checked`` are compared between servers, ``loaded`` are measured; by operation."""

    checked: dict[str, list[Call]]
    loaded: dict[str, list[Call]]
    codes: dict[str, str]


async def choose(url: str) -> Callers:
    """Read the seeded database and choose every call of a run."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(SETUP.replace("$1", str(VIEWERS)))
        found = {
            "party": await _calls(connection, "party", PARTY, 6),
            "consignee": await _calls(connection, "consignee", CONSIGNEE, 3),
            "grantee": await _calls(connection, "grantee", GRANTEE, await _fraction(connection)),
            "hidden": await _calls(connection, "hidden", HIDDEN),
            "quiet": await _calls(connection, "quiet", QUIET_ORDERS, QUIET),
        }
        rows = await connection.fetch("select id::text, code from viewer order by code")
        viewers = [(row["id"], row["code"]) for row in rows]
        quiet = found["quiet"][0]
        checked, loaded = await forecasts.choose(connection)
    finally:
        await connection.close()
    codes = dict(viewers) | {call.viewer_id: call.viewer_code for call in (quiet, *checked, *loaded)}
    return Callers(
        {"a": _checked_orders(found), "b": _pages(viewers[:24], quiet, every_depth=True), "c": checked},
        {"a": _loaded_orders(found), "b": _pages(viewers, quiet, every_depth=False), "c": loaded},
        codes,
    )


async def _calls(connection: asyncpg.Connection, group: str, query: str, *arguments: object) -> list[Call]:
    rows = await connection.fetch(query, *arguments)
    return [Call("a", row["id"], row["code"], group, row["order_id"]) for row in rows]


async def _fraction(connection: asyncpg.Connection) -> str:
    """A hash bound that keeps a few thousand of the orders grantees see, whatever the size."""
    orders = await connection.fetchval("select count(*) from ten")
    return f"{min(0xFFFF, 0xFFFF * 2000 // max(orders, 1)):04x}"


def _checked_orders(found: dict[str, list[Call]]) -> list[Call]:
    unknown = [Call("a", call.viewer_id, call.viewer_code, "unknown", _absent(call)) for call in found["party"][:5]]
    shares = {"party": 30, "grantee": 40, "consignee": 20, "hidden": 15, "quiet": 3}
    return [call for group, share in shares.items() for call in found[group][:share]] + unknown


def _absent(call: Call) -> str:
    """An id nobody has, made from one that exists."""
    return f"{(call.order_id or '')[:-4]}0000"


def _loaded_orders(found: dict[str, list[Call]]) -> list[Call]:
    """400 calls: a quarter grantees, the rest parties, with some hidden orders and the quiet partner among them."""
    shares = {"party": 260, "grantee": 100, "consignee": 20, "hidden": 17, "quiet": 3}
    chosen = [call for group, share in shares.items() for call in found[group][:share]]
    return sorted(chosen, key=lambda call: hash_of(f"{call.viewer_code}{call.order_id}"))


def hash_of(text: str) -> int:
    """A stable number for mixing; Python's own hash() changes from run to run."""
    value = 5381
    for letter in text:
        value = (value * 33 ^ ord(letter)) & 0xFFFFFFFF
    return value


def _pages(viewers: list[tuple[str, str]], quiet: Call, every_depth: bool) -> list[Call]:
    """Newest and later pages; when loading, half of the calls are deep. The quiet partner has one page only."""
    calls = [Call("b", quiet.viewer_id, quiet.viewer_code, "quiet")]
    for place, (viewer_id, code) in enumerate(viewers):
        deep = range(1, DEEPEST_PAGE + 1) if every_depth else [1 + place % DEEPEST_PAGE]
        calls.append(Call("b", viewer_id, code, "any"))
        calls += [Call("b", viewer_id, code, "deep", depth=depth) for depth in deep]
    return sorted(calls, key=lambda call: hash_of(f"{call.viewer_code}/{call.depth}"))
