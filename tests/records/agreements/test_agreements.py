"""Agreements through the API: proposed by one side, signed by both, in force from a day and not before."""

from __future__ import annotations

from typing import Any

import pytest

from scmhub.partners.clauses import Tolerance, clause_in_force

from ..forecasts.firms import Firms
from ..risks.acts import do, refused
from .acts import AGREEMENT, LATE, day, on, proposed, revised, signed, step, versions

EARLY: dict[str, Any] = {"tolerance": {"criterion": "EARLY_ORDER", "allowed": "3"}}


async def late(firms: Firms, number: int) -> str | None:
    """The tolerated days late that are agreed for a day."""
    found = await clause_in_force(
        firms.superuser.fetch, Tolerance, firms.keys["acme"], firms.keys["bolt"], on(number), about="LATE_ORDER",
        seller=firms.keys["bolt"],
    )  # fmt: skip
    return f"{found.terms.allowed:f} v{found.version_no}" if found else None


async def test_it_holds_from_its_day_on_and_only_once_both_have_signed(firms: Firms) -> None:
    mine = await proposed(firms, signatory="A. Buyer")
    assert (mine["state"], mine["versionNo"], mine["version"]) == ("PROPOSED", 1, 1)
    assert [await late(firms, number) for number in (4, 5, 6)] == [None, None, None]
    firms.clock.pass_by(seconds=1)
    both = await step(firms, "bolt", "Sign", mine, signatory="B. Seller")
    assert versions(both) == [(1, "SIGNED", day(5), None)]
    [version] = both["versions"]["nodes"]
    assert version["signatures"]["nodes"] == [
        {"partner": {"code": "ACME"}, "signatory": "A. Buyer", "digest": version["digest"]},
        {"partner": {"code": "BOLT"}, "signatory": "B. Seller", "digest": version["digest"]},
    ]
    assert [await late(firms, number) for number in (4, 5, 500)] == [None, "2.000000 v1", "2.000000 v1"]
    told = await firms.superuser.fetch("select action, owner_id, parties from change_outbox where kind = 'AGREEMENT'")
    assert [each["action"] for each in told] == ["PROPOSED", "SIGNED"]
    assert {(each["owner_id"], *each["parties"]) for each in told} == {(firms.keys["bolt"], firms.keys["acme"])}


async def test_a_later_version_takes_over_on_its_first_day(firms: Firms) -> None:
    first = await signed(firms)
    firms.clock.pass_by(days=5)
    open_ = await revised(firms, "bolt", first, {"tolerance": {"criterion": "LATE_ORDER", "allowed": "4"}}, first=20)
    assert versions(open_) == [(1, "SIGNED", day(5), None), (2, "PROPOSED", day(20), None)]
    assert await late(firms, 30) == "2.000000 v1"
    both = await step(firms, "acme", "Sign", open_)
    assert versions(both) == [(1, "SUPERSEDED", day(5), day(19)), (2, "SIGNED", day(20), None)]
    assert [await late(firms, number) for number in (4, 5, 19, 20)] == [
        None, "2.000000 v1", "2.000000 v1", "4.000000 v2",
    ]  # fmt: skip


async def test_a_version_for_an_earlier_day_ends_every_one_before_it(firms: Firms) -> None:
    second = await step(firms, "acme", "Sign", await revised(firms, "bolt", await signed(firms), EARLY, first=20))
    third = await step(firms, "acme", "Sign", await revised(firms, "bolt", second, EARLY, first=10))
    assert versions(third) == [
        (1, "SUPERSEDED", day(5), day(9)), (2, "SUPERSEDED", day(20), day(9)), (3, "SIGNED", day(10), None),
    ]  # fmt: skip
    assert [await late(firms, number) for number in (9, 10, 25)] == ["2.000000 v1", None, None]


async def test_a_counter_proposal_and_the_ways_of_coming_to_nothing(firms: Firms) -> None:
    countered = await revised(firms, "bolt", await proposed(firms), EARLY, first=6)
    assert [each[1] for each in versions(countered)] == ["COUNTERED", "PROPOSED"]
    again = await revised(firms, "bolt", countered, LATE, first=7)
    assert [each[1] for each in versions(again)] == ["COUNTERED", "WITHDRAWN", "PROPOSED"]
    declined = await step(firms, "acme", "Decline", again, reason="Too late")
    assert (declined["state"], declined["versions"]["nodes"][-1]["endingReason"]) == ("DECLINED", "Too late")
    anew = await revised(firms, "acme", declined, LATE, first=8)
    withdrawn = await step(firms, "acme", "Withdraw", anew)
    assert [each[1] for each in versions(withdrawn)] == ["COUNTERED", "WITHDRAWN", "DECLINED", "WITHDRAWN"]
    assert await late(firms, 9) is None


