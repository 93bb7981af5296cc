"""Families of records: what a credential can be limited to. An order, its lines and their schedule are one family.

A family is what a sharing rule opens, if rules open such records; else the kind itself, or what it declares. A part is
of the family of its whole. ``learn`` tells policy once, by table.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from scmhub.sharing.directory import Directory
from scmhub.sharing.limits import FAMILIES, Families

if TYPE_CHECKING:
    from scmhub.graph.declare import Kind, Registry


def learn(registry: Registry) -> dict[str, frozenset[str]]:
    """The families of each kind, none for partners, who are there for everybody; what policy must know is noted."""
    for kind in registry.kinds.values():
        FAMILIES[kind.table.name] = _of_table(registry, kind)
    return {kind.name: frozenset(_all_of(FAMILIES[kind.table.name], kind)) for kind in registry.kinds.values()}


def rows_of(context: Mapping[str, Any], family: str) -> Callable[..., Awaitable[list[Any]]]:
    """How a question runs SQL of its own over records of a family: without effect for who does not hold it."""
    rows: Callable[..., Awaitable[list[Any]]] = context["reads"].rows
    return rows if context["viewer"].lens.holds(frozenset({family})) else _nothing


async def _nothing(*_: Any) -> list[Any]:
    return []


def _of_table(registry: Registry, kind: Kind) -> Families:
    """Kinds that share a table tell their rows apart by one column."""
    if isinstance(kind.policy, Directory):
        return Families()
    if kind.follows is not None:
        return Families(through=kind.follows)
    only = getattr(kind.policy, "only", None)
    if only is None:
        return Families({"": _family(registry, kind)})
    others = (each for each in registry.kinds.values() if each.table is kind.table)
    return Families({each.policy.only[1]: _family(registry, each) for each in others}, only[0])  # type: ignore[attr-defined]


def _all_of(families: Families, kind: Kind) -> list[str]:
    if families.through is not None:
        return list(FAMILIES[families.through[1]].of.values())
    only = getattr(kind.policy, "only", None)
    return list(families.of.values()) if only is None else [families.of[only[1]]]


def _family(registry: Registry, kind: Kind) -> str:
    if kind.part_of is not None:
        return _family(registry, registry.kinds[kind.part_of[0]])
    return getattr(kind.policy, "kind", None) or kind.family or kind.code
