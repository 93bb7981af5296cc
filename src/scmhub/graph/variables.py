"""Variables of a request, coerced: the common cases without rebuilding what the document already tells."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLError, GraphQLSchema, Undefined, is_leaf_type, is_non_null_type
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource, get_variable_values
from graphql.utilities.coerce_input_value import coerce_input_value

from scmhub.graph.documents import Document

_SIGNATURES = "signatures"


def variable_values(schema: GraphQLSchema, document: Document, given: dict[str, Any]) -> VariableValues:
    """Coerced values with their sources; GraphQLError for the first that does not fit its type."""
    return _quick(schema, document, given) or _thorough(schema, document, given)


def _quick(schema: GraphQLSchema, document: Document, given: dict[str, Any]) -> VariableValues | None:
    """Scalars and enums that fit; None leaves everything else, errors included, to graphql-core."""
    signatures = document.plans.get(_SIGNATURES)
    if signatures is None:
        signatures = document.plans[_SIGNATURES] = _leaf_signatures(schema, document)
    sources, coerced = {}, {}
    for signature in signatures:
        if signature is None:
            return None
        name = signature.name
        value = given.get(name, Undefined)
        if value is Undefined:
            if is_non_null_type(signature.type):
                return None
            sources[name] = VariableValueSource(signature)
            continue
        result = coerce_input_value(value, signature.type)
        if result is Undefined:
            return None
        sources[name], coerced[name] = VariableValueSource(signature, value), result
    return VariableValues(sources, coerced)


def _leaf_signatures(schema: GraphQLSchema, document: Document) -> list[GraphQLVariableSignature | None]:
    """One entry per variable; None for a type or a default that needs the thorough way."""
    found: list[GraphQLVariableSignature | None] = []
    for node in document.operation.variable_definitions or ():
        signature = get_variable_signature(schema, node)
        named = getattr(getattr(signature, "type", None), "of_type", getattr(signature, "type", None))
        simple = not isinstance(signature, GraphQLError) and is_leaf_type(named) and node.default_value is None
        found.append(signature if simple else None)  # type: ignore[arg-type]
    return found


def _thorough(schema: GraphQLSchema, document: Document, given: dict[str, Any]) -> VariableValues:
    definitions = document.operation.variable_definitions or ()
    result = get_variable_values(schema, definitions, given, max_errors=10, hide_suggestions=True)
    if isinstance(result, VariableValues):
        return result
    raise result[0]
