"""A hub that delivers, the firms, and hands on its clock: acme orders from bolt, bolt has a webhook, cargo is a stranger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import orjson

from scmhub.database.address import Address
from scmhub.graph.answers import answer_for
from scmhub.graph.request import GraphQLRequest
from scmhub.hub import Hub
from scmhub.identity.barring import name_of
from scmhub.identity.viewer import Viewer
from scmhub.settings import Settings
from tests.conftest import execute
from tests.records.firms import Firms
from tests.support.hub import viewer_of
from tests.support.timers import HandClock, HandTimers
from tests.webhooks.receivers import Request

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
DOCUMENT = """subscription ($where: ChangeFilter) { changes(where: $where) { __typename
  ... on Changed { id action recordId changedFields record { ... on Order { buyerNumber status } } }
  ... on NoLongerVisible { recordId } ... on Reset { reason } ... on AccessChanged { direction } } }"""
ORDERS = '{"where": {"kinds": ["ORDER", "RELATIONSHIP"]}}'
FIELDS = """id name url state reason version cursor deliveredAt deliveredThrough pendingSince failedTries nextTryAt lastStatus
  lastError registeredBy"""
LETTERS = "{ webhookDeliveries { nodes { id purpose state messageId tries lastStatus lastError } } }"


@dataclass
class Post:
    """``advance`` moves clock and timers of the hub together."""

    hub: Hub
    admin: Address
    firms: Firms
    clock: HandClock
    timers: HandTimers
    names: dict[str, frozenset[str]] = field(default_factory=dict)
    subjects: dict[str, str] = field(default_factory=dict)
    """Who calls for a firm, if it is not its integration."""

    def viewer(self, firm: str) -> Viewer:
        partner = self.firms.ids[firm]
        stands_on = {name_of("partner", partner), "token:t"} | self.names.get(firm, frozenset())
        viewer = viewer_of(partner)
        return replace(viewer, stands_on=frozenset(stands_on), subject=self.subjects.get(firm, viewer.subject))

    async def answer(self, firm: str, document: str, key: str | None = None, **variables: Any) -> dict[str, Any]:
        self.hub.costs._levels.clear()
        try:
            request = GraphQLRequest(document, variables, idempotency_key=key)
            return orjson.loads((await self.hub.execute(request, self.viewer(firm))).body)  # type: ignore[no-any-return]
        except Exception as error:
            return orjson.loads(answer_for(error, "request").body)  # type: ignore[no-any-return]

    async def ask(self, firm: str, document: str, **variables: Any) -> Any:
        answer = await self.answer(firm, document, **variables)
        assert "errors" not in answer, answer
        [data] = answer["data"].values()
        return data

    async def do(self, firm: str, name: str, shown: str = "", /, **given: Any) -> Any:
        """A command: its payload."""
        kind = name[0].upper() + name[1:]
        record = (
            "webhookDelivery { id state }" if name in ("webhookTest", "webhookRedeliver") else f"webhook {{ {FIELDS} }}"
        )
        document = f"mutation($i: {kind}Input!) {{ {name}(input: $i) {{ {record} {shown} userErrors {{ code message path }} }} }}"
        return await self.ask(firm, document, i=given)

    async def create(self, url: str, firm: str = "bolt", **given: Any) -> tuple[str, str]:
        """(id, secret) of a new webhook."""
        values = {"name": "ERP", "url": url, "document": DOCUMENT, "variables": ORDERS} | given
        made = await self.do(firm, "webhookCreate", "secret", **values)
        assert made["userErrors"] == [], made
        return made["webhook"]["id"], made["secret"]

    async def webhook(self, key: str, firm: str = "bolt") -> Any:
        return await self.ask(firm, f'{{ node(id: "{key}") {{ ... on Webhook {{ {FIELDS} }} }} }}')

    async def step(self, name: str, key: str, firm: str = "bolt", /, **given: Any) -> Any:
        version = (await self.webhook(key, firm))["version"]
        done = await self.do(firm, name, webhook=key, expectedVersion=version, **given)
        assert done["userErrors"] == []
        return done["webhook"]

    async def letters(self, firm: str = "bolt") -> Any:
        return (await self.ask(firm, LETTERS))["nodes"]

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.timers.advance(seconds)

    async def until(self, test: Callable[[], Awaitable[object]]) -> None:
        """Return when something holds that the hub brings about by itself; asked again in turns of the loop."""
        async with asyncio.timeout(20):
            while not await test():
                await asyncio.sleep(0)

    async def retry(self, key: str, failed: int, seconds: float = 3600) -> None:
        """When so many tries have failed, move time to the next."""

        async def waits() -> bool:
            return await self.failed(failed) and self._is_waiting(seconds)

        await self.until(waits)
        self.advance(seconds)

    async def failed(self, tries: int) -> bool:
        [row] = await self.firms.rows("select failed_tries, next_try_at from webhook")
        return row["failed_tries"] == tries and row["next_try_at"] is not None

    async def quiet(self) -> None:
        """When no request is under way."""

        async def none() -> bool:
            return not any(entry[2] == 10.0 for entry in self.timers.waiting)

        await self.until(none)

    def _is_waiting(self, seconds: float) -> bool:
        """Whether a courier waits for its next try: not the office's look, the feed's watch, the answer of a request or the
        look at which documents were used."""
        others = (1.0, 5.0, 10.0, 60.0)
        return any(entry[0] - self.timers.now <= seconds and entry[2] not in others for entry in self.timers.waiting)

    async def sql(self, *statements: str) -> None:
        await execute(self.admin, *statements)


@asynccontextmanager
async def posting(
    admin: Address, settings: Settings, firms: Firms, clock: HandClock | None = None
) -> AsyncIterator[Post]:
    """One replica."""
    opened = settings.model_copy(update={"outbound_networks": "127.0.0.0/8", "compile_per_minute": 10**12})
    clock, timers = clock or HandClock(NOW), HandTimers()
    async with Hub.open(admin, opened, clock) as hub:
        hub.timers = hub.outbound.timers = timers
        async with hub.following():
            yield Post(hub, admin, replace(firms, database=hub.database, address=admin), clock, timers)


def orders(got: list[Request]) -> list[str]:
    """Buyer's numbers of the orders told, in order."""
    return [each.change["record"]["buyerNumber"] for each in got if each.change["__typename"] == "Changed"]
