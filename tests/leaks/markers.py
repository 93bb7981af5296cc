"""Rows in which every value is a marker: text, numbers, instants and ids that nobody but their owners may ever see."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint

from scmhub.database.tables import metadata

from ..support.rows import Row, Tables

TEXT, NUMBER, YEAR = "MARKED", 7_431_990, 2143
_TRACE = re.compile(rb"MARKED|743199|2143-|2143")
_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SMALL = ("likelihood", "impact", "supply_risk", "profit_impact", "potential", "update_no", "entry_no", "clause_no", "event_no", "frozen_days", "firm_days", "flexible_days", "step_no", "evidence_no", "level")
"""Numbers that a CHECK or an order keeps small."""
_POLICY_DAYS = ("requested_on", "arrival_on", "starts_on", "as_of_on")


class Markers:
    """The marked rows of some tables, and the way to find a trace of them."""

    def __init__(self, tables: Tables, *, besides: set[UUID]) -> None:
        """``besides``: rows that stay as they are, and whose ids may be seen."""
        self._next = 0
        self.ids: set[bytes] = set()
        for table, rows in tables.items():
            for row in rows:
                if row["id"] not in besides and table not in ("scope", "relationship", "sharing_rule"):
                    self._mark(table, row)
                if row["id"] not in besides:
                    self.ids.add(str(row["id"]).encode())

    def _mark(self, table: str, row: Row) -> None:
        definition = metadata.tables[table]
        checks = [str(check.sqltext) for check in definition.constraints if isinstance(check, CheckConstraint)]
        for column in definition.columns:
            self._next += 1
            if column.name not in (*_POLICY_DAYS, "details") and not (table, column.name) == ("series_point", "known_from"):
                free = column.name == "code" or not any(column.name in check for check in checks)
                row[column.name] = self._marked(row[column.name], column.name, free)

    def _marked(self, value: Any, name: str, free: bool) -> Any:
        match value:
            case bool() | UUID() | None:
                return value
            case int() if name not in ("line_no", "seq", "revision_no", "version_no", "corrects_seq", *_SMALL):
                return NUMBER * 100 + self._next % 100
            case Decimal():
                return Decimal(NUMBER * 1000 + self._next)
            case datetime() if name != "known_until":
                return value.replace(year=YEAR, month=3, day=1)
            case date() if not isinstance(value, datetime):
                return value.replace(year=YEAR, month=3, day=1)
            case str() if free:
                return f"{TEXT}{self._next}"
        return value

    def trace(self, body: bytes) -> bytes | None:
        """What of a marked row stands in an answer, if anything."""
        found = _TRACE.search(body)
        if found:
            return found[0]
        return next((each for each in _UUID.findall(body) if each in self.ids), None)
