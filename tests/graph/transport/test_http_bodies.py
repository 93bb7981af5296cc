"""Whatever stands in the body of a request gets one clear answer: a GraphQL error with code and request id, never a 5xx."""

from __future__ import annotations

import json

import httpx2
import pytest
from refusals import BODY, GRAPHQL, JSON, check_refusal, post


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"null", 400),
        (b"7", 400),
        (b'"x"', 400),
        (b"true", 400),
        (b"[null]", 400),
        (b"[]", 400),
        (b"[" + BODY + b"]", 400),
        (b"[" + b",".join([BODY] * 20) + b"]", 400),
        (b"[" + b",".join([BODY] * 1000) + b"]", 400),
        (b"{}", 400),
        (BODY[:9], 400),
        (BODY + b"x", 400),
        (b'{"query":7}', 400),
        (b'{"query":{}}', 400),
        (b'{"query":[]}', 400),
        (b'{"query":null}', 400),
        (b'{"query":false}', 400),
        (b'{"query":"{ me }","variables":"x"}', 400),
        (b'{"query":"{ me }","variables":[]}', 400),
        (b'{"query":"{ me }","variables":0}', 400),
        (b'{"query":"{ me }","operationName":7}', 400),
        (b'{"query":"{ me }","operationName":{}}', 400),
        (b'{"query":"{ me }","extensions":[]}', 400),
        (b'{"query":"{ me }","extensions":"x"}', 400),
        (b'{"query":"{ me \xff }"}', 400),
        (b'{"query":"\xed\xa0\x80"}', 400),
        (b"\xff\xfe" + '{"query":"{ me }"}'.encode("utf-16-le"), 400),
        (b"\xef\xbb\xbf" + BODY, 400),
        (b'{"query":"\\ud800"}', 400),
        (b'{"query":"{ me }","variables":{"a":"\\udfff"}}', 400),
        (b'{"query":"{ me }","operationName":"\\ud800"}', 400),
        (b'{"query":"{ me }","variables":{"a":NaN}}', 400),
        (b'{"query":"{ me }","variables":{"a":Infinity}}', 400),
        (b'{"query":"{ me }","variables":{"a":1e999}}', 400),
        (b'{"query":"{ me }","variables":{"a":' + b"9" * 5000 + b"}}", 400),
        (b'{"query":"{ me }","variables":{"a":' + b"[" * 100_000 + b"}}", 400),
        (b'{"query":"{ me }","variables":{"a":' + b"[" * 30 + b"]" * 30 + b"}}", 200),
        (b'{"query":"{ me }","variables":{"a":' + b"[" * 31 + b"]" * 31 + b"}}", 400),
        (b'{"query":"{ me }","variables":{"a":' + b'{"b":' * 1000 + b"1" + b"}" * 1000 + b"}}", 400),
        (b'{"query":"{ me }","variables":{"a":[' + b",".join([b"1"] * 9_996) + b"]}}", 200),
        (b'{"query":"{ me }","variables":{"a":[' + b",".join([b"1"] * 10_000) + b"]}}", 400),
        (b'{"query":"{ me }","variables":{"a":[' + b",".join([b"{}"] * 100_000) + b"]}}", 400),
        (b'{"query":"{ me }","variables":{' + b",".join(b'"%d":1' % n for n in range(70_000)) + b"}}", 400),
        (b'{"query":"{ me }",' + b",".join(b'"%d":1' % n for n in range(70_000)) + b"}", 400),
        (b'{"query":"{ me }","variables":{"a":"' + b"x" * 900_000 + b'"}}', 200),
        (b'{"query":"{ me }","variables":{"a":"' + b"x" * 1024 * 1024 + b'"}}', 413),
        (b'{"query":"x","query":"{ me }"}', 200),
        (b'{"query":"{ me }","unknown":1}', 200),
        (b'{"query":"{ me }","variables":null,"operationName":null,"extensions":null}', 200),
    ],
)
@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
def test_bodies(client: httpx2.Client, body: bytes, status: int, accept: str) -> None:
    response = post(client, body, Accept=accept)
    if status == 200:
        assert response.status_code == 200
        assert response.json()["data"] == {"me": "00000000-0000-0000-0000-000000000001"}
    else:
        check_refusal(response, status)
        assert response.headers["content-type"].startswith(accept)


def test_the_body_limit_holds_at_its_value_and_one_above(client: httpx2.Client) -> None:
    padding = b" " * (1024 * 1024 - len(BODY))
    assert post(client, BODY + padding).status_code == 200
    assert check_refusal(post(client, BODY + padding + b" "), 413)["extensions"]["reason"] == "BODY_SIZE"


