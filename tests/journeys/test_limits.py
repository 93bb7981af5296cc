"""Every limit of a document and of its values, over HTTP against the real schema: at its value it passes, one above not."""

from __future__ import annotations

from typing import Any

import pytest

from scmhub.graph.limits import Limits

from .conftest import Chain

LIMITS = Limits()
Case = tuple[str, str, dict[str, Any], str, dict[str, Any], str]
_ITEMS = "query ($w: ItemWhere) { items(where: $w) { nodes { id } } }"
_NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"


def _aliases(count: int) -> str:
    return "{ viewer { " + " ".join(f"a{number}: id" for number in range(count)) + " } }"


def _directives(count: int) -> str:
    return "{ viewer { " + " ".join(f"a{number}: id @include(if: true)" for number in range(count)) + " } }"


def _roots(count: int) -> str:
    return "{ " + " ".join(f"a{number}: __typename" for number in range(count)) + " }"


def _mutations(count: int) -> str:
    one = 'a%d: caseClose(input: {case: "x", expectedVersion: 1}) { __typename }'
    return "mutation { " + " ".join(one % number for number in range(count)) + " }"


def _operations(count: int) -> str:
    return "query Q { viewer { id } } " + " ".join(
        f"query Q{number} {{ viewer {{ id }} }}" for number in range(count - 1)
    )


def _variables(count: int) -> str:
    names = [f"$v{number}" for number in range(count)]
    declared = " ".join(f'{name}: ID! = "x"' for name in names)
    return f"query Q({declared}) {{ nodes(ids: [{' '.join(names)}]) {{ id }} }}"


def _depth(levels: int) -> str:
    """orders, nodes, then lines, nodes and order again and again; the last level is an id."""
    names = ["orders(first: 1)", "nodes", *["lines(first: 1)", "nodes", "order"] * 6][: levels - 1]
    inner = "__typename"
    for name in reversed(names):
        inner = f"{name} {{ {inner} }}"
    return f"{{ {inner} }}"


def _tokens(count: int) -> str:
    """Twelve tokens, and ids."""
    return "{ nodes(ids: [" + '"x" ' * (count - 12) + "]) { id } }"


def _cost(last: int) -> str:
    return (
        "{ orders(first: 249) { nodes { lines(first: 199) { nodes { id lineNo } } } } b: orders(first: 250) { nodes { id } }"
        f" c: orders(first: {last}) {{ nodes {{ id }} }} __typename }}"
    )


def _payload(extra: str) -> str:
    fields = " ".join(f"a{number}: id" for number in range(45))
    return (
        'mutation { orderConfirm(input: {order: "x", expectedVersion: 1}) { order { id version '
        + f"{extra} lines(first: 111) {{ nodes {{ {fields} }} }} }} }} }}"
    )


def _where(comparators: int, *more: str) -> dict[str, Any]:
    return {"w": {"or": [{"number": {"eq": "a"}}] * comparators} | {name: {} for name in more}}


def _contains(length: int) -> dict[str, Any]:
    return {"w": {"number": {"contains": "x" * length}}}


def _page(first: int) -> str:
    return f"{{ items(first: {first}) {{ nodes {{ id }} }} }}"


DOCUMENTS = {
    "ALIAS_LIMIT": (_aliases, LIMITS.aliases),
    "DIRECTIVE_LIMIT": (_directives, LIMITS.directives),
    "ROOT_FIELD_LIMIT": (_roots, LIMITS.root_fields),
    "OPERATION_LIMIT": (_operations, LIMITS.operations),
    "VARIABLE_LIMIT": (_variables, LIMITS.variables),
    "DEPTH_LIMIT": (_depth, LIMITS.depth),
    "COMMENT_LIMIT": (lambda count: "#\n" * count + "{ viewer { id } }", LIMITS.document_comments),
    "LENGTH_LIMIT": (lambda count: "{ viewer { id } }".ljust(count), LIMITS.document_characters),
    "BAD_PAGE": (_page, LIMITS.page),
    "COST_LIMIT": (_cost, 143),
}


@pytest.mark.parametrize("reason", DOCUMENTS)
async def test_a_document_passes_at_the_limit_and_not_one_above(chain: Chain, reason: str) -> None:
    make, limit = DOCUMENTS[reason]
    sent = {"operationName": "Q"} if reason == "OPERATION_LIMIT" else {}
    answer = await chain.post("ACME", make(limit), sent=sent)
    assert answer.status_code == 200, answer.text
    assert "errors" not in answer.json()
    if reason == "COST_LIMIT":
        assert answer.json()["extensions"]["cost"]["requestedQueryCost"] == LIMITS.operation_cost
    refused = await chain.post("ACME", make(limit + 1), sent=sent)
    assert refused.status_code == 400
    [error] = refused.json()["errors"]
    assert error["extensions"]["reason"] == reason
    assert str(limit if reason != "COST_LIMIT" else LIMITS.operation_cost) in error["message"].replace(",", "")


async def test_tokens_and_mutations_have_limits(chain: Chain) -> None:
    over = await chain.post("ACME", _tokens(LIMITS.document_tokens + 1))
    assert over.json()["errors"][0]["extensions"]["reason"] == "TOKEN_LIMIT"
    at = await chain.post("ACME", _tokens(LIMITS.document_tokens))
    assert at.json()["errors"][0]["extensions"]["reason"] == "TOO_MANY", "the list is too long, the document is not"
    assert (await chain.post("ACME", _mutations(LIMITS.mutations))).status_code == 200
    many = await chain.post("ACME", _mutations(LIMITS.mutations + 1))
    assert many.json()["errors"][0]["extensions"]["reason"] == "ROOT_FIELD_LIMIT"


async def test_a_payload_costs_five_thousand_at_most(chain: Chain) -> None:
    at = await chain.post("ACME", _payload(""))
    assert at.json()["extensions"]["cost"]["requestedQueryCost"] == 100 + LIMITS.payload_cost
    over = await chain.post("ACME", _payload("number: id"))
    assert over.json()["errors"][0]["extensions"]["reason"] == "COST_LIMIT"


@pytest.mark.parametrize(
    ("query", "at", "above", "reason"),
    [
        (_NODES, {"ids": ["itm_x"] * 250}, {"ids": ["itm_x"] * 251}, "TOO_MANY"),
        (_ITEMS, {"w": {"number": {"in": ["a"] * 250}}}, {"w": {"number": {"in": ["a"] * 251}}}, "TOO_MANY"),
        (_ITEMS, {"w": {"number": {"nin": ["a"] * 250}}}, {"w": {"number": {"nin": ["a"] * 251}}}, "TOO_MANY"),
        (_ITEMS, _where(16), _where(16, "number"), "TOO_MANY"),
        (_ITEMS, _contains(100), _contains(101), "BAD_VALUE"),
        (_ITEMS, _contains(2), _contains(1), "BAD_VALUE"),
    ],
)  # fmt: skip
async def test_values_pass_at_the_limit_and_not_one_above(
    chain: Chain, query: str, at: dict[str, Any], above: dict[str, Any], reason: str
) -> None:
    answer = await chain.post("ACME", query, **at)
    assert "errors" not in answer.json(), answer.text
    refused = await chain.post("ACME", query, **above)
    assert refused.status_code == 400
    [error] = refused.json()["errors"]
    assert error["extensions"]["reason"] == reason
    assert error["extensions"]["inputPath"][0] in ("ids", "where")
