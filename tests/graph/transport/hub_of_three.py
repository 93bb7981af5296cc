"""A small real hub for the transport: a Strawberry schema run by graphql-core, three callers, a server on loopback."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import strawberry
from graphql import ExecutionResult, execute

from scmhub.app import App, create_app
from scmhub.errors import Forbidden, Unauthenticated
from scmhub.graph.answers import entries, to_json
from scmhub.graph.documents import Documents
from scmhub.graph.limits import Limits
from scmhub.graph.request import Answer, GraphQLRequest
from scmhub.graph.transport.log import RequestLog
from scmhub.graph.transport.metrics import Gauge
from scmhub.graph.transport.server import Server, server_config
from scmhub.graph.walk import page_bound
from scmhub.identity.viewer import Permission, TokenScope, Viewer
from scmhub.sharing.lens import Lens

ACME_TOKEN = "acme-integration-token"
BOLT_TOKEN = "bolt-integration-token"


@strawberry.type
class PageInfo:
    has_next_page: bool = False


@strawberry.type
class OrderLine:
    """One line of an order."""

    line_no: int = 1


@strawberry.type
class OrderLineConnection:
    page_info: PageInfo
    nodes: list[OrderLine]
    total_count: int | None = None


@strawberry.type
class Order:
    """An order acme placed with bolt."""

    number: str

    @strawberry.field
    def lines(self, first: int | None = None, last: int | None = None) -> OrderLineConnection:
        return OrderLineConnection(page_info=PageInfo(), nodes=[OrderLine()])

    @strawberry.field
    def next(self) -> Order | None:
        return None


@strawberry.type
class OrderConnection:
    page_info: PageInfo
    nodes: list[Order]
    total_count: int | None = None


@strawberry.input(one_of=True)
class OrderRef:
    number: strawberry.Maybe[str]
    id: strawberry.Maybe[strawberry.ID]


@strawberry.input
class OrderWhere:
    number: str | None = None
    all: list[OrderWhere] | None = strawberry.field(name="and", default=None)


@strawberry.type
class Query:
    @strawberry.field(description="Who asks.")
    def me(self, info: strawberry.Info) -> str:
        return str(info.context)

    @strawberry.field(description="Orders of the caller.")
    def orders(
        self, first: int | None = None, last: int | None = None, where: OrderWhere | None = None
    ) -> OrderConnection:
        return OrderConnection(page_info=PageInfo(), nodes=[Order(number="4711")], total_count=1)

    @strawberry.field
    def order(self, by: OrderRef) -> Order | None:
        return Order(number="4711")

    @strawberry.field
    def nodes(self, ids: list[strawberry.ID]) -> list[Order | None]:
        return [None for _ in ids]

    @strawberry.field
    def fault(self) -> str | None:
        raise RuntimeError("password=hunter2hunter2 in table partner_secret")

    @strawberry.field
    def denied(self) -> str | None:
        raise Forbidden


@strawberry.type
class Mutation:
    @strawberry.mutation
    def order_place(self, number: str) -> Order | None:
        return Order(number=number)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def changes(self) -> str:  # type: ignore[misc]
        yield "never"


SCHEMA = strawberry.Schema(Query, Mutation, Subscription)._schema


def bound(type_name: str, field_name: str, arguments: Mapping[str, Any]) -> int:
    """Rows of the fields above: pages 50 of at most 250, ``nodes`` as many as ids."""
    if field_name == "nodes":
        ids = arguments.get("ids")
        return len(ids) if isinstance(ids, list) else 250
    return page_bound(arguments, 50, 250)


@dataclass
class Firm:
    """The hub the transport serves in these tests."""

    documents: Documents
    executed: int = 0
    drained: bool = False

    def authenticate(self, authorization: str | None) -> Viewer:
        partners = {f"Bearer {ACME_TOKEN}": 1, f"Bearer {BOLT_TOKEN}": 2}
        number = partners.get(authorization or "")
        if number is None:
            raise Unauthenticated
        return Viewer(
            Lens(UUID(int=number)),
            f"integration:{number}",
            frozenset(TokenScope),
            "t",
            datetime(2100, 1, 1, tzinfo=UTC),
            permissions=frozenset(Permission),
        )

    async def execute(self, request: GraphQLRequest, viewer: Viewer) -> Answer:
        document = await self.documents.get(request.query, request.operation_name)
        document.check_method(request.queries_only)
        cost = document.cost(request.variables)
        self.executed += 1
        result = execute(
            document.schema,
            document.ast,
            variable_values=request.variables,
            context_value=str(viewer.lens.partner_id),
            operation_name=request.operation_name,
        )
        if not isinstance(result, ExecutionResult):
            result = await result
        if result.data is None and result.errors and not result.errors[0].path:
            raise result.errors[0]
        shown: dict[str, Any] = {"data": result.data, "extensions": {"cost": {"requestedQueryCost": cost}}}
        if result.errors:
            shown["errors"] = [one for error in result.errors for one in entries(error, request.request_id)]
        return Answer(to_json(shown))

    async def ready(self) -> str | None:
        return "stopping" if self.drained else None

    def gauges(self) -> Iterable[Gauge]:
        return [Gauge("scmhub_read_pool_free", "Free connections for reads.", 8)]

    def drain(self) -> None:
        self.drained = True


def make_app(firm: Firm, limits: Limits | None = None, log: RequestLog | None = None) -> App:
    return create_app(firm, limits=limits, log=log)


class Served:
    """A real server in a thread; its socket listens before the thread starts, so nobody has to wait for it."""

    def __init__(
        self, app: Any, limits: Limits | None = None, firm: Firm | None = None, drain_seconds: float = 0
    ) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.firm = firm
        config = server_config(app, port=self.port, limits=limits)
        self.server = Server(config, firm.drain if firm else None, drain_seconds)
        self._thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.server.should_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive()


def new_firm(limits: Limits | None = None) -> Firm:
    return Firm(Documents(SCHEMA, bound, limits))
