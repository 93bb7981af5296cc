"""The single channel at one site: demand and inbound per period, projected stock, days of supply, what is short.

Worked example (CX-0157): stock 100, demand 40, 60, 50, 50, 60, 50, inbound 0, 60, 100, 0, 0, 40. Projected stock 60,
60, 110, 60, 0, -10; days of supply 1.0, 1.2, 2.0, 1.0, 0.0. With the stock known only to lie between 100 and 120 the
first period projects 60 to 80 and 1.0 to 1.4 days. A demand that is not known ends the projection: it is not zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from scmhub.measures.days_of_supply import Needs
from scmhub.measures.figures import Figure, Range, joined, larger, summed
from scmhub.measures.result import ratio

DEMAND = (
    "What is to leave the site in the period: the forecasts of need at the site; for its partner's sales, per customer,"
    " the larger of the customer's forecast and its open orders, because orders consume the forecast."
)
INBOUND = (
    "What is to come in the period: per provider the larger of its commit and what it has promised and sent, plus"
    " planned production at the site. What is on its way counts once, at its estimated arrival; an overdue promise"
    " without a new date does not count."
)
PROJECTED = (
    "Stock at the end of the period: the stock before it less demand plus inbound, never clipped at zero. It starts in"
    " the running period from the newest statement, plus good receipts and less despatches after its instant; of plans"
    " for that period the share of its days from today on counts."
)
SUPPLY = (
    "The period's projected stock over the demand of the following periods: whole periods covered, in days, plus the"
    " share of the first that is not. Later inbound is not counted (CX-0157)."
)
SHORTAGE = "By how much the projected stock is below the minimum, or below zero if no minimum is known."
EXCESS = "By how much the projected stock is above the maximum."


@dataclass(frozen=True, slots=True)
class Source:
    """One provider of a site, or one customer of its partner, period by period.

    ``plan`` is its commit or forecast, None in a period it does not speak of; ``planned`` whether there is one at all.
    ``firm`` is what is ordered, or promised and on its way; None: nothing.
    """

    planned: bool
    plan: Sequence[Figure | None]
    firm: Sequence[Figure | None]

    def in_period(self, number: int) -> Figure | None:
        return larger(self.plan[number], self.firm[number])

    def silent(self, number: int) -> bool:
        """Whether a plan exists and neither it nor anything firm speaks of the period: unknown, not nothing."""
        return self.planned and self.in_period(number) is None


@dataclass(frozen=True, slots=True)
class Flow:
    """What leaves or enters in one period: the figure, and whether something that is planned for is unknown."""

    figure: Figure | None
    unknown: bool

    @property
    def amount(self) -> Range | None:
        """How much; None if that is not known in full."""
        return None if self.figure is None or self.unknown else self.figure.amount


def flows(sources: Sequence[Source], periods: int) -> list[Flow]:
    """The sources of one direction, added up period by period."""
    return [
        Flow(summed(each.in_period(number) for each in sources), any(each.silent(number) for each in sources))
        for number in range(periods)
    ]


def remaining(sources: Sequence[Source], running: int, left: int, length: int) -> list[Source]:
    """The same sources with what their plans still say of the running period: the share of its days to come.

    70 planned for a week of 7 days, 5 of them left: 50. What is firm has days of its own and stays as it is.
    """
    found = []
    for each in sources:
        plan = list(each.plan)
        figure = plan[running]
        if figure is not None and left < length:
            low, high = (ratio(end * left, Decimal(length)) for end in (figure.amount.low, figure.amount.high))
            plan[running] = figure.holding(Range(low, high))
        found.append(Source(each.planned, plan, each.firm))
    return found


def projection(opening: Figure | None, demand: Sequence[Flow], inbound: Sequence[Flow]) -> list[Figure | None]:
    """Stock at the end of each period; unknown once the stock, a demand or a planned inbound is.

    100 with demand 40, 60, 50 and inbound none, 60, 100: 60, 60, 110. No inbound is no inbound; no demand is unknown.
    Each names the opening stock and what its own period adds; what earlier periods added stands there.
    """
    answers: list[Figure | None] = []
    amount = None if opening is None else opening.amount
    for out, into in zip(demand, inbound, strict=True):
        if opening is None or amount is None or out.figure is None or out.unknown or into.unknown:
            amount = None
            answers.append(None)
            continue
        amount = amount - out.figure.amount
        parts = [opening, out.figure]
        if into.figure is not None:
            amount, parts = amount + into.figure.amount, [*parts, into.figure]
        answers.append(joined(amount, parts))
    return answers


@dataclass(frozen=True, slots=True)
class Cover:
    """Days of supply between two ends; ``at_least``: the stock may outlast what is known of the future."""

    low: Decimal
    high: Decimal
    at_least: bool


def cover(projected: Sequence[Figure | None], demand: Sequence[Flow], lengths: Sequence[int]) -> list[Cover | None]:
    """Days of supply per period but the last; ``lengths`` of the periods in days.

    Projected 60, demand after it 60, 50: one period, then nothing: 1.0 for days, 7.0 for weeks.
    """
    amounts = [flow.amount for flow in demand]
    much = Needs([(each.high if each else None, length) for each, length in zip(amounts, lengths, strict=True)])
    little = Needs([(each.low if each else None, length) for each, length in zip(amounts, lengths, strict=True)])
    answers: list[Cover | None] = []
    for number, stock in enumerate(projected[:-1], 1):
        if stock is None:
            answers.append(None)
            continue
        most = little.covered(stock.amount.high, number)
        answers.append(Cover(much.covered(stock.amount.low, number).days, most.days, most.at_least))
    return [*answers, None] if projected else []


def shortage(projected: Figure | None, minimum: Decimal | None) -> Figure | None:
    """60 against a minimum of 80: 20. -10 and no minimum known: 10."""
    return None if projected is None else projected.holding(projected.amount.below(minimum or Decimal(0)))


def excess(projected: Figure | None, maximum: Decimal | None) -> Figure | None:
    """110 against a maximum of 100: 10. Unknown without a maximum."""
    if projected is None or maximum is None:
        return None
    return projected.holding(projected.amount.above(maximum))
