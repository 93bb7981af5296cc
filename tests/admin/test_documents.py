"""Documents by their hash: what clients teach the hub, what an administrator registers, and what a bound caller may send."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import httpx2
import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from scmhub.errors import ServiceUnavailable
from scmhub.graph.stored import Texts
from scmhub.hub import Hub
from scmhub.identity.tokens import issue_token
from scmhub.identity.viewer import TokenScope
from tests.admin.test_administration import do, token
from tests.identity.conftest import Live, eventually, free_port, serving

ME = "query Me { viewer { code } }"
REGISTER = """mutation ($input: DocumentRegisterInput!) { documentRegister(input: $input) {
  document { id sha256 name operations cost state answersUntil version } userErrors { code message path } } }"""
RETIRE = """mutation ($input: DocumentRetireInput!) { documentRetire(input: $input) {
  document { state answersUntil version } userErrors { code message path } } }"""
BIND = """mutation ($input: IntegrationDocumentsSetInput!) { integrationDocumentsSet(input: $input) {
  integration { documents version } userErrors { code path } } }"""
GRAPHQL = "application/graphql-response+json"
ALL = frozenset(TokenScope)


def hash_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def apq(text: str, version: Any = 1) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": version, "sha256Hash": hash_of(text)}}}


@dataclass
class Caller:
    """A machine of one partner."""

    live: Live
    bearer: str

    async def post(self, accept: str = GRAPHQL, **body: Any) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.bearer}", "Accept": accept}
        return await self.live.http.post("/graphql", json=body, headers=headers)

    async def get(self, **parameters: str) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.bearer}", "Accept": GRAPHQL}
        return await self.live.http.get("/graphql", params=parameters, headers=headers)


def machine(live: Live, partner: UUID, subject: str = "integration:test") -> Caller:
    now = live.hub.clock()
    return Caller(
        live,
        issue_token(
            live.hub.ring, issuer=live.url, partner_id=partner, subject=subject, token_scopes=ALL, now=now,
            life=timedelta(minutes=5),
        ),
    )  # fmt: skip


@pytest.fixture
def acme(live: Live) -> Caller:
    return machine(live, live.acme)


@pytest.fixture
def bolt(live: Live) -> Caller:
    return machine(live, live.bolt)


def refusal(answer: httpx2.Response, status: int = 400) -> tuple[str, str]:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert "data" not in body
    [error] = body["errors"]
    return error["extensions"]["code"], error["message"]


async def registered(live: Live, text: str, partner: UUID | None = None) -> dict[str, Any]:
    done = await do(live, partner or live.acme, REGISTER, text=text)
    assert done["userErrors"] == []
    return dict(done["document"])


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
    live.hub.stored._of(live.acme).taught = Texts(most=2)
    texts = [f"{{ a{number}: viewer {{ code }} }}" for number in range(3)]
    for text in texts:
        await acme.post(query=text, **apq(text))
    known = [(await acme.post(**apq(text))).status_code for text in texts]
    assert known == [400, 200, 200]
    assert (await bolt.post(**apq(ME))).status_code == 200


# -- sockets and event streams -------------------------------------------------------------------------------------


async def over_socket(caller: Caller, *payloads: dict[str, Any]) -> list[tuple[str, Any]]:
    """Type and payload of the first answer to each operation."""
    url = caller.live.url.replace("http", "ws") + "/graphql"
    found = []
    async with connect(url, proxy=None, subprotocols=[Subprotocol("graphql-transport-ws")]) as ws:
        init = {"type": "connection_init", "payload": {"Authorization": f"Bearer {caller.bearer}"}}
        await ws.send(orjson.dumps(init).decode())
        assert orjson.loads(await ws.recv())["type"] == "connection_ack"
        for number, payload in enumerate(payloads):
            await ws.send(orjson.dumps({"type": "subscribe", "id": str(number), "payload": payload}).decode())
            while (message := orjson.loads(await ws.recv()))["id"] != str(number):
                pass
            found.append((message["type"], message["payload"]))
    return found


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
