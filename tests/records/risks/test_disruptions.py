"""Notices between direct partners, and what travels on from tier to tier."""

from __future__ import annotations

from typing import Any

import orjson

from ..forecasts.firms import NOW, Firms
from .acts import do, refused

NOTICE = (
    "disruption { id version state text consent sender { code } recipient { code } origin { code } source { id }"
    " resolveWithSource measure expectedEndAt items { nodes { item { number owner { code } } } }"
    " sites { nodes { site { name } } } updates { nodes { updateNo text asOf } } }"
)
SECRET = "The crucible in Zeppelinhall cracked"
ALL = """{ disruptions { totalCount nodes { id reference cause effect startsAt expectedEndAt text state measure
  reportedAt updatedAt resolvedAt consent version resolveWithSource sender { id code name } recipient { id code name }
  origin { id code name } source { id text } items { nodes { item { id number owner { code } } } }
  sites { nodes { site { id code name partner { code } } } }
  updates { nodes { text asOf expectedEndAt recordedAt } } } }
  changes: disruptions(where: {source: {isNull: false}}) { totalCount } partners { nodes { code } } }"""


async def report(firms: Firms, *to: str, **more: Any) -> dict[str, Any]:
    given = {
        "recipients": [firms.ids[firm] for firm in to], "cause": "PRODUCTION_INCIDENT", "effect": "CAPACITY_REDUCTION",
        "startsAt": "2026-03-03T06:00:00Z", "text": SECRET, "items": [firms.ids["bolt-casting"]],
        "sites": [firms.ids["bolt-plant"]], "consent": "MASKED", **more,
    }  # fmt: skip
    return await do(firms, "bolt", "disruptionReport", NOTICE, **given)


async def forward(firms: Firms, firm: str, notice: str, *to: str, **more: Any) -> dict[str, Any]:
    given = {"disruption": notice, "recipients": [firms.ids[each] for each in to], "text": f"Late, says {firm}", **more}
    return await do(firms, firm, "disruptionForward", NOTICE, **given)


async def the_one(firms: Firms, firm: str, sender: str) -> dict[str, Any]:
    """The notice this firm received from another."""
    text = f"query($s: ID) {{ disruptions(where: {{sender: {{eq: $s}}}}) {{ nodes {{ {NOTICE[13:-2]} }} }} }}"
    [found] = (await firms.read(firm, text, s=firms.ids[sender]))["disruptions"]["nodes"]
    return found


async def longer_chain(firms: Firms) -> None:
    """dyna supplies cargo too, and bolt has a hall with a telling name."""
    await firms._add(
        "dyna-cargo", "rel", "relationship", provider_id=firms.keys["dyna"], recipient_id=firms.keys["cargo"],
        kind="SUPPLY", state="ACTIVE", proposed_by=firms.keys["dyna"],
    )  # fmt: skip
    await firms.superuser.execute("update site set name = 'Zeppelinhall' where id = $1", firms.keys["bolt-plant"])


async def test_each_recipient_gets_a_notice_of_its_own_and_learns_of_no_other(firms: Firms) -> None:
    await firms.grant("cargo", "acme", "ITEM", "lifecycle")
    items = [firms.ids[each] for each in ("acme-casting", "cargo-casting")]
    given = {
        "recipients": [firms.ids["bolt"], firms.ids["cargo"]], "cause": "STRIKE", "effect": "DEMAND_REDUCTION",
        "startsAt": "2026-03-03T06:00:00Z", "text": "Gates are shut", "items": items, "reference": "E-1",
    }  # fmt: skip
    await do(firms, "acme", "disruptionReport", NOTICE, **given)
    numbers = {}
    for firm in ("bolt", "cargo"):
        found = await firms.read(firm, ALL)
        [one] = found["disruptions"]["nodes"]
        numbers[firm] = sorted(each["item"]["owner"]["code"] for each in one["items"]["nodes"])
        assert (one["recipient"]["code"], one["reference"], one["version"]) == (firm.upper(), None, None)
        other = "CARGO" if firm == "bolt" else "BOLT"
        assert other not in orjson.dumps(found).decode()
    assert numbers == {"bolt": ["ACME"], "cargo": ["ACME", "CARGO"]}
    assert (await firms.read("dyna", ALL))["disruptions"] == {"totalCount": 0, "nodes": []}
    assert (await firms.read("acme", ALL))["disruptions"]["totalCount"] == 2


