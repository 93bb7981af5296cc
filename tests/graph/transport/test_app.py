"""The routes around /graphql: health, readiness, figures, pages and files, and an orderly stop."""

from __future__ import annotations

import json
import logging
import re
from io import StringIO

import httpx2
import pytest
from hub_of_three import ACME_TOKEN, Served, make_app, new_firm

from scmhub.graph.transport.log import JsonFormatter, RequestLog, redacted
from scmhub.graph.transport.metrics import Gauge, Metrics


def get(served: Served, path: str, **headers: str) -> httpx2.Response:
    return httpx2.get(served.url + path, headers=headers, trust_env=False)


def test_health_and_readiness(served: Served) -> None:
    assert get(served, "/healthz").text == "ok\n"
    assert get(served, "/readyz").text == "ready\n"


def test_figures_are_for_this_machine_only(served: Served, client: httpx2.Client) -> None:
    client.post("/graphql", content=b"{}", headers={"Content-Type": "application/json"})
    text = get(served, "/metrics").text
    assert re.search(r'scmhub_requests_total\{status="400",code="BAD_REQUEST"\} \d+', text)
    assert "scmhub_read_pool_free 8" in text
    assert get(served, "/metrics", **{"X-Forwarded-For": "127.0.0.1"}).status_code == 404


def test_pages_allow_no_inline_script_and_no_other_origin(served: Served) -> None:
    for path in ("/", "/explore"):
        response = get(served, path)
        policy = response.headers["content-security-policy"]
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert not re.search(r"https?://(?!www\.w3\.org)", response.text)
        assert "<script>" not in response.text
    first, second = (get(served, "/explore").text for _ in range(2))
    assert first != second
    assert "{{nonce}}" not in first


@pytest.mark.parametrize("name", ["explore.js", "console.css", "examples.json", "explore.licences.txt"])
def test_files_are_answered_by_exact_name_whole_and_with_a_tag(served: Served, name: str) -> None:
    response = get(served, f"/static/{name}", Range="bytes=0-0,1-1,2-2,3-3" * 50)
    assert response.status_code == 200
    assert "access-control-allow-origin" not in response.headers
    again = get(served, f"/static/{name}", **{"If-None-Match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static",
        "/static/explore.html",
        "/static/..%2fhttp.py",
        "/static/%2e%2e/http.py",
        "/static/explore.js%00",
        "/static//explore.js",
        "/static/EXPLORE.JS",
        "/static/%2fetc%2fpasswd",
        "/explore/",
        "/graphql/",
        "/favicon.ico",
    ],
)
def test_any_other_path_is_not_found(served: Served, path: str) -> None:
    assert get(served, path).status_code == 404


def test_examples_are_complete(served: Served) -> None:
    for example in get(served, "/static/examples.json").json():
        assert {"title", "query"} <= set(example) <= {"title", "description", "query", "variables"}


def test_readiness_turns_red_before_the_server_stops() -> None:
    firm = new_firm()
    one = Served(make_app(firm), firm=firm, drain_seconds=0.5)
    with httpx2.Client(base_url=one.url, trust_env=False) as client:
        assert client.get("/readyz").status_code == 200
        one.server.should_exit = True
        while (answer := client.get("/readyz")).status_code == 200:
            pass
        assert answer.text == "not ready: stopping\n"
    one.stop()
    firm.documents.close()


def test_each_request_is_one_line_without_secrets() -> None:
    stream = StringIO()
    firm = new_firm()
    one = Served(make_app(firm, log=RequestLog(stream)), firm=firm)
    headers = {"Authorization": f"Bearer {ACME_TOKEN}", "Content-Type": "application/json"}
    with httpx2.Client(base_url=one.url, headers=headers, trust_env=False) as client:
        client.get("/graphql", params={"query": "{ me }", "access_token": "hunter2hunter2"})
        client.post("/graphql", content=b'{"query":"{ you }","variables":{"secret":"hunter2hunter2"}}')
        client.post("/graphql", content=b"x", headers={"Authorization": "Bearer hunter2hunter2"})
    one.stop()
    firm.documents.close()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["method"], line["status"], line.get("code")) for line in lines] == [
        ("GET", 200, None),
        ("POST", 200, "GRAPHQL_VALIDATION_FAILED"),
        ("POST", 401, "UNAUTHENTICATED"),
    ]
    assert lines[0]["partner"] == "00000000-0000-0000-0000-000000000001"
    assert len(lines[0]["operation"]) == 64
    assert "hunter2" not in stream.getvalue()
    assert ACME_TOKEN not in stream.getvalue()


def test_no_value_can_forge_a_line_or_steer_a_terminal() -> None:
    stream = StringIO()
    RequestLog(stream).write(
        request_id="r", method="GET", path="/\r\n{}\x1b[2J\u202e${jndi:ldap://x}", status=404, seconds=0.001
    )
    line = stream.getvalue()
    assert line.count("\n") == 1
    assert line.isascii()
    assert "\x1b" not in line
    record = logging.LogRecord(
        "x",
        logging.ERROR,
        "f",
        1,
        "a\nb \x1b[0m Bearer abcdefgh %s",
        ("eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhY21lIn0.c2ln",),
        None,
    )
    shown = JsonFormatter().format(record)
    assert "\n" not in shown
    assert json.loads(shown)["message"] == "a\nb \x1b[0m Bearer [redacted] [redacted]"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://hub:hunter2@db/hub", "postgresql://[redacted]@db/hub"),
        ("password=hunter2hunter2 x", "password=[redacted] x"),
        ("Authorization: Bearer abc.def.ghi", "Authorization: Bearer [redacted]"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_secrets_are_blotted_out(text: str, shown: str) -> None:
    assert redacted(text) == shown


def test_the_histogram_adds_up() -> None:
    metrics = Metrics(lambda: [Gauge("scmhub_sockets", "Open sockets.", 2.5)])
    for seconds in (0.0005, 0.001, 0.02, 99):
        metrics.observe(200, "", seconds)
    text = metrics.render()
    assert 'scmhub_request_seconds_bucket{le="0.001"} 2' in text
    assert 'scmhub_request_seconds_bucket{le="10.0"} 3' in text
    assert 'scmhub_request_seconds_bucket{le="+Inf"} 4' in text
    assert "scmhub_request_seconds_count 4" in text
    assert "scmhub_sockets 2.5" in text
