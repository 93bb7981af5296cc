"""One row of every kind, made from the tables alone, every nullable column filled: what is null in an answer is hidden.

The owner of every row is OWNER; parties are SIDE1, SIDE2, ... in the order of the law. Whoever adds a kind gets a row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Column, Table, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from scmhub.database.tables import metadata

from .hub import EPOCH
from .rows import Row
from .world import World

_CODES = {"currency": "EUR", "unit": "C62", "basis": "ACTUAL", "measure": "OTIF", "country": "DE", "source": "ADJUST"}
_LATER = ("known_until", "expected_end_at", "valid_until", "due_at")
_GIVEN: dict[tuple[str, str], Callable[[Samples], Any]] = {
    ("person", "roles"): lambda _: ["READER"],
    ("person", "provider_id"): lambda _: None,
    ("person", "provider_subject"): lambda _: None,
    ("invitation", "roles"): lambda _: ["READER"],
    ("disruption", "resolve_with_source"): lambda _: False,
    ("relationship", "suspended_by"): lambda _: None,
    ("sharing_rule", "grantee_id"): lambda samples: samples.firm("SIDE1"),
    ("sharing_rule", "grantee_role"): lambda _: None,
    ("sharing_rule", "kind"): lambda _: "ORDER",
    ("block_pair", "one_id"): lambda samples: samples.firm("KEPT"),
    ("block_pair", "other_id"): lambda samples: samples.firm("APART"),
    ("block_pair", "own_records_only"): lambda _: True,
    ("block_pair", "state"): lambda _: "LIFTED",
    ("access_review", "state"): lambda _: "CLOSED",
    ("access_review_line", "kind"): lambda _: "ORDER",
    ("access_review_line", "grantee_role"): lambda _: "SUPPLIER",
    ("access_review_line", "integration_id"): lambda _: None,
    ("access_review_line", "person_id"): lambda _: None,
    ("access_review_line", "role"): lambda _: None,
}
"""Where a CHECK wants more than the column says."""
_ONE_OF = r"\b{} in \('(\w+)'"


class LawOf(Protocol):
    """What is needed of a law."""

    table: str
    owner: str
    parties: tuple[str, ...]
    of: tuple[str, str] | None
    only: tuple[str, str] | None


class Samples(World):
    """A world with nothing in it but one row of each kind that is asked for, and what those rows need."""

    def __init__(self, laws: Mapping[str, LawOf]) -> None:
        self.seed, self.rng, self.now, self.tables = 0, Random(0), EPOCH, {}
        self.partners: list[UUID] = []
        self.laws = laws
        self.known: dict[str, Row] = {}
        self._number = 0

    def firm(self, code: str) -> UUID:
        """The partner of this code, made when first named."""
        found = next((row["id"] for row in self.tables.get("partner", ()) if row["code"] == code), None)
        if found is None:
            found = self.add(
                "partner", code=code, name=f"{code} Inc.", status="ACTIVE", country="DE", gln="4012345000009", lei="L",
                created_at=self.now,
            )["id"]  # fmt: skip
            self.partners.append(found)
        key: UUID = found
        return key

    def sample(self, kind: str) -> Row:
        """The row of a kind, and before it those it hangs on."""
        if kind not in self.known:
            law = self.laws[kind]
            if kind == "Partner":
                key = self.firm("OWNER")
                self.known[kind] = next(row for row in self.tables["partner"] if row["id"] == key)
            else:
                table = metadata.tables[law.table]
                given = {column.name: self._value(kind, law, table, column) for column in table.columns if not column.computed}
                self.known[kind] = self.add(law.table, **given)
        return self.known[kind]

    def _value(self, kind: str, law: LawOf, table: Table, column: Column[Any]) -> Any:
        if law.only and column.name == law.only[0]:
            return law.only[1]
        if (table.name, column.name) in _GIVEN:
            return _GIVEN[table.name, column.name](self)
        if column.name == "id":
            return self.key()
        if column.foreign_keys or isinstance(column.type, Uuid):
            return self._key(kind, law, column)
        if isinstance(column.type, ARRAY):
            if column.nullable:
                return None
            return [self.firm("OWNER")] if isinstance(column.type.item_type, Uuid) else ["hub:read"]
        if isinstance(column.type, JSONB):
            return "{}"
        return self._plain(table, column)

    def _key(self, kind: str, law: LawOf, column: Column[Any]) -> UUID | None:
        targets = [key.column.table.name for key in column.foreign_keys]
        if not targets or targets == ["partner"]:
            return self.firm(f"SIDE{law.parties.index(column.name) + 1}" if column.name in law.parties else "OWNER")
        if law.of and column.name == law.of[1]:
            key: UUID = self.sample(law.of[0])["id"]
            return key
        if column.name == "answers_series_id" and kind == "Commit":
            return UUID(str(self.sample("Forecast")["id"]))
        if targets == [law.table]:
            return None
        if (kind, column.name) == ("ItemLink", "item_id"):
            return UUID(str(self._second_item()["id"]))
        face = f"{kind.removesuffix('Point')}"
        wanted = face if targets == ["time_series"] and face in self.laws and face != kind else None
        found = wanted or next(name for name, each in self.laws.items() if each.table == targets[0])
        return UUID(str(self.sample(found)["id"]))

    def _second_item(self) -> Row:
        return self.add(
            "item", owner_id=self.firm("OWNER"), number="SECOND", description="Another", unit="C62", lifecycle="SERIES",
            created_at=self.now,
        )  # fmt: skip

    def _plain(self, table: Table, column: Column[Any]) -> Any:
        checks = " ".join(str(check.sqltext) for check in table.constraints if isinstance(check, CheckConstraint))
        listed = re.search(_ONE_OF.format(column.name), checks)
        if column.name in _CODES and (not listed or column.name == "source"):
            return _CODES[column.name]
        if listed:
            return listed[1]
        later = timedelta(days=9 if column.name in _LATER else 0)
        values: dict[type, Any] = {
            str: f"{table.name} {column.name}", int: 3, bool: True, Decimal: Decimal(3), date: self.now.date() + later,
            datetime: self.now + later,
        }  # fmt: skip
        return values[column.type.python_type]
