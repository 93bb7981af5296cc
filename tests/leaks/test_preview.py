"""What a preview shows is the partner's own answer, as far as it is the previewer's record; worked out by the oracle."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any
from uuid import UUID

import pytest

from scmhub.database.address import Address
from scmhub.database.fragment import Fragment, Relation, sql
from scmhub.graph.answers import answer_for
from scmhub.graph.request import GraphQLRequest
from scmhub.settings import Settings
from scmhub.sharing import rows
from scmhub.sharing.access import Access
from scmhub.sharing.preview import Seal
from scmhub.sharing.proof import PolicyBypassed

from ..conftest import clone
from ..support.hub import Bench, another, bench, viewer_of
from ..support.rows import Row, insert
from ..support.world import World
from .answering import Answering, Refused
from .documents import Document, documents
from .examples import Judge, viewer
from .mutants import Mutant, patch, text
from .oracle import LAWS, Law, Oracle

DOCUMENTS, TIMES = 500, 1


class Previewed(Oracle):
    """What a partner may see of one owner's records."""

    def __init__(self, world: World, partner: UUID, owner: UUID) -> None:
        super().__init__(world.tables, partner, world.now)
        self.owner = owner

    def _own(self, kind: str, row: Row) -> bool:
        kind, row = self.whole(kind, row)
        return bool(row[LAWS[kind].owner or "id"] == self.owner)

    def visible(self, kind: str, row: Row) -> bool:
        return self._own(kind, row) and super().visible(kind, row)

    def granted(self, kind: str, row: Row, access: Access) -> bool:
        return access.name == "PUBLIC" or (self._own(kind, row) and super().granted(kind, row, access))

    def _proven(self, law: Law, row: Row) -> bool:
        """Evidence of others' records is opened by others' rules, which are not the previewer's to know."""
        table, key = law.evidence or ("", "")
        pieces = [each for each in self.tables.get(table, ()) if each[key] == row["id"]]
        return all(each["owner_id"] == self.owner for each in pieces) and super()._proven(law, row)


@dataclass(frozen=True)
class Look:
    """One preview ready to be asked."""

    world: World
    partner: UUID
    owner: UUID
    document: Document
    values: dict[str, Any]

    @property
    def code(self) -> str:
        return str(next(row["code"] for row in self.world.tables["partner"] if row["id"] == self.partner))

    def marked(self) -> str:
        head, brace, body = self.document.text.removeprefix("query").partition(" {" if self.document.variables else "{")
        return f'query{head} @previewAs(partner: "{self.code}"){brace}{body}'

    def wanted(self) -> str:
        partner = next(row for row in self.world.tables["partner"] if row["id"] == self.partner)
        if not Oracle(self.world.tables, self.owner, self.world.now).visible("Partner", partner):
            return "refused: NOT_FOUND"
        try:
            answering = Answering(Previewed(self.world, self.partner, self.owner), self.values)
            return json.dumps(answering.data(self.document))
        except Refused as refusal:
            return f"refused: {refusal}"


async def preview(bench: Bench, owner: UUID, document: str, values: dict[str, Any]) -> dict[str, Any]:
    bench.hub.costs._levels.clear()
    steward = replace(viewer_of(owner), subject="person:ann", authenticated_at=bench.clock())
    try:
        body = (await bench.hub.execute(GraphQLRequest(document, values), steward)).body
    except Exception as error:
        body = answer_for(error, "request").body
    return json.loads(body)  # type: ignore[no-any-return]


def looks(worlds: list[World], made: list[Document], times: int) -> Iterator[Look]:
    rng = Random(5)
    for document in made:
        for _ in range(times):
            world = rng.choice(worlds)
            partner = viewer(world, rng)
            granting = [row["owner"] for row in world.tables["scope"] if row["grantee"] == partner]
            others = [each for each in world.partners if each != partner]
            owner = rng.choice(granting if granting and rng.random() < 0.7 else others)
            yield Look(world, partner, owner, document, document.values(world, rng))


