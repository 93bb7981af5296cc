"""Who sees an amount as a band is told of it when the band has changed, and not when it moved within."""

from __future__ import annotations

from typing import Any

from feed_chain import Chain

FOLLOW = """subscription { changes(where: {kinds: [ORDER_LINE]}) { ... on Changed { changedFields record {
  ... on OrderLine { shipped { value } shippedBand { low high } } } } ... on FeedItem { cursor } } }"""
AMOUNTS = ("shipped", "shippedBand")


async def told(chain: Chain, placed: Any, screens: list[Any], number: str, quantity: str) -> list[list[Any]]:
    """What each screen is told when so much leaves: names of amounts, and the amount as it sees it."""
    seen = [len(screen.items) for screen in screens]
    shipment = await placed.ship(number, quantity)
    await shipment.report("bolt", "DEPARTURE")
    await chain.step()
    return [
        [([n for n in each["changedFields"] if n in AMOUNTS], each["record"]["shipped"] or each["record"]["shippedBand"])
         for each in screen.items[start:] if set(AMOUNTS) & {*each["changedFields"]}]
        for screen, start in zip(screens, seen, strict=True)
    ]  # fmt: skip


async def test_a_change_within_the_band_is_not_told(chain: Chain) -> None:
    placed = await chain.firms.placed()
    await placed.confirm()
    await chain.share("east", ["fulfilment~band"])
    screens = [await chain.follow(firm, FOLLOW) for firm in ("acme", "east")]
    assert await told(chain, placed, screens, "S1", "11") == [
        [(["shipped"], {"value": "11"})], [(["shippedBand"], {"low": "10", "high": "20"})],
    ]  # fmt: skip
    assert await told(chain, placed, screens, "S2", "4") == [[(["shipped"], {"value": "15"})], []]
    assert await told(chain, placed, screens, "S3", "10") == [
        [(["shipped"], {"value": "25"})], [(["shippedBand"], {"low": "20", "high": "50"})],
    ]  # fmt: skip
    assert not any(name.startswith("~") for screen in screens for item in screen.items for name in item.get("changedFields", ()))