async def test_masked_over_three_tiers_lets_nothing_of_the_origin_through(firms: Firms) -> None:
    await longer_chain(firms)
    first = await report(firms, "acme")
    second = await forward(firms, "acme", first["id"], "dyna", consent="MASKED", items=[firms.ids["acme-casting"]])
    third = await forward(firms, "dyna", second["id"], "cargo")
    assert (second["source"], third["source"]) == ({"id": first["id"]}, {"id": second["id"]})
    secrets = {
        "dyna": ["BOLT", "Bolt", "Zeppelin", "crucible", first["id"], *_keys(firms, "bolt")],
        "cargo": ["BOLT", "Bolt", "Zeppelin", "crucible", "Late, says acme", first["id"], second["id"],
                  *_keys(firms, "bolt")],
    }  # fmt: skip
    exposure = "query($id: ID!) { disruptionExposure(id: $id) { orderLines { orderLine } series { series } } }"
    for firm, received in (("dyna", second), ("cargo", third)):
        answers = [await firms.read(firm, ALL), await firms.read(firm, exposure, id=received["id"])]
        answers.append(await firms.read(firm, "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=[received["id"]]))
        seen = orjson.dumps(answers).decode()
        assert received["id"] in seen
        assert [secret for secret in secrets[firm] if secret in seen] == []
    got = await the_one(firms, "cargo", "dyna")
    assert (got["source"], got["resolveWithSource"], got["origin"]) == (None, None, None)


def _keys(firms: Firms, firm: str) -> list[str]:
    return [str(key) for name, key in firms.keys.items() if name.split("-")[0] == firm]


async def test_resolving_the_source_resolves_what_follows_it_without_a_word_of_how(firms: Firms) -> None:
    await longer_chain(firms)
    first = await report(firms, "acme")
    second = await forward(firms, "acme", first["id"], "dyna", consent="MASKED")
    await forward(firms, "dyna", second["id"], "cargo")
    alone = await forward(firms, "acme", first["id"], "cargo", resolveWithSource=False)
    dropped = await forward(firms, "acme", first["id"], "dyna", keepSource=False, resolveWithSource=False)
    done = await do(
        firms, "bolt", "disruptionResolve", NOTICE, disruption=first["id"], expectedVersion=1, measure="A new crucible"
    )
    assert (done["state"], done["measure"], done["version"]) == ("RESOLVED", "A new crucible", 2)
    rows = await firms.superuser.fetch(
        "select id, state, measure from disruption where sender_id <> $1", firms.keys["bolt"]
    )
    assert sorted((row["state"], row["measure"]) for row in rows) == [("OPEN", None)] * 2 + [("RESOLVED", None)] * 2
    assert {f"dis_{row['id']}" for row in rows if row["state"] == "OPEN"} == {alone["id"], dropped["id"]}
    told = await firms.superuser.fetch(
        "select owner_id, parties from change_outbox where action = 'RESOLVED' order by id"
    )
    assert [(row["owner_id"], row["parties"]) for row in told] == [
        (firms.keys[owner], [firms.keys[party]])
        for owner, party in (("bolt", "acme"), ("acme", "dyna"), ("dyna", "cargo"))
    ]


async def test_an_origin_that_agreed_may_be_named_and_no_one_beyond_its_consent(firms: Firms) -> None:
    await longer_chain(firms)
    first = await report(firms, "acme", consent="NAMED")
    second = await forward(firms, "acme", first["id"], "dyna", nameOrigin=True, consent="NAMED")
    assert second["origin"] == {"code": "BOLT"}
    third = await forward(firms, "dyna", second["id"], "cargo", nameOrigin=True)
    assert (third["origin"], third["consent"]) == ({"code": "BOLT"}, "NONE")
    given = {"disruption": third["id"], "recipients": [firms.ids["acme"]], "text": "Psst"}
    found = await refused(firms, "cargo", "disruptionForward", **given)
    assert found[:2] == ("FORBIDDEN", "input.disruption")


async def test_what_cannot_be_forwarded(firms: Firms) -> None:
    await longer_chain(firms)
    first = await report(firms, "acme")
    given = {"disruption": first["id"], "recipients": [firms.ids["dyna"]], "text": "Late"}
    for firm, more, code, path in (
        ("acme", {"text": SECRET}, "INVALID", "text"),
        ("acme", {"text": "Bolt is late"}, "INVALID", "text"),
        ("acme", {"text": "zeppelinhall!"}, "INVALID", "text"),
        ("acme", {"nameOrigin": True}, "FORBIDDEN", "nameOrigin"),
        ("acme", {"consent": "NAMED"}, "FORBIDDEN", "consent"),
        ("acme", {"keepSource": False}, "INVALID", "resolveWithSource"),
        ("acme", {"items": [firms.ids["bolt-casting"]]}, "NOT_FOUND", "items.0"),
        ("acme", {"recipients": [firms.ids["bolt"]]}, "INVALID", "recipients"),
        ("acme", {"recipients": [firms.ids["acme"]]}, "INVALID", "recipients.0"),
        ("acme", {"recipients": []}, "REQUIRED", "recipients"),
        ("bolt", {"recipients": [firms.ids["acme"]]}, "FORBIDDEN", "disruption"),
        ("dyna", {}, "NOT_FOUND", "disruption"),
    ):
        assert (await refused(firms, firm, "disruptionForward", **given | more))[:2] == (code, f"input.{path}"), more
    await do(firms, "bolt", "disruptionResolve", NOTICE, disruption=first["id"], expectedVersion=1)
    code, _, message = await refused(firms, "acme", "disruptionForward", **given)
    assert code == "ILLEGAL_TRANSITION"
    assert message.endswith("Allowed steps: none.")


async def test_only_the_sender_updates_and_only_with_newer_words(firms: Firms) -> None:
    first = await report(firms, "acme", expectedEndAt="2026-04-01T00:00:00Z")
    given = {"disruption": first["id"], "expectedVersion": 1, "text": "Two weeks more"}
    assert (await refused(firms, "acme", "disruptionUpdate", **given))[:2] == ("FORBIDDEN", "input.disruption")
    assert (await refused(firms, "cargo", "disruptionUpdate", **given))[:2] == ("NOT_FOUND", "input.disruption")
    for as_of in (NOW, "2026-03-04T12:05:00.000001Z"):
        assert (await refused(firms, "bolt", "disruptionUpdate", **given, asOf=str(as_of).replace(" ", "T")))[:2] == (
            "OUT_OF_RANGE", "input.asOf",
        )  # fmt: skip
    firms.clock.pass_by(hours=2)
    early = await refused(firms, "bolt", "disruptionUpdate", **given, expectedEndAt="2026-03-03T06:00:00Z")
    assert early[:2] == ("OUT_OF_RANGE", "input.expectedEndAt")
    done = await do(firms, "bolt", "disruptionUpdate", NOTICE, **given, expectedEndAt=None)
    assert (done["version"], done["text"], done["expectedEndAt"]) == (2, SECRET, None)
    firms.clock.pass_by(hours=1)
    await do(firms, "bolt", "disruptionUpdate", NOTICE, **given | {"expectedVersion": 2, "text": "Or three"})
    said = (await the_one(firms, "acme", "bolt"))["updates"]["nodes"]
    assert [(each["updateNo"], each["text"]) for each in said] == [(1, "Two weeks more"), (2, "Or three")]
    assert (await refused(firms, "bolt", "disruptionResolve", disruption=first["id"], expectedVersion=1))[
        0
    ] == "CONFLICT"


async def test_notices_go_to_active_partners_only(firms: Firms) -> None:
    given = {
        "recipients": [firms.ids["acme"]], "cause": "WAR", "effect": "CAPACITY_REDUCTION", "text": "x",
        "startsAt": "2026-03-03T06:00:00Z",
    }  # fmt: skip
    found = await refused(firms, "bolt", "disruptionReport", **given | {"recipients": [firms.ids["cargo"]]})
    assert found[:2] == ("NOT_FOUND", "input.recipients.0")
    await firms.relationship("bolt", "acme", "SUSPENDED")
    assert (await refused(firms, "bolt", "disruptionReport", **given))[:2] == ("FORBIDDEN", "input.recipients.0")
    twice = given | {"recipients": [firms.ids["bolt"], firms.ids["cargo"], firms.ids["cargo"]]}
    assert (await refused(firms, "acme", "disruptionReport", **twice))[0] in ("FORBIDDEN", "INVALID")


async def test_exposure_lists_the_lines_between_the_two_that_the_asker_may_see(firms: Firms) -> None:
    await firms.grant("acme", "bolt", "ITEM", "lifecycle")
    lines = {}
    for seller in ("bolt", "cargo"):
        given = {
            "kind": "PURCHASE", "seller": firms.ids[seller], "shipTo": firms.ids["acme-plant"], "buyerNumber": seller,
            "currency": "EUR",
            "lines": [{"item": firms.ids["acme-casting"], "quantity": {"value": "7", "unit": "C62"},
                       "requestedOn": "2026-04-01"}],
        }  # fmt: skip
        order = await do(firms, "acme", "orderPlace", "order { lines { nodes { id } } }", **given)
        lines[seller] = order["lines"]["nodes"][0]["id"]
    notice = await report(firms, "acme", items=[firms.ids["acme-casting"]], sites=[])
    document = """query($id: ID!) { disruptionExposure(id: $id) {
      complete orderLines { orderLine quantity unit requestedOn } series { series } } }"""
    wanted = {
        "complete": True, "series": [],
        "orderLines": [{"orderLine": lines["bolt"], "quantity": "7", "unit": "C62", "requestedOn": "2026-04-01"}],
    }  # fmt: skip
    for firm in ("acme", "bolt"):
        assert (await firms.read(firm, document, id=notice["id"]))["disruptionExposure"] == wanted
    for firm in ("cargo", "dyna"):
        assert (await firms.read(firm, document, id=notice["id"]))["disruptionExposure"] is None
