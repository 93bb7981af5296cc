"""A small chain made from a seed: six firms, their records, relationships in all states, rules of every sort.

The dice are loaded (sharing.md, section 12): most rules live, most name a partner that can make use of them, windows
and validity end on the very day and instant that is asked about, and several rules speak of the same rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, TypeVar
from uuid import UUID

from scmhub.database.tables import HUB_PARTNER
from scmhub.ids import new_id
from scmhub.partners.tables import RelationshipTable
from scmhub.records.orders.shipment_model import STATES as SHIPMENT_STATES
from scmhub.records.orders.states import NAMES as LINE_STATES
from scmhub.sharing import expansion
from scmhub.sharing.tables import BlockPairTable, SharingRuleTable

from .matters import add_breaches, add_matters
from .rows import Row, Tables, complete
from .series import add_inventory, add_series

_T = TypeVar("_T")
NAMES = ("ACME", "BOLT", "CARGO", "DYNA", "ECHO", "FOXT")
_MEASURES = ("FORECAST", "SELL_OUT", "COMMIT", "PRODUCTION", "CAPACITY")
GROUPS = {
    "ORDER": ("price", "numbers", "parties", "promises", "fulfilment"),
    "SHIPMENT": ("numbers", "parties", "times", "costs"),
    "ITEM": ("identifiers", "lifecycle"),
    "SITE": ("identifiers",),
    **dict.fromkeys(_MEASURES, ("quantity", "parties", "versions", "reasons")),
    "INVENTORY": ("stock", "targets", "parties"),
    "RISK": ("assessment", "mitigation"),
    "STRUCTURE": ("quantity",),
}
BANDED = {
    "ORDER": ("price", "fulfilment"), **dict.fromkeys(_MEASURES, ("quantity",)), "INVENTORY": ("stock", "targets"),
    "STRUCTURE": ("quantity",),
}  # fmt: skip
"""The groups whose amounts a rule may open as bands."""
FEW_PURPOSES = ("PLANNING", "EXECUTION", "RISK")
DAYS = (0, 1, 5, 10, 28)
"""Reaches of windows; days of rows lie on, just inside and just outside of them."""
TEXTS = ('plain', 'with "quotes"', "back\\slash", "zwölf Räder", "line\nbreak", "50%_off", "日本", "tab\there", "<b>&amp;")


class World:
    """All rows of one chain, and the instant at which it is looked at."""

    def __init__(self, seed: int, *, orders: int = 26, shipments: int = 16, rules: int = 44) -> None:
        self.seed = seed
        self.rng = Random(seed)
        self.bands = Random(f"bands of {seed}")
        self.limits = Random(f"limits of {seed}")
        self.prefix = f"W{seed}-"
        self.now = self.pick(
            (
                datetime(2026, 3, 1, 12, tzinfo=UTC),
                datetime(2026, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC),
                datetime(2028, 2, 29, tzinfo=UTC),
            )
        )
        self.tables: Tables = {}
        self._number = 0
        self.partners = [self._partner(name) for name in NAMES]
        self._relationships()
        self._sites_and_items()
        for _ in range(orders):
            self._order()
        for _ in range(shipments):
            self._shipment()
        add_series(self, 20)
        add_inventory(self, 12)
        add_matters(self)
        for _ in range(14):
            self._alias()
        for _ in range(rules):
            self._rule()
        add_breaches(self)
        self.tables["block_pair"] = []
        for _ in range(self.pick((0, 1, 1, 2, 3))):
            self._block()
        for _ in range(2):
            self._review(self.partner())
        self.expand()

    # -- dice ----------------------------------------------------------------------------------------------------------

    def pick(self, values: Sequence[_T]) -> _T:
        return self.rng.choice(values)

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def maybe(self, value: _T, share: float = 0.7) -> _T | None:
        return value if self.chance(share) else None

    def key(self) -> UUID:
        """A new id, born at some moment before now."""
        return new_id(self.now - timedelta(minutes=self.rng.randrange(1, 100_000)), self.rng.getrandbits(74))

    def text(self) -> str:
        self._number += 1
        return f"{self.pick(TEXTS)} {self._number}"

    def amount(self) -> Decimal:
        return Decimal(self.rng.randrange(1, 10**7)) / Decimal(10 ** self.pick((0, 1, 2, 6)))

    def day(self) -> date:
        """A day on, or one beside, the edge of some window; sometimes far away."""
        if self.chance(0.1):
            return self.now.date() + timedelta(days=self.pick((-400, 400)))
        return self.now.date() + timedelta(days=self.pick((-1, 1)) * self.pick(DAYS) + self.pick((-1, 0, 0, 1)))

    def instant(self) -> datetime:
        return self.now + timedelta(seconds=self.rng.randrange(-(10**6), 10**6), microseconds=self.pick((0, 120_000, 7)))

    def partner(self, *, other_than: UUID | None = None) -> UUID:
        """A firm; the first two more often than the rest."""
        weights = [6, 4, 2, 2, 2, 1]
        while True:
            found = self.rng.choices(self.partners, weights)[0]
            if found != other_than:
                return found

    def add(self, table: str, **values: Any) -> Row:
        values.setdefault("id", self.key())
        row = complete(table, values)
        self.tables.setdefault(table, []).append(row)
        return row

    # -- master data ---------------------------------------------------------------------------------------------------

    def _partner(self, name: str) -> UUID:
        row = self.add(
            "partner", code=f"{self.prefix}{name}", name=self.text(), country=self.maybe("DE"), status="ACTIVE",
            gln=self.maybe(f"{self.rng.randrange(10**12):013}"), created_at=self.instant(),
        )  # fmt: skip
        key: UUID = row["id"]
        return key

    def _relationships(self) -> None:
        """Most ordered pairs have one; the state of some is not ACTIVE."""
        kinds = ("SUPPLY", "SUPPLY", "CONTRACT_MANUFACTURING", "DISTRIBUTION", "LOGISTICS")
        taken = set()
        for _ in range(24):
            provider = self.partner()
            recipient = self.partner(other_than=provider)
            kind = self.pick(kinds)
            if (provider, recipient, kind) in taken:
                continue
            taken.add((provider, recipient, kind))
            state = self.rng.choices(("ACTIVE", "PROPOSED", "SUSPENDED", "ENDED", "DECLINED"), (12, 2, 2, 2, 2))[0]
            self.add(
                "relationship", provider_id=provider, recipient_id=recipient, kind=kind, state=state,
                proposed_by=self.pick((provider, recipient)), since=self.maybe(self.day()), until=self.maybe(self.day(), 0.2),
                created_at=self.instant(),
            )  # fmt: skip

    def _sites_and_items(self) -> None:
        for partner in self.partners:
            for number in range(self.pick((1, 2, 2))):
                self.add(
                    "site", partner_id=partner, code=f"S{number}", name=self.text(), kind=self.pick(("PLANT", "STORE")),
                    country=self.maybe("FR"), time_zone="Europe/Berlin", gln=self.maybe(f"{self.rng.randrange(10**12):013}"),
                    version=self.rng.randrange(1, 9), created_at=self.instant(),
                )  # fmt: skip
            for number in range(self.pick((1, 2, 3))):
                self.add(
                    "item", owner_id=partner, number=f"I{number}", description=self.text(), unit=self.pick(("C62", "KGM")),
                    gtin=self.maybe(f"{self.rng.randrange(10**13):014}"), lifecycle=self.pick(("SERIES", "CONCEPT", "ENDED")),
                    version=self.rng.randrange(1, 9), created_at=self.instant(),
                )  # fmt: skip

    def of(self, table: str, column: str, partner: UUID | None) -> Row:
        """A row of this partner, seldom of another."""
        mine = [row for row in self.tables[table] if row[column] == partner]
        return self.pick(mine if mine and self.chance(0.85) else self.tables[table])

    def _alias(self) -> None:
        item = self.pick(self.tables["item"])
        partner = self.partner(other_than=item["owner_id"])
        self.add(
            "item_alias", owner_id=item["owner_id"], item_id=item["id"], partner_id=partner, number=self.text(),
            claimed_by=self.pick((partner, item["owner_id"])), confirmed_at=self.maybe(self.instant()),
            created_at=self.instant(),
        )  # fmt: skip

    # -- orders --------------------------------------------------------------------------------------------------------

    def _order(self) -> None:
        buyer = self.partner()
        seller = self.partner(other_than=buyer)
        numbers = [row["buyer_number"] for row in self.tables.get("purchase_order", ()) if row["buyer_id"] == buyer]
        order = self.add(
            "purchase_order", kind=self.pick(("PURCHASE", "CALL_OFF")), buyer_id=buyer, seller_id=seller,
            consignee_id=self.maybe(self.partner(), 0.3), buyer_number=f"PO-{len(numbers)}",
            seller_number=self.maybe(f"SO-{self.rng.randrange(30)}"), ship_to_id=self.of("site", "partner_id", buyer)["id"],
            incoterm=self.maybe("FCA"), incoterm_place=self.maybe(self.text()), currency=self.pick(("EUR", "USD")),
            status=self.pick(LINE_STATES), placed_at=self.instant(), total_amount=self.maybe(self.amount()),
            version=self.rng.randrange(1, 9), created_at=self.instant(),
        )  # fmt: skip
        for number in range(self.pick((1, 1, 2, 3, 4))):
            self._order_line(order, number + 1)

    def _order_line(self, order: Row, number: int) -> None:
        line = self.add(
            "order_line", order_id=order["id"], line_no=number,
            item_id=self.of("item", "owner_id", order[self.pick(("buyer_id", "buyer_id", "seller_id"))])["id"],
            ship_to_id=order["ship_to_id"] if self.chance(0.6) else self.pick(self.tables["site"])["id"],
            external_id=self.maybe(self.text()), quantity=self.amount(), unit="C62", unit_price=self.maybe(self.amount()),
            line_amount=self.maybe(self.amount()), currency=order["currency"], requested_on=self.day(),
            status=self.pick(LINE_STATES), shipped=self.amount(), received_good=self.amount(),
            received_damaged=Decimal(0), note=self.maybe(self.text()), version=self.rng.randrange(1, 9),
            **{side: order[side] for side in ("buyer_id", "seller_id", "consignee_id")},
        )  # fmt: skip
        for seq in range(self.pick((0, 1, 1, 2))):
            self._schedule_line(line, seq + 1)

    def _schedule_line(self, line: Row, seq: int) -> None:
        schedule = self.add(
            "schedule_line", line_id=line["id"], seq=seq, requested_quantity=self.amount(), requested_on=self.day(),
            state=self.pick(LINE_STATES), first_promise_quantity=self.maybe(self.amount()),
            first_promise_on=self.maybe(self.day()), last_promise_quantity=self.maybe(self.amount()),
            last_promise_on=self.maybe(self.day()), shipped=self.amount(), received_good=self.amount(),
            received_damaged=Decimal(0), version=self.rng.randrange(1, 9),
        )  # fmt: skip
        for number in range(self.pick((0, 1, 2))):
            revision = self.add(
                "schedule_revision", schedule_line_id=schedule["id"], revision_no=number + 1,
                side=self.pick(("BUYER", "SELLER")), act=self.pick(("REQUEST", "ACCEPT")), reason=self.maybe(self.text()),
                stated_by="someone", recorded_at=self.instant(),
            )  # fmt: skip
            for place in range(self.pick((0, 1, 2))):
                self.add(
                    "schedule_slice", revision_id=revision["id"], seq=place + 1, quantity=self.amount(), due_on=self.day()
                )

    # -- shipments -----------------------------------------------------------------------------------------------------

    def _shipment(self) -> None:
        schedule = self.pick(self.tables["schedule_line"])
        line = next(row for row in self.tables["order_line"] if row["id"] == schedule["line_id"])
        sides = {side: line[side] for side in ("buyer_id", "seller_id", "consignee_id")}
        sides["carrier_id"] = self.maybe(self.partner(), 0.5)
        earlier = [row for row in self.tables.get("shipment", ()) if row["seller_id"] == sides["seller_id"]]
        moments = ("planned_departure", "estimated_departure", "actual_departure", "planned_arrival", "estimated_arrival")
        shipment = self.add(
            "shipment", number=f"SH-{len(earlier)}", ship_to_id=line["ship_to_id"], sscc=self.maybe(self.text()),
            mode=self.maybe("AIR"), state=self.pick(SHIPMENT_STATES), actual_arrival=self.maybe(self.instant()),
            weight_kg=self.maybe(self.amount()), freight_amount=self.maybe(self.amount()),
            insurance_amount=self.maybe(self.amount()), currency=self.maybe("EUR"), freight_note=self.maybe(self.text()),
            version=self.rng.randrange(1, 9), created_at=self.instant(), **sides,
            **{moment: self.maybe(self.instant()) for moment in moments},
        )  # fmt: skip
        for number in range(self.pick((1, 2, 3))):
            travels = self.add(
                "shipment_line", shipment_id=shipment["id"], line_no=number + 1, order_line_id=line["id"],
                schedule_line_id=schedule["id"], quantity=self.amount(), unit="C62", arrival_on=self.day(),
                item_id=line["item_id"] if self.chance(0.6) else self.pick(self.tables["item"])["id"],
                ship_to_id=line["ship_to_id"] if self.chance(0.7) else self.pick(self.tables["site"])["id"], **sides,
            )  # fmt: skip
            for seq in range(self.pick((0, 0, 1, 2))):
                self.add(
                    "receipt", shipment_line_id=travels["id"], seq=seq + 1, good=self.amount(), damaged=Decimal(0),
                    short=self.amount(), documents_ok=self.chance(0.5), received_at=self.instant(), stated_by="someone",
                    recorded_at=self.instant(),
                )  # fmt: skip
        for seq in range(self.pick((0, 1, 2))):
            self.add(
                "shipment_event", shipment_id=shipment["id"], seq=seq + 1, milestone=self.pick(("DEPARTURE", "ARRIVAL")),
                certainty=self.pick(("PLANNED", "ACTUAL")), at=self.instant(), corrects_seq=self.maybe(1, 0.2),
                stated_by="someone", recorded_at=self.instant(),
            )  # fmt: skip

    # -- rules ---------------------------------------------------------------------------------------------------------

    def _rule(self) -> None:
        """A rule, or another one about the very same rows: with other fields, in another window."""
        earlier = self.tables.get("sharing_rule")
        if earlier and self.chance(0.35):
            about = self.pick(earlier)
            self.add("sharing_rule", **{**about, "id": self.key(), **self._terms(about["kind"])})
            return
        owner = self.partner()
        kind = self.rng.choices(tuple(GROUPS), (12, 9, 4, 2, 4, 1, 1, 1, 1, 3, 3, 2))[0]
        named = self.chance(0.7)
        self.add(
            "sharing_rule", owner_id=owner, grantee_id=self._friend(owner) if named else None,
            grantee_role=None if named else self.pick(tuple(expansion.ROLES)), kind=kind,
            items=self._some("item", "owner_id", owner, 0.55 if kind != "SITE" else 0.9),
            sites=self._some("site", "partner_id", owner, 0.7 if kind != "ITEM" else 0.9), **self._terms(kind),
        )  # fmt: skip

    def _terms(self, kind: str) -> Row:
        """What a rule opens of its rows, and when."""
        return {
            "field_groups": [self._precisely(kind, group) for group in GROUPS[kind] if self.chance(0.4)],
            "days_back": self.maybe(self.pick(DAYS), 0.5), "days_ahead": self.maybe(self.pick(DAYS), 0.5),
            "state": self.rng.choices(("ACTIVE", "DRAFT", "SUSPENDED", "REVOKED"), (20, 1, 1, 1))[0],
            "note": self.maybe(self.text()), "version": self.rng.randrange(1, 9), "created_at": self.instant(),
            "purposes": self._purposes(), **self._validity(),
        }  # fmt: skip

    def _purposes(self) -> list[str] | None:
        """Half of all rules are for anything, the others for one or two purposes."""
        return None if self.limits.random() < 0.5 else sorted(self.limits.sample(FEW_PURPOSES, self.limits.choice((1, 1, 2))))

    def _precisely(self, kind: str, group: str) -> str:
        """A group, or it as bands."""
        return f"{group}~band" if group in BANDED.get(kind, ()) and self.bands.random() < 0.45 else group

    def _friend(self, owner: UUID) -> UUID:
        """Mostly a partner that stands in an ACTIVE relationship with the owner."""
        ends = [
            (row["provider_id"], row["recipient_id"]) for row in self.tables["relationship"] if row["state"] == "ACTIVE"
        ]
        friends = [b if a == owner else a for a, b in ends if owner in (a, b)]
        return self.pick(friends) if friends and self.chance(0.9) else self.partner(other_than=owner)

    def _some(self, table: str, column: str, owner: UUID, all_of_them: float) -> list[UUID] | None:
        """Null for all, or a few; mostly the owner's own."""
        if self.chance(all_of_them):
            return None
        return sorted({self.of(table, column, owner)["id"] for _ in range(self.pick((1, 2, 3)))})

    def _validity(self) -> Row:
        """Mostly open now; the rest begins or ends within a microsecond of now, or long before or after."""
        tick = timedelta(microseconds=1)
        begin = self.now - timedelta(days=90)
        if self.chance(0.25):
            begin = self.pick((self.now, self.now + tick, self.now - tick, self.now + timedelta(days=1)))
        end = None
        if self.chance(0.35):
            end = self.pick((self.now, self.now + tick, self.now - tick, self.now - timedelta(days=9), self.now + timedelta(9)))
        return {"valid_from": begin, "valid_until": end if end is None or end > begin else None}

    def _block(self) -> None:
        """Two partners kept apart: by one of them, by a third for its own records, by the operator; some lifted."""
        one, other = self.rng.sample(self.partners, 2)
        owner = self.pick((one, one, HUB_PARTNER, self.partner()))
        if any((owner, one, other) == (row["owner_id"], row["one_id"], row["other_id"]) for row in self.tables["block_pair"]):
            return
        lifted = self.maybe(self.instant(), 0.2)
        self.add(
            "block_pair", owner_id=owner, one_id=one, other_id=other,
            own_records_only=owner not in (one, other, HUB_PARTNER), state="LIFTED" if lifted else "ACTIVE",
            lifted_at=lifted, lift_reason=lifted and self.text(), reason=self.text(), set_at=self.instant(),
            version=self.rng.randrange(1, 9),
        )  # fmt: skip

    def _review(self, owner: UUID) -> None:
        """A partner looks through its rules, and has got some way."""
        start = {"started_at": self.now - timedelta(days=7), "due_at": self.now + timedelta(days=7)}
        review = self.add("access_review", owner_id=owner, state="OPEN", reason=self.text(), started_by=self.text(), **start)
        copied = ("kind", "grantee_id", "grantee_role", "field_groups")
        for number, rule in enumerate([row for row in self.tables["sharing_rule"] if row["owner_id"] == owner], 1):
            said = self.maybe(self.pick(("KEEP", "REVOKE")), 0.5)
            self.add(
                "access_review_line", owner_id=owner, review_id=review["id"], rule_id=rule["id"], line_no=number,
                subject_version=rule["version"], about="RULE", state="ATTESTED" if said else "PENDING", decision=said,
                reason=said and self.text(), **{name: rule[name] for name in copied},
            )  # fmt: skip

    def expand(self) -> None:
        """The scopes that the hub's own expansion makes of these rules and relationships."""
        self.tables["scope"] = []
        standing = expansion.Standing(
            [RelationshipTable(**row) for row in self.tables["relationship"]],
            [BlockPairTable(**row) for row in self.tables.get("block_pair", ())],
        )
        for row in self.tables["sharing_rule"]:
            for opening in sorted(expansion.expand(SharingRuleTable(**row), standing), key=str):
                self.add(
                    "scope", rule_id=row["id"], granter=row["owner_id"], grantee=opening.grantee, kind=row["kind"],
                    purposes=row["purposes"], owner=row["owner_id"], item=opening.item, site=opening.site, tokens=row["field_groups"],
                    days_back=row["days_back"], days_ahead=row["days_ahead"], valid_from=row["valid_from"],
                    valid_until=row["valid_until"], receipts=row["receipts"], hidden_parties=list(opening.hidden) or None,
                )  # fmt: skip
