"""Whom the other side may call: each side keeps its own contacts, one for each function."""

from __future__ import annotations

import re
from uuid import UUID

import strawberry
from sqlmodel import select

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.graph import given as take
from scmhub.graph.declare import command
from scmhub.graph.lookup import visible_key
from scmhub.ids import new_id
from scmhub.partners.tables import RelationshipTable
from scmhub.records.relationships.model import RelationshipContactTable
from scmhub.records.relationships.profile_api import ContactFunction

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_PHONE = re.compile(r"\+?[0-9 ()/.-]{3,40}", re.ASCII)


@strawberry.input(description="A contact of yours, as a whole: in place of the one you had for this function.")
class RelationshipContactSetInput:
    relationship: strawberry.ID = strawberry.field(description="A relationship of yours.")
    function: ContactFunction = strawberry.field(description="What about.")
    name: str = strawberry.field(description="Who; at most 200 characters.")
    email: str | None = strawberry.field(description="E-mail address; at most 200 characters.", default=None)
    phone: str | None = strawberry.field(description="Telephone number: digits, spaces and + ( ) / . -", default=None)


@strawberry.input(description="A contact of yours that is none any more.")
class RelationshipContactRemoveInput:
    relationship: strawberry.ID = strawberry.field(description="A relationship of yours.")
    function: ContactFunction = strawberry.field(description="What about.")


async def _mine(
    unit: Unit, relationship: str, function: ContactFunction
) -> tuple[RelationshipTable, RelationshipContactTable | None]:
    key = await visible_key(unit, "Relationship", relationship, ["input", "relationship"])
    link = (await unit.session.exec(select(RelationshipTable).where(RelationshipTable.id == key))).one()
    contact = RelationshipContactTable
    found = await unit.session.exec(
        select(contact).where(
            contact.owner_id == unit.partner_id, contact.relationship_id == key, contact.function == function.name
        ).with_for_update()
    )  # fmt: skip
    return link, found.first()


@command(
    "relationshipContactSet", payload="RelationshipContact",
    description="Tells the other side whom to call on your side; both sides read it.",
)  # fmt: skip
async def relationship_contact_set(unit: Unit, given: RelationshipContactSetInput) -> UUID:
    link, contact = await _mine(unit, given.relationship, given.function)
    name = take.text(given.name, take.NAME, ["input", "name"])
    email = _like(given.email, _EMAIL, "An e-mail address looks like name@example.org.", ["input", "email"])
    phone = _like(given.phone, _PHONE, "A number has digits, spaces and + ( ) / . - only.", ["input", "phone"])
    other = link.recipient_id if link.provider_id == unit.partner_id else link.provider_id
    contact = contact or RelationshipContactTable(
        id=new_id(unit.now), owner_id=unit.partner_id, counterparty_id=other, relationship_id=link.id,
        function=given.function.name, name=name, version=0, updated_at=unit.now,
    )  # fmt: skip
    contact.name, contact.email, contact.phone, contact.updated_at = name, email, phone, unit.now
    contact.version += 1
    taken = Refusal("CONFLICT", "It is being written by another of you; repeat it.", ["input", "function"])
    await take.add_unique(unit, contact, taken)
    changed = ["name", "email", "phone", "version"]
    unit.change("RELATIONSHIP_CONTACT", "SET", contact.id, unit.partner_id, [other], changed)
    return contact.id


@command(
    "relationshipContactRemove", payload="Relationship",
    description="Takes back a contact of yours. NOT_FOUND: you have none for this function.",
)  # fmt: skip
async def relationship_contact_remove(unit: Unit, given: RelationshipContactRemoveInput) -> UUID:
    link, contact = await _mine(unit, given.relationship, given.function)
    if contact is None:
        raise Refusal("NOT_FOUND", "You have no contact for this function.", ["input", "function"], link.id)
    await unit.session.delete(contact)
    unit.change("RELATIONSHIP_CONTACT", "REMOVED", contact.id, unit.partner_id, [contact.counterparty_id], [])
    await unit.session.flush()
    return link.id


def _like(given: str | None, pattern: re.Pattern[str], otherwise: str, path: list[str]) -> str | None:
    text = take.some_text(given, take.NAME, path)
    if text is not None and not pattern.fullmatch(text):
        raise Refusal("INVALID", otherwise, path)
    return text
