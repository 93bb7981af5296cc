"""Measures a document before anything expensive looks at it: depth, counts and cost, in time linear in its text.

Fragments are visited once and remembered, numbers saturate, and nothing is assumed valid: unknown names cost 1, AST
lists may be None, a spread that closes a cycle adds nothing (validation names the cycle). ``@skip`` and ``@include``
never lower the price. Cost is 1 per selected field times the bounds of the lists above it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    get_named_type,
    is_list_type,
    is_non_null_type,
)

from scmhub.errors import ValidationFailed
from scmhub.graph.limits import Limits
from scmhub.graph.price import SATURATED, Bound, Fee, Hole, Priced, Tariff, dearest, literal, price

TOTAL_COUNT_COST: Final = 50
MUTATION_COST: Final = 100
_PAGE_ARGUMENTS: Final = frozenset({"first", "last"})
_ITEM_FIELDS: Final = frozenset({"nodes", "edges"})
_HOPELESS_DEPTH: Final = 100
"""Deeper documents are refused before their cost is worked out, which recurses."""


class Walk:
    """The measures of one document and of the one operation in it that is to run."""

    __slots__ = (
        "_bound",
        "_defaults",
        "_done",
        "_limits",
        "_open",
        "_schema",
        "aliases",
        "directives",
        "fragments",
        "kind",
        "root",
    )

    def __init__(
        self,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        schema: GraphQLSchema,
        bound: Bound,
        limits: Limits,
    ) -> None:
        """Walk ``document``; ValidationFailed if a count, depth or the cost with every variable page at 1 is over."""
        self._schema = schema
        self._bound = bound
        self._limits = limits
        self._done: dict[str, tuple[Priced, int, int]] = {}
        self._open: set[str] = set()
        self._defaults = {
            definition.variable.name.value: literal(definition.default_value)
            for definition in operation.variable_definitions or ()
            if definition.default_value is not None
        }
        self.aliases = 0
        self.directives = 0
        self.kind = operation.operation.value
        self.fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._count_definitions(document)
        self._measure(document, operation)

    def cost(self, variables: Mapping[str, Any] | None = None) -> int:
        """Cost of the operation with ``variables`` as sent (None: every variable page counts 1).

        ValidationFailed with reason COST_LIMIT names cost, limit and dearest path.
        """
        if variables is not None and self._defaults:
            variables = {**self._defaults, **variables}
        fixed, each = price(self.root, self._bound, variables, {})
        total = min(fixed + each, SATURATED)
        if total > self._limits.operation_cost:
            raise self._too_dear(total, self._limits.operation_cost, self.root, variables)
        if self.kind != "query":
            self._check_payloads(variables)
        return total

    def _check_payloads(self, variables: Mapping[str, Any] | None) -> None:
        for field in self.root.fields():
            fixed, each = price(field, self._bound, variables, {})
            total = fixed + each - field.own
            if total > self._limits.payload_cost:
                raise self._too_dear(total, self._limits.payload_cost, field, variables)

    def _too_dear(self, total: int, limit: int, start: Priced, variables: Mapping[str, Any] | None) -> ValidationFailed:
        path = ".".join(dearest(start, self._bound, variables))
        shown = str(total) if total < SATURATED else "more than 10^15"
        return ValidationFailed(
            f"The operation costs {shown}, the limit is {limit}; its dearest part is {path or 'the operation itself'}.",
            reason="COST_LIMIT",
        )

    def _count_definitions(self, document: DocumentNode) -> None:
        operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        _check(len(operations), self._limits.operations, "operations", "OPERATION_LIMIT")
        for node in operations:
            _check(len(node.variable_definitions or ()), self._limits.variables, "variables", "VARIABLE_LIMIT")

    def _measure(self, document: DocumentNode, operation: OperationDefinitionNode) -> None:
        limits = self._limits
        depth = 0
        for node in document.definitions:
            if isinstance(node, OperationDefinitionNode) and node is not operation:
                depth = max(depth, self._operation(node)[1])
            elif isinstance(node, FragmentDefinitionNode):
                depth = max(depth, self._fragment(node.name.value, 0)[1])
        self.root, own_depth, roots = self._operation(operation)
        _check(self.aliases, limits.aliases, "aliases", "ALIAS_LIMIT")
        _check(self.directives, limits.directives, "directives", "DIRECTIVE_LIMIT")
        depth = max(depth, own_depth)
        if depth > _HOPELESS_DEPTH:
            raise self._too_deep()
        self.cost()
        if depth > limits.depth:
            raise self._too_deep()
        if self.kind == "mutation":
            _check(roots, limits.mutations, "mutations", "ROOT_FIELD_LIMIT")
        _check(roots, limits.root_fields, "root fields", "ROOT_FIELD_LIMIT")

    def _too_deep(self) -> ValidationFailed:
        return ValidationFailed(too_deep_text(self._limits), reason="DEPTH_LIMIT")

    def _operation(self, node: OperationDefinitionNode) -> tuple[Priced, int, int]:
        root = self._schema.get_root_type(node.operation)
        self.directives += len(node.directives or ())
        for definition in node.variable_definitions or ():
            self.directives += len(definition.directives or ())
        group = Priced("", 0)
        own = MUTATION_COST if node.operation.value == "mutation" else 1
        depth, fields = self._selections(node.selection_set, root, group, 1, own)
        return group.folded(self._bound), depth, fields

    def _fragment(self, name: str, nesting: int) -> tuple[Priced, int, int]:
        done = self._done.get(name)
        if done is not None:
            return done
        group = Priced("", 0)
        node = self.fragments.get(name)
        if node is None or name in self._open:
            return group, 0, 0
        self._open.add(name)
        self.directives += len(node.directives or ())
        parent = self._schema.get_type(node.type_condition.name.value)
        depth, fields = self._selections(node.selection_set, parent, group, nesting + 1, 1)
        self._open.discard(name)
        done = self._done[name] = (group.folded(self._bound), depth, fields)
        return done

    def _selections(
        self,
        selection_set: SelectionSetNode | None,
        parent: GraphQLNamedType | None,
        into: Priced,
        nesting: int,
        own: int,
    ) -> tuple[int, int]:
        """Add what ``selection_set`` selects to ``into``; its depth in fields, and its number of fields, expanded."""
        if nesting > self._limits.nesting:
            raise self._too_deep()
        depth = fields = 0
        for node in (selection_set.selections if selection_set else None) or ():
            self.directives += len(node.directives or ())
            if isinstance(node, FieldNode):
                below, count = self._field(node, parent, into, nesting, own), 1
            elif isinstance(node, FragmentSpreadNode):
                group, below, count = self._fragment(node.name.value, nesting)
                into.add(group)
            else:
                assert isinstance(node, InlineFragmentNode)
                below, count = self._inline(node, parent, into, nesting, own)
            depth = max(depth, below)
            fields = min(fields + count, SATURATED)
        return depth, fields

    def _inline(
        self, node: InlineFragmentNode, parent: GraphQLNamedType | None, into: Priced, nesting: int, own: int
    ) -> tuple[int, int]:
        if node.type_condition is not None:
            parent = self._schema.get_type(node.type_condition.name.value)
        return self._selections(node.selection_set, parent, into, nesting + 1, own)

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None, into: Priced, nesting: int, own: int) -> int:
        name = node.name.value
        self.aliases += node.alias is not None
        definition = _field_of(parent, name)
        label = node.alias.value if node.alias else name
        declared = _price(definition)
        if name == "totalCount":
            own = TOTAL_COUNT_COST
        elif isinstance(declared, int):
            own *= declared
        field = Priced(label, own, is_item=name in _ITEM_FIELDS and is_connection(parent))
        if not isinstance(declared, int):
            field.fee = Fee(declared, *_arguments(node))
        named = get_named_type(definition.type) if definition else None
        if definition is not None and parent is not None and not field.is_item and not parent.name.startswith("__"):
            field.hole = _hole(parent.name, name, node, definition)
            field.is_connection = is_connection(named)
        if node.selection_set is None:
            into.add(field.folded(self._bound))
            return 1
        depth, _ = self._selections(node.selection_set, named, field, nesting + 1, 1)
        into.add(field.folded(self._bound))
        return depth + 1


def _price(definition: GraphQLField | None) -> int | Tariff:
    """What a question declared that it costs; 1 for every other field."""
    declared = (definition.extensions if definition else {}).get("strawberry-definition")
    found: int | Tariff = declared.metadata.get("price", 1) if declared else 1
    return found


def _arguments(node: FieldNode) -> tuple[dict[str, ValueNode], bool]:
    """The arguments of a field by name, and whether a variable takes part in them."""
    arguments = {argument.name.value: argument.value for argument in node.arguments or ()}
    return arguments, any(_mentions_variable(value) for value in arguments.values())


def too_deep_text(limits: Limits) -> str:
    """One text for every kind of nesting, so that a caller learns one rule."""
    return f"The document is nested too deeply; the limit is {limits.depth} levels of fields."


def page_bound(arguments: Mapping[str, Any], default: int, most: int) -> int:
    """Rows a page may have: ``first`` or ``last`` if readable, ``most`` if not, ``default`` if neither is given."""
    for name in ("first", "last"):
        value = arguments.get(name)
        if value is not None:
            readable = isinstance(value, int) and not isinstance(value, bool)
            return min(max(value, 0), most) if readable else most
    return default


def is_connection(named: GraphQLNamedType | None) -> bool:
    """Whether a page's bound belongs to ``nodes`` and ``edges`` of this type, not to all of its fields."""
    fields = _fields_of(named)
    return "pageInfo" in fields and not _ITEM_FIELDS.isdisjoint(fields)


