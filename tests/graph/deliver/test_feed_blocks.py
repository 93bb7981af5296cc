"""Two partners are kept apart while streams are open: the records close there too, and nothing is told that tells why."""

from __future__ import annotations

from typing import Any

from feed_chain import Chain

SET = "mutation ($i: BlockPairSetInput!) { m: blockPairSet(input: $i) { blockPair { id version } userErrors { code } } }"
LIFT = "mutation ($i: BlockPairLiftInput!) { m: blockPairLift(input: $i) { blockPair { id version } userErrors { code } } }"


async def pair_set(chain: Chain, firm: str, partner: str) -> Any:
    return await done(chain, firm, SET, {"partner": partner, "reason": "They compete."})


async def lifted(chain: Chain, firm: str, pair: Any) -> None:
    await done(chain, firm, LIFT, {"blockPair": pair["id"], "expectedVersion": pair["version"], "reason": "Settled."})


async def done(chain: Chain, firm: str, document: str, given: dict[str, Any]) -> Any:
    made = (await chain.ask(firm, document, i=given))["m"]
    assert made["userErrors"] == []
    await chain.step()
    return made["blockPair"]


async def test_open_streams_narrow_and_widen_and_nobody_else_hears_of_it(chain: Chain) -> None:
    """bolt fills acme's orders, and acme shows them to east; bolt keeps itself apart from east."""
    placed = [await chain.firms.placed(buyer_number=f"N{n}") for n in range(2)]
    await chain.share("east")
    east, acme, cargo, dyna = [await chain.follow(firm) for firm in ("east", "acme", "cargo", "dyna")]

    pair = await pair_set(chain, "bolt", "EAST")

    lost = sorted(each["recordId"] for each in east.items if each.get("kind") == "ORDER")
    assert lost == sorted(each.id for each in placed)
    assert set(east.names()) == {"AccessChanged", "NoLongerVisible"}
    late = await chain.firms.placed(buyer_number="late")
    await chain.step()
    assert not any(each.get("recordId") == late.id for each in east.items)
    before = len(east.items)

    await lifted(chain, "bolt", pair)

    assert east.names()[before:] == ["AccessChanged", "Reset"]
    assert east.items[before]["direction"] == "WIDENED"
    assert {each["__typename"] for each in acme.items} == {"Changed"}
    assert cargo.items == dyna.items == []
    last = await chain.firms.placed(buyer_number="last")
    await chain.step()
    assert any(each.get("recordId") == last.id for each in east.items)


async def test_a_pair_that_closes_nothing_is_not_heard(chain: Chain) -> None:
    """What acme shows to east has no dyna in it: a word about access would say that somebody did something."""
    await chain.firms.placed()
    await chain.share("east")
    east = await chain.follow("east")
    pair = await pair_set(chain, "dyna", "EAST")
    await lifted(chain, "dyna", pair)
    assert east.items == []


async def test_a_rule_cut_while_a_pair_stands_tells_of_no_record_that_was_hidden(chain: Chain) -> None:
    await chain.firms.placed()
    rule = await chain.share("east")
    await pair_set(chain, "bolt", "EAST")
    east = await chain.follow("east")
    await chain.revoke(rule)
    await chain.step()
    assert east.names() == ["AccessChanged"]
