"""Persisted queries: what clients teach the hub, and what a hash gets from every door."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import orjson
import pytest

from scmhub.graph.stored import Room, Texts
from tests.admin.documents import GRAPHQL, ME, Caller, apq, hash_of, over_socket, refusal, registered
from tests.identity.conftest import Live

# -- persisted queries ---------------------------------------------------------------------------------------------


async def test_a_hash_alone_is_enough_after_the_text_came_once(acme: Caller) -> None:
    miss = await acme.post(**apq(ME))
    assert refusal(miss) == ("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
    assert (await acme.post("application/json", **apq(ME))).status_code == 200
    taught = await acme.post(query=ME, **apq(ME))
    assert taught.json()["data"] == {"viewer": {"code": "ACME"}}
    for answer in (await acme.post(**apq(ME)), await acme.get(extensions=orjson.dumps(apq(ME)["extensions"]).decode())):
        assert answer.json() == taught.json() | {"extensions": answer.json()["extensions"]}
    both = ME + " query You { viewer { name } }"
    await acme.post(query=both, operationName="You", **apq(both))
    answer = await acme.post(operationName="Me", **apq(both))
    assert answer.json()["data"] == {"viewer": {"code": "ACME"}}


async def test_another_partner_learns_nothing_of_a_hash(live: Live, acme: Caller, bolt: Caller) -> None:
    await acme.post(query=ME, **apq(ME))
    await registered(live, "{ viewer { id } }")
    unknown = "{ viewer { name } }"
    asked = [await bolt.post(**apq(text)) for text in (ME, "{ viewer { id } }", unknown)]
    ids = [await bolt.post(documentId=f"sha256:{hash_of(text)}") for text in (ME, "{ viewer { id } }", unknown)]
    for answers in (asked, ids):
        assert len({answer.text.replace(answer.headers["x-request-id"], "") for answer in answers}) == 1
    assert {refusal(answer)[0] for answer in (*asked, *ids)} == {"PERSISTED_QUERY_NOT_FOUND"}


async def test_hidden_and_unknown_hashes_take_the_same_steps(live: Live, acme: Caller, bolt: Caller) -> None:
    await acme.post(query=ME, **apq(ME))
    await registered(live, "{ viewer { id } }")
    statements: list[str] = []
    rows = live.hub.stored._rows

    async def recorded(sql: str, *args: Any) -> list[Any]:
        statements.append(sql)
        return await rows(sql, *args)

    live.hub.stored._rows = recorded
    counts = []
    for text in (ME, "{ viewer { id } }", "{ viewer { name } }"):
        await bolt.post(**apq(text))
        counts.append(len(statements))
    assert counts == [1, 2, 3]
    assert len(set(statements)) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"query": ME, **apq("{ viewer { name } }")},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "x"}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash_of(ME).upper()}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "٣" * 64}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": 7}}},
        {"extensions": {"persistedQuery": {"version": 1}}},
        apq(ME, 2),
        apq(ME, None),
        {"extensions": {"persistedQuery": []}},
        {"extensions": {"persistedQuery": "x"}},
        {"extensions": {"persistedQuery": None}},
        {"documentId": 7},
        {"documentId": hash_of(ME)},
        {"documentId": f"md5:{hash_of(ME)}"},
        {"documentId": "sha256:\ud800"},
        {"documentId": f"sha256:{hash_of(ME)}0"},
        {"documentId": f"sha256:{hash_of(ME)}", "query": ME},
        {"documentId": f"sha256:{hash_of(ME)}", **apq(ME)},
        {"documentId": None},
        {"query": None, "extensions": {}},
    ],
)
async def test_what_is_no_hash_or_the_wrong_one_is_a_bad_request(
    live: Live, acme: Caller, body: dict[str, Any]
) -> None:
    headers = {"Authorization": f"Bearer {acme.bearer}", "Content-Type": "application/json", "Accept": GRAPHQL}
    answer = await live.http.post("/graphql", content=json.dumps(body), headers=headers)
    assert refusal(answer)[0] == "BAD_REQUEST"


async def test_only_valid_documents_are_kept_and_faults_are_told_as_without_a_hash(live: Live, acme: Caller) -> None:
    for text, code in (("{", "GRAPHQL_PARSE_FAILED"), ("{ nonsense }", "GRAPHQL_VALIDATION_FAILED")):
        assert refusal(await acme.post(query=text, **apq(text)))[0] == code
        assert refusal(await acme.post(**apq(text)))[0] == "PERSISTED_QUERY_NOT_FOUND"
    assert len(live.hub.stored) == 0
    place = 'mutation { documentRetire(input: {document: "x", expectedVersion: 1}) { userErrors { code } } }'
    await acme.post(query=place, **apq(place))
    answer = await acme.get(extensions=orjson.dumps(apq(place)["extensions"]).decode())
    assert refusal(answer, 405)[0] == "BAD_REQUEST"


def test_a_shelf_forgets_what_was_used_least_recently() -> None:
    shelf = Texts(most=3, characters=100)
    for name in "abc":
        shelf.keep(name, 10, name)
    assert shelf.get("a") == "a"
    shelf.keep("d", 10, "d")
    assert [shelf.get(name) for name in "abcd"] == ["a", None, "c", "d"]
    shelf.keep("e", 85, "e")
    assert [shelf.get(name) for name in "acde"] == [None, None, "d", "e"]
    shelf.keep("e", 90, "E")
    assert (shelf.get("d"), shelf.get("e"), len(shelf)) == ("d", "E", 2)
    shelf.keep("f", 101, "f")
    assert len(shelf) == 0
    shelf.keep("g", 100, "g")
    assert shelf.get("g") == "g"


async def test_a_partner_keeps_a_thousand_texts_and_others_are_not_touched(
    live: Live, acme: Caller, bolt: Caller
) -> None:
    await bolt.post(query=ME, **apq(ME))
    live.hub.stored.room.of(live.acme).taught = Texts(most=2)
    texts = [f"{{ a{number}: viewer {{ code }} }}" for number in range(3)]
    for text in texts:
        await acme.post(query=text, **apq(text))
    known = [(await acme.post(**apq(text))).status_code for text in texts]
    assert known == [400, 200, 200]
    assert (await bolt.post(**apq(ME))).status_code == 200


def test_whoever_keeps_most_makes_room_and_the_quiet_keep_theirs() -> None:
    room, (loud, quiet, late) = Room(characters=100), (uuid4() for _ in range(3))
    room.keep(room.of(quiet).taught, "q", "x" * 20, "q")
    for number in range(50):
        room.keep(room.of(loud).taught, f"t{number}", "x" * 10, number)
    assert (room.size, len(room.of(loud).taught)) == (100, 8)
    room.keep(room.of(late).listed, "l", "x" * 30, "l")
    assert room.size <= 100
    assert (room.of(quiet).taught.get("q"), room.of(late).listed.get("l")) == ("q", "l")
    assert [room.of(loud).taught.get(f"t{number}") for number in (44, 45, 49)] == [None, 45, 49]
    room.keep(room.of(loud).taught, "huge", "x" * 101, "huge")
    assert (room.of(loud).taught.get("huge"), room.of(quiet).taught.get("q")) == (None, "q")


def test_shelves_are_kept_for_so_many_partners() -> None:
    room, partners = Room(partners=3), [uuid4() for _ in range(4)]
    for each in partners[:3]:
        room.keep(room.of(each).taught, "a", "text", "text")
    room.of(partners[0])
    room.keep(room.of(partners[3]).taught, "a", "text", "text")
    assert [room.of(each).taught.get("a") for each in (partners[0], partners[2], partners[3])] == ["text"] * 3
    assert room.of(partners[1]).taught.get("a") is None


# -- sockets and event streams -------------------------------------------------------------------------------------


async def test_hashes_work_on_sockets(live: Live, acme: Caller) -> None:
    text = "subscription { changes(snapshot: true) { __typename } }"
    await registered(live, text)
    wrong = {"query": ME, **apq("{ viewer { name } }")}
    got = await over_socket(
        acme, {"query": "", **apq(ME)}, {"query": ME, **apq(ME)}, {"query": "", **apq(ME)}, apq(ME), wrong,
        {"documentId": f"sha256:{hash_of(text)}"}, {"query": "", "documentId": "sha256:7"},
    )  # fmt: skip
    codes = [payload[0]["extensions"]["code"] if kind == "error" else None for kind, payload in got]
    assert codes == ["PERSISTED_QUERY_NOT_FOUND", None, None, None, "BAD_REQUEST", None, "BAD_REQUEST"]
    assert [payload["data"] for kind, payload in got[1:4]] == [{"viewer": {"code": "ACME"}}] * 3
    assert got[5][1]["data"]["changes"]["__typename"] == "SnapshotRecord"


async def test_hashes_work_on_event_streams(live: Live, acme: Caller) -> None:
    text = "subscription { changes(snapshot: true) { __typename } }"
    headers = {"Authorization": f"Bearer {acme.bearer}", "Accept": "text/event-stream"}
    answer = await live.http.post("/graphql", json=apq(text), headers=headers)
    assert "PERSISTED_QUERY_NOT_FOUND" in answer.text
    assert answer.text.endswith("event: complete\ndata:\n\n")
    for body in ({"query": text, **apq(text)}, apq(text)):
        for accept in ("text/event-stream", f"text/event-stream, {GRAPHQL}"):
            async with live.http.stream("POST", "/graphql", json=body, headers=headers | {"Accept": accept}) as stream:
                assert stream.headers["content-type"].startswith("text/event-stream")
                async for line in stream.aiter_lines():
                    if line.startswith("data: "):
                        assert "changes" in orjson.loads(line[6:])["data"]
                        break
    both = headers | {"Accept": f"text/event-stream, {GRAPHQL}"}
    answer = await live.http.post("/graphql", json={"query": ME, **apq(ME)}, headers=both)
    assert answer.json()["data"] == {"viewer": {"code": "ACME"}}


async def test_an_event_stream_asks_for_its_document_once_and_within_the_partners_bound(
    live: Live, acme: Caller
) -> None:
    """Also if the hash is unknown, and if the answer goes out as JSON after all."""
    headers = {"Authorization": f"Bearer {acme.bearer}"}
    settle, asked, running = live.hub.stored.settle, [], []

    async def noted(request: Any, viewer: Any) -> Any:
        asked.append(request.named)
        running.append(live.hub._in_flight._running[viewer.lens.partner_id])
        return await settle(request, viewer)

    live.hub.stored.settle = noted  # type: ignore[method-assign]
    for body in (apq(ME), {"query": ME, **apq(ME)}, apq(ME)):
        for accept in ("text/event-stream", f"text/event-stream, {GRAPHQL}"):
            answer = await live.http.post("/graphql", json=body, headers=headers | {"Accept": accept})
            assert ("PERSISTED_QUERY_NOT_FOUND" in answer.text) is (body == apq(ME) and len(asked) <= 2)
    assert (len(asked), running) == (6, [1] * 6)
