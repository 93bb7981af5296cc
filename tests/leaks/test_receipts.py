"""What the access log says of random operations is what the oracle says they showed; the answers are as ever."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from random import Random
from typing import Any
from uuid import UUID

import pytest

from scmhub.database.address import Address
from scmhub.graph import marks
from scmhub.graph.declare import Kind
from scmhub.settings import Settings

from ..conftest import clone
from ..support.hub import Bench, another, bench
from ..support.rows import Row, insert
from ..support.world import World
from .answering import Answering, Refused
from .documents import Document, Pick, documents
from .examples import Example, Judge, draw
from .mutants import Mutant, patch, text
from .oracle import Oracle

DOCUMENTS, TIMES = 400, 2
Log = set[tuple[UUID, str, frozenset[UUID], int, int]]
"""Owner, kind, rules, records shown, records counted."""


class Noting(Answering):
    """An execution that remembers each record it shows, and each it counts."""

    shown: set[tuple[str, UUID]]
    counted: set[tuple[str, UUID]]

    def connection(self, kind: Kind, rows: list[Row], pick: Pick, parent: Kind | None) -> dict[str, Any]:
        if any(each.name == "totalCount" for each in pick.picks):
            self.counted |= {(kind.name, row["id"]) for row in rows}
        return super().connection(kind, rows, pick, parent)

    def record(self, kind: Kind, row: Row, *args: Any, **kwargs: Any) -> dict[str, Any]:
        self.shown.add((kind.name, row["id"]))
        return super().record(kind, row, *args, **kwargs)


def wanted(judge: Judge, example: Example) -> Log:
    oracle = judge.oracle(example.world, example.lens)
    noting = Noting(oracle, example.values)
    noting.shown, noting.counted = set(), set()
    try:
        noting.data(example.document)
    except Refused:
        return set()
    return _log(oracle, noting.shown, noting.counted)


def _log(oracle: Oracle, *seen: set[tuple[str, UUID]]) -> Log:
    """What is to be told of records that were shown, and of others that were counted."""
    rules: dict[tuple[UUID, str], set[UUID]] = {}
    owners: dict[tuple[str, UUID], set[tuple[UUID, str]]] = {}
    for kind, key in set().union(*seen):
        for rule in oracle.opening(kind, oracle.rows[kind][key]):
            if rule["receipts"]:
                owners.setdefault((kind, key), set()).add((rule["owner_id"], kind))
                rules.setdefault((rule["owner_id"], kind), set()).add(rule["id"])
    shown, counted = (
        Counter(owner for each in records for owner in owners.get(each, ())) for records in seen
    )
    return {(*each, frozenset(keys), shown[each], counted[each]) for each, keys in rules.items()}


async def logged(bench: Bench) -> Log:
    await bench.hub.engine.receipts.flush()
    rows = await bench.superuser.fetch("delete from access_log returning owner_id, kind, rules, records, counted")
    return {(row["owner_id"], row["kind"], frozenset(row["rules"]), row["records"], row["counted"]) for row in rows}


async def first_difference(bench: Bench, examples: Iterator[Example]) -> tuple[int, str | None]:
    judge, told = Judge(bench), 0
    for example in examples:
        wrong = await judge.disagreement(example)
        said, should = await logged(bench), wanted(judge, example)
        told += len(said)
        if wrong or said != should:
            return (
                told,
                wrong
                or f"{example.document.text}\nwith {json.dumps(example.values)}\nlog:    {said}\noracle: {should}",
            )
    return told, None


@pytest.fixture(scope="module")
def asking() -> list[World]:
    """Worlds whose rules ask for receipts, in part."""
    rng, made = Random(3), [World(seed) for seed in range(12)]
    for world in made:
        for rule in world.tables["sharing_rule"]:
            rule["receipts"] = rng.choice((None, "BATCHED", "BATCHED", "STRICT"))
        world.tables["access_log"] = []
        world.expand()
    return made


@pytest.fixture(scope="module")
def made() -> list[Document]:
    return list(documents(9, DOCUMENTS))


@pytest.fixture(scope="module")
async def watched(server: Address, template: str, settings: Settings, asking: list[World]) -> AsyncIterator[Bench]:
    async with clone(server, template) as admin, bench(admin, settings) as made:
        for world in asking:
            await insert(made.superuser, world.tables)
        await made.superuser.execute("analyze")
        yield made


async def test_the_log_says_what_was_shown_under_which_rule(
    watched: Bench, asking: list[World], made: list[Document]
) -> None:
    told, wrong = await first_difference(watched, draw(asking, made, TIMES, seed=11))
    assert wrong is None, wrong
    assert told > 30


async def first_breach(bench: Bench, worlds: list[World]) -> tuple[int, str | None]:
    """How often breaches were told of, and the first log that is not what the law says."""
    told = 0
    for world in worlds:
        bench.clock.set(world.now)
        for viewer in world.partners:
            oracle = Oracle(world.tables, viewer, world.now)
            seen = {("Breach", row["id"]) for row in world.tables["breach"] if oracle.visible("Breach", row)}
            await bench.ask(viewer, "{ breaches(first: 250) { nodes { id evidence { nodes { value } } } } }", {})
            said, should = await logged(bench), _log(oracle, seen, set())
            told += len(said)
            if said != should:
                return told, f"{viewer}\nlog:    {said}\noracle: {should}"
    return told, None


async def test_a_breach_tells_each_owner_whose_rules_open_its_evidence(watched: Bench, asking: list[World]) -> None:
    told, wrong = await first_breach(watched, asking)
    assert wrong is None, wrong
    assert told > 20


def without_lines(original: Any, row: Any, kind: str) -> Any:
    return None if kind.endswith(("Line", "Point")) else original(row, kind)


_GATE = r"case when not exists \(select from .*? s\.receipts is not null and .*?\) then (convert_to\(.*\)) end$"
_ASKED = r" and s\.receipts is not null having"
MUTANTS = [
    text("no gate", _GATE, r"\1"),
    text("rules that do not ask are told of", _ASKED, " having"),
    text("only STRICT is told of", _ASKED, " and s.receipts = 'STRICT' having"),
    patch("some kinds have no mark", marks, "mark", without_lines),
]


EVIDENCE = [
    text("evidence has no mark", r"string_agg\(m\.mark, ''\)", "string_agg(m.mark, '') filter (where false)"),
    text("rules of other groups are told of", r"s\.tokens && t\w+r\.field_groups", "true"),
    text("rules of other kinds are told of", r"s\.kind = t\w+r\.rule_kind", "true"),
    text("rules that do not ask are told of evidence", r"(&& t\w+r\.field_groups) and s\.receipts is not null", r"\1"),
]


@pytest.mark.parametrize("mutant", EVIDENCE, ids=lambda mutant: mutant.name)
async def test_a_log_of_breaches_that_says_less_or_more_is_noticed(
    watched: Bench, asking: list[World], mutant: Mutant
) -> None:
    with mutant.at_work():
        fresh = another(watched)
        told, wrong = await first_breach(fresh, asking)
        fresh.hub.documents.close()
    assert mutant.applied, "this mutant changes nothing any more"
    assert wrong, f"survived {told}"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
async def test_a_log_that_says_less_or_more_is_noticed(
    watched: Bench, asking: list[World], made: list[Document], mutant: Mutant
) -> None:
    with mutant.at_work():
        fresh = another(watched)
        told, wrong = await first_difference(fresh, draw(asking, made, 1, seed=12))
        fresh.hub.documents.close()
    assert mutant.applied, "this mutant changes nothing any more"
    assert wrong, f"survived {told}"
