"""Amounts opened as bands: the ladder, said once in Python and once in SQL, and what a rule with ``~band`` shows."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from random import Random

import pytest

from scmhub.database.fragment import Fragment, assemble, sql
from scmhub.ladder import EDGES, Band, band
from scmhub.sharing.access import shareable
from scmhub.sharing.policy import Owned
from scmhub.sharing.precision import as_band, best, ends, in_full
from scmhub.sharing.rows import Row

from ..leaks.oracle import ladder
from ..support.chain import Chain

LINES = """{ orders(first: 9) { nodes { lines(first: 9) { nodes { unitPrice { amount }
  unitPriceBand { low high currencyCode } amount { amount } shipped { value } shippedBand { low high unit }
  withheld banded } } } } }"""
P = "2.5"


def amounts() -> list[Decimal]:
    """Every edge and its neighbours, and amounts of all sizes."""
    rng, tick = Random(1), Decimal("0.000001")
    near = [Decimal(edge) + step for edge in EDGES[:-1] for step in (-tick, Decimal(0), tick)]
    return [*near, *(Decimal(rng.randrange(1, 10**20)) / 10 ** rng.randrange(6, 20) for _ in range(500)), EDGES[-1] - tick]


def test_the_worked_example() -> None:
    assert band(Decimal(137)) == Band(100, 200) == band(Decimal("199.999999"))
    assert [band(Decimal(each)) for each in ("0", "0.5", "1", "2", "5", "10", "200")] == [
        (0, 1), (0, 1), (1, 2), (2, 5), (5, 10), (10, 20), (200, 500),
    ]  # fmt: skip
    assert band(None) is band(Decimal("-0.1")) is band(Decimal(10**15)) is None


def test_the_ladder_is_fixed_and_its_bands_touch_without_overlap() -> None:
    assert list(EDGES) == sorted(set(EDGES))
    assert all(2 * low <= high <= 2.5 * low for low, high in pairwise(EDGES[1:]))
    assert [ladder(each) for each in amounts()] == [band(each) for each in amounts()]


async def test_postgresql_and_python_climb_the_same_ladder(chain: Chain) -> None:
    cell = Row(Owned(owner="buyer_id"), "order_line", "v").cell("amount")
    low, high = ends(cell)
    text = assemble(sql("select {} as low, {} as high from unnest({}) v(amount)", low, high, Fragment(("$1::numeric[]",)))).text
    given = [*amounts(), Decimal("-1"), Decimal(10**15), Decimal("NaN"), None]
    rows = await chain.bench.superuser.fetch(text, given)
    told = [None if None in tuple(row) else Band(int(row["low"]), int(row["high"])) for row in rows]
    assert told[:-4] == [band(each) for each in amounts()]
    assert told[-4:] == [None] * 4


def test_an_access_and_its_band_lead_to_each_other() -> None:
    price = shareable("price", ("seller_id",), whole=True, bands=True)
    assert as_band(price).group == "price~band"
    assert in_full(as_band(price)) == price
    assert best(["stock~band", "targets~band", "stock"]) == ["targets~band", "stock"]


async def lines(chain: Chain, firm: str) -> list[dict[str, object]]:
    found = (await chain.ask(firm, LINES))["orders"]["nodes"]
    return [line for order in found for line in order["lines"]["nodes"]]


async def test_a_rule_with_bands_shows_the_band_and_nothing_that_narrows_it(chain: Chain) -> None:
    await chain.active(fieldGroups=["price~band"])
    for line in await lines(chain, "cargo"):
        assert line == {
            "unitPrice": None, "unitPriceBand": {"low": "2", "high": "5", "currencyCode": "EUR"}, "amount": None,
            "shipped": None, "shippedBand": None, "withheld": line["withheld"], "banded": ["price"],
        }  # fmt: skip
        assert "price" not in line["withheld"] and "fulfilment" in line["withheld"]  # type: ignore[operator]
    for firm in ("acme", "bolt"):
        for line in await lines(chain, firm):
            assert (line["unitPrice"], line["unitPriceBand"], line["banded"]) == ({"amount": P}, None, [])


async def test_the_best_precision_wins_row_by_row(chain: Chain) -> None:
    await chain.active(fieldGroups=["price~band", "fulfilment"])
    exact = await chain.active(items={"ids": [chain.item(0)]}, fieldGroups=["price", "fulfilment~band"])
    both = await lines(chain, "cargo")
    assert {(line["unitPrice"] is None, line["unitPriceBand"] is None) for line in both} == {(True, False), (False, True)}
    assert {(line["shipped"] is None, line["shippedBand"] is None) for line in both} == {(False, True)}
    assert {tuple(line["banded"]) for line in both} == {(), ("price",)}  # type: ignore[arg-type]
    await chain.step(exact, "Revoke")
    assert {line["unitPrice"] is None for line in await lines(chain, "cargo")} == {True}


REFUSED = (["price", "price~band"], ["numbers~band"], ["price~yesno"], ["price~band~band"], ["~band"])


@pytest.mark.parametrize("groups", REFUSED)
async def test_what_is_no_amount_has_no_band(chain: Chain, groups: list[str]) -> None:
    path = ["input", "fieldGroups", str(len(groups) - 1)]
    assert await chain.refused("acme", "sharingRuleDraft", chain.draft(fieldGroups=groups)) == ("INVALID", path)


async def test_a_rule_says_its_precision_and_so_do_the_explanations(chain: Chain) -> None:
    rule = await chain.active(fieldGroups=["fulfilment", "price~band"])
    assert rule["fieldGroups"] == ["price~band", "fulfilment"]
    line = chain.line(0, 0)
    ask = """query ($id: ID!, $as: String) { explainVisibility(id: $id, field: "unitPrice", as: $as) {
      basis field { exact precision basis fieldGroup scopes { rule fieldGroups } } verdicts { verdict } } }"""
    told = (await chain.ask("cargo", ask, id=line))["explainVisibility"]
    scopes = [{"rule": rule["id"], "fieldGroups": ["price~band", "fulfilment"]}]
    shown = {"exact": False, "precision": "BAND", "basis": "RULE", "fieldGroup": "price", "scopes": scopes}
    assert told == {"basis": "RULE", "field": shown, "verdicts": []}
    aside = (await chain.ask("acme", ask, id=line, **{"as": "CARGO"}))["explainVisibility"]
    assert aside == {"basis": "RULE", "field": shown, "verdicts": [{"verdict": "COVERS"}]}
    who = (await chain.ask("acme", "query ($id: ID!) { whoCanSee(id: $id) { rule fieldGroups } }", id=line))["whoCanSee"]
    assert [each["fieldGroups"] for each in who if each["rule"]] == [["price~band", "fulfilment"]]


async def test_simulate_counts_what_is_gained_beyond_bands_that_are_open(chain: Chain) -> None:
    ask = """query ($id: ID!) { sharingRuleSimulate(id: $id) { grantees { kinds { kind rowsGained
      fieldGroups { fieldGroup rowsGained } } } } }"""

    async def gained(rule: str) -> dict[str, int]:
        [grantee] = (await chain.ask("acme", ask, id=rule))["sharingRuleSimulate"]["grantees"]
        kind = next(each for each in grantee["kinds"] if each["kind"] == "OrderLine")
        return {each["fieldGroup"]: each["rowsGained"] for each in kind["fieldGroups"]}

    band = await chain.drafted(fieldGroups=["price~band"])
    assert (await gained(band["id"]))["price~band"] > 0
    await chain.active(fieldGroups=["price~band"])
    assert await gained(band["id"]) == {"price~band": 0}
    exact = await chain.drafted(fieldGroups=["price"])
    assert (await gained(exact["id"]))["price"] > 0
    await chain.active(fieldGroups=["price"])
    assert await gained(band["id"]) == {"price~band": 0}
