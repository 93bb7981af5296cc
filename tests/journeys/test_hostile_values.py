"""Values that must not pass, over HTTP against the real schema: a clear code each time, never a 5xx."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import Chain

ORDERS = """query Q($first: Int, $last: Int, $after: String) {
  orders(first: $first, last: $last, after: $after) { nodes { id } } }"""
ITEMS = (
    "query Q($w: ItemWhere, $o: ItemOrderBy, $a: String) { items(where: $w, orderBy: $o, after: $a) { nodes { id } } }"
)
NODES = "query Q($ids: [ID!]!) { nodes(ids: $ids) { id } }"
NODE = "query Q($id: ID!) { node(id: $id) { __typename id } }"
PLACE = "mutation M($input: OrderPlaceInput!) { orderPlace(input: $input) { order { id } userErrors { code path } } }"

OTHER_ORDER = "MXxPcmRlci5pZC5hc2N8MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwfA"
"""A cursor of the same connection, oldest first."""
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    (ORDERS, {"first": -1}, "BAD_PAGE"),
    (ORDERS, {"first": 251}, "BAD_PAGE"),
    (ORDERS, {"first": 1, "last": 1}, "BAD_PAGE"),
    (ORDERS, {"first": 2**31}, "BAD_VALUE"),
    (ORDERS, {"first": 1.5}, "BAD_VALUE"),
    (ORDERS, {"first": "1"}, "BAD_VALUE"),
    (ORDERS, {"first": True}, "BAD_VALUE"),
    (ORDERS, {"after": "x"}, "BAD_CURSOR"),
    (ORDERS, {"after": ""}, "BAD_CURSOR"),
    (ORDERS, {"after": "\u0000"}, "BAD_CURSOR"),
    (ORDERS, {"after": OTHER_ORDER}, "BAD_CURSOR"),
    (ORDERS, {"after": "A" * 5000}, "BAD_CURSOR"),
    (ITEMS, {"w": {"number": {"contains": "x"}}}, "BAD_VALUE"),
    (ITEMS, {"w": {"number": {"eq": "a\u0000b"}}}, "BAD_VALUE"),
    (ITEMS, {"w": {"number": {"in": ["a\u0000b"]}}}, "BAD_VALUE"),
    (ITEMS, {"w": {"number": {"in": ["a"] * 251}}}, "TOO_MANY"),
    (ITEMS, {"w": {"or": [{"number": {"eq": "a"}}] * 60}}, "TOO_MANY"),
    (NODES, {"ids": ["itm_x"] * 251}, "TOO_MANY"),
    (NODE, {"id": 1.5}, "BAD_VALUE"),
    (NODE, {"id": True}, "BAD_VALUE"),
    (NODE, {"id": None}, "BAD_VALUE"),
    ("{ orders(first: 99999999999999999999) { nodes { id } } }", {}, ""),
    ('{ orders(where: {placedAt: {gte: "2026-01-01"}}) { nodes { id } } }', {}, ""),
    ('{ orders(where: {placedAt: {gte: "2026-01-01T00:00:60Z"}}) { nodes { id } } }', {}, ""),
    ('{ orders(where: {placedAt: {gte: "0001-01-01T00:00:00Z"}}) { nodes { id } } }', {}, ""),
    ('{ orders(where: {placedAt: {gte: "2026-01-01T00:00:00+23:59"}}) { nodes { id } } }', {}, ""),
    ('{ orderLines(where: {requestedOn: {eq: "2026-W01-1"}}) { nodes { id } } }', {}, ""),
]
DECIMALS = [
    "NaN", "sNaN", "Infinity", "-Infinity", "1e9", "+1", ".5", "1.", " 1", "1_0", "1,5", "\u0661\u0662", "9" * 5000, "", "0x1",
    1.5, 1, True, None, [], {},
]  # fmt: skip


@pytest.mark.parametrize(("query", "variables", "reason"), REFUSED)
async def test_impossible_values_are_named_and_refused(
    chain: Chain, query: str, variables: dict[str, Any], reason: str
) -> None:
    answer = await chain.post("ACME", query, **variables)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] in ("BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED")
    assert error["extensions"].get("reason", "") == reason or reason == ""
    assert len(error["message"]) <= 310


@pytest.mark.parametrize("value", DECIMALS, ids=lambda value: repr(value)[:20])
async def test_what_is_no_decimal_reaches_no_command(chain: Chain, value: Any) -> None:
    line = {"item": "itm_x", "quantity": {"value": value, "unit": "C62"}, "requestedOn": "2026-12-01"}
    given = {"seller": "ptr_x", "shipTo": "sit_x", "buyerNumber": "1", "currency": "EUR", "lines": [line]}
    answer = await chain.post("ACME", PLACE, input=given)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "ord_",
        "ord_1",
        "\u0000",
        "ord_00000000-0000-0000-0000-000000000000",
        "'; drop table item;--",
        "itm_" + "f" * 40,
    ],
)
async def test_an_id_of_nothing_is_null_whatever_it_looks_like(chain: Chain, text: str) -> None:
    answer = await chain.post("ACME", NODE, id=text)
    assert (answer.status_code, answer.json()["data"]) == (200, {"node": None})


async def test_search_text_is_literal(chain: Chain) -> None:
    for number in ("100%", "1000", "a_b", "axb"):
        given = {"number": number, "description": "d", "unit": "C62"}
        await chain.do("ACME", "itemAdd", given, "item { id }")
    query = "query Q($w: ItemWhere) { items(where: $w, orderBy: {field: NUMBER, direction: ASC}) { nodes { number } } }"
    for asked, expected in (({"contains": "0%"}, ["100%"]), ({"startsWith": "a_"}, ["a_b"])):
        found = await chain.ask("ACME", query, w={"number": asked})
        assert [item["number"] for item in found["items"]["nodes"]] == expected


async def test_null_for_what_has_no_null_is_refused_in_words(chain: Chain) -> None:
    given = {"item": "itm_x", "expectedVersion": 1, "lifecycle": None}
    revise = "mutation M($input: ItemReviseInput!) { itemRevise(input: $input) { item { id } } }"
    [error] = (await chain.post("ACME", revise, input=given)).json()["errors"]
    assert error["message"] == "'lifecycle' cannot be null: leave it out to keep what is stored."
    assert (error["extensions"]["reason"], error["extensions"]["inputPath"]) == ("BAD_VALUE", ["input", "lifecycle"])


async def test_a_dear_question_asked_many_times_is_refused_before_it_is_answered(chain: Chain) -> None:
    """A simulation looks at thousands of rows: its price says so."""
    one = 'a%d: sharingRuleSimulate(id: "rul_x") { complete }'
    many = await chain.post("ACME", "{" + " ".join(one % number for number in range(30)) + "}")
    assert many.json()["errors"][0]["extensions"]["reason"] == "COST_LIMIT"
    assert (await chain.post("ACME", "{" + one % 1 + "}")).json() | {"extensions": 0} == {
        "data": {"a1": None},
        "extensions": 0,
    }


@pytest.mark.parametrize("key", ["", "a b", "a\nb", "a\u0000", "é", "k" * 256, "k" * 100_000])
async def test_a_key_that_is_none_stops_the_document_before_anything_ran(chain: Chain, key: str) -> None:
    add = 'itemAdd(input: {number: "%s", description: "d", unit: "C62"}) @idempotent(key: %s) { item { id } }'
    query = f"mutation ($key: String!) {{ a: {add % ('K1', '$key')} b: {add % ('K2', json.dumps('fine'))} }}"
    backwards = f"mutation ($key: String!) {{ a: {add % ('K1', json.dumps('fine'))} b: {add % ('K2', '$key')} }}"
    for document in (query, backwards):
        answer = await chain.post("ACME", document, key=key)
        assert answer.status_code == 400
        [error] = answer.json()["errors"]
        assert (error["extensions"]["code"], error["extensions"]["reason"]) == ("BAD_REQUEST", "BAD_KEY")
    found = await chain.ask("ACME", '{ items(where: {number: {in: ["K1", "K2"]}}) { totalCount } }')
    assert found == {"items": {"totalCount": 0}}
    again = await chain.post("ACME", backwards, headers={"Idempotency-Key": "h"}, key="k" * 255)
    assert again.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST", "header and directive, and two of them"


async def test_a_key_of_255_characters_is_one(chain: Chain) -> None:
    add = """mutation ($key: String!) { itemAdd(input: {number: "K3", description: "d", unit: "C62"})
      @idempotent(key: $key) { item { number } userErrors { code } } }"""
    first, again = [await chain.post("ACME", add, key="k" * 255) for _ in range(2)]
    assert first.json()["data"] == again.json()["data"] == {"itemAdd": {"item": {"number": "K3"}, "userErrors": []}}
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
