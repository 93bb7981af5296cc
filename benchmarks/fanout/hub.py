"""The hub under measurement: acme, its suppliers, and a rule that opens its items to all of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from benchmarks.fanout.clients import ITEMS
from scmhub.database.address import Address
from scmhub.hub import Hub
from scmhub.identity.tokens import issue_token
from scmhub.identity.viewer import TokenScope
from scmhub.ids import new_id, public_id
from scmhub.partners.registry import register_partner
from scmhub.records.partners import commands as masters
from scmhub.records.relationships import commands as relating
from scmhub.records.relationships.api import RelationshipKind
from scmhub.settings import Settings

REVISE = "mutation ($i: ItemReviseInput!) { itemRevise(input: $i) { userErrors { message } } }"
DOCUMENT = """
subscription { changes { __typename ... on Changed {
  cursor kind action recordId changedFields
  record { __typename ... on Item { id number description unit lifecycle owner { code name } } } } } }
"""
STOCK_DOCUMENT = """
subscription { changes { __typename cursor kind action recordId changedFields
  record { __typename id number description unit lifecycle owner { code name } } } }
"""
"""The same without interfaces."""
RULE = """
insert into sharing_rule (id, owner_id, grantee_role, kind, field_groups, valid_from, state, version, created_at)
values ($1, $2, 'SUPPLIER', 'ITEM', '{}', $3, 'ACTIVE', 1, $3)
"""


class Chain:
    """Who was made: acme's token, one of each supplier, acme's items."""

    def __init__(self) -> None:
        self.token = ""
        self.suppliers: list[str] = []
        self.items: list[str] = []


async def found(url: str, settings: Settings, partners: int) -> Chain:
    """Fill a migrated, empty database."""
    admin, chain = Address.parse(url), Chain()
    async with Hub.open(admin, settings) as hub:
        keys = [await _register(hub, "ACME" if number == 0 else f"S{number:04}") for number in range(partners + 1)]
        await _open_items(admin, keys[0])
        for key, number in zip(keys[1:], range(partners), strict=True):
            await _relate(hub, key, keys[0], number)
        for number in range(ITEMS):
            given = masters.ItemAddInput(number=f"N-{number:04}", description="as added", unit="C62")  # type: ignore[arg-type]
            async with hub.database.unit(keys[0], "integration:acme", hub.clock) as unit:
                chain.items.append(public_id("itm", await masters.item_add(unit, given)))
        scopes = frozenset(TokenScope)
        tokens = [
            issue_token(
                hub.ring, issuer=settings.url, partner_id=key, subject="cli:bench", token_scopes=scopes,
                now=hub.clock(),
                life=timedelta(hours=10),
            )
            for key in keys
        ]  # fmt: skip
        chain.token, chain.suppliers = tokens[0], tokens[1:]
    return chain


async def _register(hub: Hub, code: str) -> UUID:
    async with hub.database.unit(UUID(int=0), "operator", hub.clock) as unit:
        return await register_partner(unit, code, f"Partner {code}")


async def _relate(hub: Hub, supplier: UUID, acme: UUID, number: int) -> None:
    """acme proposes, the supplier accepts: from then on the rule opens acme's items to it."""
    proposed = relating.RelationshipProposeInput(
        partner_code=f"S{number + 1:04}", kind=RelationshipKind.SUPPLY, my_side=relating.RelationshipSide.RECIPIENT
    )
    async with hub.database.unit(acme, "integration:acme", hub.clock) as unit:
        key = await relating.relationship_propose(unit, proposed)
    given = relating.RelationshipStepInput(relationship=public_id("rel", key), expected_version=1)  # type: ignore[arg-type]
    async with hub.database.unit(supplier, "integration:supplier", hub.clock) as unit:
        await relating.relationship_accept(unit, given)


async def _open_items(admin: Address, acme: UUID) -> None:
    now = datetime.now(UTC)
    connection = await admin.connect()
    try:
        await connection.execute(RULE, new_id(now), acme, now)
    finally:
        await connection.close()