async def test_declining_a_next_version_leaves_the_one_in_force(firms: Firms) -> None:
    next_ = await revised(firms, "bolt", await signed(firms), EARLY, first=20)
    declined = await step(firms, "acme", "Decline", next_)
    assert [each[1] for each in versions(declined)] == ["SIGNED", "DECLINED"]
    assert await late(firms, 30) == "2.000000 v1"


async def test_termination_keeps_to_the_notice_and_ends_an_open_proposal(firms: Firms) -> None:
    first = await signed(firms, noticeDays=10)
    next_ = await revised(firms, "bolt", first, first=30)
    known = {"agreement": next_["id"], "expectedVersion": next_["version"]}
    found = await refused(firms, "acme", "agreementTerminate", **known, lastDay=day(9))
    assert found[:2] == ("OUT_OF_RANGE", "input.lastDay")
    assert day(10) in found[2]
    over = await step(firms, "acme", "Terminate", next_, lastDay=day(10), reason="Moving on")
    assert versions(over) == [(1, "TERMINATED", day(5), day(10)), (2, "WITHDRAWN", day(30), None)]
    assert [await late(firms, number) for number in (10, 11)] == ["2.000000 v1", None]
    found = await refused(
        firms, "bolt", "agreementTerminate", agreement=over["id"], expectedVersion=over["version"], lastDay=day(20)
    )
    assert found[0] == "ILLEGAL_TRANSITION"
    assert found[2].endswith("Allowed steps: none.")


async def test_it_ends_with_its_relationship(firms: Firms) -> None:
    held = await signed(firms, first=0)
    await revised(firms, "bolt", held, first=30)
    await do(
        firms,
        "bolt",
        "relationshipEnd",
        "relationship { state }",
        relationship=firms.ids["bolt-acme"],
        expectedVersion=1,
    )
    seen = await firms.read(
        "acme", "{ agreements { nodes { state versions { nodes { versionNo state inForceFrom inForceUntil } } } } }"
    )
    [over] = seen["agreements"]["nodes"]
    assert over["state"] == "TERMINATED"
    assert versions(over) == [(1, "TERMINATED", day(0), day(0)), (2, "WITHDRAWN", day(30), None)]
    assert [await late(firms, number) for number in (0, 1)] == ["2.000000 v1", None]


async def test_it_never_acts_backwards(firms: Firms) -> None:
    given = {"relationship": firms.ids["bolt-acme"], "title": "Frame", "clauses": [LATE]}
    found = await refused(firms, "acme", "agreementPropose", **given, inForceFrom=day(-1))
    assert found[:2] == ("OUT_OF_RANGE", "input.inForceFrom")
    found = await refused(firms, "acme", "agreementPropose", **given, inForceFrom=day(3), inForceUntil=day(2))
    assert found[:2] == ("OUT_OF_RANGE", "input.inForceUntil")
    open_ = await proposed(firms, first=2)
    firms.clock.pass_by(days=3)
    found = await refused(firms, "bolt", "agreementSign", agreement=open_["id"], expectedVersion=1)
    assert found[:2] == ("OUT_OF_RANGE", "input.agreement")
    assert "agreementRevise" in found[2]


@pytest.mark.parametrize(
    ("firm", "command", "code"),
    [
        ("acme", "agreementSign", "FORBIDDEN"), ("acme", "agreementDecline", "FORBIDDEN"),
        ("bolt", "agreementWithdraw", "FORBIDDEN"), ("cargo", "agreementSign", "NOT_FOUND"),
        ("cargo", "agreementDecline", "NOT_FOUND"), ("cargo", "agreementWithdraw", "NOT_FOUND"),
    ],
)  # fmt: skip
async def test_who_may_answer(firms: Firms, firm: str, command: str, code: str) -> None:
    open_ = await proposed(firms)
    known = {"agreement": open_["id"], "expectedVersion": 1}
    assert (await refused(firms, firm, command, **known))[:2] == (code, "input.agreement")


