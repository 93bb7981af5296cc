"""Breach: what the hub found out of tolerance, for whoever sees everything it was found in."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum

import strawberry

from scmhub.graph.declare import extend, kind
from scmhub.graph.specs import column, many, measured, one
from scmhub.records.cases import breach_model as model
from scmhub.records.cases.api import CaseSeverity
from scmhub.sharing.access import PARTY, PUBLIC
from scmhub.sharing.policy import Owned

POLICY = Owned(owner="affected_id", parties=("other_id",), evidence=("breach_evidence", "breach_id"))


@strawberry.enum(description="What is out of tolerance.")
class ExceptionCriterion(Enum):
    LATE_ORDER = strawberry.enum_value(
        "LATE_ORDER", description="The rest of a delivery is behind its last promise; in days."
    )
    EARLY_ORDER = strawberry.enum_value(
        "EARLY_ORDER", description="Goods under way come before their promise; in days."
    )
    RESPONSE_REQUIRED = strawberry.enum_value(
        "RESPONSE_REQUIRED", description="A proposal, a change or a forecast waits for its answer; in days."
    )
    RECEIPT_VARIANCE = strawberry.enum_value(
        "RECEIPT_VARIANCE", description="Despatched less good less damaged, in per cent of what was despatched."
    )
    FORECAST_MISMATCH = strawberry.enum_value(
        "FORECAST_MISMATCH", description="A commit is below the demand of its period, in per cent of the demand."
    )
    FROZEN_CHANGE = strawberry.enum_value(
        "FROZEN_CHANGE",
        description="A forecast or an order was changed inside the frozen fence, in per cent of what it was.",
    )
    STALE = strawberry.enum_value("STALE", description="A forecast or stock statement was not renewed; in days.")
    BELOW_TARGET = strawberry.enum_value(
        "BELOW_TARGET", description="Available stock is below its target (or minimum), in per cent of it."
    )
    SHORTAGE = strawberry.enum_value(
        "SHORTAGE", description="Projected stock ends a week below zero, in per cent of that week's demand."
    )
    EXCESS = strawberry.enum_value(
        "EXCESS", description="Projected stock ends a week above its maximum, in per cent of the maximum."
    )
    SERVICE_LEVEL = strawberry.enum_value(
        "SERVICE_LEVEL", description="Service in a period is below the signed level, in percentage points."
    )


@strawberry.enum(description="Where a tolerance comes from.")
class ToleranceBasis(Enum):
    DEFAULT = strawberry.enum_value("DEFAULT", description="The hub's own, equal for everybody.")
    CLAUSE = strawberry.enum_value("CLAUSE", description="A clause that both sides signed, in force on that day.")


@kind(
    model.BreachTable, prefix="brc", policy=POLICY, single="breach", plural="breaches",
    filters=("criterion", "severity", "item", "site", "affected", "other", "bucket", "found_at", "returned_at"),
)  # fmt: skip
class Breach:
    """Something out of tolerance, found by the hub. There for who sees all it was found in exactly; else not at all.

    Computed anew with every change of its evidence: the same criterion, subject and period is always the same breach.
    """

    criterion: ExceptionCriterion = column(PUBLIC, "What is out of tolerance.")
    subject: str = column(
        PUBLIC, "Id of what it is about: a schedule line, shipment line, forecast, stock position or clause."
    )
    bucket: date | None = column(PUBLIC, "First day of the period it is about; null: the subject as a whole.")
    affected = one("Partner", PARTY, "For whom it was found; owner of the record.", by="affected_id")
    other = one("Partner", PARTY, "Who has to settle it; null: nobody but the affected.", by="other_id")
    item = one("Item", PUBLIC, "The item concerned; null: more than one.", by="item_id")
    site = one("Site", PUBLIC, "The place concerned; null if none is named.", by="site_id")
    variance = measured(PUBLIC, "How far off it is: days (DAY) or per cent (P1).", value="variance")
    allowed: Decimal = column(PUBLIC, "The tolerance, in the unit of the variance.")
    basis: ToleranceBasis = column(PUBLIC, "Where the tolerance comes from.")
    basis_version: int = column(PUBLIC, "Version of the default, or of the agreement that holds the clause.")
    clause: str | None = column(PARTY, "Id of the agreement the clause stands in; null for a default.")
    severity: CaseSeverity = column(PUBLIC, "How grave it is, computed from variance and tolerance.")
    found_at: datetime = column(PUBLIC, "When it last left its tolerance.")
    returned_at: datetime | None = column(PUBLIC, "When it came back in tolerance; null: it is out.")
    evidence = many(
        "BreachEvidence", "The values that were compared; of a breach that is over, the last ones outside.",
        by="breach_id", order="evidence_no", default=20,
    )  # fmt: skip
    cases = many("Case", "The case the hub opened for it, if you are a side of it.", by="breach_id", default=1)
    version: int = column(PUBLIC, "Counts how often it was found otherwise.")
    created_at: datetime = column(PUBLIC, "When it was first found.")


@kind(model.BreachEvidenceTable, prefix="bev", policy=POLICY, part_of=("Breach", "breach_id"))
class BreachEvidence:
    """One value that was compared, as it stood when the hub compared it."""

    evidence_no: int = column(PUBLIC, "Number within the breach, from 1.")
    kind: str = column(PUBLIC, "Name of the kind of the record it stands on.")
    record: str = column(PUBLIC, "Id of that record; `node(id:)` reads it as it is now.")
    field: str = column(PUBLIC, "The field, by its name here.")
    value: str = column(PUBLIC, "The value: a decimal, a day or an instant as it would be printed.")
    record_version: int | None = column(PUBLIC, "The record's version then; null if it counts none.")
    stated_at: datetime | None = column(PUBLIC, "When it was stated; null if that is not kept.")


extend(
    "Item",
    breaches=many("Breach", "What of it is or was out of tolerance, as far as you see the evidence.", by="item_id"),
)
