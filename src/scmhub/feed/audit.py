"""The audit trail: who changed a right, one row per change, each sealed with the hash of the one before.

acme's administrator suspends an integration. The same transaction writes a row whose hash covers acme's row before it;
an edited, deleted or reordered row breaks the chain from there on. A rewrite of the whole chain shows too: every hour
the hub signs the place it has reached (a checkpoint), and a chain that was rewritten no longer leads through it. Each
partner has a chain of its own, so that no number in it tells how much others do.

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
from sqlalchemy import BigInteger, Column, Index, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from scmhub.database.tables import OF_THE_HUB, Record, governed, instant, symbol, words
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
        Index(None, "partner_id", "subject", "seq"),
        UniqueConstraint("partner_id", "seq"),
        {"info": _INFO | {OF_THE_HUB: True, "then": _TRIGGERS}},
    )
    seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    at: datetime = instant()
    partner_id: uuid.UUID = Field(sa_column=Column(Uuid, nullable=False))
    actor: str = symbol()
    action: str = symbol()
    subject: str = symbol()
    details: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    reason: str | None = words(optional=True)
    """Why, if whoever did it said so."""
    previous: str = symbol()
    hash: str = symbol()


class AuditHeadTable(SQLModel, table=True):
    """Where a partner's chain ends: a row that whoever appends locks."""

    __tablename__ = "audit_head"
    __table_args__ = ({"info": {"write": "select, insert, update"}},)
    partner_id: uuid.UUID = Field(sa_column=Column(Uuid, primary_key=True))
    seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    hash: str = symbol()


class AuditCheckpointTable(SQLModel, table=True):
    """A place of a partner's chain, signed by the hub."""

    __tablename__ = "audit_checkpoint"
    __table_args__ = ({"info": {"write": "select, insert"}},)
    partner_id: uuid.UUID = Field(sa_column=Column(Uuid, primary_key=True))
    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    at: datetime = instant()
    signed: str = symbol()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What ``verify`` found; ``broken_at`` is the number of the first row of ``partner`` that does not fit."""

    rows: int
    checkpoints: int
    broken_at: int | None = None
    partner: UUID | None = None
    reason: str | None = None

    @property
    def intact(self) -> bool:
        return self.reason is None


async def record(unit: Unit, action: str, subject: str, details: Mapping[str, Any] | None = None) -> None:
    """One row about what this unit does, in its transaction. ``details``: ids, codes and counts, as JSON values."""
    of = unit.partner_id
    await unit.rows(
        "insert into audit_head (partner_id, seq, hash) values ($1, 0, $2) on conflict do nothing", of, START
    )
    [head] = await unit.rows("select seq, hash from audit_head where partner_id = $1 for update", of)
    row = {
        "seq": head["seq"] + 1, "at": unit.now, "partner_id": of, "actor": unit.actor, "action": action,
        "subject": subject, "details": dict(details or {}), "reason": unit.reason,
    }  # fmt: skip
    sealed = seal(head["hash"], row)
    unit.session.add(AuditEntryTable(id=new_id(unit.now), **row, previous=head["hash"], hash=sealed))
    await unit.rows("update audit_head set seq = $2, hash = $3 where partner_id = $1", of, row["seq"], sealed)


def seal(previous: str, row: Mapping[str, Any]) -> str:
    """SHA-256 of the hash before and the canonical JSON of a row (keys sorted, instants in UTC)."""
    shown = {name: row[name] for name in ("seq", "at", "actor", "action", "subject", "details", "reason")}
    shown["partner"] = str(row["partner_id"])
    return hashlib.sha256(previous.encode() + orjson.dumps(shown, option=orjson.OPT_SORT_KEYS)).hexdigest()


async def checkpoint(unit: Unit, key: ECKey) -> int:
    """Sign where each chain stands, unless that place is signed already; how many were signed."""
    unsigned = await unit.rows(
        "select h.partner_id, h.seq, h.hash from audit_head h where not exists"
        " (select from audit_checkpoint c where c.partner_id = h.partner_id and c.seq = h.seq) order by 1"
    )
    header = {"alg": "ES256", "kid": key.thumbprint(), "typ": _TYPE}
    for head in unsigned:
        place = {"partner": str(head["partner_id"]), "seq": head["seq"], "hash": head["hash"], "at": unit.now}
        await unit.rows(
            "insert into audit_checkpoint (partner_id, seq, at, signed) values ($1, $2, $3, $4) on conflict do nothing",
            head["partner_id"], head["seq"], unit.now,
            jws.serialize_compact(header, orjson.dumps(place), key, algorithms=["ES256"]),
        )  # fmt: skip
    return len(unsigned)


async def newest_checkpoint(rows: Rows, of: UUID) -> dict[str, Any] | None:
    """The last place of a partner's chain that was signed: seq, at, hash, signed."""
    found = await rows(
        "select c.seq, c.at, e.hash, c.signed from audit_checkpoint c join audit_entry e"
        " on e.partner_id = c.partner_id and e.seq = c.seq where c.partner_id = $1 order by c.seq desc limit 1", of,
    )  # fmt: skip
    return dict(found[0]) if found else None


async def verify(rows: Rows, keys: KeySet, partner: UUID | None = None) -> Verdict:
    """Walk the chain of a partner, or every chain, from its first row to its head and through every checkpoint."""
    chains = [partner] if partner else await _chains(rows)
    seen = checkpoints = 0
    for each in chains:
        found = await _verify(rows, keys, each)
        if not found.intact:
            return found
        seen, checkpoints = seen + found.rows, checkpoints + found.checkpoints
    return Verdict(seen, checkpoints)


async def _chains(rows: Rows) -> list[UUID]:
    """Whoever has rows, a head or a checkpoint: a chain that lost two of them is found by the third."""
    tables = ("audit_entry", "audit_head", "audit_checkpoint")
    known = " union ".join(f"select partner_id from {table}" for table in tables)
    return [row["partner_id"] for row in await rows(f"{known} order by 1")]


async def _verify(rows: Rows, keys: KeySet, of: UUID) -> Verdict:
    heads = await rows("select seq, hash from audit_head where partner_id = $1", of)
    head = (heads[0]["seq"], heads[0]["hash"]) if heads else (0, START)
    places = await rows("select seq, signed from audit_checkpoint where partner_id = $1 order by seq", of)
    signed = {row["seq"]: row["signed"] for row in places}
    seq, previous = 0, START

    def broken(at: int, reason: str) -> Verdict:
        return Verdict(seq, 0, at, of, reason)

    while True:
        page = await rows(
            f"select * from audit_entry where partner_id = $1 and seq > $2 order by seq limit {PAGE}", of, seq
        )
        for row in page:
            reason = _defect(row, seq + 1, previous) or _disagreement(signed.get(seq + 1), row, keys)
            if reason:
                return broken(seq + 1, reason)
            seq, previous = row["seq"], row["hash"]
            if seq == head[0] and previous != head[1]:
                return broken(seq, "the head of the chain is another")
        if len(page) < PAGE:
            break
    if beyond := [place for place in signed if place > seq]:
        return broken(seq + 1, f"row {beyond[0]} was signed and is gone")
    if seq < head[0]:
        return broken(seq + 1, "rows are missing at the end")
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
    said = (place["partner"], place["seq"], place["hash"])
    if found.headers().get("typ") != _TYPE or said != (str(row["partner_id"]), row["seq"], row["hash"]):
        return "its checkpoint says otherwise: the chain was rewritten"
    return None


def subject_of(kind: str, record_id: UUID) -> str:
    """How a row names what it is about."""
    return f"{kind}:{record_id}"
