"""Who is told what: by today's rules, at the moment of delivery, in the viewer's own selection."""

from __future__ import annotations

from typing import Any

from conftest import Chain, Screen



def of(screen: Screen, kind: str) -> list[dict[str, Any]]:
    return [each for each in screen.items if each.get("kind") == kind]


async def test_parties_get_the_change_and_a_stranger_nothing(chain: Chain) -> None:
    acme, bolt, cargo = [await chain.follow(firm) for firm in ("acme", "bolt", "cargo")]
    order = await chain.firms.placed()
    await chain.step()
    [mine], [theirs] = of(acme, "ORDER"), of(bolt, "ORDER")
    assert (mine["action"], mine["recordId"], mine["record"]["buyerNumber"]) == ("PLACED", order.id, "PO-1")
    assert mine["actor"] == "integration:acme"
    assert theirs["actor"] is None
    own = ("cursor", "actor")
    assert {k: v for k, v in theirs.items() if k not in own} == {k: v for k, v in mine.items() if k not in own}
    assert theirs["cursor"] != mine["cursor"]
    assert cargo.items == []
