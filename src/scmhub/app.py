"""The hub as one ASGI application: which path leads where. A path is an exact name; nothing is matched by pattern."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from ipaddress import ip_address
from typing import Any, Protocol

from scmhub.graph.limits import Limits
from scmhub.graph.request import Answer, GraphQLRequest
from scmhub.graph.transport.cors import Cors
from scmhub.graph.transport.http import GraphQLEndpoint, Receive, Scope, Send
from scmhub.graph.transport.log import RequestLog
from scmhub.graph.transport.metrics import CONTENT_TYPE, Gauge, Metrics
from scmhub.graph.transport.sse import SseDoor
from scmhub.graph.transport.static import StaticFiles, respond
from scmhub.graph.transport.ws import WebSocketDoor
from scmhub.identity.failures import Failures
from scmhub.identity.sessions import Sessions
from scmhub.identity.viewer import Viewer

Route = Callable[[Scope, Receive, Send], Awaitable[None]]


class Hub(Protocol):
    """What the application needs of a running hub."""

    def authenticate(self, authorization: str | None, /) -> Awaitable[Viewer] | Viewer:
        """The caller behind an Authorization header; Unauthenticated if there is none."""

    async def execute(self, request: GraphQLRequest, viewer: Viewer, /) -> Answer:
        """The answer to one operation; raises of the error tree become GraphQL errors."""

    async def ready(self) -> str | None:
        """None if the hub can answer, else what is missing, in words fit for anyone."""

    def gauges(self) -> Iterable[Gauge]:
        """Figures of the moment for /metrics, such as free connections."""


class App:
    """Paths to routes; ``websocket`` and ``fallback`` are for transports and pages added by the roof."""

    def __init__(
        self,
        routes: Mapping[str, Route],
        lifespan: Callable[[], AbstractAsyncContextManager[None]],
        websocket: Route | None = None,
        fallback: Route | None = None,
        origins: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        """``origins``: from where else than the hub's own pages a browser may call."""
        self.routes = dict(routes)
        self._lifespan = lifespan
        self._websocket = websocket
        self._fallback = fallback or _not_found
        self._http: Route = Cors(self._to_route, origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "http":
            await self._http(scope, receive, send)
        elif kind == "websocket":
            if self._websocket is None or scope["path"] != "/graphql":
                await send({"type": "websocket.close", "code": 1008})
            else:
                await self._websocket(scope, receive, send)
        else:
            await _live(self._lifespan, receive, send)

    async def _to_route(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.routes.get(scope["path"], self._fallback)(scope, receive, send)


def create_app(
    hub: Hub,
    *,
    limits: Limits | None = None,
    log: RequestLog | None = None,
    lifespan: Callable[[], AbstractAsyncContextManager[None]] | None = None,
    websocket: Route | None = None,
    fallback: Route | None = None,
    metrics_for_all: bool = False,
) -> App:
    """The application for ``hub``; ``lifespan`` starts and stops it.

    A hub that can follow its change log also gets the doors for streams, and follows it for as long as it serves.
    """
    metrics = Metrics(hub.gauges)
    static = StaticFiles()
    sessions: Sessions | None = getattr(hub, "sessions", None)
    failures: Failures | None = getattr(hub, "failures", None)
    endpoint = GraphQLEndpoint(hub.authenticate, hub.execute, limits, metrics, log, sessions, failures)
    streams: Any = hub if hasattr(hub, "following") else None
    if streams is not None:
        websocket = websocket or WebSocketDoor(streams, sessions=sessions, failures=failures)
        lifespan = lifespan or streams.following
    routes: dict[str, Route] = {
        "/graphql": SseDoor(streams, endpoint, limits, sessions=sessions) if streams is not None else endpoint,
        "/healthz": _healthz,
        "/readyz": _readyz(hub),
        "/metrics": _metrics(metrics, metrics_for_all),
        **dict.fromkeys(static.paths, static),
    }
    for name in ("browsers", "federation"):
        door = getattr(hub, name, None)
        if door is not None:
            routes |= dict.fromkeys(door.paths, door)
    return App(routes, lifespan or _nothing, websocket, fallback, getattr(hub, "origins", frozenset))


async def _healthz(scope: Scope, receive: Receive, send: Send) -> None:
    """The process answers; says nothing of the database."""
    await respond(send, 200, b"ok\n")


def _readyz(hub: Hub) -> Route:
    async def readyz(scope: Scope, receive: Receive, send: Send) -> None:
        missing = await hub.ready()
        body = b"ready\n" if missing is None else f"not ready: {missing}\n".encode("ascii", "backslashreplace")
        await respond(send, 200 if missing is None else 503, body)

    return readyz


def _metrics(metrics: Metrics, for_all: bool) -> Route:
    async def figures(scope: Scope, receive: Receive, send: Send) -> None:
        if for_all or _is_local(scope):
            await respond(send, 200, metrics.render().encode("ascii"), CONTENT_TYPE.encode("ascii"))
        else:
            await _not_found(scope, receive, send)

    return figures


def _is_local(scope: Scope) -> bool:
    """From this machine and not through a proxy: figures tell partners how busy the others are."""
    client = scope.get("client")
    proxied = any(name.startswith(b"x-forwarded-") or name == b"forwarded" for name, _ in scope["headers"])
    return client is not None and not proxied and ip_address(client[0]).is_loopback


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    await respond(send, 404, b"Not found.\n")


@asynccontextmanager
async def _nothing() -> AsyncIterator[None]:
    yield


async def _live(lifespan: Callable[[], AbstractAsyncContextManager[None]], receive: Receive, send: Send) -> None:
    """The ASGI lifespan protocol: a failed start is told to the server, which then exits."""
    started: bool = False
    await receive()
    try:
        async with lifespan():
            await send({"type": "lifespan.startup.complete"})
            started = True
            await receive()
    except BaseException as error:
        failed: dict[str, Any] = {"type": f"lifespan.{'shutdown' if started else 'startup'}.failed"}
        await send({**failed, "message": str(error)})
        raise
    await send({"type": "lifespan.shutdown.complete"})
