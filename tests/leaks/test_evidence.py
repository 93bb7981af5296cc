"""A breach exists for a partner if rules open every value it was found in, exactly; else on no path at all.

Every partner of every world asks for all breaches, one by one and as lists, and is told what the law says. Each way of
forgetting a piece of evidence is then built in, and noticed.
"""

from __future__ import annotations

import json

import pytest

from scmhub.ids import public_id

from ..support.hub import Bench, another
from ..support.world import World
from .mutants import Mutant, text
from .oracle import Oracle

_ASK = "query($ids: [ID!]!) { nodes(ids: $ids) { id } breaches(first: 250) { totalCount nodes { id evidence { nodes { id } } } } }"
MUTANTS = [
    text("one piece is enough", r"and not coalesce\(", "and false and not coalesce("),
    text("field groups are ignored", r"unnest\(t\w+h\.field_groups\)", "unnest(array[]::text[])"),
    text("what no rule opens is open", r"t\w+h\.field_groups is not null and", ""),
    text("windows are ignored", r"\(t\w+[eh]\.day is null or", "(true or"),
    text("items are ignored", r"s\.item_key = any \(array\[[^]]*t\w+[eh]\.item_id\]\)", "true"),
    text("sites are ignored", r"s\.site_key = any \(array\[[^]]*t\w+[eh]\.site_id\]\)", "true"),
    text("kinds of rules are ignored", r"s\.kind = t\w+[eh]\.rule_kind", "true"),
    text("owners are ignored", r"s\.owner = t\w+[eh]\.owner_id", "true"),
    text("hidden parties are ignored", r"\(t\w+[eh]\.seen_by && s\.hidden_parties\) is not true", "true"),
    text("standing on the row is ignored", r"\$\d+::uuid = any\(t\w+h\.seen_by\)", "false"),
]


async def _wrong(bench: Bench, world: World) -> tuple[int, int, str | None]:
    """How many breaches were seen by evidence alone, how many were hidden, and the first disagreement."""
    bench.clock.set(world.now)
    breaches = sorted(world.tables["breach"], key=lambda row: row["id"].bytes, reverse=True)
    opened = hidden = 0
    for viewer in world.partners:
        oracle = Oracle(world.tables, viewer, world.now)
        seen = [row for row in breaches if oracle.visible("Breach", row)]
        opened += sum(viewer not in (row["affected_id"], row["other_id"]) for row in seen)
        hidden += len(breaches) - len(seen)
        pieces = {row["id"]: [] for row in breaches}
        for piece in sorted(world.tables["breach_evidence"], key=lambda row: row["evidence_no"]):
            pieces[piece["breach_id"]].append({"id": public_id("bev", piece["id"])})
        ids = [public_id("brc", row["id"]) for row in breaches]
        wanted = {
            "nodes": [{"id": each} if row in seen else None for each, row in zip(ids, breaches, strict=True)],
            "breaches": {
                "totalCount": len(seen),
                "nodes": [{"id": public_id("brc", row["id"]), "evidence": {"nodes": pieces[row["id"]]}} for row in seen],
            },
        }  # fmt: skip
        told = json.loads(await bench.ask(viewer, _ASK, {"ids": ids}))
        if told.get("data") != wanted:
            return opened, hidden, f"{viewer}: {told}\nwanted: {wanted}"
    return opened, hidden, None


async def test_a_breach_is_there_for_whom_its_evidence_is(crowded: Bench, worlds: list[World]) -> None:
    found = [await _wrong(crowded, world) for world in worlds]
    assert [wrong for *_, wrong in found if wrong] == []
    assert sum(opened for opened, *_ in found) > 20, "hardly anything is opened by rules: the worlds are too strict"
    assert sum(hidden for _, hidden, _ in found) > 100


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
async def test_whatever_forgets_evidence_is_noticed(crowded: Bench, worlds: list[World], mutant: Mutant) -> None:
    with mutant.at_work():
        fresh = another(crowded)
        noticed = [wrong for world in worlds if (wrong := (await _wrong(fresh, world))[2])]
        fresh.hub.documents.close()
    assert mutant.applied, "this mutant changes nothing any more"
    assert noticed
