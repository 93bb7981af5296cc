"""Examples: one operation by one partner in one world, answered by the hub and by the oracle, and compared as bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from random import Random
from typing import Any
from uuid import UUID

from scmhub.graph.specs import Banded
from scmhub.partners.tables import RelationshipTable
from scmhub.sharing import expansion
from scmhub.sharing.lens import Lens
from scmhub.sharing.tables import BlockPairTable, SharingRuleTable

from ..support.hub import Bench
from ..support.rows import Row
from ..support.world import FEW_PURPOSES, World
from .answering import Answering, Refused
from .documents import KINDS, Document
from .oracle import FAMILY, LAWS, Oracle

FAMILIES = sorted({*FAMILY.values(), *(law.rule for law in LAWS.values() if law.rule)})


@dataclass(frozen=True)
class Example:
    """An operation ready to be asked."""

    world: World
    viewer: UUID
    document: Document
    values: dict[str, Any]
    lens: Lens
    """The viewer's, limited or not."""


Oracles = dict[tuple[World, Lens], Oracle]


class Judge:
    """Asks the hub and the oracle; keeps one oracle per lens on a world, for the next judge too if it is given them."""

    def __init__(self, bench: Bench, oracles: Oracles | None = None) -> None:
        self.bench = bench
        self._oracles: Oracles = {} if oracles is None else oracles

    def oracle(self, world: World, viewer: Lens) -> Oracle:
        key = (world, viewer)
        if key not in self._oracles:
            self._oracles[key] = Oracle(world.tables, viewer, world.now)
        return self._oracles[key]

    async def disagreement(self, example: Example) -> str | None:
        """None, or what the hub answered and what it should have."""
        self.bench.clock.set(example.world.now)
        body = await self.bench.ask(example.lens, example.document.text, example.values)
        told, wanted = self._told(json.loads(body)), self.wanted(example)
        if told == wanted:
            return None
        code = next(row["code"] for row in example.world.tables["partner"] if row["id"] == example.viewer)
        return (
            f"{code} ({example.lens}) at {example.world.now} asked\n{example.document.text}\nwith {json.dumps(example.values)}\n"
            f"hub:    {told}\noracle: {wanted}"
        )

    @staticmethod
    def _told(answer: dict[str, Any]) -> str:
        """The data as text (order of keys included), or the reason of the refusal."""
        if "errors" in answer:
            extensions = answer["errors"][0]["extensions"]
            return f"refused: {extensions.get('reason', extensions['code'])}"
        return json.dumps(answer["data"])

    async def first_disagreement(self, examples: Iterable[Example]) -> tuple[int, str | None]:
        """How many were compared, and what was wrong with the last (None: nothing with any)."""
        compared = 0
        for example in examples:
            compared += 1
            wrong = await self.disagreement(example)
            if wrong is not None:
                return compared, wrong
        return compared, None

    def wanted(self, example: Example) -> str:
        try:
            answering = Answering(self.oracle(example.world, example.lens), example.values)
            return json.dumps(answering.data(example.document))
        except Refused as refusal:
            return f"refused: {refusal}"


def draw(worlds: list[World], documents: Iterable[Document], times: int, seed: int) -> Iterator[Example]:
    """Each document so many times, in a random world, mostly by a partner that some live rule names.

    Often by one that is kept apart from somebody, for what depends on that is seldom met by chance.
    """
    rng, limits = Random(seed), Random(f"limits {seed}")
    for document in documents:
        for _ in range(times):
            world = rng.choice(worlds)
            who = viewer(world, rng)
            yield Example(world, who, document, document.values(world, rng), limited(Lens(who), limits))


def limited(lens: Lens, rng: Random) -> Lens:
    """Mostly as it is; else for some purposes, or for many of all kinds, or both."""
    purposes = rng.sample(FEW_PURPOSES, rng.choice((1, 1, 2))) if rng.random() < 0.2 else None
    kinds = [each for each in FAMILIES if rng.random() < 0.7] if rng.random() < 0.2 else None
    return lens.within(purposes, kinds)


def viewer(world: World, rng: Random) -> UUID:
    scopes = world.tables["scope"]
    apart = [each["grantee"] for each in scopes if each["hidden_parties"]]
    if apart and rng.random() < 0.3:
        return rng.choice(apart)
    grantee: UUID = rng.choice(scopes)["grantee"] if scopes and rng.random() < 0.7 else rng.choice(world.partners)
    return grantee


def wrongly_expanded(world: World) -> list[Row]:
    """The rules that the hub expands to other scopes than the law would have."""
    standing = expansion.Standing(
        [RelationshipTable(**row) for row in world.tables["relationship"]],
        [BlockPairTable(**row) for row in world.tables["block_pair"]],
    )
    wrong = []
    for rule in world.tables["sharing_rule"]:
        opened = {tuple(opening) for opening in expansion.expand(SharingRuleTable(**rule), standing)}
        lived = {**rule, "valid_from": world.now, "valid_until": None}
        tables = {**world.tables, "sharing_rule": [lived]}
        lenses = {each: Oracle(tables, each, world.now) for each in world.partners}
        apart = {each: lens.apart(rule["owner_id"]) for each, lens in lenses.items() if lens.rules}
        wanted = {
            (each, item, site, tuple(sorted(hidden)))
            for each, hidden in apart.items() if rule["owner_id"] not in hidden
            for item, site in product(rule["items"] or [None], rule["sites"] or [None])
        }  # fmt: skip
        if opened != wanted:
            wrong.append(rule)
    return wrong


def wrongly_unmasked() -> list[str]:
    """Kinds and sides for which the hub leaves other fields bare than that side of a row may see."""
    wrong = []
    for name, kind in KINDS.items():
        law = LAWS[name]
        accesses = {spec.access for spec in kind.fields.values() if hasattr(spec, "access") and not isinstance(spec, Banded)}
        for side in () if law.of or name == "Partner" else (law.owner, *law.parties):
            sees = {each for each in accesses if each.name == "PUBLIC" or side == law.owner}
            sees |= {a for a in accesses if a.name in ("PARTY", "SHAREABLE", "COMPLETE") and side in (a.sides or law.parties)}
            if {each for each in accesses if kind.policy.unmasked(side, each)} != sees:
                wrong.append(f"{name} by {side}")
    return wrong
