"""How tests post to the endpoint, and the one shape every refusal has."""

from __future__ import annotations

import json
from typing import Any

import httpx2

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
BODY = b'{"query":"{ me }"}'


def check_refusal(response: httpx2.Response, status: int, code: str = "BAD_REQUEST") -> dict[str, Any]:
    """A refusal's shape, whatever its cause."""
    assert response.status_code == status
    assert response.headers["content-type"].split(";")[0] in (GRAPHQL, JSON)
    assert response.headers["vary"] == "Accept"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert not [name for name in response.headers if name.startswith("access-control")]
    shown = json.loads(response.content)
    assert list(shown) == ["errors"]
    error: dict[str, Any] = shown["errors"][0]
    assert error["extensions"]["code"] == code
    assert error["extensions"]["requestId"] == response.headers["x-request-id"]
    return error


def post(client: httpx2.Client, body: bytes | str, **headers: str) -> httpx2.Response:
    sent = {"Content-Type": JSON, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return client.post("/graphql", content=body, headers=sent)
