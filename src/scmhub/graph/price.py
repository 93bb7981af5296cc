"""What an operation costs, as a small tree made once per document and asked again for each set of variables.

acme's ``orders(first: 50) { totalCount nodes { id lines(first: $n) { nodes { id } } } }`` costs 1 + 50 for the count,
1 for ``nodes`` and 50 times what one order selects; only the part under ``$n`` is worked out again per request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

SATURATED: Final = 10**15
"""Where numbers stop growing; far above every limit, far below what makes arithmetic slow."""

Bound = Callable[[str, str, Mapping[str, Any]], int]
"""(type name, field name, arguments as plain values) -> most rows the field may answer."""
Tariff = Callable[[Mapping[str, Any]], int]
"""Arguments as plain values, those that are known -> what a question costs besides its selection."""

_PATH_LENGTH: Final = 20


class Hole:
    """A field whose number of rows depends on its arguments."""

    __slots__ = ("arguments", "field_name", "type_name", "variable")

    def __init__(self, type_name: str, field_name: str, arguments: Mapping[str, Any], variable: bool) -> None:
        self.type_name = type_name
        self.field_name = field_name
        self.arguments = arguments
        self.variable = variable

    def rows(self, bound: Bound, variables: Mapping[str, Any] | None) -> int:
        """Most rows, at least 1; without variables a page that needs one counts 1, which is never too dear."""
        if self.variable and variables is None:
            return 1
        values = plain(self.arguments, variables)
        return min(max(bound(self.type_name, self.field_name, values), 1), SATURATED)


class Fee:
    """What a question costs by its arguments: a year at twenty sites is more work than a week at one."""

    __slots__ = ("arguments", "tariff", "variable")

    def __init__(self, tariff: Tariff, arguments: Mapping[str, Any], variable: bool) -> None:
        self.tariff = tariff
        self.arguments = arguments
        self.variable = variable

    def due(self, variables: Mapping[str, Any] | None) -> int:
        """Without the variables it needs a question costs 1: no document is refused for good."""
        if self.variable and variables is None:
            return 1
        return min(max(self.tariff(plain(self.arguments, variables)), 1), SATURATED)


class Priced:
    """One selected field, or (with an empty label) the fields of a fragment or operation."""

    __slots__ = ("children", "fee", "hole", "is_connection", "is_item", "label", "own", "static")

    def __init__(self, label: str, own: int, *, is_item: bool = False) -> None:
        self.label = label
        self.own = own
        self.is_item = is_item
        self.is_connection = False
        self.hole: Hole | None = None
        self.fee: Fee | None = None
        self.children: list[Priced] = []
        self.static: tuple[int, int] | None = None

    def add(self, child: Priced) -> None:
        self.children.append(child)

    def folded(self, bound: Bound) -> Priced:
        """This node, its price worked out already if no variable takes part in it."""
        varies = any(each and each.variable for each in (self.hole, self.fee))
        if not varies and all(child.static for child in self.children):
            self.static = price(self, bound, None, {})
        return self

    def fields(self) -> Iterator[Priced]:
        """The fields of a group, those of fragments in it included, each fragment once."""
        stack, seen = [self], set()
        while stack:
            for child in stack.pop().children:
                if child.label:
                    yield child
                elif id(child) not in seen:
                    seen.add(id(child))
                    stack.append(child)


def price(
    node: Priced, bound: Bound, variables: Mapping[str, Any] | None, memo: dict[int, tuple[int, int]]
) -> tuple[int, int]:
    """(cost, cost per row of the connection around): the second counts ``nodes`` and ``edges`` found in a fragment."""
    known = node.static or memo.get(id(node))
    if known is not None:
        return known
    fixed = each = 0
    for child in node.children:
        child_fixed, child_each = price(child, bound, variables, memo)
        fixed += child_fixed
        each += child_each
    if node.label:
        rows = node.hole.rows(bound, variables) if node.hole else 1
        fixed, each = _close(node, fixed, each, rows)
        fixed += node.fee.due(variables) if node.fee else 0
    result = memo[id(node)] = (min(fixed, SATURATED), min(each, SATURATED))
    return result


def _close(node: Priced, fixed: int, each: int, rows: int) -> tuple[int, int]:
    if node.is_item:
        return node.own, fixed + each
    if node.is_connection:
        return node.own + fixed + rows * each, 0
    return node.own + rows * (fixed + each), 0


def dearest(node: Priced, bound: Bound, variables: Mapping[str, Any] | None) -> list[str]:
    """Response keys from the root to where most of the cost arises."""
    memo: dict[int, tuple[int, int]] = {}
    path = [node.label] if node.label else []
    while node.children and len(path) < _PATH_LENGTH:
        node = max(node.children, key=lambda child: sum(price(child, bound, variables, memo)))
        if node.label and node.children:
            path.append(node.label)
    return path


def plain(arguments: Mapping[str, Any], variables: Mapping[str, Any] | None) -> dict[str, Any]:
    """Arguments by name, as plain values; one whose variable was not sent is not there."""
    return {
        name: literal(value, variables)
        for name, value in arguments.items()
        if value.kind != "variable" or value.name.value in (variables or ())
    }


def literal(node: Any, variables: Mapping[str, Any] | None = None) -> Any:
    """The plain value of an AST value: a variable is looked up, an enum or a number past 64 bits stays text."""
    kind = node.kind
    if kind == "variable":
        return (variables or {}).get(node.name.value)
    if kind == "list_value":
        return [literal(item, variables) for item in node.values or ()]
    if kind == "object_value":
        return {field.name.value: literal(field.value, variables) for field in node.fields or ()}
    if kind == "int_value":
        return int(node.value) if len(node.value) <= 19 else node.value
    return None if kind == "null_value" else node.value
