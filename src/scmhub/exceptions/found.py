"""What judging a subject yields: findings, each with the very values that were compared and who sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from scmhub.exceptions.tolerances import Fence, Signed, Tolerance
from scmhub.measures.exceptions import grade
from scmhub.quantity import render_decimal


@dataclass(frozen=True, slots=True)
class Where:
    """What policy reads of the row a value stands on. ``sides``: its owner and all its parties, who
    see the value (a value that fewer of them see would need its sides apart: block pairs look at these)."""

    rule_kind: str
    owner: UUID
    sides: tuple[UUID, ...]
    item: UUID | None = None
    site: UUID | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """One value that was compared. ``groups``: field groups a rule must open to show it exactly; None: no rule can."""

    kind: str
    record: str
    field: str
    value: str
    where: Where
    groups: tuple[str, ...] | None = ()
    version: int | None = None
    stated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One criterion that a subject does not meet in one period."""

    criterion: str
    subject: str
    bucket: date | None
    other: UUID | None
    item: UUID | None
    site: UUID | None
    variance: Decimal
    tolerance: Tolerance
    severity: str
    evidence: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class About:
    """What is common to all findings of one subject: for whom, against whom, and what it is."""

    affected: UUID
    other: UUID | None
    subject: str
    item: UUID | None
    site: UUID | None

    def finding(
        self, criterion: str, variance: Decimal | None, tolerance: Tolerance, evidence: tuple[Piece, ...],
        bucket: date | None = None, clause: Piece | None = None,
    ) -> list[Finding]:  # fmt: skip
        """The finding, if the variance is out of tolerance. Both partners must be sides of every row it rests on.

        ``clause``: what was signed, where that is not a tolerance.
        """
        evidence = (*evidence, *([clause] if clause else self._clause(tolerance)))
        severity = grade(variance, tolerance.allowed, tolerance.grave)
        if severity is None or variance is None:
            return []
        told = {self.affected, self.other} - {None}
        if not all(told <= set(piece.where.sides) for piece in evidence):
            raise ValueError(f"{criterion} of {self.subject} rests on what a side of it cannot see")
        place = (self.subject, bucket, self.other, self.item, self.site)
        return [Finding(criterion, *place, variance, tolerance, severity, evidence)]

    def fence(self, fence: Fence) -> list[Piece]:
        """The frozen fence, where it was signed."""
        return [] if fence.agreement is None else [signed(fence, "fences", Decimal(fence.days), self.item, self.site)]

    def _clause(self, tolerance: Tolerance) -> list[Piece]:
        if tolerance.agreement is None:
            return []
        return [signed(tolerance, "tolerance", tolerance.allowed, self.item, self.site)]


def signed(text: Signed, field: str, value: Decimal, item: UUID | None, site: UUID | None) -> Piece:
    """A clause is evidence too: between its signers, and no rule opens it to others."""
    assert text.agreement is not None
    where = Where("AGREEMENT", text.signers[0], text.signers, item, site)
    return Piece("Agreement", text.agreement, field, render_decimal(value), where, None, text.version)
