"""The audit trail: who changed a right, one row per change, each sealed with the hash of the one before.

acme's administrator suspends an integration. The same transaction writes a row whose hash covers the row before it; an
edited, deleted or reordered row breaks the chain from there on. A rewrite of the whole chain shows too: the hub signs
the place it has reached (a checkpoint), and a chain that was rewritten no longer leads through it.

The database refuses UPDATE and DELETE by privilege and by trigger. Rows hold ids and names of things, never secrets.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from scmhub.database.tables import OF_THE_HUB, Record, governed, instant, symbol
from scmhub.database.unit import Unit
from scmhub.ids import new_id

START = "0" * 64
"""What stands before the first row."""
PAGE = 1_000
_TYPE = "scmhub-audit+jws"
Rows = Callable[..., Awaitable[list[Any]]]
"""Reads rows of a statement: ``database.read.rows`` or ``unit.rows``."""

_REFUSE = """create function audit_is_final() returns trigger language plpgsql as $$
begin raise exception 'the audit trail is never changed'; end $$"""
_TRIGGERS = (
    _REFUSE,
    "create trigger final before update or delete on audit_entry for each row execute function audit_is_final()",
    "create trigger whole before truncate on audit_entry for each statement execute function audit_is_final()",
)


_INFO = governed(owner="partner_id", add="owner", write="select, insert")["info"]


class AuditEntryTable(Record, table=True):
    """One security change. ``partner_id`` is who made it; the hub's operator is the reserved partner."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index(None, "partner_id", "id"),
        {"info": _INFO | {OF_THE_HUB: True, "then": _TRIGGERS}},
    )
    seq: int = Field(sa_column=Column(BigInteger, nullable=False, unique=True))
    at: datetime = instant()
    partner_id: uuid.UUID = Field(sa_column=Column(Uuid, nullable=False))
    actor: str = symbol()
    action: str = symbol()
    subject: str = symbol()
    details: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    previous: str = symbol()
    hash: str = symbol()


class AuditHeadTable(SQLModel, table=True):
    """Where the chain ends: one row, locked by whoever appends."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"), {"info": {"write": "select, insert, update"}})
    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    hash: str = symbol()


class AuditCheckpointTable(SQLModel, table=True):
    """A place of the chain, signed by the hub."""

    __tablename__ = "audit_checkpoint"
    __table_args__ = ({"info": {"write": "select, insert"}},)
    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    at: datetime = instant()
    signed: str = symbol()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What ``verify`` found; ``broken_at`` is the number of the first row that does not fit."""

    rows: int
    checkpoints: int
    broken_at: int | None = None
    reason: str | None = None

    @property
    def intact(self) -> bool:
        return self.reason is None


async def record(unit: Unit, action: str, subject: str, details: Mapping[str, Any] | None = None) -> None:
    """One row about what this unit does, in its transaction. ``details``: ids, codes and counts, as JSON values."""
    await unit.rows("insert into audit_head (id, seq, hash) values (1, 0, $1) on conflict do nothing", START)
    [head] = await unit.rows("select seq, hash from audit_head where id = 1 for update")
    row = {
        "seq": head["seq"] + 1, "at": unit.now, "partner_id": unit.partner_id, "actor": unit.actor, "action": action,
        "subject": subject, "details": dict(details or {}),
    }  # fmt: skip
    sealed = seal(head["hash"], row)
    unit.session.add(AuditEntryTable(id=new_id(unit.now), **row, previous=head["hash"], hash=sealed))
    await unit.rows("update audit_head set seq = $1, hash = $2 where id = 1", row["seq"], sealed)


def seal(previous: str, row: Mapping[str, Any]) -> str:
    """SHA-256 of the hash before and the canonical JSON of a row (keys sorted, instants in UTC)."""
    shown = {name: row[name] for name in ("seq", "at", "actor", "action", "subject", "details")}
    shown["partner"] = str(row["partner_id"])
    return hashlib.sha256(previous.encode() + orjson.dumps(shown, option=orjson.OPT_SORT_KEYS)).hexdigest()


async def checkpoint(unit: Unit, key: ECKey) -> str | None:
    """Sign where the chain stands, unless that place is signed already; the JWS."""
    heads = await unit.rows("select seq, hash from audit_head where id = 1")
    if not heads or await unit.fetch("select true from audit_checkpoint where seq = $1", heads[0]["seq"]):
        return None
    place = {"seq": heads[0]["seq"], "hash": heads[0]["hash"], "at": unit.now}
    header = {"alg": "ES256", "kid": key.thumbprint(), "typ": _TYPE}
    signed = jws.serialize_compact(header, orjson.dumps(place), key, algorithms=["ES256"])
    await unit.rows(
        "insert into audit_checkpoint (seq, at, signed) values ($1, $2, $3) on conflict do nothing",
        place["seq"], unit.now, signed,
    )  # fmt: skip
    return signed


async def verify(rows: Rows, keys: KeySet) -> Verdict:
    """Walk the chain from its first row to its head and through every checkpoint."""
    heads = await rows("select seq, hash from audit_head where id = 1")
    head = (heads[0]["seq"], heads[0]["hash"]) if heads else (0, START)
    signed = {row["seq"]: row["signed"] for row in await rows("select seq, signed from audit_checkpoint order by seq")}
    seq, previous = 0, START
    while seq < head[0]:
        page = await rows(f"select * from audit_entry where seq > $1 order by seq limit {PAGE}", seq)
        if not page:
            return Verdict(seq, 0, seq + 1, "rows are missing at the end")
        for row in page:
            reason = _defect(row, seq + 1, previous) or _disagreement(signed.get(seq + 1), row, keys)
            if reason:
                return Verdict(seq, 0, seq + 1, reason)
            seq, previous = row["seq"], row["hash"]
            if seq == head[0]:
                break
    if (seq, previous) != head:
        return Verdict(seq, 0, seq, "the head of the chain is another")
    if beyond := [place for place in signed if place > seq]:
        return Verdict(seq, 0, seq + 1, f"row {beyond[0]} was signed and is gone")
    return Verdict(seq, len(signed))


def _defect(row: Any, expected: int, previous: str) -> str | None:
    if row["seq"] != expected:
        return "a row is missing"
    if row["previous"] != previous:
        return "it does not follow the row before it"
    details = row["details"]
    known = dict(row) | {"details": orjson.loads(details) if isinstance(details, str) else details}
    return None if seal(previous, known) == row["hash"] else "it was changed"


def _disagreement(signed: str | None, row: Any, keys: KeySet) -> str | None:
    """Whether a checkpoint says otherwise about this row."""
    if signed is None:
        return None
    try:
        found = jws.deserialize_compact(signed, keys, algorithms=["ES256"])
        place = orjson.loads(found.payload or b"")
    except (JoseError, ValueError):
        return "its checkpoint was not signed by this hub"
    if found.headers().get("typ") != _TYPE or (place["seq"], place["hash"]) != (row["seq"], row["hash"]):
        return "its checkpoint says otherwise: the chain was rewritten"
    return None


def subject_of(kind: str, record_id: UUID) -> str:
    """How a row names what it is about."""
    return f"{kind}:{record_id}"
