"""Which clause holds between two partners on a day; every room asks here, and nobody asks elsewhere.

acme and bolt sign on 10 March that 2 days late are tolerated from 1 April. On 31 March there is no clause and the hub's
own tolerance counts; from 1 April on the clause does. Nothing is computed from a state: a signed version holds from its
first day to its last, so the answer for a day stays the same for ever, and no clock has to wake up at midnight.

    found = await clause_in_force(unit.rows, Fences, buyer, seller, on, seller=seller, item=item)
    if found and due_on <= on + timedelta(days=found.terms.frozen_days): ...

``rows`` is ``unit.rows`` of a command (which sees what its partner is a party to) or ``fetch`` of a connection. Whoever
judges many things of one pair reads ``clauses_in_force`` once and asks ``fitting`` for each.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from scmhub.database.tables import listed
from scmhub.partners.agreements import BINDING

Rows = Callable[..., Awaitable[Sequence[Mapping[str, Any]]]]


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far off ``criterion`` may be: days or per cent, as the criterion has it. From ``grave`` on it is HIGH."""

    table: ClassVar[str] = "tolerance_clause"
    criterion: str
    allowed: Decimal
    grave: Decimal | None

    @property
    def about(self) -> str:
        return self.criterion


@dataclass(frozen=True, slots=True)
class ResponseTime:
    """How many days an answer about ``subject`` may take."""

    table: ClassVar[str] = "response_clause"
    subject: str
    days: int

    @property
    def about(self) -> str:
        return self.subject


@dataclass(frozen=True, slots=True)
class StockPolicy:
    """How much stock of ``stock_owner_id`` there should be; None: not said."""

    table: ClassVar[str] = "stock_policy_clause"
    stock_owner_id: UUID
    unit: str
    minimum: Decimal | None
    maximum: Decimal | None
    target: Decimal | None

    @property
    def about(self) -> UUID:
        return self.stock_owner_id


@dataclass(frozen=True, slots=True)
class Fences:
    """Days from today up to which plans are frozen, firm, flexible. ``inside_frozen``: REFUSED or MARKED."""

    table: ClassVar[str] = "fence_clause"
    frozen_days: int
    firm_days: int
    flexible_days: int
    inside_frozen: str

    @property
    def about(self) -> None:
        return None


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """The least of ``measure`` that the provider owes in each period; which days and quantities are right."""

    table: ClassVar[str] = "service_level_clause"
    measure: str
    at_least: Decimal
    period: str
    due: str | None
    early_days: int | None
    late_days: int | None
    short_allowed: Decimal | None

    @property
    def about(self) -> str:
        return self.measure


Terms = TypeVar("Terms", Tolerance, ResponseTime, StockPolicy, Fences, ServiceLevel)


@dataclass(frozen=True, slots=True)
class Clause(Generic[Terms]):
    """A clause in force: its terms, the version of the agreement it stands in, and what it is confined to.

    ``sides`` signed it; ``sellers`` are those of them it binds as sellers.
    """

    id: UUID
    agreement_id: UUID
    relationship_id: UUID
    version_no: int
    sides: tuple[UUID, UUID]
    sellers: tuple[UUID, ...]
    item_id: UUID | None
    site_id: UUID | None
    terms: Terms


TOLERANCES: dict[str, tuple[str, str]] = {
    "LATE_ORDER": ("0", "10"), "EARLY_ORDER": ("5", "20"), "RECEIPT_VARIANCE": ("2", "20"),
    "FORECAST_MISMATCH": ("10", "50"), "FROZEN_CHANGE": ("10", "50"), "STALE": ("14", "60"),
    "BELOW_TARGET": ("0", "50"), "SHORTAGE": ("0", "50"), "EXCESS": ("0", "100"),
}  # fmt: skip
"""Criterion -> allowed and grave where nothing is agreed: equal for everybody, readable by everybody."""
RESPONSE_DAYS = 5
"""Days an answer may take, for an exception, where nothing is agreed. It sets no due date: nobody promised it."""


def default_tolerance(criterion: str) -> Tolerance:
    allowed, grave = TOLERANCES[criterion]
    return Tolerance(criterion, Decimal(allowed), Decimal(grave))


