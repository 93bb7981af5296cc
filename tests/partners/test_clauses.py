"""Which of several clauses counts: the closest one, then the one that came into force later."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from scmhub.partners import clauses
from scmhub.partners.agreements import CRITERIA
from scmhub.partners.clauses import Clause, Tolerance, fitting

BOLT, ACME, CASTING, BOLTS, HALL = (UUID(int=number) for number in range(1, 6))


def clause(allowed: int, criterion: str = "LATE_ORDER", **more: Any) -> Clause[Tolerance]:
    values: dict[str, Any] = {
        "id": UUID(int=100 + allowed), "agreement_id": UUID(int=9), "relationship_id": UUID(int=8), "version_no": 1,
        "sides": (BOLT, ACME), "sellers": (BOLT,), "item_id": None, "site_id": None, **more,
    }  # fmt: skip
    return Clause(terms=Tolerance(criterion, Decimal(allowed), None), **values)


@pytest.mark.parametrize(
    ("found", "asked", "allowed"),
    [
        ([clause(1)], {"item": CASTING}, 1),
        ([clause(1), clause(2)], {"item": CASTING}, 2),
        ([clause(1, item_id=CASTING), clause(2)], {"item": CASTING}, 1),
        ([clause(1, item_id=CASTING), clause(2)], {"item": BOLTS}, 2),
        ([clause(1, item_id=CASTING), clause(2)], {}, 2),
        ([clause(1, item_id=CASTING, site_id=HALL), clause(2, item_id=CASTING)], {"item": CASTING, "site": HALL}, 1),
        ([clause(1, "EARLY_ORDER")], {}, None),
        ([clause(1)], {"seller": BOLT}, 1),
        ([clause(1)], {"seller": ACME}, None),
        ([], {}, None),
    ],
)  # fmt: skip
def test_the_closest_clause_counts(found: list[Clause[Tolerance]], asked: dict[str, Any], allowed: int | None) -> None:
    best = fitting(found, about="LATE_ORDER", **asked)
    assert (best and best.terms.allowed) == allowed


def test_every_criterion_has_a_default_that_is_not_grave_at_once() -> None:
    assert tuple(clauses.TOLERANCES) == CRITERIA
    for criterion in CRITERIA:
        default = clauses.default_tolerance(criterion)
        assert default.grave is not None
        assert 0 <= default.allowed < default.grave
