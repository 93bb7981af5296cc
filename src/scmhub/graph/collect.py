"""Which fields a selection asks for: the specification's CollectFields, merged by response key, each fragment once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)
from graphql.language import BooleanValueNode, Node, VariableNode, Visitor, visit


@dataclass(slots=True)
class Selected:
    """All occurrences of one response key; they agree on name and arguments (validation saw to it)."""

    key: str
    name: str
    node: FieldNode
    selections: list[SelectionSetNode] = field(default_factory=list)


class Collector:
    """Collects under the variables of one request; only ``@skip`` and ``@include`` look at them."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any]) -> None:
        self._fragments = fragments
        self._variables = variables

    def collect(self, selections: Iterable[SelectionSetNode], applies: Callable[[str], bool]) -> list[Selected]:
        """Fields in order of first appearance; ``applies`` tells whether a type condition holds."""
        found: dict[str, Selected] = {}
        seen: set[str] = set()
        for selection_set in selections:
            self._walk(selection_set, applies, found, seen)
        return list(found.values())

    def _walk(
        self,
        selection_set: SelectionSetNode,
        applies: Callable[[str], bool],
        found: dict[str, Selected],
        seen: set[str],
    ) -> None:
        for node in selection_set.selections:
            if not self._included(node):
                continue
            match node:
                case FieldNode():
                    key = node.alias.value if node.alias else node.name.value
                    selected = found.setdefault(key, Selected(key, node.name.value, node))
                    if node.selection_set:
                        selected.selections.append(node.selection_set)
                case InlineFragmentNode():
                    if node.type_condition is None or applies(node.type_condition.name.value):
                        self._walk(node.selection_set, applies, found, seen)
                case FragmentSpreadNode():
                    self._spread(node.name.value, applies, found, seen)

    def _spread(self, name: str, applies: Callable[[str], bool], found: dict[str, Selected], seen: set[str]) -> None:
        fragment = self._fragments[name]
        if name not in seen and applies(fragment.type_condition.name.value):
            seen.add(name)
            self._walk(fragment.selection_set, applies, found, seen)

    def _included(self, node: Any) -> bool:
        for directive in node.directives or ():
            if directive.name.value in ("skip", "include"):
                condition = directive.arguments[0].value
                if isinstance(condition, BooleanValueNode):
                    value = condition.value
                else:
                    value = bool(self._variables.get(condition.name.value))
                if value == (directive.name.value == "skip"):
                    return False
        return True


class _Switches(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: Any, *_: Any) -> None:
        if node.name.value in ("skip", "include"):
            self.names |= {a.value.name.value for a in node.arguments or () if isinstance(a.value, VariableNode)}


def switches(operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> tuple[str, ...]:
    """Names of the variables that ``@skip`` and ``@include`` read: they shape the statement."""
    visitor = _Switches()
    nodes: list[Node] = [operation, *fragments.values()]
    for node in nodes:
        visit(node, visitor)
    return tuple(sorted(visitor.names))
