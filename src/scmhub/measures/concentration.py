"""How much hangs on few sources: the Herfindahl-Hirschman index and the share that has a single source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from scmhub.measures.result import Result, not_enough, ratio, total

HHI = "Sum of the squared shares of the sources; 1 over it is how many equal sources would be as concentrated."
SINGLE = "Value of the items that have exactly one source, over the value of all items with a known source."


@dataclass(frozen=True, slots=True)
class Concentration:
    """``hhi`` between 0 and 1; ``effective_sources`` = 1 / hhi."""

    hhi: Decimal
    effective_sources: Decimal


def concentration(amounts: Sequence[Decimal], evidence: Iterable[str] = ()) -> Result[Concentration]:
    """Concentration of what each source supplies, in one unit; shares or amounts alike.

    .6, .3, .1: 0.46, effective 2.173913; .4, .3, .2, .1: 0.30. Negative amounts are a ValueError.
    """
    kept = tuple(evidence)
    if any(each < 0 for each in amounts):
        raise ValueError("a source supplies nothing or something")
    whole = total(amounts)
    if whole == 0:
        return not_enough("no source supplies anything", HHI, kept)
    squares = total(each * each for each in amounts)
    return Result(Concentration(ratio(squares, whole * whole), ratio(whole * whole, squares)), HHI, kept)


@dataclass(frozen=True, slots=True)
class Sourced:
    """One item: its value (in one currency) and what each source supplies of it."""

    value: Decimal
    by_source: Mapping[str, Decimal]


def single_source_share(items: Sequence[Sourced], evidence: Iterable[str] = ()) -> Result[Decimal]:
    """Share of the value that hangs on one source. Items worth 60 (bolt), 30 (bolt, cargo), 10 (cargo): 0.7.

    An item without a known source is left out of both sums: it is a gap, not a single source.
    """
    kept = tuple(evidence)
    known = [(each.value, sum(1 for amount in each.by_source.values() if amount > 0)) for each in items]
    whole = total(value for value, sources in known if sources)
    if whole == 0:
        return not_enough("no item of value has a known source", SINGLE, kept)
    return Result(ratio(total(value for value, sources in known if sources == 1), whole), SINGLE, kept)
