"""Registered documents as their partner's administrator sees and changes them."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry
from sqlmodel import select

from scmhub.database.unit import Unit
from scmhub.errors import RateLimited, Refusal, RequestRefused
from scmhub.feed import audit
from scmhub.feed.log import HUB
from scmhub.graph.answers import MOST_CHARACTERS
from scmhub.graph.declare import Call, command, kind, question
from scmhub.graph.documents import Document as ReadDocument
from scmhub.graph.lookup import changeable
from scmhub.graph.reason import Reasoned
from scmhub.graph.specs import column
from scmhub.graph.stored import DOCUMENT, StoredDocuments, digest_of
from scmhub.graph.stored_tables import REGISTERED, RETIRED, StoredDocumentTable
from scmhub.identity.integrations import MOST_NAME, check_name
from scmhub.identity.viewer import Permission, TokenScope
from scmhub.ids import new_id
from scmhub.sharing.access import PUBLIC
from scmhub.sharing.policy import Owned

MOST_DOCUMENTS = 2_000
"""Documents of one partner, retired ones included."""
ANSWERS = timedelta(days=7)
"""How long a retired document goes on answering: apps of yesterday are still about."""
KEPT = timedelta(days=30)
"""How long a retired document can be read; then the next registration deletes it."""
_ADMIN = TokenScope.ADMIN
_TEXT = ["input", "text"]
_FORGET = "delete from stored_document where partner_id = $1 and state = 'RETIRED' and answers_until < $2"
_SHA256 = 'SHA-256 of the text in UTF-8, in hexadecimal. Send it as `documentId: "sha256:..."`.'
_OPERATIONS = "Names of its operations, in their order; an operation without a name is not listed."
_COST = "What its dearest operation costs at least: with one row in each page whose size a variable gives."


@strawberry.enum(description="Whether a document answers.")
class DocumentState(Enum):
    REGISTERED = strawberry.enum_value("REGISTERED", description="It does.")
    RETIRED = strawberry.enum_value("RETIRED", description="It does until `answersUntil`, then no more.")


@kind(
    StoredDocumentTable, prefix="doc", policy=Owned(owner="partner_id"), single="document", plural="documents",
    filters=("sha256", "name", "state", "created_at", "last_used_at"), needs=Permission.ACCESS,
)  # fmt: skip
class Document:
    """A GraphQL document of yours that clients send by its hash, and bound integrations send at all. Yours alone."""

    sha256: str = column(PUBLIC, _SHA256)
    name: str = column(PUBLIC, "What you call it.")
    text: str = column(PUBLIC, "The document, byte for byte.")
    operations: list[str] = column(PUBLIC, _OPERATIONS)
    cost: int = column(PUBLIC, f"{_COST} As of its registration.")
    state: DocumentState = column(PUBLIC, "Whether it answers.")
    registered_by: str = column(PUBLIC, "Who registered it.")
    created_at: datetime = column(PUBLIC, "When it was first registered.")
    answers_until: datetime | None = column(PUBLIC, "If it is retired: until when it answers.")
    last_used_at: datetime | None = column(
        PUBLIC, "When it was last sent by its hash, or by a bound integration; to the hour. Null: never."
    )
    version: int = column(PUBLIC, "Counts the changes; to be sent as `expectedVersion`.")


@strawberry.input(description="A document to register.")
class DocumentRegisterInput(Reasoned):
    text: str = strawberry.field(description="The document, as your clients will hash it: byte for byte.")
    name: str | None = strawberry.field(
        description="What you call it, at most 200 characters; default the names of its operations.", default=None
    )


@strawberry.input(description="A document to retire.")
class DocumentRetireInput(Reasoned):
    document: strawberry.ID = strawberry.field(description="Which document of yours.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")


@command(
    "documentRegister", payload="Document", requires=_ADMIN,
    description="Reads and prices a document and lets your clients send it by its hash; a retired one comes back.",
)  # fmt: skip
async def document_register(unit: Unit, given: DocumentRegisterInput, call: Call) -> UUID:
    stored: StoredDocuments = call.parts[StoredDocuments]
    try:
        read = await stored.read(given.text, unit.partner_id)
    except RateLimited:
        raise
    except RequestRefused as error:
        raise Refusal("INVALID", _problems(error)[0], _TEXT) from None
    names, cost = _measures(read)
    name = check_name(given.name) if given.name is not None else (", ".join(names) or "Without a name")[:MOST_NAME]
    found = await _of_text(unit, given.text)
    if found is not None and found.state == REGISTERED:
        raise Refusal("DUPLICATE", "It is registered.", _TEXT, found.id)
    if found is None:
        found = await _new(unit, given.text)
    else:
        found.version += 1
    found.state, found.answers_until = REGISTERED, None
    found.name, found.operations, found.cost, found.registered_by = name, names, cost, unit.actor
    await _tell(unit, found, "registered")
    return found.id


@command(
    "documentRetire", payload="Document", requires=_ADMIN,
    description="Ends a document: it answers for seven more days and can be read for thirty after them.",
)  # fmt: skip
async def document_retire(unit: Unit, given: DocumentRetireInput) -> UUID:
    path = ["input", "document"]
    found = await changeable(unit, StoredDocumentTable, "Document", given.document, given.expected_version, path)
    if found.state == RETIRED:
        raise Refusal("ILLEGAL_TRANSITION", "It is retired; it may be registered again.", path, found.id)
    found.state, found.answers_until = RETIRED, unit.now + ANSWERS
    found.version += 1
    await _tell(unit, found, "retired")
    return found.id


@strawberry.type(description="What registering a document would find.")
class DocumentCheck:
    sha256: str = strawberry.field(description=_SHA256)
    operations: list[str] = strawberry.field(description=_OPERATIONS)
    cost: int | None = strawberry.field(description=f"{_COST} Null if it has problems.")
    problems: list[str] = strawberry.field(description="Why it cannot run, at most 10; empty if it can.")


@question("documentCheck", "Reads and prices a document without running or keeping it.", Permission.ACCESS, price=100)
async def document_check(
    info: strawberry.Info,
    document: Annotated[str, strawberry.argument(description="The document, at most 65,536 characters.")],
) -> DocumentCheck:
    try:
        read = await info.context["stored"].read(document, info.context["viewer"].lens.partner_id)
    except RateLimited:
        raise
    except RequestRefused as error:
        return DocumentCheck(sha256=digest_of(document), operations=[], cost=None, problems=_problems(error))
    names, cost = _measures(read)
    return DocumentCheck(sha256=digest_of(document), operations=names, cost=cost, problems=[])


def _measures(read: list[ReadDocument]) -> tuple[list[str], int]:
    """Names of the operations, and what the dearest costs at least."""
    names = [each.operation.name.value for each in read if each.operation.name]
    return names, max(each.least_cost for each in read)


def _problems(error: RequestRefused) -> list[str]:
    """What is wrong with a document, and where."""
    shown = []
    for each in getattr(error, "errors", None) or [error]:
        at = f" (line {each.locations[0]['line']}, column {each.locations[0]['column']})" if each.locations else ""
        shown.append(each.message[:MOST_CHARACTERS] + at)
    return shown


async def _of_text(unit: Unit, text: str) -> StoredDocumentTable | None:
    found = await unit.session.exec(
        select(StoredDocumentTable)
        .where(StoredDocumentTable.partner_id == unit.partner_id, StoredDocumentTable.sha256 == digest_of(text))
        .with_for_update()
    )
    return found.first()


async def _new(unit: Unit, text: str) -> StoredDocumentTable:
    # Of two at once the second waits for the first here, so that both are counted.
    await unit.rows("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"documents:{unit.partner_id}")
    await unit.rows(_FORGET, unit.partner_id, unit.now - KEPT)
    count = "select count(*) from stored_document where partner_id = $1"
    if await unit.fetch(count, unit.partner_id) >= MOST_DOCUMENTS:
        text = f"You have {MOST_DOCUMENTS} documents, retired ones included: retire what is not used any more."
        raise Refusal("OUT_OF_RANGE", text, ["input"])
    return StoredDocumentTable(
        id=new_id(unit.now), partner_id=unit.partner_id, sha256=digest_of(text), text=text, name="", operations=[],
        cost=0, registered_by="", created_at=unit.now,
    )  # fmt: skip


async def _tell(unit: Unit, document: StoredDocumentTable, what: str) -> None:
    """To the hub's processes, whose shelves may hold it, and to the audit trail."""
    unit.session.add(document)
    unit.change(DOCUMENT, what.upper(), document.id, unit.partner_id, audience=HUB)
    await audit.record(unit, f"document.{what}", audit.subject_of("document", document.id), {"sha256": document.sha256})
