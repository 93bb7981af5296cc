"""Registered documents: what an administrator lists, what a bound caller may send, and when it was sent last."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from scmhub.admin import documents
from scmhub.errors import ServiceUnavailable
from scmhub.hub import Hub
from scmhub.identity.viewer import TokenScope
from tests.admin.documents import (
    ALL,
    GRAPHQL,
    ME,
    REGISTER,
    Caller,
    apq,
    hash_of,
    machine,
    over_socket,
    refusal,
    registered,
)
from tests.admin.test_administration import do, token
from tests.identity.conftest import Live, eventually, free_port, serving

RETIRE = """mutation ($input: DocumentRetireInput!) { documentRetire(input: $input) {
  document { state answersUntil version } userErrors { code message path } } }"""
BIND = """mutation ($input: IntegrationDocumentsSetInput!) { integrationDocumentsSet(input: $input) {
  integration { documents version } userErrors { code path } } }"""


# -- registered documents ------------------------------------------------------------------------------------------


async def test_a_registered_document_answers_by_its_id_from_every_door(live: Live, acme: Caller) -> None:
    made = await registered(live, ME)
    assert made | {"id": 0} == {
        "id": 0, "sha256": hash_of(ME), "name": "Me", "operations": ["Me"], "cost": 2, "state": "REGISTERED",
        "answersUntil": None, "version": 1,
    }  # fmt: skip
    assert made["id"].startswith("doc_")
    by_id = f"sha256:{hash_of(ME)}"
    for answer in (await acme.post(documentId=by_id), await acme.post(**apq(ME)), await acme.get(documentId=by_id)):
        assert answer.json()["data"] == {"viewer": {"code": "ACME"}}
    variables = "query ($n: Int!) { documents(first: $n) { nodes { lastUsedAt } } }"
    await registered(live, variables)
    answer = await acme.post(documentId=f"sha256:{hash_of(variables)}")
    assert refusal(answer)[0] == "BAD_USER_INPUT"


async def test_registering_says_what_is_wrong_and_keeps_nothing(live: Live) -> None:
    bad = {
        "{ viewer": "Syntax Error: Expected Name, found <EOF>. (line 1, column 9)",
        "{ viewer { cod } }": "Cannot query field 'cod' on type 'Partner'. (line 1, column 12)",
        "fragment F on Order { id }": "The document contains no operation to run.",
        "{ viewer { code } } query B { viewer { code } }": None,
        "#\0\n{ viewer { code } }": None,
        "{ orders(first: 250) { nodes { lines(first: 250) { nodes { id number: lineNo } } } } }": None,
        "": None,
        "x" * 65_537: "The document has 65537 characters, the limit is 65536.",
    }
    for text, message in bad.items():
        done = await do(live, live.acme, REGISTER, text=text)
        [error] = done["userErrors"]
        assert (error["code"], error["path"], done["document"]) == ("INVALID", ["input", "text"], None)
        assert message is None or error["message"] == message
    for name in ("", " x", "x" * 201, "a\nb"):
        done = await do(live, live.acme, REGISTER, text=ME, name=name)
        assert done["userErrors"][0]["path"] == ["input", "name"]
    assert await live.hub.database.read.rows("select from stored_document") == []


async def test_the_same_text_twice_is_a_duplicate_that_shows_the_first(live: Live) -> None:
    made = await registered(live, ME)
    done = await do(live, live.acme, REGISTER, text=ME, name="Again")
    assert (done["userErrors"][0]["code"], done["document"]) == ("DUPLICATE", made)
    assert (await registered(live, ME, live.bolt))["id"] != made["id"]


async def test_a_document_of_several_operations_is_priced_by_its_dearest(live: Live, acme: Caller) -> None:
    text = "query A { viewer { code } } query B($n: Int!) { orders(first: $n) { nodes { id } } }"
    made = await registered(live, text)
    assert (made["operations"], made["cost"], made["name"]) == (["A", "B"], 3, "A, B")
    by_id = f"sha256:{hash_of(text)}"
    assert refusal(await acme.post(documentId=by_id))[0] == "OPERATION_RESOLUTION_FAILURE"
    assert (await acme.post(documentId=by_id, operationName="A")).json()["data"] == {"viewer": {"code": "ACME"}}


async def test_a_retired_document_answers_for_seven_more_days_and_may_come_back(live: Live, acme: Caller) -> None:
    made = await registered(live, ME)
    other = await registered(live, "{ viewer { name } }")
    done = await do(live, live.acme, RETIRE, document=made["id"], expectedVersion=1)
    assert (done["document"]["state"], done["document"]["version"]) == ("RETIRED", 2)
    until = datetime.fromisoformat(done["document"]["answersUntil"])
    assert timedelta(days=7) - timedelta(minutes=1) < until - live.hub.clock() <= timedelta(days=7)
    by_id = f"sha256:{hash_of(ME)}"
    now = live.hub.clock()
    for moment, status in ((now, 200), (until - timedelta(microseconds=1), 200), (until, 400), (until, 400)):
        live.hub.stored._clock = lambda moment=moment: moment
        assert (await acme.post(documentId=by_id)).status_code == status
    again = await do(live, live.acme, RETIRE, document=made["id"], expectedVersion=2)
    assert again["userErrors"][0]["code"] == "ILLEGAL_TRANSITION"
    back = await registered(live, ME)
    assert (back["id"], back["state"], back["version"], back["answersUntil"]) == (made["id"], "REGISTERED", 3, None)

    async def answers() -> bool:
        return (await acme.post(documentId=by_id)).status_code == 200

    await eventually(answers)
    stale = await do(live, live.acme, RETIRE, document=other["id"], expectedVersion=7)
    assert stale["userErrors"][0]["code"] == "CONFLICT"
    foreign = await do(live, live.bolt, RETIRE, document=made["id"], expectedVersion=3)
    assert foreign["userErrors"][0]["code"] == "NOT_FOUND"


async def full(live: Live, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(documents, "MOST_DOCUMENTS", most)
    for number in range(most - 1):
        await registered(live, f"{{ a{number}: viewer {{ code }} }}")


async def test_a_partner_has_so_many_documents_and_of_two_at_once_the_last_place_goes_to_one(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    await full(live, monkeypatch, 3)
    texts = [f"{{ b{number}: viewer {{ code }} }}" for number in range(4)]
    done = await asyncio.gather(*(do(live, live.acme, REGISTER, text=text) for text in texts))
    codes = sorted(str([each["code"] for each in payload["userErrors"]]) for payload in done)
    assert codes == ["['OUT_OF_RANGE']"] * 3 + ["[]"]
    assert (await registered(live, ME, live.bolt))["state"] == "REGISTERED", "each partner has its own bound"
    [count] = await live.hub.database.read.rows("select count(*) from stored_document where partner_id = $1", live.acme)
    assert count[0] == 3


async def test_a_retired_document_makes_room_thirty_days_after_it_ceased_to_answer(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    await full(live, monkeypatch, 2)
    gone = await registered(live, ME)
    await do(live, live.acme, RETIRE, document=gone["id"], expectedVersion=1)
    new = "{ viewer { name } }"
    assert (await do(live, live.acme, REGISTER, text=new))["userErrors"][0]["code"] == "OUT_OF_RANGE", "it counts"
    age = "update stored_document set answers_until = now() - interval '{}' where state = 'RETIRED'"
    await live.sql(age.format("29 days 23 hours"))
    assert (await do(live, live.acme, REGISTER, text=new))["userErrors"][0]["code"] == "OUT_OF_RANGE"
    await live.sql(age.format("30 days 1 minute"))
    assert (await do(live, live.acme, REGISTER, text=new))["userErrors"] == []
    rows = await live.hub.database.read.rows("select text from stored_document order by id")
    assert [row["text"] for row in rows] == ["{ a0: viewer { code } }", new]


async def test_what_one_process_retires_the_others_know(live: Live, acme: Caller) -> None:
    """The other one had the document on its shelf; a week later it does not answer there either."""
    made = await registered(live, ME)
    hub = live.hub
    async with Hub.open(live.admin, hub.settings) as second, serving(second, free_port()) as http:
        headers = {"Authorization": f"Bearer {acme.bearer}", "Accept": GRAPHQL}
        body = {"documentId": f"sha256:{hash_of(ME)}"}
        assert (await http.post("/graphql", json=body, headers=headers)).status_code == 200
        await do(live, live.acme, RETIRE, document=made["id"], expectedVersion=1)
        later = hub.clock() + timedelta(days=8)
        second.stored._clock = lambda: later

        async def gone() -> bool:
            return (await http.post("/graphql", json=body, headers=headers)).status_code == 400

        await eventually(gone)


async def test_documents_are_their_partners_alone_and_can_be_found(live: Live) -> None:
    await registered(live, ME)
    await registered(live, "{ viewer { name } }")
    query = (
        """query ($where: DocumentWhere) { documents(where: $where) { totalCount nodes { name text lastUsedAt } } }"""
    )
    where = {"sha256": {"in": [hash_of(ME)]}, "state": {"eq": "REGISTERED"}}
    found = (await live.graphql(token(live, live.acme), query, where=where)).json()["data"]["documents"]
    assert found == {"totalCount": 1, "nodes": [{"name": "Me", "text": ME, "lastUsedAt": None}]}
    assert (await live.graphql(token(live, live.bolt), query)).json()["data"]["documents"]["totalCount"] == 0
    answer = (await live.graphql(machine(live, live.acme).bearer, query)).json()
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_checking_a_document_keeps_nothing(live: Live) -> None:
    query = "query ($text: String!) { documentCheck(document: $text) { sha256 operations cost problems } }"
    bearer = token(live, live.acme)
    good = (await live.graphql(bearer, query, text=ME)).json()["data"]["documentCheck"]
    assert good == {"sha256": hash_of(ME), "operations": ["Me"], "cost": 2, "problems": []}
    bad = (await live.graphql(bearer, query, text="{ a b }")).json()["data"]["documentCheck"]
    assert bad == {
        "sha256": hash_of("{ a b }"), "operations": [], "cost": None,
        "problems": [
            "Cannot query field 'a' on type 'Query'. (line 1, column 3)",
            "Cannot query field 'b' on type 'Query'. (line 1, column 5)",
        ],
    }  # fmt: skip
    nul = (await live.graphql(bearer, query, text="#\0\n{ viewer { code } }")).json()["data"]["documentCheck"]
    assert nul["problems"] == ["A document holds no NUL."], "as registering it would say"
    assert await live.hub.database.read.rows("select from stored_document") == []


# -- bound integrations --------------------------------------------------------------------------------------------


async def test_a_bound_integration_may_send_what_is_listed_and_nothing_else(live: Live, acme: Caller) -> None:
    await registered(live, ME)
    _, client_id, secret = await live.integration(live.acme)
    bearer = (await live.ask(auth=(client_id, secret))).json()["access_token"]
    caller = Caller(live, bearer)
    other = "{ viewer { name } }"
    assert (await caller.post(query=other)).status_code == 200
    done = await do(live, live.acme, BIND, integration=client_id, expectedVersion=1, documents="TRUSTED")
    assert done == {"integration": {"documents": "TRUSTED", "version": 2}, "userErrors": []}

    async def bound() -> bool:
        return (await caller.post(query=other)).status_code == 400

    await eventually(bound)
    read = len(live.hub.documents)
    by_id = f"sha256:{hash_of(other)}"
    for body in (
        {"query": other},
        {"query": "{ nonsense"},
        apq(other),
        {"query": other, **apq(other)},
        {"documentId": by_id},
    ):
        answer = await caller.post(**body)
        assert refusal(answer)[0] == "PERSISTED_QUERY_NOT_IN_LIST"
    assert refusal(await caller.post(query=other, **apq(ME)))[0] == "BAD_REQUEST"
    assert len(live.hub.documents) == read, "nothing was read"
    good = {"documentId": f"sha256:{hash_of(ME)}"}
    for body in ({"query": ME}, apq(ME), {"query": ME, **apq(ME)}, good):
        assert (await caller.post(**body)).json()["data"] == {"viewer": {"code": "ACME"}}
    got = await over_socket(caller, {"query": other}, {"query": ME}, {"query": "", **apq(ME)})
    assert [kind for kind, _ in got] == ["error", "next", "next"]
    assert got[0][1][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_IN_LIST"
    stream = await live.http.post(
        "/graphql", json={"query": other}, headers={"Authorization": f"Bearer {bearer}", "Accept": "text/event-stream"}
    )
    assert "PERSISTED_QUERY_NOT_IN_LIST" in stream.text
    assert (await acme.post(query=other)).status_code == 200, "others are not bound"

    version = {"integration": client_id, "expectedVersion": 2, "documents": "ANY"}
    await do(live, live.acme, BIND, **version)

    async def free() -> bool:
        return (await caller.post(query=other)).status_code == 200

    await eventually(free)


async def test_a_bound_integration_cannot_follow_another_document_by_a_webhook(live: Live) -> None:
    create = """mutation ($input: WebhookCreateInput!) { webhookCreate(input: $input) {
      webhook { id } userErrors { code message path } } }"""
    await registered(live, create)
    follow = "subscription { changes { cursor } }"
    _, client_id, secret = await live.integration(live.acme, *sorted(ALL - {TokenScope.ADMIN}))
    await do(live, live.acme, BIND, integration=client_id, expectedVersion=1, documents="TRUSTED")
    caller = Caller(live, (await live.ask(auth=(client_id, secret))).json()["access_token"])
    given = {"name": "x", "url": "https://example.com/x", "document": follow}
    answer = (await caller.post(query=create, variables={"input": given})).json()["data"]["webhookCreate"]
    assert answer["userErrors"][0]["path"] == ["input", "document"]
    assert "registered documents only" in answer["userErrors"][0]["message"]
    await registered(live, follow)
    answer = (await caller.post(query=create, variables={"input": given})).json()["data"]["webhookCreate"]
    assert answer["userErrors"] == []


async def test_integrations_can_be_created_bound(live: Live) -> None:
    create = """mutation ($input: IntegrationCreateInput!) { integrationCreate(input: $input) {
      integration { documents } clientId clientSecret userErrors { code } } }"""
    done = await do(live, live.acme, create, name="App", tokenScopes=["READ"], documents="TRUSTED")
    assert done["integration"] == {"documents": "TRUSTED"}
    bearer = (await live.ask(auth=(done["clientId"], done["clientSecret"]))).json()["access_token"]
    caller = Caller(live, bearer)

    async def bound() -> bool:
        return (await caller.post(query=ME)).status_code == 400

    await eventually(bound)
    assert refusal(await caller.post(query=ME))[0] == "PERSISTED_QUERY_NOT_IN_LIST"


# -- when they were used -------------------------------------------------------------------------------------------


async def test_the_last_use_is_written_to_the_hour(live: Live, acme: Caller) -> None:
    for text in (ME, "{ viewer { name } }"):
        await registered(live, text)
    hub, start = live.hub, live.hub.clock()
    used = {"documentId": f"sha256:{hash_of(ME)}"}

    async def last() -> list[datetime | None]:
        rows = await hub.database.read.rows("select last_used_at from stored_document order by id")
        return [row["last_used_at"] for row in rows]

    await acme.post(query=ME)
    await hub.uses.write()
    assert await last() == [None, None], "the text by itself is not counted"
    for minutes, written in ((0, 0), (59, 0), (60, 60), (119, 60), (500, 500)):
        hub.uses._clock = lambda minutes=minutes: start + timedelta(minutes=minutes)
        await acme.post(**used)
        await hub.uses.write()
        assert await last() == [start + timedelta(minutes=written), None]


async def test_a_use_that_cannot_be_written_waits(live: Live, acme: Caller, caplog: pytest.LogCaptureFixture) -> None:
    await registered(live, ME)
    await acme.post(**apq(ME))
    uses = live.hub.uses
    unit = live.hub.database.unit

    def broken(*_: Any) -> Any:
        raise ServiceUnavailable

    live.hub.database.unit = broken
    await uses.write()
    assert "could not be written" in caplog.text
    live.hub.database.unit = unit
    await uses.write()
    [row] = await live.hub.database.read.rows("select last_used_at from stored_document")
    assert row["last_used_at"] is not None
    assert uses._noted == {}
