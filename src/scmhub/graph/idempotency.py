"""Idempotency keys: one effect and one answer, however often a client asks.

The key is claimed first, in the command's own transaction, so a twin waits for the first one's outcome. Only committed
effects are kept: after a refusal the key may carry corrected input.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
from graphql import (
    DirectiveLocation,
    FieldNode,
    GraphQLArgument,
    GraphQLDirective,
    GraphQLError,
    GraphQLNonNull,
    GraphQLString,
    ValidationRule,
)
from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, SQLModel

from scmhub.database.tables import OF_THE_HUB, governed, instant, key, symbol
from scmhub.database.unit import Unit
from scmhub.errors import BadRequest, Refusal, ServiceUnavailable
from scmhub.quantity import render_decimal

KEPT_DAYS = 7
IDEMPOTENT = GraphQLDirective(
    "idempotent",
    [DirectiveLocation.FIELD],
    {
        "key": GraphQLArgument(
            GraphQLNonNull(GraphQLString), description="1 to 255 visible ASCII characters, yours to choose."
        )
    },
    description="On a mutation field: the same key and input have one effect and one answer, kept for 7 days.",
)
"""Read from the document by the command runner; a Strawberry directive would hook every field of every answer."""
_WAIT = "2s"
"""How long a twin waits for the one before it."""


class IdempotencyKeyTable(SQLModel, table=True):
    """One effect: who asked with which key for what, and what was answered."""

    __tablename__ = "idempotency_key"
    __table_args__ = {"info": governed(owner="partner_id")["info"] | {"secret": True, OF_THE_HUB: True}}

    partner_id: uuid.UUID = key("partner")
    caller: str = Field(primary_key=True)
    key_text: str = Field(primary_key=True)
    fingerprint: str = symbol()
    selection: str = symbol()
    access: str = symbol(default="")
    record_id: uuid.UUID | None = key(optional=True)
    body: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    at: datetime = instant()


@dataclass(frozen=True, slots=True)
class Earlier:
    """An effect this key already had."""

    record: uuid.UUID
    body: bytes | None
    """The bytes answered then; None if they must be read anew: another selection, or other access since."""


def check_key(text: str) -> str:
    """A usable key: 1-255 visible ASCII characters; BAD_REQUEST otherwise."""
    if not 1 <= len(text) <= 255 or not all("!" <= character <= "~" for character in text):
        raise BadRequest("An idempotency key has 1 to 255 visible ASCII characters.", reason="BAD_KEY")
    return text


def fingerprint(name: str, values: Any) -> str:
    """What makes two requests the same: a mutation and its coerced input, or a selection and its arguments."""
    canonical = orjson.dumps([name, values], option=orjson.OPT_SORT_KEYS, default=_canonical)
    return hashlib.sha256(canonical).hexdigest()


def _canonical(value: object) -> str:
    """Equal amounts are one text, however they were written."""
    return render_decimal(value) if isinstance(value, Decimal) else str(value)


class IdempotentMutations(ValidationRule):
    """On any other field the directive would promise what nothing keeps."""

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        if self.context.get_parent_type() is self.context.schema.mutation_type:
            return
        for each in node.directives or ():
            if each.name.value == IDEMPOTENT.name:
                text = "'@idempotent' goes on a field of a mutation, as in 'orderPlace(...) @idempotent(key: ...)'."
                self.report_error(GraphQLError(text, each))


async def claim(unit: Unit, text: str, print_: str, selection: str) -> Earlier | None:
    """Take the key for this transaction; None if it is fresh. Refusal if it stands for something else."""
    try:
        await unit.fetch("select set_config('lock_timeout', $1, true)", _WAIT)
        fresh = await unit.fetch(
            "insert into idempotency_key (partner_id, caller, key_text, fingerprint, selection, access, at)"
            " values ($1, $2, $3, $4, $5, '', $6) on conflict do nothing returning true",
            unit.partner_id,
            unit.actor,
            text,
            print_,
            selection,
            unit.now,
        )
    except ServiceUnavailable:
        raise Refusal("IN_PROGRESS", "The same key is being executed; ask again shortly.", ["input"]) from None
    await unit.fetch("select set_config('lock_timeout', '0', true)")
    if fresh:
        return None
    rows = await unit.rows("select * from idempotency_key where caller = $1 and key_text = $2", unit.actor, text)
    if not rows or rows[0]["fingerprint"] != print_:
        raise Refusal("KEY_REUSED", "This idempotency key was used for another input; use a new key.", ["input"])
    same = rows[0]["selection"] == selection and rows[0]["access"] == await access_stamp(unit)
    return Earlier(rows[0]["record_id"], rows[0]["body"] if same else None)


async def keep(unit: Unit, text: str, record: uuid.UUID, body: bytes | None) -> None:
    """Store the answer with the effect; None for an answer that holds a secret and must be kept nowhere."""
    await unit.rows(
        "update idempotency_key set record_id = $3, body = $4, access = $5 where caller = $1 and key_text = $2",
        unit.actor,
        text,
        record,
        body,
        await access_stamp(unit),
    )


async def access_stamp(unit: Unit) -> str:
    """Changes whenever a scope of the acting partner appears, ends or lapses."""
    return str(
        await unit.fetch(
            "select md5(coalesce(string_agg(s.id::text, ',' order by s.id), '')) from scope s where s.grantee = $1"
            " and s.valid_from <= $2 and (s.valid_until is null or s.valid_until > $2)",
            unit.partner_id,
            unit.now,
        )
    )
