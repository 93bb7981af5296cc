"""What a statement about stock does to the one before. Pure: no I/O, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from scmhub.errors import Refusal
from scmhub.quantity import LARGEST, SCALE, render_decimal, scale_of

AHEAD = timedelta(minutes=5)
"""How far an instant may lie ahead of the hub's clock: clocks differ a little, the future cannot be counted."""


@dataclass(frozen=True, slots=True)
class Stock:
    """A whole statement, in the position's unit; None: not stated, which is not zero."""

    available: Decimal
    blocked: Decimal | None = None
    allocated: Decimal | None = None
    in_transit: Decimal | None = None
    on_order: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Targets:
    """How much there should be; None: not set."""

    minimum: Decimal | None = None
    maximum: Decimal | None = None
    target: Decimal | None = None
    safety_stock: Decimal | None = None


def check_as_of(as_of: datetime, now: datetime) -> datetime:
    """OUT_OF_RANGE for an instant more than 5 minutes ahead."""
    if as_of > now + AHEAD:
        raise Refusal("OUT_OF_RANGE", "It lies in the future; state what was counted.", ["input", "asOf"])
    return as_of


def outcome(said: Stock, as_of: datetime, last: Stock | None, last_as_of: datetime | None) -> str:
    """CURRENT: it takes the place of the last one. HISTORY: it speaks of an earlier instant. SAME: it says nothing new.

    Of two statements as of the same instant the one made later holds: it is the correction.
    """
    if last is None or last_as_of is None:
        return "CURRENT"
    if as_of < last_as_of:
        return "HISTORY"
    return "SAME" if as_of == last_as_of and said == last else "CURRENT"


def check_expected(
    version: int | None, available: Decimal | None, expected_version: int | None, expected_available: Decimal | None
) -> None:
    """CONFLICT unless the position is as the caller knows it; ``version`` None: there is none yet (expected as 0)."""
    if expected_version is not None and expected_version != (version or 0):
        raise Refusal(
            "CONFLICT", f"It has version {version or 0} now, not {expected_version}: read it again.",
            ["input", "expectedVersion"],
        )  # fmt: skip
    if expected_available is not None and expected_available != available:
        now = "nothing is stated" if available is None else f"{render_decimal(available)} are stated"
        raise Refusal(
            "CONFLICT", f"Now {now}, not {render_decimal(expected_available)}: read it again.",
            ["input", "expectedAvailable"],
        )  # fmt: skip


def adjusted(last: Stock, delta: Decimal) -> Stock:
    """The last statement with another available quantity; it may not become negative, and nothing is rounded."""
    path = ["input", "delta"]
    if delta == 0:
        raise Refusal("OUT_OF_RANGE", "A difference of zero adjusts nothing.", path)
    if scale_of(delta) > SCALE:
        raise Refusal("INVALID", f"It must have at most {SCALE} decimal places; nothing is rounded.", path)
    available = last.available + delta
    if not 0 <= available < LARGEST:
        message = f"{render_decimal(last.available)} and {render_decimal(delta)} make {render_decimal(available)}."
        raise Refusal("OUT_OF_RANGE", message, path)
    return Stock(available, last.blocked, last.allocated, last.in_transit, last.on_order)


def check_targets(targets: Targets) -> Targets:
    """INVALID for a range that is none: minimum <= target <= maximum as far as they are set."""
    pairs = (("minimum", "maximum"), ("minimum", "target"), ("target", "maximum"))
    for low, high in pairs:
        least, most = getattr(targets, low), getattr(targets, high)
        if least is not None and most is not None and most < least:
            raise Refusal("INVALID", f"The {high} is below the {low}.", ["input", high])
    return targets
