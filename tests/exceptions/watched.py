"""What acme and bolt do with each other, in short words, and what the hub finds in it."""

from __future__ import annotations

from typing import Any

from scmhub.database.address import Address
from scmhub.database.roles import login
from scmhub.database.secret import HubSecret
from scmhub.database.tables import PUMP_ROLE, READ_ROLE
from scmhub.exceptions.watch import Watch
from scmhub.feed.pump import Pump
from scmhub.settings import Settings

from ..records.forecasts.firms import Firms, week
from ..records.risks.acts import do

BREACH = """{ breaches(first: 20) { totalCount nodes {
  id criterion bucket severity returnedAt version allowed basis basisVersion
  variance { value unit } affected { code } other { code } item { number }
  evidence(first: 20) { nodes { kind record field value recordVersion } }
  cases(first: 1) { nodes { id version state severity level dueOn title template opener { code } counterparty { code }
                  entries(first: 9) { nodes { act text author { code } } } } }
} } }"""
_ORDER = "order { id version lines { nodes { id schedule { nodes { id version state } } } } }"
_SHIPMENT = "shipment { id version lines { nodes { id } } }"


def watched_of(firms: Firms, admin: Address, settings: Settings, secret: HubSecret) -> Watched:
    pump = Pump(login(admin, PUMP_ROLE, secret), settings, firms.clock)
    return Watched(firms, pump, lambda: Watch(login(admin, READ_ROLE, secret), settings, firms.hub.database, firms.clock))


