"""Whatever a partner may not see, changed: hidden rows, masked values, others' rules, scopes and relationships.

By the law the partner's answers do not depend on any of it, so they must be equal byte for byte before and after.
"""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Table, Uuid

from scmhub.database.tables import HUB_PARTNER
from scmhub.graph.declare import Kind
from scmhub.graph.specs import Banded, Column, One, Pair

from ..support.rows import Row, Tables, copied
from ..support.world import World
from .documents import KINDS
from .oracle import LAWS, Oracle, ladder

_PLACES = ("line_no", "seq", "revision_no", "update_no", "entry_no", "step_no", "evidence_no", "clause_no", "event_no", "version_no")
_TIED: dict[str, tuple[str, ...]] = {
    "time_series": ("measure", "basis", "bucket", "unit"),
    "series_point": ("measure", "known_from", "known_until"),
    "inventory_position": ("minimum", "maximum"),
    "inventory_statement": ("source", "delta"),
    "risk": ("impact_amount", "currency", "time_to_recover_days", "declared_on"),
    "relationship_profile": ("value_amount", "currency"),
    "disruption": ("forwarded", "resolve_with_source", "starts_at", "expected_end_at"),
    "item_link": ("kind", "quantity", "unit", "valid_from", "valid_until"),
    "objective": ("measure",),
    "relationship_contact": ("function",),
    "stock_policy_clause": ("minimum", "maximum", "target"),
    "fence_clause": ("frozen_days", "firm_days", "flexible_days"),
    "service_level_clause": ("measure", "due", "late_days"),
    "case_reference": ("record",),
    "case_file": ("counterparty_id", "breach_id", "level"),
    "access_review": ("state", "started_at", "due_at", "closed_at"),
    "access_review_line": ("kind", "grantee_role", "about", "role"),
    "breach": ("subject", "criterion", "bucket"),
    "breach_evidence": ("seen_by", "rule_kind", "owner_id", "item_id", "site_id", "day", "field_groups"),
}
"""Columns that a CHECK or a unique key ties to others: left alone."""
_CHAINED = ("audit_entry",)
"""One chain for the whole hub: numbers and hashes of one's own rows do depend on others', by design."""
_NEW_PAIR: Row = {"state": "ACTIVE", "reason": "new", "lift_reason": None, "lifted_at": None, "version": 1}
_TABLES = {law.table for name, law in LAWS.items() if name in KINDS}


