"""What is tolerated where nothing is agreed: equal for everybody, and everybody can read it."""

from __future__ import annotations

from decimal import Decimal

import strawberry

from scmhub.exceptions.tolerances import FROZEN_DAYS, VERSION, Tolerances
from scmhub.graph.declare import question
from scmhub.graph.scalars import UnitCode
from scmhub.measures.exceptions import CRITERIA
from scmhub.records.cases.breach_api import ExceptionCriterion


@strawberry.type(description="A criterion and the tolerance that counts where two partners have not signed another.")
class ToleranceDefault:
    criterion: ExceptionCriterion = strawberry.field(description="What is judged.")
    unit: UnitCode = strawberry.field(description="Unit of variance and tolerance: DAY, or P1 for per cent.")
    allowed: Decimal = strawberry.field(description="Up to this a variance is no breach.")
    grave: Decimal = strawberry.field(description="From this on it is HIGH; from half the way there MEDIUM.")
    frozen_days: int | None = strawberry.field(description="Of FROZEN_CHANGE: how many days ahead plans are frozen.")
    version: int = strawberry.field(description="Version of the defaults; a breach keeps the one it was judged by.")


@question(
    "exceptionDefaults",
    "The hub's own tolerances; a signed clause takes the place of each. Of SERVICE_LEVEL there is none: it has to be"
    " signed.",
)
async def exception_defaults() -> list[ToleranceDefault]:
    nothing_agreed = Tolerances({})
    return [
        ToleranceDefault(
            criterion=ExceptionCriterion[criterion], unit=UnitCode(unit), allowed=found.allowed, grave=found.grave,
            frozen_days=FROZEN_DAYS if criterion == "FROZEN_CHANGE" else None, version=VERSION,
        )
        for criterion, unit in CRITERIA.items()
        if criterion != "SERVICE_LEVEL" and (found := nothing_agreed.default(criterion))
    ]  # fmt: skip
