"""What a server takes of one request: each limit at its value and one above."""

from __future__ import annotations

import httpx2
import pytest
from hub_of_three import ACME_TOKEN, Served
from refusals import BODY, GRAPHQL, check_refusal, post
from test_http_bytes import exchange

from scmhub.graph.limits import Limits

LIMITS = Limits()


def test_elements_of_json(client: httpx2.Client) -> None:
    """Query, variables and the list are three of them."""
    for count, status in ((LIMITS.json_elements - 3, 200), (LIMITS.json_elements - 2, 400)):
        body = '{"query":"{ me }","variables":{"a":[' + ",".join("1" * count) + "]}}"
        answer = post(client, body, Accept=GRAPHQL)
        assert answer.status_code == status
        assert ("JSON_ELEMENTS" in answer.text) == (status == 400)


def test_depth_of_json(client: httpx2.Client) -> None:
    """Body and variables are two levels."""
    for levels, status in ((LIMITS.json_depth - 2, 200), (LIMITS.json_depth - 1, 400)):
        body = '{"query":"{ me }","variables":{"a":' + "[" * levels + "]" * levels + "}}"
        answer = post(client, body, Accept=GRAPHQL)
        assert answer.status_code == status
        assert ("JSON_DEPTH" in answer.text) == (status == 400)


def test_length_of_a_url(client: httpx2.Client) -> None:
    for more, status in ((0, 200), (1, 414)):
        query = "query={me}&pad=".ljust(LIMITS.url_bytes - len("/graphql") + more, "x")
        answer = client.get(f"/graphql?{query}")
        assert answer.status_code == status
    check_refusal(answer, 414)


def test_length_of_a_token(served: Served) -> None:
    """One that is looked at in vain and one that is not looked at get the same answer."""
    answers = []
    for length in (LIMITS.token_bytes, LIMITS.token_bytes + 1):
        headers = {"Authorization": "Bearer ".ljust(length, "x"), "Content-Type": "application/json"}
        answers.append(httpx2.post(f"{served.url}/graphql", content=BODY, headers=headers, trust_env=False))
    for answer in answers:
        check_refusal(answer, 401, "UNAUTHENTICATED")


def test_length_of_an_accept_header(client: httpx2.Client) -> None:
    for more, media in ((0, GRAPHQL), (1, "application/json")):
        accept = f"{GRAPHQL},".ljust(LIMITS.accept_bytes + more, "x")
        assert post(client, BODY, Accept=accept).headers["content-type"].startswith(media)


@pytest.mark.parametrize("more", [0, 1])
def test_number_and_size_of_headers(served: Served, more: int) -> None:
    own = (
        f"Host: a\r\nContent-Type: application/json\r\nAuthorization: Bearer {ACME_TOKEN}\r\n"
        f"Content-Length: {len(BODY)}\r\nConnection: close\r\n"
    ).encode()
    start = b"POST /graphql HTTP/1.1\r\n"
    body = BODY if isinstance(BODY, bytes) else BODY.encode()
    many = b"".join(b"X: y\r\n" for _ in range(LIMITS.header_count - 5 + more))
    taken = len(b"/graphql") + sum(len(line.replace(b": ", b"", 1)) for line in own.split(b"\r\n")) + 1
    large = b"X: " + b"y" * (LIMITS.header_bytes - taken + more) + b"\r\n"
    for extra in (many, large):
        answer = exchange(served, start + own + extra + b"\r\n" + body)
        assert answer.split(b"\r\n")[0].split(b" ")[1] == (b"400" if more else b"200"), len(extra)
