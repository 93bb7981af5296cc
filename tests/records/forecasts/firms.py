"""Four firms on a hub of their own: acme, its suppliers bolt and cargo (rivals), and dyna, a customer of acme.

The database is made from the models, so these tests hold before and after the migrations are written anew.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from scmhub.database.address import Address
from scmhub.graph.answers import answer_for
from scmhub.graph.request import GraphQLRequest
from scmhub.hub import Hub
from scmhub.identity.viewer import Permission, TokenScope, Viewer
from scmhub.ids import new_id
from scmhub.settings import Settings
from scmhub.sharing.lens import Lens

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
"""A Wednesday; its week starts on Monday 2 March."""
MONDAY = date(2026, 3, 2)
WATCHED = (
    "time_series", "series_version", "series_point", "series_comment", "inventory_position", "inventory_statement",
    "change_outbox",
)  # fmt: skip


def week(number: int) -> str:
    """The Monday so many weeks after the running one's."""
    return str(MONDAY + timedelta(weeks=number))


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> datetime:
        """Let time pass; the instant it is then."""
        self.now += timedelta(**time)
        return self.now


class Firms:
    """The hub, its clock, and who there is: ``ids["acme"]`` is a public id, ``keys["acme"]`` the key behind it."""

    def __init__(self, hub: Hub, clock: Clock, superuser: asyncpg.Connection) -> None:
        self.hub = hub
        self.clock = clock
        self.superuser = superuser
        self.keys: dict[str, UUID] = {}
        self.ids: dict[str, str] = {}

    async def ask(self, firm: str, document: str, **variables: Any) -> dict[str, Any]:
        """The answer as parsed JSON; errors of the request included."""
        viewer = Viewer(
            Lens(self.keys[firm]), f"integration:{firm}", frozenset(TokenScope), "t", datetime(2100, 1, 1, tzinfo=UTC),
            permissions=frozenset(Permission),
        )
        try:
            answer = await self.hub.execute(GraphQLRequest(document, variables), viewer)
        except Exception as error:
            answer = answer_for(error, "request")
        parsed: dict[str, Any] = orjson.loads(answer.body)
        return parsed

    async def read(self, firm: str, document: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer without errors."""
        answer = await self.ask(firm, document, **variables)
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    async def run(self, firm: str, command: str, selection: str, **given: Any) -> dict[str, Any]:
        """The payload of one mutation."""
        mutations = self.hub.schema.core.mutation_type
        assert mutations is not None
        name = mutations.fields[command].args["input"].type
        selected = f"{selection} userErrors {{ code path message }}"
        document = f"mutation($input: {name}) {{ done: {command}(input: $input) {{ {selected} }} }}"
        payload: dict[str, Any] = (await self.read(firm, document, input=given))["done"]
        return payload

    async def refused(self, firm: str, command: str, **given: Any) -> tuple[str, str]:
        """Code and dotted path of a refusal; nothing may have been written by it."""
        before = await self.written()
        errors = (await self.run(firm, command, "", **given))["userErrors"]
        assert len(errors) == 1, errors
        assert await self.written() == before
        return errors[0]["code"], ".".join(errors[0]["path"])

    async def written(self) -> dict[str, Any]:
        """Everything in the tables of these rooms and in the outbox."""
        text = "select coalesce(jsonb_agg(to_jsonb(t) order by t.id), '[]')::text from {} t"
        return {table: await self.superuser.fetchval(text.format(table)) for table in WATCHED}

    async def count(self, table: str) -> int:
        found: int = await self.superuser.fetchval(f"select count(*) from {table}")
        return found

    async def changes(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """Kind, action and changed fields of every change told so far, apart from bands."""
        rows = await self.superuser.fetch("select kind, action, changed from change_outbox order by id")
        return [(row["kind"], row["action"], tuple(n for n in row["changed"] if not n.startswith("~"))) for row in rows]

    async def grant(
        self, owner: str, grantee: str, kind: str, *groups: str, item: str | None = None, site: str | None = None,
        days_back: int | None = None, days_ahead: int | None = None,
    ) -> None:  # fmt: skip
        """A live rule with its one scope."""
        rule, since = new_id(self.clock.now), self.clock.now - timedelta(days=1)
        await self.superuser.execute(
            "insert into sharing_rule (id, owner_id, grantee_id, kind, field_groups, valid_from, state, version,"
            " created_at) values ($1, $2, $3, $4, $5, $6, 'ACTIVE', 1, $6)",
            rule, self.keys[owner], self.keys[grantee], kind, list(groups), since,
        )  # fmt: skip
        await self.superuser.execute(
            "insert into scope (id, rule_id, granter, grantee, kind, owner, item, site, tokens, days_back, days_ahead,"
            " valid_from) values ($1, $2, $3, $4, $5, $3, $6, $7, $8, $9, $10, $11)",
            new_id(self.clock.now), rule, self.keys[owner], self.keys[grantee], kind,
            self.keys[item] if item else None, self.keys[site] if site else None, list(groups), days_back, days_ahead,
            since,
        )  # fmt: skip

    async def relationship(self, provider: str, recipient: str, state: str) -> None:
        await self.superuser.execute(
            "update relationship set state = $3 where provider_id = $1 and recipient_id = $2", self.keys[provider],
            self.keys[recipient], state,
        )  # fmt: skip

    async def _add(self, called: str, prefix: str, table: str, **values: Any) -> None:
        key = new_id(NOW - timedelta(days=10))
        row = {"id": key, "version": 1, "created_at": NOW, **values}
        places = ", ".join(f"${number + 1}" for number in range(len(row)))
        await self.superuser.execute(f"insert into {table} ({', '.join(row)}) values ({places})", *row.values())
        self.keys[called], self.ids[called] = key, f"{prefix}_{key}"

    async def settle(self) -> None:
        """Who there is, what they make and where, and who deals with whom."""
        for firm in ("acme", "bolt", "cargo", "dyna"):
            await self._add(firm, "ptr", "partner", code=firm.upper(), name=firm.title(), status="ACTIVE")
        for provider, recipient in (("bolt", "acme"), ("cargo", "acme"), ("acme", "dyna")):
            await self._add(
                f"{provider}-{recipient}", "rel", "relationship", provider_id=self.keys[provider],
                recipient_id=self.keys[recipient], kind="SUPPLY", state="ACTIVE", proposed_by=self.keys[recipient],
            )  # fmt: skip
        for firm in ("acme", "bolt", "cargo"):
            await self._add(
                f"{firm}-plant", "sit", "site", partner_id=self.keys[firm], code="P1", name="Plant", kind="PLANT",
                time_zone="UTC",
            )  # fmt: skip
            for number, unit in (("casting", "C62"), ("oil", "LTR")):
                await self._add(
                    f"{firm}-{number}", "itm", "item", owner_id=self.keys[firm], number=number, description="Thing",
                    unit=unit, lifecycle="SERIES",
                )  # fmt: skip


@asynccontextmanager
async def settled(admin: Address, settings: Settings) -> AsyncIterator[Firms]:
    """A hub with the four firms on an empty database."""
    clock = Clock()
    roomy = settings.model_copy(
        update={"compile_per_minute": 10**12, "cost_bucket": 10**12, "read_pool": 2, "write_pool": 2}
    )
    superuser = await admin.connect()
    try:
        async with Hub.open(admin, roomy, clock) as hub:
            firms = Firms(hub, clock, superuser)
            await firms.settle()
            yield firms
    finally:
        await superuser.close()
