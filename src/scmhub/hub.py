"""One running hub: the parts built in order, held together, and taken down in reverse.

``Hub.open`` is what the application's lifespan, the command line and the tests all use; there is no other wiring.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import Any

from scmhub.clock import Clock, system_clock
from scmhub.database.address import Address
from scmhub.database.migrate import migrate, pending
from scmhub.database.roles import ensure_roles, login
from scmhub.database.secret import HubSecret, load_secret
from scmhub.database.tables import READ_ROLE
from scmhub.database.unit import Database
from scmhub.errors import HubError
from scmhub.exceptions.watch import Watch, watching
from scmhub.feed.timers import LoopTimers, Timers
from scmhub.graph.build import Root
from scmhub.graph.commands import CommandRunner
from scmhub.graph.deliver.feed import Feed
from scmhub.graph.deliver.start import follow_log
from scmhub.graph.deliver.types import PAGE_DEFAULT, PAGE_MOST, Stream
from scmhub.graph.documents import Documents
from scmhub.graph.plan import Planner, spec_of
from scmhub.graph.rates import Bucket, InFlight
from scmhub.graph.request import Answer, GraphQLRequest
from scmhub.graph.run import Engine
from scmhub.graph.specs import Many
from scmhub.graph.stored import StoredDocuments
from scmhub.graph.transport.metrics import Gauge
from scmhub.graph.uses import Uses
from scmhub.graph.walk import page_bound
from scmhub.identity.accounts import Accounts
from scmhub.identity.doors import BrowserDoor
from scmhub.identity.endpoints import OAuth
from scmhub.identity.failures import Failures
from scmhub.identity.federation import Federation
from scmhub.identity.keys import KeyRing, load_ring
from scmhub.identity.sessions import Sessions
from scmhub.identity.standing import Standing, read_known
from scmhub.identity.tokens import Doorkeeper
from scmhub.identity.viewer import Viewer
from scmhub.outbound import Outbound, networks
from scmhub.schema import HubSchema, load_schema
from scmhub.settings import Settings
from scmhub.webhooks.desk import WebhookDesk
from scmhub.webhooks.message import Means
from scmhub.webhooks.office import Office
from scmhub.webhooks.signing import Sealer


class Hub:
    """What the application serves: callers in, answers out."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        ring: KeyRing,
        schema: HubSchema,
        clock: Clock,
        reload_ring: Callable[[], Awaitable[KeyRing]] | None = None,
    ) -> None:
        """``reload_ring`` reads the keys anew; without it they stay what they are."""

        async def kept() -> KeyRing:
            return ring

        self.settings = settings
        self.database = database
        self.standing = Standing(ring, lambda: read_known(database.read.rows, reload_ring or kept, clock()))
        self.schema = schema
        self.clock = clock
        self.documents = Documents(schema.core, lambda *field: rows_of(schema, *field))
        self.planner = Planner(schema.registry, schema.core)
        self.costs = Bucket(settings.cost_bucket, settings.cost_refill_per_second)
        compilations = Bucket(settings.compile_per_minute, settings.compile_per_minute / 60)
        self.commands = commands = CommandRunner(schema.strawberry, schema.registry, self.planner, database, clock)
        self.uses = Uses(database, clock)
        self.stored = StoredDocuments(
            self.documents, database.read.rows, clock, compilations,
            lambda viewer: viewer.subject in self.standing.bound, self.uses.note,
        )  # fmt: skip
        commands.parts[StoredDocuments] = self.stored
        self.engine = Engine(
            schema.strawberry,
            self.planner,
            self.documents,
            database,
            commands,
            clock,
            self.costs,
            compilations,
            settings.operation_timeout_seconds,
        )
        self.receipts = self.engine.receipts
        self._door = Doorkeeper(self.standing, settings.url, clock)
        self.sessions = Sessions(settings.url, database, self.standing, clock)
        """Callers who come with the cookie of a browser session."""
        self.failures = Failures(settings.bad_credentials_per_minute)
        self.browsers = BrowserDoor(self.sessions, Accounts(database, clock, self.failures), self.standing)
        """The application's routes for login, logout and invitations."""
        self.timers: Timers = LoopTimers()
        self.outbound = Outbound(networks(settings.outbound_networks), self.timers)
        """Requests to addresses that partners chose."""
        self.federation = Federation(
            settings.url, database, self.sessions, self.standing, clock, self.outbound, self.failures
        )
        """The application's routes for logins at a partner's identity provider."""
        self.engine.public_keys = lambda: self.ring.ever
        self.engine.stored = self.stored
        life = timedelta(minutes=settings.token_minutes)
        self._in_flight = InFlight(settings.requests_in_flight)
        self.oauth = OAuth(settings.url, life, database, self.standing, self.sessions, clock, self.failures)
        """The application's routes under /oauth and /.well-known."""
        self._draining: asyncio.Future[None] | None = None
        self.feed: Feed | None = None
        """The change feed, while it is followed."""
        self.follows: Callable[[], AbstractAsyncContextManager[Feed]] | None = None
        self.watches: Callable[[Feed], AbstractAsyncContextManager[Watch]] | None = None
        self.compilations = compilations
        self.office: Office | None = None
        """The work for webhooks, while the feed is followed."""
        self._open_office: Callable[[Feed], Office] | None = None

    @classmethod
    @asynccontextmanager
    async def open(cls, admin: Address, settings: Settings, clock: Clock = system_clock) -> AsyncIterator[Hub]:
        """A hub on a database that is up and migrated; closed at the end of the block."""
        secret = load_secret(settings)
        database = await Database.open(admin, settings, secret=secret)
        try:
            ring = await load_ring(admin, secret, clock())
            hub = cls(
                settings, database, ring, load_schema(), clock, lambda: load_ring(admin, secret, clock())
            )  # fmt: skip
            hub._connect(admin, secret)
            hub.watches = lambda feed: watching(
                login(admin, READ_ROLE, secret), settings, database, clock, feed.tail
            )  # fmt: skip
            try:
                yield hub
            finally:
                await hub.receipts.close()
            hub.documents.close()
        finally:
            await database.close()

    def _connect(self, admin: Address, secret: HubSecret) -> None:
        """What needs the database's address and the hub secret."""
        sealer, units = Sealer(secret), asyncio.Semaphore(2)
        self.follows = lambda: follow_log(admin, secret, self, self.timers)
        self.commands.parts[WebhookDesk] = WebhookDesk(
            lambda: self.feed, sealer, self.outbound.opened, self.stored.check_listed
        )
        self._open_office = lambda feed: Office(
            Means(feed, self.database, self.standing, sealer, self.outbound, units),
            login(admin, READ_ROLE, secret),
        )

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Sequence and follow the change log inside the block, and look for what is out of tolerance in it.

        The lifespan of the server. Reads need it not.
        """
        assert self.follows
        assert self.watches
        async with self.follows() as self.feed, self.watches(self.feed):
            self.stored.follow(self.feed.tail)
            self.engine.pull = self.feed.pull
            try:
                async with self._delivering(self.feed):
                    yield
            finally:
                self.feed = self.engine.pull = None

    @asynccontextmanager
    async def _delivering(self, feed: Feed) -> AsyncIterator[None]:
        """Webhooks at work inside the block, and uses written down; at its end they finish what they have in hand."""
        assert self._open_office
        self.office = self._open_office(feed)
        work = [asyncio.ensure_future(each) for each in (self.office.run(), self.uses.run(self.timers))]
        try:
            yield
        finally:
            self.office = None
            for each in work:
                each.cancel()
            await asyncio.wait(work)
            await self.uses.write()

    @property
    def ring(self) -> KeyRing:
        """The signing keys in force, as this process knows them."""
        return self.standing.ring

    def drain(self) -> asyncio.Future[None]:
        """Begin to stop: not ready any more, and whoever follows is sent away in turns. Done when nobody is left."""
        if self._draining is None:
            seconds = self.settings.drain_seconds
            self._draining = asyncio.ensure_future(self.feed.close(seconds) if self.feed else asyncio.sleep(0))
        return self._draining

    async def authenticate(self, authorization: str | None) -> Viewer:
        return await self._door.authenticate(authorization)

    async def execute(self, request: GraphQLRequest, viewer: Viewer) -> Answer:
        with self._in_flight.of(viewer.lens.partner_id):
            if not request.settled and self.stored.settles(request, viewer):
                request = await self.stored.settle(request, viewer)
            return await self.engine.execute(request, viewer)

    async def settle(self, request: GraphQLRequest, viewer: Viewer) -> GraphQLRequest:
        """The request with the text of its document, for who must know what it is before it runs."""
        with self._in_flight.of(viewer.lens.partner_id):
            return await self.stored.settle(request, viewer)

    def origins(self) -> frozenset[str]:
        """Origins of the frontends that are registered now."""
        return self.standing.origins

    async def ready(self) -> str | None:
        """None, or what is missing, in words fit for anyone."""
        if self._draining is not None:
            return "shutting down"
        if self.feed is not None and (trouble := self.feed.tail.trouble()):
            return trouble
        try:
            await self.database.read.fetch("select 'ok'::bytea")
        except HubError:
            return "the database does not answer"
        return None

    def gauges(self) -> Iterable[Gauge]:
        stats = self.database.read.stats
        yield Gauge("scmhub_read_connections_in_use", "Read connections in use.", stats.in_use)
        yield Gauge("scmhub_read_waiters", "Reads waiting for a connection.", stats.waiting)
        yield Gauge("scmhub_documents", "Documents kept.", len(self.documents))
        yield Gauge("scmhub_stored_documents", "Documents kept for their hashes.", len(self.stored))
        yield Gauge("scmhub_plans_compiled_total", "Statements compiled since start.", self.planner.compiled)

        if self.feed is not None:
            yield from self.feed.gauges()
        if self.office is not None:
            yield from self.office.gauges()


def rows_of(schema: HubSchema, type_name: str, field_name: str, arguments: Mapping[str, Any]) -> int:
    """Most rows a field may answer, for the price of an operation."""
    kind = schema.core.type_map.get(type_name)
    definition = getattr(kind, "fields", {}).get(field_name)
    spec = spec_of(definition) if definition is not None else None
    if spec == "nodes":
        ids = arguments.get("ids")
        return min(len(ids), 250) if isinstance(ids, list) else 250
    if isinstance(spec, Stream) and definition is not None and "first" in definition.args:
        return page_bound(arguments, PAGE_DEFAULT, PAGE_MOST)
    if not isinstance(spec, Many | Root):
        return 1
    return page_bound(arguments, spec.default, spec.most)


async def prepare(admin: Address, settings: Settings, say: Any = lambda _: None) -> list[str]:
    """Roles and migrations brought up to date; the steps that were applied."""
    secret = load_secret(settings)
    await ensure_roles(admin, secret, settings)
    return await migrate(admin, say) if await pending(admin) else []