async def first_difference(bench: Bench, asked: Iterator[Look]) -> tuple[dict[str, int], str | None]:
    """How many looks there were, found something, were refused; and the first that was not as it should be."""
    seen = {"looks": 0, "found": 0, "NOT_FOUND": 0}
    for look in asked:
        bench.clock.set(look.world.now)
        told, wanted = Judge._told(await preview(bench, look.owner, look.marked(), look.values)), look.wanted()
        seen["looks"] += 1
        seen["found"] += '"id"' in wanted
        seen["NOT_FOUND"] += wanted.endswith("NOT_FOUND")
        if told != wanted:
            return seen, f"{look.marked()}\nwith {look.values}\nhub:    {told}\noracle: {wanted}"
    return seen, None


@pytest.fixture(scope="module")
def few() -> list[World]:
    return [World(seed) for seed in range(15)]


@pytest.fixture(scope="module")
def made() -> list[Document]:
    return [each for each in documents(7, DOCUMENTS) if all(pick.name != "viewer" for pick in each.picks)]


@pytest.fixture(scope="module")
def more() -> list[Document]:
    """Where bugs of cards show: another partner's item or site is named on an order or shipment and asked about."""
    wanted = ("orders", "orderLines", "shipments", "shipmentLines", "inventoryPositions", "forecasts")
    found = [each for each in documents(8, 6 * DOCUMENTS) if each.picks[0].name in wanted and len(each.picks) == 1]
    return [each for each in found if "withheld" in each.text or "externalId" in each.text]


@pytest.fixture(scope="module")
async def noted(server: Address, template: str, settings: Settings, few: list[World]) -> AsyncIterator[Bench]:
    """Worlds of this module alone, their audit trails empty: each preview adds to one."""
    async with clone(server, template) as admin, bench(admin, settings) as made:
        for world in few:
            await insert(made.superuser, {**world.tables, "audit_entry": []})
        await made.superuser.execute("analyze")
        yield made


async def test_a_preview_is_the_partners_answer_of_the_owners_records(
    noted: Bench, few: list[World], made: list[Document]
) -> None:
    seen, wrong = await first_difference(noted, looks(few, made, TIMES))
    assert wrong is None, wrong
    assert seen["found"] > 30, seen
    assert seen["NOT_FOUND"] > 20, seen


# -- built-in bugs -----------------------------------------------------------------------------------------------------


def bare(original: Any, table: str, alias: str, owner: Fragment) -> Fragment:
    return Fragment((Relation(table, alias, Seal.OWN),))


def of_anyone(original: Any, table: str, alias: str, owner: Fragment) -> Fragment:
    return sql("(select * from {}) {}", Relation(table, alias, Seal.OWN), Fragment((alias,)))


MUTANTS = [
    patch("preview without owner", rows, "own_rows", bare),
    patch("preview of anyone's rows", rows, "own_rows", of_anyone),
    text("preview without owner, unproved", r"where \w+\.\w+ = \$\d+::uuid\) t", "where true) t"),
    text("the partner's rows", r"where (\w+\.\w+ = )\$\d+::uuid\) t", r"where \1$1::uuid) t"),
    patch("cards of others are judged", rows.Row, "own_card", lambda *_: []),
]
PROVED = {"preview without owner", "preview of anyone's rows"}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
async def test_a_preview_that_shows_more_is_noticed(
    noted: Bench, few: list[World], more: list[Document], mutant: Mutant, caplog: pytest.LogCaptureFixture
) -> None:
    with mutant.at_work():
        fresh = another(noted)
        seen, wrong = await first_difference(fresh, looks(few, more, 1))
        fresh.hub.documents.close()
    assert mutant.applied, "this mutant changes nothing any more"
    assert wrong, f"survived {seen}"
    failed = {type(record.exc_info[1]) for record in caplog.records if record.exc_info}
    assert (PolicyBypassed in failed) == (mutant.name in PROVED)
