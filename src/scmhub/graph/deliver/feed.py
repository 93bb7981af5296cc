"""The feed of one process: the log's tail, those who follow it, and the plans and cursors they need."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import orjson
from graphql.language import VariableNode, Visitor, visit

from scmhub.clock import Clock
from scmhub.database.pool import ReadPool
from scmhub.errors import BadRequest, BadUserInput, Forbidden
from scmhub.feed.cursor import Cursors, Place
from scmhub.feed.log import EVENT_COLUMNS, HEAD, Event
from scmhub.feed.pump import CURSOR_SLACK, Pump
from scmhub.feed.tail import Tail
from scmhub.feed.timers import Timers, pause
from scmhub.graph.deliver.follow import Cut, Follower, Sink
from scmhub.graph.deliver.group import Asked, Frame, Group
from scmhub.graph.deliver.judge import Item, Judge
from scmhub.graph.deliver.pages import Pages
from scmhub.graph.deliver.pull import Page
from scmhub.graph.deliver.routes import Routes
from scmhub.graph.deliver.selection import FeedSelection, compile_feed
from scmhub.graph.documents import Document, Documents
from scmhub.graph.plan import Planner, spec_of
from scmhub.graph.rates import Bucket
from scmhub.graph.receipts import Receipts
from scmhub.graph.request import GraphQLRequest
from scmhub.graph.transport.metrics import Gauge
from scmhub.graph.variables import variable_values
from scmhub.identity.standing import Standing
from scmhub.identity.viewer import Permission, TokenScope, Viewer
from scmhub.sharing.lens import Lens

CATCH_UPS = 8
"""Followers that read the log or records at the same time; the rest wait in order of arrival."""
PAGE = 200
"""Events looked at at once."""
WINDOW = 10_000
"""Numbers of the log one statement looks through."""
_SCAN = f"""
select {EVENT_COLUMNS} from change_log l
where l.seq > $1 and l.seq <= $2 and (l.owner_id = any($3) or l.parties @> $4 or l.only_for @> $4)
order by l.seq limit {PAGE}
"""
SLICES = 20
"""In how many turns whoever follows is sent away."""
RESTARTS = "the hub restarts"
WATCH_SECONDS = 1.0
"""Between two looks at whether the log is still read."""


class Line(Protocol):
    """An open connection of a transport."""

    viewer: Viewer

    @property
    def busy(self) -> bool:
        """Whether it waits for the answer of a query or mutation."""

    def cut(self, code: int, reason: str) -> None:
        """End it now, with a WebSocket close code; other transports cut their body."""


class Feed:
    """Everything a transport needs to let somebody follow."""

    def __init__(
        self, tail: Tail, reads: ReadPool, cursors: Cursors, documents: Documents, planner: Planner, clock: Clock,
        timers: Timers, costs: Bucket, compilations: Bucket, standing: Standing, kept: timedelta,
        receipts: Receipts,
    ) -> None:  # fmt: skip
        """``kept``: how long cursors live."""
        self.tail = tail
        self.clock = clock
        self.timers = timers
        self.judge = Judge(reads, clock, receipts)
        self.routes = Routes()
        self.pump: Pump | None = None
        self.closing = False
        self.lines: set[Line] = set()
        """Open connections that follow or may follow, for drain and revocation."""
        self._of_partner: Counter[UUID] = Counter()
        self.groups: dict[Any, Group] = {}
        self.catch_ups = asyncio.Semaphore(CATCH_UPS)
        self.pages = Pages(self.catch_ups)
        self.reads = reads
        self._cursors = cursors
        self._documents = documents
        self._planner = planner
        self._costs = costs
        self._compilations = compilations
        self._standing = standing
        self._kept = kept
        tail.on_event.append(self.routes.follow)
        standing.on_barred.append(self.cut_barred)

    # -- beginning -----------------------------------------------------------------------------------------------------

    async def kind(self, request: GraphQLRequest, viewer: Viewer) -> str:
        """ "query", "mutation" or "subscription"; a HubError for a document that cannot run."""
        if not self._documents.known(request.query, request.operation_name):
            self._compilations.spend(viewer.lens.partner_id, 1)
        return (await self._documents.get(request.query, request.operation_name)).kind

    async def follow(
        self, request: GraphQLRequest, viewer: Viewer, sink: Sink, last_event_id: str | None = None
    ) -> Callable[[], Any]:
        """The coroutine function that follows; a HubError if the operation cannot start, Cut if no operation can."""
        if TokenScope.SUBSCRIBE not in viewer.token_scopes:
            raise Forbidden(f"This access token lacks '{TokenScope.SUBSCRIBE.value}'.")
        if Permission.READ not in viewer.permissions:
            raise Forbidden(f"You lack the permission {Permission.READ}: 'me' shows what you have and by which roles.")
        if self.closing:
            raise Cut(1012, RESTARTS)
        if self.tail.trouble():
            raise Cut(1013, "the change log cannot be followed at the moment")
        partner = viewer.lens.partner_id
        document, asked, values, coerced = await self._read(
            request.query, request.operation_name, request.variables, partner
        )
        self._costs.spend(partner, document.cost(coerced))
        after = last_event_id or values.get("after")
        place = self._cursors.open(after, partner) if after is not None else None
        key = (document.sha256, request.operation_name, _frozen(document, coerced, asked.selection))
        follower = Follower(self, key, asked, viewer.lens, sink, snapshot=bool(values.get("snapshot")))
        return lambda: follower.run(place)

    async def prepare(
        self, text: str, operation: str | None, given: dict[str, Any], partner: UUID
    ) -> tuple[Asked, dict[str, Any]]:
        """What a subscription asks for, and the arguments of its field; for whoever follows by other means.

        RequestRefused or GraphQLError if it cannot be followed.
        """
        document, asked, values, coerced = await self._read(text, operation, given, partner)
        document.cost(coerced)
        return asked, values

    async def _read(
        self, text: str, operation: str | None, given: dict[str, Any], partner: UUID
    ) -> tuple[Document, Asked, dict[str, Any], Mapping[str, Any]]:
        """The document of a subscription, what it asks for, the arguments of its field, and its variables."""
        document = await self._documents.get(text, operation)
        if document.kind != "subscription":
            raise BadRequest("This operation is not a subscription.", reason="NOT_A_SUBSCRIPTION")
        variables = variable_values(document.schema, document, given)
        selection, args = self._planner.plan(
            document, variables, lambda: self._compilations.spend(partner, 1), self._compile
        )
        values = args[selection.site]
        return document, Asked(selection, args, selection.where(values)), values, variables.coerced

    def _compile(self, compiler: Any, document: Any) -> FeedSelection:
        selected = compiler.fields([document.operation.selection_set], "Subscription")
        if len(selected) != 1:
            raise BadUserInput("A subscription selects exactly one field.", reason="BAD_VALUE")
        [field] = selected
        stream = spec_of(document.schema.subscription_type.fields[field.name])
        return compile_feed(compiler, field, "Subscription", stream, document)

    def join(self, key: Any, asked: Asked, follower: Follower) -> None:
        """Put a follower into its group, which is made if it is the first."""
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = Group(self, key, asked, follower.position)
        group.attach(follower)

    async def pull(self, selection: FeedSelection, args: list[dict[str, Any]], lens: Lens) -> bytes:
        """A page of the log, as the JSON of a connection."""
        return await Page(self, selection, args, lens).read()

    # -- connections ---------------------------------------------------------------------------------------------------

    def enter(self, line: Line) -> bool:
        """File an open connection; False if its caller lost the right to it since it was authenticated."""
        if self._standing.bars(line.viewer):
            return False
        if line not in self.lines:
            self.lines.add(line)
            self._of_partner[line.viewer.lens.partner_id] += 1
        return True

    def leave(self, line: Line) -> None:
        """Forget a connection; nothing happens if it was forgotten before."""
        if line in self.lines:
            self.lines.discard(line)
            partner = line.viewer.lens.partner_id
            self._of_partner[partner] -= 1
            if not self._of_partner[partner]:
                del self._of_partner[partner]

    def lines_of(self, partner: UUID) -> int:
        """How many connections a partner has. Counted as they come and go: thousands may come at once."""
        return self._of_partner[partner]

    def cut_barred(self) -> None:
        """End the connections of whoever may not call any more."""
        for line in list(self.lines):
            if self._standing.bars(line.viewer):
                line.cut(4403, "revoked")

    async def watch(self) -> None:
        """Until cancelled: end all connections when the log cannot be read, since it may say who must go."""
        while True:
            await pause(self.timers, WATCH_SECONDS)
            if self.tail.trouble():
                self.tail.tell()
                for line in list(self.lines):
                    line.cut(1013, "the change log cannot be followed at the moment")

    async def close(self, seconds: float = 0.0) -> None:
        """Let everybody go, a twentieth at a time over ``seconds``: they come back to another replica.

        Whoever waits for an answer goes last.
        """
        self.closing = True
        share = -(-len(self.lines) // SLICES)
        for _ in range(SLICES if seconds else 0):
            self._send_away([line for line in self.lines if not line.busy][:share])
            if not self.lines:
                break
            await pause(self.timers, seconds / SLICES)
        self._send_away(list(self.lines))
        for group in list(self.groups.values()):
            for follower in list(group.members):
                group.leave(follower)

    def _send_away(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self.leave(line)
            line.cut(1012, RESTARTS)

    def gauges(self) -> Iterable[Gauge]:
        """Figures of the moment."""
        yield Gauge("scmhub_feed_head", "Number of the last change read from the log.", self.tail.head)
        yield Gauge("scmhub_feed_lag_seconds", "Since the log was last read to its end.", round(self.tail.age, 3))
        pending = self.pump.oldest_pending if self.pump else None
        waits = max((self.clock() - pending).total_seconds(), 0) if pending else 0
        yield Gauge("scmhub_feed_oldest_pending_seconds", "How long the oldest change waits for its number.", waits)
        yield Gauge("scmhub_feed_connections", "Open sockets and streams.", len(self.lines))
        yield Gauge("scmhub_feed_groups", "Groups of followers with one document.", len(self.groups))
        followers = sum(len(group.members) for group in self.groups.values())
        yield Gauge("scmhub_feed_followers", "Followers that keep up.", followers)
        yield Gauge(
            "scmhub_feed_statements_total", "Statements that judged changes since start.", self.judge.statements
        )

    # -- the log -------------------------------------------------------------------------------------------------------

    async def stale(self, place: Place) -> str | None:
        """Why one cannot go on from a place: EXPIRED, EPOCH, or None."""
        [head] = await self.reads.rows(HEAD)
        if place.epoch != head["epoch"] or place.seq > head["seq"]:
            return "EPOCH"
        # Age decides: the floor moves with what others do. It is behind all living cursors, unless a clock ran wild.
        return "EXPIRED" if place.at < self.oldest() - CURSOR_SLACK or place.seq < head["floor_seq"] else None

    def oldest(self) -> datetime:
        """Who begins at the beginning of the log begins here."""
        return self.clock() - self._kept

    async def behind(self, lens: Lens, position: int) -> tuple[Sequence[Event], int]:
        """Events behind a place, and the place up to which these are all: from the ring, else those of the log that may
        concern the lens."""
        near = self.tail.after(position, PAGE)
        if near is not None:
            return near, near[-1].seq if near else position
        return await self.scan(lens, position)

    async def scan(self, lens: Lens, position: int) -> tuple[Sequence[Event], int]:
        """Events behind a place that may concern a lens, and the place up to which these are all."""
        until = min(self.tail.head, position + WINDOW)
        owners = self.routes.owners_near(lens.partner_id)
        rows = await self.reads.rows(_SCAN, position, until, owners, [lens.partner_id])
        events = [Event.of(row) for row in rows]
        return events, events[-1].seq if len(events) == PAGE else until

    # -- bytes ---------------------------------------------------------------------------------------------------------

    def frame(self, selection: FeedSelection, lens: Lens, place: tuple[int, int, datetime], item: Item) -> Frame:
        """An item at its place in the log (epoch, number, instant), ready for every follower of the lens."""
        payload, cursor = self.payload(selection, lens, self.place_of(*place, item), item)
        return Frame(place[1], payload, cursor, item)

    def place_of(self, epoch: int, seq: int, at: datetime, item: Item) -> Place:
        """Where an item stands: before its event if more of the same event follows, so that resuming repeats both.

        ``epoch``: of the log that was read, which need not be today's any more.
        """
        return Place(epoch, seq - 1 if item.back else seq, at)

    def payload(self, selection: FeedSelection, lens: Lens, place: Place, item: Item) -> tuple[bytes, str]:
        """``{"data": ..., "extensions": {"cursor": ...}}`` and the cursor."""
        cursor = self._cursors.seal(place, lens.partner_id)
        shown = selection.item(item.type_name, {**item.values, "cursor": cursor}, item.records)
        text = b'{"data":{"%s":%s},"extensions":{"cursor":"%s"}}' % (selection.key.encode(), shown, cursor.encode())
        return text, cursor

    def cursor(self, lens: Lens, place: Place) -> str:
        return self._cursors.seal(place, lens.partner_id)

    def place(self, lens: Lens, cursor: object) -> Place:
        return self._cursors.open(cursor, lens.partner_id)


class _Uses(Visitor):
    """How often each variable occurs."""

    def __init__(self) -> None:
        super().__init__()
        self.count: Counter[str] = Counter()

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.count[node.name.value] += 1


def _frozen(document: Document, coerced: Mapping[str, Any], selection: FeedSelection) -> bytes:
    """What of the variables makes bytes differ; where one starts does not."""
    uses = document.plans.get("uses")
    if uses is None:
        uses = _Uses()
        for node in (document.operation.selection_set, *document.fragments.values()):
            visit(node, uses)
        document.plans["uses"] = uses
    kept = {name: value for name, value in coerced.items() if name not in selection.starts or uses.count[name] > 1}
    return orjson.dumps(kept, option=orjson.OPT_SORT_KEYS, default=str)
