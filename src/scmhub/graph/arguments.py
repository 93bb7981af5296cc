"""Arguments of planned fields: literals and variables alike become binds, so equal shapes share one statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from graphql import FieldNode, GraphQLError, GraphQLField
from graphql.execution.values import get_argument_values
from graphql.language import VariableNode, Visitor, visit

from scmhub.database.fragment import Bind
from scmhub.errors import BadUserInput

MOST_LIST = 250
MOST_WHERE_NODES = 50


class _Variables(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.found = False

    def enter_variable(self, _: VariableNode, *__: Any) -> None:
        self.found = True


@dataclass(slots=True)
class Site:
    """One field with arguments in one document: how its values are had, and what each request must check."""

    index: int
    field_def: GraphQLField
    node: FieldNode
    check: Callable[[dict[str, Any]], None]
    shape: Callable[[dict[str, Any]], Any]
    """What of the values shapes the statement; everything else is a bind."""
    constant: dict[str, Any] | None = None

    @property
    def chooses(self) -> bool:
        """Whether its values decide which fields below it are compiled at all."""
        return self.shape is not structure

    @classmethod
    def make(
        cls,
        index: int,
        field_def: GraphQLField,
        node: FieldNode,
        check: Callable[[dict[str, Any]], None],
        shape: Callable[[dict[str, Any]], Any],
        variables: Any,
    ) -> Site:
        site = cls(index, field_def, node, check, shape)
        finder = _Variables()
        for argument in node.arguments or ():
            visit(argument, finder)
        if not finder.found:
            site.constant = site.values(variables)
        return site

    def values(self, variables: Any) -> dict[str, Any]:
        """Coerced and checked values; BadUserInput names the argument."""
        if self.constant is not None:
            return self.constant
        try:
            values = get_argument_values(self.field_def, self.node, variables)
        except GraphQLError as error:
            raise BadUserInput(error.message, reason="BAD_VALUE") from None
        self.check(values)
        return values

    def bind(self, type_: str, name: str, take: Callable[[dict[str, Any]], Any]) -> Bind:
        """A parameter computed from this site's values; ``name`` distinguishes it from the site's others."""
        index = self.index
        return Bind(("arg", index, name), type_, lambda inputs: take(inputs.args[index]))


def structure(value: Any) -> Any:
    """What of an argument value shapes the statement: which keys are there, null or not, enums; never the values."""
    match value:
        case None:
            return None
        case Enum():
            return value.name
        case dict():
            return tuple((key, structure(each)) for key, each in value.items())
        case list() if value and isinstance(value[0], Mapping):
            return tuple(structure(each) for each in value)
        case _:
            return "*"


def check_page(values: dict[str, Any], most: int) -> None:
    """Bounds of a page; BAD_USER_INPUT with reason BAD_PAGE."""
    first, last = values.get("first"), values.get("last")
    if first is not None and last is not None:
        raise BadUserInput("Give 'first' or 'last', not both.", reason="BAD_PAGE", input_path=["first"])
    for name, asked in (("first", first), ("last", last)):
        if asked is not None and not 0 <= asked <= most:
            raise BadUserInput(
                f"'{name}' must lie between 0 and {most}; got {asked}.", reason="BAD_PAGE", input_path=[name]
            )
    if values.get("where") is not None:
        _check_where(values["where"], ["where"], [0])


def _check_where(value: Any, path: list[str | int], count: list[int]) -> None:
    """Bounds of a ``where``, node by node; BAD_USER_INPUT names the place."""
    count[0] += 1
    if count[0] > MOST_WHERE_NODES:
        raise _refused(f"'where' may have at most {MOST_WHERE_NODES} conditions", "TOO_MANY", ["where"])
    match value:
        case dict():
            for key, each in value.items():
                _check_where(each, [*path, key], count)
        case list():
            _check_list(value, path, count)
        case str():
            _check_text(value, path)


def _check_list(values: list[Any], path: list[str | int], count: list[int]) -> None:
    if len(values) > MOST_LIST:
        raise _refused(f"at most {MOST_LIST} values", "TOO_MANY", path)
    for number, each in enumerate(values):
        if isinstance(each, dict):
            _check_where(each, [*path, number], count)
        elif each is None:
            raise _refused("null is not a value to compare with; use isNull", "BAD_VALUE", path)
        elif isinstance(each, str):
            _check_text(each, path)


def _check_text(text: str, path: list[str | int]) -> None:
    if "\0" in text:
        raise _refused("NUL is not allowed in text", "BAD_VALUE", path)
    if path[-1] in ("contains", "startsWith") and not 2 <= len(text) <= 100:
        raise _refused("search text has 2 to 100 characters", "BAD_VALUE", path)


def _refused(what: str, reason: str, path: list[str | int]) -> BadUserInput:
    return BadUserInput(f"{what}.", reason=reason, input_path=path)
