"""Proposing and signing, in short: acme and bolt, whose week begins on Wednesday 4 March 2026."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from ..forecasts.firms import NOW, Firms
from ..risks.acts import do

AGREEMENT = (
    "agreement { id version state versionNo title provider { code } recipient { code } versions(first: 9) { nodes { id versionNo"
    " state proposedBy { code } inForceFrom inForceUntil endingReason digest"
    " signatures { nodes { partner { code } signatory digest } } } } }"
)
LATE: dict[str, Any] = {"tolerance": {"criterion": "LATE_ORDER", "allowed": "2", "grave": "8"}}


def day(number: int) -> str:
    """So many days after today."""
    return str(NOW.date() + timedelta(days=number))


def on(number: int) -> date:
    return NOW.date() + timedelta(days=number)


async def proposed(
    firms: Firms, *clauses: dict[str, Any], by: str = "acme", first: int = 5, **more: Any
) -> dict[str, Any]:
    given = {"relationship": firms.ids["bolt-acme"], "title": "Frame", "inForceFrom": day(first)}
    return await do(firms, by, "agreementPropose", AGREEMENT, **given, clauses=[*clauses] or [LATE], **more)


async def signed(firms: Firms, *clauses: dict[str, Any], first: int = 5, **more: Any) -> dict[str, Any]:
    """Proposed by acme, signed by bolt."""
    return await step(firms, "bolt", "Sign", await proposed(firms, *clauses, first=first, **more))


async def step(firms: Firms, firm: str, name: str, agreement: dict[str, Any], **more: Any) -> dict[str, Any]:
    known = {"agreement": agreement["id"], "expectedVersion": agreement["version"]}
    return await do(firms, firm, f"agreement{name}", AGREEMENT, **known, **more)


async def revised(
    firms: Firms, firm: str, agreement: dict[str, Any], *clauses: dict[str, Any], first: int
) -> dict[str, Any]:
    return await step(firms, firm, "Revise", agreement, inForceFrom=day(first), clauses=[*clauses] or [LATE])


def versions(agreement: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Number, state, first and last day of each version."""
    nodes = agreement["versions"]["nodes"]
    return [(each["versionNo"], each["state"], each["inForceFrom"], each["inForceUntil"]) for each in nodes]