class Watched:
    """The firms, and a hub that looks when told to. ``another``: the watch of a second replica."""

    def __init__(self, firms: Firms, pump: Pump, another: Any) -> None:
        self.firms, self.pump, self.another = firms, pump, another
        self.watch: Watch = another()
        self.number = 0

    async def close(self) -> None:
        await self.pump.close()
        await self.watch.close()

    async def look(self) -> None:
        """Whatever has happened until now is judged."""
        await self.pump.drain()
        while await self.watch.once():
            pass

    async def breaches(self, firm: str, criterion: str = "") -> list[dict[str, Any]]:
        """What there is for a firm, oldest first."""
        found = (await self.firms.read(firm, BREACH))["breaches"]
        assert found["totalCount"] == len(found["nodes"])
        return [each for each in reversed(found["nodes"]) if criterion in ("", each["criterion"])]

    async def breach(self, firm: str, criterion: str) -> dict[str, Any]:
        """The only one of a criterion."""
        [found] = await self.breaches(firm, criterion)
        return found

    async def written(self) -> str:
        """Everything the watch writes, its place apart."""
        tables = ("breach", "breach_evidence", "case_file", "case_entry", "change_log", "change_outbox")
        text = "select coalesce(string_agg(t::text, '\n' order by t::text), '') from {} t"
        return "".join([await self.firms.superuser.fetchval(text.format(table)) for table in tables])

    # -- what they do --------------------------------------------------------------------------------------------------

    async def ordered(self, quantity: str = "100", on: str = "2026-03-10", *, confirm: bool = True) -> dict[str, Any]:
        """acme orders castings from bolt, to its plant; bolt confirms."""
        self.number += 1
        line = {"item": self.firms.ids["acme-casting"], "quantity": {"value": quantity, "unit": "C62"}, "requestedOn": on}
        order = await do(
            self.firms, "acme", "orderPlace", _ORDER, kind="PURCHASE", seller=self.firms.ids["bolt"], currency="EUR",
            shipTo=self.firms.ids["acme-plant"], buyerNumber=f"PO-{self.number}", lines=[line],
        )  # fmt: skip
        if confirm:
            order = await do(self.firms, "bolt", "orderConfirm", _ORDER, order=order["id"], expectedVersion=order["version"])
        return order

    async def reread(self, order: dict[str, Any]) -> dict[str, Any]:
        text = f"query($id: ID!) {{ {_ORDER.replace('order', 'order(by: {id: $id})', 1)} }}"
        found: dict[str, Any] = (await self.firms.read("acme", text, id=order["id"]))["order"]
        return found

    async def promise(self, order: dict[str, Any], on: str, quantity: str = "100") -> None:
        """bolt asks for another day, acme agrees."""
        for firm, act, more in (
            ("bolt", "scheduleLinePropose", {"slices": [{"quantity": quantity, "dueOn": on}]}),
            ("acme", "scheduleLineAccept", {}),
        ):  # fmt: skip
            line = (await self.reread(order))["lines"]["nodes"][0]["schedule"]["nodes"][0]
            await do(self.firms, firm, act, _ORDER, scheduleLine=line["id"], expectedVersion=line["version"], **more)

    async def shipped(self, order: dict[str, Any], quantity: str, departs: str, arrives: str) -> dict[str, Any]:
        """bolt plans a shipment; nothing has left yet."""
        self.number += 1
        line = order["lines"]["nodes"][0]["schedule"]["nodes"][0]
        planned = {"scheduleLine": line["id"], "quantity": {"value": quantity, "unit": "C62"}}
        return await do(
            self.firms, "bolt", "shipmentPlan", _SHIPMENT, number=f"SH-{self.number}", lines=[planned],
            plannedDeparture=departs, plannedArrival=arrives,
        )  # fmt: skip

    async def received(self, shipment: dict[str, Any], good: str, damaged: str = "0") -> dict[str, Any]:
        """It departs and arrives now, and acme counts it."""
        for milestone in ("DEPARTURE", "ARRIVAL"):
            shipment = await do(
                self.firms, "bolt", "shipmentReport", _SHIPMENT, shipment=shipment["id"], milestone=milestone,
                expectedVersion=shipment["version"], certainty="ACTUAL", at=self.firms.clock.now.isoformat(),
            )  # fmt: skip
        return await self.counted(shipment, good, damaged)

    async def counted(self, shipment: dict[str, Any], good: str, damaged: str = "0") -> dict[str, Any]:
        lines = [{"line": shipment["lines"]["nodes"][0]["id"], "good": good, "damaged": damaged}]
        return await do(
            self.firms, "acme", "shipmentReceive", _SHIPMENT, shipment=shipment["id"],
            expectedVersion=shipment["version"], lines=lines,
        )  # fmt: skip

    async def forecast(self, *quantities: str | None, first: int = 0, site: bool = False) -> dict[str, Any]:
        """acme tells bolt what it needs of its casting, week by week; None: not stated."""
        points = [{"startsOn": week(first + n), "quantity": each} for n, each in enumerate(quantities) if each is not None]
        place = {"site": self.firms.ids["acme-plant"]} if site else {}
        return await do(
            self.firms, "acme", "forecastPublish", "forecast { id versionNo }", counterparty=self.firms.ids["bolt"],
            item=self.firms.ids["acme-casting"], bucket="WEEK", unit="C62", points=points, **place,
        )  # fmt: skip

    async def commit(self, forecast: dict[str, Any], *quantities: str | None, first: int = 0) -> None:
        points = [{"startsOn": week(first + n), "quantity": each} for n, each in enumerate(quantities) if each is not None]
        await do(
            self.firms, "bolt", "commitPublish", "commit { id }", forecast=forecast["id"],
            forecastVersion=forecast["versionNo"], points=points,
        )  # fmt: skip

    async def stock(self, available: str, *, by: str = "acme", holder: str = "acme", at: str = "acme") -> dict[str, Any]:
        """acme's stock, as someone states it: of castings of the stater's own."""
        ids = self.firms.ids
        return await do(
            self.firms, by, "inventorySet", "inventoryPosition { id version }", owner=ids["acme"], holder=ids[holder],
            site=ids[f"{at}-plant"], item=ids[f"{by}-casting"], unit="C62", available=available,
        )  # fmt: skip

    async def targets(self, position: dict[str, Any], **targets: str) -> None:
        await do(
            self.firms, "acme", "inventoryTargetsSet", "inventoryPosition { id }", position=position["id"],
            expectedVersion=position["version"], **targets,
        )  # fmt: skip