class Disturbance:
    """The rows of a world as another world might have them that the viewer cannot tell from it."""

    def __init__(self, world: World, viewer: UUID, seed: int) -> None:
        self.world, self.viewer = world, viewer
        self.rng = random.Random(seed)
        self.oracle = Oracle(world.tables, viewer, world.now)
        self.named = self._named()
        self.changes = 0
        self.within = 0
        """Amounts that were moved within the band the viewer sees."""
        self._fresh = 0

    def tables(self) -> Tables:
        made = copied(self.world.tables)
        for table, rows in made.items():
            if table in _TABLES - {"relationship", "sharing_rule", "block_pair", *_CHAINED}:
                made[table] = [row for row in rows if self._keep(self._kind(table, row), row)]
        made["relationship"] = self._relationships(made["relationship"])
        _drop_orphans(made)
        made["sharing_rule"] = [row for row in made["sharing_rule"] if self._keep_rule(row)]
        made["block_pair"] = self._blocks(made["block_pair"])
        self._expand(made)
        return made

    def _expand(self, made: Tables) -> None:
        """Scopes as the hub makes them of the changed rules, under other ids and in another order."""
        before, self.world.tables = self.world.tables, made
        try:
            self.world.expand()
        finally:
            self.world.tables = before
        self.rng.shuffle(made["scope"])

    # -- what a visible row names --------------------------------------------------------------------------------------

    def _named(self) -> set[UUID]:
        """Reference records whose card the viewer gets to see somewhere."""
        found: set[UUID] = {self.viewer}
        for name, kind in KINDS.items():
            for row in self.oracle.rows[name].values():
                if self.oracle.visible(name, row):
                    found.add(row["id"])
                    found |= self._cards(kind, row)
        for name in ("Site", "Item"):  # a card names its owner
            for row in self.oracle.rows[name].values():
                if row["id"] in found:
                    found |= self._cards(KINDS[name], row)
        return found

    def _cards(self, kind: Kind, row: Row) -> set[UUID]:
        links = [spec for spec in kind.fields.values() if isinstance(spec, One) and KINDS[spec.kind].reference]
        return {row[spec.by] for spec in links if row[spec.by] and self.oracle.granted(kind.name, row, spec.access)}

    def _kind(self, table: str, row: Row) -> Kind:
        """The kind of a row: the one of its table, or of those that share the table the one it is confined to."""
        return next(kind for name, kind in KINDS.items() if LAWS[name].table == table and row["id"] in self.oracle.rows[name])

    # -- rows ----------------------------------------------------------------------------------------------------------

    def _keep(self, kind: Kind, row: Row) -> bool:
        """Change what is hidden of the row; False to have it vanish."""
        original = self.oracle.rows[kind.name][row["id"]]
        visible = self.oracle.visible(kind.name, original)
        if not visible and not kind.reference and not self._counts(kind) and self.rng.random() < 0.2:
            self.changes += 1
            return False
        shown = self._shown(kind, original) if visible or row["id"] in self.named else set()
        banded = self._move_within_bands(kind, original, row) if visible else set()
        for column in kind.table.columns:
            if column.name not in shown | banded and column.name not in _structure(kind):
                self._set(kind.table, row, column.name)
        self._swap_parties(kind, row, shown, visible)
        return True

    def _counts(self, kind: Kind) -> bool:
        """Whether something visible depends on its being there: a breach is hidden by a piece of its evidence."""
        return any(law.evidence and law.evidence[0] == kind.table.name for law in LAWS.values())

    def _shown(self, kind: Kind, row: Row) -> set[str]:
        """Columns whose value some field shows to the viewer."""
        shown: set[str] = set()
        for name, spec in kind.fields.items():
            if not isinstance(spec, Column | Pair | One) or not self.oracle.granted(kind.name, row, spec.access):
                continue
            match spec:
                case Column():
                    shown.add(spec.source or name)
                case Pair():
                    shown |= {spec.amount, spec.unit}
                case One():
                    shown.add(spec.by)
        return shown

    def _move_within_bands(self, kind: Kind, original: Row, row: Row) -> set[str]:
        """Another amount of the same band where the viewer sees the band only; the columns of these amounts and units."""
        bands = [each for each in kind.fields.values() if isinstance(each, Banded)]
        shown = [each for each in bands if self.oracle.granted(kind.name, original, each.access)]
        columns = {each.amount for each in shown}
        for column in sorted(columns):
            found = ladder(original[column])
            if found is not None:
                low, high = (int(end * 10**6) for end in found)
                row[column] = Decimal(self.rng.choice((low, self.rng.randrange(low, high), high - 1))) / 10**6
                self.changes += row[column] != original[column]
                self.within += row[column] != original[column]
        return columns | {each.unit[0] for each in shown if each.unit}

    def _swap_parties(self, kind: Kind, row: Row, shown: set[str], visible: bool) -> None:
        """Another firm on a hidden side; never the viewer, never both ends the same, nor one it is kept apart from: such
        a party closes the row."""
        law = LAWS[kind.name]
        apart = self.oracle.apart(row[law.owner]) if law.owner else set()
        for side in () if "stated_by" in kind.table.columns else law.parties:
            hidden = not visible or (side not in shown and row[law.owner] != self.viewer)  # owners ask whoCanSee
            if hidden and row[side] not in {None, self.viewer, *apart} and self.rng.random() < 0.5:
                taken = {row[law.owner], self.viewer, *apart, *(row[other] for other in law.parties)}
                others = [partner for partner in self.world.partners if partner not in taken]
                if others:
                    row[side] = self.rng.choice(others)
                    self.changes += 1

    def _set(self, table: Table, row: Row, column: str) -> None:
        """Another value that the column may hold."""
        before = row[column]
        checked = any(column in str(check.sqltext) for check in table.constraints if isinstance(check, CheckConstraint))
        if (table.name, column) == ("partner", "code"):
            self._fresh += 1
            row[column] = f"CHANGED-{self._fresh}"
        elif table.columns[column].nullable and self.rng.random() < 0.2:
            row[column] = None
        else:
            pool = [each[column] for each in self.world.tables[table.name] if each[column] is not None]
            if checked:
                row[column] = self.rng.choice(pool or [row[column]])
            else:
                row[column] = self._other(table.columns[column].type.python_type)
        self.changes += row[column] != before

    def _other(self, of: type) -> Any:
        self._fresh += 1
        makers: dict[type, Any] = {
            bool: lambda: self.rng.random() < 0.5,
            int: lambda: self.rng.randrange(10, 1000),
            Decimal: lambda: Decimal(self.rng.randrange(1, 10**6)) / 100,
            str: lambda: f"changed {self._fresh}",
            date: self.world.day,
            datetime: self.world.instant,
        }
        return makers[of]() if of in makers else [] if of is list else "{}"

    # -- who knows whom, and who opens what -----------------------------------------------------------------------------

    def _relationships(self, rows: list[Row]) -> list[Row]:
        """Those of others change their state or go."""
        kept = []
        for row in rows:
            if self.viewer in (row["provider_id"], row["recipient_id"]):
                kept.append(row)
                continue
            self.changes += 1
            if self.rng.random() < 0.7:
                kept.append({**row, "state": self.rng.choice(("ACTIVE", "ENDED", "DECLINED")), "since": None, "version": 77})
        return kept

    def _blocks(self, rows: list[Row]) -> list[Row]:
        """Others' block pairs: those that keep the viewer apart from somebody stand, whoever set them; the rest changes.

        Only what keeps its own grantees apart stays too: whom its rules reach is for the viewer to know.
        """
        mine = {self.viewer, *(each["grantee"] for each in self.world.tables["scope"] if each["granter"] == self.viewer)}
        kept = [row for row in rows if row["owner_id"] == self.viewer]
        for row in rows:
            bears = {row["one_id"], row["other_id"]} & (mine if not row["own_records_only"] else {self.viewer})
            if row["owner_id"] != self.viewer and bears:
                setter = row["owner_id"] if row["own_records_only"] else self.rng.choice((HUB_PARTNER, row["owner_id"]))
                kept.append({**row, "owner_id": setter, "reason": "other words", "version": 77, "set_at": self.world.instant()})
        others = [each for each in self.world.partners if each != self.viewer]
        quiet = [each for each in others if each not in mine]
        for pool, own_records_only in ((others, True), (others, True), (quiet, False)):
            if len(pool) > 1:
                one, other = self.rng.sample(pool, 2)
                owner = self.rng.choice([each for each in others if each not in (one, other)]) if own_records_only else one
                kept.append({**_NEW_PAIR, "id": self.world.key(), "owner_id": owner, "one_id": one, "other_id": other,
                             "own_records_only": own_records_only, "set_at": self.world.now})  # fmt: skip
                self.changes += 1
        return list({(row["owner_id"], row["one_id"], row["other_id"]): row for row in kept}.values())

    def _keep_rule(self, row: Row) -> bool:
        """Rules of others change in whatever does not speak of the viewer; those that never will may go."""
        if row["owner_id"] == self.viewer:
            return True
        row["note"], row["version"] = self.rng.choice((None, "other words")), self.rng.randrange(1, 99)
        if row["id"] in {rule["id"] for rule in self.oracle.rules}:
            return True
        self.changes += 1
        row["field_groups"] = self.rng.sample(["price", "numbers", "parties", "identifiers"], k=self.rng.randrange(4))
        row["days_back"] = row["days_ahead"] = None
        row["items"] = row["sites"] = None
        if row["grantee_id"] is not None and row["grantee_id"] != self.viewer:
            row["state"] = self.rng.choice(("ACTIVE", "DRAFT", "REVOKED"))
            row["valid_from"], row["valid_until"] = self.world.now - timedelta(days=3), None
            return self.rng.random() < 0.8
        return True


def _drop_orphans(tables: Tables) -> None:
    """Parts go with their whole; LAWS names a whole before its parts."""
    for law in LAWS.values():
        if law.of:
            wholes = {row["id"] for row in tables[LAWS[law.of[0]].table]}
            tables[law.table] = [row for row in tables[law.table] if row[law.of[1]] in wholes]


def _structure(kind: Kind) -> set[str]:
    """Columns that say whose a row is, where it belongs and whether a window covers it."""
    law = LAWS[kind.name]
    keys = {column.name for column in kind.table.columns if isinstance(column.type, Uuid)}
    return keys | {name for name in (law.day or "", *_PLACES, *_TIED.get(law.table, ())) if name in kind.table.columns}
