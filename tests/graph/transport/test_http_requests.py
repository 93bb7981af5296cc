"""Whatever arrives over HTTP gets one clear answer: methods, URLs, headers and tokens; never a 5xx or a page."""

from __future__ import annotations

import httpx2
import pytest
from hub_of_three import ACME_TOKEN, BOLT_TOKEN, Firm
from refusals import BODY, GRAPHQL, JSON, check_refusal, post


@pytest.mark.parametrize(
    ("accept", "answer"),
    [
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}, {JSON}", GRAPHQL),
        (f"{JSON}, {GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL};q=0.5, {JSON};q=0.9", JSON),
        (f"{GRAPHQL};q=0.9, {JSON};q=0.5", GRAPHQL),
        (f"{GRAPHQL};q=0, {JSON}", JSON),
        (f"{GRAPHQL}; charset=utf-8, application/json; charset=utf-8", GRAPHQL),
        ("text/html, application/xhtml+xml, */*;q=0.8", JSON),
        ("text/event-stream, application/json", JSON),
        (f"{JSON};q=0, */*", GRAPHQL),
        (f"{GRAPHQL};q=0.5, */*", JSON),
        (f"{GRAPHQL}, */*;q=0.1", GRAPHQL),
        (f"{GRAPHQL}, */*", GRAPHQL),
        ("APPLICATION/JSON", JSON),
        ("text/html", None),
        ("text/event-stream", None),
        ("image/png, text/*", None),
        ("*/*;q=0", None),
        (f"{JSON};q=0", None),
        ("application/json; charset=utf-16", None),
        ("garbage", JSON),
        (",,,;;;===", JSON),
        (";q=1", JSON),
        ("\x80\xff", JSON),
        ("a" * 8_000, JSON),
        ("text/html," * 400, None),
        ("text/html," * 800, JSON),
        (f"{JSON};q=x", None),
    ],
)
def test_the_answer_has_the_media_type_asked_for(client: httpx2.Client, accept: str, answer: str | None) -> None:
    response = client.post(
        "/graphql",
        content=BODY,
        headers=[(b"Content-Type", b"application/json"), (b"Accept", accept.encode("latin-1"))],
    )
    if answer is None:
        check_refusal(response, 406)
    else:
        assert response.status_code == 200
        assert response.headers["content-type"] == f"{answer}; charset=utf-8"


def test_get_runs_queries_and_nothing_else(client: httpx2.Client, firm: Firm) -> None:
    response = client.get("/graphql", params={"query": "query A { me } query B { a: me }", "operationName": "B"})
    assert response.json()["data"] == {"a": "00000000-0000-0000-0000-000000000001"}
    before = firm.executed
    refused = client.get("/graphql", params={"query": 'mutation { orderPlace(number: "1") { number } }'})
    check_refusal(refused, 405)
    assert refused.headers["allow"] == "POST"
    assert firm.executed == before


@pytest.mark.parametrize(
    "query_string",
    [
        "",
        "query=",
        "query",
        "variables={}",
        "query={me}&query={me}",
        "query={me}&variables=x",
        "query={me}&variables=[]",
        "query={me}&variables=7",
        "query={me}&variables={",
        "query={me}&variables={}&variables={}",
        "query={me}&extensions=[]",
        "query=%ff",
        "query=%ed%a0%80",
        "&".join(f"a{n}=1" for n in range(1000)),
        "query={me}&variables=" + "[" * 5000,
    ],
)
def test_broken_query_strings_are_refused(client: httpx2.Client, query_string: str) -> None:
    response = client.get(f"/graphql?{query_string}", headers={"Accept": GRAPHQL})
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] in ("BAD_REQUEST", "GRAPHQL_PARSE_FAILED")


@pytest.mark.parametrize("length", [17_000, 60_000])
def test_a_long_url_is_414(client: httpx2.Client, length: int) -> None:
    check_refusal(client.get("/graphql?query=" + "a" * length), 414)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_405(client: httpx2.Client, method: str) -> None:
    response = client.request(method, "/graphql", headers={"Origin": "https://cargo.example"})
    check_refusal(response, 405)
    assert response.headers["allow"] == "GET, POST"


def test_a_foreign_origin_gets_no_permission(client: httpx2.Client) -> None:
    preflight = {
        "Origin": "https://cargo.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    check_refusal(client.options("/graphql", headers=preflight), 405)
    answer = post(client, BODY, Origin="https://cargo.example", Cookie="__Host-Http-scmhub=x")
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer wrong",
        f"bearer  {ACME_TOKEN}x",
        "Basic YWNtZTphY21l",
        "Bearer " + "x" * 20_000,
        f"Bearer {ACME_TOKEN}, Bearer {BOLT_TOKEN}",
    ],
)
def test_without_a_good_token_the_answer_is_401_before_the_body_counts(
    served_url: str, authorization: str | None
) -> None:
    headers = {"Content-Type": JSON} | ({} if authorization is None else {"Authorization": authorization})
    with httpx2.Client(base_url=served_url, trust_env=False) as stranger:
        for body in (BODY, b"not json"):
            response = stranger.post("/graphql", content=body, headers=headers)
            check_refusal(response, 401, "UNAUTHENTICATED")
            assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'


def test_a_token_in_the_url_or_a_cookie_is_no_token(served_url: str) -> None:
    with httpx2.Client(base_url=served_url, trust_env=False) as stranger:
        response = stranger.get("/graphql", params={"query": "{ me }", "access_token": ACME_TOKEN})
        check_refusal(response, 401, "UNAUTHENTICATED")
        response = stranger.get("/graphql", params={"query": "{ me }"}, headers={"Cookie": f"token={ACME_TOKEN}"})
        check_refusal(response, 401, "UNAUTHENTICATED")


def test_two_authorization_headers_are_refused(client: httpx2.Client) -> None:
    headers = [
        ("Content-Type", JSON),
        ("Authorization", f"Bearer {ACME_TOKEN}"),
        ("Authorization", f"Bearer {BOLT_TOKEN}"),
    ]
    check_refusal(client.post("/graphql", content=BODY, headers=headers), 400)


@pytest.mark.parametrize(
    ("key", "status"),
    [
        (b"k", 200),
        (b"!~" * 127 + b"x", 200),
        (b"", 400),
        (b"k" * 256, 400),
        (b"a b", 400),
        (b"\xe9", 400),
        (b"a\tb", 400),
    ],
)
def test_idempotency_keys_are_visible_ascii(client: httpx2.Client, key: bytes, status: int) -> None:
    headers = [(b"Content-Type", b"application/json"), (b"Idempotency-Key", key)]
    response = client.post("/graphql", content=BODY, headers=headers)
    if status == 200:
        assert response.status_code == 200
    else:
        check_refusal(response, 400)


def test_forwarded_headers_and_request_ids_of_the_caller_are_ignored(client: httpx2.Client) -> None:
    response = post(client, BODY, X_Request_Id="mine", X_Forwarded_For="10.0.0.1", X_Forwarded_Host="evil", Host="a")
    assert response.status_code == 200
    assert response.headers["x-request-id"] != "mine"
    assert "server" not in response.headers


def test_every_request_id_is_new(client: httpx2.Client) -> None:
    assert len({post(client, BODY).headers["x-request-id"] for _ in range(20)}) == 20


def test_subscription_by_plain_post_is_told_to_use_a_stream(client: httpx2.Client) -> None:
    error = check_refusal(post(client, '{"query":"subscription { changes }"}'), 400)
    assert error["extensions"]["reason"] == "STREAM_REQUIRED"