_VERSIONS = "agreement_version v join relationship r on r.id = v.relationship_id"
_IN_FORCE = f"""
where (v.provider_id = $1 and ($2::uuid is null or v.recipient_id = $2)
    or v.recipient_id = $1 and ($2::uuid is null or v.provider_id = $2))
  and v.state in {listed(BINDING)}
  and $3 >= v.in_force_from and $3 <= coalesce(v.in_force_until, 'infinity')
order by v.in_force_from, v.signed_at"""


async def clauses_in_force(
    rows: Rows, kind: type[Terms], one: UUID, other: UUID | None, on: date
) -> list[Clause[Terms]]:
    """All clauses of a kind that hold between two partners on a day, whichever of their relationships they belong to.

    ``other`` None: between the one and anybody. In the order in which they give way: of two that fit equally closely,
    the one that came into force later counts.
    """
    found = await rows(
        "select c.*, v.version_no, v.relationship_id, v.agreement_id, v.provider_id, v.recipient_id, r.kind as bond"
        f" from {_VERSIONS} join {kind.table} c on c.version_id = v.id {_IN_FORCE}, c.id", one, other, on,
    )  # fmt: skip
    return [_clause(kind, row) for row in found]


async def versions_in_force(rows: Rows, one: UUID, other: UUID, on: date) -> list[Mapping[str, Any]]:
    """Id and relationship of all versions that hold between two partners on a day, the later ones last."""
    return list(await rows(f"select v.id, v.relationship_id from {_VERSIONS} {_IN_FORCE}, v.id", one, other, on))


def _clause(kind: type[Terms], row: Mapping[str, Any]) -> Clause[Terms]:
    named = {"item_id": None, "site_id": None, **dict(row)}
    ends = {"SUPPLY": ("provider_id",), "CONTRACT_MANUFACTURING": ("provider_id",), "DISTRIBUTION": _BOTH}
    return Clause(
        row["id"], row["agreement_id"], row["relationship_id"], row["version_no"],
        (row["provider_id"], row["recipient_id"]), tuple(row[end] for end in ends.get(row["bond"], ())),
        named["item_id"], named["site_id"], kind(**{each.name: row[each.name] for each in fields(kind)}),
    )  # fmt: skip


_BOTH = ("provider_id", "recipient_id")
"""A distributor buys what it distributes: in such a relationship either end sells."""


def fitting(
    clauses: Iterable[Clause[Terms]], *, about: object = None, seller: UUID | None = None, item: UUID | None = None,
    site: UUID | None = None,
) -> Clause[Terms] | None:  # fmt: skip
    """The clause that fits best: the one confined to this item or site before the one for all; None if none fits.

    ``about``: the criterion, the subject, the measure or the owner of the stock. ``seller``: only what binds it as a
    seller (two firms may sell to each other).
    """
    found = [
        each for each in clauses
        if each.terms.about == about and (seller is None or seller in each.sellers)
        and each.item_id in (None, item) and each.site_id in (None, site)
    ]  # fmt: skip
    return max(reversed(found), key=lambda each: (each.item_id is not None) + (each.site_id is not None), default=None)


async def clause_in_force(
    rows: Rows, kind: type[Terms], one: UUID, other: UUID, on: date, *, about: object = None,
    seller: UUID | None = None, item: UUID | None = None, site: UUID | None = None,
) -> Clause[Terms] | None:  # fmt: skip
    """The clause of a kind that holds between two partners on a day; None if they agreed on none. See ``fitting``."""
    found = await clauses_in_force(rows, kind, one, other, on)
    return fitting(found, about=about, seller=seller, item=item, site=site)


def policies_of(
    clauses: Sequence[Clause[StockPolicy]], *, owner: UUID, holder: UUID, item: UUID, site: UUID
) -> list[Clause[StockPolicy]]:
    """What was agreed about an owner's stock at a place: one for each pair of partners, the latest first.

    Of stock that another keeps only what these two agreed; of what the owner keeps itself, whoever it agreed with.
    """
    best: dict[frozenset[UUID], Clause[StockPolicy]] = {}
    for each in reversed(clauses):
        same = (each.terms.stock_owner_id, each.item_id, each.site_id) == (owner, item, site)
        if same and (owner == holder or set(each.sides) == {owner, holder}):
            best.setdefault(frozenset(each.sides), each)
    return list(best.values())
