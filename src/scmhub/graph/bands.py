"""Amounts in answers: exact with their unit, or the band of the ladder they lie in, beside each other.

    available     { value unit }      null for whom a rule opens stock as bands
    availableBand { low high unit }   null for everybody else

A room declares the amount; the field of its band follows from ``shareable(..., bands=True)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from scmhub.database.fragment import Fragment, all_of, join, literal, sql
from scmhub.graph.collect import Selected
from scmhub.graph.declare import Kind, Registry, optional
from scmhub.graph.json import Pieces, obj
from scmhub.graph.specs import Banded, Column, Pair, Withheld
from scmhub.sharing.precision import as_band, ends
from scmhub.sharing.rows import Row

_TEXT = "The band of `{}`: not less than `low`, less than `high`. Null where the value itself is shown."
_BANDED = "Field groups that you see as bands: of their fields only those that end in `Band`."


def add_bands(registry: Registry) -> None:
    """Give every amount that can be told as a band the field that tells it, and have the tables know of it.

    Once, before the schema is built. The tables know because changes are told by bands, too (``database.amounts``).
    """
    for kind in registry.kinds.values():
        fields = dict(_with_bands(kind))
        amounts = [spec.amount for spec in fields.values() if isinstance(spec, Banded)]
        if amounts:
            kind.table.info["banded"] = tuple(dict.fromkeys((*kind.table.info.get("banded", ()), *amounts)))
        kind.fields.clear()
        kind.fields.update(fields)


def _with_bands(kind: Kind) -> Iterator[tuple[str, Any]]:
    banded = False
    for name, spec in kind.fields.items():
        yield name, spec
        made = _band_of(kind, name, spec)
        if made is not None:
            banded = True
            yield f"{name}_band", made
        elif banded and isinstance(spec, Withheld):
            yield "banded", Withheld(_BANDED, banded=True)


def _band_of(kind: Kind, name: str, spec: Any) -> Banded | None:
    """The band of a field; None if it is no amount, or one that is exact or withheld."""
    if not getattr(getattr(spec, "access", None), "bands", False):
        return None
    shown = name.split("_")[0] + "".join(each.capitalize() for each in name.split("_")[1:])
    text = _TEXT.format(shown)
    if isinstance(spec, Pair):
        return Banded(text, as_band(spec.access), spec.amount, f"{spec.type_name}Band", (spec.unit, spec.names[1]))
    if isinstance(spec, Column) and optional(kind.types.get(name))[0] is Decimal:
        return Banded(text, as_band(spec.access), spec.source or name, "Band", None)
    return None


# -- as JSON -----------------------------------------------------------------------------------------------------------


def exact(row: Row, spec: Pair, selected: Sequence[Selected]) -> Pieces:
    """An amount with its unit; null if either is missing or hidden."""
    amount, granted = row.masked(spec.amount, spec.access)
    unit = row.cell(spec.unit)
    parts = {
        spec.names[0]: Pieces().text('"').value(sql("trim_scale({})", amount)).text('"'),
        spec.names[1]: Pieces().text('"').value(unit).text('"'),
    }
    tests = [sql("{} is not null", each) for each in (amount, unit)] if spec.nullable else []
    return _shown(spec.type_name, parts, selected, [*([] if granted is None else [granted]), *tests])


def band(row: Row, spec: Banded, selected: Sequence[Selected]) -> Pieces:
    """The band of an amount; null if there is no amount, it is hidden, or it is shown itself."""
    amount, granted = row.masked(spec.amount, spec.access)
    assert granted is not None
    low, high = ends(amount)
    parts = {
        "low": Pieces().text('"').value(low).text('"'),
        "high": Pieces().text('"').value(high).text('"'),
    }
    tests = [granted, sql("{} is not null", high), sql("{} is not null", low)]
    if spec.unit:
        unit = row.cell(spec.unit[0])
        parts[spec.unit[1]] = Pieces().text('"').value(unit).text('"')
        tests.append(sql("{} is not null", unit))
    return _shown(spec.type_name, parts, selected, tests)


def _shown(type_name: str, parts: dict[str, Pieces], selected: Iterable[Selected], tests: list[Fragment]) -> Pieces:
    parts["__typename"] = Pieces().text(f'"{type_name}"')
    shown = obj((each.key, parts[each.name]) for each in selected)
    return Pieces().value(sql("case when {} then {} else 'null' end", all_of(tests), shown.build())) if tests else shown


def withheld(kind: Kind, subject: Row, spec: Withheld) -> Pieces:
    """The names of the groups that are hidden from the viewer, or of those it sees as bands."""
    names = []
    bands = kind.banded()
    for group, access in kind.groups().items():
        name, nothing = literal(f',"{group}"'), literal("")
        as_bands = subject.policy.granted(subject, bands[group]) if group in bands else None
        if spec.banded:
            names += [] if as_bands is None else [sql("case when {} then {} else {} end", as_bands, name, nothing)]
            continue
        granted = subject.policy.granted(subject, access)
        assert granted is not None
        shown = [granted, *([] if as_bands is None else [as_bands])]
        tests = join(" ", [sql("when {} then {}", each, nothing) for each in shown])
        names.append(sql("case {} else {} end", tests, name))
    listed = sql("ltrim(concat({}), ',')", join(", ", names)) if names else literal("")
    return Pieces().text("[").value(listed).text("]")
