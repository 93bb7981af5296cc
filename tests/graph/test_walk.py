"""The walk measures any document in linear time and prices it by its lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from graphql import build_schema, get_introspection_query, parse
from graphql.language.ast import FieldNode, NameNode, OperationDefinitionNode, SelectionSetNode

from scmhub.errors import ValidationFailed
from scmhub.graph.documents import choose
from scmhub.graph.limits import Limits
from scmhub.graph.walk import Walk, page_bound

SCHEMA = build_schema(
    """
    type Query { me: String, orders(first: Int, last: Int): OrderConnection, nodes(ids: [ID!]!): [Order] }
    type Mutation { orderPlace: Order, orderCancel: Order }
    type PageInfo { hasNextPage: Boolean }
    type OrderConnection { pageInfo: PageInfo, nodes: [Order], totalCount: Int }
    type Order { number: String, next: Order, lines(first: Int, last: Int): LineConnection, tags: [String] }
    type LineConnection { pageInfo: PageInfo, nodes: [Line] }
    type Line { lineNo: Int, order: Order }
    """
)


def bound(type_name: str, field_name: str, arguments: Mapping[str, Any]) -> int:
    if field_name == "nodes":
        return len(arguments["ids"]) if isinstance(arguments.get("ids"), list) else 250
    return 8 if field_name == "tags" else page_bound(arguments, 50, 250)


def walk(text: str, limits: Limits | None = None) -> Walk:
    ast = parse(text)
    return Walk(ast, choose(ast, None), SCHEMA, bound, limits or Limits())


def refusal(text: str, limits: Limits | None = None) -> ValidationFailed:
    with pytest.raises(ValidationFailed) as caught:
        walk(text, limits)
    return caught.value


def doubled(levels: int, kind: str) -> str:
    text = "{ orders { nodes { ...F0 } } } "
    for level in range(levels):
        spread = f"...F{level + 1}"
        body = {
            "plain": f"{spread} {spread}",
            "aliased": f"a: next {{ {spread} }} b: next {{ {spread} }}",
            "inline": f"... on Order {{ {spread} }} ... on Order {{ {spread} }}",
        }[kind]
        text += f"fragment F{level} on Order {{ number {body} }} "
    return text + f"fragment F{levels} on Order {{ number }}"


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("{ me }", 1),
        ("{ orders(first: 10) { nodes { number } } }", 1 + 1 + 10),
        ("{ orders { nodes { number } } }", 1 + 1 + 50),
        ("{ orders(first: null) { nodes { number } } }", 1 + 1 + 50),
        ("{ orders(first: 0) { nodes { number } } }", 1 + 1 + 1),
        ("{ orders(first: 100000) { nodes { number } } }", 1 + 1 + 250),
        ("{ orders(first: 99999999999999999999999999) { nodes { number } } }", 1 + 1 + 250),
        ("{ orders(first: 10) { totalCount pageInfo { hasNextPage } } }", 1 + 50 + 1 + 1),
        ("{ orders(first: 10) { nodes { lines(first: 5) { nodes { lineNo } } } } }", 1 + 1 + 10 * (1 + 1 + 5)),
        ("{ orders(first: 10) { ...F } } fragment F on OrderConnection { nodes { number } }", 1 + 1 + 10),
        ('{ nodes(ids: ["a", "b", "c"]) { number } }', 1 + 3),
        ("{ orders(first: 2) { nodes { tags } } }", 1 + 1 + 2),
        ("mutation { orderPlace { number } }", 100 + 1),
        ("mutation { a: orderPlace { number } b: orderPlace { number } }", 202),
        ("mutation { ... on Mutation { orderPlace { number } } }", 101),
        ("{ orders(first: 10) @include(if: false) { nodes { number @skip(if: true) } } }", 12),
        ("{ nonsense { more { again } } }", 3),
        ("{ orders(first: 3) { nodes { nonsense { deeper } } } }", 1 + 1 + 3 * 2),
        ("{ }", 0),
        ("{ ...Missing }", 0),
    ],
)
def test_cost_is_selected_fields_times_list_bounds(text: str, cost: int) -> None:
    assert walk(text).cost() == cost


@pytest.mark.parametrize(
    ("variables", "cost"),
    [
        ({}, 12),
        ({"n": 3}, 5),
        ({"n": 0}, 3),
        ({"n": -5}, 3),
        ({"n": None}, 52),
        ({"n": 10**12}, 252),
        ({"n": "7"}, 252),
        ({"n": True}, 252),
        ({"n": []}, 252),
    ],
)
def test_a_variable_counts_as_sent_and_unreadable_as_the_maximum(variables: dict[str, Any], cost: int) -> None:
    assert walk("query ($n: Int = 10) { orders(first: $n) { nodes { number } } }").cost(variables) == cost


def test_a_variable_never_refuses_a_document_for_good() -> None:
    lines = "lines(first: $n) { nodes { lineNo order { number next { tags } } } }"
    text = "query ($n: Int) { orders(first: $n) { nodes { " + lines + " } } }"
    found = walk(text)
    assert found.cost({"n": 10}) == 1 + 1 + 10 * (1 + 1 + 10 * 5)
    with pytest.raises(
        ValidationFailed, match=r"costs 313002, the limit is 100000; .* orders\.nodes\.lines\.nodes\.order"
    ):
        found.cost({"n": 250})


def test_cost_limit_names_cost_limit_and_dearest_path() -> None:
    error = refusal(
        "{ me orders(first: 250) { nodes { number lines(first: 250) { nodes { lineNo order { number } } } } } }"
    )
    assert error.reason == "COST_LIMIT"
    assert error.message == (
        "The operation costs 188253, the limit is 100000; its dearest part is orders.nodes.lines.nodes.order."
    )


@pytest.mark.parametrize(("count", "refused"), [(4900, False), (5000, False), (5001, True)])
def test_payload_cost_at_its_limit_and_one_above(count: int, refused: bool) -> None:
    limits = Limits(payload_cost=count if not refused else count - 1)
    text = "mutation { orderPlace { " + "number " * count + "} }"
    if refused:
        assert refusal(text, limits).reason == "COST_LIMIT"
    else:
        assert walk(text, limits).cost() == 100 + count


@pytest.mark.parametrize("kind", ["plain", "aliased", "inline"])
@pytest.mark.parametrize("levels", [17, 40, 49])
def test_doubled_fragments_are_refused_by_cost_in_linear_time(kind: str, levels: int) -> None:
    """A walk of two to the 49 fields would never come back."""
    ast = parse(doubled(levels, kind))
    with pytest.raises(ValidationFailed) as caught:
        Walk(ast, choose(ast, None), SCHEMA, bound, Limits())
    assert caught.value.reason == "COST_LIMIT"


@pytest.mark.parametrize(
    ("at_limit", "above", "reason"),
    [
        ("{ " + "next { " * 14 + "number" + " }" * 15, "{ " + "next { " * 15 + "number" + " }" * 16, "DEPTH_LIMIT"),
        ("{" + "me " * 20 + "}", "{" + "me " * 21 + "}", "ROOT_FIELD_LIMIT"),
        (
            "{ orders(first: 1) { nodes { " + " ".join(f"a{i}: number" for i in range(100)) + " } } }",
            "{ orders(first: 1) { nodes { " + " ".join(f"a{i}: number" for i in range(101)) + " } } }",
            "ALIAS_LIMIT",
        ),
        ("{ me " + "@skip(if: false) " * 50 + "}", "{ me " + "@skip(if: false) " * 51 + "}", "DIRECTIVE_LIMIT"),
        ("{ me " + "@nobody " * 50 + "}", "{ me " + "@nobody " * 51 + "}", "DIRECTIVE_LIMIT"),
        ("mutation {" + "orderPlace " * 10 + "}", "mutation {" + "orderPlace " * 11 + "}", "ROOT_FIELD_LIMIT"),
        (
            "query (" + " ".join(f"$v{i}: Int" for i in range(100)) + ") { me }",
            "query (" + " ".join(f"$v{i}: Int" for i in range(101)) + ") { me }",
            "VARIABLE_LIMIT",
        ),
    ],
)
def test_each_limit_holds_at_its_value_and_one_above(at_limit: str, above: str, reason: str) -> None:
    walk(at_limit)
    assert refusal(above).reason == reason


def test_eleven_operations_are_refused_though_one_is_chosen() -> None:
    for count, refused in ((10, False), (11, True)):
        ast = parse(" ".join(f"query Q{i} {{ me }}" for i in range(count)))
        if refused:
            with pytest.raises(ValidationFailed, match="11 operations"):
                Walk(ast, choose(ast, "Q3"), SCHEMA, bound, Limits())
        else:
            Walk(ast, choose(ast, "Q3"), SCHEMA, bound, Limits())


def test_depth_counts_through_fragments_and_inline_fragments() -> None:
    fragment = " fragment F on Order { " + "next { " * 13 + "number" + " }" * 14
    assert refusal("{ orders(first: 1) { nodes { ... on Order { ...F } } } }" + fragment).reason == "DEPTH_LIMIT"


def test_cycles_are_left_to_validation() -> None:
    text = "{ orders(first: 1) { nodes { ...A } } } "
    text += "fragment A on Order { number ...B } fragment B on Order { ...A number }"
    assert walk(text).cost() == 4


@pytest.mark.parametrize("chain", [199, 250])
def test_a_long_chain_of_fragments_does_not_exhaust_the_stack(chain: int) -> None:
    text = "{ orders { nodes { ...F0 } } }" + "".join(
        f" fragment F{i} on Order {{ ...F{i + 1} }}" for i in range(chain)
    )
    text += f" fragment F{chain} on Order {{ number }}"
    if chain < 200:
        assert walk(text).cost() == 52
    else:
        assert refusal(text).reason == "DEPTH_LIMIT"


def test_the_standard_introspection_query_passes() -> None:
    text = get_introspection_query(descriptions=True, input_value_deprecation=True, specified_by_url=True)
    assert walk(text).cost() < 500


def test_lists_of_the_tree_may_be_absent() -> None:
    operation = parse("{ me }").definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    bare = OperationDefinitionNode(
        operation=operation.operation,
        selection_set=SelectionSetNode(selections=(FieldNode(name=NameNode(value="me")),)),
    )
    document = parse("{ me }")
    assert Walk(document, bare, SCHEMA, bound, Limits()).cost() == 1