def _hole(parent_name: str, name: str, node: FieldNode, definition: GraphQLField) -> Hole | None:
    """How many rows the field may have, to be asked of the schema's bounds; None for a field that has one."""
    of_type = definition.type.of_type if is_non_null_type(definition.type) else definition.type
    if not is_list_type(of_type) and _PAGE_ARGUMENTS.isdisjoint(definition.args):
        return None
    return Hole(parent_name, name, *_arguments(node))


def _mentions_variable(node: ValueNode) -> bool:
    stack: list[Any] = [node]
    while stack:
        value = stack.pop()
        if value.kind == "variable":
            return True
        if value.kind == "list_value":
            stack.extend(value.values or ())
        elif value.kind == "object_value":
            stack.extend(field.value for field in value.fields or ())
    return False


def _field_of(parent: GraphQLNamedType | None, name: str) -> GraphQLField | None:
    return _fields_of(parent).get(name)


def _fields_of(named: GraphQLNamedType | None) -> Mapping[str, GraphQLField]:
    return named.fields if isinstance(named, GraphQLObjectType | GraphQLInterfaceType) else {}


def _check(count: int, limit: int, what: str, reason: str) -> None:
    if count > limit:
        shown = str(count) if count < SATURATED else "more than 10^15"
        raise ValidationFailed(f"The document has {shown} {what}, the limit is {limit}.", reason=reason)
