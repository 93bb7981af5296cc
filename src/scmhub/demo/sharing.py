"""What the six let each other see beyond their own business: rules in every state a rule can be in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from scmhub.demo.cast import ITEMS, Cast
from scmhub.demo.chance import Chance
from scmhub.sharing.tables import SharingRuleTable


class Rule(NamedTuple):
    """``to`` is a firm or a role; ``days`` the window back and ahead (None: open); ``items`` None means all.

    ``since`` and ``until`` are days from the end of the story, negative for the past.
    """

    owner: str
    to: str
    kind: str
    groups: tuple[str, ...]
    note: str
    items: tuple[str, ...] | None = None
    days: tuple[int | None, int | None] = (None, None)
    state: str = "ACTIVE"
    since: int = -200
    until: int | None = None


def _products(owner: str) -> tuple[str, ...]:
    """Numbers of all a firm sells, its own names for what it buys not among them."""
    return tuple(entry.split()[0] for line in ITEMS[owner].splitlines() for entry in line.split("|") if entry.strip())


RULES = (
    Rule("TORQ", "VELO", "ORDER", ("parties", "promises", "fulfilment"),
         "Velora sees when cells for its batteries come, and never what they cost.",
         items=("VC-21700-50", "VC-21700-58"), days=(60, 90)),
    Rule("KINE", "CUSTOMER", "ORDER", ("promises",),
         "Customers see the next four weeks of castings; not who makes them.",
         items=("FA-HUBSHELL", "FA-HUBSHELL-32"), days=(0, 28)),
    Rule("TORQ", "CELL", "SHIPMENT", ("times",), "Voltcell follows the battery packs its cells went into.",
         items=("TQ-BAT400", "TQ-BAT625", "TQ-BAT750"), days=(30, 30)),
    Rule("VELO", "SUPPLIER", "ITEM", ("identifiers", "lifecycle"),
         "Whoever supplies us knows which bikes come and go; our own numbers for parts would tell of other suppliers.",
         items=_products("VELO")),
    Rule("KINE", "SUPPLIER", "ITEM", ("lifecycle",), "Suppliers see what is ramping up.", items=_products("KINE")),
    Rule("TORQ", "CUSTOMER", "ITEM", ("identifiers", "lifecycle"), "Our catalogue.", items=_products("TORQ")),
    Rule("KINE", "CUSTOMER", "ITEM", ("identifiers", "lifecycle"), "Our catalogue.", items=_products("KINE")),
    Rule("CELL", "CUSTOMER", "ITEM", ("identifiers", "lifecycle"), "Our catalogue."),
    Rule("CAST", "CUSTOMER", "ITEM", ("lifecycle",), "Our catalogue, without the numbers of the old one."),
    Rule("VELO", "SUPPLIER", "SELL_OUT", ("quantity",), "Plan with what riders buy, not with what we order.",
         days=(182, None)),
    Rule("VELO", "TORQ", "INVENTORY", ("stock", "targets"),
         "Torq keeps our shelf of drive units and batteries between minimum and maximum.",
         items=("DRV-0001", "DRV-0002", "BAT-0003"), days=(14, None)),
    Rule("CELL", "TORQ", "INVENTORY", ("stock",), "Torq sees how many finished cells we hold.",
         items=("VC-21700-50", "VC-21700-58"), days=(14, None)),
    Rule("TORQ", "LOGISTICS_PROVIDER", "ORDER", ("fulfilment",), "The carrier plans its vehicles for two weeks.",
         days=(0, 14)),
    Rule("VELO", "LOGISTICS_PROVIDER", "SITE", ("identifiers",), "Gates by their GLN."),
    Rule("VELO", "HAUL", "ORDER", ("promises", "parties"), "To be talked over with Nordhaul first.", days=(0, 30),
         state="DRAFT", since=-6),
    Rule("CELL", "HAUL", "SHIPMENT", ("times", "numbers"), "For the spring campaign.", days=(None, None), until=-45),
    Rule("CAST", "TORQ", "ITEM", ("identifiers",), "On hold until the new catalogue is out.", state="SUSPENDED"),
    Rule("KINE", "CELL", "ORDER", ("fulfilment",), "Ended with the pilot.", days=(30, 30), state="REVOKED"),
)  # fmt: skip
_VERSIONS = {"DRAFT": 1, "ACTIVE": 2, "SUSPENDED": 3, "REVOKED": 3}


def rules(chance: Chance, cast: Cast, now: datetime) -> Iterable[SharingRuleTable]:
    """The rules as records."""
    for rule in RULES:
        at = now + timedelta(days=rule.since, hours=10)
        grantee: dict[str, Any] = {"grantee_id": None, "grantee_role": None}
        grantee["grantee_id" if rule.to in cast.partners else "grantee_role"] = cast.partners.get(rule.to, rule.to)
        yield SharingRuleTable(
            id=chance.key(at), owner_id=cast.partners[rule.owner], **grantee, kind=rule.kind,
            items=None if rule.items is None else [cast.items[number].key for number in rule.items], sites=None,
            field_groups=list(rule.groups), days_back=rule.days[0], days_ahead=rule.days[1], valid_from=at,
            valid_until=None if rule.until is None else now + timedelta(days=rule.until), state=rule.state,
            note=rule.note, version=_VERSIONS[rule.state], created_at=at,
        )  # fmt: skip
