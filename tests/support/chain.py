"""A chain small enough to count by hand, asked and changed through GraphQL only.

acme buys from bolt and from cargo, and sells to dyna; east was proposed to as a supplier and has not answered; fuji
knows nobody. acme has two items and two sites and ordered four times from bolt, three lines each: line n of order k is
of item n mod 2, goes to site k mod 2, and is wanted k * 10 days from today.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest

from scmhub.database.address import Address
from scmhub.ids import new_id, public_id
from scmhub.settings import Settings

from .hub import EPOCH, Bench, bench
from .rows import Row, Tables, complete, insert

RULE = (
    "id state version fieldGroups itemIds siteIds daysBack daysAhead validFrom validUntil note grantee { code }"
    " granteeRole"
)
ORDERS, LINES = 4, 3


@pytest.fixture
async def chain(admin: Address, settings: Settings) -> AsyncIterator[Chain]:
    """The chain on a database of the test's own; imported by the conftest of whoever wants it."""
    async with bench(admin, settings) as made:
        chain = Chain(made)
        await chain.found()
        yield chain


class Chain:
    """The firms by name, their records, and short ways to ask."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self._born = 0
        self.firms = {name: self._key() for name in ("acme", "bolt", "cargo", "dyna", "east", "fuji")}
        self.items = [self._key() for _ in range(2)]
        self.sites = [self._key() for _ in range(2)]
        self.orders = [self._key() for _ in range(ORDERS)]
        self.lines = [[self._key() for _ in range(LINES)] for _ in range(ORDERS)]
        self.links = {name: self._key() for name in ("bolt", "cargo", "dyna", "east")}

    def _key(self) -> UUID:
        self._born += 1
        return new_id(EPOCH - timedelta(days=1, milliseconds=-self._born))

    async def found(self) -> None:
        await insert(self.bench.superuser, self._tables())

    def _tables(self) -> Tables:
        acme, bolt = self.firms["acme"], self.firms["bolt"]
        rows: dict[str, list[Row]] = {
            "partner": [
                {"id": key, "code": name.upper(), "name": name.title(), "status": "ACTIVE"}
                for name, key in self.firms.items()
            ],
            "relationship": [self._link(name, key) for name, key in self.links.items()],
            "item": [
                {"id": key, "owner_id": acme, "number": f"I{n}", "unit": "C62", "lifecycle": "SERIES"}
                for n, key in enumerate(self.items)
            ],
            "site": [
                {"id": key, "partner_id": acme, "code": f"S{n}", "kind": "PLANT", "time_zone": "UTC"}
                for n, key in enumerate(self.sites)
            ],
            "purchase_order": [
                {
                    "id": key, "kind": "PURCHASE", "buyer_id": acme, "seller_id": bolt, "buyer_number": f"PO{k}",
                    "currency": "EUR", "ship_to_id": self.sites[k % 2], "status": "CONFIRMED",
                    "total_amount": Decimal(100 + k),
                }
                for k, key in enumerate(self.orders)
            ],
            "order_line": [
                {
                    "id": key, "order_id": self.orders[k], "line_no": n + 1, "buyer_id": acme, "seller_id": bolt,
                    "item_id": self.items[n % 2], "ship_to_id": self.sites[k % 2], "unit": "C62", "currency": "EUR",
                    "unit_price": Decimal("2.5"), "status": "CONFIRMED",
                    "requested_on": EPOCH.date() + timedelta(days=10 * k),
                }
                for k, keys in enumerate(self.lines)
                for n, key in enumerate(keys)
            ],
        }  # fmt: skip
        return {table: [complete(table, row) for row in found] for table, found in rows.items()}

    def _link(self, name: str, key: UUID) -> Row:
        acme, other = self.firms["acme"], self.firms[name]
        provider, recipient = (acme, other) if name == "dyna" else (other, acme)
        return {
            "id": key, "provider_id": provider, "recipient_id": recipient, "kind": "SUPPLY", "proposed_by": acme,
            "state": "PROPOSED" if name == "east" else "ACTIVE",
        }  # fmt: skip

    # -- ids -----------------------------------------------------------------------------------------------------------

    def order(self, k: int = 0) -> str:
        return public_id("ord", self.orders[k])

    def line(self, k: int = 0, n: int = 0) -> str:
        return public_id("orl", self.lines[k][n])

    def item(self, n: int = 0) -> str:
        return public_id("itm", self.items[n])

    def site(self, n: int = 0) -> str:
        return public_id("sit", self.sites[n])

    def partner(self, firm: str) -> str:
        return public_id("ptr", self.firms[firm])

    # -- asking --------------------------------------------------------------------------------------------------------

    async def answer(self, firm: str, document: str, **variables: Any) -> dict[str, Any]:
        """The whole answer, without the note on cost."""
        found: dict[str, Any] = orjson.loads(await self.bench.ask(self.firms[firm], document, variables))
        found.pop("extensions", None)
        return found

    async def ask(self, firm: str, document: str, **variables: Any) -> Any:
        """The data of an answer without errors."""
        found = await self.answer(firm, document, **variables)
        assert "errors" not in found, found
        return found["data"]

    async def do(
        self, firm: str, command: str, given: dict[str, Any], record: str = "sharingRule", show: str = RULE
    ) -> tuple[Any, list[Any]]:
        """The record and the errors of one command."""
        kind = f"{command[0].upper()}{command[1:]}Input"
        if set(given) == {record, "expectedVersion"}:
            kind = f"{record[0].upper()}{record[1:]}StepInput"
        asked = f"{record} {{ {show} }} userErrors {{ code message path }}"
        text = f"mutation($i: {kind}!) {{ {command}(input: $i) {{ {asked} }} }}"
        payload = (await self.ask(firm, text, i=given))[command]
        return payload[record], payload["userErrors"]

    async def done(self, firm: str, command: str, given: dict[str, Any], **more: str) -> Any:
        found, errors = await self.do(firm, command, given, **more)
        assert errors == [], errors
        return found

    async def refused(self, firm: str, command: str, given: dict[str, Any], **more: str) -> tuple[str, list[str]]:
        """Code and path of a refusal; nothing was written."""
        before = await self.stored()
        _, [error] = await self.do(firm, command, given, **more)
        assert await self.stored() == before
        return error["code"], error["path"]

    # -- rules ---------------------------------------------------------------------------------------------------------

    def draft(self, **changes: Any) -> dict[str, Any]:
        """A draft of acme: all its orders to cargo, prices included, for ever. ``...`` leaves a field out."""
        draft: dict[str, Any] = {
            "kind": "ORDER", "grantee": {"code": "CARGO"}, "items": {"all": True}, "sites": {"all": True},
            "fieldGroups": ["price"], "daysBack": None, "daysAhead": None,
        } | changes  # fmt: skip
        return {name: value for name, value in draft.items() if value is not ...}

    async def drafted(self, **changes: Any) -> Any:
        """A rule born after the one before."""
        self.bench.clock.set(self.bench.clock() + timedelta(milliseconds=1))
        return await self.done("acme", "sharingRuleDraft", self.draft(**changes))

    async def step(self, rule: Any, name: str, **changes: Any) -> Any:
        """acme takes a step with a rule as it was last seen."""
        given = {"sharingRule": rule["id"], "expectedVersion": rule["version"]} | changes
        return await self.done("acme", f"sharingRule{name}", given)

    async def active(self, **changes: Any) -> Any:
        return await self.step(await self.drafted(**changes), "Activate")

    async def relate(self, firm: str, other: str, name: str, version: int) -> Any:
        """A step of ``firm`` with the relationship between acme and ``other``."""
        given = {"relationship": public_id("rel", self.links[other]), "expectedVersion": version}
        return await self.done(firm, f"relationship{name}", given, record="relationship", show="state version")

    async def prices(self, firm: str) -> dict[str, list[str | None]]:
        """What ``firm`` sees of the orders: number of each visible order -> unit prices of its visible lines."""
        data = await self.ask(
            firm, "{orders(orderBy:{field:ID,direction:ASC}){nodes{id lines{nodes{unitPrice{amount}}}}}}"
        )
        numbers = {self.order(k): f"PO{k}" for k in range(ORDERS)}
        return {
            numbers[each["id"]]: [line["unitPrice"] and line["unitPrice"]["amount"] for line in each["lines"]["nodes"]]
            for each in data["orders"]["nodes"]
        }

    async def stored(self) -> list[str]:
        """Every rule, scope and change there is, as the administrator sees them."""
        tables = ("sharing_rule", "scope", "change_outbox", "relationship")
        return [
            row[0]
            for table in tables
            for row in await self.bench.superuser.fetch(f'select t::text from "{table}" t order by 1')
        ]