async def test_versions_and_states_are_checked(firms: Firms) -> None:
    open_ = await proposed(firms)
    found = await refused(firms, "bolt", "agreementSign", agreement=open_["id"], expectedVersion=2)
    assert found[:2] == ("CONFLICT", "input.expectedVersion")
    await firms.relationship("bolt", "acme", "SUSPENDED")
    found = await refused(firms, "bolt", "agreementSign", agreement=open_["id"], expectedVersion=1)
    assert found[:2] == ("ILLEGAL_TRANSITION", "input.agreement")
    given = {"relationship": firms.ids["bolt-acme"], "title": "Frame", "inForceFrom": day(1), "clauses": [LATE]}
    assert (await refused(firms, "bolt", "agreementPropose", **given))[:2] == (
        "ILLEGAL_TRANSITION",
        "input.relationship",
    )
    assert (await refused(firms, "cargo", "agreementPropose", **given))[:2] == ("NOT_FOUND", "input.relationship")


def stock(firms: Firms, **changes: Any) -> dict[str, Any]:
    given = {
        "item": firms.ids["acme-casting"], "site": firms.ids["acme-plant"], "owner": firms.ids["acme"], "unit": "C62",
        "minimum": "10", **changes,
    }  # fmt: skip
    return {"stockPolicy": given}


def otif(**changes: Any) -> dict[str, Any]:
    given = {
        "measure": "OTIF", "atLeast": "97.5", "period": "MONTH", "due": "LAST_PROMISE", "lateDays": 1, "shortAllowed": "2",
        **changes,
    }  # fmt: skip
    return {"serviceLevel": {name: value for name, value in given.items() if value is not None}}


FENCES = {"frozenDays": 7, "firmDays": 14, "flexibleDays": 60}


@pytest.mark.parametrize(
    ("clause", "code", "path"),
    [
        ({"tolerance": {"criterion": "STALE", "allowed": "-1"}}, "OUT_OF_RANGE", "tolerance.allowed"),
        ({"tolerance": {"criterion": "STALE", "allowed": "3", "grave": "3"}}, "OUT_OF_RANGE", "tolerance.grave"),
        ({"tolerance": {"criterion": "STALE", "allowed": "3", "item": "cargo-casting"}}, "NOT_FOUND", "tolerance.item"),
        ({"responseTime": {"subject": "ORDER", "days": 366}}, "OUT_OF_RANGE", "responseTime.days"),
        ({"responseTime": {"subject": "ORDER", "days": -1}}, "OUT_OF_RANGE", "responseTime.days"),
        (otif(atLeast="100.1"), "OUT_OF_RANGE", "serviceLevel.atLeast"),
        (otif(due=None), "REQUIRED", "serviceLevel.due"),
        (otif(lateDays=366), "OUT_OF_RANGE", "serviceLevel.lateDays"),
        (otif(earlyDays=-1), "OUT_OF_RANGE", "serviceLevel.earlyDays"),
        (otif(shortAllowed="100.1"), "OUT_OF_RANGE", "serviceLevel.shortAllowed"),
        (otif(shortAllowed="-1"), "OUT_OF_RANGE", "serviceLevel.shortAllowed"),
        (otif(measure="FILL_RATE", shortAllowed=None), "REQUIRED", "serviceLevel.item"),
        (otif(measure="FILL_RATE"), "INVALID", "serviceLevel.shortAllowed"),
        (otif(measure="READY_RATE", item="acme-casting"), "INVALID", "serviceLevel.due"),
        ({"fences": FENCES | {"frozenDays": 731}}, "OUT_OF_RANGE", "fences.frozenDays"),
        ({"fences": FENCES | {"firmDays": 6}}, "OUT_OF_RANGE", "fences.firmDays"),
        ({"fences": FENCES | {"flexibleDays": 13}}, "OUT_OF_RANGE", "fences.flexibleDays"),
        ({"stockPolicy": {"minimum": None}}, "REQUIRED", "stockPolicy"),
        ({"stockPolicy": {"maximum": "9"}}, "INVALID", "stockPolicy.maximum"),
        ({"stockPolicy": {"target": "9"}}, "INVALID", "stockPolicy.target"),
        ({"stockPolicy": {"unit": "KGM"}}, "UNIT_MISMATCH", "stockPolicy.unit"),
        ({"stockPolicy": {"unit": "ZZ"}}, "INVALID", "stockPolicy.unit"),
        ({"stockPolicy": {"owner": "dyna"}}, "FORBIDDEN", "stockPolicy.owner"),
    ],
)  # fmt: skip
async def test_a_wrong_clause_is_named_by_its_place(firms: Firms, clause: dict[str, Any], code: str, path: str) -> None:
    [(name, values)] = clause.items()
    values = {each: firms.ids.get(value, value) if isinstance(value, str) else value for each, value in values.items()}
    wrong = stock(firms, **values) if name == "stockPolicy" else {name: values}
    given = {"relationship": firms.ids["bolt-acme"], "title": "Frame", "inForceFrom": day(1)}
    found = await refused(firms, "acme", "agreementPropose", **given, clauses=[LATE, wrong])
    assert found[:2] == (code, f"input.clauses.1.{path}")


