"""The access log, from both sides: the owner asks who read its records, the reader's auditor what its people read."""

from __future__ import annotations

from datetime import datetime

import strawberry

from scmhub.graph.declare import kind
from scmhub.graph.specs import column, keys, one
from scmhub.identity.viewer import Permission
from scmhub.sharing.access import PUBLIC
from scmhub.sharing.policy import Owned
from scmhub.sharing.receipts import AccessLogTable

_AT = "When it was answered."
_DOCUMENT = "SHA-256 of the document that was asked, in hex."
_OPERATION = "Name of the operation in it, as the reader gave it; null: it has none."
_KIND = "Kind of the records, by its name here."
_RECORDS = "How many different records of this kind and owner the answer held that such rules cover."
_COUNTED = "How many such records it counted in a `totalCount`, or gave a cursor of, whether it showed them or not."


@kind(
    AccessLogTable, prefix="acl", policy=Owned(owner="owner_id"), plural="accessLog", needs=Permission.RECEIPTS,
    filters=("reader", "kind", "document", "operation", "at"),
)  # fmt: skip
class AccessLogEntry:
    """One operation that read records of yours of one kind, under rules of yours that ask for receipts."""

    at: datetime = column(PUBLIC, _AT)
    reader = one("Partner", PUBLIC, "The partner that read.", by="reader_id")
    document: str = column(PUBLIC, _DOCUMENT)
    operation: str | None = column(PUBLIC, _OPERATION)
    kind: str = column(PUBLIC, _KIND)
    rules: list[strawberry.ID] | None = keys(
        "SharingRule", PUBLIC, "Your rules that asked for it and covered one of the records.", source="rules"
    )
    records: int = column(PUBLIC, _RECORDS)
    counted: int = column(PUBLIC, _COUNTED)


@kind(
    AccessLogTable, prefix="rdl", policy=Owned(owner="reader_id"), plural="readLog", needs=Permission.AUDIT,
    filters=("owner", "kind", "actor", "document", "operation", "at"),
)  # fmt: skip
class ReadLogEntry:
    """One operation of your people or integrations that read records of another partner, who was told of it."""

    at: datetime = column(PUBLIC, _AT)
    owner = one("Partner", PUBLIC, "Whose records.", by="owner_id")
    actor: str = column(
        PUBLIC, "Who read, for you: a person or an integration, or `feed` for what was sent; the owner is not told."
    )
    document: str = column(PUBLIC, _DOCUMENT)
    operation: str | None = column(PUBLIC, _OPERATION)
    kind: str = column(PUBLIC, _KIND)
    records: int = column(PUBLIC, _RECORDS)
    counted: int = column(PUBLIC, _COUNTED)
