"""What a field of a kind may be: a column, an amount with its unit, a link, a list. Rooms write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scmhub.sharing.access import PUBLIC, Access


@dataclass(frozen=True, slots=True)
class Column:
    """One stored value. ``plain``: a CHECK keeps it free of characters JSON would escape.

    ``keys``: it is an array of keys of records of that kind, shown as their ids. ``or_since``: shown are the whole days
    since the instant in ``source``, or in ``or_since`` where there is none.
    """

    description: str
    access: Access
    source: str | None = None
    plain: bool = False
    keys: str | None = None
    or_since: str | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two stored values that mean nothing apart: an amount and its currency, a quantity and its unit."""

    description: str
    access: Access
    amount: str
    unit: str
    type_name: str
    names: tuple[str, str]
    nullable: bool


@dataclass(frozen=True, slots=True)
class Banded:
    """The band of the ladder in which the amount of another field lies; made by ``graph.bands``, never by hand.

    ``unit``: the column of its unit or currency and the name of that in the answer; None: the record says it.
    """

    description: str
    access: Access
    amount: str
    type_name: str
    unit: tuple[str, str] | None

    @property
    def names(self) -> tuple[str, ...]:
        return ("low", "high", *((self.unit[1],) if self.unit else ()))


@dataclass(frozen=True, slots=True)
class One:
    """A link to one record, by the key kept in ``by``."""

    kind: str
    description: str
    by: str
    access: Access


@dataclass(frozen=True, slots=True)
class Narrow:
    """An argument that narrows a nested connection by one PUBLIC column: ``column op value``, op ``>=`` or ``<=``.

    ``until`` names the column ending an interval of record time begun by ``column``: then the argument is an instant,
    and without it the rows known now (``until`` null) are meant.
    """

    argument: str
    type: Any
    description: str
    column: str
    op: str = "<="
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Many:
    """The records of ``kind`` whose column ``by`` is this record's id, as a connection."""

    kind: str
    description: str
    by: str
    order: str
    default: int
    most: int
    narrow: tuple[Narrow, ...] = ()


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest record of ``kind`` *that the viewer may see* whose column ``by`` is this record's id."""

    kind: str
    description: str
    by: str
    order: str


@dataclass(frozen=True, slots=True)
class Withheld:
    """The field groups of this record that are hidden from the viewer; ``banded``: those it sees as bands."""

    description: str
    banded: bool = False


Field = Column | Pair | Banded | One | Many | Latest | Withheld


def column(access: Access, description: str, *, source: str | None = None, plain: bool = False) -> Any:
    """A field kept in the column of its own name, or in ``source``."""
    return Column(description, access, source, plain)


def keys(kind: str, access: Access, description: str, *, source: str) -> Any:
    """The ids of records of ``kind`` whose keys are in an array column; gives no right to see those records."""
    return Column(description, access, source, keys=kind)


def days_since(source: str, or_since: str, description: str) -> Any:
    """Whole days since an instant, or since another (never null) where there is none; comes with the record."""
    return Column(description, PUBLIC, source, or_since=or_since)


def money(access: Access, description: str, *, amount: str, currency: str = "currency", nullable: bool = True) -> Any:
    """An amount with its ISO 4217 currency."""
    return Pair(description, access, amount, currency, "Money", ("amount", "currencyCode"), nullable)


def measured(access: Access, description: str, *, value: str, unit: str = "unit", nullable: bool = False) -> Any:
    """A quantity with its UN/ECE Recommendation 20 unit."""
    return Pair(description, access, value, unit, "Quantity", ("value", "unit"), nullable)


def one(kind: str, access: Access, description: str, *, by: str) -> Any:
    """A link to the record of ``kind`` whose id is kept in ``by``."""
    return One(kind, description, by, access)


def many(
    kind: str,
    description: str,
    *,
    by: str,
    order: str = "id",
    default: int = 50,
    most: int = 250,
    narrow: tuple[Narrow, ...] = (),
) -> Any:
    """The records of ``kind`` that name this one in ``by``, in the order of a column of theirs, then id."""
    return Many(kind, description, by, order, default, most, narrow)


def latest(kind: str, description: str, *, by: str, order: str) -> Any:
    """The visible record of ``kind`` that names this one in ``by`` and has the greatest ``order``, then id."""
    return Latest(kind, description, by, order)


def withheld() -> Any:
    """The names of the field groups that are hidden from the viewer on this record."""
    return Withheld("Field groups of this record that are hidden from you; depends on rules, never on values.")
