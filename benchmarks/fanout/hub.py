"""The hub under measurement: owners, their suppliers, and for each owner a rule that opens its items to all of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

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
RULE = """
insert into sharing_rule (id, owner_id, grantee_role, kind, field_groups, valid_from, state, version, created_at)
values ($1, $2, 'SUPPLIER', 'ITEM', '{}', $3, 'ACTIVE', 1, $3)
"""


def documents(count: int, *, stock: bool = False) -> list[str]:
    """Documents that ask for the same and are not the same. The peer's have no interfaces, and say whom they follow."""
    envelope, fields = "id cursor kind action recordId changedFields", "id number description%s unit lifecycle"
    if stock:
        asked = f"{envelope} record {{ __typename {fields} owner {{ code name }} }}"
        head = "subscription ($owner: Int!) { changes(owner: $owner) { __typename %s } }"
    else:
        record = f"record {{ __typename ... on Item {{ {fields} owner {{ code name }} }} }}"
        asked = f"... on Changed {{ {envelope} {record} }}"
        head = "subscription ($after: String) { changes(after: $after) { __typename %s } }"
    return [head % asked.replace("%s", f" name{number}: number" if number else "") for number in range(count)]
_LOGGED = "select record_id, event_id from change_log where seq > $1 and kind = 'ITEM' order by seq"


async def _asked(url: str, statement: str, *given: object) -> list[Any]:
    connection = await Address.parse(url).connect()
    try:
        return list(await connection.fetch(statement, *given))
    finally:
        await connection.close()


class Chain:
    """Who was made: owners with their tokens and items, and partners, each of which follows one owner."""

    def __init__(self) -> None:
        self.owners: list[str] = []
        self.partners: list[str] = []
        self.items: list[list[str]] = []
        self.written = 0
        """Changes so far, of all measurements."""
        self._versions: Counter[tuple[int, int]] = Counter()

    def next_version(self, owner: int, item: int) -> int:
        """The version the item stands at, for whoever changes it now."""
        self._versions[owner, item] += 1
        return self._versions[owner, item]

    async def head(self, url: str) -> int:
        """The end of the log."""
        [row] = await _asked(url, "select seq from change_head")
        return int(row["seq"])

    async def logged(self, url: str, behind: int, numbers: Iterable[int], streams: int) -> dict[int, str]:
        """Which change of the log each number is: those of one item were acknowledged in the log's order."""
        ids: dict[str, list[str]] = defaultdict(list)
        for row in await _asked(url, _LOGGED, behind):
            ids[public_id("itm", row["record_id"])].append(public_id("chg", row["event_id"]))
        of_item = {item: iter(changes) for item, changes in ids.items()}
        owners = len(self.owners)
        found = {
            number: next(of_item[self.items[number % owners][number % streams // owners]]) for number in sorted(numbers)
        }
        if len(found) != sum(map(len, ids.values())):
            raise RuntimeError("the log holds more changes than were acknowledged")
        return found


async def found(url: str, settings: Settings, owners: int, partners: int, items: int) -> Chain:
    """Fill a migrated, empty database. Partner p is a supplier of owner p % owners, who opens its items to it."""
    admin, chain = Address.parse(url), Chain()
    async with Hub.open(admin, settings) as hub:
        heads = [await _register(hub, f"A{number:04}") for number in range(owners)]
        keys = [await _register(hub, f"S{number:04}") for number in range(partners)]
        for head in heads:
            await _open_items(admin, head)
        for number, key in enumerate(keys):
            await _relate(hub, key, heads[number % owners], number)
        for head in heads:
            chain.items.append([await _add_item(hub, head, number) for number in range(items)])
        chain.owners, chain.partners = ([_token(hub, settings, key) for key in part] for part in (heads, keys))
    return chain


def _token(hub: Hub, settings: Settings, partner: UUID) -> str:
    return issue_token(
        hub.ring, issuer=settings.url, partner_id=partner, subject="cli:bench", token_scopes=frozenset(TokenScope),
        now=hub.clock(), life=timedelta(hours=10),
    )  # fmt: skip


async def _add_item(hub: Hub, owner: UUID, number: int) -> str:
    given = masters.ItemAddInput(number=f"N-{number:04}", description="as added", unit="C62")  # type: ignore[arg-type]
    async with hub.database.unit(owner, "integration:acme", hub.clock) as unit:
        return public_id("itm", await masters.item_add(unit, given))


async def _register(hub: Hub, code: str) -> UUID:
    async with hub.database.unit(UUID(int=0), "operator", hub.clock) as unit:
        return await register_partner(unit, code, f"Partner {code}")


async def _relate(hub: Hub, supplier: UUID, acme: UUID, number: int) -> None:
    """acme proposes, the supplier accepts: from then on the rule opens its items to it."""
    proposed = relating.RelationshipProposeInput(
        partner_code=f"S{number:04}", kind=RelationshipKind.SUPPLY, my_side=relating.RelationshipSide.RECIPIENT
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