async def test_a_version_says_everything_once_and_something_at_all(firms: Firms) -> None:
    given = {"relationship": firms.ids["bolt-acme"], "title": "Frame", "inForceFrom": day(1)}
    found = await refused(firms, "acme", "agreementPropose", **given, clauses=[LATE, EARLY, LATE])
    assert found[:2] == ("INVALID", "input.clauses.2.tolerance")
    assert (await refused(firms, "acme", "agreementPropose", **given, clauses=[]))[:2] == ("REQUIRED", "input.clauses")


async def test_each_sort_of_clause_is_kept_as_it_was_said(firms: Firms) -> None:
    item = firms.ids["acme-casting"]
    clauses = [
        {"tolerance": {"criterion": "FORECAST_MISMATCH", "allowed": "7.5", "grave": "30", "item": item}},
        {"responseTime": {"subject": "CHANGE", "days": 3}}, stock(firms, target="15", maximum="20"),
        otif(), {"fences": FENCES | {"insideFrozen": "MARKED"}},
    ]  # fmt: skip
    await proposed(firms, *clauses, note="Also: be nice")
    text = """{ agreementVersions(first: 9) { nodes { note
      tolerances { nodes { clauseNo criterion allowed { value unit } grave { value unit } item { number } } }
      responseTimes { nodes { clauseNo subject days } }
      stockPolicies { nodes { clauseNo item { number } site { code } owner { code } minimum { value unit }
        target { value unit } maximum { value unit } } }
      serviceLevels { nodes { clauseNo measure atLeast { value unit } item { number }
        period due earlyDays lateDays shortAllowed } }
      fences { nodes { clauseNo frozenDays firmDays flexibleDays insideFrozen item { number } } } } } }"""
    for firm in ("acme", "bolt"):
        [version] = (await firms.read(firm, text))["agreementVersions"]["nodes"]
        assert version == {
            "note": "Also: be nice",
            "tolerances": {"nodes": [{
                "clauseNo": 1, "criterion": "FORECAST_MISMATCH", "allowed": {"value": "7.5", "unit": "P1"},
                "grave": {"value": "30", "unit": "P1"}, "item": {"number": "casting"},
            }]},
            "responseTimes": {"nodes": [{"clauseNo": 2, "subject": "CHANGE", "days": 3}]},
            "stockPolicies": {"nodes": [{
                "clauseNo": 3, "item": {"number": "casting"}, "site": {"code": "P1"}, "owner": {"code": "ACME"},
                "minimum": {"value": "10", "unit": "C62"}, "target": {"value": "15", "unit": "C62"},
                "maximum": {"value": "20", "unit": "C62"},
            }]},
            "serviceLevels": {"nodes": [
                {"clauseNo": 4, "measure": "OTIF", "atLeast": {"value": "97.5", "unit": "P1"}, "item": None,
                 "period": "MONTH", "due": "LAST_PROMISE", "earlyDays": None, "lateDays": 1, "shortAllowed": "2"}
            ]},
            "fences": {"nodes": [{
                "clauseNo": 5, "frozenDays": 7, "firmDays": 14, "flexibleDays": 60, "insideFrozen": "MARKED",
                "item": None,
            }]},
        }  # fmt: skip
    for firm in ("cargo", "dyna"):
        seen = await firms.read(firm, "{ agreements { totalCount } agreementVersions { totalCount nodes { id } } }")
        assert seen == {"agreements": {"totalCount": 0}, "agreementVersions": {"totalCount": 0, "nodes": []}}


async def test_what_is_signed_is_what_was_proposed(firms: Firms) -> None:
    """Two texts that differ in one digit have different digests; the same text proposed again has another one too."""
    agreements = [await proposed(firms, LATE), await proposed(firms, LATE), await proposed(firms, EARLY)]
    assert len({each["versions"]["nodes"][0]["digest"] for each in agreements}) == 3
    assert AGREEMENT
