"""What Strawberry and readers are told of a declared field: its type, its arguments, its text."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import strawberry
from strawberry.types.enum import has_enum_definition

from scmhub.graph.declare import Kind, optional
from scmhub.graph.specs import Banded, Column, Latest, One, Pair, Withheld

MODULE = "scmhub.graph.built"
"""Where the types of the schema are put together, so that their names resolve."""


def describe(spec: Any) -> str:
    """The field's text, with who may see it."""
    access = getattr(spec, "access", None)
    if access is None or access.name == "PUBLIC":
        return str(spec.description)
    sides = (
        "the parties"
        if access.sides is None
        else " and ".join(s.removesuffix("_id") for s in access.sides) or "no party"
    )
    unlimited = " for all items, all sites and all days" if access.whole else ""
    seen = {
        "PARTY": f"Seen by owner and {sides.removeprefix('the ')}.",
        "OWNER_ONLY": "Seen by the owner.",
        "BAND": f"Seen under rules{unlimited} that open `{access.group}`.",
        "COMPLETE": f"Seen by owner and parties, and under rules{unlimited}.",
        "SHAREABLE": f"Seen by the owner and {sides}, and under rules{unlimited} that open `{access.group}`.",
    }[access.name]
    return f"{spec.description} {seen}"


def annotation(kind: Kind, name: str, spec: Any) -> Any:
    match spec:
        case Pair():
            return f"{spec.type_name} | None" if spec.nullable else spec.type_name
        case Banded():
            return f"{spec.type_name} | None"
        case One() | Latest():
            return f"{spec.kind} | None"
        case Withheld():
            return list[str]
        case Column():
            return kind.types[name]
    raise TypeError(f"{kind.name}.{name}: not a field declaration")


def type_name(of: Any) -> str:
    if has_enum_definition(of):
        return str(of.__strawberry_definition__.name)
    names = {str: "String", int: "Int", bool: "Boolean", Decimal: "Decimal", date: "Date", datetime: "DateTime"}
    return names.get(of) or str(of.__name__)


def signature(arguments: dict[str, tuple[Any, str]], result: Any) -> Callable[..., Any]:
    """A resolver that exists for its signature: Strawberry reads the arguments from it, nobody ever calls it."""

    def never_called(**_: Any) -> Any:
        raise AssertionError("planned fields are answered by the engine")

    parameters = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            annotation=Annotated[type_, strawberry.argument(description=text)],
            default=strawberry.UNSET if may_be_absent(type_) else inspect.Parameter.empty,
        )
        for name, (type_, text) in arguments.items()
    ]
    never_called.__signature__ = inspect.Signature(parameters, return_annotation=result)  # type: ignore[attr-defined]
    never_called.__annotations__ = {p.name: p.annotation for p in parameters} | {"return": result}
    never_called.__module__ = MODULE
    return never_called


def may_be_absent(type_: Any) -> bool:
    return type_.endswith("| None") if isinstance(type_, str) else optional(type_)[1]
