"""Who is told what: by today's rules, at the moment of delivery, in the viewer's own selection."""

from __future__ import annotations

from conftest import Chain


async def test_parties_get_the_change_and_a_stranger_nothing(chain: Chain) -> None:
    acme, bolt, cargo = [await chain.follow(firm) for firm in ("acme", "bolt", "cargo")]
    order = await chain.firms.placed()
    await chain.step()
    mine = [each for each in acme.items if each["kind"] == "ORDER"]
    assert [(each["action"], each["recordId"], each["record"]["buyerNumber"]) for each in mine] == [
        ("PLACED", order.id, "PO-1")
    ]
    assert mine[0]["actor"] == "integration:acme"
    theirs = [each for each in bolt.items if each["kind"] == "ORDER"]
    assert theirs[0]["actor"] is None
    assert {k: v for k, v in theirs[0].items() if k not in ("cursor", "actor")} == {
        k: v for k, v in mine[0].items() if k not in ("cursor", "actor")
    }
    assert theirs[0]["cursor"] != mine[0]["cursor"]
    assert cargo.items == []