def test_a_body_without_a_declared_length_is_read_up_to_the_limit_only(client: httpx2.Client) -> None:
    response = client.post("/graphql", content=iter([b" " * 65_536] * 17), headers={"Content-Type": JSON})
    check_refusal(response, 413)
    assert post(client, BODY).status_code == 200


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        (JSON, 200),
        ("application/json; charset=utf-8", 200),
        ('Application/JSON ;Charset="UTF-8"', 200),
        ("application/json; charset=klingon", 415),
        ("application/json; charset=utf-16", 415),
        ("application/json; charset=iso-8859-1", 415),
        ("application/graphql", 415),
        ("application/graphql+json", 415),
        ("text/plain", 415),
        ("text/json", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("", 415),
        ("application/json, text/plain", 415),
        ("x" * 8_000, 415),
    ],
)
def test_content_types(client: httpx2.Client, content_type: str, status: int) -> None:
    response = client.post("/graphql", content=BODY, headers={"Content-Type": content_type})
    if status == 200:
        assert response.status_code == 200
    else:
        check_refusal(response, status)


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "identity", "x"])
def test_any_content_encoding_is_refused(client: httpx2.Client, encoding: str) -> None:
    check_refusal(post(client, BODY, Content_Encoding=encoding), 415)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        (" ", "GRAPHQL_PARSE_FAILED"),
        ("{ me \0 }", "GRAPHQL_PARSE_FAILED"),
        ("{ you }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ " + "me " * 21 + "}", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { me } query B { me }", "OPERATION_RESOLUTION_FAILURE"),
        ("fragment F on Order { number }", "OPERATION_RESOLUTION_FAILURE"),
        ("type Firm { name: String }", "OPERATION_RESOLUTION_FAILURE"),
        ("query ($n: Int!) { orders(first: $n) { nodes { number } } }", "BAD_USER_INPUT"),
    ],
)
def test_graphql_refusals_are_400_only_for_the_graphql_media_type(client: httpx2.Client, query: str, code: str) -> None:
    body = json.dumps({"query": query})
    check_refusal(post(client, body, Accept=GRAPHQL), 400, code)
    check_refusal(post(client, body, Accept=JSON), 200, code)


def test_coercion_faults_say_where(client: httpx2.Client) -> None:
    query = "query ($n: Int) { orders(first: $n) { nodes { number } } }"
    for value in (2**31, 1.5, "1", True):
        body = json.dumps({"query": query, "variables": {"n": value}})
        error = check_refusal(post(client, body, Accept=GRAPHQL), 400, "BAD_USER_INPUT")
        assert "$n" in error["message"]
        assert error["extensions"]["inputPath"] == ["n"]
    query = "query ($w: OrderWhere) { orders(where: $w) { nodes { number } } }"
    body = json.dumps({"query": query, "variables": {"w": {"and": [{}, {"number": 7}]}}})
    error = check_refusal(post(client, body, Accept=GRAPHQL), 400, "BAD_USER_INPUT")
    assert error["extensions"]["inputPath"] == ["w", "and", 1, "number"]


def test_null_for_a_maybe_field_is_the_callers_fault(client: httpx2.Client) -> None:
    for by in ({"number": None}, {}, {"number": "1", "id": "2"}):
        body = json.dumps({"query": "query ($by: OrderRef!) { order(by: $by) { number } }", "variables": {"by": by}})
        response = post(client, body, Accept=GRAPHQL)
        codes = {one["extensions"]["code"] for one in response.json()["errors"]}
        assert codes == {"BAD_USER_INPUT"}
        assert "Maybe" not in response.text


def test_a_fault_of_ours_tells_nothing(client: httpx2.Client) -> None:
    for accept in (JSON, GRAPHQL):
        response = post(client, '{"query":"{ fault denied }"}', Accept=accept)
        assert response.status_code == 200
        assert "hunter2" not in response.text
        assert "partner_secret" not in response.text
        shown = {one["path"][0]: one["extensions"]["code"] for one in response.json()["errors"] if "path" in one}
        assert shown["fault"] == "INTERNAL_SERVER_ERROR"


@pytest.mark.parametrize(
    "query",
    [
        "#\n" * 300_000,
        "," * 1_000_000,
        '{ order(by: {number: """' + "x" * 500_000 + '"""}) { number } }',
        "{ " + "me " * 10_000 + "}",
        "{ " + " ".join(f"a{n}: me" for n in range(5_000)) + "}",
        "{ orders { nodes { " + "next { " * 5_000,
        "{ orders { nodes { " + "next { " * 14 + "number" + " }" * 17,
        "{ orders { nodes { ...F } } } fragment F on Order { next { ...F } }",
        "{ orders { nodes { " + " ".join(f"nummber{n}" for n in range(1_000)) + " } } }",
        "{ orders { nodes { " + " ".join(f"a: {'number' if n % 2 else '__typename'}" for n in range(90)) + " } } }",
        "{ orders(first: 100) { nodes { lines(first: 100) { nodes { lineNo } } "
        "next { lines(first: 250) { nodes { lineNo } totalCount } } } } }" + " " * 60_000,
        "{ " + " ".join(f"a{n}: orders(first: 100) {{ nodes {{ number }} }}" for n in range(200)) + " }",
        "{ me " + "@include(if: true) " * 20_000 + "}",
        " ".join(f"query Q{n} {{ me }}" for n in range(1_000)),
        "query (" + " ".join(f"$v{n}: Int" for n in range(5_000)) + ") { me }",
        "{ orders { nodes { ...F0 } } }"
        + " ".join(f"fragment F{n} on Order {{ number ...F{n + 1} ...F{n + 1} }}" for n in range(60))
        + "fragment F60 on Order { number }",
        "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }",
        "mutation { " + " ".join(f'a{n}: orderPlace(number: "1") {{ number }}' for n in range(11)) + " }",
    ],
)
def test_hostile_documents_are_the_callers_fault_and_others_are_served(client: httpx2.Client, query: str) -> None:
    response = post(client, json.dumps({"query": query}), Accept=GRAPHQL)
    assert response.status_code in (200, 400)
    for error in json.loads(response.content).get("errors", ()):
        assert error["extensions"]["code"] in ("GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED")
        assert len(error["message"]) <= 330
    assert post(client, BODY).status_code == 200
