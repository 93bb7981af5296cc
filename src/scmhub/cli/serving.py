"""``scmhub serve``: database, migrations, HTTP server, in one process, in that order; taken down in reverse."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from scmhub.app import create_app
from scmhub.cli.talk import say
from scmhub.database.address import Address
from scmhub.database.embedded import EmbeddedServer
from scmhub.graph.transport.log import RequestLog, configure_logging
from scmhub.graph.transport.server import Server, server_config
from scmhub.hub import Hub, prepare
from scmhub.settings import Settings, load_settings

AfterStart = Callable[[Hub], Awaitable[None]]
_ALLOCATIONS_PER_COLLECTION = 20_000


def run_hub(
    before: AfterStart | None = None, started: AfterStart | None = None, beside: AfterStart | None = None
) -> None:
    """Serve until SIGINT or SIGTERM. ``before`` fills the hub before it listens, ``started`` greets afterwards, and
    ``beside`` runs while it serves: it is cancelled first."""
    settings = load_settings()
    configure_logging(settings.log_level)
    _allow_many_sockets()
    with until_stopped():
        if settings.database_url:
            _run(Address.parse(settings.database_url), settings, None, before, started, beside)
            return
        say("Starting PostgreSQL ...")
        embedded = EmbeddedServer.configured(settings)
        with embedded as address:
            _run(address, settings, embedded, before, started, beside)


def _allow_many_sockets() -> None:
    """As many open files as the system allows this process: a shell's usual 1,024 would be the limit of followers."""
    if sys.platform != "win32":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextmanager
def until_stopped() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does: everything in it is taken down in reverse, and that is no failure.

    The default would end the process where it stands, and leave word of a database that is gone.
    """
    before = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(
    admin: Address,
    settings: Settings,
    embedded: EmbeddedServer | None,
    before: AfterStart | None,
    started: AfterStart | None,
    beside: AfterStart | None,
) -> None:
    try:
        import uvloop
    except ImportError:
        asyncio.run(_serve(admin, settings, embedded, before, started, beside))
    else:
        uvloop.run(_serve(admin, settings, embedded, before, started, beside))


async def _serve(
    admin: Address,
    settings: Settings,
    embedded: EmbeddedServer | None,
    before: AfterStart | None,
    started: AfterStart | None,
    beside: AfterStart | None,
) -> None:
    await prepare(admin, settings, say)
    async with Hub.open(admin, settings) as hub:
        if before:
            await before(hub)
        app = create_app(hub, log=RequestLog(), fallback=hub.oauth)
        config = server_config(app, settings.host, settings.port, trusted_proxies=_proxies(settings))
        server = Server(config, on_drain=hub.drain)
        async with _watching(embedded, server):
            await _until_stopped(server, hub, started, beside)


def _proxies(settings: Settings) -> list[str] | None:
    return [each.strip() for each in settings.trusted_proxies.split(",") if each.strip()] or None


@asynccontextmanager
async def _watching(embedded: EmbeddedServer | None, server: Server) -> AsyncIterator[None]:
    """Restarts the embedded database when it dies; when it cannot, the hub ends too."""
    if embedded is None:
        yield
        return
    watch = asyncio.ensure_future(embedded.watch())
    watch.add_done_callback(lambda done: setattr(server, "should_exit", True))
    try:
        yield
    finally:
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch


def _settle_memory() -> None:
    """What lives as long as the process (modules, schema) is no longer searched for garbage, and the rest less often.

    Requests leave few cycles behind; at Python's defaults looking for them took 4 % of a small request.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS_PER_COLLECTION)


async def _until_stopped(
    server: Server, hub: Hub, started: AfterStart | None, beside: AfterStart | None
) -> None:  # fmt: skip
    tasks: list[asyncio.Future[None]] = []

    async def begin() -> None:
        if started:
            await started(hub)
        if beside:
            tasks.append(asyncio.ensure_future(beside(hub)))
        _settle_memory()

    server.on_started = begin
    server.on_stop = lambda: [task.cancel() for task in tasks]
    await server.serve()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
